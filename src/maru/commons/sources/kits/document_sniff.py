"""Bodies that nobody declared and that are no table by their bytes: JSON and GeoJSON give one all the same, others are named and refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from maru.commons.sources.contracts import JSON, RawRows, SourceFault
from maru.commons.sources.kits import bodies, json, ogc_features
from maru.commons.sources.kits.containers import form_of
from maru.commons.sources.kits.options import Options
from maru.commons.sources.reading.texts import plain

KEPT = 64 * 1024
_SEARCHED = 4
_MARKS = {
    b"%PDF": "a PDF document", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"HWP ": "a Hangul document",
    b"PAR1": "a Parquet file", b"SQLi": "an SQLite database", b"Rar!": "a RAR archive", b"7z\xbc\xaf": "a 7z archive",
}  # fmt: skip
_ROOT = re.compile(rb"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
_FEEDS = ("rss", "feed", "RDF")


@dataclass(frozen=True)
class Document:
    """The rows of a document as a table of texts. ``path`` leads to them from its top."""

    form: str  # json or geojson
    table: pa.Table
    path: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def refuse_strangers(body: bytes) -> None:
    """Raise SourceFault, with what it is and what would read it, for what holds no table."""
    for mark, what in _MARKS.items():
        if body.startswith(mark):
            raise SourceFault("malformed", f"this is {what}, not a table", raw=body[:KEPT])
    start = body[:4096].lstrip(b"\xef\xbb\xbf\r\n\t ")
    if start[:1] == b"<" and form_of(body) == "text":
        root = _ROOT.search(start)
        name = root.group(1).decode("ascii", "replace") if root else "?"
        kit = "feed" if name in _FEEDS else "xml"
        said = f'this is XML ({name}), not a table: write a connector.toml of kind = "{kit}"'
        raise SourceFault("malformed", said, raw=body[:KEPT])


def look_at(body: bytes) -> Document | None:
    """The table in JSON, JSON Lines or GeoJSON; None for what is neither. Raises SourceFault for JSON without rows."""
    if body[:64].lstrip(b"\xef\xbb\xbf\r\n\t ")[:1] not in (b"{", b"["):
        return None
    try:
        document = bodies.document(body, "application/json")
    except SourceFault:
        return _lines(body)
    if isinstance(document, dict) and isinstance(document.get("features"), list):
        envelope = ogc_features.envelope_of(document, Options({}), body)
        paged = envelope.next or envelope.total is not None
        return Document(
            "geojson",
            _table(envelope.rows, body),
            ("features",),
            {} if paged else {"paging": {"style": "none"}},
        )
    path = path_of_rows(document)
    if path is None:
        json.Shape(Options({})).read(body, "")  # raises what the document says itself, if it is an error
        raise SourceFault("malformed", "this JSON holds no list of records", raw=body[:KEPT])
    options = (
        {"rows": ".".join(path) if not any("." in step for step in path) else list(path)} if path else {}
    )
    envelope = json.Shape(Options(options)).read(body, "")
    notes = ("there are more pages; say in [options] how they are asked for",) if envelope.next else ()
    return Document("json", _table(envelope.rows, body), path, options, notes)


def _lines(body: bytes) -> Document | None:
    rows, bad = bodies.read_lines(body, "")
    if len(rows) < 2 or len(bad) > len(rows) or not all(isinstance(row, dict) for row in rows):
        return None
    envelope = json.Shape(Options({"lines": True})).read(body, "")
    return Document("json", _table(envelope.rows, body), (), {"lines": True})


def path_of_rows(document: JSON) -> tuple[str, ...] | None:
    """Where the longest list of objects near the top is; None if there is none."""
    level: list[tuple[tuple[str, ...], JSON]] = [((), document)]
    for _ in range(_SEARCHED):
        lists = [
            (path, one) for path, one in level if isinstance(one, list) and one and isinstance(one[0], dict)
        ]
        if lists:
            return max(lists, key=lambda found: len(found[1]))[0]
        level = [
            ((*path, str(name)), value)
            for path, one in level
            if isinstance(one, dict)
            for name, value in one.items()
        ]
    return None


def shortened(body: bytes, found: Document, rows: int) -> bytes:
    """The same document with only its first rows, as an example."""
    if found.options.get("lines"):
        return b"\n".join(body.split(b"\n")[:rows]) + b"\n"
    document = bodies.document(body, "application/json")
    if not found.path:
        return bodies.dump(document[:rows]).encode()
    place = document
    for step in found.path[:-1]:
        place = place[step]
    place[found.path[-1]] = place[found.path[-1]][:rows]
    return bodies.dump(document).encode()


def _table(rows: RawRows, body: bytes) -> pa.Table:
    assert isinstance(rows, Sequence)
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    if not names:
        raise SourceFault("empty", "the list of records is empty", raw=body[:KEPT])
    columns = [pa.array([plain(row.get(name)) or "" for row in rows], pa.string()) for name in names]
    return pa.Table.from_arrays(columns, names=names)
