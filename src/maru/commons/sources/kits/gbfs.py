"""GBFS 1 to 3: shared bicycles, scooters and cars.

``address`` is a feed's (``…/station_status.json``) or the discovery file's (``…/gbfs.json``). Options:

``feed``
    Name of the feed to take from the discovery file (``station_status``).
``language``
    Of the discovery file and of texts in several languages (default ``ko``, then ``en``, then the first).
``beside``
    Name of a second feed whose columns are added by ``station_id`` or ``vehicle_type_id`` (``station_information`` beside ``station_status``); needs the
    discovery file.

Yields the entries of the feed's list (stations, bikes, vehicles, regions, plans, alerts, zones), each with the feed's ``last_updated``. The
cursor is ``last_updated``: a feed that says the same moment again gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits import addresses, bodies, shapes
from maru.commons.sources.kits.envelopes import Envelope, settle
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.shapes import Row

_IDS = ("station_id", "vehicle_type_id", "bike_id", "vehicle_id", "region_id", "plan_id")


def read_body(body: bytes, content_type: str = "", languages: tuple[str, ...] = ("ko", "en")) -> Envelope:
    """One feed. ``next`` of the envelope is its ``last_updated``. Raises SourceFault."""
    document = _document(body, content_type)
    updated = document.get("last_updated")
    data = document["data"]
    entries = _entries(data)
    rows: list[Row] = []
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        if entry.get("type") == "Feature":
            entry = {**(entry.get("properties") or {}), **shapes.geometry_columns(entry.get("geometry"))}
        row = {name: _spoken(value, languages) for name, value in entry.items()}
        row.setdefault("last_updated", updated)
        rows.append(row)
    return Envelope(rows=shapes.flatten(rows), total=len(rows), next="" if updated is None else str(updated))


def _document(body: bytes, content_type: str) -> dict[str, Any]:
    document = bodies.document(body, content_type)
    if not isinstance(document, dict) or not isinstance(document.get("data"), dict | list):
        raise bodies.malformed("no data object: not a GBFS feed", body)
    return document


def _entries(data: JSON) -> list[JSON]:
    if isinstance(data, list):
        return data
    if "system_id" in data:  # system_information describes one thing, however many lists it has
        return [data]
    for value in data.values():
        if isinstance(value, list) and (not value or isinstance(value[0], dict)):
            return value
        if isinstance(value, dict) and isinstance(value.get("features"), list):
            features: list[JSON] = value["features"]
            return features
    return [data] if data else []


def _spoken(value: JSON, languages: tuple[str, ...]) -> JSON:
    """A text in several languages ([{text, language}], GBFS 3) as the one wanted."""
    if not (
        isinstance(value, list)
        and value
        and all(isinstance(item, dict) and {"text", "language"} <= item.keys() for item in value)
    ):
        return value
    spoken = {str(item["language"]).split("-")[0]: item["text"] for item in value}
    return next((spoken[language] for language in languages if language in spoken), value[0]["text"])


def feeds_of(body: bytes, content_type: str, languages: tuple[str, ...]) -> dict[str, str]:
    """The feeds of a discovery file by name; {} for a body that is a feed itself."""
    data = _document(body, content_type)["data"]
    if not isinstance(data, dict):
        return {}
    found = data.get("feeds")
    if found is None:
        spoken = {
            name: value["feeds"]
            for name, value in data.items()
            if isinstance(value, dict) and isinstance(value.get("feeds"), list)
        }
        found = next(
            (spoken[language] for language in languages if language in spoken),
            next(iter(spoken.values()), []),
        )
    entries = found if isinstance(found, list) else []
    return {
        str(item["name"]): str(item["url"])
        for item in entries
        if isinstance(item, dict) and "name" in item and "url" in item
    }


class GbfsKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """The feed as it is now."""
        options = Options.of(declaration)
        languages = _languages(options)
        address, joined = declaration.address, ""
        if feed := options.text("feed"):
            answer = fetch.get(
                address,
                headers={"If-None-Match": '"-"', "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
            )
            feeds = settle_feeds(answer, languages)
            if feed not in feeds:
                raise SourceFault(
                    "not_found", f"the discovery file has no feed {feed!r}, only {', '.join(sorted(feeds))}"
                )
            here = address
            address = _feed_address(here, feeds[feed])
            if other := options.text("beside"):
                joined = _feed_address(here, feeds.get(other, f"{other}.json"))
        answer = fetch.get(address)
        if answer.not_modified:
            return
        envelope = settle(answer, lambda body, kind: read_body(body, kind, languages))
        mark = {"last_updated": envelope.next} if envelope.next else None
        if mark is not None and mark == cursor:
            return
        rows = list(envelope.rows)
        if joined:
            rows = join(rows, fetch, joined, languages)
        yield Delivery(rows=rows, cursor=mark, complete=declaration.complete, total=len(rows))

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One feed alone; of a discovery file its list of feeds."""
        languages = _languages(Options.of(declaration))
        if feeds := feeds_of(body, content_type, languages):
            return Delivery(rows=[{"name": name, "url": url} for name, url in feeds.items()])
        envelope = read_body(body, content_type, languages)
        return Delivery(rows=envelope.rows, complete=declaration.complete, total=envelope.total)


def _feed_address(here: str, link: str) -> str:
    return addresses.follow(here, link) if "://" not in link else addresses.within(here, link)


def settle_feeds(answer: Any, languages: tuple[str, ...]) -> dict[str, str]:
    """The feeds of a discovery answer."""
    found: dict[str, str] = {}

    def read(body: bytes, kind: str) -> Envelope:
        found.update(feeds_of(body, kind, languages))
        return Envelope(rows=[])

    settle(answer, read)
    return found


def join(
    rows: list[Mapping[str, JSON]], fetch: Fetch, address: str, languages: tuple[str, ...]
) -> list[Mapping[str, JSON]]:
    """The rows with the columns of another feed."""
    other = settle(
        fetch.get(
            address, headers={"If-None-Match": '"-"', "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
        ),
        lambda body, kind: read_body(body, kind, languages),
    )
    first = rows[0] if rows else {}
    name = next((name for name in _IDS if name in first and len(other.rows) and name in other.rows[0]), "")
    if not name:
        return rows
    known = {row[name]: row for row in other.rows if isinstance(row, dict)}
    return [{**known.get(row.get(name), {}), **row} for row in rows]


def _languages(options: Options) -> tuple[str, ...]:
    return tuple(dict.fromkeys((options.text("language", "ko"), "en")))


KIT = GbfsKit()
