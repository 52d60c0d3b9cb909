"""Whole rows in a wire format: the fields' texts put into a template, a thousand rows in two milliseconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from maru.simulator.outside.cells import Cells, Style, formatted
from maru.simulator.outside.ledger import NINE_HOURS, Indices, Ledger
from maru.simulator.outside.model import Field, System

Template = Callable[[System, tuple[tuple[str, Field], ...]], str]


@lru_cache(maxsize=2048)
def _cells(name: str, style: Style) -> tuple[Cells, ...]:
    from maru.simulator.outside.systems import by_name

    system = by_name()[name]
    return tuple(Cells(system, field, style, salt) for salt, field in enumerate(system.fields, 11))


def columns(ledger: Ledger, indices: Indices, style: Style) -> list[Sequence[str]]:
    """The texts of every field, garbage put in where a record is bad."""
    if not len(indices):
        return [[] for _one in ledger.system.fields]
    times = ledger.times(indices)
    found: list[Sequence[str]] = [one.texts(indices, times) for one in _cells(ledger.system.name, style)]
    bad = ledger.bad(indices)
    if bad is not None:
        spoil(ledger.system, found, indices, np.flatnonzero(bad).tolist(), style)
    return found


def spoil(
    system: System, found: list[Sequence[str]], indices: Indices, where: list[int], style: Style
) -> None:
    """Put a text that cannot be read where the record's time stands, with a word by which the record can be found again."""
    column = next(index for index, one in enumerate(system.fields) if one.column == system.time)
    spoiled = list(found[column])
    quote = '"' if style in ("quoted", "json") else ""
    for one in where:
        spoiled[one] = f"{quote}{bad_word(system.name, int(indices[one]))}{quote}"
    found[column] = spoiled


def bad_word(name: str, index: int) -> str:
    """The word in a bad record."""
    return f"#bad-{name}-{index}#"


def names(ledger: Ledger) -> tuple[tuple[str, Field], ...]:
    """The names that the fields have on the wire now."""
    renamed = ledger.faults.renamed
    system = ledger.system
    keys = {*system.key, system.time}
    free = [one for one in system.fields if one.column not in keys]
    victim = free[0].column if free else ""
    return tuple(
        (f"{system.wire(one)}_NEW" if renamed and one.column == victim else system.wire(one), one)
        for one in system.fields
    )


def rows(ledger: Ledger, first: int, end: int, style: Style, template: str) -> list[str]:
    """Rows [first, end) in a template with one ``%s`` for each field."""
    if end <= first:
        return []
    indices = ledger.sources(first, end)
    return list(map(template.__mod__, zip(*columns(ledger, indices, style), strict=True)))


def json_template(fields: Sequence[tuple[str, Field]], *, nested: bool = True) -> str:
    """An object; dotted names become objects inside when ``nested``."""
    tree: dict[str, object] = {}
    for name, _field in fields:
        parts = name.split(".") if nested and not name.startswith("@") else [name]
        branch = tree
        for part in parts[:-1]:
            branch = branch.setdefault(part, {})  # type: ignore[assignment]
        branch[parts[-1]] = "\0"
    return (
        json.dumps(tree, ensure_ascii=False, separators=(",", ":"))
        .replace("%", "%%")
        .replace('"\\u0000"', "%s")
    )


def reordered(fields: Sequence[tuple[str, Field]]) -> bool:
    """Whether nesting would change the order in which the fields stand."""
    heads: list[str] = []
    for name, _field in fields:
        head = name.split(".")[0]
        if head in heads and heads[-1] != head:
            return True
        heads.append(head)
    return False


def xml_template(fields: Sequence[tuple[str, Field]], tag: str, prefix: str = "") -> str:
    """An element with one element a field."""
    inner = "".join(f"<{prefix}{name}>%s</{prefix}{name}>" for name, _field in fields)
    return f"<{prefix}{tag}>{inner}</{prefix}{tag}>"


_CANONICAL = {
    "%Y%m%d": "D",
    "%Y-%m-%d": "D",
    "%Y.%m.%d": "D",
    "%Y-%m-01": "M",
    "%Y-%m-%d 00:00:00.0": "D",
    "%Y%m%d%H": "h",
    "24": "h",
    "%Y%m%d%H%M": "m",
    "%Y-%m-%d %H:%M": "m",
}


def keys(ledger: Ledger, indices: Indices) -> list[tuple[str, ...]]:
    """The keys of records as the house should understand them: texts; dates as ISO; times as ISO in UTC with milliseconds."""
    system = ledger.system
    times = ledger.times(indices)
    found: list[Sequence[str]] = []
    for column in system.key:
        salt, field = next((salt, one) for salt, one in enumerate(system.fields, 11) if one.column == column)
        if field.make.kind != "at":
            found.append(Cells(system, field, "plain", salt).texts(indices, times))
            continue
        form = field.make.words[0]
        utc = form.endswith("Z") or form == "ms_utc" or system.zone == "UTC"
        local = times - field.make.late_s + (0 if utc else NINE_HOURS)
        unit = _CANONICAL.get(form, "ms" if form in ("ms", "ms_utc", "unix_ms") else "s")
        moments = (
            np.floor(local * 1000)
            .astype("datetime64[ms]")
            .astype(f"datetime64[{unit}]")
            .astype("datetime64[ms]")
        )
        if field.type == "date":
            found.append(np.datetime_as_string(moments, unit="D").tolist())
        else:
            back = moments.astype(np.int64) / 1000 - (0 if utc else NINE_HOURS)
            found.append(formatted(back, "ms_utc", "UTC"))
    return list(zip(*found, strict=True))
