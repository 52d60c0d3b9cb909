"""A required column that is gone while one that nobody knows has come: most likely it was renamed, so it is taken for it, under an alarm.

Only where nothing else can be meant: one declared column missing, and that a required one; one unknown column there; what it holds is
of the declared type and within its limits; and it stands where the missing one stood. Whatever is less sure stays unread, in dead letters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from maru.commons.sources.contracts import Declaration, Drift, FieldRule
from maru.commons.sources.reading.columns import RawColumns

# Share of the rows in which an assumed column must hold a value of the declared type. Some rows may be spoiled.
ENOUGH = 0.75
Share = Callable[[FieldRule, str], float]


def assume(
    declaration: Declaration, raw: RawColumns, names: dict[str, list[str]], drift: Drift, share: Share
) -> tuple[dict[str, list[str]], Drift]:
    """``names`` and ``drift`` with the column that is taken provisionally; both as they are where none is.

    ``share`` tells in how many of the rows (0 to 1) an outside column holds a value that the field can take.
    """
    if len(drift.gone) != 1 or len(drift.new) != 1:
        return names, drift
    (missing,), (come,) = drift.gone, drift.new
    place, rule = next((at, one) for at, one in enumerate(declaration.fields) if one.names[:1] == (missing,))
    left, right = _stands(declaration, raw, names, place, come)
    # Any column is text, so only its place tells; numbers are many; times are few and tell by themselves.
    placed = left and right if rule.type == "text" else left or right or rule.type in ("date", "datetime")
    if not rule.required or not placed or share(rule, come) < ENOUGH:
        return names, drift
    return {**names, rule.name: [come]}, replace(drift, gone=(), new=(), assumed=((missing, come),))


def _stands(
    declaration: Declaration, raw: RawColumns, names: dict[str, list[str]], place: int, come: str
) -> tuple[bool, bool]:
    """Whether the neighbours of the column that came, to the left and to the right, are those of the field at ``place``."""
    fields = {
        outside: at
        for at, rule in enumerate(declaration.fields)
        for outside in names[rule.name][:1]
        if at != place
    }
    here = raw.names.index(come)
    before = next((fields[name] for name in reversed(raw.names[:here]) if name in fields), None)
    behind = next((fields[name] for name in raw.names[here + 1 :] if name in fields), None)
    return (
        before == max((at for at in fields.values() if at < place), default=None),
        behind == min((at for at in fields.values() if at > place), default=None),
    )
