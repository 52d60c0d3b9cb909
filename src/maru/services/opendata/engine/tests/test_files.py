"""A dataset as a file in every format: the same values come back, whatever they are."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from frictionless import Resource, system
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.engine.exports import BOM, WRITERS, export

COLUMNS = (
    ColumnInfo("id", "integer", {"ko": "번호", "en": "Id"}),
    ColumnInfo("text", "text"),
    ColumnInfo("n", "number", unit="m2"),
    ColumnInfo("yes", "boolean"),
    ColumnInfo("day", "date"),
    ColumnInfo("at", "datetime"),
    ColumnInfo("longitude", "number", role="longitude"),
    ColumnInfo("latitude", "number", role="latitude"),
)
MOMENT = dt.datetime(2026, 5, 1, 3, 4, 5, tzinfo=dt.UTC)
ROWS: list[tuple[Any, ...]] = [
    (1, '=1+1, "quoted"\nline', 1.5, True, dt.date(2026, 5, 1), MOMENT, 130.9, 36.4),
    (2, "가나다", None, None, None, None, None, None),
    (3, "", -0.25, False, dt.date(1850, 1, 1), MOMENT.replace(microsecond=7), 500.0, 36.4),
]


def batches(rows: list[tuple[Any, ...]]) -> list[pa.RecordBatch]:
    if not rows:
        return []
    types = [
        pa.int64(),
        pa.string(),
        pa.float64(),
        pa.bool_(),
        pa.date32(),
        pa.timestamp("us", tz="UTC"),
        pa.float64(),
        pa.float64(),
    ]
    arrays = [
        pa.array(list(column), kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)
    ]
    return [pa.RecordBatch.from_arrays(arrays, names=[one.name for one in COLUMNS])]


def written(format: str, rows: list[tuple[Any, ...]] = ROWS, **options: Any) -> bytes:
    return b"".join(export(format, batches(rows), COLUMNS, **options))


def test_csv_keeps_every_value_and_validates(tmp_path: Path) -> None:
    body = written("csv")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8"))))
    assert rows[0] == [one.name for one in COLUMNS]
    assert rows[1][:3] == ["1", '=1+1, "quoted"\nline', "1.5"]
    assert rows[1][5] == "2026-05-01T03:04:05.000000Z"
    assert rows[2][2:] == [""] * 6
    path = tmp_path / "data.csv"
    path.write_bytes(body)
    with system.use_context(trusted=True):
        report = Resource(str(path)).validate()
    assert report.valid, report.flatten(["code", "message"])


def test_excel_reads_the_marked_csv() -> None:
    assert written("csv", bom=True).startswith(BOM)
    assert not written("csv").startswith(BOM)


def test_json_and_geojson_are_valid_and_points_off_the_earth_are_none() -> None:
    rows = json.loads(written("json"))
    assert rows[0]["at"] == "2026-05-01T03:04:05Z"
    assert rows[1] == {
        "id": 2,
        "text": "가나다",
        **dict.fromkeys(["n", "yes", "day", "at", "longitude", "latitude"]),
    }
    collection = json.loads(written("geojson"))
    assert [one["geometry"] for one in collection["features"]] == [
        {"type": "Point", "coordinates": [130.9, 36.4]},
        None,
        None,
    ]


def test_parquet_gives_the_same_table_with_titles_and_units() -> None:
    found = pq.read_table(io.BytesIO(written("parquet")))
    assert found.to_pylist() == pa.Table.from_batches(batches(ROWS)).to_pylist()
    assert found.schema.field("n").metadata[b"unit"] == b"m2"
    assert found.schema.field("id").metadata[b"title_ko"] == "번호".encode()


def test_a_formula_stays_text_in_excel() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(written("xlsx"))).active
    assert sheet is not None
    cell = sheet.cell(2, 2)
    assert (cell.value, cell.data_type) == ('=1+1, "quoted"\nline', "s")
    assert sheet.cell(4, 5).value == "1850-01-01"
    assert sheet.max_row == 4


@pytest.mark.parametrize("format", sorted(WRITERS))
def test_nothing_at_all_is_a_file_too(format: str) -> None:
    body = written(format, [])
    if format in {"json", "geojson"}:
        json.loads(body)
    elif format == "parquet":
        assert pq.read_table(io.BytesIO(body)).num_rows == 0
    elif format == "csv":
        assert body.decode().strip() == ",".join(one.name for one in COLUMNS)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\r")) | st.none(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_csv_and_json_give_back_any_text_and_number(values: list[tuple[int, str | None]]) -> None:
    rows = [(number, text, None, None, None, None, None, None) for number, text in values]
    found = json.loads(written("json", rows))
    assert [(one["id"], one["text"]) for one in found] == values
    read = list(csv.reader(io.StringIO(written("csv", rows).decode(), newline="")))[1:]
    assert [(int(one[0]), one[1]) for one in read] == [(number, text or "") for number, text in values]
