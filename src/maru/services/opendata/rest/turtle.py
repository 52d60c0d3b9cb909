"""Nodes of JSON-LD written as Turtle. Only what ``dcat_shapes`` makes: names, literals, nested nodes, lists of them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from maru.services.opendata.rest.dcat_shapes import CONTEXT

PREFIXES = "".join(f"@prefix {name}: <{address}> .\n" for name, address in CONTEXT.items()) + "\n"
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile('[\\\\"\n\r\t\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]')


def turtle_of(node: dict[str, Any]) -> str:
    """The node and every node inside it, each as a subject of its own."""
    parts: list[str] = []
    _write(node, parts)
    return "".join(parts)


def _write(node: dict[str, Any], parts: list[str]) -> None:
    lines: list[str] = []
    inner: list[dict[str, Any]] = []
    for name, value in node.items():
        if name == "@id":
            continue
        if name == "@type":
            lines.append(f"a {_term(value)}")
            continue
        values = value if isinstance(value, list) else [value]
        objects = [_object(one, inner) for one in values]
        if objects:
            lines.append(f"{name} {', '.join(objects)}")
    if lines:
        body = " ;\n  ".join(lines)
        parts.append(f"<{_iri(node['@id'])}> {body} .\n\n")
    for one in inner:
        _write(one, parts)


def _object(value: Any, inner: list[dict[str, Any]]) -> str:
    if not isinstance(value, dict):
        return f'"{_text(str(value))}"'
    if "@value" in value:
        literal = f'"{_text(str(value["@value"]))}"'
        if "@language" in value:
            return f"{literal}@{value['@language']}"
        return f"{literal}^^{_term(value['@type'])}"
    if len(value) > 1:
        inner.append(value)
    return f"<{_iri(value['@id'])}>"


def _term(name: str) -> str:
    return name if name.partition(":")[0] in CONTEXT else f"<{_iri(name)}>"


def _text(value: str) -> str:
    return _ESCAPED.sub(lambda hit: _ESCAPES.get(hit[0], ""), value)


def _iri(address: str) -> str:
    return quote(address, safe=":/?#[]@!$&'()*+,;=%-._~")
