"""The envelopes of Seoul's servers and of their sisters (Gyeonggi, NEIS), JSON and XML alike.

Ordinary: ``{SERVICE: {list_total_count, RESULT: {CODE, MESSAGE}, row: […]}}``. Also: flat errors ``{RESULT: {…}}`` or ``{CODE, MESSAGE}``,
dotted names (``RESULT.CODE``), a root of another name, ``row`` as one object, rows straight under the root, the realtime subway's
``errorMessage``, and the sisters' ``{SERVICE: [{head: […]}, {row: […]}]}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maru.commons.sources.contracts import JSON, SourceFault
from maru.commons.sources.kits import envelopes
from maru.commons.sources.kits.envelopes import OK
from maru.commons.sources.kits.paging import SmallerPages
from maru.commons.sources.kits.words import NONE, by_words

CODES: Mapping[str, str] = {
    "INFO-000": OK,
    "INFO-100": "refused_key",
    "INFO-200": NONE,
    "INFO-300": "refused_key",
    "INFO-500": "server",
    "ERROR-290": "refused_key",
    "ERROR-300": "bad_request",
    "ERROR-301": "bad_request",
    "ERROR-310": "not_found",
    "ERROR-331": "bad_request",
    "ERROR-332": "bad_request",
    "ERROR-333": "bad_request",
    "ERROR-334": "bad_request",
    "ERROR-335": "bad_request",
    "ERROR-336": "bad_request",
    "ERROR-337": "quota",
    "ERROR-338": "refused_key",
    "ERROR-429": "quota",
    "ERROR-500": "server",
    "ERROR-600": "server",
    "ERROR-601": "server",
}
SAMPLE_ROWS = 5  # what the key "sample" is given, from row 1 on
_SMALLER = {"ERROR-335": SAMPLE_ROWS, "ERROR-336": 100}
_CODE = ("CODE", "RESULT.CODE", "code", "RESULT_CODE", "resultCode")
_MESSAGE = ("MESSAGE", "RESULT.MESSAGE", "message", "RESULT_MESSAGE", "resultMsg")
_RESULTS = ("RESULT", "errorMessage", "result")
_TOTALS = ("list_total_count", "totalCount", "total")


@dataclass(frozen=True)
class Reply:
    """An answer taken apart. ``code`` is "" where there was none; ``root`` is what the rows were found in."""

    code: str
    message: str
    rows: list[JSON]
    total: int | None
    root: JSON


def take_apart(document: JSON, *, lists: tuple[str, ...] = ("row",)) -> Reply:
    """Find code, message, rows and total wherever this server puts them."""
    if isinstance(document, list):
        return Reply("", "", document, None, document)
    if not isinstance(document, dict):
        raise SourceFault("malformed", "neither an object nor a list")
    top = _unwrapped(document)
    code, message = _result(top)
    root = _root(top, lists)
    if isinstance(root, list):
        root = (
            _sister(root)
            if any(isinstance(part, dict) and {"head", "row"} & part.keys() for part in root)
            else root
        )
    if not code and isinstance(root, dict):
        code, message = _result(root)
    rows: list[JSON] = []
    total = None
    if isinstance(root, list):
        rows = root
    elif isinstance(root, dict):
        total = next(
            (found for name in _TOTALS if (found := envelopes.count(root.get(name))) is not None), None
        )
        named = next((root[name] for name in lists if name in root), None)
        rows = envelopes.rows_of(named)
        if total is None and isinstance(root.get("errorMessage"), dict):
            total = envelopes.count(root["errorMessage"].get("total"))
    return Reply(code, message, [row for row in rows if row not in (None, "")], total, root)


def judge(reply: Reply, raw: bytes, asked: int = 0) -> bool:
    """True if there are rows to take; raises SourceFault for an error. ``asked`` is the number of rows of a page."""
    code = CODES.get(reply.code)
    if code is None:
        code = by_words(reply.message) if reply.code else (OK if _has_data(reply) else "malformed")
    if reply.code in _SMALLER:
        raise SmallerPages(
            SAMPLE_ROWS if asked <= 100 else _SMALLER[reply.code], f"{reply.code} {reply.message}"
        )
    return envelopes.require(code or "server", reply.code, reply.message or "no result code and no rows", raw)


def _has_data(reply: Reply) -> bool:
    if reply.rows or reply.total is not None:
        return True
    return isinstance(reply.root, dict) and bool(reply.root) and not reply.message


def _unwrapped(document: dict[str, JSON]) -> dict[str, JSON]:
    """XML: the root is one more level where it is only a wrapper (``Map``, ``SeoulRtd.citydata``)."""
    if len(document) != 1:
        return document
    inner = next(iter(document.values()))
    if not isinstance(inner, dict) or "row" in inner or "list_total_count" in inner:
        return document
    if document.keys() & set(_RESULTS) and inner.keys() & {*_CODE, "status"}:
        return document  # a flat error: {RESULT: {CODE, MESSAGE}}
    if inner.keys() & {*_RESULTS, *_CODE}:
        return inner
    return document


def _result(value: dict[str, JSON]) -> tuple[str, str]:
    for found in (*(value.get(name) for name in _RESULTS), value):
        if isinstance(found, dict):
            code = next((str(found[name]) for name in _CODE if found.get(name)), "")
            if code:
                return code.strip(), next((str(found[name]) for name in _MESSAGE if found.get(name)), "")
    return "", ""


def _root(top: dict[str, JSON], lists: tuple[str, ...]) -> JSON:
    if "list_total_count" in top or any(name in top for name in lists):
        return top
    inner = [value for name, value in top.items() if name not in _RESULTS and isinstance(value, dict | list)]
    return inner[0] if len(inner) == 1 else top


def _sister(parts: list[JSON]) -> dict[str, JSON]:
    """``[{head: [{list_total_count}, {RESULT}]}, {row: […]}]`` as one object."""
    out: dict[str, JSON] = {}
    for part in parts:
        if isinstance(part, dict):
            for item in envelopes.rows_of(part.get("head")):
                if isinstance(item, dict):
                    out |= item
            if "row" in part:
                out["row"] = part["row"]
    return out
