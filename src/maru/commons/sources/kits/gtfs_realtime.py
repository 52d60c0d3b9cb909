"""GTFS-Realtime: protocol buffers, or the same as JSON in either spelling.

``address`` is the feed's. Options:

``entity``
    ``vehicle``, ``trip_update`` or ``alert``; without it the kind of the first entity is taken.
``language``
    Of alert texts (default ``ko``, then ``en``, then the first).

Yields, besides ``entity_id``, ``feed_timestamp`` and the trip's and vehicle's fields (``trip_id``, ``route_id``, ``direction_id``, ``start_date``, ``start_time``,
``vehicle_id``, ``vehicle_label``, ``license_plate``):

- vehicle: ``latitude``, ``longitude``, ``bearing``, ``speed``, ``odometer``, ``stop_id``, ``current_stop_sequence``, ``current_status``, ``timestamp``, ``congestion_level``, ``occupancy_status``
- trip_update, one row a stop: ``stop_id``, ``stop_sequence``, ``arrival_time``, ``arrival_delay``, ``departure_time``, ``departure_delay``, ``stop_relationship``, ``timestamp``,
  ``delay``; a trip without stops (cancelled) is one row
- alert: ``header``, ``description``, ``url``, ``cause``, ``effect``, ``start``, ``end`` of the first period, ``informed`` (JSON text)

Times are unix seconds; enumerations are their names. The cursor is the feed's timestamp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError
from google.transit import gtfs_realtime_pb2 as pb

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits import bodies
from maru.commons.sources.kits.envelopes import Envelope, settle
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.shapes import Row

KINDS = ("vehicle", "trip_update", "alert")
_ENUMS = (
    ("schedule_relationship", pb.TripDescriptor.ScheduleRelationship),
    ("stop_relationship", pb.TripUpdate.StopTimeUpdate.ScheduleRelationship),
    ("current_status", pb.VehiclePosition.VehicleStopStatus),
    ("congestion_level", pb.VehiclePosition.CongestionLevel),
    ("occupancy_status", pb.VehiclePosition.OccupancyStatus),
    ("cause", pb.Alert.Cause),
    ("effect", pb.Alert.Effect),
)
_NAMES: dict[str, dict[int, str]] = {
    name: {number: word for word, number in kind.items()} for name, kind in _ENUMS
}


def message_of(body: bytes, content_type: str = "") -> Any:
    """The FeedMessage of a body. Raises SourceFault."""
    if not body:
        raise SourceFault("empty", "an answer without a body")
    if body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"<", b"["):
        document = bodies.document(body, content_type)
        try:
            return ParseDict(document, pb.FeedMessage(), ignore_unknown_fields=True)
        except (ParseError, TypeError, AttributeError, ValueError) as fault:
            raise bodies.malformed(f"not a FeedMessage: {fault}", body) from fault
    try:
        message = pb.FeedMessage.FromString(body)
    except DecodeError as fault:
        raise bodies.malformed(f"not a FeedMessage: {fault}", body) from fault
    if not message.IsInitialized():
        raise bodies.malformed("a FeedMessage without its header", body)
    return message


def rows_of(message: Any, kind: str, languages: tuple[str, ...]) -> list[Row]:
    """The rows of one kind of entity."""
    kind = kind or next(
        (name for entity in message.entity for name in KINDS if entity.HasField(name)), KINDS[0]
    )
    stamp = message.header.timestamp or None
    rows: list[Row] = []
    for entity in message.entity:
        head: Row = {"entity_id": entity.id, "feed_timestamp": stamp}
        if entity.is_deleted:
            rows.append({**head, "is_deleted": True})
        elif not entity.HasField(kind):
            continue
        elif kind == "vehicle":
            rows.append(head | _vehicle(entity.vehicle))
        elif kind == "trip_update":
            rows.extend(_trip_update(entity.trip_update, head))
        else:
            rows.append(head | _alert(entity.alert, languages))
    return rows


def _set(message: Any, *names: str) -> Row:
    """The fields of a message that are set, None for the others; enumerations by name."""
    out: Row = {}
    for name in names:
        value = getattr(message, name) if message.HasField(name) else None
        words = _NAMES.get(name)
        out[name] = words.get(value, value) if words and value is not None else value
    return out


def _trip(message: Any) -> Row:
    row = _set(
        message.trip,
        "trip_id",
        "route_id",
        "direction_id",
        "start_date",
        "start_time",
        "schedule_relationship",
    )
    vehicle = message.vehicle
    row |= {
        "vehicle_id": vehicle.id or None,
        "vehicle_label": vehicle.label or None,
        "license_plate": vehicle.license_plate or None,
    }
    return row


def _vehicle(vehicle: Any) -> Row:
    row = _trip(vehicle)
    row |= _set(
        vehicle,
        "stop_id",
        "current_stop_sequence",
        "current_status",
        "timestamp",
        "congestion_level",
        "occupancy_status",
    )
    position = _set(vehicle.position, "latitude", "longitude", "bearing", "speed", "odometer")
    # Positions are 32-bit floats: more digits than they have would be noise.
    row |= {name: None if value is None else round(value, 6) for name, value in position.items()}
    return row


def _trip_update(update: Any, head: Row) -> Iterator[Row]:
    shared = head | _trip(update) | _set(update, "timestamp", "delay")
    if not update.stop_time_update:
        yield shared | {"stop_id": None, "stop_sequence": None}
    for stop in update.stop_time_update:
        relation = stop.schedule_relationship if stop.HasField("schedule_relationship") else None
        yield {
            **shared,
            **_set(stop, "stop_id", "stop_sequence"),
            "arrival_time": _event(stop, "arrival", "time"),
            "arrival_delay": _event(stop, "arrival", "delay"),
            "departure_time": _event(stop, "departure", "time"),
            "departure_delay": _event(stop, "departure", "delay"),
            "stop_relationship": None
            if relation is None
            else _NAMES["stop_relationship"].get(relation, relation),
        }


def _event(stop: Any, event: str, name: str) -> int | None:
    if not stop.HasField(event):
        return None
    found = getattr(stop, event)
    return int(getattr(found, name)) if found.HasField(name) else None


def _alert(alert: Any, languages: tuple[str, ...]) -> Row:
    period = alert.active_period[0] if alert.active_period else pb.TimeRange()
    informed = []
    for entity in alert.informed_entity:
        found = {
            name: value
            for name, value in _set(entity, "agency_id", "route_id", "route_type", "stop_id").items()
            if value is not None
        }
        if entity.trip.trip_id:
            found["trip_id"] = entity.trip.trip_id
        informed.append(found)
    return {
        "header": _spoken(alert.header_text, languages),
        "description": _spoken(alert.description_text, languages),
        "url": _spoken(alert.url, languages),
        **_set(alert, "cause", "effect"),
        "start": period.start or None,
        "end": period.end or None,
        "informed": bodies.dump(informed),
    }


def _spoken(text: Any, languages: tuple[str, ...]) -> str | None:
    spoken: Mapping[str, str] = {item.language.split("-")[0]: item.text for item in text.translation}
    found = next((spoken[language] for language in languages if language in spoken), None)
    return found if found is not None else next(iter(spoken.values()), None)


class GtfsRealtimeKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """The feed, if it is newer than the last one."""
        answer = fetch.get(declaration.address, headers=Options.of(declaration).mapping("headers"))
        if answer.not_modified:
            return
        stamp = 0

        def read(body: bytes, kind: str) -> Envelope:
            nonlocal stamp
            message = message_of(body, kind)
            stamp = int(message.header.timestamp)
            return Envelope(rows=rows_of(message, *_wanted(declaration)))

        envelope = settle(answer, read)
        mark = {"timestamp": stamp} if stamp else None
        if mark is not None and mark == cursor:
            return
        yield Delivery(
            rows=envelope.rows, cursor=mark, complete=declaration.complete, total=len(envelope.rows)
        )

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One feed alone."""
        rows = rows_of(message_of(body, content_type), *_wanted(declaration))
        return Delivery(rows=rows, complete=declaration.complete, total=len(rows))


def _wanted(declaration: Declaration) -> tuple[str, tuple[str, ...]]:
    options = Options.of(declaration)
    kind = options.text("entity")
    if kind and kind not in KINDS:
        raise SourceFault("configuration", f"options.entity must be one of {', '.join(KINDS)}")
    return kind, tuple(dict.fromkeys((options.text("language", "ko"), "en")))


KIT = GtfsRealtimeKit()
