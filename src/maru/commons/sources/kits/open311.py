"""Open311 GeoReport v2, JSON and XML.

``address`` is the endpoint's root (``…/open311/v2``). Options, beside those of ``rounds``:

``operation``
    ``requests`` (default) or ``services``; ``discovery`` is not read.
``jurisdiction``
    ``jurisdiction_id``; ``format`` ``json`` (default) or ``xml``; ``params`` for more (``status``, ``service_code``, ``extensions``).
``page``
    ``page_size`` (default 100, 0 for servers without pages).
``since``
    Default ``{ parameter = "start_date", field = "requested_datetime", overlap_s = 86400 }``; ``since = { parameter = "updated_after", field = "updated_datetime" }`` for servers that know
    it. Without ``start`` the server's own window (90 days) is the beginning.
"""

from __future__ import annotations

from dataclasses import replace

from maru.commons.sources.contracts import JSON, Declaration, SourceFault
from maru.commons.sources.kits import bodies, envelopes, paging, rest, shapes
from maru.commons.sources.kits.envelopes import EMPTY, Envelope
from maru.commons.sources.kits.options import Options

_LISTS = (
    ("service_requests", "request"),
    ("services", "service"),
    ("service_definition", "attributes"),
    ("service_definition", "attribute"),
)
_CODES = {400: "bad_request", 401: "refused_key", 403: "refused_key", 404: "not_found", 429: "quota"}
_IDS = ("service_request_id", "service_code", "token", "code")


def envelope_of(document: JSON, options: Options, raw: bytes) -> Envelope:
    """Requests, services, one of either, or a service's definition. Raises SourceFault."""
    _refuse(document, raw)
    if isinstance(document, list):
        return Envelope(rows=shapes.flatten(_checked(document, raw)))
    if not isinstance(document, dict):
        raise bodies.malformed("neither an object nor a list", raw)
    for root, name in _LISTS:
        inner = document.get(root)
        if isinstance(inner, dict) and name in inner:
            found = envelopes.rows_of(inner[name])
            if len(found) == 1 and isinstance(found[0], dict) and set(found[0]) == {"attribute"}:
                found = envelopes.rows_of(found[0]["attribute"])
            shared = {"service_code": inner["service_code"]} if "service_code" in inner else {}
            return Envelope(rows=shapes.flatten([{**shared, **row} for row in _checked(found, raw)]))
        if isinstance(inner, list):
            return Envelope(rows=shapes.flatten(_checked(inner, raw)))
    for root in ("service_requests", "services"):
        if root in document:
            return EMPTY
    if "attributes" in document and "service_code" in document:
        shared = {"service_code": document["service_code"]}
        return Envelope(
            rows=shapes.flatten([{**shared, **row} for row in envelopes.rows_of(document["attributes"])])
        )
    return Envelope(rows=shapes.flatten(_checked([document], raw)))


def _checked(rows: list[JSON], raw: bytes) -> list[dict[str, JSON]]:
    if any(not isinstance(row, dict) or not any(name in row for name in _IDS) for row in rows):
        raise bodies.malformed("neither requests nor services of GeoReport", raw)
    return rows


def _refuse(document: JSON, raw: bytes) -> None:
    errors = document.get("errors", document.get("error")) if isinstance(document, dict) else document
    if isinstance(errors, dict) and "error" in errors:
        errors = errors["error"]
    found = envelopes.rows_of(errors)
    if (
        not found
        or not isinstance(found[0], dict)
        or "description" not in found[0]
        or "code" not in found[0]
        or _IDS[0] in found[0]
    ):
        return
    if isinstance(document, list) and not str(found[0]["code"]).isdigit():
        return  # attributes of a definition have code and description as well
    number, said = envelopes.count(found[0]["code"]) or 0, str(found[0]["description"])
    code = _CODES.get(number) or ("server" if number >= 500 else "bad_request")
    raise SourceFault(code, f"{number} {said}"[:300], raw=raw[:65_536])


def prepared(declaration: Declaration) -> Declaration:
    """The declaration with the usual ``since`` of requests."""
    options = Options.of(declaration)
    if options.text("operation", "requests") != "requests" or "since" in options:
        return declaration
    rule = {"parameter": "start_date", "field": "requested_datetime", "overlap_s": 86_400}
    return replace(declaration, options={**declaration.options, "since": rule})


def _params(options: Options) -> dict[str, str]:
    return {"jurisdiction_id": options.text("jurisdiction")} if "jurisdiction" in options else {}


def _pager(options: Options) -> paging.Pager:
    size = options.number("page", 100)
    if options.text("operation", "requests") != "requests" or size < 1:
        return paging.of(options, paging.Once())
    return paging.of(options, paging.Pages("page", "page_size", size))


KIT = rest.RestKit(
    reader=envelope_of,
    params=_params,
    pager=_pager,
    path=lambda options: f"/{options.text('operation', 'requests')}.{options.text('format', 'json')}",
    prepare=prepared,
)
