"""``maru source …`` as people type it: new, list, check, run, letters, pause."""

from __future__ import annotations

import argparse
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings as django_settings

from maru.commons.sources import commands
from maru.commons.sources.declaration import load
from maru.commons.sources.models import Source
from maru.commons.sources.runner import shelf
from maru.commons.sources.tests.collector.test_rounds import row
from maru.commons.sources.tests.collector.world import World, drawer
from maru.platform.audit.models import Entry
from maru.platform.ports.environment import Environment

pytestmark = pytest.mark.django_db(transaction=True)
Maru = Callable[..., tuple[int, str, str]]
TABLE = "측정소명,측정일시,미세먼지(㎍/㎥),위도,경도\n가람,2026-05-01 10:00,31,36.4,130.9\n노을,2026-05-01 10:00,-,36.41,130.87\n가람,2026-05-01 11:00,35,36.4,130.9\n"


@pytest.fixture
def maru(home: Path, settings: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch, office: Any) -> Maru:
    """Run one command in the home of the test."""
    environment: Environment = replace(django_settings.MARU, home=home, lake=home / "lake", outside="")
    settings.MARU = environment
    monkeypatch.setattr(shelf, "BUILT_IN", home / "none")

    def run(*words: str) -> tuple[int, str, str]:
        parser = argparse.ArgumentParser()
        commands.register(parser.add_subparsers(), [])
        options = parser.parse_args(["source", *words])
        options.environment = environment
        capsys.readouterr()
        code = int(options.run(options))
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_from_an_address_to_records_without_python(maru: Maru, world: World, home: Path) -> None:
    world.answer = lambda _path: (200, {"Content-Type": "text/csv"}, TABLE.encode("cp949"))
    code, out, _err = maru(
        "new", f"{world.url}/dust.csv", "--title-ko", "먼지", "--office", "roads", "--json"
    )
    made = json.loads(out)
    assert code == 0
    assert made["fields"] == {
        "station": "text", "measured_at": "datetime", "pm10": "integer", "latitude": "number", "longitude": "number",
    }  # fmt: skip
    assert (made["key"], made["time"], made["rows"], made["dead"]) == (
        ["station", "measured_at"],
        "measured_at",
        3,
        0,
    )
    assert (home / "connectors" / "dust" / "fixtures" / "outage.html").exists()
    assert maru("check", "dust")[0] == 0
    code, out, _err = maru("run", "dust", "--json")
    assert (code, json.loads(out)["new"]) == (0, 3)
    listed = json.loads(maru("list", "--json")[1])
    assert [(one["name"], one["records"], one["own"]) for one in listed] == [("dust", 3, True)]
    assert "dust" in maru("list")[1]
    assert maru("new", f"{world.url}/dust.csv")[0] == 1
    assert maru("new", f"{world.url}/dust.csv", "--force")[0] == 0


def test_a_file_is_a_source_as_well(maru: Maru, tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("name,phone\na,1\nb,2\n")
    code, out, _err = maru("new", str(path), "--json")
    assert (code, json.loads(out)["key"]) == (0, ["name"])
    assert maru("run", "places")[0] == 0
    assert Source.objects.get().records == 2


def test_what_new_refuses(maru: Maru, world: World, tmp_path: Path) -> None:
    world.answer = lambda _path: (404, {}, b"no")
    for words, said in (
        ((str(tmp_path / "none.csv"),), "address"),
        ((f"{world.url}/x.csv",), "not_found"),
        ((f"{world.url}/x.csv", "--name", "Bad Name"), "name"),
        ((f"{world.url}/x.csv", "--category", "none"), "category"),
        ((f"{world.url}/x.csv", "--office", "none"), "office"),
    ):
        code, _out, err = maru("new", *words)
        assert code == 1 and said in err, (words, err)


def test_check_says_what_is_not_as_written_down(maru: Maru, home: Path) -> None:
    drawer(home, "air", "https://a.example/")
    assert "expected.json: is missing" in maru("check", "air")[1]
    fixtures = home / "connectors" / "air" / "fixtures"
    fixtures.mkdir()
    (fixtures / "ordinary.json").write_text(json.dumps([row("a", 1), row("b", "x")]))
    (fixtures / "outage.html").write_text("<html>503</html>")
    expected = home / "connectors" / "air" / "expected.json"
    expected.write_text(
        json.dumps({"ordinary.json": {"rows": 1, "dead": 1, "first": [{"station": "a", "value": 1.0}]}})
    )
    code, out, _err = maru("check", "air")
    assert code == 1 and "outage.html: expected.json does not say" in out
    assert maru("check", "air", "--write-expected")[0] == 0
    assert json.loads(expected.read_text())["outage.html"]["fault"]
    expected.write_text(expected.read_text().replace('"value": 1.0', '"value": 2.0'))
    code, out, _err = maru("check", "air", "--json")
    assert code == 1 and json.loads(out)["air"] == ["ordinary.json: record 1, value: 1.0 instead of 2.0"]
    assert maru("check", "none")[0] == 1


def test_a_declaration_that_is_wrong_is_named(maru: Maru, home: Path) -> None:
    folder = home / "connectors" / "bad"
    folder.mkdir(parents=True)
    (folder / "connector.toml").write_text("names = 3\n")
    code, _out, err = maru("check", "bad")
    assert code == 1 and "kind: is missing" in err


def test_live_asks_once_and_keeps_nothing(maru: Maru, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1), row("b", "x")]
    code, out, _err = maru("check", "air", "--live", "--json")
    report = json.loads(out)[0]
    assert (code, report["rows"], report["dead"], report["first"][0]["value"]) == (0, 1, 1, 1.0)
    assert not (home / "lake" / "air").exists()
    world.down = True
    assert maru("check", "air", "--live")[0] == 1


def test_pause_letters_and_retry(maru: Maru, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1), row("b", "x")]
    assert maru("run", "air")[0] == 0
    assert "x" in maru("letters", "air")[1]
    assert json.loads(maru("letters", "air", "--json")[1])[0]["field"] == "value"
    assert json.loads(maru("letters", "air", "--retry", "--json")[1])["settled"] == 0
    assert maru("pause", "air")[0] == 0
    assert Source.objects.get().paused
    assert maru("pause", "air")[0] == 1
    assert maru("resume", "air")[0] == 0
    assert maru("letters", "none")[0] == 1


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (("관리번호", "시설명", "좌석수"), ("B-1", "쉼터", 3), ("B-2", "그늘", 4)):
        sheet.append(line)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _zipped() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("쉼터.csv", "관리번호,시설명,좌석수\nB-1,쉼터,3\nB-2,그늘,4\n".encode("cp949"))
    return held.getvalue()


_BENCHES = [
    {"관리번호": "B-1", "시설명": "쉼터", "좌석수": 3},
    {"관리번호": "B-2", "시설명": "그늘", "좌석수": 4},
]
_FEATURES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": row,
            "geometry": {"type": "Point", "coordinates": [130.9, 36.4 + number / 100]},
        }
        for number, row in enumerate(_BENCHES)
    ],
}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("excel", _workbook()),
        ("table", _zipped()),
        ("table", "관리번호\t시설명\t좌석수\nB-1\t쉼터\t3\nB-2\t그늘\t4\n".encode()),
        ("json", json.dumps(_BENCHES).encode()),
        ("json", json.dumps({"result": {"items": _BENCHES, "note": [1]}}).encode()),
        ("json", b"".join(json.dumps(row).encode() + b"\n" for row in _BENCHES)),
        ("ogc_features", json.dumps(_FEATURES).encode()),
    ],
    ids=["xlsx", "zip", "tsv", "array", "nested", "lines", "geojson"],
)  # fmt: skip
def test_whatever_form_the_records_have(maru: Maru, world: World, home: Path, kind: str, body: bytes) -> None:
    world.answer = lambda _path: (200, {}, body)
    code, out, err = maru("new", f"{world.url}/benches", "--json")
    assert code == 0, err
    made = json.loads(out)
    assert (made["rows"], made["dead"], made["key"]) == (2, 0, ["number"])
    assert list(made["fields"])[:3] == ["number", "facility", "seats"]
    declared = load(home / "connectors" / "benches", code=False)[0]
    assert declared.kind == kind
    assert declared.fields[1].titles == {"ko": "시설명", "en": "Facility"}
    assert maru("check", "benches")[0] == 0
    code, out, err = maru("run", "benches", "--json")
    assert (code, json.loads(out)["new"]) == (0, 2), (out, err)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<?xml version='1.0'?><rss><channel/></rss>", 'XML (rss), not a table: write a connector.toml of kind = "feed"'),
        (b"<list><a>1</a></list>", 'kind = "xml"'),
        (b"<html><body><p>Sorry</p></body></html>", "a page without a table: Sorry"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b'{"a": 1}', "no list of records"),
        (b'{"error": {"code": 500, "message": "no"}}', "no"),
        (b"", "empty"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named(maru: Maru, world: World, home: Path, body: bytes, said: str) -> None:
    world.answer = lambda _path: (200, {}, body)
    code, _out, err = maru("new", f"{world.url}/thing")
    assert (code, said in err) == (1, True), err
    assert not (home / "connectors" / "thing").exists()


def test_a_column_that_was_assumed_is_decided_here_too(maru: Maru, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [{"place": "a", "at": "2026-05-01T01:00:00Z", "value": 1}]
    assert json.loads(maru("run", "air", "--json")[1])["new"] == 1
    assert json.loads(maru("columns", "air", "--json")[1]) == [{"missing": "station", "taken": "place"}]
    assert maru("columns", "air", "--accept", "other")[0] == 1
    code, out, _err = maru("columns", "air", "--accept", "place")
    assert (code, "no column waits" in out) == (0, True)
    world.rows.append({"place": "b", "at": "2026-05-01T01:00:00Z", "value": 2})
    assert json.loads(maru("run", "air", "--json")[1])["records"] == 2
    assert json.loads(maru("columns", "air", "--json")[1]) == []


def test_states_by_the_words_of_the_pages(maru: Maru, world: World, home: Path, capsys: Any) -> None:
    drawer(home, "air", f"{world.url}/air")
    world.rows = [row("a", 1)]
    assert maru("run", "air")[0] == 0
    for word, found in (("alive", 1), ("ok", 1), ("late", 0), ("stale", 0), ("paused", 0)):
        assert f"{found} of 1 sources" in maru("list", "--state", word)[1], word
    with pytest.raises(SystemExit) as refused:
        maru("list", "--state", "fine")
    assert refused.value.code == 2
    told = capsys.readouterr().err
    assert all(word in told for word in ("alive", "late", "broken", "waiting", "paused"))


def test_rewinding_asks_for_everything_again(maru: Maru, world: World, home: Path) -> None:
    drawer(home, "air", f"{world.url}/air")
    body = json.dumps([row("a", 1), row("b", 2)]).encode()

    def answer(_path: str) -> tuple[int, dict[str, str], bytes]:
        if world.asked[-1][1].get("if-none-match") == '"1"':
            return 304, {"ETag": '"1"'}, b""
        return 200, {"Content-Type": "application/json", "ETag": '"1"'}, body

    world.answer = answer
    assert json.loads(maru("run", "air", "--json")[1])["records"] == 2
    shutil.rmtree(home / "lake")  # one is restored that is older than the database
    assert json.loads(maru("run", "air", "--json")[1])["records"] == 0
    assert maru("rewind", "none")[0] == 1
    assert maru("rewind", "all")[0] == 0
    assert maru("rewind", "air")[0] == 0
    assert (
        list(Entry.objects.filter(act="sources.rewind").values_list("target", flat=True))
        == ["sources/air"] * 2
    )
    assert Source.objects.get().validators == "{}"
    assert json.loads(maru("run", "air", "--json")[1])["records"] == 2
