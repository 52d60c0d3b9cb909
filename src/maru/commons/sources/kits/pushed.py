"""Bodies that the outside sends by itself, in whatever form: option ``body_kind`` names the kit that reads them (json).

A form (``application/x-www-form-urlencoded``) is one row; a JSON value alone is a row with the column ``value``.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

import orjson
import pyarrow as pa

from maru.commons.sources.contracts import Declaration, Delivery, SourceFault
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.registry import kit

FORM = "application/x-www-form-urlencoded"
_SCALARS = (str, int, float, bool)
_NOT_BODIES = ("mqtt", "webhook", "folder", "sql")


def body_kind(declaration: Declaration, default: str) -> str:
    """The kit of the bodies. Raises SourceFault(configuration) for one that has none."""
    kind = Options.of(declaration).text("body_kind", default)
    if kind in _NOT_BODIES:
        raise SourceFault("configuration", f"options.body_kind cannot be {kind}")
    return kind


def parse_pushed(declaration: Declaration, body: bytes, content_type: str) -> Delivery:
    """Read one pushed body."""
    kind = body_kind(declaration, "json")
    if content_type.partition(";")[0].strip().lower() == FORM:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=1_000)
        return Delivery([dict(pairs)] if pairs else [])
    if kind == "json" and (alone := _alone(body)) is not None:
        return Delivery([{"value": alone}])
    return kit(kind).parse(declaration, body, content_type)


def _alone(body: bytes) -> str | int | float | None:
    """A JSON value that is neither object nor list; None for everything else."""
    if body.lstrip()[:1] in (b"{", b"[", b""):
        return None
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, _SCALARS) else None


def with_columns(delivery: Delivery, columns: Mapping[str, str]) -> Delivery:
    """Every row with ``columns`` added; what the row says itself counts more."""
    if not columns:
        return delivery
    rows = delivery.rows.to_pylist() if isinstance(delivery.rows, pa.Table) else delivery.rows
    return Delivery(
        [{**columns, **row} for row in rows],
        delivery.cursor,
        delivery.dead,
        delivery.complete,
        delivery.total,
    )
