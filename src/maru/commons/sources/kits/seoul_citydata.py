"""Seoul's realtime city data (``citydata``, ``citydata_ppltn``, …): one place a call, blocks nested in blocks.

``address`` as for ``seoul``. Options, beside those of ``rounds``:

``service``
    ``citydata`` (default), ``citydata_ppltn``, ``citydata_cmrcl``, …
``places``
    Names or codes (POI001) of places, one call each. The key ``sample`` may ask for 광화문·덕수궁 alone.
``block``
    Path of the block whose entries are the rows (``"LIVE_PPLTN_STTS.FCST_PPLTN"``, ``"ROAD_TRAFFIC_STTS.ROAD_TRAFFIC_STTS"``, ``"PRK_STTS"``); a list of
    paths for one that was renamed (``["EVENT_STTS", "CULTURALEVENTINFO"]``). Each row carries AREA_NM and AREA_CD, and the plain values of
    the blocks above it under their own names. Without it: one row a place, with all plain values of the place and of its single blocks.
``sums``
    Without ``block``: columns that add up a number over a block's entries, ``sums = { CUR_PRK_CNT = "PRK_STTS.CUR_PRK_CNT" }``; null where no entry has one.
``type``
    ``json`` (default) or ``xml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits import bodies, seoul_answers, shapes
from maru.commons.sources.kits.envelopes import EMPTY, Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.rounds import Call, Values, ask
from maru.commons.sources.kits.seoul import Ranges, path
from maru.commons.sources.kits.shapes import Row

_NESTED = (dict, list)
# Blocks that list things: in a place that has just one of them they do not become columns of the place.
_MANY = frozenset(
    ("PRK_STTS", "SUB_STTS", "BUS_STN_STTS", "SBIKE_STTS", "CHARGER_STTS", "ACDNT_CNTRL_STTS", "EVENT_STTS", "CULTURALEVENTINFO",
     "LIVE_DST_MESSAGE", "FCST_PPLTN")
)  # fmt: skip


def blocks_of(options: Options) -> tuple[tuple[str, ...], ...]:
    """The paths of ``block``."""
    value = options.values.get("block", "")
    if isinstance(value, list):
        return tuple(shapes.path_of(item) for item in value)
    return (shapes.path_of(value),)


def unwrapped(name: str, value: JSON) -> JSON:
    """What XML wraps once more: ``<PRK_STTS><PRK_STTS>…</PRK_STTS></PRK_STTS>``."""
    while isinstance(value, dict) and tuple(value) == (name,):
        value = value[name]
    return value


def plain(place: dict[str, JSON]) -> Row:
    """The plain values of one level."""
    return {name: value for name, value in place.items() if not isinstance(value, _NESTED)}


def total_of(place: dict[str, JSON], path: tuple[str, ...]) -> float | None:
    """The sum of a number over the entries of a block; "-" and "" count as none."""
    numbers: list[float] = []
    for entry in _descend(place, path[:-1], {}):
        try:
            numbers.append(float(str(entry.get(path[-1])).replace(",", "")))
        except ValueError:
            continue
    return sum(numbers) if numbers else None


def rows_of(
    place: JSON, blocks: tuple[tuple[str, ...], ...], sums: Mapping[str, tuple[str, ...]]
) -> list[Row]:
    """The rows of one place; none where it has no such block."""
    if not isinstance(place, dict):
        return []
    for block in blocks:
        if not block:
            return [_summary(place) | {name: total_of(place, source) for name, source in sums.items()}]
        rows = _descend(place, block, plain(place))
        if rows:
            return rows
    return []


def _summary(place: dict[str, JSON]) -> Row:
    row: Row = {}
    for name, value in place.items():
        if name in _MANY:
            continue
        inner = unwrapped(name, value)
        if isinstance(inner, list) and len(inner) == 1:
            inner = inner[0]
        if isinstance(inner, dict):
            for below, deeper in inner.items():
                if isinstance(deeper, dict):
                    row |= {k: v for k, v in plain(deeper).items() if k not in row}
                elif not isinstance(deeper, list) and below not in row:
                    row[below] = deeper
        elif not isinstance(inner, list) and inner != "":
            row[name] = inner
    return row


def _descend(value: JSON, block: tuple[str, ...], above: Row, inside: bool = False) -> list[Row]:
    if isinstance(value, list):
        return [row for item in value for row in _descend(item, block, above, inside)]
    if not isinstance(value, dict):
        return []
    if (
        inside and block
    ):  # what stands beside a list inside a block is about all of it (AVG_ROAD_DATA: the moment)
        beside = [part for part in value.values() if isinstance(part, dict)]
        above = {**above, **{name: item for part in beside for name, item in plain(part).items()}}
    above = {**above, **plain(value)}
    if not block:
        return [
            shapes.flat({**above, **{name: item for name, item in value.items() if isinstance(item, dict)}})
        ]
    inner = value.get(block[0])
    if block[0] not in value and len(block) > 1 and ".".join(block) in value:
        inner, block = value[".".join(block)], (block[-1],)
    # XML wraps lists once more; a block inside a block of the same name is told apart by what else is in it.
    if len(block) == 1 or block[1] != block[0]:
        inner = unwrapped(block[0], inner)
    return _descend(inner, block[1:], above, inside=True)


def read_body(body: bytes, content_type: str, options: Options) -> Envelope:
    """One answer. Raises SourceFault."""
    blocks = blocks_of(options)
    sums = {name: shapes.path_of(value) for name, value in options.table("sums").values.items()}
    reply = seoul_answers.take_apart(bodies.document(body, content_type), lists=("CITYDATA", "row"))
    if not seoul_answers.judge(reply, body):
        return EMPTY
    places = reply.rows
    if not places and isinstance(reply.root, dict):
        root = next(
            (unwrapped(name, value) for name, value in reply.root.items() if "citydata" in name.lower()),
            reply.root,
        )
        places = root if isinstance(root, list) else [root]
    if not all(isinstance(place, dict) for place in places):
        raise bodies.malformed("a place that is no object", body)
    return Envelope(rows=[row for place in places for row in rows_of(place, blocks, sums)])


class SeoulCitydataKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Place by place."""
        places = Options.of(declaration).texts("places")
        if places and "each" not in declaration.options:
            declaration = replace(
                declaration, options={**declaration.options, "each": {"place": list(places)}}
            )
        options = Options.of(declaration)
        if "each" not in options and "arguments" not in options:
            raise SourceFault("configuration", "options.places is missing")
        asked = Options({"service": "citydata", "arguments": ["{place}"], **declaration.options})

        def address(values: Values) -> str:
            return Ranges(size=5).address(path(declaration, asked, values), 0)

        def read(body: bytes, content_type: str) -> Envelope:
            return read_body(body, content_type, options)

        yield from ask(declaration, cursor, fetch, Call(address=address, read=read))

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One answer alone."""
        return Delivery(rows=read_body(body, content_type, Options.of(declaration)).rows)


KIT = SeoulCitydataKit()
