"""Search over 8,255 datasets, as many as the real plaza holds: words in Korean and English, filters and facets, page by page.

The datasets are put together from words of public data, each with columns, an office and a field of policy. Four users ask at
once, in threads of one process and through the same query that the pages and every API use; each question is another one.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.report import Cell, finish, percentile, table

DATASETS, ASKED, USERS = 8_255, 2_000, 4
TARGET_MS = 100.0
_WHAT = "따릉이 Bike,버스 Bus,지하철 Metro,주차장 Parking,대기질 Air quality,소음 Noise,공원 Park,도서관 Library,학교 School,병원 Hospital,약국 Pharmacy,어린이집 Nursery,경로당 Senior centre,시장 Market,상가 Shop,음식점 Restaurant,전세 Lease,아파트 Apartment,건축허가 Building permit,공사장 Construction site,가로수 Street tree,하천 River,하수도 Sewer,상수도 Water,쓰레기 Waste,재활용 Recycling,화재 Fire,구급 Ambulance,범죄 Crime,교통사고 Road accident,축제 Festival,공연 Concert,전시 Exhibition,체육시설 Sports facility,일자리 Job,창업 Start-up,예산 Budget,계약 Contract,지방세 Local tax,생활인구 Living population"
_HOW = "현황 status,목록 list,위치 location,통계 statistics,실시간 정보 in real time,이용 현황 use,월별 집계 by month,일별 집계 by day,시설 정보 facilities,인허가 licences,민원 requests,만족도 satisfaction,점검 결과 inspections,계획 plan,이력 history"
_COLUMNS = "자치구 District,행정동 Neighbourhood,주소 Address,경도 Longitude,위도 Latitude,이름 Name,전화번호 Telephone,면적 Area,수량 Number,금액 Amount,기준일 Date,등록일 Registered,상태 State,종류 Kind,비고 Remarks,이용자수 Users,평균 Mean,최대 Most"
KINDS = (
    "one word",
    "two words",
    "English",
    "part of a word",
    "word and field",
    "no word",
    "column",
    "nothing found",
)


def main(argv: list[str]) -> int:
    """``--datasets N`` (8,255), ``--asked N`` (2,000 questions), ``--users N`` (4)."""
    parser = argparse.ArgumentParser(prog="python -m bench search", description=__doc__)
    parser.add_argument("--datasets", type=int, default=DATASETS)
    parser.add_argument("--asked", type=int, default=ASKED)
    parser.add_argument("--users", type=int, default=USERS)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="maru-search-") as folder:
        os.environ["MARU_HOME"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maru.project.settings")
        made_s = _plant(options.datasets, Path(folder))
        found = _ask(options)
    rows: list[list[Cell]] = [
        [
            kind,
            round(percentile(ms, 0.5), 1),
            round(percentile(ms, 0.95), 1),
            round(percentile(ms, 0.99), 1),
            len(ms),
        ]
        for kind, ms in found.items()
    ]
    table(["asked", "p50 (ms)", "p95", "p99", "questions"], rows)
    every = [one for ms in found.values() for one in ms]
    p95 = percentile(every, 0.95)
    print(f"{options.datasets:,} datasets described and indexed in {made_s:.1f} s")
    figures = {"datasets": options.datasets, "users": options.users, "p50_ms": round(percentile(every, 0.5), 1), "p95_ms": round(p95, 1), "indexed_s": round(made_s, 1)}  # fmt: skip
    return finish("search", p95 <= TARGET_MS, figures)


def _plant(number: int, home: Path) -> float:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", interactive=False, verbosity=0)
    from maru.commons.offices import seeds
    from maru.commons.offices.city import current_city
    from maru.commons.offices.models import Office
    from maru.platform.ports.search import index
    from maru.services.opendata.contracts import CATEGORIES
    from maru.services.opendata.models import Dataset
    from maru.services.opendata.operations.marks import entry
    from maru.services.opendata.queries.catalogue import KIND

    seeds.plant(current_city())
    offices, chance = list(Office.objects.filter(answers=True)), random.Random(1)
    districts = [district.names for district in current_city().districts]
    now = timezone.now()
    began = time.monotonic()
    made = []
    for at in range(number):
        what, how, where = (
            _pair(chance.choice(words)) for words in (_WHAT.split(","), _HOW.split(","), _COLUMNS.split(","))
        )
        district = chance.choice(districts)
        columns = [_pair(one) for one in chance.sample(_COLUMNS.split(","), 8)]
        made.append(
            Dataset(
                slug=f"dataset-{at}",
                service_code=f"dataset{at}",
                table=f"dataset_{at}",
                origin="upload",
                titles={
                    "ko": f"{district['ko']} {what[0]} {how[0]}",
                    "en": f"{what[1]} {how[1]}, {district['en']}",
                },
                summaries={
                    "ko": f"{district['ko']}의 {what[0]}에 관한 {how[0]}입니다. {where[0]}별로 제공합니다.",
                    "en": f"{how[1].capitalize()} of {what[1].lower()} in {district['en']}, by {where[1].lower()}.",
                },
                category=chance.choice(CATEGORIES),
                office=chance.choice(offices),
                licence=chance.choice(["KOGL-1", "KOGL-2", "CC-BY-4.0"]),
                columns=[
                    {"name": f"c{place}", "type": "text", "titles": {"ko": one[0], "en": one[1]}}
                    for place, one in enumerate(columns)
                ],
                has_map=chance.random() < 0.4,
                rows=int(10 ** chance.uniform(1, 6)),
                uses=int(chance.expovariate(1 / 300)),
                state="published",
                published_at=now,
                changed_at=now,
            )
        )
    Dataset.objects.bulk_create(made, batch_size=500)
    index.put(KIND, [entry(one) for one in Dataset.objects.select_related("office")])
    return time.monotonic() - began


def _pair(words: str) -> tuple[str, str]:
    """Korean, which may hold spaces, then English: cut where the first Latin letter stands."""
    cut = next(at for at, letter in enumerate(words) if letter.isascii() and letter.isalpha())
    return words[:cut].strip(), words[cut:]


def _question(kind: str, chance: random.Random) -> dict[str, Any]:
    from maru.services.opendata.contracts import CATEGORIES

    what, how = _pair(chance.choice(_WHAT.split(","))), _pair(chance.choice(_HOW.split(",")))
    column = _pair(chance.choice(_COLUMNS.split(",")))
    page = chance.choice([1, 1, 1, 2, 5])
    asked: dict[str, dict[str, Any]] = {
        "one word": {"text": what[0]},
        "two words": {"text": f"{what[0]} {how[0]}"},
        "English": {"text": f"{what[1]} {how[1].split()[0]}"},
        "part of a word": {"text": what[0][:2]},
        "word and field": {"text": what[0], "category": chance.choice(CATEGORIES), "format": "geojson"},
        "no word": {
            "category": chance.choice(CATEGORIES),
            "order": chance.choice(["new", "title", "rows", "used"]),
        },
        "column": {"text": column[chance.randrange(2)]},
        "nothing found": {"text": f"{what[0]} 없는말{chance.randrange(1000)}"},
    }
    return {**asked[kind], "page": page, "language": chance.choice(["ko", "en"])}


def _ask(options: argparse.Namespace) -> dict[str, list[float]]:
    from django.db import connection

    from maru.services.opendata.queries.catalogue import find

    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    lock = threading.Lock()
    find(text="따릉이")  # the first one opens the index

    def user(number: int) -> None:
        chance = random.Random(number)
        for _turn in range(options.asked // options.users):
            kind = chance.choice(KINDS)
            asked = _question(kind, chance)
            began = time.monotonic()
            find(**asked)
            with lock:
                found[kind].append((time.monotonic() - began) * 1_000)
        connection.close()

    with ThreadPoolExecutor(options.users) as users:
        list(users.map(user, range(options.users)))
    return found
