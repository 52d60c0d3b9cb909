"""Names for columns whose headers are Korean: the words that the tables of cities use again and again."""

from __future__ import annotations

import re

from maru.commons.sources.declaration import proposed_name

_WORDS = {
    "번호": "number", "연번": "number", "순번": "number", "아이디": "id", "식별자": "id", "관리번호": "id", "코드": "code", "이름": "name", "명": "name", "명칭": "name",
    "시설명": "facility", "구분": "division", "종류": "kind", "유형": "type", "상태": "state", "주소": "address", "도로명주소": "road_address",
    "지번주소": "lot_address", "소재지": "address", "위도": "latitude", "경도": "longitude", "x좌표": "x", "y좌표": "y", "자치구": "district",
    "자치구명": "district", "구": "district", "시군구": "district", "동": "dong", "행정동": "dong", "법정동": "legal_dong", "행정동코드": "dong_code",
    "전화번호": "phone", "연락처": "phone", "날짜": "day", "일자": "day", "기준일": "day", "기준일자": "day", "데이터기준일자": "day", "등록일자": "registered_on",
    "사용월": "month", "사용일자": "day", "일시": "at", "시각": "at", "시간": "hour", "시간대": "hour", "측정일시": "measured_at", "측정소": "station", "측정소명": "station",
    "대여소": "station", "대여소명": "station", "역": "station", "역명": "station", "역사명": "station", "역사": "station", "지하철역": "station", "호선": "line", "호선명": "line", "노선": "route", "노선명": "route",
    "노선번호": "route", "정류장": "stop", "정류장명": "stop", "합계": "total", "계": "total", "총계": "total", "수": "count", "건수": "count", "인구": "population", "인구수": "population",
    "남자": "men", "여자": "women", "남": "men", "여": "women", "면적": "area", "금액": "amount", "가격": "price", "품목": "item", "품명": "item", "상품명": "item", "단위": "unit",
    "연도": "year", "년도": "year", "년": "year", "월": "month", "일": "day", "요일": "weekday", "비고": "remark", "내용": "text", "제목": "title", "담당부서": "office",
    "부서": "office", "관리기관": "keeper", "관리기관명": "keeper", "운영시간": "hours", "홈페이지": "website", "미세먼지": "pm10", "초미세먼지": "pm25", "오존": "o3",
    "이산화질소": "no2", "일산화탄소": "co", "아황산가스": "so2", "기온": "temperature", "습도": "humidity", "강수량": "rainfall", "풍속": "wind_speed",
}  # fmt: skip
_LATITUDES = re.compile(r"위도|^lat(itude)?$|_lat$|^lat_", re.IGNORECASE)
_LONGITUDES = re.compile(r"경도|^(lon|lng|lot)(gitude)?$|^longitude$|_(lon|lng)$", re.IGNORECASE)


def column_name(header: str, number: int) -> str:
    """A name for the column of this header, the ``number``-th from the left."""
    plain = re.sub(r"[(\[].*?[)\]]", " ", header).strip().lower()
    whole = _WORDS.get(re.sub(r"\s+", "", plain))
    if whole:
        return whole
    parts = [_WORDS.get(word) or proposed_name(word) for word in re.split(r"[\s_/.·-]+", plain)]
    name = "_".join(part for part in parts if part)
    return name[:40].strip("_") or f"column_{number}"


def role_of(header: str) -> str:
    """Whether a header means a coordinate."""
    plain = header.strip()
    if _LATITUDES.search(plain):
        return "latitude"
    return "longitude" if _LONGITUDES.search(plain) else ""
