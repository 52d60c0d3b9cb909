"""A plaza for tests: three datasets of a made-up city in the lake, one withdrawn, one in draft; and a served front."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import uvicorn
from django.db import connections

from maru.commons.offices.models import Office
from maru.platform.ports.lake.contracts import ARROW, Column, TableSpec
from maru.platform.ports.search import index
from maru.services.opendata.models import AccessKey, Dataset, KeyDay, UsageDay
from maru.services.opendata.operations.keys import digest_of
from maru.services.opendata.operations.marks import index_words
from maru.services.opendata.queries.catalogue import KIND
from maru.services.opendata.queries.lake import lake
from maru.services.opendata.rest.asgi import THREADS, application

KEY = "0123456789abcdef0123456789abcdef"
BEGAN = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
BIKES = 2_345
AIR = 1_200
STRANGE = [
    "plain",
    'quo"ted, with comma',
    "line\nbreak\ttab",
    "<b>&amp; markup</b>",
    "한글 이름",
    "emoji 🚲",
    "",
    None,
    "=1+1",
    "percent 100% under_score back\\slash",
    "'single'",
]
_COLUMNS: dict[str, list[tuple[str, str, str, str, str]]] = {
    "bikes": [
        ("station_id", "text", "stationId", "", ""),
        ("station_name", "text", "stationName", "", ""),
        ("racks", "integer", "rackTotCnt", "", ""),
        ("bikes", "integer", "parkingBikeTotCnt", "", ""),
        ("shared", "number", "shared", "%", ""),
        ("open", "boolean", "", "", ""),
        ("longitude", "number", "stationLongitude", "", "longitude"),
        ("latitude", "number", "stationLatitude", "", "latitude"),
        ("updated", "datetime", "stationDt", "", ""),
    ],
    "air": [
        ("district", "text", "MSRSTN_NM", "", ""),
        ("measured", "datetime", "MSRMT_DT", "", ""),
        ("day", "date", "", "", ""),
        ("pm10", "number", "PM", "ug/m3", ""),
        ("grade", "text", "CAI_GRD", "", ""),
    ],
    "strange": [("number", "integer", "", "", ""), ("words", "text", "", "", "")],
}
_KEYS = {"bikes": ["station_id"], "air": ["district", "measured"], "strange": ["number"]}
_CODES = {"bikes": "bikeList", "air": "RealtimeCityAir", "strange": "StrangeWords"}
_TITLES = {
    "bikes": {"ko": "공공자전거 실시간 대여정보", "en": "Public bicycles now"},
    "air": {"ko": "실시간 대기환경", "en": "Air quality now"},
    "strange": {"ko": "이상한 낱말", "en": "Strange words"},
}
_CATEGORIES = {"bikes": "transport", "air": "environment", "strange": "culture"}
GRADES = ("좋음", "보통", "나쁨")


def rows_of(name: str) -> list[tuple[Any, ...]]:
    """The rows of a dataset, always the same."""
    chance = random.Random(7)  # test data
    if name == "bikes":
        return [
            (
                f"ST-{n:04}",
                f"{n}. 마루역 {n % 25}번 출구",
                10 + n % 20,
                chance.randrange(0, 30),
                round(chance.uniform(0, 200), 1) if n % 50 else None,
                n % 7 != 0,
                round(130.7 + (n % 50) * 0.008, 6) if n % 100 else None,
                round(36.3 + (n // 50) * 0.004, 6) if n % 100 else None,
                BEGAN + dt.timedelta(minutes=n),
            )
            for n in range(1, BIKES + 1)
        ]
    if name == "air":
        return [
            (
                f"구{n % 25:02}",
                BEGAN + dt.timedelta(hours=n // 25),
                (BEGAN + dt.timedelta(hours=n // 25)).date(),
                round(chance.uniform(0, 150), 1) if n % 11 else None,
                GRADES[n % 3],
            )
            for n in range(AIR)
        ]
    return [(n, text) for n, text in enumerate(STRANGE, 1)]


def make() -> None:
    """Write tables and descriptions. Committed: the front asks from threads of its own."""
    office = Office.objects.create(
        code="transport-division", names={"ko": "교통과", "en": "Transport Division"}, answer_days=7
    )
    for name, columns in _COLUMNS.items():
        spec = TableSpec(
            f"t_{name}",
            tuple(Column(one[0], one[1]) for one in columns),
            tuple(_KEYS[name]),  # type: ignore[arg-type]
        )
        lake().ensure(spec)
        lists = list(zip(*rows_of(name), strict=True))
        arrays = [pa.array(values, ARROW[one[1]]) for values, one in zip(lists, columns, strict=True)]
        lake().append(spec.name, pa.table(dict(zip([one[0] for one in columns], arrays, strict=True))))
        dataset(name, columns, office)
    dataset("gone", _COLUMNS["strange"], office, state="withdrawn")
    dataset("draft", _COLUMNS["strange"], office, state="draft")
    AccessKey.objects.create(purpose="tests", digest=digest_of(KEY), shown=KEY[:6], per_minute=0, per_day=0)


def dataset(
    name: str, columns: list[tuple[str, str, str, str, str]], office: Office, state: str = "published"
) -> Dataset:
    """One description."""
    located = any(one[4] for one in columns)
    made = Dataset.objects.create(
        slug=name,
        service_code=_CODES.get(name, name.title()),
        table=f"t_{name}",
        origin="source",
        source=f"model_{name}",
        titles=_TITLES.get(name, {"en": name, "ko": name}),
        summaries={"ko": "모형 도시의 자료", "en": "Data of the model city"},
        keywords=["자전거", "bicycle"] if name == "bikes" else [],
        category=_CATEGORIES.get(name, "culture"),
        office=office,
        licence="CC-BY-4.0",
        licence_title="Creative Commons Attribution 4.0",
        licence_address="https://creativecommons.org/licenses/by/4.0/",
        columns=[
            {
                "name": one[0],
                "type": one[1],
                "titles": {"ko": f"{one[0]} 항목", "en": one[0].replace("_", " ").title()},
                "unit": one[3],
                "alias": one[2],
                "role": one[4],
            }
            for one in columns
        ],
        key=_KEYS.get(name, []),
        time={"bikes": "updated", "air": "measured"}.get(name, ""),
        has_map=located,
        cadence_s=300 if name == "bikes" else 0,
        state=state,
        version=1,
        rows=len(rows_of(name)) if name in _CODES else 0,
        shape={
            "bounds": [130.7, 36.3, 131.1, 36.5],
            "since": BEGAN.isoformat(),
            "until": (BEGAN + dt.timedelta(days=2)).isoformat(),
        }
        if located
        else {},
        published_at=BEGAN,
        changed_at=BEGAN,
    )
    index_words(made)
    return made


def clear() -> None:
    """Leave the database as it was."""
    index.drop(KIND, list(Dataset.objects.values_list("slug", flat=True)))
    for model in (UsageDay, KeyDay, AccessKey, Dataset):
        model.objects.all().delete()
    Office.objects.filter(code="transport-division").delete()
    application.forget()


def let_go() -> None:
    """Close the connections of the front's threads: a test database that is in use cannot be removed."""
    meeting = threading.Barrier(THREADS)

    def close() -> None:
        meeting.wait(10)
        connections.close_all()

    for job in [application._pool.submit(close) for _each in range(THREADS)]:
        job.result(20)


class _Server(uvicorn.Server):
    """Signals belong to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """The application on a free port of the loopback; its address."""
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", access_log=False)
    server = _Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    limit = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > limit or not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
