"""Captions that are offered now, and where their files lie."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language_info

from maru.services.live.contracts_studio import CaptionsView
from maru.services.live.models import Broadcast
from maru.services.live.queries.broadcasts import folder


def captions(broadcast: Broadcast) -> tuple[CaptionsView, ...]:
    """In the order of the house's languages."""
    order = [code for code, _name in settings.LANGUAGES]
    rows = [row for row in broadcast.captions.filter(shown=True) if row.language in order]
    return tuple(
        CaptionsView(
            language=row.language,
            label=get_language_info(row.language)["name_local"],
            url=f"{settings.MEDIA_URL}live/{broadcast.slug}/captions/{row.language}-v{row.version}.vtt",
            version=row.version,
            cues=row.cues,
            size=row.size,
            changed_at=row.changed_at,
        )
        for row in sorted(rows, key=lambda row: order.index(row.language))
    )


def place(slug: str, language: str, version: int) -> Path:
    """The file of one version."""
    return folder(slug) / "captions" / f"{language}-v{version}.vtt"
