"""The demonstration: a dataset for every source that holds nothing personal, questions and reports, a file that is held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from maru.commons.offices.city import City
from maru.commons.voices import operations as voices
from maru.commons.voices.models import Voice
from maru.platform.access.refusals import Refusal
from maru.services.opendata import seeds_corner
from maru.services.opendata.models import Dataset, Remark, Upload
from maru.services.opendata.operations.publishing import publish_offer, publish_source
from maru.services.opendata.operations.remarks import ask, report_defect
from maru.services.opendata.operations.uploads import publish_upload
from maru.services.opendata.queries.origins import declarations

_BY = None
_OFFERS = ("live.conversation",)
# (kind, words in the dataset's name, text, answer or "", days ago)
_SAID = (
    ("question", "bike", "대여소가 비어 있는 시간이 언제인지 알 수 있을까요?", "시간별 값이 이 자료에 있습니다. 차트에서 시간 단위로 보실 수 있습니다.", 9),
    ("question", "air", "Is this the hourly mean or the value of the moment?", "It is the mean of the last hour; the time is its end.", 6),
    ("defect", "parking", "남은 자리가 전체 자리보다 많은 주차장이 있습니다.", "", 3),
    ("defect", "permits", "같은 허가 번호가 두 번 있습니다.", "중복을 확인하여 고쳤습니다. 알려 주셔서 고맙습니다.", 12),
    ("question", "bus", "도착 예정 시각의 단위가 초인가요, 분인가요?", "초입니다. 열 설명에 단위를 더했습니다.", 5),
    ("defect", "waste", "Two of the containers lie in the sea.", "", 2),
    ("question", "bookings", "취소된 예약도 포함되어 있나요?", "", 1),
    ("question", "contracts", "Could the name of the street be added?", "We have asked the district; it comes with the next version.", 15),
)  # fmt: skip
_HELD = """신청번호,이름,휴대전화,행사,신청일
A-2026-001,김하늘,010-5550-0101,봄꽃 걷기,2026-03-02
A-2026-002,이도윤,010-5550-0102,봄꽃 걷기,2026-03-02
A-2026-003,박서연,010-5550-0103,한강 음악회,2026-03-05
A-2026-004,최지호,010-5550-0104,도서관 밤,2026-03-09
A-2026-005,정유나,010-5550-0105,도서관 밤,2026-03-11
"""
_PARKS = """코드,이름,경도,위도,면적,개장일
P-01,가람공원,130.9193,36.4000,12400.5,2009-04-05
P-02,노을공원,130.8753,36.4182,8300,2012-09-15
P-03,다솔숲,130.9038,36.3653,15200.25,2015-05-01
P-04,라온마당,130.9311,36.4327,4100,2018-10-20
P-05,미르호수공원,130.8429,36.3919,52100,2003-06-11
P-06,바다마루,130.9541,36.3723,9900,2020-07-17
"""


def plant(city: City) -> int:
    """Plant what is missing; how many datasets are new. Idempotent."""
    made = publish_sources()
    for name in _OFFERS:
        made += _tolerant(publish_offer, name)
    made += _plant_files()
    with transaction.atomic():
        if not Remark.objects.exists():
            _plant_remarks()
    seeds_corner.plant()
    return made


def publish_sources() -> int:
    """Publish every declared source that is not published yet and holds nothing personal; how many."""
    taken = set(Dataset.objects.exclude(source="").values_list("source", flat=True))
    made = 0
    for name, declared in sorted(declarations().items()):
        if name in taken or declared.personal == "personal":
            continue
        made += _tolerant(publish_source, name)
    return made


def _tolerant(publish: Callable[..., Dataset], name: str) -> int:
    try:
        publish(name=name, by=_BY)
    except Refusal:  # published already, or nothing of it may be
        return 0
    return 1


def _plant_files() -> int:
    made = 0
    if not Dataset.objects.filter(slug="city-parks").exists():
        publish_upload(
            body=_PARKS.encode(),
            file_name="parks.csv",
            by=_BY,
            slug="city-parks",
            titles={"ko": "도시공원 목록", "en": "City parks"},
            summaries={
                "ko": "시가 돌보는 공원의 위치와 면적",
                "en": "Where the parks of the city are, and how large",
            },
            category="environment",
            columns={
                "면적": {"titles": {"ko": "면적", "en": "Area"}, "unit": "m2"},
                "코드": {"titles": {"ko": "코드", "en": "Code"}},
                "이름": {"titles": {"ko": "이름", "en": "Name"}},
                "경도": {"titles": {"ko": "경도", "en": "Longitude"}},
                "위도": {"titles": {"ko": "위도", "en": "Latitude"}},
                "개장일": {"titles": {"ko": "개장일", "en": "Opened on"}},
            },
        )
        made += 1
    if not Upload.objects.filter(file_name="event-applications.csv").exists():
        publish_upload(
            body=_HELD.encode("cp949"),
            file_name="event-applications.csv",
            by=_BY,
            slug="event-applications",
            titles={"ko": "행사 신청 현황", "en": "Applications for events"},
            summaries={
                "ko": "행사별 신청 건수를 알리려는 파일",
                "en": "A file meant to tell how many applied for which event",
            },
            category="culture",
        )
        made += 1
    return made


def _plant_remarks() -> None:
    now = timezone.now()
    for number, (kind, words, text, answer, days) in enumerate(_SAID):
        dataset = (
            Dataset.objects.filter(state="published", source__contains=words)
            .exclude(office=None)
            .select_related("office")
            .order_by("slug")
            .first()
        )
        if dataset is None:
            continue
        act = ask if kind == "question" else report_defect
        shown = act(dataset=dataset, text=text, nickname=f"시민 {number + 1:03d}", device=f"seed-{number}")
        voice = Voice.objects.get(public_id=shown.id)
        at = now - timedelta(days=days, hours=number)
        Voice.objects.filter(pk=voice.pk).update(
            created_at=at, published_at=at, routed_at=at, due_at=at + timedelta(days=7)
        )
        if answer:
            voice.refresh_from_db()
            voices.answer(voice=voice, text=answer, by=None, office=dataset.office)
