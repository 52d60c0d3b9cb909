"""Row groups of files in SQL. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence

from maru.services.opendata.engine.cube import Group


def number_sql(groups: Sequence[Group], start: int, stop: int) -> str:
    """SQL that tells the group of a row. Groups of one size but the last, as they are written, need only a division."""
    size = groups[start].rows
    if all(one.rows == size for one in groups[start:stop]) and groups[stop].rows <= size:
        return f"{start} + (file_row_number - {groups[start].first}) // {size}"
    cases = " ".join(
        f"WHEN file_row_number < {groups[at].first + groups[at].rows} THEN {at}"
        for at in range(start, stop + 1)
    )
    return f"CASE {cases} END"


def runs(groups: Sequence[Group], wanted: Sequence[int]) -> list[tuple[int, int]]:
    """The first and the last wanted group of each file: what lies between holds no row that fits, and DuckDB skips it by its limits
    faster than it opens the file again."""
    found: list[tuple[int, int]] = []
    for at in wanted:
        if found and groups[at].path == groups[found[-1][0]].path:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found
