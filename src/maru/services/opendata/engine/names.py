"""What Korean names look like, and columns that say they hold them. Plain Python."""

from __future__ import annotations

import re

# The surnames of 99.9 % of the people of Korea (census of 2015), those of two letters first.
_SURNAMES = [
    "남궁",
    "황보",
    "제갈",
    "사공",
    "선우",
    "서문",
    "독고",
    "동방",
    "김",
    "이",
    "박",
    "최",
    "정",
    "강",
    "조",
    "윤",
    "장",
    "임",
    "한",
    "오",
    "서",
    "신",
    "권",
    "황",
    "안",
    "송",
    "전",
    "홍",
    "유",
    "고",
    "문",
    "양",
    "손",
    "배",
    "백",
    "허",
    "남",
    "심",
    "노",
    "하",
    "곽",
    "성",
    "차",
    "주",
    "우",
    "구",
    "라",
    "나",
    "민",
    "진",
    "지",
    "엄",
    "채",
    "원",
    "천",
    "방",
    "공",
    "현",
    "함",
    "변",
    "염",
    "여",
    "추",
    "도",
    "소",
    "석",
    "선",
    "설",
    "마",
    "길",
    "연",
    "위",
    "표",
    "명",
    "기",
    "반",
    "왕",
    "금",
    "옥",
    "육",
    "인",
    "맹",
    "제",
    "모",
    "탁",
    "국",
    "어",
    "은",
    "편",
    "용",
    "예",
    "경",
    "봉",
    "사",
    "부",
    "가",
    "복",
    "태",
    "목",
    "형",
    "계",
    "피",
    "두",
    "감",
    "음",
    "빈",
    "동",
    "온",
    "호",
    "범",
    "좌",
    "팽",
    "승",
    "간",
    "상",
    "시",
    "갈",
    "단",
    "견",
    "당",
]
_LONG = [one for one in _SURNAMES if len(one) == 2]
_NAME = re.compile(
    rf"(?:{'|'.join(_LONG)})[가-힣]{{1,2}}|(?:{'|'.join(one for one in _SURNAMES if len(one) == 1)})[가-힣]{{1,2}}"
)
_PLACE = re.compile(
    r"(?:공원|학교|병원|시장|센터|광장|식당|약국|의원|빌딩|마을|주택|상가|회관|체육|놀이|거리|사거리|구청)$"
)
_NAME_COLUMN = re.compile(
    r"(?:^|[_\s(])(?:nm|name|full_?name|person(?:_?name)?|owner(?:_?nm)?|applicant|author|writer|member)(?:$|[_\s)])"
    r"|이름|성명|성함|대표자|신청인|신고인|민원인|담당자|작성자|소유자|보호자|당첨자|회원명|수급자|환자",
    re.IGNORECASE,
)
# A column of these names holds places, firms or things, whatever "name" stands in it.
_THING_COLUMN = re.compile(
    r"station|place|shop|store|facil|road|route|dept|office|org|company|product|event|park|district|gu_?nm|dong"
    r"|역명|장소|시설|상호|업소|기관|부서|도로|노선|제품|품목|행사|공원|법정동|행정동|자치구|구명|동명",
    re.IGNORECASE,
)


def says_names(words: str) -> bool:
    """Whether a column's name or title says that it holds names of people."""
    return _NAME_COLUMN.search(words) is not None and _THING_COLUMN.search(words) is None


def is_name(text: str) -> bool:
    """Whether a text looks like the name of a person."""
    return _NAME.fullmatch(text) is not None and _PLACE.search(text) is None
