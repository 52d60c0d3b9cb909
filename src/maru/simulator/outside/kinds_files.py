"""Files, databases and what the outside pushes: CSV and Excel with their traps, folders, SQLite, MQTT, webhooks."""

from __future__ import annotations

from typing import Any

from maru.simulator.outside.model import (
    Series,
    System,
    at,
    code,
    day,
    latitude,
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

_SITE = "https://data.maru.example/files"


def systems() -> tuple[System, ...]:
    """15 systems."""
    return (*_tables(), *_sheets(), *_folders(), *_databases(), *_pushed())


def _table(name: str, form: str, /, **rest: Any) -> System:
    options = {"encoding": "cp949", "separator": ",", "skip": 0, "form": form, **rest.pop("options", {})}
    return System(
        name=name,
        drawer=name,
        kit="table",
        address=f"{_SITE}/{name}.{form}",
        provider="maru_files",
        term="fetch at most hourly",
        options=options,
        **rest,
    )


def _tables() -> tuple[System, ...]:
    return (
        _table(
            "cleaning_restrooms", "csv", ko="공중화장실", en="Public restrooms", about_ko="공중화장실 위치", about_en="Where the restrooms are", office="environment-recycling", category="environment",
            fields=(
                code("번호", "restroom_id", "번호", "Id", place("id:T")), text("화장실명", "name", "이름", "Name", place("name")), text("소재지도로명주소", "address", "주소", "Address", place("address")), longitude("위도"), latitude("경도"),
                whole("남성용-대변기수", "men", "남성 칸", "Men's stalls", number(0, 12), "stalls", low=0), day("데이터기준일자", "day", "기준일", "Day", at("%Y-%m-%d"), required=True),
            ),
            key=("restroom_id", "day"), time="day", batch=900, interval_s=86400, window=900, every_s=3600, traps=("cp949", "swapped_coordinates", "broken_bytes"), options={"broken": True},
        ),
        _table(
            "markets_prices", "csv", ko="생필품 가격", en="Prices of daily goods", about_ko="시장과 마트의 생필품 가격", about_en="Prices in markets and shops", office="economy-markets", category="industry",
            fields=(
                code("일련번호", "price_id", "일련번호", "Id", serial("", 0)), text("시장/마트 이름", "market", "시장", "Market", place("name")), text("품목 이름", "item", "품목", "Item", pick("배추(중간)", "사과(부사), 300g", "고등어(생물,국산)", "달걀(왕란)", "쇠고기(한우1등급)")),
                whole("가격(원)", "price", "가격", "Price", number(900, 42000), "KRW", low=0), day("점검일자", "day", "점검일", "Day", at("%Y-%m-%d"), required=True), text("비고", "remark", "비고", "Remark", pick("없음", "할인", "-")),
            ),
            key=("price_id",), time="day", batch=1, interval_s=600, weight=30, every_s=1800, traps=("cp949", "unquoted_commas", "thousands", "title_lines"), options={"titles": 2, "unquoted": "품목 이름", "thousands": True}, series=(Series("price", "price", ("item",), "가격", "Price"),),
        ),
        _table(
            "requests_residents", "tsv", ko="주민등록 인구", en="Registered residents", about_ko="행정동별 등록 인구", about_en="Residents by neighbourhood", office="citizens-requests", category="population",
            fields=(
                code("행정기관코드", "dong", "행정기관", "Neighbourhood", place("dong10")), text("행정기관", "dong_name", "이름", "Name", place("dong_name")), day("기준연월", "month", "기준월", "Month", at("%Y-%m-01"), required=True), whole("총인구수", "people", "인구", "People", number(4000, 48000), "people", low=0), whole("세대수", "households", "세대", "Households", number(1800, 24000), "households", low=0),
            ),
            key=("dong", "month"), time="month", batch=425, interval_s=31 * 86400.0, weight=5, every_s=3600, traps=("tab_separated", "bom", "thousands",), options={"encoding": "utf-8-sig", "separator": "\t", "thousands": True}, series=(Series("people", "people", ("dong",), "인구", "People"),),
        ),
        _table(
            "air_archive", "csv", ko="시간별 대기오염도", en="Air quality archive", about_ko="측정소 시간 값의 기록", about_en="Hourly values of the stations, kept", office="environment-air-quality", category="environment",
            fields=(
                when("측정일시", "observed_at", "측정 일시", "Observed at", at("24")), code("측정소명", "station", "측정소", "Station", place("district")), real("이산화탄소(ppm)", "no2", "이산화질소", "Nitrogen dioxide", number(0.004, 0.07, 3, 0.02), "ppm", low=0), real("오존(ppm)", "o3", "오존", "Ozone", number(0.004, 0.09, 3, 0.02), "ppm", low=0), real("미세먼지(㎍/㎥)", "pm10", "미세먼지", "PM10", number(8, 120, 0, 0.02), "ug/m3", low=0), real("초미세먼지(㎍/㎥)", "pm25", "초미세먼지", "PM2.5", number(3, 70, 0, 0.02), "ug/m3", low=0),
            ),
            key=("station", "observed_at"), time="observed_at", batch=25, interval_s=3600, weight=40, every_s=1800, traps=("cp949", "hour_24", "wrong_column_name", "trailing_comma"), options={"trailing": True}, series=(Series("no2", "no2", ("station",), "이산화질소", "Nitrogen dioxide"),),
        ),
        _table(
            "budget_spending", "csv", ko="지출 집행 내역", en="Spending", about_ko="부서별 지출", about_en="What each office spends", office="finance-budget", category="administration",
            fields=(
                code("지출번호", "payment", "지출 번호", "Payment", serial("Z", 8)), day("지급일", "day", "지급일", "Day", at("%Y.%m.%d"), required=True), text("부서", "office_name", "부서", "Office", pick("교통국", "복지국", "환경국", "주택국", "안전국")), text("사업명", "project", "사업", "Project", pick("보도 정비", "어르신 급식", "나무 심기", "도서 구입")), whole("지급액", "amount", "지급액", "Amount", number(90000, 88000000), "KRW"), text("거래처", "payee", "거래처", "Payee", place("shop")),
            ),
            key=("payment",), time="day", batch=1, interval_s=300, weight=30, every_s=1800, traps=("thousands", "line_breaks_in_header", "cr_at_end"), options={"encoding": "utf-8", "thousands": True, "header_break": True, "last": "\r"},
        ),
    )  # fmt: skip


def _sheets() -> tuple[System, ...]:
    return (
        System(
            "metro_crowding", "metro_crowding", "excel", "지하철 혼잡도 (엑셀)", "Metro crowding (Excel)", "역별 30분 혼잡도", "Crowding of stations by half hour", "transport-metro", "transport", f"{_SITE}/metro_crowding.xlsx",
            (
                code("역명", "station", "역", "Station", place("station")), text("상하구분", "direction", "방향", "Direction", pick("상선", "하선")), day("조사일자", "day", "조사일", "Day", at("%Y-%m-%d"), required=True), real("08시00분", "at_8", "8시 혼잡도", "Crowding at 8", number(10, 140, 1, 0.05), "%", low=0), real("18시00분", "at_18", "18시 혼잡도", "Crowding at 18", number(10, 150, 1, 0.05), "%", low=0),
            ),
            ("station", "day"), "day", 300, 86400, weight=1, every_s=3600, provider="maru_files", term="fetch at most hourly", traps=("two_headers", "trailing_blanks", "numbers_as_text"), options={"form": "xlsx", "titles": 1},
        ),
        System(
            "school_meals", "school_meals", "excel", "학교 급식 (엑셀)", "School meals (Excel)", "학교별 급식 인원", "Meals served by school", "learning-school-meals", "education", f"{_SITE}/school_meals.xls",
            (
                code("학교코드", "school", "학교", "School", place("id:S")), text("학교명", "school_name", "이름", "Name", place("name")), day("급식일자", "day", "급식일", "Day", at("%Y%m%d"), required=True), whole("급식인원", "meals", "급식 인원", "Meals", number(80, 1200), "meals", low=0), real("열량정보", "energy", "열량", "Energy", number(520, 980, 1), "kcal", low=0),
            ),
            ("school", "day"), "day", 200, 86400, weight=1, every_s=3600, provider="maru_files", term="fetch at most hourly", traps=("html_as_xls", "units_in_numbers"), options={"form": "html"},
        ),
    )  # fmt: skip


def _folders() -> tuple[System, ...]:
    return (
        System(
            "taxi_trips", "taxi_trips", "folder", "택시 운행 (SFTP)", "Taxi trips (SFTP)", "날마다 놓이는 운행 기록 파일", "A file of trips every day", "transport-traffic-safety", "transport", "sftp://sftp.maru.example/out/taxi",
            (
                code("TRIP_ID", "trip_id", "운행 번호", "Trip", serial("X", 9)), when("BOARD_DT", "boarded_at", "승차 시각", "Boarded at", at("%Y%m%d%H%M%S")), text("BOARD_GU", "district", "승차 자치구", "District", place("district")), whole("FARE", "fare", "요금", "Fare", number(4800, 42000), "KRW", low=0), real("DIST_KM", "distance", "거리", "Distance", number(0.6, 32, 1), "km", low=0), longitude("BOARD_X"), latitude("BOARD_Y"),
            ),
            ("trip_id",), "boarded_at", 1, 2, weight=100, every_s=60, provider="maru_taxi", key_name="taxi_sftp", term="files stay 30 days", personal="pseudonymous", traps=("growing_file", "partial_upload"), options={"pattern": "*.csv", "encoding": "cp949", "per_file": 20000, "live": 150},
        ),
        System(
            "recycling_weights", "recycling_weights", "folder", "폐기물 계량 (폴더)", "Waste weighed (folder)", "계량대가 공유 폴더에 놓는 파일", "Files of the weighbridges in a shared folder", "environment-recycling", "environment", "folder:weights",
            (
                code("계량번호", "weighing", "계량 번호", "Weighing", serial("W", 8)), when("계량일시", "weighed_at", "계량 시각", "Weighed at", at("%Y-%m-%d %H:%M:%S")), text("차량번호", "plate", "차량", "Plate", place("plate")), text("종류", "kind", "종류", "Kind", pick("생활", "음식물", "재활용", "대형")), whole("중량(kg)", "mass", "무게", "Mass", number(800, 14000), "kg", low=0),
            ),
            ("weighing",), "weighed_at", 1, 30, weight=10, every_s=60, provider="maru_folder", term="the city's own folder", traps=("cp949", "partial_upload", "crlf"), options={"pattern": "*.csv", "encoding": "cp949", "per_file": 20000, "live": 10},
        ),
    )  # fmt: skip


def _databases() -> tuple[System, ...]:
    return (
        System(
            "property_assets", "property_assets", "sql", "공유재산 대장 (SQL)", "City property (SQL)", "시가 가진 땅과 건물", "Land and buildings of the city", "finance-property", "administration", "sqlite:property_assets",
            (
                code("asset_no", "asset", "재산 번호", "Asset", serial("PA", 8)), text("kind", "kind", "종류", "Kind", pick("토지", "건물", "공작물")), text("gu", "district", "자치구", "District", place("district")), real("area_m2", "area", "면적", "Area", number(12, 52000, 1), "m2", low=0), whole("book_value", "value", "장부가액", "Book value", number(1e6, 9e9), "KRW", low=0), when("updated_at", "updated_at", "갱신", "Updated at", at("%Y-%m-%d %H:%M:%S")),
            ),
            ("asset",), "updated_at", 1, 120, weight=4, every_s=120, provider="maru_sql", term="read-only account", traps=("empty_text", "renamed_columns"), options={"table": "asset", "id": "asset_no"},
        ),
        System(
            "volunteers_hours", "volunteers_hours", "sql", "자원봉사 실적 (SQL)", "Volunteer hours (SQL)", "활동별 봉사 시간", "Hours of each activity", "citizens-volunteers", "welfare", "sqlite:volunteers_hours",
            (
                code("activity_id", "activity", "활동 번호", "Activity", serial("V", 8)), text("center", "centre", "센터", "Centre", place("district")), text("field", "topic", "분야", "Field", pick("돌봄", "환경", "안전", "교육")), real("hours", "hours", "시간", "Hours", number(1, 48, 1), "h", low=0), whole("people", "people", "인원", "People", number(1, 60), "people", low=0), when("reg_dt", "registered_at", "등록", "Registered at", at("%Y-%m-%d %H:%M:%S")),
            ),
            ("activity",), "registered_at", 1, 60, weight=6, every_s=120, provider="maru_sql", term="read-only account", options={"table": "activity", "id": "activity_id"},
        ),
    )  # fmt: skip


def _pushed() -> tuple[System, ...]:
    return (
        System(
            "digital_environment", "digital_environment", "mqtt", "도시 환경 감지기 (MQTT)", "Environment sensors (MQTT)", "거리 감지기가 보내는 값", "Values sent by sensors in the streets", "digital-networks", "environment", "mqtt://mqtt.maru.example/city/environment/+",
            (
                code("id", "reading_id", "번호", "Id", serial("m", 9)), code("sensor", "sensor", "감지기", "Sensor", place("id:env-")), when("ts", "observed_at", "시각", "Observed at", at("unix_ms")), real("temp", "temperature", "기온", "Temperature", number(-6, 34, 1), "Cel", low=-60, high=70), real("hum", "humidity", "습도", "Humidity", number(25, 98), "%", low=0, high=100), real("uv", "ultraviolet", "자외선", "Ultraviolet", number(0, 9, 1), "1", low=0),
            ),
            ("reading_id",), "observed_at", 1, 1, weight=0, boost=True, every_s=10, provider="maru_mqtt", key_name="mqtt", term="QoS 1", traps=("retained", "repeated_delivery"), options={"topic": "city/environment/{sensor}"}, series=(Series("temperature", "temperature", ("sensor",), "기온", "Temperature"),),
        ),
        System(
            "roads_signals", "roads_signals", "mqtt", "신호등 상태 (MQTT)", "Traffic signals (MQTT)", "교차로 신호 상태", "State of the signals at crossings", "transport-roads", "transport", "mqtt://mqtt.maru.example/city/signals/+",
            (
                code("seq", "message_id", "번호", "Id", serial("g", 9)), code("crossing", "crossing", "교차로", "Crossing", place("id:X")), when("at", "observed_at", "시각", "Observed at", at("ms")), text("phase", "phase", "현시", "Phase", pick("A", "B", "C", "D")), whole("queue", "queue", "대기 차량", "Waiting", number(0, 60), "vehicles", low=0),
            ),
            ("message_id",), "observed_at", 1, 1, weight=0, boost=True, every_s=10, provider="maru_mqtt", key_name="mqtt", term="QoS 1", traps=("repeated_delivery",), options={"topic": "city/signals/{crossing}"}, series=(Series("queue", "queue", ("crossing",), "대기 차량", "Waiting"),),
        ),
        System(
            "fire_dispatches", "fire_dispatches", "webhook", "소방 출동 (웹훅)", "Fire dispatches (webhook)", "출동할 때마다 보낸다", "Sent at each dispatch", "safety-fire-liaison", "safety", "webhook:",
            (
                code("dispatchId", "dispatch", "출동 번호", "Dispatch", serial("D", 8)), when("reportedAt", "reported_at", "신고 시각", "Reported at", at("%Y-%m-%dT%H:%M:%S+09:00")), text("kind", "kind", "종류", "Kind", pick("화재", "구조", "구급")), text("district", "district", "자치구", "District", place("district")), latitude("position.lat"), longitude("position.lon"), whole("vehicles", "vehicles", "차량", "Vehicles", number(1, 9), "vehicles", low=0),
            ),
            ("dispatch",), "reported_at", 1, 30, weight=0, boost=True, every_s=60, provider="maru_fire", key_name="fire_dispatches", term="pushed with a signature", traps=("repeated_delivery", "signature"),
        ),
        System(
            "accounts_payments", "accounts_payments", "webhook", "수납 내역 (웹훅)", "Payments received (webhook)", "세금과 요금이 들어올 때마다 보낸다", "Sent when taxes and fees come in", "finance-accounts", "administration", "webhook:",
            (
                code("paymentId", "payment", "수납 번호", "Payment", serial("N", 9)), when("paidAt", "paid_at", "수납 시각", "Paid at", at("ms")), text("item", "item", "세목", "Item", pick("재산세", "자동차세", "상수도", "주차")), whole("amount", "amount", "금액", "Amount", number(1000, 900000), "KRW", low=0), text("channel", "channel", "방법", "Channel", pick("web", "app", "bank")),
            ),
            ("payment",), "paid_at", 1, 5, weight=0, boost=True, every_s=60, provider="maru_pay", key_name="accounts_payments", term="pushed with a signature", traps=("repeated_delivery", "batches", "signature"),
        ),
    )  # fmt: skip
