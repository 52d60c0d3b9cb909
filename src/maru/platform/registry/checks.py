"""Django checks: a manifest that is incomplete stops the house at start, with the reason."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from maru.platform.registry.manifests import faults_of, manifests


@checks.register("maru")
def check_manifests(**_kwargs: Any) -> list[checks.CheckMessage]:
    """One error for each fault of each manifest."""
    names = [manifest.name for manifest in manifests()]
    languages = [code for code, _name in settings.LANGUAGES]
    return [
        checks.Error(
            f"service {manifest.name}: {fault}", hint="Complete MANIFEST in its service.py.", id="maru.E001"
        )
        for manifest in manifests()
        for fault in faults_of(manifest, names, languages)
    ]
