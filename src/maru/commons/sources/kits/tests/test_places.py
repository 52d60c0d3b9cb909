"""Folders, databases, brokers and webhooks: what is new and only that, whatever happens in between."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.commons.sources.contracts import Answer, Declaration, Delivery, SourceFault
from maru.commons.sources.kits.mqtt import levels
from maru.commons.sources.kits.registry import KINDS, kit
from maru.commons.sources.kits.sql_databases import quoted
from maru.commons.sources.kits.tests.feeds import NOW, declare
from maru.commons.sources.reading import reasons

# The machines of the tests are busy: how long one example takes says nothing.
PATIENT = settings(deadline=None)

OLD = time.time() - 3600


class Share:
    """A folder of the outside world, and a Fetch that reads it."""

    def __init__(self, base: str = "sftp://user@host/in") -> None:
        self.base = base
        self.files: dict[str, tuple[bytes, float]] = {}
        self.asked: list[str] = []
        self.faults: dict[str, SourceFault] = {}
        self.grown: dict[str, bytes] = {}

    def put(self, name: str, body: bytes | str, at: float = OLD) -> None:
        self.files[name] = (body.encode() if isinstance(body, str) else body, at)

    def listing(self, address: str) -> Sequence[tuple[str, int, float]]:
        assert address == self.base
        return sorted((name, len(body), at) for name, (body, at) in self.files.items())

    def get(
        self,
        address: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        name = address.removeprefix(self.base + "/")
        name = unquote(name) if "://" in self.base else name
        self.asked.append(name)
        if name in self.faults:
            raise self.faults[name]
        return Answer(200, self.grown.get(name, self.files[name][0]), {}, address, NOW)

    def post(
        self, address: str, body: bytes, *, content_type: str, headers: Mapping[str, str] | None = None
    ) -> Answer:
        raise AssertionError("nothing is posted")


def round_of(share: Any, declaration: Declaration, cursor: Any = None) -> tuple[list[Delivery], Any]:
    found = list(kit(declaration.kind).read(declaration, cursor, share))
    return found, found[-1].cursor if found else cursor


def rows_of(found: Sequence[Delivery]) -> list[Mapping[str, Any]]:
    return [
        row for one in found for row in (one.rows if isinstance(one.rows, list) else one.rows.to_pylist())
    ]


def folder(base: str = "sftp://user@host/in", **options: Any) -> Declaration:
    return declare("folder", base, **options)


@pytest.mark.parametrize("base", ["sftp://user@host/in", "incoming/air", "file:///srv/in"])
def test_new_and_changed_files_are_read_once_oldest_first(base: str) -> None:
    share = Share(base)
    share.put("나 #2?.csv", "id,v\n2,b\n", OLD + 1)
    share.put("z.csv", "id,v\n1,a\n", OLD)
    found, cursor = round_of(share, folder(base))
    assert rows_of(found) == [{"id": "1", "v": "a"}, {"id": "2", "v": "b"}]
    assert round_of(share, folder(base), cursor)[0] == []
    share.put("z.csv", "id,v\n1,A\n", OLD + 2)
    share.put("new.csv", "id,v\n3,c\n", OLD + 3)
    found, after = round_of(share, folder(base), cursor)
    assert [row["v"] for row in rows_of(found)] == ["A", "c"]
    assert after != cursor


def test_an_interrupted_round_goes_on_where_it_was() -> None:
    share = Share()
    for place in range(3):
        share.put(f"{place}.csv", f"id,v\n{place},x\n", OLD + place)
    reading = kit("folder").read(folder(), None, share)
    cursor = next(reading).cursor
    found, _ = round_of(share, folder(), cursor)
    assert [row["id"] for row in rows_of(found)] == ["1", "2"]


def test_what_is_still_written_is_left_for_later() -> None:
    share = Share()
    now = time.time()
    share.put("young.csv", "id,v\n1,a\n", now)
    share.put("skewed.csv", "id,v\n2,b\n", now + 7200)  # the server's clock is two hours ahead
    share.put("x.csv.part", "id,v\n9,z\n")
    share.put(".hidden.csv", "id,v\n9,z\n")
    share.put("grows.csv", "id,v\n3,c")
    share.grown["grows.csv"] = b"id,v\n3,c\n4,d\n"
    found, cursor = round_of(share, folder())
    assert rows_of(found) == []
    share.grown.clear()
    share.put("grows.csv", "id,v\n3,c\n4,d\n", OLD + 5)
    share.put("young.csv", "id,v\n1,a\n5,e\n", now + 1)  # changed since: not yet
    found, cursor = round_of(share, folder(), cursor)
    assert [row["id"] for row in rows_of(found)] == ["3", "4", "2"]
    found, cursor = round_of(share, folder(), cursor)
    assert [row["id"] for row in rows_of(found)] == ["1", "5"]
    assert round_of(share, folder(), cursor)[0] == []


def test_a_broken_file_is_a_dead_letter_and_stops_nobody() -> None:
    share = Share()
    share.put("1.csv", "<html><h1>502</h1></html>", OLD)
    share.put("2.csv", b"", OLD + 1)
    share.put("3.csv", "id,v\n3,c\n", OLD + 2)
    found, cursor = round_of(share, folder())
    dead = [row for one in found for row in one.dead]
    assert [row.reason for row in dead] == [reasons.UNREADABLE_FILE]
    assert dead[0].raw.startswith(b"1.csv\n<html>")
    assert [row["id"] for row in rows_of(found)] == ["3"]
    assert round_of(share, folder(), cursor)[0] == []


def test_a_fault_of_the_place_ends_the_round_and_a_file_that_went_away_does_not() -> None:
    share = Share()
    share.put("1.csv", "id,v\n1,a\n", OLD)
    share.put("2.csv", "id,v\n2,b\n", OLD + 1)
    share.faults["1.csv"] = SourceFault("not_found", "gone")
    found, cursor = round_of(share, folder())
    assert [row["id"] for row in rows_of(found)] == ["2"]
    share.faults["1.csv"] = SourceFault("unreachable", "no")
    with pytest.raises(SourceFault):
        round_of(share, folder(), cursor)


def test_files_that_are_gone_are_forgotten() -> None:
    share = Share()
    share.put("1.csv", "id,v\n1,a\n")
    _, cursor = round_of(share, folder())
    share.files.clear()
    _, cursor = round_of(share, folder(), cursor)
    assert cursor["files"] == {}


def test_patterns_and_other_bodies() -> None:
    share = Share()
    share.put("a.json", '[{"id": 1}]')
    share.put("a.csv", "id\n2\n")
    found, _ = round_of(share, folder(pattern=["*.json"], body_kind="json"))
    assert rows_of(found) == [{"id": 1}]
    with pytest.raises(SourceFault, match="body_kind"):
        kit("folder").parse(folder(body_kind="sql"), b"x")


def test_large_files_come_in_parts_and_only_the_last_moves_on() -> None:
    share = Share()
    share.put("1.csv", "id,v\n" + "".join(f"{n},x\n" for n in range(250)))
    found, _ = round_of(share, folder(batch=100))
    assert [len(one.rows) for one in found] == [100, 100, 50]
    assert found[0].cursor["files"] == found[1].cursor["files"] == {}
    assert "1.csv" in found[2].cursor["files"]


def database(path: Path, rows: Sequence[tuple[Any, ...]] = ()) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS asset (no INTEGER, name TEXT, at TEXT)")
        connection.executemany("INSERT INTO asset VALUES (?, ?, ?)", rows)
    return path


def sql(path: Path, **options: Any) -> Declaration:
    return declare("sql", f"sqlite:///{path}", **{"query": "SELECT * FROM asset", **options})


def test_rows_of_a_database_come_by_cursor(tmp_path: Path) -> None:
    path = database(tmp_path / "a b#c.sqlite3", [(n, "가", f"2024-01-0{n // 3 + 1}") for n in range(9)])
    for cursor_columns in ("at", ["at", "no"]):
        declaration = sql(path, cursor=cursor_columns, page=4)
        found, cursor = round_of(None, declaration)
        assert {row["no"] for row in rows_of(found)} == set(range(9))
        assert round_of(None, declaration, cursor)[0] == []
    database(path, [(9, "나", "2024-01-03"), (10, "다", "2024-01-04")])
    found, cursor = round_of(
        None, sql(path, cursor="at", page=4), cursor := {"after": ["2024-01-03"], "same": 3}
    )
    assert {row["no"] for row in rows_of(found)} == {6, 7, 8, 9, 10}
    found, _ = round_of(None, sql(path, cursor=["at", "no"]), {"after": ["2024-01-03", 8]})
    assert [row["no"] for row in rows_of(found)] == [9, 10]
    assert [row["no"] for row in rows_of(round_of(None, sql(path, cursor="no", start=9))[0])] == [9, 10]


def test_another_cursor_column_begins_anew(tmp_path: Path) -> None:
    path = database(tmp_path / "a.sqlite3", [(n, "x", "2024-01-01") for n in range(5)])
    for kept, columns in (({"after": ["2024-01-01", 4], "same": 1}, "no"), ({"after": [4]}, ["at", "no"])):
        found, _ = round_of(None, sql(path, cursor=columns), kept)
        assert {row["no"] for row in rows_of(found)} == set(range(5))


def test_more_rows_of_one_value_than_a_page(tmp_path: Path) -> None:
    path = database(tmp_path / "a.sqlite3", [(n, "x", "2024-01-01") for n in range(50)])
    found, cursor = round_of(None, sql(path, cursor="at", page=10))
    assert {row["no"] for row in rows_of(found)} == set(range(50))
    assert round_of(None, sql(path, cursor="at", page=10), cursor)[0] == []


def test_a_query_without_cursor_is_read_whole_if_it_changed(tmp_path: Path) -> None:
    path = database(tmp_path / "a.sqlite3", [(1, "x", "")])
    found, cursor = round_of(None, sql(path))
    assert rows_of(found) == [{"no": 1, "name": "x", "at": ""}]
    assert round_of(None, sql(path), cursor)[0] == []
    database(path, [(2, "y", "")])
    assert len(rows_of(round_of(None, sql(path), cursor)[0])) == 2
    with pytest.raises(SourceFault) as caught:
        round_of(None, sql(path, most=1))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("DELETE FROM asset RETURNING no", "bad_request"), ("SELECT 1; DROP TABLE asset", "configuration"), ("SELECT * FROM nothing", "bad_request"),
        ("SELECT load_extension('x')", "configuration"), ("PRAGMA journal_mode", "bad_request"), ("", "configuration"),
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n", "timeout"),
    ],
)  # fmt: skip
def test_a_database_is_only_read_and_not_for_ever(tmp_path: Path, query: str, code: str) -> None:
    path = database(tmp_path / "a.sqlite3", [(1, "x", "")])
    declaration = sql(path, query=query)
    object.__setattr__(declaration.schedule, "timeout_s", 0.3)
    with pytest.raises(SourceFault) as caught:
        round_of(None, declaration)
    assert caught.value.code == code
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM asset").fetchone() == (1,)


def test_databases_that_are_not_there_or_none(tmp_path: Path) -> None:
    with pytest.raises(SourceFault) as caught:
        round_of(None, sql(tmp_path / "nothing.sqlite3"))
    assert caught.value.code == "unreachable"
    assert not (tmp_path / "nothing.sqlite3").exists()
    (tmp_path / "text.sqlite3").write_text("no database " * 100)
    with pytest.raises(SourceFault) as caught:
        round_of(None, sql(tmp_path / "text.sqlite3"))
    assert caught.value.code == "malformed"
    for address in ("sqlite:///relative.sqlite3", "mysql://host/x"):
        with pytest.raises(SourceFault) as caught:
            round_of(None, declare("sql", address, query="SELECT 1"))
        assert caught.value.code == "configuration"


@pytest.mark.postgres
def test_postgresql() -> None:
    address = os.environ.get("MARU_DATABASE", "")
    if not address.startswith("postgres"):
        pytest.skip("runs in the round of tests on PostgreSQL (MARU_DATABASE)")
    import psycopg

    table = f"asset_{uuid4().hex[:8]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE TABLE {table} (no int, at timestamptz, share numeric, "a%b" text)')
        connection.execute(
            f"INSERT INTO {table} SELECT n, '2024-01-01T00:00:00Z'::timestamptz + n * interval '1 hour', n / 4.0, 'x' FROM generate_series(1, 9) n"
        )
        try:
            declaration = declare(
                "sql",
                address,
                query=f"SELECT * FROM {table} WHERE \"a%b\" LIKE 'x%'",
                cursor=["at", "no"],
                page=4,
            )
            found, cursor = round_of(None, declaration)
            assert [row["no"] for row in rows_of(found)] == list(range(1, 10))
            assert round_of(None, declaration, cursor)[0] == []
            assert (
                len(rows_of(round_of(None, declare("sql", address, query=f"SELECT * FROM {table}"))[0])) == 9
            )
            with pytest.raises(SourceFault) as caught:
                round_of(
                    None,
                    declare(
                        "sql",
                        address,
                        query=f"WITH gone AS (DELETE FROM {table} RETURNING no) SELECT * FROM gone",
                    ),
                )
            assert caught.value.code == "bad_request"
        finally:
            connection.execute(f"DROP TABLE {table}")
    with pytest.raises(SourceFault) as caught:
        round_of(None, declare("sql", "postgresql://maru:geheim@127.0.0.1:1/x", query="SELECT 1"))
    assert caught.value.code == "unreachable"
    assert "geheim" not in caught.value.detail


def test_messages_of_a_broker() -> None:
    declaration = declare("mqtt", "mqtt://broker/city/environment/+", topic="city/environment/{sensor}")
    kind = "application/json; topic=house%2Fcity%2Fenvironment%2FS%201; retain=1"
    parse = kit("mqtt").parse
    assert rows_of([parse(declaration, b'{"t": 3.5}', kind)]) == [{"sensor": "S 1", "t": 3.5}]
    assert rows_of([parse(declaration, b'{"t": 3.5, "sensor": "own"}', kind)]) == [
        {"sensor": "own", "t": 3.5}
    ]
    assert rows_of([parse(declaration, b"23.5", kind)]) == [{"sensor": "S 1", "value": 23.5}]
    assert rows_of([parse(declaration, b'[{"t": 1}, {"t": 2}]')]) == [{"t": 1}, {"t": 2}]
    assert rows_of([parse(declaration, b"", kind)]) == []
    csv = declare("mqtt", topic="x/{sensor}", body_kind="table", columns=["a", "b"])
    assert rows_of([parse(csv, b"1,2\n", "text/csv; topic=x%2F9")]) == [{"sensor": "9", "a": "1", "b": "2"}]
    with pytest.raises(SourceFault) as caught:
        parse(declaration, b"\xff\x00garbage", kind)
    assert caught.value.code == "malformed"


def test_topics() -> None:
    assert levels("a/{x}/+/{y}/#", "p/a/1/2/3/4/5") == {"x": "1", "y": "3"}
    assert levels("a/{x}", "b/1") == {}
    with pytest.raises(SourceFault):
        levels("{x}/{x}", "a/b")


def test_pushed_bodies() -> None:
    parse = kit("webhook").parse
    assert rows_of([parse(declare("webhook"), '{"id": 1, "n": "가"}'.encode())]) == [{"id": 1, "n": "가"}]
    assert rows_of(
        [
            parse(
                declare("webhook"), b"id=1&n=%EA%B0%80&e=", "application/x-www-form-urlencoded; charset=utf-8"
            )
        ]
    ) == [{"id": "1", "n": "가", "e": ""}]
    assert rows_of([parse(declare("webhook", body_kind="table"), b"id,n\n1,2\n")]) == [{"id": "1", "n": "2"}]
    assert list(kit("webhook").read(declare("webhook"), None, Share())) == []
    assert list(kit("mqtt").read(declare("mqtt"), None, Share())) == []
    with pytest.raises(SourceFault):
        parse(declare("webhook"), b"<html>no</html>")


@PATIENT
@given(st.binary(max_size=100), st.text(max_size=30))
def test_any_push_is_rows_or_a_fault(body: bytes, content_type: str) -> None:
    for kind in ("webhook", "mqtt"):
        try:
            delivery = kit(kind).parse(declare(kind, topic="a/{x}"), body, content_type)
        except SourceFault as fault:
            assert fault.code in SourceFault.CODES
        else:
            assert isinstance(delivery, Delivery)


@PATIENT
@given(st.text())
def test_a_quoted_name_stays_one_name(name: str) -> None:
    inner = quoted(name)[1:-1]
    assert inner.replace('""', "").count('"') == 0


def test_every_kit_can_be_loaded() -> None:
    for kind in KINDS:
        assert callable(kit(kind).parse)
    with pytest.raises(SourceFault) as caught:
        kit("telegraph")
    assert caught.value.code == "configuration"
