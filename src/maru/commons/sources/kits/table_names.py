"""Names for columns in ASCII, out of Korean and English headers: words that are known, and the sound of the others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Longest first where one holds another. From headers of public files.
WORDS = {
    "초미세먼지": "pm25", "미세먼지": "pm10", "이산화질소": "no2", "일산화탄소": "co", "아황산가스": "so2", "오존": "o3",
    "측정소명": "station", "측정소": "station", "측정일시": "measured_at", "측정일": "measured_on", "기준일자": "as_of",
    "기준일": "as_of", "기준년월": "month", "기준연월": "month", "사용일자": "used_on", "사용년월": "month", "사용월": "month",
    "등록일자": "registered_on", "등록일시": "registered_at", "수정일자": "changed_on", "설치일시": "installed_on",
    "설치일자": "installed_on", "설치년도": "installed_year", "접수일시": "received_at", "발생일시": "occurred_at",
    "시작일": "starts_on", "종료일": "ends_on", "날짜": "date", "일자": "date", "일시": "at", "시각": "at", "시간대": "hour",
    "시간": "hour", "연번": "number", "순번": "number", "관리번호": "number", "번호": "number", "코드": "code", "아이디": "id",
    "자치구": "district", "시군구": "district", "행정동": "dong", "읍면동": "dong", "시도": "province", "도로명주소": "road_address",
    "지번주소": "lot_address", "주소": "address", "위도": "latitude", "경도": "longitude", "전화번호": "phone", "연락처": "phone",
    "홈페이지": "website", "비고": "note", "이름": "name", "명칭": "name", "시설명": "facility", "역명": "station",
    "지하철역": "station", "호선명": "line", "호선": "line", "노선명": "line", "노선번호": "line_number", "정류장": "stop",
    "승차": "boarding", "하차": "alighting", "승객수": "passengers", "인원": "people", "인구": "population", "총계": "total",
    "합계": "total", "소계": "subtotal", "남자": "men", "여자": "women", "대수": "count", "건수": "count", "금액": "amount",
    "가격": "price", "면적": "area", "상태": "state", "구분": "kind", "종류": "kind", "분류": "category", "제목": "title",
    "내용": "content", "명": "name", "총": "total", "월": "month", "년": "year", "좌석수": "seats", "좌석": "seats",
    "수용인원": "capacity", "정원": "capacity", "운영시간": "opening_hours", "관리기관": "keeper", "담당부서": "office", "부서": "office",
    "품목": "item", "품명": "item", "상품명": "item", "연도": "year", "년도": "year", "요일": "weekday", "기온": "temperature",
    "습도": "humidity", "강수량": "rainfall", "풍속": "wind_speed", "유형": "type", "식별자": "id", "소재지": "address",
    "법정동": "legal_dong", "대여소": "station", "정류소": "stop", "위치": "place", "설치": "installed", "개수": "count",
    "수량": "quantity", "시설": "facility", "주차면수": "parking_spaces", "주차장": "car_park",
}  # fmt: skip
# Words so short that they are believed only where nothing else stands.
_ALONE = {
    "수": "count", "구": "district", "동": "dong", "남": "men", "여": "women", "계": "total", "일": "day", "역": "station", "노선": "line",
    "단위": "unit", "종목": "kind",
}  # fmt: skip
_LONGEST = sorted(WORDS, key=len, reverse=True)
_FIRST = ["g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"]
_MIDDLE = [
    "a",
    "ae",
    "ya",
    "yae",
    "eo",
    "e",
    "yeo",
    "ye",
    "o",
    "wa",
    "wae",
    "oe",
    "yo",
    "u",
    "wo",
    "we",
    "wi",
    "yu",
    "eu",
    "ui",
    "i",
]
_LAST = (
    ["", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t"]
)  # fmt: skip
_MOST = 40


def romanized(text: str) -> str:
    """Hangul by its sound (Revised Romanization without assimilation); other letters as they are."""
    parts = []
    for char in text:
        place = ord(char) - 0xAC00
        if 0 <= place < 11172:
            parts.append(_FIRST[place // 588] + _MIDDLE[place % 588 // 28] + _LAST[place % 28])
        else:
            parts.append(char)
    return "".join(parts)


def column_name(header: str) -> str:
    """A lower-case ASCII name for one header; "" if nothing is left of it."""
    text = unicodedata.normalize("NFKC", re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", header)) or header
    if text.strip() in _ALONE:
        return _ALONE[text.strip()]
    parts: list[str] = []
    while text:
        word = next((one for one in _LONGEST if text.startswith(one)), "")
        if word:
            parts.append(f"_{WORDS[word]}_")
            text = text[len(word) :]
        else:
            parts.append(romanized(text[0]))
            text = text[1:]
    name = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", "".join(parts)).lower()
    words = re.sub(r"[^a-z0-9]+", "_", unicodedata.normalize("NFKD", name)).strip("_").split("_")
    kept = [word for place, word in enumerate(words) if word and (not place or word != words[place - 1])]
    name = "_".join(kept)[:_MOST].strip("_")
    return f"c_{name}" if name[:1].isdigit() else name


def column_names(headers: Sequence[str]) -> list[str]:
    """One name for each header, all different."""
    found: list[str] = []
    for place, header in enumerate(headers, 1):
        name = column_name(header) or f"column_{place}"
        count = 2
        unique = name
        while unique in found:
            unique, count = f"{name}_{count}", count + 1
        found.append(unique)
    return found
