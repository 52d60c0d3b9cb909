"""What all figures share: a plain table, percentiles, CPU time of processes, the closing JSON line."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Cell = str | int | float | None


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.3f}" if abs(cell) < 10 else f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


def table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print aligned columns; numbers to the right."""
    body = [list(row) for row in rows]
    shown = [[_shown(cell) for cell in row] for row in body]
    widths = [max([len(head), *(len(row[i]) for row in shown)]) for i, head in enumerate(heads)]
    print("  ".join(head.ljust(width) for head, width in zip(heads, widths, strict=True)).rstrip())
    print("  ".join("-" * width for width in widths))
    for cells, texts in zip(body, shown, strict=True):
        line = [
            text.rjust(width) if isinstance(cell, int | float) else text.ljust(width)
            for cell, text, width in zip(cells, texts, widths, strict=True)
        ]
        print("  ".join(line).rstrip())


def finish(name: str, passed: bool | None, figures: dict[str, Any]) -> int:
    """Print the last line, one JSON object, and return the exit status (1 if a target was missed)."""
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }
    print(
        json.dumps({"bench": name, "passed": passed, **figures, "machine": machine}, default=str), flush=True
    )
    return 0 if passed is not False else 1


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least ``share`` (0..1) of the values do not exceed; nan for none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def cpu_seconds(pid: int, *, children: bool = False) -> float:
    """User and system seconds a process has used so far; ``children`` adds those it has waited for. 0 if gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    ticks = int(fields[11]) + int(fields[12])
    if children:
        ticks += int(fields[13]) + int(fields[14])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Memory of a process in MB (10^6 bytes); 0 if it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
