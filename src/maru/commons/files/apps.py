"""App of the commons: files."""

from __future__ import annotations

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """See the package's modules."""

    name = "maru.commons.files"
    label = "files"
