"""The demonstration's developers' corner: apps, courses, consulting hours, requests for data."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from maru.commons.offices.city import current_city
from maru.commons.offices.models import Office
from maru.commons.voices import operations as voices
from maru.services.opendata.models.corner import App, Meeting, Wish
from maru.services.opendata.models.datasets import Dataset
from maru.services.opendata.operations import corner, wishes

# (name, summary, kind, maker, word in the dataset's address, shown)
_APPS = (
    ("따릉이 어디", "지금 자전거가 남은 가까운 대여소를 보여 줍니다.", "phone", "김마루", "bike", True),
    ("숨쉬기 좋은 길", "미세먼지가 적은 길을 골라 줍니다.", "web", "숨쉬는 동네", "air", True),
    ("Next bus, large letters", "Arrival times for people who read with difficulty.", "phone", "Maru High School", "bus", True),
    ("주차 빈자리 달력", "요일과 시간마다 주차장이 얼마나 차는지 그렸습니다.", "analysis", "박하늘", "parking", True),
    ("Where the city is warm", "A study of summer nights by district.", "study", "Urban Lab", "weather", True),
    ("동네 도서관 좌석", "빈 좌석을 알림으로 알려 줍니다.", "web", "책 읽는 사람들", "library", False),
)  # fmt: skip
_COURSES = (
    ({"ko": "공공데이터 첫걸음", "en": "First steps with open data"}, {"ko": "표를 내려받아 거르고 차트로 그립니다.", "en": "Take a table, filter it, draw it."}, 120, 20),
    ({"ko": "API로 앱 만들기", "en": "An app from an API"}, {"ko": "인증키를 받고 파이썬과 자바스크립트로 부릅니다.", "en": "Get a key; call it from Python and JavaScript."}, 180, 16),
    ({"ko": "지도로 말하기", "en": "Telling with maps"}, {"ko": "위치가 있는 데이터를 지도에 올립니다.", "en": "Put data with places on a map."}, 120, 12),
)  # fmt: skip
# (title, text, supporters, answer or "")
_WISHES = (
    ("버스 정류장별 시간대 승하차", "정류장마다 한 시간 단위로 몇 명이 타고 내리는지 알고 싶습니다.", 34, "교통카드 자료를 정류장 단위로 묶어 공개할 수 있는지 검토하고 있습니다."),
    ("Street trees", "Species, place and year of planting of each street tree, to know where shade is missing.", 21, ""),
    ("놀이터 안전 점검 결과", "놀이터별 점검 날짜와 결과를 표로 보고 싶습니다.", 17, ""),
    ("공중화장실 기저귀 교환대", "아이와 다니는 사람에게 필요합니다. 위치와 함께 알려 주세요.", 9, ""),
)  # fmt: skip


def plant() -> None:
    """Plant what is missing. Idempotent."""
    with transaction.atomic():
        if not App.objects.exists():
            _plant_apps()
        if not Meeting.objects.exists():
            _plant_meetings(timezone.now())
        if not Wish.objects.exists():
            _plant_wishes()


def _plant_apps() -> None:
    for number, (name, summary, kind, maker, word, shown) in enumerate(_APPS):
        found = Dataset.objects.filter(state="published", slug__contains=word).order_by("slug").first()
        made = corner.submit_app(
            name=name,
            summary=summary,
            address=f"https://apps.example/{number + 1}",
            kind=kind,
            maker=maker,
            datasets=[found.slug] if found else [],
        )
        if shown:
            App.objects.filter(pk=made.pk).update(state="published", decided_at=made.sent_at)


def _plant_meetings(now: datetime) -> None:
    first = timezone.localtime(now, ZoneInfo(current_city().time_zone)).replace(
        hour=14, minute=0, second=0, microsecond=0
    )
    for number, (titles, summaries, minutes, seats) in enumerate(_COURSES):
        corner.announce_meeting(
            kind="course",
            titles=titles,
            summaries=summaries,
            place="데이터과 교육장 / Data Division, room 3",
            starts_at=first + timedelta(days=6 + 7 * number),
            minutes=minutes,
            seats=seats,
            by=None,
        )
    for number in range(4):
        corner.announce_meeting(
            kind="hour",
            titles={"ko": "데이터 상담", "en": "Ask the data people"},
            summaries={
                "ko": "데이터과 담당자와 일대일로 묻고 답합니다.",
                "en": "One to one with the Data Division.",
            },
            place="온라인 / online",
            starts_at=first + timedelta(days=2 + 2 * number, hours=number % 2),
            minutes=60,
            seats=1,
            by=None,
        )


def _plant_wishes() -> None:
    office = Office.objects.filter(answers=True).order_by("pk").first()
    for title, text, supporters, answer in _WISHES:
        made = wishes.ask_for_data(title=title, text=text, device=f"seed-wish-{title}", nickname="")
        for number in range(supporters):
            wishes.support(wish=made, device=f"seed-support-{number}")
        if answer and office is not None:
            voices.route(voice=made.voice, office=office)
            voices.answer(voice=made.voice, text=answer, by=None, office=office)
