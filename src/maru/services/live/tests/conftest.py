"""A broadcast of one's own, a folder of one's own, and citizens with browsers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from maru.platform.events.models import Outbox
from maru.services.live.models import Broadcast
from maru.services.live.operations.broadcasts import create_broadcast, start_broadcast


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """The media folder of this test alone."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def broadcast(db: None) -> Callable[..., Broadcast]:
    """``broadcast("hall", live=True, slow_mode_s=10)``."""

    def make(slug: str = "hall", *, live: bool = True, backup: bool = False, **changes: Any) -> Broadcast:
        changes.setdefault("titles", {"en": "Hall", "ko": "마루"})
        made = create_broadcast(slug=slug, by=None, backup=backup, **changes)
        return start_broadcast(broadcast=made, by=None) if live else made

    return make


@pytest.fixture
def say() -> Callable[..., Any]:
    """``say(client, "hall", "words", question=True)``: POST to the Open API."""

    def post(client: Client, slug: str, text: Any, **more: Any) -> Any:
        return client.post(
            f"/api/v1/broadcasts/{slug}/opinions",
            data=json.dumps({"text": text, **more}),
            content_type="application/json",
        )

    return post


@pytest.fixture
def events() -> Callable[..., list[tuple[str, dict[str, Any]]]]:
    """What was emitted on a channel, in order."""

    def read(channel: str) -> list[tuple[str, dict[str, Any]]]:
        rows = Outbox.objects.filter(channel_id=channel).order_by("seq")
        return [(row.kind, row.payload) for row in rows]

    return read
