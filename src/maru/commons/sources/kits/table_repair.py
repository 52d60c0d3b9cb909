"""Lines with too many or too few cells: repaired where only one way fits what the columns hold, else given up.

Too many: unquoted separators inside names. Which neighbours belong together is settled by, in this order: the types and
patterns that the declaration names; the shapes of columns whose sound cells all look alike (five digits or "~");
brackets, which a name closes again; and cells that sound lines hold too. Too few: a line break inside a cell, or
separators left out at the end of the line.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from maru.commons.sources.kits.table_types import FREE, Check, kind_of

# More ways than this are never settled by the rules below, and looking at them costs time.
MOST_WAYS = 2_000
MOST_SHAPES = 4
MOST_KNOWN = 200_000
# A column that nobody declared holds numbers if so many different sound cells do and no other.
ENOUGH = 4
MOST_LOOKED_AT = 2_000
NUMERIC = ("", "integer", "number")
_SHAPES = {ord(char): "9" if char.isdigit() else "a" for char in string.digits + string.ascii_letters}
_HANGUL = re.compile(r"[가-힣]")
_THOUSANDS = re.compile(r"\s*-?[1-9]\d{0,2}(?:,\d{3})*\s*")
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("「", "」"))


def shape(cell: str) -> str:
    """A cell with every digit as 9, every Latin letter as a, every Hangul syllable as 가."""
    return _HANGUL.sub("가", cell.strip().translate(_SHAPES))


def _numeric(words: list[str]) -> bool:
    return all(kind_of(word) in NUMERIC for word in words)


NUMBERS = Check(lambda cell: kind_of(cell) in NUMERIC, typed=True)


@dataclass
class Repair:
    """What is known of the columns of one table. ``checks`` by position, None for free text."""

    width: int
    checks: list[Check | None]
    separator: str
    known: list[frozenset[str]] = field(default_factory=list)
    shapes: list[frozenset[str]] = field(default_factory=list)

    def learn(self, table: pa.Table) -> None:
        """Look at the sound lines of the same table."""
        for index in range(self.width):
            check = self.checks[index]
            free = check is None or not check.typed
            values = pc.unique(table.column(index)) if free and table.num_rows else pa.array([])
            words = values.slice(0, MOST_KNOWN).to_pylist()
            if check is None and len(words) >= ENOUGH and _numeric(words[:MOST_LOOKED_AT]):
                self.checks[index], free = NUMBERS, False
            self.known.append(frozenset(words))
            shapes: set[str] = set()
            for word in words:
                shapes.add(shape(word))
                if len(shapes) > MOST_SHAPES:
                    break
            # Few shapes tell something only if there were many different values to have others.
            strict = (
                len(shapes) <= MOST_SHAPES
                and len(words) >= 4 * len(shapes)
                and max(map(len, shapes), default=99) <= 16
            )
            self.shapes.append(frozenset(shapes) if strict and free else frozenset())

    def fits(self, cells: Sequence[str]) -> bool:
        """Every cell may stand where it stands."""
        return all(check is None or check.fits(cell) for check, cell in zip(self.checks, cells, strict=True))

    def shorten(self, cells: list[str]) -> list[str] | None:
        """``cells`` (more than ``width``) with those joined that belong together; None where that is not sure."""
        bare = cells
        while len(bare) > self.width and not bare[-1].strip():
            bare = bare[:-1]
        if not self._has_patterns():
            return self._joined(bare)
        # An empty cell at the end may be a comma too many or a value that is none: the patterns tell.
        if len(bare) == self.width and self.fits(bare):
            return bare
        for count in range(max(len(bare), self.width + 1), len(cells) + 1):
            found = self._joined(cells[:count])
            if found is not None:
                return found
        return None

    def _has_patterns(self) -> bool:
        return any(check is not None and check is not FREE and not check.typed for check in self.checks)

    def _joined(self, cells: list[str]) -> list[str] | None:
        """``cells`` with those joined that belong together, so that ``width`` are left."""
        if len(cells) == self.width:
            return cells
        if not self._may_shorten(cells):
            return None
        ways: list[list[str]] = []
        for way in self._ways(cells, 0, 0):
            ways.append(way)
            if len(ways) > MOST_WAYS:
                return None
        for better in (self._shaped, self._closed, self._familiar):
            if len(ways) < 2:
                break
            ways = better(ways)
        return ways[0] if len(ways) == 1 else None

    def _free(self) -> list[int]:
        """Columns of text, in which cells may be joined."""
        return [place for place, check in enumerate(self.checks) if check is None or not check.typed]

    def _may_shorten(self, cells: list[str]) -> bool:
        """The cells behind the last column of free text stand where they stand, whatever is joined before it."""
        free = self._free()
        behind = self.width - free[-1] - 1 if free else 0
        if not behind:
            return True
        tail = zip(self.checks[-behind:], cells[-behind:], strict=True)
        return all(check is None or check.fits(cell) for check, cell in tail)

    def _ways(self, cells: list[str], cell: int, column: int) -> Iterator[list[str]]:
        """Every way to give ``cells[cell:]`` to the columns from ``column`` on; only free text takes several."""
        spare = (len(cells) - cell) - (self.width - column)
        if spare == 0:
            rest = cells[cell:]
            checks = self.checks[column:]
            if all(check is None or check.fits(text) for check, text in zip(checks, rest, strict=True)):
                yield rest
            return
        if column == self.width:
            return
        check = self.checks[column]
        for count in range(1, spare + 2):
            text = self.separator.join(cells[cell : cell + count])
            # A typed cell takes no neighbours, but it may be a number with thousands commas and no quotes.
            if check and check.typed and count > 1 and not _THOUSANDS.fullmatch(text):
                break
            if check is None or check.fits(text):
                for rest in self._ways(cells, cell + count, column + 1):
                    yield [text, *rest]

    def _shaped(self, ways: list[list[str]]) -> list[list[str]]:
        strict = [place for place, shapes in enumerate(self.shapes) if shapes]
        return _best(ways, lambda way: sum(shape(way[place]) in self.shapes[place] for place in strict))

    def _closed(self, ways: list[list[str]]) -> list[list[str]]:
        free = self._free()
        return _best(ways, lambda way: sum(_balanced(way[place]) for place in free))

    def _familiar(self, ways: list[list[str]]) -> list[list[str]]:
        free = self._free()
        return _best(ways, lambda way: sum(way[place] in self.known[place] for place in free))

    def lengthen(self, cells: list[str]) -> list[str] | None:
        """``cells`` (fewer than ``width``) with empty ones behind, if they can stand nowhere else; None if they can."""
        missing = self.width - len(cells)
        if missing < 1 or not self.fits(cells + [""] * missing):
            return None
        if not any(
            check and check.typed and cell.strip() for check, cell in zip(self.checks, cells, strict=False)
        ):
            return None  # nothing says that the cells stand where they should
        for place in range(len(cells)):
            if self.fits(cells[:place] + [""] * missing + cells[place:]):
                return None
        return cells + [""] * missing


def _best(ways: list[list[str]], score: Callable[[list[str]], int]) -> list[list[str]]:
    scores = [score(way) for way in ways]
    return [way for way, one in zip(ways, scores, strict=True) if one == max(scores)]


def _balanced(cell: str) -> bool:
    return all(cell.count(left) == cell.count(right) for left, right in _BRACKETS)


def join_broken(
    lines: Iterable[tuple[int, str, list[str]]], repair: Repair
) -> Iterator[tuple[str, list[str] | None, list[str]]]:
    """Short lines that follow each other and give one sound line together: a line break inside a cell without quotes.

    Takes (number, text, cells); yields (text, repaired cells or None, cells).
    """
    waiting: list[tuple[int, str, list[str]]] = []
    for number, text, cells in lines:
        if (
            waiting
            and number == waiting[-1][0] + 1
            and _together(waiting, cells, repair.width) <= repair.width
        ):
            waiting.append((number, text, cells))
        else:
            yield from _alone(waiting)
            waiting = [(number, text, cells)]
        if _together(waiting[:-1], cells, repair.width) == repair.width and len(waiting) > 1:
            joined = waiting[0][2]
            for _, _, more in waiting[1:]:
                joined = [*joined[:-1], joined[-1] + "\n" + more[0], *more[1:]]
            if repair.fits(joined):
                yield "\n".join(text for _, text, _ in waiting), joined, joined
                waiting = []
    yield from _alone(waiting)


def _together(waiting: list[tuple[int, str, list[str]]], cells: list[str], width: int) -> int:
    return sum(len(one) - 1 for _, _, one in waiting) + len(cells)


def _alone(waiting: list[tuple[int, str, list[str]]]) -> Iterator[tuple[str, list[str] | None, list[str]]]:
    for _, text, cells in waiting:
        yield text, None, cells
