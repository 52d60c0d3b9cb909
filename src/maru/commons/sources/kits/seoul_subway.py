"""Seoul's realtime subway: ``{host}/api/subway/{key}/json/{operation}/{start}/{end}/{name}``, rows counted from 0.

``address`` is the host (``http://swopenapi.seoul.go.kr``) or goes on as far as the operation, ``…/ALL`` or a name. Options, beside those of ``rounds``:

``operation``
    ``realtimeStationArrival`` (default) or ``realtimePosition``.
``names``
    Stations (without 역) or lines, one call each; ``["ALL"]`` asks for all stations in one call, without range.
``type``
    ``json`` (default) or ``xml``.
``page``
    Rows a call (default 1,000).

The key is one of its own with 1,000 calls a day. An error or "no train" comes flat with HTTP 200. Yields the rows as they came, beside
``barvlDt`` the field ``recptnDt`` that it must be corrected by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch
from maru.commons.sources.kits import addresses, bodies, seoul_answers, shapes
from maru.commons.sources.kits.envelopes import EMPTY, Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.paging import Once
from maru.commons.sources.kits.rounds import Call, Values, ask
from maru.commons.sources.kits.seoul import Ranges

_LISTS = ("realtimeArrivalList", "realtimePositionList", "row")
ALL = "ALL"
_NAMED = re.compile(
    r"(/(?:json|xml)/\w+)(/[^/{}]+)$"
)  # an address that ends with the name of its station or line


def read_body(body: bytes, content_type: str = "") -> Envelope:
    """One answer. Raises SourceFault."""
    document = bodies.document(body, content_type)
    reply = seoul_answers.take_apart(document, lists=_LISTS)
    if not seoul_answers.judge(reply, body):
        return EMPTY
    rows = reply.rows
    total = reply.total
    if total is None and rows and isinstance(rows[0], dict):
        found = str(rows[0].get("totalCount", ""))
        total = int(found) if found.isdigit() else None
    return Envelope(rows=shapes.flatten(rows), total=total)


class SeoulSubwayKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Name by name."""
        options = Options.of(declaration)
        names = options.texts("names")
        if names and "each" not in options:
            each: Mapping[str, JSON] = {"each": {"name": list(names)}}
            declaration = replace(declaration, options={**declaration.options, **each})
        whole = names == (ALL,) or (not names and declaration.address.rstrip("/").endswith(f"/{ALL}"))

        def address(values: Values) -> str:
            base = addresses.fill(declaration.address, values).rstrip("/")
            if addresses.KEY not in base:
                base = f"{base}/api/subway/{addresses.KEY}/{options.text('type', 'json')}"
                base = f"{base}/{options.text('operation', 'realtimeStationArrival')}"
            if whole:
                return base if base.endswith(f"/{ALL}") else f"{base}/{ALL}"
            base = _NAMED.sub(r"\1/{start}/{end}\2", base) if "name" not in values else base
            if "{start}" not in base:
                name = addresses.part(values["name"]) if "name" in values else ""
                base = f"{base}/{{start}}/{{end}}/{name}"
            return base.rstrip("/")

        pager = Once() if whole else Ranges(size=options.number("page", 1_000), first=0)
        yield from ask(declaration, cursor, fetch, Call(address=address, read=read_body, pager=pager))

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One answer alone."""
        envelope = read_body(body, content_type)
        return Delivery(rows=envelope.rows, total=envelope.total)


KIT = SeoulSubwayKit()
