"""Makes the model city: fictional, with the size of a real capital: 25 districts, 127 offices, Korean and English.

``python -m maru.commons.offices.model_city`` prints the file that lies beside this module; a test keeps both alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

_HEAD = """\
# The model city: no real place. Made by maru/commons/offices/model_city.py; `maru city init` makes your own.
code = "maru"
languages = ["ko", "en"]
# Nine hours before UTC, no summer time.
time_zone = "Etc/GMT-9"
services = ["live"]

[names]
ko = "마루시"
en = "Maru"

[look]
primary = "#0b5d4e"
accent = "#b4532a"
"""

_DISTRICTS = (
    "가람 Garam", "노을 Noeul", "다솔 Dasol", "라온 Raon", "미르 Mireu", "바다 Bada", "새봄 Saebom", "아람 Aram",
    "자운 Jaun", "차오름 Chaoreum", "초롱 Chorong", "큰솔 Keunsol", "터울 Teoul", "푸른 Pureun", "하늘 Haneul",
    "해솔 Haesol", "한빛 Hanbit", "온새 Onsae", "은하 Eunha", "별솔 Byeolsol", "솔밭 Solbat", "달샘 Dalsaem",
    "늘봄 Neulbom", "이든 Ideun", "다온 Daon",
)  # fmt: skip

# Bureau: Korean, English, divisions "Korean English" (the division's ending is added).
_BUREAUS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("교통국", "Transport Bureau", ("버스 Bus", "도시철도 Metro", "도로 Roads", "주차 Parking", "자전거 Cycling", "보행 Walking", "교통안전 Traffic Safety")),
    ("복지국", "Welfare Bureau", ("어르신 Elderly", "장애인 Disability", "아동 Children", "청년 Youth", "자활 Self-support", "복지시설 Welfare Facilities", "돌봄 Care")),
    ("환경국", "Environment Bureau", ("대기 Air Quality", "물순환 Water Cycle", "자원순환 Recycling", "공원 Parks", "에너지 Energy", "기후 Climate", "소음 Noise")),
    ("주택국", "Housing Bureau", ("공공주택 Public Housing", "주거지원 Housing Support", "건축 Building", "도시재생 Renewal", "한옥 Traditional Houses", "토지 Land", "임대차 Tenancy")),
    ("안전국", "Safety Bureau", ("재난 Disaster", "소방협력 Fire Liaison", "시설안전 Facility Safety", "민방위 Civil Defence", "상황관리 Situation Room", "식품안전 Food Safety", "산업안전 Work Safety")),
    ("경제국", "Economy Bureau", ("일자리 Jobs", "소상공인 Small Business", "시장 Markets", "창업 Start-up", "농업 Farming", "관광 Tourism", "공정거래 Fair Trade")),
    ("문화국", "Culture Bureau", ("예술 Arts", "도서관 Library", "체육 Sports", "문화재 Heritage", "축제 Festivals", "박물관 Museums", "생활문화 Community Culture")),
    ("보건국", "Health Bureau", ("감염병 Infectious Diseases", "정신건강 Mental Health", "응급의료 Emergency Care", "건강증진 Health Promotion", "모자보건 Mother and Child", "의약 Medicine", "동물보호 Animal Protection")),
    ("교육국", "Learning Bureau", ("평생학습 Lifelong Learning", "학교지원 School Support", "급식 School Meals", "청소년 Teenagers", "장학 Scholarships", "대학협력 Universities", "외국어 Languages")),
    ("디지털국", "Digital Bureau", ("데이터 Data", "정보통신 Networks", "누리집 Websites", "정보보호 Security", "공간정보 Maps", "디지털포용 Digital Inclusion", "인공지능 Artificial Intelligence")),
    ("시민협력국", "Citizens Bureau", ("민원 Requests", "시민참여 Participation", "정보공개 Disclosure", "자원봉사 Volunteers", "인권 Human Rights", "외국인지원 Foreign Residents")),
    ("재정국", "Finance Bureau", ("예산 Budget", "세무 Tax", "회계 Accounts", "계약 Contracts", "자산 Property", "주민참여예산 Citizens' Budget")),
    ("기획국", "Planning Bureau", ("정책 Policy", "조직 Organisation", "법무 Legal", "국제협력 International Relations", "홍보 Communication", "감사협력 Audit Liaison")),
)  # fmt: skip


def text() -> str:
    """The whole file."""
    return "\n".join([_HEAD, *_district_tables(), *_office_tables()]) + "\n"


def _district_tables() -> Iterator[str]:
    for number, (korean, english) in enumerate(_pair(words) for words in _DISTRICTS):
        latitude, longitude = _centre(number)
        yield (
            f"[[districts]]\ncode = {_quoted(_slug(english))}\n"
            f"names = {{ ko = {_quoted(korean + '구')}, en = {_quoted(english + ' District')} }}\n"
            f"centre = [{latitude:.4f}, {longitude:.4f}]\n"
        )


def _office_tables() -> Iterator[str]:
    yield _office("mayor", "시장실", "Mayor's Office")
    for korean, english, divisions in _BUREAUS:
        bureau = _slug(english)
        yield _office(bureau, korean, english, parent="mayor")
        for korean_topic, english_topic in (_pair(words) for words in divisions):
            yield _office(
                f"{bureau.removesuffix('-bureau')}-{_slug(english_topic)}",
                f"{korean_topic}과",
                f"{english_topic} Division",
                parent=bureau,
            )
    for korean, english in (_pair(words) for words in _DISTRICTS):
        slug = _slug(english)
        yield _office(f"district-{slug}", f"{korean}구청", f"{english} District Office", district=slug)


def _office(code: str, korean: str, english: str, *, parent: str = "", district: str = "") -> str:
    lines = [
        "[[offices]]",
        f"code = {_quoted(code)}",
        f"names = {{ ko = {_quoted(korean)}, en = {_quoted(english)} }}",
    ]
    lines += [f"parent = {_quoted(parent)}"] if parent else []
    lines += [f"district = {_quoted(district)}"] if district else []
    return "\n".join(lines) + "\n"


def _centre(number: int) -> tuple[float, float]:
    """A sunflower of 25 seeds: even, without a grid's stiffness; about 24 km across."""
    radius = 0.11 * math.sqrt((number + 0.5) / len(_DISTRICTS))
    angle = number * math.pi * (3 - math.sqrt(5))
    return 36.4 + radius * math.sin(angle), 130.9 + radius * math.cos(angle) / math.cos(math.radians(36.4))


def _pair(words: str) -> tuple[str, str]:
    korean, _space, english = words.partition(" ")
    return korean, english


def _slug(english: str) -> str:
    return english.lower().replace("'", "").replace(" ", "-")


def _quoted(word: str) -> str:
    return f'"{word}"'


if __name__ == "__main__":
    print(text(), end="")
