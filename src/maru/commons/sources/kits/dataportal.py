"""The public data portal (apis.data.go.kr, api.data.go.kr, api.odcloud.kr), AirKorea and ITS among it.

``address`` is the operation's. Options, beside those of ``rounds``:

``params``
    Parameters with placeholders (``sidoName = "서울"``).
``style``
    ``classic`` (default: ``pageNo``, ``numOfRows``, ``serviceKey``) or ``odcloud`` (``page``, ``perPage``).
``format_parameter``
    How JSON is asked for: ``returnType`` (default, AirKorea), ``_type``, ``type``, ``resultType``, ``dataType``, ``getType``; "" asks for nothing.
``format``
    ``json`` (default) or ``xml``. XML is understood whatever was asked, for the gateway answers nothing else.
``page``
    Rows a call (default 100; many services give 1,000); 0: no pages.
``key_parameter``
    Default ``serviceKey``.
``rows``
    Path of the rows where they are at an unusual place.

Understands ``response.header/body.items[.item]``, one item as an object, "" for no items, answers without ``response``, bare lists, the older
``{list: […]}``, ITS's ``response.data`` and odcloud's ``data``. Yields the rows as they came, with "-" and flags.
"""

from __future__ import annotations

from collections.abc import Iterator

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch
from maru.commons.sources.kits import addresses, bodies, envelopes, gateway, shapes
from maru.commons.sources.kits.envelopes import EMPTY, Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.paging import Once, Pager, Pages
from maru.commons.sources.kits.rounds import Call, Values, ask

_CODE = ("resultCode", "returnReasonCode", "code", "RESULT_CODE")
_MESSAGE = ("resultMsg", "returnAuthMsg", "msg", "message", "RESULT_MSG")
_LISTS = ("items", "item", "data", "list", "itemList", "row")
_TOTALS = ("matchCount", "totalCount", "total_count", "dataCount", "datacount", "numOfRows_total")


def read_body(body: bytes, content_type: str = "", path: tuple[str, ...] = ()) -> Envelope:
    """One answer. Raises SourceFault."""
    document = bodies.document(body, content_type)
    gateway.refuse(document, body)
    if isinstance(document, list):
        return Envelope(rows=shapes.flatten(document))
    top = _top(document)
    if top is None:
        raise bodies.malformed("neither an object nor a list", body)
    if not _judged(top, body):
        return EMPTY
    found = shapes.rows_at(document, path) if path else _items(top)
    if found is None:
        raise bodies.malformed("no rows and no result code", body)
    return Envelope(rows=shapes.flatten(found), total=_total(top))


def _top(document: JSON) -> dict[str, JSON] | None:
    if not isinstance(document, dict):
        return None
    inner = document.get("response")
    if isinstance(inner, dict):
        return inner
    if len(document) == 1:
        only = next(iter(document.values()))
        if isinstance(only, dict) and only.keys() & {"header", "body", "cmmMsgHeader", *_LISTS, *_CODE}:
            return only
    return document


def _judged(top: dict[str, JSON], raw: bytes) -> bool:
    for place in (top.get("header"), top.get("cmmMsgHeader"), top.get("result"), top):
        if isinstance(place, dict):
            code = next((str(place[name]) for name in _CODE if place.get(name) is not None), "")
            if code:
                message = next((str(place[name]) for name in _MESSAGE if place.get(name)), "")
                meant = _odcloud(code) or gateway.classify(code, message)
                return envelopes.require(meant or "server", code, message, raw)
    return True


def _odcloud(code: str) -> str:
    """odcloud's negative HTTP statuses."""
    return {
        "-401": "refused_key",
        "-403": "refused_key",
        "-404": "not_found",
        "-429": "quota",
        "-400": "bad_request",
    }.get(code, "")


def _items(top: dict[str, JSON]) -> list[JSON] | None:
    place = top.get("body", top)
    if place in ("", None):
        return []
    if isinstance(place, list):
        return place
    if not isinstance(place, dict):
        return None
    for name in _LISTS:
        if name in place:
            value = place[name]
            if isinstance(value, dict) and set(value) == {"item"}:
                value = value["item"]
            return envelopes.rows_of(value)
    if place.keys() & {*_TOTALS, "pageNo"} or "header" in top:
        return []
    return None


def _total(top: dict[str, JSON]) -> int | None:
    for place in (top.get("body"), top):
        if isinstance(place, dict):
            for name in _TOTALS:
                if (found := envelopes.count(place.get(name))) is not None:
                    return found
    return None


class DataportalKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Page by page."""
        options = Options.of(declaration)
        path = shapes.path_of(options.values.get("rows", ""))
        params = options.mapping("params")
        form = options.text("format_parameter", "returnType")

        def address(values: Values) -> str:
            asked = dict(params)
            if form:
                asked.setdefault(form, options.text("format", "json"))
            if addresses.KEY not in declaration.address:
                asked = {options.text("key_parameter", "serviceKey"): addresses.KEY, **asked}
            return addresses.question(declaration.address, asked, values)

        def read(body: bytes, content_type: str) -> Envelope:
            return read_body(body, content_type, path)

        yield from ask(declaration, cursor, fetch, Call(address=address, read=read, pager=_pager(options)))

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One answer alone."""
        envelope = read_body(body, content_type, shapes.path_of(declaration.options.get("rows", "")))
        return Delivery(rows=envelope.rows, total=envelope.total)


def _pager(options: Options) -> Pager:
    size = options.number("page", 100)
    if size < 1:
        return Once()
    if options.text("style", "classic") == "odcloud":
        return Pages("page", "perPage", size)
    return Pages("pageNo", "numOfRows", size)


KIT = DataportalKit()
