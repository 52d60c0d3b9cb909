"""Systems that each of the 25 districts runs for itself: alike, but half of them write the names of another generation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maru.simulator.outside.kinds_seoul import seoul
from maru.simulator.outside.model import (
    Series,
    System,
    at,
    code,
    day,
    latitude,
    link,
    longitude,
    number,
    pick,
    place,
    real,
    serial,
    text,
    when,
    whole,
)  # fmt: skip
from maru.simulator.outside.words import DISTRICTS


def systems() -> tuple[System, ...]:
    """Nine kinds in 25 districts."""
    kinds: tuple[Callable[[int], System], ...] = (
        _parking,
        _air,
        _permits,
        _bookings,
        _reports,
        _sensors,
        _waste,
        _news,
        _licences,
    )
    return tuple(kind(number) for kind in kinds for number in range(len(DISTRICTS)))


def _own(index: int, system: str, ko: str, en: str, about_ko: str, about_en: str) -> dict[str, Any]:
    korean, english = DISTRICTS[index]
    slug = english.lower()
    return {
        "name": f"{slug}_{system}", "drawer": f"districts_{system}", "ko": f"{korean}구 {ko}", "en": f"{english} District: {en}", "about_ko": about_ko, "about_en": about_en,
        "office": f"district-{slug}", "district": index, "variant": int(index % 6 == 5),
    }  # fmt: skip


def _parking(index: int) -> System:
    return seoul(
        "GetParkingInfo", args=("district",), options={"argument": f"{DISTRICTS[index][0]}구"}, **_own(index, "parking", "공영주차장 실시간", "public car parks now", "공영주차장마다 지금 선 차", "Vehicles in each public car park now"), category="transport",
        fields=(
            code("PKLT_CD|PARKING_CODE", "lot", "주차장", "Car park", place("id:")), text("PKLT_NM|PARKING_NAME", "name", "이름", "Name", place("name")), text("ADDR", "address", "주소", "Address", place("address")), whole("TPKCT|CAPACITY", "capacity", "주차면", "Spaces", number(20, 400), "spaces", low=0), whole("NOW_PRK_VHCL_CNT|CUR_PARKING", "parked", "주차 차량", "Parked", number(0, 320, 0, 0.01), "vehicles", low=0),
            when("NOW_PRK_VHCL_UPDT_TM|CUR_PARKING_TIME", "observed_at", "갱신 시각", "Observed at", at("%Y-%m-%d %H:%M:%S")), latitude("LAT"), longitude("LOT|LNG"),
        ),
        key=("lot", "observed_at"), time="observed_at", batch=12, interval_s=300, window=12, every_s=120, traps=("renamed_fields", "single_row_object", "numbers_as_text"), series=(Series("parked", "parked", ("lot",), "주차 차량", "Parked"),),
    )  # fmt: skip


def _air(index: int) -> System:
    return System(
        kit="dataportal", **_own(index, "air", "대기 측정소", "air quality stations", "구 측정소의 한 시간 값", "Hourly values of the district's stations"), category="environment", address="http://apis.data.go.kr/B552584/ArpltnInforInqireSvc/getMsrstnAcctoRltmMesureDnsty?serviceKey={key}&returnType=json&dataTerm=MONTH&ver=1.3",
        provider="data_go_kr", key_name="data_go_kr", term="500 calls a day for a development key", daily_quota=10000,
        fields=(
            when("dataTime", "observed_at", "측정 시각", "Observed at", at("%Y-%m-%d %H:%M")), code("stationName", "station", "측정소", "Station", place("id:측정소")), text("mangName", "network", "측정망", "Network", pick("도시대기", "도로변대기")), real("pm10Value", "pm10", "미세먼지", "PM10", number(8, 120, 0, 0.02), "ug/m3", low=0, high=2000), real("pm25Value", "pm25", "초미세먼지", "PM2.5", number(3, 70, 0, 0.02), "ug/m3", low=0, high=1000),
            real("o3Value", "o3", "오존", "Ozone", number(0.004, 0.09, 3, 0.02), "ppm", low=0), real("no2Value", "no2", "이산화질소", "Nitrogen dioxide", number(0.004, 0.06, 3, 0.02), "ppm", low=0), whole("khaiGrade", "grade", "통합 등급", "Grade", pick("1", "2", "2", "3", "4"), ""),
        ),
        key=("station", "observed_at"), time="observed_at", batch=4, interval_s=3600, weight=6, every_s=600, traps=("dash_numbers", "null_flags", "hour_24"), options={"records": "items", "operation": "getMsrstnAcctoRltmMesureDnsty"}, series=(Series("pm10", "pm10", ("station",), "미세먼지", "PM10"), Series("pm25", "pm25", ("station",), "초미세먼지", "PM2.5")),
    )  # fmt: skip


def _permits(index: int) -> System:
    slug = DISTRICTS[index][1].lower()
    form = ("csv", "csv", "tsv")[index % 3]
    options = (
        {"encoding": "cp949", "titles": 1},
        {"encoding": "utf-8-sig", "thousands": True, "trailing": True},
        {"encoding": "cp949"},
    )[index % 3]
    return System(
        kit="table", **_own(index, "permits", "인허가 업소", "licensed businesses", "인허가 받은 업소 명부", "Register of businesses with a licence"), category="industry", address=f"https://{slug}.maru.example/open/permits.{form}", provider=f"files_{slug}", term="fetch at most hourly",
        fields=(
            code("관리번호|MGTNO", "permit", "관리 번호", "Permit", serial("3010000-101-", 6)), text("사업장명|BPLCNM", "business", "업소", "Business", place("shop")), day("인허가일자|APVPERMYMD", "day", "인허가일", "Day", at("%Y%m%d"), required=True), text("영업상태명|TRDSTATENM", "state", "상태", "State", pick("영업/정상", "영업/정상", "폐업", "휴업")), text("업태구분명|UPTAENM", "trade", "업태", "Trade", pick("한식", "카페", "숙박업(생활)", "세탁업", "")), real("소재지면적|SITEAREA", "area", "면적", "Area", number(9, 900, 2, 0.05), "m2", low=0), real("좌표정보(X)|X", "x", "TM X", "TM X", place("x"), "m", role="x"), real("좌표정보(Y)|Y", "y", "TM Y", "TM Y", place("y"), "m", role="y"),
        ),
        key=("permit",), time="day", batch=1, interval_s=1800, weight=5, every_s=1800, crs="EPSG:5188", traps=("cp949", "tm_coordinates", "title_lines", "trailing_comma", "two_generations"), options={"skip": 0, "form": form, "separator": "\t" if form == "tsv" else ",", **options},
    )  # fmt: skip


def _bookings(index: int) -> System:
    return seoul(
        "ListPublicReservationCulture", args=("district",), options={"argument": f"{DISTRICTS[index][0]}구"}, **_own(index, "bookings", "문화 강좌 예약", "bookings of culture", "예약할 수 있는 강좌와 공간", "Courses and rooms that can be booked"), category="education",
        fields=(
            code("SVCID", "service_id", "서비스 번호", "Service id", serial("S", 9)), text("SVCNM", "title", "서비스", "Service", pick("기타 첫걸음", "수채화 교실", "회의실 빌림", "목공, 처음부터")), text("MINCLASSNM", "kind", "분류", "Kind", pick("교육", "공간", "전시")), text("SVCSTATNM", "state", "상태", "State", pick("접수중", "안내중", "접수종료")), text("AREANM", "district", "지역", "Area", place("district")), when("RCPTBGNDT", "opens_at", "접수 시작", "Opens at", at("%Y-%m-%d %H:%M:%S.0")), whole("V_MAX", "places", "정원", "Places", number(5, 60), "people", low=0), text("SVCURL", "page", "주소", "Page", link("https://booking.maru.example/{i}")),
        ),
        key=("service_id",), time="opens_at", batch=1, interval_s=1200, weight=3, every_s=300, traps=("date_with_fraction", "quotes_and_commas"),
    )  # fmt: skip


def _reports(index: int) -> System:
    slug = DISTRICTS[index][1].lower()
    return System(
        kit="open311", **_own(index, "reports", "생활 불편 신고", "street reports", "구청에 들어온 신고", "Reports to the district office"), category="administration", address=f"https://open311.{slug}.maru.example/v2/requests.{'json' if index % 2 else 'xml'}", provider=f"open311_{slug}", term="120 calls a minute", per_minute=120, licence="CC-BY-4.0",
        fields=(
            code("service_request_id", "request_id", "신고 번호", "Request", serial("", 8)), when("requested_datetime", "requested_at", "접수 시각", "Requested at", at("%Y-%m-%dT%H:%M:%S+09:00")), text("status", "status", "상태", "Status", pick("open", "open", "closed")), text("service_name", "service", "분야", "Service", pick("Pothole", "Street light", "Illegal dumping", "Noise", "Abandoned bicycle")), text("description", "description", "내용", "Description", pick("가로등이 꺼졌어요", "길에 구멍이 났어요", "", "버려진 자전거")), text("address", "address", "주소", "Address", place("address")), latitude("lat"), longitude("long"),
        ),
        key=("request_id",), time="requested_at", batch=1, interval_s=90, weight=4, boost=True, every_s=120, traps=("empty_text", "date_window"),
    )  # fmt: skip


def _sensors(index: int) -> System:
    slug = DISTRICTS[index][1].lower()
    return System(
        kit="sensorthings", **_own(index, "sensors", "거리 감지기 (S-DoT)", "street sensors", "기온, 습도, 소음 감지기", "Sensors of temperature in the streets"), category="environment", address=f"https://sensors.{slug}.maru.example/v1.1/Observations", provider=f"sensors_{slug}", term="$top at most 1,000", licence="CC-BY-4.0", zone="UTC",
        fields=(
            code("@iot.id", "observation_id", "관측 번호", "Observation", serial("", 0)), when("phenomenonTime", "observed_at", "관측 시각", "Observed at", at("ms_utc")), real("result", "temperature", "기온", "Temperature", number(-8, 36, 1, 0.005), "Cel", low=-60, high=70), code("Datastream.@iot.id", "stream", "자료 흐름", "Datastream", place("id:")), text("Datastream.name", "stream_name", "이름", "Name", place("name")),
        ),
        key=("observation_id",), time="observed_at", batch=1, interval_s=6, weight=14, boost=True, every_s=30, traps=("next_link", "null_result"), series=(Series("temperature", "temperature", ("stream",), "기온", "Temperature"),),
    )  # fmt: skip


def _waste(index: int) -> System:
    slug = DISTRICTS[index][1].lower()
    html = index % 5 == 4
    return System(
        kit="excel", **_own(index, "waste", "쓰레기 수거량", "waste collected", "동별 하루 수거량", "Waste collected in each neighbourhood a day"), category="environment", address=f"https://{slug}.maru.example/open/waste.{'xls' if html else 'xlsx'}", provider=f"files_{slug}", term="fetch at most hourly",
        fields=(
            code("행정동|동이름", "dong", "행정동", "Neighbourhood", place("dong_name")), day("수거일|일자", "day", "수거일", "Day", at("%Y-%m-%d"), required=True), real("생활폐기물(톤)|생활(톤)", "general", "생활", "General", number(2, 40, 1, 0.01), "t", low=0), real("음식물(톤)", "food", "음식물", "Food", number(1, 20, 1, 0.01), "t", low=0), real("재활용(톤)", "recycled", "재활용", "Recycled", number(1, 18, 1, 0.01), "t", low=0),
        ),
        key=("dong", "day"), time="day", batch=17, interval_s=86400, weight=0.25, every_s=3600, traps=("html_as_xls" if html else "numbers_as_text", "title_lines", "two_generations"), options={"form": "html" if html else "xlsx", "titles": index % 3},
    )  # fmt: skip


def _news(index: int) -> System:
    slug = DISTRICTS[index][1].lower()
    atom = index % 2 == 1
    return System(
        kit="feed", **{**_own(index, "news", "구정 소식", "news", "구청 누리집의 새 소식", "News of the district office"), "variant": int(atom)}, category="administration", address=f"https://{slug}.maru.example/news/{'atom' if atom else 'rss'}.xml", provider=f"web_{slug}", term="be gentle", zone="UTC" if atom else "Asia/Seoul",
        fields=(
            code("guid|id", "entry_id", "번호", "Id", serial(f"urn:maru:{slug}:" if atom else f"{slug}-", 6)), text("title", "title", "제목", "Title", pick("봄맞이 골목 청소", "도서관 새로 엽니다", "구민 배심원 모십니다", "어린이 물놀이터 운영")), text("link", "link", "주소", "Address", link(f"https://{slug}.maru.example/news/{{i}}")), when("pubDate|updated", "published_at", "게시 시각", "Published at", at("%Y-%m-%dT%H:%M:%SZ" if atom else "rfc822")), text("description|summary", "summary", "요약", "Summary", pick("자세한 내용은 누리집에서", "누구나 올 수 있습니다", "<b>무료</b>입니다")),
        ),
        key=("entry_id",), time="published_at", batch=1, interval_s=3600, window=30, every_s=600, traps=("html_in_text", "window_only"), options={"form": "atom" if atom else "rss"},
    )  # fmt: skip


def _licences(index: int) -> System:
    slug = DISTRICTS[index][1].lower()
    return System(
        kit="xml", **_own(index, "contracts", "계약 현황", "contracts", "구청이 맺은 계약", "Contracts of the district office"), category="administration", address=f"https://{slug}.maru.example/openapi/contracts.xml", provider=f"web_{slug}", term="500 rows a call",
        fields=(
            code("cntrctNo|CONTRACT_NO", "contract", "계약 번호", "Contract", serial("K", 8)), when("cntrctDt|CONTRACT_DT", "contracted_at", "계약 시각", "Contracted at", at("%Y-%m-%d %H:%M:%S")), text("cntrctNm|CONTRACT_NM", "title", "계약", "Title", pick("청사 청소 용역", "도로 보수 <긴급>", "급식 재료 구매", "전산 장비 & 유지")), whole("amt|AMOUNT", "amount", "금액", "Amount", number(300000, 900000000), "KRW", low=0), text("vendor|VENDOR", "vendor", "업체", "Vendor", place("shop")),
        ),
        key=("contract",), time="contracted_at", batch=1, interval_s=600, weight=3, every_s=300, traps=("entities", "two_generations", "cdata"), options={"protocol": "rest", "records": "item"},
    )  # fmt: skip
