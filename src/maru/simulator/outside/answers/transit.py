"""GTFS: a timetable in a zip, and the realtime feeds in protocol buffers."""

from __future__ import annotations

import io
import zipfile

from google.transit import gtfs_realtime_pb2

from maru.simulator.outside.answers.rest import problem
from maru.simulator.outside.answers.shape import Answer, Question, tag
from maru.simulator.outside.ledger import Ledger
from maru.simulator.outside.rows import columns, names, rows


def gtfs(ledger: Ledger, asked: Question) -> Answer:
    """The zip: stops from the rows, the other files small but true to the format."""
    if not asked.path.endswith(".zip"):
        return problem(404, "no such file")
    low, high = ledger.visible(asked.now)
    fields = names(ledger)
    stops = (
        ",".join(name for name, _one in fields)
        + "\r\n"
        + "\r\n".join(rows(ledger, low, high, "csv", ",".join("%s" for _one in fields)))
        + "\r\n"
    )
    ids = rows(ledger, low, min(high, low + 60), "plain", "%s" + "%.0s" * (len(fields) - 1))
    trips = range(20)
    times = "".join(
        f"T{trip + 1:04d},{6 + trip:02d}:{spot * 2 % 60:02d}:00,{6 + trip:02d}:{spot * 2 % 60:02d}:30,{one},{spot + 1}\r\n"
        for trip in trips
        for spot, one in enumerate(ids[:25])
    )
    files = {
        "agency.txt": "\ufeffagency_id,agency_name,agency_url,agency_timezone\r\nmaru,마루교통,https://transport.maru.example,Asia/Seoul\r\n",
        "stops.txt": "\ufeff" + stops,
        "routes.txt": "route_id,agency_id,route_short_name,route_type\r\n"
        + "".join(f"100100{one:03d},maru,{100 + one},3\r\n" for one in range(40)),
        "trips.txt": "route_id,service_id,trip_id\r\n"
        + "".join(f"100100{one:03d},daily,T{one + 1:04d}\r\n" for one in trips),
        "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\r\n" + times,
        "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\r\ndaily,1,1,1,1,1,1,1,20200101,20991231\r\n",
        "frequencies.txt": "trip_id,start_time,end_time,headway_secs\r\n",
        "directions.txt": "route_id,direction_id,direction\r\n100100000,0,Out\r\n",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text.encode())
    return Answer(packed.getvalue(), "application/zip", span=(low, high), tag=tag(ledger, low, high))


def gtfs_realtime(ledger: Ledger, asked: Question) -> Answer:
    """A FeedMessage of vehicle positions or trip updates."""
    low, high = ledger.visible(asked.now)
    message = gtfs_realtime_pb2.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    indices = ledger.sources(low, high)
    times = ledger.times(indices)
    message.header.timestamp = int(times[-1]) if len(times) else int(asked.now)
    for row in zip(range(low, high), *columns(ledger, indices, "plain"), strict=True):
        number, values = row[0], [str(one) for one in row[1:]]
        entity = message.entity.add(id=f"e{number}")
        moment = int(values[-1]) if values[-1].isdigit() else 0
        if ledger.system.options["entity"] == "vehicle":
            vehicle, trip, route, latitude, longitude, speed = values[:6]
            entity.vehicle.vehicle.id, entity.vehicle.trip.trip_id, entity.vehicle.trip.route_id = (
                vehicle,
                trip,
                route,
            )
            entity.vehicle.position.latitude, entity.vehicle.position.longitude = (
                float(latitude),
                float(longitude),
            )
            entity.vehicle.position.speed = float(speed)
            entity.vehicle.timestamp = moment
            continue
        trip, route, stop, delay = values[:4]
        entity.trip_update.trip.trip_id, entity.trip_update.trip.route_id = trip, route
        entity.trip_update.timestamp = moment
        update = entity.trip_update.stop_time_update.add(stop_id=stop)
        update.arrival.delay = int(float(delay))
    return Answer(
        message.SerializeToString(), "application/x-protobuf", span=(low, high), tag=tag(ledger, low, high)
    )
