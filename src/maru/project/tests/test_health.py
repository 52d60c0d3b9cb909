"""``/health/`` tells the truth about each part."""

from __future__ import annotations

import json
import time

import pytest
from django.conf import settings
from django.test import Client

from maru.platform.ports.heartbeat import PARTS, beat


@pytest.mark.django_db
def test_all_parts_well(client: Client) -> None:
    for part in PARTS:
        beat(settings.MARU.home, part, {"number": 1})
    answer = client.get("/health/")
    assert answer.status_code == 200
    body = answer.json()
    assert body["state"] == "ok"
    assert {part: body["parts"][part]["state"] for part in PARTS} == dict.fromkeys(PARTS, "ok")
    assert body["parts"]["media"]["detail"] == {"number": 1}


@pytest.mark.django_db
def test_a_silent_and_a_missing_part_are_named(client: Client) -> None:
    for part in PARTS:
        beat(settings.MARU.home, part)
    run = settings.MARU.home / "run"
    (run / "media.json").write_text(
        json.dumps({"pid": 1, "at": time.time() - 60, "state": "ok", "detail": {}})
    )
    (run / "worker.json").write_text("{half a li")
    answer = client.get("/health/")
    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert (parts["media"]["state"], parts["worker"]["state"], parts["stream"]["state"]) == (
        "stale",
        "absent",
        "ok",
    )
    assert 'maru_part_up{part="media"} 0.0' in client.get("/metrics").content.decode()
