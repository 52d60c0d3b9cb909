"""A file becomes a dataset, or waits for a person; hostile files become a refusal."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from maru.platform.access.refusals import Invalid, NotFound, Refusal
from maru.platform.audit.models import Entry
from maru.services.opendata.contracts import Viewer
from maru.services.opendata.engine import reading
from maru.services.opendata.engine.contracts import Compare, Query
from maru.services.opendata.models import Dataset, Upload
from maru.services.opendata.operations.uploads import decide_held, discard_old, publish_upload
from maru.services.opendata.queries import catalogue, datasets
from maru.services.opendata.queries.held import held, held_file
from maru.services.opendata.refusals import BadFile, WrongState

pytestmark = pytest.mark.django_db
CSV = "코드,이름,경도,위도,면적,개장일\n001,봄공원,130.91,36.41,1200.5,2020-03-01\n002,여름공원,130.92,36.42,,2021-04-02\n"
PEOPLE = "name,phone,score\n김철수,010-1234-5678,3\n이영희,010-2345-6789,5\n"
ABOUT: dict[str, Any] = {"titles": {"ko": "공원", "en": "Parks"}, "category": "environment"}


def bring(text: str | bytes, name: str = "parks.csv", **more: Any) -> Dataset:
    body = text.encode() if isinstance(text, str) else text
    return publish_upload(body=body, file_name=name, by=None, **{**ABOUT, **more})


def waiting_files(home: Path) -> list[Path]:
    return list((home / "held").glob("*")) if (home / "held").exists() else []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_csv_is_published_with_types_key_and_map(home: Path, encoding: str) -> None:
    made = bring(CSV.encode(encoding))
    assert made.state == "published"
    assert made.rows == 2
    types = {one["name"]: one["type"] for one in made.columns}
    assert types == {
        "코드": "text", "이름": "text", "경도": "number", "위도": "number", "면적": "number", "개장일": "date",
    }  # fmt: skip
    assert made.key == ["코드"]
    assert made.has_map
    sheet, _view = datasets.sheet_of("parks")
    assert sheet.page(Query(where=Compare("코드", "=", "001"))).rows[0][1] == "봄공원"
    assert catalogue.find(text="공원").total == 1
    assert waiting_files(home) == []


def test_excel_json_and_geojson_are_read(db: None) -> None:
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["id", "n", "formula"])
    sheet.write_row(1, 0, ["a", 1])
    sheet.write_string(1, 2, "=1+1")
    sheet.write_row(2, 0, ["b", 2])
    book.close()
    assert bring(sink.getvalue(), "book.xlsx", slug="book").rows == 2
    rows = {"list": {"row": [{"id": "a", "deep": {"x": 1}}, {"id": "b", "more": True}]}}
    made = bring(json.dumps(rows), "rows.json", slug="rows")
    assert {one["name"]: one["type"] for one in made.columns} == {
        "id": "text",
        "deep": "text",
        "more": "boolean",
    }
    points = [
        {
            "type": "Feature",
            "properties": {"id": n},
            "geometry": {"type": "Point", "coordinates": [130.9, 36.4 + n]},
        }
        for n in (1, 2)
    ]
    made = bring(
        json.dumps({"type": "FeatureCollection", "features": points}), "points.geojson", slug="points"
    )
    assert made.has_map
    assert datasets.sheet_of("points")[0].rows == 2


def test_rows_that_nothing_tells_apart_are_numbered(db: None) -> None:
    made = bring("a,b\nx,1\nx,1\nx,1\n", slug="same")
    assert made.key == ["row_number"]
    assert made.rows == 3
    key = next(one for one in made.quality["criteria"] if one["code"] == "key")
    assert key["points"] == 0


def test_a_second_file_replaces_the_rows_and_keeps_what_was_written(home: Path) -> None:
    made = bring(CSV)
    from maru.services.opendata.operations.describing import edit

    edit(dataset=made, by=None, columns={"면적": {"titles": {"ko": "면적", "en": "Area"}, "unit": "m2"}})
    body = CSV.replace("002,여름공원", "003,가을공원").encode()
    publish_upload(body=body, file_name="parks.csv", by=None, dataset=Dataset.objects.get())
    sheet, view = datasets.sheet_of("parks")
    assert sorted(row[0] for row in sheet.page(Query()).rows) == ["001", "003"]
    assert next(one.unit for one in view.columns if one.name == "면적") == "m2"


def test_personal_data_holds_the_file_and_no_row_enters_the_lake(home: Path) -> None:
    made = bring(PEOPLE, "people.csv")
    assert made.state == "held"
    assert len(waiting_files(home)) == 1
    assert waiting_files(home)[0].stat().st_mode & 0o077 == 0
    assert not (home / "lake").exists() or not list((home / "lake").glob("up_*"))
    with pytest.raises(NotFound):
        datasets.view_of("people")
    with pytest.raises(NotFound):
        datasets.sheet_of("people", viewer=Viewer(publisher=True))
    assert catalogue.find().total == 0
    [waiting] = held(office_ids=None)
    assert {(one.column, one.kind) for one in waiting.findings} == {
        ("phone", "mobile_phone"),
        ("name", "name"),
    }
    assert all("1234" not in example for one in waiting.findings for example in one.examples)
    assert "철수" not in json.dumps(Upload.objects.get().findings, ensure_ascii=False)
    entry = Entry.objects.get(act="opendata.hold")
    assert "철수" not in json.dumps(entry.details, ensure_ascii=False)


def test_masked_it_is_published_without_the_columns(home: Path) -> None:
    bring(PEOPLE, "people.csv")
    upload = Upload.objects.get()
    decide_held(upload=upload, decision="mask", columns=("name", "phone"), by=None)
    sheet, view = datasets.sheet_of("people")
    assert [one.name for one in view.columns] == ["row_number", "score"]
    assert sheet.rows == 2
    assert waiting_files(home) == []
    assert Upload.objects.get().state == "masked"
    with pytest.raises(WrongState):
        decide_held(upload=upload, decision="reject", reason="late", by=None)


def test_released_with_a_reason_it_is_published_whole(home: Path) -> None:
    bring(PEOPLE, "people.csv")
    upload = Upload.objects.get()
    with pytest.raises(Invalid):
        decide_held(upload=upload, decision="release", by=None)
    decide_held(upload=upload, decision="release", reason="Council members, elected.", by=None)
    assert datasets.sheet_of("people")[0].rows == 2
    assert waiting_files(home) == []
    assert Entry.objects.filter(act="opendata.decide").count() == 1


def test_rejected_it_is_gone_and_says_why(home: Path) -> None:
    bring(PEOPLE, "people.csv")
    with pytest.raises(Invalid):
        decide_held(upload=Upload.objects.get(), decision="reject", by=None)
    decide_held(upload=Upload.objects.get(), decision="reject", reason="Phones of citizens.", by=None)
    assert Dataset.objects.get().state == "draft"
    assert waiting_files(home) == []
    shown = held_file("people")
    assert shown is not None
    assert (shown.state, shown.reason) == ("rejected", "Phones of citizens.")


def test_what_nobody_decides_is_discarded(home: Path) -> None:
    from django.utils import timezone

    bring(PEOPLE, "people.csv")
    assert discard_old(before=timezone.now()) == 1
    assert discard_old(before=timezone.now()) == 0
    assert waiting_files(home) == []


def test_a_held_new_version_leaves_the_published_rows_alone(home: Path) -> None:
    made = bring("name,phone,score\nA,1,3\nB,2,5\n", "people.csv")
    assert made.state == "published"
    publish_upload(body=PEOPLE.encode(), file_name="people.csv", by=None, dataset=made)
    assert Dataset.objects.get().state == "published"
    assert sorted(row[0] for row in datasets.sheet_of("people")[0].page(Query()).rows) == ["A", "B"]


def bomb() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (4 * 1024 * 1024))
    return sink.getvalue()


HOSTILE: list[tuple[str, bytes]] = [
    ("empty.csv", b""),
    ("program.exe", b"MZ\x90\x00"),
    ("noend", b"a,b\n1,2\n"),
    ("broken.json", b'{"a": ['),
    ("deep.json", b"[" * 100_000 + b"]" * 100_000),
    ("text.json", b'"only words"'),
    ("numbers.json", b"[1, 2, 3]"),
    ("broken.xlsx", b"PK\x03\x04 nothing of the kind"),
    ("binary.xlsx", bytes(range(256)) * 10),
    ("no.geojson", b'{"type": "FeatureCollection", "features": [1]}'),
    ("nul.csv", b"\x00" * 500),
    ("entity.xlsx", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
    (
        "wide.csv",
        (",".join(f"c{n}" for n in range(2000)) + "\n" + ",".join("1" for _n in range(2000))).encode(),
    ),
]


@pytest.mark.parametrize(("name", "body"), HOSTILE, ids=[name for name, _body in HOSTILE])
def test_hostile_files_are_refused_and_leave_nothing(home: Path, name: str, body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        bring(body, name, slug="hostile")
    assert caught.value.field == "file"
    assert not Dataset.objects.exists()
    assert waiting_files(home) == []


def test_a_bomb_is_not_unpacked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_UNPACKED", 1024 * 1024)
    with pytest.raises(Refusal) as caught:
        bring(bomb(), "bomb.xlsx")
    assert caught.value.status == 413
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"titles": {}}, "titles"),
        ({"category": ""}, "category"),
        ({"slug": "desk"}, "slug"),
        ({"slug": "../x"}, "slug"),
    ],
)
def test_a_file_without_a_description_leaves_nothing(home: Path, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        bring(CSV, **changes)
    assert caught.value.field == field
    assert not Dataset.objects.exists()
    assert waiting_files(home) == []


def test_columns_of_another_type_are_refused(home: Path) -> None:
    made = bring("id,n\na,1\nb,2\n", slug="typed")
    with pytest.raises(BadFile):
        publish_upload(body=b"id,n\na,many\nb,few\n", file_name="x.csv", by=None, dataset=made)
    assert datasets.sheet_of("typed")[0].rows == 2
