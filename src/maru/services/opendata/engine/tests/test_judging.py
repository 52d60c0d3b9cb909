"""Quality is judged by what is there; a chart is chosen for any dataset."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from maru.platform.ports.lake.contracts import Column, TableSpec
from maru.platform.ports.lake.store import FileLake
from maru.services.opendata.engine import charts, quality
from maru.services.opendata.engine.contracts import ColumnInfo, Compare, QueryFault
from maru.services.opendata.engine.sheets import Sheet, open_sheet

NOW = dt.datetime(2026, 5, 1, 15, 30, tzinfo=dt.UTC)
BOTH = {"ko": "가", "en": "a"}
COLUMNS = (
    ColumnInfo("id", "text", BOTH),
    ColumnInfo("district", "text", BOTH),
    ColumnInfo("at", "datetime", BOTH),
    ColumnInfo("n", "integer", BOTH, "pieces"),
    ColumnInfo("longitude", "number", BOTH, role="longitude"),
    ColumnInfo("latitude", "number", BOTH, role="latitude"),
)
CITY = (130.0, 36.0, 131.0, 37.0)


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Sheet:
    lake = FileLake(Path(tmp_path_factory.mktemp("lake")))
    lake.ensure(TableSpec("t", tuple(Column(one.name, one.type) for one in COLUMNS), ("id",), "at"))
    rows = range(100)
    lake.append(
        "t",
        pa.table(
            {
                "id": [f"r{one}" for one in rows],
                "district": ["가람구" if one % 4 else "노을구" for one in rows],
                "at": pa.array([NOW - dt.timedelta(hours=one) for one in rows], pa.timestamp("us", tz="UTC")),
                "n": pa.array([one if one % 10 else None for one in rows], pa.int64()),
                "longitude": [130.5 if one else 0.0 for one in rows],
                "latitude": [36.5 if one else 0.0 for one in rows],
            }
        ),
    )
    return open_sheet(lake, "t", COLUMNS)


ABOUT = quality.About(BOTH, BOTH, COLUMNS, ("id",), "KOGL-1", 3_600.0, NOW, ("csv",))


def points(sheet: Sheet, about: quality.About) -> dict[str, tuple[int, int]]:
    facts = quality.measure(sheet, about.key, "at", CITY)
    return {one.code: (one.points, one.most) for one in quality.judge(about, facts, NOW)}


def test_a_good_dataset_has_nearly_all_points(sheet: Sheet) -> None:
    facts = quality.measure(sheet, ("id",), "at", CITY)
    assert (facts.rows, facts.twice, facts.points, facts.inside) == (100, 0, 100, 99)
    assert facts.until == NOW
    assert quality.score(quality.judge(ABOUT, facts, NOW)) >= 97


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"titles": {"ko": "가"}}, "languages"),
        ({"licence": "KOGL-4"}, "licence"),
        ({"licence": ""}, "licence"),
        ({"changed_at": NOW - dt.timedelta(hours=5)}, "freshness"),
        ({"changed_at": None}, "freshness"),
        ({"made_key": True}, "key"),
        ({"key": ("district",)}, "key"),
        ({"columns": tuple(replace(one, unit="") for one in COLUMNS)}, "columns"),
        ({"columns": tuple(replace(one, titles={"ko": "가"}) for one in COLUMNS)}, "languages"),
    ],
)
def test_each_fault_costs_points_of_its_criterion_alone(
    sheet: Sheet, change: dict[str, object], code: str
) -> None:
    before, after = points(sheet, ABOUT), points(sheet, replace(ABOUT, **change))  # type: ignore[arg-type]
    assert after[code][0] < before[code][0]
    spared = set(before) - {code, "columns", "languages"}
    assert {name: after[name] for name in spared} == {name: before[name] for name in spared}


def test_what_does_not_apply_is_not_counted(sheet: Sheet) -> None:
    found = points(sheet, replace(ABOUT, cadence_s=0.0, columns=COLUMNS[:4]))
    assert found["freshness"] == (0, 0)
    assert found["geometry"] == (0, 0)


def test_the_first_chart_is_a_line_over_time(sheet: Sheet) -> None:
    chart = charts.choose(COLUMNS, "at", ("id",))
    assert chart is not None
    drawing = charts.draw(sheet, chart, zone="Asia/Seoul")
    assert (drawing.chart.kind, drawing.chart.bucket) == ("line", "hour")
    [series] = drawing.series
    assert len(series.points) == 100
    assert series.points[-1][0] == NOW.replace(minute=0)


def test_days_begin_in_the_city(sheet: Sheet) -> None:
    drawing = charts.draw(sheet, charts.Chart("line", "at", bucket="day"), zone="Asia/Seoul")
    assert {point[0].hour for point in drawing.series[0].points} == {15}


def test_bars_series_and_histograms(sheet: Sheet) -> None:
    bars = charts.draw(sheet, charts.Chart("bar", "district"))
    assert bars.series[0].points == (("가람구", 75), ("노을구", 25))
    lines = charts.draw(sheet, charts.Chart("line", "at", by="district", bucket="day"))
    assert {one.name for one in lines.series} == {"가람구", "노을구"}
    bins = charts.draw(sheet, charts.Chart("histogram", "n"), Compare("district", "=", "가람구"))
    assert sum(int(point[1] or 0) for point in bins.series[0].points) == sheet.count(
        Compare("district", "=", "가람구")
    ) - sum(1 for one in range(100) if one % 4 and one % 10 == 0)


def test_other_datasets_get_other_charts() -> None:
    assert charts.choose(COLUMNS[:2], key=("id",)) == charts.Chart("bar", "district")
    assert charts.choose((COLUMNS[1], COLUMNS[3])) == charts.Chart("bar", "district", "n", aggregate="avg")
    assert charts.choose((COLUMNS[3],)) == charts.Chart("histogram", "n")
    assert charts.choose(()) is None


def test_a_chart_that_cannot_be_is_refused(sheet: Sheet) -> None:
    with pytest.raises(QueryFault):
        charts.draw(sheet, charts.Chart("line", "at", "district", aggregate="avg"))
    with pytest.raises(QueryFault):
        charts.draw(sheet, charts.Chart("histogram", "district"))
    with pytest.raises(QueryFault):
        charts.draw(sheet, charts.Chart("bar", "nothing"))
