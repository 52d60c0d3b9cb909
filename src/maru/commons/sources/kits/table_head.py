"""Where a table begins: report lines above it, no header, one header row or four, and the names that come of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maru.commons.sources.contracts import Declaration, FieldRule
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.table_types import TALLEST, Check, check_of, kind_of, looks_typed
from maru.commons.sources.reading.columns import folded

Rows = Sequence[Sequence[str]]
# Report lines above a header, and rows of one: more was never seen.
DEEPEST = 30


@dataclass(frozen=True)
class Head:
    """Data begin at record ``start``; ``names`` are unique, nameless columns are called ``#1``, ``#2`` …"""

    start: int
    names: tuple[str, ...]
    matched: int
    rows: int = 1  # header rows


@dataclass(frozen=True)
class Wanted:
    """What a declaration says that its tables hold."""

    rules: tuple[FieldRule, ...] = ()
    columns: tuple[str, ...] = ()
    header: int = -1  # rows of header; -1: look
    skip: int = -1  # lines above the header, left out before anybody looks; -1: look
    patterns: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, declaration: Declaration) -> Wanted:
        """From fields and options."""
        options = Options.of(declaration)
        patterns = tuple(_patterns(options))
        return cls(
            declaration.fields,
            options.texts("columns"),
            options.number("header", -1),
            options.number("skip", -1),
            patterns,
        )

    def rule(self, name: str) -> FieldRule | None:
        """The field that an outside name belongs to."""
        sought = folded(name)
        return next((rule for rule in self.rules if any(folded(one) == sought for one in rule.names)), None)

    def checks(self, names: Sequence[str]) -> list[Check | None]:
        """For each column what its cells must look like; None for free text."""
        patterns = {folded(name): re.compile(pattern) for name, pattern in self.patterns}
        return [check_of(self.rule(name), patterns.get(folded(name))) for name in names]


def _patterns(options: Options) -> list[tuple[str, str]]:
    table = options.table("patterns")
    return [(name, table.text(name)) for name in table.values]


def find_head(rows: Rows, wanted: Wanted, width: int) -> Head:
    """Where the header of ``rows`` (the first records of a table whose sound records have ``width`` cells) ends."""
    if wanted.columns:
        return _given(rows, wanted)
    if wanted.skip >= 0 or wanted.header >= 0:
        return _told(rows, wanted, width)
    if wanted.rules:
        found = _by_names(rows, wanted)
        if found.matched:
            return found
    start, tall = guess(rows, width)
    names = unique(combine(rows[start - tall : start], width)) if tall else unique([""] * width)
    return Head(start, names, 0, tall)


def _given(rows: Rows, wanted: Wanted) -> Head:
    """The names are declared; the file may have a header all the same (some months have, some have not)."""
    known = {folded(name) for name in wanted.columns}
    names = unique(wanted.columns)
    for index, row in enumerate(rows[:DEEPEST]):
        hits = sum(1 for cell in row if folded(cell.strip('"')) in known)
        if hits * 2 > len(known):
            return Head(index + 1, names, len(names))
    return Head(0, names, len(names), 0)


def _told(rows: Rows, wanted: Wanted, width: int) -> Head:
    start, tall = 0, wanted.header if wanted.header >= 0 else 1
    if wanted.skip < 0 and tall:
        # The header is said to have so many rows; where it begins is still to be seen.
        found = _by_names(rows, wanted, tall)
        start = found.start - tall if found.matched else max(guess(rows, width)[0] - tall, 0)
    names = unique(combine(rows[start : start + tall], width)) if tall else unique([""] * width)
    return Head(start + tall, names, _matched(names, wanted), tall)


def _by_names(rows: Rows, wanted: Wanted, tall: int = 0) -> Head:
    """The rows whose cells are the most declared names."""
    best = Head(0, (), 0)
    heights = (tall,) if tall else range(1, TALLEST + 1)
    for start in range(min(DEEPEST, len(rows))):
        width = len(rows[start])
        for height in heights:
            if start + height > len(rows):
                break
            names = unique(combine(rows[start : start + height], width))
            matched = _matched(names, wanted)
            if matched > best.matched:
                best = Head(start + height, names, matched, height)
    return best if tall or not best.matched else _with_continuation(rows, wanted, best)


def _matched(names: Sequence[str], wanted: Wanted) -> int:
    there = {folded(name) for name in names}
    return sum(1 for rule in wanted.rules if any(folded(name) in there for name in rule.names))


def _with_continuation(rows: Rows, wanted: Wanted, head: Head) -> Head:
    """A second header row (the English names, the units) below the one that matched.

    Only believed where at least two typed columns hold words there and typed values in the row after: else it is data.
    """
    checks = [check if check and check.typed else None for check in wanted.checks(head.names)]
    start = head.start
    while start + 1 < len(rows) and start - head.start < TALLEST:
        here, after = rows[start], rows[start + 1]
        pairs = [
            (cell, next_, check) for cell, next_, check in zip(here, after, checks, strict=False) if check
        ]
        words = [
            cell
            for cell, _, check in pairs
            if cell.strip() and not check.fits(cell) and not re.search(r"\d", cell)
        ]
        good = [next_ for _, next_, check in pairs if next_.strip() and check.fits(next_)]
        if len(words) < 2 or len(words) != len(pairs) or len(good) < 2:
            break
        start += 1
    return Head(start, head.names, head.matched, head.rows + start - head.start)


def guess(rows: Rows, width: int) -> tuple[int, int]:
    """(record at which data begin, header rows above it) from the cells alone.

    Columns below a header hold one type; above it they do not. The fewest rows to leave out so that the most columns
    are typed are the header and what stands over it.
    """
    # A header without the empty name behind it is a cell shorter than its data.
    shown = [[*row, *[""] * (width - len(row))] for row in rows[: DEEPEST * 2]]
    if not shown:
        return 0, 0
    full = [
        index
        for index, row in enumerate(shown)
        if len(row) >= width and sum(1 for c in row if c.strip()) * 2 > width
    ]
    best, score = 0, -1
    for start in range(min(DEEPEST, max(len(shown) - 1, 1))):
        below = shown[start:]
        typed = [column for column in range(width) if looks_typed([row[column] for row in below])]
        if len(typed) > score and not _holds_data(shown, start - 1, typed):
            best, score = start, len(typed)
    if score == 0 or best == 0:
        words_above = score > 0 and best == 0
        first = full[0] if full else 0
        if words_above and _row_fits(shown, width):
            return 0, 0
        return first + 1, 1
    tall = 0
    while best - tall > 0 and tall < TALLEST and _is_header_row(shown[best - tall - 1], width):
        tall += 1
    return best, max(tall, 1)


def _holds_data(shown: list[list[str]], index: int, typed: list[int]) -> bool:
    """Row ``index`` would be header, but looks like data. The first row may: years and hours are names as well."""
    if index < 1:
        return False
    row = shown[index]
    values = sum(1 for column in typed if column < len(row) and kind_of(row[column]) not in ("", "text"))
    return values * 2 > len(typed)


def _row_fits(shown: list[list[str]], width: int) -> bool:
    """The first row is data: it has typed cells where the rows below have."""
    first = shown[0]
    if len(first) < width or len(shown) < 2:
        return False
    typed = [
        column for column in range(width) if looks_typed([row[column] for row in shown if len(row) >= width])
    ]
    return any(kind_of(first[column]) != "text" and first[column].strip() for column in typed)


def _is_header_row(row: Sequence[str], width: int) -> bool:
    filled = sum(1 for cell in row if cell.strip())
    if width > 1 and len({cell for cell in row if cell.strip()}) < 2:
        return False  # a title that spans all columns
    # One nameless column (a row number) is usual; report lines leave more open.
    return filled * 10 >= width * 8 - 10 and filled >= min(2, width)


def combine(rows: Rows, width: int) -> list[str]:
    """One name for each column from its header cells, top to bottom, each word once. Merged cells above reach right."""
    parts: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        last = ""
        for column in range(width):
            cell = clean(row[column]) if column < len(row) else ""
            if not cell and depth < len(rows) - 1:
                cell = last
            last = cell
            if cell and (not parts[column] or cell not in parts[column]):
                parts[column].append(cell)
    return [" ".join(part) for part in parts]


def clean(name: str) -> str:
    """A header cell without line breaks, runs of blanks and quotes around it."""
    return re.sub(r"\s+", " ", name.replace("\ufeff", "")).strip().strip('"').strip()


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Names with ``_2``, ``_3`` behind repeated ones and ``#1`` for empty ones."""
    seen: dict[str, int] = {}
    result = []
    for place, name in enumerate(names, 1):
        name = name or f"#{place}"
        seen[name] = seen.get(name, 0) + 1
        count = seen[name]
        while count > 1 and f"{name}_{count}" in seen:
            count += 1
        if count > 1:
            seen[f"{name}_{count}"] = 1
        result.append(name if count == 1 else f"{name}_{count}")
    return tuple(result)
