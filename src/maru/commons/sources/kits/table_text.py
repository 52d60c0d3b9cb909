"""A table out of text: Arrow's reader for the lines that are sound, care for those that are not."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from maru.commons.sources.contracts import DeadRow
from maru.commons.sources.kits.table_head import DEEPEST, Head, Wanted, find_head, unique
from maru.commons.sources.kits.table_lines import (
    HEAD,
    SEPARATORS,
    Line,
    cells_of,
    find_separator,
    group,
    literal,
    sort_lines,
)
from maru.commons.sources.kits.table_repair import Repair, join_broken
from maru.commons.sources.kits.table_types import FREE, Check
from maru.commons.sources.reading import reasons
from maru.commons.sources.reading.columns import folded

KEPT = 64 * 1024
_BLOCK = 4 * 1024 * 1024


@dataclass(frozen=True)
class Layout:
    """How a text is laid out. ``data`` begins after the header; ``line`` is the first physical line of it."""

    separator: str
    head: Head
    line: int
    shown: tuple[tuple[str, ...], ...]  # the first records below the header


@dataclass(frozen=True)
class Parsed:
    """All columns as text under their outside names, what could not be read, and the names' origin."""

    table: pa.Table
    dead: list[DeadRow]
    head: Head


def lay_out(data: bytes, wanted: Wanted, separator: str = "") -> Layout:
    """Look at the first lines of ``data`` (UTF-8, ``\\n``)."""
    lines = data[: 2 * 1024 * 1024].decode("utf-8", "replace").split("\n", HEAD)[:HEAD]
    separator = separator or _separator(lines, wanted)
    separator, width = find_separator(lines, (separator,) if separator else SEPARATORS)
    records = [one for one in group(lines, separator, width) if any(cell.strip() for cell in one.cells)]
    records = [one for one in records if one.start >= wanted.skip]
    records = [_spaced(one, width) for one in records]
    head = find_head([one.cells for one in records], wanted, width)
    below = records[head.start :]
    line = below[0].start if below else (records[-1].end if records else 0)
    shown = tuple(tuple(one.cells) for one in below)
    return Layout(separator, _fitted(head, shown, width, wanted), line, shown)


def _separator(lines: list[str], wanted: Wanted) -> str:
    """The separator that brings out the most declared names, or as many cells as columns are declared; "" if none does."""
    known = {folded(name) for rule in wanted.rules for name in rule.names} | {
        folded(name) for name in wanted.columns
    }
    hits = {
        separator: max(
            sum(folded(cell.strip('"')) in known for cell in cells_of(line, separator))
            for line in lines[:DEEPEST]
        )
        for separator in (SEPARATORS if known else ())
    }
    if hits and max(hits.values()) > 1:
        return max(hits, key=lambda separator: hits[separator])
    fitting = [
        one
        for one in SEPARATORS
        if wanted.columns and find_separator(lines, (one,))[1] == len(wanted.columns)
    ]
    return fitting[0] if len(fitting) == 1 else ""


def _spaced(line: Line, width: int) -> Line:
    """A header whose names stand apart by blanks above data that stand apart by tabs."""
    words = line.cells[0].split() if len(line.cells) == 1 else []
    return replace(line, cells=words) if width > 2 and len(words) == width else line


def _fitted(head: Head, shown: Sequence[Sequence[str]], width: int, wanted: Wanted) -> Head:
    """The header's names for lines of ``width`` cells: names for cells that have none, none for cells that are not."""
    names = list(head.names)
    if shown:
        widths = sorted(len(row) for row in shown)
        width = max(set(widths), key=widths.count)
    while len(names) > width and names[-1].startswith("#"):
        names.pop()
    extra = width - len(names)
    if extra > 0:
        if _has_index(names, shown, width, wanted):
            names = [""] * extra + names  # a row number that the header forgot
        elif _has_nameless(names, shown, width, wanted):
            names += [""] * extra
        names = list(unique([name if not name.startswith("#") else "" for name in names]))
    return replace(head, names=tuple(names))


def _has_index(names: list[str], shown: Sequence[Sequence[str]], width: int, wanted: Wanted) -> bool:
    """The first cell of each line is a row number without a name, and not a named number in lines that end with a comma."""
    if not _is_numbered(shown, width):
        return False
    rows = [row for row in shown if len(row) == width]
    extra = width - len(names)
    checks = wanted.checks(unique(names))
    there, here = _fitting(rows, checks, extra), _fitting(rows, checks, 0)
    if sum(there) != sum(here):
        return sum(there) > sum(here)
    return all(there) and any(cell.strip() for row in rows for cell in row[len(names) :])


def _fitting(rows: Sequence[Sequence[str]], checks: Sequence[Check | None], place: int) -> list[bool]:
    """Whether each filled cell fits the check of its column if the first column begins at ``place``."""
    return [
        check.fits(cell)
        for row in rows
        for cell, check in zip(row[place:], checks, strict=False)
        if check and check is not FREE and cell.strip()
    ]


def _is_numbered(shown: Sequence[Sequence[str]], width: int) -> bool:
    first = [row[0].strip() for row in shown if len(row) == width]
    numbers = [int(one) for one in first if one.isascii() and one.isdigit() and len(one) < 10]
    return (
        len(numbers) == len(first) > 1
        and all(b - a == 1 for a, b in itertools.pairwise(numbers))
        and numbers[0] < 2
    )


def _has_nameless(names: list[str], shown: Sequence[Sequence[str]], width: int, wanted: Wanted) -> bool:
    """The cells behind the last name are a column of their own, not the rest of a name with a comma."""
    rows = [row for row in shown if len(row) == width]
    patterned = [
        check.fits(cell)
        for row in rows
        for cell, check in zip(row, wanted.checks(unique(names)), strict=False)
        if check and check is not FREE and not check.typed
    ]
    # What a person says of a column counts before any guess: lines that end empty may hold a comma inside a name.
    if patterned and not all(patterned):
        return False
    if sum(1 for row in rows if not any(cell.strip() for cell in row[len(names) :])) * 2 > len(rows):
        return True
    if not wanted.rules:
        return True
    checks = wanted.checks(unique(names))
    pairs = [
        (cell, check)
        for row in rows
        for cell, check in zip(row, checks, strict=False)
        if check and check.typed
    ]
    return len(rows) > 2 and bool(pairs) and all(check.fits(cell) for cell, check in pairs)


def read_text_table(data: bytes, wanted: Wanted, separator: str = "") -> Parsed:
    """The table in ``data`` (UTF-8, ``\\n`` line ends). Every record is a row of the table or a dead one."""
    layout = lay_out(data, wanted, separator)
    names = layout.head.names
    reader = Reader(layout.separator, names, wanted.checks(names))
    return Parsed(*reader.read(_after(data, layout.line)), layout.head)


def _after(data: bytes, line: int) -> bytes:
    place = 0
    for _ in range(line):
        found = data.find(b"\n", place)
        if found < 0:
            return b""
        place = found + 1
    return data[place:] if place else data


@dataclass
class Reader:
    """Reads data lines whose columns are known."""

    separator: str
    names: tuple[str, ...]
    checks: list[Check | None]
    crooked: list[tuple[int, str]] = field(default_factory=list)

    def read(self, data: bytes) -> tuple[pa.Table, list[DeadRow]]:
        """(table, dead rows)."""
        width = len(self.names)
        sorted_ = sort_lines(data, self.separator, width)
        table = self._fast(sorted_.clean)
        good: list[list[str]] = []
        dead: list[DeadRow] = []
        odd = [
            (-2 * place, self.separator.join(line.cells), line.cells)
            for place, line in enumerate(sorted_.odd)
        ]
        crooked = [(number, text, self._cells(text)) for number, text in self.crooked]
        if odd or crooked:
            repair = Repair(width, self.checks, self.separator)
            repair.learn(table)
            unfinished = crooked[-1][1] if crooked and not data.endswith(b"\n") else None
            for text, repaired, cells in join_broken([*odd, *crooked], repair):
                row = repaired or self._repaired(
                    cells, repair, last=text is unfinished and data.endswith(text.encode())
                )
                if row is not None:
                    good.append(row)
                elif any(cell.strip() for cell in cells):
                    dead.append(dead_line(text, cells, width))
        if good:
            table = pa.concat_tables([table, columns_of(good, self.names)])
        return _without_blank(table), dead

    def _cells(self, text: str) -> list[str]:
        return cells_of(text, self.separator) if text.count('"') % 2 == 0 else literal(text, self.separator)

    def _repaired(self, cells: list[str], repair: Repair, *, last: bool) -> list[str] | None:
        if len(cells) == repair.width:
            return cells
        if len(cells) > repair.width:
            return repair.shorten(cells)
        # The last line of a file that ends in the middle may have lost half a value: nothing may be added to it.
        return None if last else repair.lengthen(cells)

    def _fast(self, data: bytes) -> pa.Table:
        if not data.strip(b"\n"):
            return columns_of([], self.names)
        width = len(self.names)
        # Columns go by position: outside names may repeat or be anything.
        positions = [str(place) for place in range(width)]
        try:
            table = pacsv.read_csv(
                pa.py_buffer(data),
                read_options=pacsv.ReadOptions(column_names=positions, use_threads=False, block_size=_BLOCK),
                parse_options=pacsv.ParseOptions(
                    delimiter=self.separator, quote_char='"', double_quote=True, invalid_row_handler=self._set_aside
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(positions, pa.string()), null_values=[], strings_can_be_null=False,
                    check_utf8=False,
                ),
            )  # fmt: skip
        except pa.ArrowInvalid:
            # A line longer than a block, or something else that the fast reader does not take.
            self.crooked.clear()
            return self._slow(data)
        return table.rename_columns(list(self.names))

    def _set_aside(self, row: pacsv.InvalidRow) -> str:
        self.crooked.append((len(self.crooked) * 2 if row.number is None else row.number, row.text))
        return "skip"

    def _slow(self, data: bytes) -> pa.Table:
        width = len(self.names)
        good: list[list[str]] = []
        for number, text in enumerate(data.decode("utf-8", "replace").split("\n")):
            if not text.strip():
                continue
            cells = self._cells(text)
            if len(cells) == width:
                good.append(cells)
            else:
                self.crooked.append((number, text))
        return columns_of(good, self.names)


def columns_of(rows: Sequence[Sequence[str]], names: Sequence[str]) -> pa.Table:
    """Rows of equal width as columns of text."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], names=list(names))


def dead_line(text: str, cells: Sequence[str], width: int) -> DeadRow:
    """A line that could not be repaired."""
    reason = reasons.TOO_MANY_FIELDS if len(cells) > width else reasons.TOO_FEW_FIELDS
    return DeadRow(text.encode("utf-8", "replace")[:KEPT], reason)


def _without_blank(table: pa.Table) -> pa.Table:
    """Without rows in which nothing stands at all: they are paper, not records."""
    if not table.num_rows:
        return table
    # Most tables have a column without a single empty cell, and then no row is blank.
    blank = None
    for column in table.columns:
        empty = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0)
        if not pc.any(empty).as_py():
            return table
        blank = empty if blank is None else pc.and_(blank, empty)
    return table if blank is None else table.filter(pc.invert(blank))
