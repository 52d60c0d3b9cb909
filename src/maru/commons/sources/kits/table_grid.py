"""A table out of a grid of cells: sheets of workbooks, and pages of HTML that call themselves one."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lxml.etree
import lxml.html
import orjson

from maru.commons.sources.contracts import DeadRow, SourceFault
from maru.commons.sources.kits import table_workbook
from maru.commons.sources.kits.containers import LARGEST
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.table_head import Wanted, find_head, unique
from maru.commons.sources.kits.table_repair import Repair
from maru.commons.sources.kits.table_text import Parsed, columns_of, dead_line
from maru.commons.sources.reading.texts import plain

HEAD = 80
KEPT = 64 * 1024
_READER = Path(table_workbook.__file__)
# An HTML table may claim cells over thousands of columns, in every row.
MOST_CELLS = 20_000_000
MOST_SPAN = 1_000
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
Grid = list[list[str]]


def workbook_grids(body: bytes, options: Options) -> list[Grid]:
    """The sheets of an .xlsx, .xls or .ods: option ``sheet`` (a name or a number from 1), else the first with data.

    Raises SourceFault: ``malformed`` for what is no workbook or is locked, ``not_found`` for a sheet that is not there.
    """
    with tempfile.TemporaryFile() as given:
        given.write(body)
        given.seek(0)
        child = subprocess.Popen(  # our own file, and the sheet's name as its only word
            [sys.executable, "-I", str(_READER), options.text("sheet")],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    clock = threading.Timer(table_workbook.SECONDS, child.kill)
    clock.start()
    try:
        grid = _told(child, body)
    finally:
        clock.cancel()
        child.kill()
        child.wait()
    return [grid] if grid else []


def _told(child: subprocess.Popen[bytes], body: bytes) -> Grid:
    """What the reader says, row by row. Its death is an answer too: the workbook wanted more than it may have."""
    assert child.stdout is not None
    grid: Grid = []
    size = 0
    with child.stdout as lines:
        head = orjson.loads(lines.readline() or b'{"fault": "too_large", "detail": ""}')
        if head["fault"] == "empty":
            return []
        if head["fault"]:
            detail = head["detail"] or "reading it takes more memory or time than a workbook may have"
            raw = body[:KEPT] if head["fault"] == "malformed" else b""
            raise SourceFault(head["fault"], detail, raw=raw)
        for line in lines:
            size += len(line)
            if size > LARGEST:
                raise SourceFault("too_large", f"more than {LARGEST} bytes of cells")
            grid.append([plain(cell) or "" for cell in orjson.loads(line)])
    if child.wait(table_workbook.SECONDS):
        raise SourceFault("too_large", "reading it takes more memory or time than a workbook may have")
    return grid


def html_grids(body: bytes, options: Options) -> list[Grid]:
    """The tables of a page: option ``table`` (a number from 1), else the one with most cells.

    Raises SourceFault: ``malformed`` for a page without a table: it is an error message, not data.
    """
    root = _page(body)
    grids = [_table(one) for one in root.iter("table")] if root is not None else []
    grids = [grid for grid in grids if len(grid) > 1]
    if not grids:
        raise SourceFault("malformed", f"a page without a table: {_title(root)}"[:300], raw=body[:KEPT])
    number = options.number("table", 0)
    if number:
        if number > len(grids):
            raise SourceFault("not_found", f"the page has {len(grids)} tables, not {number}")
        return [grids[number - 1]]
    return [max(grids, key=lambda grid: sum(map(len, grid)))]


def _page(body: bytes) -> Any:
    text = _decoded(body)
    try:
        return lxml.html.document_fromstring(
            text, parser=lxml.html.HTMLParser(no_network=True, huge_tree=False)
        )
    except (lxml.etree.LxmlError, ValueError) as fault:
        raise SourceFault("malformed", f"not readable as a page: {fault}"[:300], raw=body[:KEPT]) from fault


def _decoded(body: bytes) -> str:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    told = _CHARSET.search(body[:4096])
    for encoding in ("utf-8", told.group(1).decode("ascii") if told else "cp949", "cp949"):
        try:
            return _undeclared(body.decode(encoding.replace("ks_c_5601-1987", "cp949")))
        except (UnicodeDecodeError, LookupError):
            continue
    return _undeclared(body.decode("cp949", "replace"))


def _undeclared(text: str) -> str:
    """Without an XML declaration: lxml refuses text that still names an encoding."""
    return re.sub(r"^\s*\ufeff?\s*<\?xml[^>]*\?>", "", text)


def _title(root: Any) -> str:
    return " ".join(root.text_content().split())[:120] if root is not None else ""


def _table(table: Any) -> Grid:
    """One table with its spans filled in. Tables inside its cells are not its rows."""
    grid: Grid = []
    hanging: dict[int, tuple[int, str]] = {}  # column: (rows left, text)
    count = 0
    for row in table.iter("tr", "row"):
        if next(row.iterancestors("table"), None) is not table:
            continue
        cells: list[str] = []
        for cell in row:
            if cell.tag not in ("td", "th", "cell"):
                continue
            _take_hanging(hanging, cells)
            text = _text(cell)
            # Excel's own XML of 2003 leaves empty cells out and says where the next one stands.
            cells += [""] * (_span(cell, "ss:index") - 1 - len(cells))
            merged = _span(cell, "ss:mergeacross") if "ss:mergeacross" in cell.attrib else 0
            for _ in range(_span(cell, "colspan") + merged):
                if _span(cell, "rowspan") > 1:
                    hanging[len(cells)] = (_span(cell, "rowspan") - 1, text)
                cells.append(text)
            if len(cells) > MOST_CELLS // 10:
                raise SourceFault("too_large", f"a row of more than {MOST_CELLS // 10} cells")
        _take_hanging(hanging, cells)
        grid.append(cells)
        count += len(cells)
        if count > MOST_CELLS:
            raise SourceFault("too_large", f"a table of more than {MOST_CELLS} cells")
    return grid


def _take_hanging(hanging: dict[int, tuple[int, str]], cells: list[str]) -> None:
    while len(cells) in hanging:
        left, text = hanging.pop(len(cells))
        if left > 1:
            hanging[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: Any, name: str) -> int:
    told = cell.get(name, "1").strip()
    return min(max(int(told), 1), MOST_SPAN) if told.isascii() and told.isdigit() else 1


def _text(cell: Any) -> str:
    lines = "".join(_pieces(cell)).replace("\xa0", " ").split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _pieces(cell: Any) -> Iterator[str]:
    for event, element in lxml.etree.iterwalk(cell, events=("start", "end")):
        if event == "start" and isinstance(element.tag, str):
            if element.tag == "br":
                yield "\n"
            if element.text and element.tag not in ("script", "style"):
                yield element.text.replace("\n", " ")
        elif event == "end" and element is not cell and element.tail:
            yield element.tail.replace("\n", " ")


def read_grid(grid: Grid, wanted: Wanted) -> Parsed:
    """The table in a grid; blank rows and columns without any cell are paper."""
    rows = [row for row in grid[max(wanted.skip, 0) :] if any(cell.strip() for cell in row)]
    width = _width(rows)
    head = find_head(rows[:HEAD], wanted, width)
    names = list(head.names)[:width] if not any(head.names[width:]) else list(head.names)
    while (
        len(names) > 1
        and names[-1].startswith("#")
        and not any(len(row) >= len(names) and row[len(names) - 1].strip() for row in rows)
    ):
        names.pop()
    extra = max((_filled(row) for row in rows[head.start :]), default=0) - len(names)
    names += [""] * max(extra, 0)
    head = replace(head, names=unique([name if not name.startswith("#") else "" for name in names]))
    repair = Repair(len(head.names), wanted.checks(head.names), "\t")
    good: Grid = []
    dead: list[DeadRow] = []
    for row in rows[head.start :]:
        cells = row + [""] * (repair.width - len(row)) if len(row) < repair.width else row[: repair.width]
        if len(row) <= repair.width or not any(cell.strip() for cell in row[repair.width :]):
            good.append(cells)
        else:
            dead.append(dead_line("\t".join(row), row, repair.width))
    return Parsed(columns_of(good, head.names), dead, head)


def _filled(row: Sequence[str]) -> int:
    return next((place for place in range(len(row), 0, -1) if row[place - 1].strip()), 0)


def _width(rows: Grid) -> int:
    """The number of cells that most rows fill."""
    widths = [_filled(row) for row in rows[:HEAD]]
    return max(set(widths), key=lambda width: (widths.count(width), width)) if widths else 1
