"""``citydata``: everything about one place in blocks inside blocks, as the original answers it and no other service does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import orjson

from maru.services.opendata.rest.path_codes import MESSAGES
from maru.services.opendata.rest.path_services import facts

_OK = {"RESULT.CODE": "INFO-000", "RESULT.MESSAGE": MESSAGES["INFO-000"]}


def nested(service: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """One place: its values in the blocks where the original has them, those that have none beside them."""
    blocks: Mapping[str, list[str]] = facts(service)["blocks"]
    inside = {name for names in blocks.values() for name in names}
    place: dict[str, Any] = {name: value for name, value in row.items() if name not in inside}
    for path, names in blocks.items():
        values = {name: row[name] for name in names if name in row}
        outer, _slash, inner = path.partition("/")
        place[outer] = {inner: values} if inner else [values]
    return place


def json_body(service: str, row: bytes) -> bytes:
    """The envelope around one encoded row."""
    return orjson.dumps({facts(service)["root"]: nested(service, orjson.loads(row)), "RESULT": _OK})


def xml_body(service: str, row: Mapping[str, Any]) -> str:
    """The same in XML, without its first line. A list is wrapped once more in an element of its own name."""
    result = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in _OK.items())
    place = _elements(nested(service, row))
    root = facts(service)["root"]
    return f"<SeoulRtd.citydata><RESULT>{result}</RESULT><{root}>{place}</{root}></SeoulRtd.citydata>"


def _elements(values: Mapping[str, Any]) -> str:
    parts = []
    for name, value in values.items():
        if isinstance(value, list):
            inner = "".join(f"<{name}>{_elements(one)}</{name}>" for one in value)
        else:
            inner = _elements(value) if isinstance(value, dict) else escape(str(value))
        parts.append(f"<{name}>{inner}</{name}>")
    return "".join(parts)
