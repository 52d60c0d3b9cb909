"""Seoul's Open Data Plaza, general server: ``{host}/{key}/{type}/{SERVICE}/{start}/{end}/{arguments…}``.

``address`` is the host with its port (``http://openapi.seoul.go.kr:8088``); it may go on as far as the service or a range. Options, beside those
of ``rounds``:

``service``
    Name of the service; not needed where the address ends with it.
``type``
    ``json`` (default) or ``xml``. Whatever was asked, both are understood.
``arguments``
    List of the further parts of the path, with placeholders; a skipped one is "" (sent as one blank).
``page``
    Rows a call, 1,000 at most (default). The key ``sample`` is given rows 1 to 5 whatever is asked: the kit notices and takes them.

Yields the rows as they came, numbers and "-" as texts; ``total`` is ``list_total_count``. With ``grows`` only new rows are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits import addresses, bodies, seoul_answers, shapes
from maru.commons.sources.kits.envelopes import EMPTY, Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.paging import Offsets
from maru.commons.sources.kits.rounds import Call, Values, ask

MOST = 1_000
_RANGE = re.compile(r"/\d+/\d+$")


@dataclass(frozen=True)
class Ranges(Offsets):
    """START and END in the path, counted from ``first``, ends included."""

    size: int = MOST
    first: int = 1

    def address(self, address: str, position: JSON) -> str:
        """With both numbers put in."""
        start = self.first + int(position)
        end = start + self.size - (1 if self.first else 0)
        return addresses.fill(address, {"start": str(start), "end": str(end)})


def path(declaration: Declaration, options: Options, values: Values) -> str:
    """The address of a service with ``{start}`` and ``{end}`` still open."""
    base = _RANGE.sub("/{start}/{end}", addresses.fill(declaration.address, values).rstrip("/"))
    service = options.text("service")
    if "{start}" not in base:
        if addresses.KEY not in base:
            base = f"{base}/{addresses.KEY}/{options.text('type', 'json')}"
        if service and not base.endswith(f"/{service}"):
            base = f"{base}/{service}"
        base = f"{base}/{{start}}/{{end}}"
    arguments = [
        addresses.part(addresses.fill(text, values, encode=False)) for text in options.texts("arguments")
    ]
    return "/".join([base, *arguments]) + "/"


def read_body(body: bytes, content_type: str, asked: int = MOST) -> Envelope:
    """One answer. Raises SourceFault."""
    reply = seoul_answers.take_apart(bodies.document(body, content_type))
    if not seoul_answers.judge(reply, body, asked):
        return EMPTY
    return Envelope(
        rows=shapes.flatten(reply.rows),
        total=reply.total,
        partial=asked <= seoul_answers.SAMPLE_ROWS < (reply.total or 0),
    )


class SeoulKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Page by page, argument by argument."""
        options = Options.of(declaration)
        size = options.number("page", MOST)
        if not 1 <= size <= MOST:
            raise SourceFault("configuration", f"options.page must be from 1 to {MOST}")

        def address(values: Values) -> str:
            return path(declaration, options, values)

        yield from ask(
            declaration, cursor, fetch, Call(address=address, read=read_body, pager=Ranges(size=size))
        )

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One answer alone."""
        envelope = read_body(body, content_type)
        return Delivery(rows=envelope.rows, total=envelope.total)


KIT = SeoulKit()
