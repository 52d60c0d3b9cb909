"""A writer for the tests: appends numbered deliveries and says on its standard output which were accepted.

``python -m maru.platform.ports.lake.tests.writer FOLDER FIRST COUNT`` writes deliveries of ROWS readings each."""

from __future__ import annotations

import sys
from pathlib import Path

from maru.platform.ports.lake.store import FileLake
from maru.platform.ports.lake.tests.tables import READINGS, readings

ROWS = 20


def main(folder: Path, first: int, count: int) -> None:
    """Append, and compact now and then."""
    lake = FileLake(folder)
    lake.ensure(READINGS)
    for number in range(first, first + count):
        lake.append("readings", readings(range(number * ROWS, (number + 1) * ROWS)), delivery=str(number))
        print(number, flush=True)
        if number % 7 == 6:
            lake.compact("readings")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
