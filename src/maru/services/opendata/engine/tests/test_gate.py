"""Large files at once, and what a spreadsheet makes of a text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pyarrow as pa
import pytest

from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.engine.exports import export
from maru.services.opendata.engine.gate import Full, Gate, Overtaken


def pieces() -> Iterator[bytes]:
    yield from (b"a", b"b", b"c")


def test_places_are_given_back_however_a_file_ends() -> None:
    gate = Gate(2, 2)
    assert b"".join(gate.through("x", pieces())) == b"abc"
    half = gate.through("x", pieces())
    next(half)
    unread = gate.through("y", pieces())
    with pytest.raises(Full):
        gate.through("z", pieces())
    half.close()  # type: ignore[attr-defined]  # it is a generator
    del unread
    assert gate.count == 0


def test_one_alone_does_not_take_all() -> None:
    gate = Gate(4, 2)
    _mine = [gate.through("x", pieces()) for _each in range(2)]
    with pytest.raises(Full):
        gate.through("x", pieces())
    assert next(gate.through("y", pieces())) == b"a"


def test_who_takes_nothing_gives_way_to_who_waits() -> None:
    clock = [0.0]
    gate = Gate(1, 1, lambda: clock[0])
    slow = gate.through("x", pieces())
    assert next(slow) == b"a"
    clock[0] = 30.0
    with pytest.raises(Full):
        gate.through("y", pieces())
    clock[0] = 61.0
    assert b"".join(gate.through("y", pieces())) == b"abc"
    with pytest.raises(Overtaken):
        next(slow)


FORMULAS = ["=1+1", "+82-2-120", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"]
PLAIN = ["-5", "+5.25", "1=1", "a@b", "", None, "-"]


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_file_for_a_spreadsheet_runs_nothing(kind: pa.DataType) -> None:
    batch = pa.record_batch({"word": pa.array([*FORMULAS, *PLAIN]).cast(kind)})
    columns = [ColumnInfo("word", "text")]

    def cells(bom: bool) -> list[str]:
        text = b"".join(export("csv", [batch], columns, bom=bom)).decode("utf-8-sig")
        return [row[0] if row else "" for row in csv.reader(io.StringIO(text, newline=""))][1:]

    assert cells(bom=True) == [*(f"'{one}" for one in FORMULAS), "-5", "+5.25", "1=1", "a@b", "", "", "'-"]
    assert cells(bom=False)[: len(FORMULAS)] == FORMULAS
