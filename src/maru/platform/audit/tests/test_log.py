"""The audit log in the database: sealed, append-only, in one line, checked by a command."""

from __future__ import annotations

import argparse
import json
import threading
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, connections, transaction

from maru.platform.audit.commands import register
from maru.platform.audit.models import AppendOnly, Entry, Head
from maru.platform.audit.operations import anchor_path, record
from maru.platform.audit.triggers import lifted
from maru.platform.audit.verify import verify

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_home(settings, tmp_path):
    settings.MARU = replace(settings.MARU, home=tmp_path)


def fill(number: int = 5) -> None:
    for i in range(number):
        record(
            actor=None,
            act="test.act",
            target=f"thing/{i}",
            details={"number": i, "words": "마루 🏠", "part": 0.1},
        )


def run(*words: str) -> tuple[int, argparse.Namespace]:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(), [])
    options = parser.parse_args(list(words))
    return options.run(options), options


def test_entries_are_numbered_and_sealed():
    fill(3)
    assert list(Entry.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]
    outcome = verify()
    assert outcome.sound
    assert outcome.entries == 3
    assert outcome.head == Head.objects.get().digest


def test_an_empty_log_is_sound():
    assert verify().sound


def test_the_models_refuse_changes():
    fill(1)
    entry = Entry.objects.get()
    entry.act = "something else"
    for forbidden in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(act="x"),
    ):
        with pytest.raises(AppendOnly):
            forbidden()


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET act = 'x'", "DELETE FROM audit_entry WHERE seq = 1"]
)
def test_the_database_refuses_changes(statement):
    fill(2)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert verify().sound


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE audit_entry SET act = 'x' WHERE seq = 2", "changed"),
        ("UPDATE audit_entry SET details = '{}' WHERE seq = 3", "changed"),
        ("DELETE FROM audit_entry WHERE seq = 2", "missing"),
        ("DELETE FROM audit_entry WHERE seq = 5", "truncated"),
        ("UPDATE audit_head SET seq = 4", "surplus"),
        ("UPDATE audit_head SET digest = 'x'", "head"),
    ],
)
def test_the_command_finds_what_slips_by_the_triggers(statement, kind, capsys):
    fill(5)
    with lifted(connection):
        connection.cursor().execute(statement)
    status, _options = run("audit", "verify", "--json")
    told = json.loads(capsys.readouterr().out)
    assert status == 1
    assert not told["sound"]
    assert kind in {finding["kind"] for finding in told["findings"]}


def test_the_command_says_that_all_is_well(capsys):
    fill(2)
    assert run("audit", "verify")[0] == 0
    assert "2 entries, nothing was changed" in capsys.readouterr().out


def test_an_act_that_fails_leaves_no_entry():
    with pytest.raises(RuntimeError), transaction.atomic():
        record(actor=None, act="test.act", target="thing")
        raise RuntimeError
    assert not Entry.objects.exists()
    fill(1)
    assert verify().sound


def test_the_seals_are_anchored_in_the_home_and_a_log_forged_whole_is_found(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        fill(3)
    path = anchor_path(str(Head.objects.get().chain))
    assert len(path.read_text().splitlines()) == 3
    assert path.stat().st_mode & 0o077 == 0
    with lifted(connection):
        connection.cursor().execute("DELETE FROM audit_entry WHERE seq = 3")
        last = Entry.objects.get(seq=2)
        Head.objects.update(seq=2, digest=last.digest)
    outcome = verify()
    assert [(finding.seq, finding.kind) for finding in outcome.findings] == [(3, "anchor")]


def test_a_torn_line_among_the_anchors_is_no_finding(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        fill(2)
    with anchor_path(str(Head.objects.get().chain)).open("a") as file:
        file.write("3 abc")
    assert verify().sound


def test_the_actor_is_a_key_never_a_name(person):
    someone = person("producer", name="Kim")
    entry = record(actor=someone, act="test.act", target="thing")
    assert entry.actor == f"person:{someone.pk}"


@pytest.mark.django_db(transaction=True)
def test_parallel_writers_stand_in_one_line():
    faults: list[BaseException] = []

    def write() -> None:
        try:
            fill(5)
        except BaseException as fault:  # noqa: BLE001  # told to the test below
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    outcome = verify()
    assert outcome.sound, outcome.findings
    assert outcome.entries == 20
