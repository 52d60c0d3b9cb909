"""Web services beside the big portals: the data portal, REST, SOAP, feeds, sensors, features, catalogues, requests."""

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
    real,
    serial,
    text,
    when,
    whole,
)  # fmt: skip

_PORTAL: dict[str, Any] = {
    "kit": "dataportal", "provider": "data_go_kr", "key_name": "data_go_kr", "term": "10,000 calls a day for a development key", "daily_quota": 10000,
}  # fmt: skip


def systems() -> tuple[System, ...]:
    """17 systems."""
    return (*_portal(), *_rest(), *_xml(), *_feeds(), *_sensors(), *_features(), *_catalogues())


def _portal() -> tuple[System, ...]:
    return (
        System(
            name="climate_weather", drawer="climate_weather", ko="초단기 실황 날씨", en="Weather now", about_ko="격자마다 관측한 날씨", about_en="Observed weather on a grid", office="environment-climate", category="environment",
            address="https://apis.data.go.kr/1360000/VilageFcstInfoService_2.0/getUltraSrtNcst?serviceKey={key}&dataType=JSON",
            fields=(
                code("nx", "nx", "격자 X", "Grid x", place("grid_x")), code("ny", "ny", "격자 Y", "Grid y", place("grid_y")), when("baseDateTime", "observed_at", "발표 시각", "Observed at", at("%Y%m%d%H%M")),
                real("T1H", "temperature", "기온", "Temperature", number(-8, 33, 1, 0.01), "Cel", low=-60, high=60), real("RN1", "rain", "강수량", "Rain", number(0, 6, 1, 0.3), "mm", low=0), real("REH", "humidity", "습도", "Humidity", number(30, 98), "%", low=0, high=100), real("WSD", "wind", "풍속", "Wind", number(0, 12, 1), "m/s", low=0),
            ),
            key=("nx", "ny", "observed_at"), time="observed_at", batch=60, interval_s=3600, weight=30, every_s=300, traps=("minus_900_is_none", "number_of_rows"), series=(Series("temperature", "temperature", ("nx", "ny"), "기온", "Temperature"),), **_PORTAL,
        ),
        System(
            name="emergency_beds", drawer="emergency_beds", ko="응급실 가용 병상", en="Emergency beds", about_ko="응급실마다 비어 있는 병상", about_en="Free beds of each emergency room", office="health-emergency-care", category="health",
            address="https://apis.data.go.kr/B552657/ErmctInfoInqireService/getEmrrmRltmUsefulSckbdInfoInqire?serviceKey={key}",
            fields=(
                code("hpid", "hospital_id", "기관", "Hospital id", place("id:A11")), text("dutyName", "hospital", "병원", "Hospital", place("name")), when("hvidate", "entered_at", "입력 시각", "Entered at", at("%Y%m%d%H%M%S")),
                whole("hvec", "beds", "응급실 병상", "Emergency beds", number(-3, 30), "beds"), whole("hvoc", "operating", "수술실", "Operating rooms", number(0, 12), "rooms"), text("hvctayn", "ct", "CT", "CT", pick("Y", "Y", "N1")), text("dutyTel3", "phone", "응급실 전화", "Telephone", place("phone")),
            ),
            key=("hospital_id", "entered_at"), time="entered_at", batch=52, interval_s=300, window=52, every_s=120, options={"form": "xml"}, traps=("xml_default", "negative_counts", "gateway_error"), series=(Series("beds", "beds", ("hospital_id",), "응급실 병상", "Emergency beds"),), **_PORTAL,
        ),
    )  # fmt: skip


def _rest() -> tuple[System, ...]:
    return (
        System(
            "roads_cameras", "roads_cameras", "json", "도로 영상", "Road cameras", "도로 CCTV 위치와 영상 주소", "Cameras over roads and the addresses of their pictures", "transport-roads", "safety",
            "https://openapi.its.go.kr:9443/cctvInfo?apiKey={key}&type=all&cctvType=1&minX=130.7&maxX=131.1&minY=36.2&maxY=36.6&getType=json",
            (
                code("roadsectionid", "section", "구간", "Section", place("id:RS")), text("cctvname", "name", "이름", "Name", place("name")), text("cctvurl", "address", "영상 주소", "Address", place("stream")), longitude("coordx"), latitude("coordy"), text("cctvformat", "format", "형식", "Format", pick("HLS")), when("filecreatetime", "made_at", "생성 시각", "Made at", at("%Y%m%d%H%M%S")),
            ),
            ("section", "made_at"), "made_at", 1200, 3600, window=1200, every_s=600, provider="its", key_name="its", term="addresses expire within the hour", traps=("one_hit_is_object", "expiring_addresses"), options={"records": "response.data", "style": "plain"},
        ),
        System(
            "energy_solar", "energy_solar", "json", "태양광 발전량", "Solar power", "공공건물 태양광 발전", "Output of the panels on public buildings", "environment-energy", "environment", "https://energy.maru.example/api/v2/readings",
            (
                code("id", "reading_id", "번호", "Id", serial("s", 9)), code("plant", "plant", "발전소", "Plant", place("id:PV")), when("at", "observed_at", "시각", "Observed at", at("ms")), real("kw", "power", "출력", "Power", number(0, 98, 2), "kW", low=0), real("kwhToday", "energy", "오늘 발전량", "Energy today", number(0, 640, 1), "kWh", low=0), text("state", "state", "상태", "State", pick("ok", "ok", "ok", "fault")),
            ),
            ("reading_id",), "observed_at", 1, 5, weight=100, boost=True, every_s=30, provider="maru_energy", key_name="energy", term="600 calls a minute", per_minute=600, traps=("quota_429", "cursor_paging"), options={"records": "data", "style": "cursor"}, series=(Series("power", "power", ("plant",), "출력", "Power"),),
        ),
        System(
            "library_loans", "library_loans", "json", "도서 대출 기록", "Library loans", "도서관 대출, 사람은 알 수 없다", "Loans without persons", "culture-library", "culture", "https://library.maru.example/rest/loans",
            (
                code("loanId", "loan_id", "대출 번호", "Loan", serial("L", 9)), when("loanedAt", "loaned_at", "대출 시각", "Loaned at", at("%Y-%m-%dT%H:%M:%S+09:00")), text("libraryName", "library", "도서관", "Library", place("name")), text("kdc", "class", "분류", "Class", pick("000", "100", "300", "500", "800", "900")), whole("days", "days", "기간", "Days", number(7, 28), "d", low=0), text("ageBand", "age", "연령대", "Age band", pick("10", "20", "30", "40", "50", "60+")), real("branch.lat", "latitude", "위도", "Latitude", place("lat"), "°", role="latitude"), real("branch.lon", "longitude", "경도", "Longitude", place("lon"), "°", role="longitude"),
            ),
            ("loan_id",), "loaned_at", 1, 4, weight=100, boost=True, every_s=30, provider="maru_library", key_name="library", term="1,000 rows a page", traps=("nested_fields", "page_numbers"), personal="pseudonymous", options={"records": "result.items", "style": "page"},
        ),
        System(
            "jobs_openings", "jobs_openings", "json", "일자리 공고", "Job openings", "마루시 일자리 포털 공고", "Openings of the city's job portal", "economy-jobs", "industry", "https://jobs.maru.example/api/openings",
            (
                code("openingNo", "opening", "공고 번호", "Opening", serial("J", 7)), when("postedAt", "posted_at", "게시 시각", "Posted at", at("unix_ms")), text("title", "title", "제목", "Title", pick("돌봄 도우미 모집", "도서관 야간 사서", "시설 관리 (주 5일)", "웹 개발자", "버스 운전원")), text("gu", "district", "자치구", "District", place("district")), text("pay", "pay", "임금", "Pay", pick("시급 11,000원", "월 2,450,000원", "협의")), whole("openings", "openings", "모집 인원", "Openings", number(1, 12), "people", low=0),
            ),
            ("opening",), "posted_at", 1, 60, weight=10, boost=True, every_s=60, provider="maru_jobs", term="be gentle", traps=("unix_milliseconds", "prices_as_text"), options={"records": "", "style": "offset"},
        ),
    )  # fmt: skip


def _xml() -> tuple[System, ...]:
    return (
        System(
            "food_safety_inspections", "food_safety_inspections", "xml", "식품위생 점검 (SOAP)", "Food inspections (SOAP)", "음식점 점검 결과", "Results of inspections of restaurants", "safety-food-safety", "health", "http://food.maru.example/services/InspectionService",
            (
                code("InspectionNo", "inspection", "점검 번호", "Inspection", serial("F", 8)), day("InspectedOn", "day", "점검일", "Day", at("%Y-%m-%d"), required=True), text("BusinessName", "business", "업소", "Business", place("shop")), text("District", "district", "자치구", "District", place("district")), text("Result", "result", "결과", "Result", pick("적합", "적합", "적합", "부적합", "시정 명령")), whole("Score", "score", "점수", "Score", number(40, 100, 0, 0.02), "", low=0, high=100),
            ),
            ("inspection",), "day", 1, 45, weight=40, boost=True, every_s=120, provider="maru_food", term="SOAP 1.1, 500 rows a call", traps=("soap_fault", "namespaces", "nil"), options={"protocol": "soap", "records": "Inspection", "operation": "GetInspections", "namespace": "urn:maru:food:1"},
        ),
        System(
            "disaster_messages", "disaster_messages", "xml", "재난 문자", "Disaster messages", "보낸 재난 문자", "Emergency messages sent to phones", "safety-disaster", "safety", "https://safety.maru.example/openapi/DisasterMsg.xml?authKey={key}",
            (
                code("md101_sn", "message_id", "번호", "Id", serial("", 7)), when("create_date", "sent_at", "보낸 시각", "Sent at", at("%Y/%m/%d %H:%M:%S")), text("location_name", "area", "지역", "Area", place("district")), text("msg", "message", "내용", "Message", pick("호우 특보 발효 중. 하천 주변 출입 자제 <재난과>", "미세먼지 주의보 & 외출 자제", "정전 복구 완료", "한파 주의보 발효")),
            ),
            ("message_id",), "sent_at", 1, 1800, weight=5, every_s=60, provider="maru_safety", key_name="safety", term="one call a minute", traps=("entities", "cdata", "slashes_in_dates"), options={"protocol": "rest", "records": "row"},
        ),
    )  # fmt: skip


def _feeds() -> tuple[System, ...]:
    return (
        System(
            "communication_press", "communication_press", "feed", "보도자료 (RSS)", "Press releases (RSS)", "시의 보도자료", "Press releases of the city", "planning-communication", "administration", "https://www.maru.example/press/rss.xml",
            (
                code("guid", "entry_id", "번호", "Id", serial("press-", 6)), text("title", "title", "제목", "Title", pick("마루시, 밤길 밝힌다", "어르신 쉼터 25곳 새로 연다", "시민 예산 제안 모아요", "버스 노선 이렇게 바뀝니다")), text("link", "link", "주소", "Address", link("https://www.maru.example/press/{i}")), when("pubDate", "published_at", "게시 시각", "Published at", at("rfc822")), text("category", "topic", "분야", "Topic", pick("교통", "복지", "환경", "안전")),
            ),
            ("entry_id",), "published_at", 1, 3600, window=40, every_s=300, provider="maru_web", term="be gentle", traps=("html_in_text", "rfc822_dates", "window_only"), options={"form": "rss"},
        ),
        System(
            "situation_room_alerts", "situation_room_alerts", "feed", "안전 알림 (Atom)", "Safety alerts (Atom)", "상황실 알림", "Alerts of the situation room", "safety-situation-room", "safety", "https://safety.maru.example/alerts.atom",
            (
                code("id", "entry_id", "번호", "Id", serial("urn:maru:alert:", 6)), text("title", "title", "제목", "Title", pick("도로 통제", "강풍 주의", "행사장 혼잡", "상수도 단수")), text("link", "link", "주소", "Address", link("https://safety.maru.example/alerts/{i}")), when("updated", "updated_at", "갱신 시각", "Updated at", at("%Y-%m-%dT%H:%M:%S+09:00")), text("summary", "summary", "요약", "Summary", pick("곧 풀립니다", "우회하세요", "가까이 가지 마세요")),
            ),
            ("entry_id",), "updated_at", 1, 600, window=60, every_s=60, provider="maru_safety", term="one call a minute", traps=("xml_base", "window_only"), options={"form": "atom"},
        ),
    )  # fmt: skip


def _sensors() -> tuple[System, ...]:
    return (
        System(
            "noise_levels", "noise_levels", "sensorthings", "소음 측정 (SensorThings)", "Noise (SensorThings)", "길가 소음 측정망", "Noise beside the streets", "environment-noise", "environment", "https://sensors.maru.example/v1.1/Observations",
            (
                code("@iot.id", "observation_id", "관측 번호", "Observation", serial("", 0)), when("phenomenonTime", "observed_at", "관측 시각", "Observed at", at("ms_utc")), real("result", "level", "소음", "Level", number(38, 84, 1, 0.005), "dB", low=0, high=140), code("Datastream.@iot.id", "stream", "자료 흐름", "Datastream", place("id:")), text("Datastream.name", "stream_name", "이름", "Name", place("name")),
            ),
            ("observation_id",), "observed_at", 1, 2, weight=80, boost=True, every_s=15, provider="maru_sensors", term="$top at most 1,000", licence="CC-BY-4.0", zone="UTC", traps=("next_link", "dollar_parameters"), series=(Series("level", "level", ("stream",), "소음", "Noise"),),
        ),
        System(
            "digital_lights", "digital_lights", "ngsi_ld", "가로등 상태 (NGSI-LD)", "Street lights (NGSI-LD)", "가로등 전력과 상태", "Power and state of street lights", "digital-networks", "safety", "https://context.maru.example/ngsi-ld/v1/entities?type=Streetlight",
            (
                code("id", "light_id", "가로등", "Light", place("urn:Streetlight")), text("powerState", "state", "상태", "State", pick("on", "off", "low")), real("intensity", "power", "전력", "Power", number(0, 90, 1), "W", low=0), when("dateLastReported", "reported_at", "보고 시각", "Reported at", at("%Y-%m-%dT%H:%M:%SZ")), longitude("location.lon"), latitude("location.lat"),
            ),
            ("light_id", "reported_at"), "reported_at", 500, 300, window=500, every_s=60, provider="maru_context", term="limit at most 1,000", licence="CC-BY-4.0", zone="UTC", traps=("normalised_and_concise", "link_context"), series=(Series("power", "power", ("light_id",), "전력", "Power"),),
        ),
    )  # fmt: skip


def _features() -> tuple[System, ...]:
    common: tuple[Field, ...] = (longitude("geometry.lon"), latitude("geometry.lat"))
    return (
        System(
            "building_permits", "building_permits", "ogc_features", "건축 허가 (OGC API)", "Building permits (OGC API)", "허가한 건축", "Permits for buildings", "housing-building", "housing", "https://maps.maru.example/ogc/collections/permits/items?f=json",
            (
                code("id", "permit", "허가 번호", "Permit", serial("B", 8)), when("permitted", "permitted_at", "허가 시각", "Permitted at", at("%Y-%m-%dT%H:%M:%S+09:00")), text("use", "use", "용도", "Use", pick("단독주택", "공동주택", "근린생활시설", "업무시설")), real("floorArea", "floor_area", "연면적", "Floor area", number(60, 42000, 1), "m2", low=0), whole("storeys", "storeys", "층수", "Storeys", number(1, 40), "", low=0), text("district", "district", "자치구", "District", place("district")), *common,
            ),
            ("permit",), "permitted_at", 1, 30, weight=40, boost=True, every_s=120, provider="maru_maps", term="limit at most 1,000", licence="CC-BY-4.0", traps=("next_link", "number_matched"),
        ),
        System(
            "disability_shelters", "disability_shelters", "wfs", "무더위 쉼터 (WFS)", "Cooling shelters (WFS)", "쉼터 위치와 지금 있는 사람", "Shelters and the people in them", "welfare-disability", "welfare", "https://maps.maru.example/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=maru:shelters",
            (
                code("shelter_id", "shelter_id", "쉼터", "Shelter", place("id:SH")), text("shelter_nm", "name", "이름", "Name", place("name")), whole("capacity", "capacity", "정원", "Capacity", number(10, 120), "people", low=0), whole("inside", "inside", "지금 인원", "Inside now", number(0, 80), "people", low=0), when("checked_at", "checked_at", "확인 시각", "Checked at", at("%Y-%m-%dT%H:%M:%S+09:00")), *common,
            ),
            ("shelter_id", "checked_at"), "checked_at", 300, 900, window=300, every_s=300, provider="maru_maps", term="count at most 1,000", licence="CC-BY-4.0", traps=("gml_axis_order", "exception_report"), options={"type": "maru:shelters"}, series=(Series("inside", "inside", ("shelter_id",), "지금 인원", "Inside now"),),
        ),
    )  # fmt: skip


def _catalogues() -> tuple[System, ...]:
    fields: tuple[Field, ...] = (
        code("name|identifier", "dataset", "자료", "Dataset", place("id:ds-")), text("title", "title", "제목", "Title", place("name")), text("author|publisher.name", "publisher", "기관", "Publisher", place("district")), text("license_id|license", "licence", "이용 조건", "Licence", pick("cc-by", "kogl-1", "notspecified")), when("metadata_modified|modified", "modified_at", "갱신", "Modified at", at("%Y-%m-%dT%H:%M:%S.000000")),
    )  # fmt: skip
    return (
        System("data_partner_catalogue", "data_partner_catalogue", "ckan", "협력 기관 목록 (CKAN)", "Partner catalogue (CKAN)", "협력 기관이 여는 자료 목록", "What partners publish", "digital-data", "science", "https://ckan.maru.example/api/3/action/package_search", fields, ("dataset", "modified_at"), "modified_at", 420, 86400, window=420, every_s=3600, provider="maru_ckan", term="1,000 rows a call", licence="CC-BY-4.0", zone="UTC", traps=("json_in_strings", "no_zone")),
        System("data_national_catalogue", "data_national_catalogue", "dcat", "국가 자료 목록 (DCAT)", "National catalogue (DCAT)", "나라의 자료 목록", "Catalogue of the country", "digital-data", "science", "https://data.nation.example/catalog.jsonld", fields, ("dataset", "modified_at"), "modified_at", 300, 86400, window=300, every_s=3600, provider="nation", term="one call a day is enough", licence="CC-BY-4.0", zone="UTC", variant=1, traps=("graph_array", "language_maps")),
        System(
            "requests_streets", "requests_streets", "open311", "거리 신고 (Open311)", "Street reports (Open311)", "120 상담실로 온 거리 신고", "Reports to the city's call centre", "citizens-requests", "administration", "https://open311.maru.example/v2/requests.json",
            (
                code("service_request_id", "request_id", "신고 번호", "Request", serial("C", 8)), when("requested_datetime", "requested_at", "접수 시각", "Requested at", at("%Y-%m-%dT%H:%M:%S+09:00")), text("status", "status", "상태", "Status", pick("open", "closed")), text("service_name", "service", "분야", "Service", pick("Pothole", "Street light", "Illegal dumping", "Snow")), text("description", "description", "내용", "Description", pick("가로등이 꺼졌어요", "길에 구멍이 났어요", "", "쓰레기가 쌓였어요\n사진 첨부")), text("address", "address", "주소", "Address", place("address")), latitude("lat"), longitude("long"),
            ),
            ("request_id",), "requested_at", 1, 20, weight=30, boost=True, every_s=60, provider="maru_311", term="300 calls a minute", per_minute=300, licence="CC-BY-4.0", traps=("empty_text", "date_window"),
        ),
    )  # fmt: skip
