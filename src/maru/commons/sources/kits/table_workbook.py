"""Reads one workbook in a process of its own, by ``python -I table_workbook.py SHEET < workbook``.

A workbook of 700 bytes may claim a cell in its last corner, and its reader then asks for the memory of 17 thousand million
cells and aborts. Here only this child dies. It knows nothing of the house and writes lines of JSON: first
``{"fault", "detail"}`` (fault "" if all is well), then the rows as they come, each a list of texts.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import resource
import sys
from typing import Any

MEMORY = 2 * 1024**3  # of addresses, the interpreter's own included
SECONDS = 120
# A workbook may claim a million empty rows.
MOST_CELLS = 60_000_000


def main() -> int:
    """Read, write, end."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    import python_calamine

    try:
        with python_calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read())) as book:
            return _written(book, sys.argv[1] if len(sys.argv) > 1 else "")
    except (python_calamine.CalamineError, OSError, ValueError) as fault:
        return _say("malformed", f"not a readable workbook: {fault}")


def _written(book: Any, wanted: str) -> int:
    names = book.sheet_names
    if wanted in names:
        return _rows(book.get_sheet_by_name(wanted), fewest=0)
    if wanted:
        if wanted.isdigit() and 1 <= int(wanted) <= len(names):
            return _rows(book.get_sheet_by_index(int(wanted) - 1), fewest=0)
        return _say("not_found", f"the workbook has no sheet {wanted!r}, but: {', '.join(names)}")
    for name in names:
        sheet = book.get_sheet_by_name(name)
        if sheet.height > 1:
            return _rows(sheet, fewest=2)
    return _say("empty", "the workbook has no sheet with data")


def _rows(sheet: Any, *, fewest: int) -> int:
    if sheet.width * sheet.height > MOST_CELLS:
        return _say("too_large", f"{sheet.height} rows of {sheet.width} cells")
    _say("", "")
    for row in sheet.iter_rows():
        sys.stdout.write(json.dumps([_cell(cell) for cell in row], ensure_ascii=False))
        sys.stdout.write("\n")
    return 0


def _cell(cell: Any) -> Any:
    """Texts and numbers as they are; days and times as text: the parent writes numbers its own way."""
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, float) and not math.isfinite(cell):
        return None if cell != cell else repr(cell)
    if cell is None or isinstance(cell, str | int | float):
        return cell
    return str(cell)


def _say(fault: str, detail: str) -> int:
    sys.stdout.write(json.dumps({"fault": fault, "detail": detail[:300]}) + "\n")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]  # it is a text stream
    sys.exit(main())
