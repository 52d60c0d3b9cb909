"""What is pushed: thanked for when it is on the disk, read exactly once, whatever is killed or full."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.core.handlers.asgi import ASGIHandler
from django.test import Client

from maru.commons.sources import signatures, views_push
from maru.commons.sources.models import DeadLetter, Source
from maru.commons.sources.operations import sources as operations
from maru.commons.sources.runner.spool import Frame, Spool, SpoolFull
from maru.commons.sources.tests.collector.test_rounds import kept, row
from maru.commons.sources.tests.collector.world import Trial, drawer
from maru.platform.access.bodies import BodyGate
from maru.platform.registry.manifests import large_bodies

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a shared secret"


@pytest.fixture
def house(home: Path, settings: Any, transactional_db: None) -> Path:
    """The web process lives in the same home as the collector of the test."""
    settings.MARU = replace(django_settings.MARU, home=home, outside="")
    (home / "keys.toml").write_text(f'[keys]\nair = "{SECRET}"\n')
    (home / "keys.toml").chmod(0o600)
    views_push.spool.cache_clear()
    views_push._keys.cache_clear()
    declared = drawer(home, "air", "", kind="json", mode="push", more='secret = "air"')
    operations.register({"air": declared})
    return home


def push(client: Client, body: bytes, signature: str = "", **more: Any) -> Any:
    return client.post(
        "/sources/air/deliver/",
        body,
        content_type="application/json",
        headers={"X-Maru-Signature": signature or signatures.sign(SECRET, body)},
        **more,
    )


def test_pushed_rows_become_records(trial: Trial, house: Path, client: Client) -> None:
    body = json.dumps([row("a", 1), row("b", 2)]).encode()
    assert push(client, body).status_code == 202
    assert push(client, body).status_code == 202  # the sender repeats itself
    assert len(list((house / "spool" / "air").glob("*.push"))) == 2
    trial.round()
    assert kept(trial, "air") == [("a", 1.0), ("b", 2.0)]
    assert not list((house / "spool" / "air").glob("*.push"))
    source = Source.objects.get()
    assert (source.state, source.records) == ("ok", 2)


def test_who_does_not_sign_is_refused_and_after_a_while_slowed(house: Path, client: Client) -> None:
    body = b"[]"
    refused = push(client, body, "sha256=" + "0" * 64)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "bad_signature"
    assert client.post("/sources/air/deliver/", body, content_type="application/json").status_code == 403
    assert client.get("/sources/air/deliver/").status_code == 405
    statuses = {push(client, body, "bad").status_code for _ in range(30)}
    assert 429 in statuses
    assert push(client, body).status_code == 202
    assert client.post("/sources/none/deliver/", body, content_type="application/json").status_code == 404


def test_a_large_body_is_taken_through_the_gate(trial: Trial, house: Path) -> None:
    body = json.dumps([row(f"station {number:05}", number) for number in range(20_000)]).encode()
    assert len(body) > 1024 * 1024
    assert through_the_gate(body, signatures.sign(SECRET, body)) == (202, {"accepted": True})
    trial.round()
    assert Source.objects.get().records == 20_000
    status, told = through_the_gate(body, "sha256=" + "0" * 64)
    assert (status, told["error"]["code"]) == (403, "bad_signature")


def through_the_gate(body: bytes, signature: str) -> tuple[int, Any]:
    """Post it to the ASGI application of the house, as curl would (it accepts anything)."""

    async def ask() -> httpx.Response:
        gate = BodyGate(ASGIHandler(), large_bodies())  # type: ignore[arg-type]  # Django types its own scope
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(gate), base_url="http://testserver"
        ) as asker:
            return await asker.post(
                "/sources/air/deliver/",
                content=body,
                headers={"X-Maru-Signature": signature, "Content-Type": "application/json"},
            )

    answer = async_to_sync(ask)()
    return answer.status_code, answer.json()


def test_without_a_secret_nothing_is_taken(house: Path, client: Client) -> None:
    (house / "keys.toml").unlink()
    body = b"[]"
    assert push(client, body, signatures.sign("", body)).status_code == 403
    assert push(client, body, signatures.sign("sample", body)).status_code == 403


def test_garbage_becomes_a_letter_since_nobody_can_be_asked_again(
    trial: Trial, house: Path, client: Client
) -> None:
    assert push(client, b'{"broken').status_code == 202
    assert push(client, json.dumps([row("a", 1)]).encode()).status_code == 202
    trial.round()
    assert kept(trial, "air") == [("a", 1.0)]
    assert bytes(DeadLetter.objects.get().raw) == b'{"broken'
    assert not list((house / "spool" / "air").glob("*.push"))


def test_killed_before_the_ledger_wrote_it_is_read_again(trial: Trial, house: Path, client: Client) -> None:
    push(client, json.dumps([row("a", 1)]).encode())
    trial.collector.scribe._write = lambda *_: None  # type: ignore[method-assign]
    trial.round()
    assert len(list((house / "spool" / "air").glob("*.push"))) == 1
    trial.open()
    trial.round()
    assert kept(trial, "air") == [("a", 1.0)]
    assert not list((house / "spool" / "air").glob("*.push"))


def test_a_lake_that_is_full_loses_nothing(
    trial: Trial, house: Path, client: Client, monkeypatch: Any
) -> None:
    push(client, json.dumps([row("a", 1)]).encode())

    def full(*_words: Any, **_more: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(type(trial.desk.lake), "append", full)
        trial.round()
    assert Source.objects.get().error == "storage"
    trial.round()
    assert kept(trial, "air") == [("a", 1.0)]
    assert Source.objects.get().error == ""


def test_a_full_disk_is_said_to_the_sender(house: Path, client: Client, monkeypatch: Any) -> None:
    body = b"[]"

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("maru.commons.sources.runner.spool.os.fsync", full)
        answer = push(client, body)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert not list((house / "spool" / "air").iterdir())
    monkeypatch.setattr("maru.commons.sources.runner.spool.MOST_BYTES", 10)
    assert push(client, b"[" + b" " * 100 + b"]").status_code == 503
    assert push(client, body).status_code in {202, 503}


def test_a_damaged_file_of_the_spool_gives_what_is_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    path = spool.put("air", [Frame(b"one", "a/b"), Frame(b"two")])
    path.write_bytes(path.read_bytes()[:-2])
    [(_path, frames)] = list(spool.waiting("air"))
    assert [frame.body for frame in frames][:1] == [b"one"]
    assert list(spool.waiting("air")) == []  # taken, until it is given back
    spool.give_back("air")
    assert len(list(spool.waiting("air"))) == 1


def test_the_spool_counts_its_files(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("maru.commons.sources.runner.spool.MOST_FILES", 2)
    spool = Spool(tmp_path)
    spool.put("air", [Frame(b"1")])
    spool.put("air", [Frame(b"2")])
    with pytest.raises(SpoolFull):
        spool.put("air", [Frame(b"3")])
    assert spool.sources() == ["air"]
