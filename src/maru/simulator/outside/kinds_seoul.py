"""Systems behind the Seoul Open API: general server, realtime subway, city data."""

from __future__ import annotations

from typing import Any

from maru.simulator.outside.model import (
    Field,
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
    plain,
    real,
    serial,
    text,
    when,
    whole,
)  # fmt: skip

TERM = "at most 1,000 rows a call; the sample key gives 5"
_SUBWAY_TERM = "1,000 calls a day for one key"


def seoul(
    service: str, /, *, args: tuple[str, ...] = (), form: str = "json", root: str = "", **rest: Any
) -> System:
    """A service of the general server."""
    options = {
        "service": service,
        "form": form,
        "root": root or service,
        "args": args,
        **rest.pop("options", {}),
    }
    return System(
        kit="seoul", address=f"http://openapi.seoul.go.kr:8088/{{key}}/{form}/{service}/", provider="seoul",
        key_name="seoul_openapi", term=TERM, options=options, **rest,
    )  # fmt: skip


HOUR, DAY = 3600.0, 86400.0
_NAME = text("stationName", "name", "이름", "Name", place("name"))


def systems() -> tuple[System, ...]:
    """14 of the general server, realtime arrivals, positions of nine lines, two of city data."""
    return (*_traffic(), *_counts(), *_estimates(), *_things(), *_subway(), *_hotspots())


def _traffic() -> tuple[System, ...]:
    return (
        seoul(
            "bikeList", root="rentBikeStatus", name="cycling_bikes", drawer="cycling_bikes", ko="공공자전거 실시간 대여정보", en="Public bikes: stations now",
            about_ko="대여소마다 지금 세워진 자전거와 거치대 수", about_en="Bikes parked and docks at each station, now",
            office="transport-cycling", category="transport",
            fields=(
                code("stationId", "station_id", "대여소 번호", "Station id", place("id:ST-")), _NAME,
                whole("rackTotCnt", "racks", "거치대", "Docks", number(8, 30), "docks", low=0),
                whole("parkingBikeTotCnt", "bikes", "자전거", "Bikes", number(0, 28), "bikes", low=0),
                real("shared", "share", "거치율", "Share of docks taken", number(0, 150), "%", low=0),
                latitude("stationLatitude"), longitude("stationLongitude"),
                when("stationDt", "observed_at", "기준 시각", "Observed at", at("%Y-%m-%d %H:%M:%S")),
            ),
            key=("station_id", "observed_at"), time="observed_at", batch=1200, interval_s=300, window=1200, every_s=60,
            series=(Series("bikes", "bikes", ("station_id",), "자전거 수", "Bikes"),), traps=("root_differs", "pages", "numbers_as_text"),
        ),
        seoul(
            "TrafficInfo", form="xml", name="roads_speeds", drawer="roads_speeds", ko="도로 소통 속도", en="Road speeds", about_ko="도로 구간마다 5분 평균 속도",
            about_en="Mean speed of each road section in five minutes", office="transport-roads", category="transport",
            fields=(
                code("link_id", "link_id", "구간 번호", "Section id", place("id:12200")),
                real("prcs_spd", "speed", "속도", "Speed", number(6, 62, 1, 0.01), "km/h", low=0, high=200),
                whole("prcs_trv_time", "travel_time", "통과 시간", "Travel time", number(20, 400), "s", low=0),
                when("prcs_dt", "observed_at", "집계 시각", "Counted at", at("%Y%m%d%H%M")),
            ),
            key=("link_id", "observed_at"), time="observed_at", batch=400, interval_s=300, window=400, every_s=60,
            series=(Series("speed", "speed", ("link_id",), "속도", "Speed"),), traps=("xml_only", "lower_case", "dash_numbers"),
        ),
        seoul(
            "AccInfo", form="xml", name="roads_accidents", drawer="roads_accidents", ko="실시간 돌발 정보", en="Accidents and road works now", about_ko="사고, 공사, 행사로 막힌 곳",
            about_en="Where accidents, works and events block the road", office="transport-traffic-safety", category="safety",
            fields=(
                code("acc_id", "accident_id", "돌발 번호", "Id", serial("A", 7)),
                when("occr_date", "occurred_at", "발생 일시", "Occurred at", at("%Y%m%d%H%M%S")),
                text("acc_type", "kind", "구분", "Kind", pick("A01", "A02", "A04", "A10")),
                text("acc_info", "message", "내용", "Message", pick("1차로 고장 차량", "2개 차로 도로 공사\n우회 바랍니다", "추돌 사고 처리 중", "행사로 전면 통제")),
                real("grs80tm_x", "x", "TM X", "TM X", place("x"), "m", role="x"),
                real("grs80tm_y", "y", "TM Y", "TM Y", place("y"), "m", role="y"),
                code("link_id", "link_id", "구간 번호", "Section id", place("id:12200")),
            ),
            key=("accident_id",), time="occurred_at", batch=1, interval_s=240, weight=2, every_s=60, crs="EPSG:5188",
            traps=("tm_coordinates", "single_row_object", "line_breaks", "lower_case"),
        ),
        seoul(
            "VolInfo", form="xml", name="roads_volumes", drawer="roads_volumes", ko="지점별 교통량", en="Traffic volumes", about_ko="측정 지점을 지나간 차량 수",
            about_en="Vehicles past each counting post in an hour", office="transport-roads", category="transport",
            fields=(
                code("spot_num", "post", "지점", "Post", place("id:A-")),
                when("ymd_hh", "hour", "시각", "Hour", at("%Y%m%d%H")),
                text("io_type", "direction", "방향", "Direction", pick("1", "2")),
                whole("vol", "vehicles", "교통량", "Vehicles", number(120, 5200, 0, 0.01), "vehicles", low=0),
            ),
            key=("post", "hour"), time="hour", batch=160, interval_s=HOUR, weight=30, every_s=300,
            series=(Series("vehicles", "vehicles", ("post",), "교통량", "Vehicles"),), traps=("xml_only", "hour_only"),
        ),
    )  # fmt: skip


def _counts() -> tuple[System, ...]:
    return (
        seoul(
            "CardSubwayStatsNew", args=("day",), name="metro_boardings", drawer="metro_boardings", ko="지하철 역별 승하차 인원", en="Metro boardings by station",
            about_ko="교통카드로 센 역별 하루 승하차 인원, 사흘 늦게 나온다", about_en="Boardings and alightings a day by card, three days late", office="transport-metro", category="transport",
            fields=(
                day("USE_YMD|USE_DT", "day", "사용 일자", "Day", at("%Y%m%d", 3 * DAY), required=True),
                text("SBWY_ROUT_LN_NM|LINE_NUM", "line", "호선", "Line", place("line")),
                code("SBWY_STNS_NM|SUB_STA_NM", "station", "역", "Station", place("station")),
                whole("GTON_TNOPE|RIDE_PASGR_NUM", "boardings", "승차", "Boardings", number(300, 90000), "people", low=0),
                whole("GTOFF_TNOPE|ALIGHT_PASGR_NUM", "alightings", "하차", "Alightings", number(300, 90000), "people", low=0),
                day("REG_YMD|WORK_DT", "registered", "등록 일자", "Registered", at("%Y%m%d")),
            ),
            key=("day", "station"), time="day", batch=300, interval_s=DAY, weight=40, every_s=1800,
            series=(Series("boardings", "boardings", ("station",), "승차 인원", "Boardings"),), traps=("renamed_fields", "late_days", "numbers_as_text"),
        ),
        seoul(
            "CardBusStatisticsServiceNew", args=("day",), name="bus_boardings", drawer="bus_boardings", ko="버스 정류장별 승하차 인원", en="Bus boardings by stop",
            about_ko="교통카드로 센 노선·정류장별 하루 승하차 인원", about_en="Boardings a day by route and stop", office="transport-bus", category="transport",
            fields=(
                day("USE_YMD", "day", "사용 일자", "Day", at("%Y%m%d", 3 * DAY), required=True),
                code("RTE_ID", "route_id", "노선 번호", "Route id", place("route_id")), text("RTE_NM", "route", "노선", "Route", place("route")),
                code("STOPS_ID", "stop_id", "정류장 번호", "Stop id", place("id:1110")), text("SBWY_STNS_NM", "stop", "정류장", "Stop", place("name")),
                whole("GTON_TNOPE", "boardings", "승차", "Boardings", number(0, 1800), "people", low=0),
                whole("GTOFF_TNOPE", "alightings", "하차", "Alightings", number(0, 1800), "people", low=0),
                day("REG_YMD", "registered", "등록 일자", "Registered", at("%Y%m%d")),
            ),
            key=("day", "route_id", "stop_id"), time="day", batch=4000, interval_s=DAY, weight=200, every_s=1800, traps=("wrong_column_name", "big_days", "late_days"),
        ),
    )  # fmt: skip


def _estimates() -> tuple[System, ...]:
    return (
        seoul(
            "SPOP_LOCAL_RESD_DONG", args=("day", "hour", "dong"), name="data_living_population", drawer="data_living_population", ko="행정동별 생활인구",
            en="People present by neighbourhood", about_ko="통신 자료로 어림한 시간대별 생활인구", about_en="People present each hour, estimated from mobile phones", office="digital-data", category="population",
            fields=(
                when("STDR_DE_ID", "hour", "기준 시각", "Hour", at("%Y%m%d%H", 5 * DAY)),
                text("TMZON_PD_SE", "hour_of_day", "시간대", "Hour of day", at("%H", 5 * DAY)), code("ADSTRD_CODE_SE", "dong", "행정동", "Neighbourhood", place("dong")),
                real("TOT_LVPOP_CO", "people", "생활인구", "People", number(4000, 52000, 4), "people", low=0),
                real("MALE_F65T69_LVPOP_CO", "men_65", "남자 65~69세", "Men 65-69", number(60, 1400, 4, 0.02), "people", low=0),
                real("FEMALE_F65T69_LVPOP_CO", "women_65", "여자 65~69세", "Women 65-69", number(60, 1500, 4, 0.02), "people", low=0),
            ),
            key=("dong", "hour"), time="hour", batch=425, interval_s=HOUR, weight=250, every_s=600,
            series=(Series("people", "people", ("dong",), "생활인구", "People present"),), traps=("stars_for_small", "late_days"),
        ),
        seoul(
            "VwsmTrdarSelngQq", name="small_business_sales", drawer="small_business_sales", ko="상권 추정 매출", en="Sales of shopping streets", about_ko="상권과 업종별 분기 매출 어림",
            about_en="Estimated sales of each street and trade in a quarter", office="economy-small-business", category="industry",
            fields=(
                code("ESTMT_ID", "estimate_id", "어림 번호", "Estimate id", serial("Q", 8)),
                day("STDR_YMD", "day", "기준일", "Day", at("%Y%m%d", DAY), required=True), code("TRDAR_CD", "street", "상권 번호", "Street id", place("id:3110")),
                text("TRDAR_CD_NM", "street_name", "상권", "Street", place("name")),
                text("SVC_INDUTY_CD_NM", "trade", "업종", "Trade", pick("한식음식점", "커피-음료", "편의점", "미용실", "치킨전문점", "슈퍼마켓")),
                whole("THSMON_SELNG_AMT", "amount", "매출액", "Amount", number(2e6, 9e8), "KRW", low=0),
                whole("THSMON_SELNG_CO", "sales", "매출 건수", "Sales", number(40, 40000), "sales", low=0),
            ),
            key=("estimate_id",), time="day", batch=1, interval_s=20, weight=40, boost=True, every_s=60, traps=("numbers_as_text",),
        ),
        seoul(
            "tbLnOpendataRentV", name="tenancy_rents", drawer="tenancy_rents", ko="전월세 실거래가", en="Rents agreed", about_ko="신고된 전세·월세 계약", about_en="Tenancy contracts as registered",
            office="housing-tenancy", category="housing",
            fields=(
                code("CTRT_NO", "contract", "계약 번호", "Contract", serial("R", 9)), day("CTRT_DAY", "day", "계약일", "Day", at("%Y%m%d"), required=True),
                text("CGG_NM", "district", "자치구", "District", place("district")), text("STDG_NM", "dong", "법정동", "Neighbourhood", place("dong_name")),
                text("RENT_SE", "kind", "전월세 구분", "Kind", pick("전세", "월세")), real("RENT_AREA", "area", "임대 면적", "Area", number(14, 120, 2), "m2", low=0),
                whole("GRFE", "deposit", "보증금", "Deposit", number(500, 90000), "10,000 KRW", low=0), whole("RTFE", "rent", "임대료", "Rent", number(0, 320, 0, 0.02), "10,000 KRW", low=0),
                whole("ARCH_YR", "built", "건축년도", "Year built", number(1975, 2025), "", low=1800, high=2100),
            ),
            key=("contract",), time="day", batch=1, interval_s=15, weight=120, boost=True, every_s=60, traps=("empty_text", "pages"),
        ),
    )  # fmt: skip


def _things() -> tuple[System, ...]:
    return (
        seoul(
            "RealtimeCityAir", name="air_quality_now", drawer="air_quality_now", ko="권역별 실시간 대기환경", en="Air quality now", about_ko="자치구 측정소의 한 시간 값", about_en="Hourly values of the districts' stations",
            office="environment-air-quality", category="environment",
            fields=(
                when("MSRMT_DT|MSRDT", "observed_at", "측정 일시", "Observed at", at("%Y%m%d%H%M")), text("SAREA_NM|MSRRGN_NM", "area", "권역", "Area", pick("도심권", "서북권", "동북권", "서남권", "동남권")),
                code("MSRSTN_NM|MSRSTE_NM", "station", "측정소", "Station", place("district")),
                real("PM|PM10", "pm10", "미세먼지", "PM10", number(8, 120, 1, 0.02), "ug/m3", low=0, high=2000),
                real("FPM|PM25", "pm25", "초미세먼지", "PM2.5", number(3, 70, 1, 0.02), "ug/m3", low=0, high=1000),
                real("OZON|O3", "o3", "오존", "Ozone", number(0.005, 0.09, 3), "ppm", low=0), real("NTDX|NO2", "no2", "이산화질소", "Nitrogen dioxide", number(0.004, 0.06, 3), "ppm", low=0),
                text("CAI_GRD|IDEX_NM", "grade", "등급", "Grade", pick("좋음", "보통", "나쁨")),
            ),
            key=("station", "observed_at"), time="observed_at", batch=25, interval_s=HOUR, window=25, every_s=300,
            series=(Series("pm10", "pm10", ("station",), "미세먼지", "PM10"), Series("pm25", "pm25", ("station",), "초미세먼지", "PM2.5")), traps=("two_generations", "zero_is_none"),
        ),
        seoul(
            "culturalEventInfo", name="arts_events", drawer="arts_events", ko="문화행사 정보", en="Cultural events", about_ko="공연, 전시, 축제 안내", about_en="Concerts, exhibitions, festivals",
            office="culture-arts", category="culture",
            fields=(
                code("EVENT_NO", "event_id", "행사 번호", "Event id", serial("E", 6)), text("CODENAME", "kind", "분류", "Kind", pick("클래식", "전시/미술", "연극", "무용", "축제-문화/예술")),
                text("GUNAME", "district", "자치구", "District", place("district")), text("TITLE", "title", "제목", "Title", pick("숲속 작은 음악회", "골목 사진전", "어린이 인형극 \"달토끼\"", "한여름 밤의 춤, 그리고 노래", "마루 등불 축제")),
                text("PLACE", "place", "장소", "Place", place("name")), when("STRTDATE", "starts_at", "시작", "Starts", at("%Y-%m-%d 00:00:00.0")),
                text("IS_FREE", "free", "유무료", "Free", pick("무료", "유료")), latitude("LOT"), longitude("LAT"), text("HMPG_ADDR", "page", "누리집", "Page", link("https://arts.maru.example/{i}")),
            ),
            key=("event_id",), time="starts_at", batch=1, interval_s=900, weight=3, every_s=600, traps=("swapped_coordinates", "quotes_and_commas", "date_with_fraction"),
        ),
        seoul(
            "ListPublicReservationSport", name="sports_bookings", drawer="sports_bookings", ko="체육시설 예약", en="Sports bookings", about_ko="공공서비스 예약 가운데 체육시설", about_en="Sports places that can be booked",
            office="culture-sports", category="culture",
            fields=(
                code("SVCID", "service_id", "서비스 번호", "Service id", place("id:S2612")), text("SVCNM", "title", "서비스", "Service", place("name")), text("MINCLASSNM", "kind", "종목", "Kind", pick("테니스장", "축구장", "배드민턴장", "수영장")),
                text("SVCSTATNM", "state", "상태", "State", pick("접수중", "안내중", "접수종료", "예약마감")), text("PAYATNM", "payment", "요금", "Payment", pick("무료", "유료", "유료(요금안내문의)")),
                longitude("X"), latitude("Y"), when("UPDT_DT", "updated_at", "갱신 일시", "Updated at", at("%Y-%m-%d %H:%M:%S.0")),
                text("TELNO", "phone", "전화", "Telephone", place("phone")),
            ),
            key=("service_id", "updated_at"), time="updated_at", batch=300, interval_s=900, window=300, every_s=300, traps=("single_row_object", "date_with_fraction"),
        ),
        seoul(
            "SearchParkInfoService", name="parks_parks", drawer="parks_parks", ko="주요 공원 현황", en="Parks", about_ko="공원 위치와 면적", about_en="Where the parks are and how large", office="environment-parks", category="environment",
            fields=(
                code("SN|P_IDX", "park_id", "번호", "Id", place("id:P")), text("PARK_NM|P_PARK", "name", "공원", "Park", place("name")), real("AREA", "area", "면적", "Area", number(900, 900000), "m2", low=0),
                day("OPEN_YMD", "opened", "개원일", "Opened", plain("1998.9.1")), text("ADDR|P_ADDR", "address", "주소", "Address", place("address")), longitude("XCRD|LONGITUDE"), latitude("YCRD|LATITUDE"),
                when("UPDT_DT", "updated_at", "갱신일", "Updated", at("%Y-%m-%d")),
            ),
            key=("park_id", "updated_at"), time="updated_at", batch=133, interval_s=DAY, window=133, every_s=3600, traps=("units_in_numbers", "short_dates"),
        ),
    )  # fmt: skip


def _arrival_fields() -> tuple[Field, ...]:
    return (
        code("btrainNo", "train", "열차", "Train", place("id:2")), text("subwayId", "line", "호선", "Line", pick("1001", "1002", "1003", "1004", "1005")), text("updnLine", "direction", "방향", "Direction", pick("상행", "하행", "내선", "외선")),
        text("trainLineNm", "heading", "행선지", "Heading", place("station")), code("statnNm", "station", "역", "Station", place("station")), text("btrainSttus", "service", "종류", "Service", pick("일반", "급행")),
        whole("barvlDt", "seconds", "도착 예정", "Arrives in", number(0, 900), "s", low=0), when("recptnDt", "received_at", "생성 시각", "Received at", at("%Y-%m-%d %H:%M:%S")),
        text("arvlMsg2", "message", "안내", "Message", pick("전역 도착", "[3]번째 전역", "2분 후 (마루숲)", "당역 진입")), text("arvlCd", "arrival_code", "도착 코드", "Arrival code", pick("0", "1", "2", "3", "4", "5", "99")), text("lstcarAt", "last", "막차", "Last train", pick("0", "0", "0", "1")),
    )  # fmt: skip


def _subway() -> tuple[System, ...]:
    base = "http://swopenapi.seoul.go.kr/api/subway/{key}/json"
    arrivals = System(
        "metro_arrivals", "metro_arrivals", "seoul_subway", "지하철 실시간 도착", "Metro arrivals now", "역마다 다음 열차", "Next trains at each station", "transport-metro", "transport",
        f"{base}/realtimeStationArrival/ALL", _arrival_fields(), ("station", "train", "received_at"), "received_at", 240, 60, window=240, every_s=90, provider="seoul_subway", key_name="seoul_subway",
        term=_SUBWAY_TERM, daily_quota=1000, traps=("flat_error", "null_fields"), options={"operation": "realtimeStationArrival", "list": "realtimeArrivalList", "argument": "ALL"},
        series=(Series("seconds", "seconds", ("station",), "도착 예정", "Arrives in"),),
    )  # fmt: skip
    fields = (
        code("trainNo", "train", "열차", "Train", place("id:3")), text("subwayId", "line", "호선", "Line", pick("1002")), text("statnNm", "station", "역", "Station", place("station")), text("updnLine", "direction", "방향", "Direction", pick("0", "1")),
        text("trainSttus", "state", "상태", "State", pick("0", "1", "2", "3")), whole("delay", "delay", "지연", "Delay", number(0, 240), "s", low=0), when("recptnDt", "received_at", "수신 시각", "Received at", at("%Y-%m-%d %H:%M:%S")), text("lstcarAt", "last", "막차", "Last train", pick("0", "0", "1")),
    )  # fmt: skip
    positions = [
        System(
            f"metro_positions_{line}", "metro_positions", "seoul_subway", f"{line}호선 열차 위치", f"Trains of line {line}", f"{line}호선에서 달리는 열차", f"Where the trains of line {line} are", "transport-metro", "transport",
            f"{base}/realtimePosition/{line}호선", fields, ("train", "received_at"), "received_at", 30, 60, window=30, every_s=90, provider="seoul_subway", key_name="seoul_subway",
            term=_SUBWAY_TERM, daily_quota=1000, traps=("flat_error", "zero_based_start"), options={"operation": "realtimePosition", "list": "realtimePositionList", "argument": f"{line}호선"},
        )
        for line in range(1, 10)
    ]  # fmt: skip
    return arrivals, *positions


def _hotspots() -> tuple[System, ...]:
    base = "http://openapi.seoul.go.kr:8088/{key}/json"
    people = (
        code("AREA_NM", "area", "장소", "Place", place("name")), text("AREA_CD", "area_code", "장소 번호", "Place code", place("id:POI")), text("AREA_CONGEST_LVL", "level", "혼잡도", "Crowding", pick("여유", "보통", "약간 붐빔", "붐빔", "약간 혼잡", "혼잡")),
        whole("AREA_PPLTN_MIN", "people_min", "인구 최솟값", "People, at least", number(500, 40000), "people", low=0), whole("AREA_PPLTN_MAX", "people_max", "인구 최댓값", "People, at most", number(42000, 52000), "people", low=0),
        real("MALE_PPLTN_RATE", "men", "남성 비율", "Men", number(40, 60, 1), "%", low=0, high=100), real("RESNT_PPLTN_RATE", "residents", "상주 비율", "Residents", number(10, 60, 1), "%", low=0, high=100), when("PPLTN_TIME", "observed_at", "시각", "Observed at", at("%Y-%m-%d %H:%M")),
    )  # fmt: skip
    more = (
        real("TEMP", "temperature", "기온", "Temperature", number(-5, 31, 1), "Cel", low=-50, high=60), real("PRECIPITATION", "rain", "강수량", "Rain", number(0, 4, 1, 0.6), "mm", low=0),
        real("ROAD_TRAFFIC_SPD", "speed", "도로 속도", "Road speed", number(8, 50), "km/h", low=0), whole("CUR_PRK_CNT", "parked", "주차", "Parked", number(0, 300, 0, 0.1), "vehicles", low=0), whole("SBIKE_PARKING_CNT", "bikes", "자전거", "Bikes", number(0, 40), "bikes", low=0),
    )  # fmt: skip
    shared: dict[str, Any] = {
        "kit": "seoul_citydata", "office": "safety-situation-room", "key": ("area", "observed_at"), "time": "observed_at", "batch": 60, "interval_s": 300.0, "window": 60, "every_s": 120, "provider": "seoul",
        "key_name": "seoul_openapi", "term": "one place a call", "series": (Series("people", "people_max", ("area",), "인구", "People"),),
    }  # fmt: skip
    return (
        System(name="situation_room_crowds", drawer="situation_room_crowds", ko="주요 장소 실시간 인구", en="Crowds now", about_ko="주요 장소에 있는 사람 수", about_en="People at the main places", category="population",
            address=f"{base}/citydata_ppltn/1/5/", fields=people, traps=("dotted_keys", "one_place_a_call", "numbers_as_text"), options={"service": "citydata_ppltn", "root": "SeoulRtd.citydata_ppltn", "places": 60}, **shared),
        System(name="situation_room_citydata", drawer="situation_room_citydata", ko="실시간 도시데이터", en="City data now", about_ko="주요 장소의 사람, 길, 날씨, 주차, 자전거", about_en="People, roads, weather, parking and bikes at the main places", category="safety",
            address=f"{base}/citydata/1/5/", fields=(*people, *more), traps=("dotted_keys", "nested", "dash_numbers"), options={"service": "citydata", "root": "CITYDATA", "places": 60}, **shared),
    )  # fmt: skip
