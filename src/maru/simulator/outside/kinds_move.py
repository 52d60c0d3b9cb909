"""Buses, transit timetables, shared bikes: TOPIS, GTFS, GTFS-Realtime, GBFS."""

from __future__ import annotations

from typing import Any

from maru.simulator.outside.model import (
    Series,
    System,
    at,
    code,
    flag,
    latitude,
    longitude,
    number,
    pick,
    place,
    real,
    text,
    when,
    whole,
)  # fmt: skip

_TOPIS: dict[str, Any] = {
    "kit": "topis", "office": "transport-bus", "category": "transport", "provider": "data_go_kr", "key_name": "data_go_kr",
    "term": "1,000 calls a day for one operation and key", "daily_quota": 1000,
}  # fmt: skip
_REST = "http://ws.bus.go.kr/api/rest"


def systems() -> tuple[System, ...]:
    """Three of TOPIS, a timetable, two realtime feeds, two of GBFS."""
    return (*_buses(), *_timetables(), *_shared())


def _buses() -> tuple[System, ...]:
    return (
        System(
            name="bus_arrivals", drawer="bus_arrivals", ko="버스 도착 예정", en="Bus arrivals", about_ko="정류장마다 다음 버스", about_en="Next buses at each stop", address=f"{_REST}/arrive/getArrInfoByRouteAll?serviceKey={{key}}&busRouteId=100100118",
            fields=(
                code("arsId", "stop_id", "정류장", "Stop id", place("id:13")), text("stNm", "stop", "정류장 이름", "Stop", place("name")), text("rtNm", "route", "노선", "Route", place("route")), text("plainNo1", "plate", "차량 번호", "Plate", place("plate")),
                whole("traTime1", "seconds", "도착 예정", "Arrives in", number(0, 1500), "s", low=0), text("arrmsg1", "message", "안내", "Message", pick("5분57초후[2번째 전]", "곧 도착", "출발대기", "운행종료")), text("busType1", "bus_type", "차종", "Bus type", pick("0", "1", "2")),
                whole("congestion1", "crowding", "혼잡도", "Crowding", pick("3", "4", "5", "6")), when("mkTm", "made_at", "제공 시각", "Made at", at("%Y-%m-%d %H:%M:%S.0")),
            ),
            key=("stop_id", "made_at"), time="made_at", batch=120, interval_s=60, window=120, every_s=100, traps=("header_code_seven", "xml_default", "double_encoded_key"), series=(Series("seconds", "seconds", ("stop_id",), "도착 예정", "Arrives in"),), **_TOPIS,
        ),
        System(
            name="bus_positions", drawer="bus_positions", ko="버스 위치", en="Bus positions", about_ko="달리는 버스의 위치", about_en="Where the buses are", address=f"{_REST}/buspos/getBusPosByRtid?serviceKey={{key}}&busRouteId=100100118&resultType=json",
            fields=(
                code("vehId", "vehicle", "차량", "Vehicle", place("id:1110")), text("plainNo", "plate", "차량 번호", "Plate", place("plate")), whole("sectOrd", "section", "구간", "Section", number(1, 80), ""), flag("stopFlag", "at_stop", "정류장 도착", "At a stop", pick("0", "1")),
                when("dataTm", "observed_at", "시각", "Observed at", at("%Y%m%d%H%M%S")), longitude("gpsX"), latitude("gpsY"), whole("congetion", "crowding", "혼잡도", "Crowding", pick("3", "4", "5", "6")),
            ),
            key=("vehicle", "observed_at"), time="observed_at", batch=90, interval_s=30, window=90, every_s=100, traps=("misspelt_field", "null_list"), **_TOPIS,
        ),
        System(
            name="bus_stops", drawer="bus_stops", ko="노선별 정류장", en="Stops of the routes", about_ko="노선이 서는 정류장과 순서", about_en="Stops of each route in order", address=f"{_REST}/busRouteInfo/getStaionByRoute?serviceKey={{key}}&busRouteId=100100118",
            fields=(
                code("station", "stop_id", "정류장", "Stop id", place("id:1120")), text("stationNm", "stop", "이름", "Stop", place("name")), code("busRouteNm", "route", "노선", "Route", place("route")), whole("seq", "order", "순번", "Order", number(1, 90), ""),
                longitude("gpsX"), latitude("gpsY"), real("posX", "x", "TM X", "TM X", place("x"), "m"), real("posY", "y", "TM Y", "TM Y", place("y"), "m"), when("updDt", "updated_at", "갱신", "Updated", at("%Y%m%d")),
            ),
            key=("stop_id", "route", "updated_at"), time="updated_at", batch=600, interval_s=86400, window=600, every_s=7200, traps=("misspelt_operation", "one_item_is_object"), **_TOPIS,
        ),
    )  # fmt: skip


def _timetables() -> tuple[System, ...]:
    base = "https://gtfs.transport.maru.example"
    shared: dict[str, Any] = {
        "office": "transport-bus",
        "category": "transport",
        "provider": "maru_transit",
        "licence": "CC-BY-4.0",
    }
    return (
        System(
            name="bus_timetable", drawer="bus_timetable", kit="gtfs", ko="대중교통 시간표 (GTFS)", en="Timetable (GTFS)", about_ko="정류장, 노선, 시각표", about_en="Stops, routes and times", address=f"{base}/maru_gtfs.zip",
            fields=(
                code("stop_id", "stop_id", "정류장", "Stop id", place("id:G")), text("stop_name", "name", "이름", "Name", place("name")), latitude("stop_lat"), longitude("stop_lon"), text("zone_id", "zone", "구역", "Zone", place("district")),
            ),
            key=("stop_id",), time="", batch=500, interval_s=86400, window=500, every_s=3600, term="fetch at most hourly", options={"file": "stops.txt"}, traps=("bom_in_zip", "header_only_file", "extra_files", "no_time"), **shared,
        ),
        System(
            name="bus_realtime", drawer="bus_realtime", kit="gtfs_realtime", ko="버스 위치 (GTFS-RT)", en="Vehicle positions (GTFS-RT)", about_ko="차량 위치", about_en="Where the vehicles are", address=f"{base}/rt/vehicle-positions.pb",
            fields=(
                code("vehicle.id", "vehicle_id", "차량", "Vehicle", place("id:V")), text("trip.trip_id", "trip_id", "운행", "Trip", place("id:T")), text("trip.route_id", "route_id", "노선", "Route", place("route_id")), latitude("position.latitude"), longitude("position.longitude"),
                real("position.speed", "speed", "속도", "Speed", number(0, 16, 1), "m/s", low=0), when("timestamp", "observed_at", "시각", "Observed at", at("unix")),
            ),
            key=("vehicle_id", "observed_at"), time="observed_at", batch=150, interval_s=15, window=150, every_s=15, term="poll every 15 s", options={"entity": "vehicle"}, traps=("protobuf",), series=(Series("speed", "speed", ("vehicle_id",), "속도", "Speed"),), **shared,
        ),
        System(
            name="bus_delays", drawer="bus_delays", kit="gtfs_realtime", ko="운행 지연 (GTFS-RT)", en="Trip updates (GTFS-RT)", about_ko="운행마다 지연", about_en="Delay of each trip", address=f"{base}/rt/trip-updates.pb",
            fields=(
                code("trip.trip_id", "trip_id", "운행", "Trip", place("id:T")), text("trip.route_id", "route_id", "노선", "Route", place("route_id")), code("stop_id", "stop_id", "정류장", "Stop", place("id:G")), whole("arrival.delay", "delay", "지연", "Delay", number(-60, 600), "s"), when("timestamp", "observed_at", "시각", "Observed at", at("unix")),
            ),
            key=("trip_id", "observed_at"), time="observed_at", batch=120, interval_s=30, window=120, every_s=30, term="poll every 30 s", options={"entity": "trip_update"}, traps=("protobuf", "stale_entities"), series=(Series("delay", "delay", ("trip_id",), "지연", "Delay"),), **shared,
        ),
    )  # fmt: skip


def _shared() -> tuple[System, ...]:
    base = "https://gbfs.maru.example/gbfs/2"
    return (
        System(
            "cycling_docks", "cycling_docks", "gbfs", "공유자전거 (GBFS)", "Shared bikes (GBFS)", "민간 공유자전거 대여소", "Stations of a private operator", "transport-cycling", "transport", f"{base}/gbfs.json",
            (
                code("station_id", "station_id", "대여소", "Station", place("id:gb")), whole("num_bikes_available", "bikes", "자전거", "Bikes", number(0, 20), "bikes", low=0), whole("num_docks_available", "docks", "빈 거치대", "Free docks", number(0, 20), "docks", low=0),
                flag("is_renting", "renting", "대여 가능", "Renting", pick("true", "true", "false")), when("last_reported", "reported_at", "보고 시각", "Reported at", at("unix")), text("name", "name", "이름", "Name", place("name")), latitude("lat"), longitude("lon"),
            ),
            ("station_id", "reported_at"), "reported_at", 180, 60, window=180, every_s=60, provider="maru_bikes", term="ttl 60 s", licence="CC-BY-4.0", options={"feed": "station_status", "beside": "station_information"}, traps=("joined_feeds", "ttl"),
            series=(Series("bikes", "bikes", ("station_id",), "자전거 수", "Bikes"),),
        ),
        System(
            "walking_scooters", "walking_scooters", "gbfs", "공유 킥보드 (GBFS)", "Shared scooters (GBFS)", "길에 세워진 킥보드", "Scooters standing in the street", "transport-walking", "transport", f"{base}/scooters/gbfs.json",
            (
                code("bike_id", "vehicle_id", "차량", "Vehicle", place("hash")), latitude("lat"), longitude("lon"), flag("is_disabled", "disabled", "고장", "Disabled", pick("false", "false", "true")), real("current_fuel_percent", "battery", "배터리", "Battery", number(0.05, 1, 2), "1", low=0, high=1),
                when("last_reported", "reported_at", "보고 시각", "Reported at", at("unix")),
            ),
            ("vehicle_id", "reported_at"), "reported_at", 260, 60, window=260, every_s=60, provider="maru_scooters", term="ttl 60 s", licence="CC-BY-4.0", options={"feed": "free_bike_status"}, traps=("rotating_ids",),
        ),
    )  # fmt: skip
