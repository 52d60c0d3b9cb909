"""Compares what the outside world delivered with what the house keeps, record by record.

The world lists the key of every good record that it ever sent to the end (or that was acknowledged), and a word of every bad
one. What cannot be compared is counted apart: a system that shows only the present moves on. If the collector is killed
between the end of an answer and the lake, and the window has moved on when it asks again, that record was sent but never
accepted, and nobody can be asked for it. Only records all of whose answers ended close to a kill are let off so.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import httpx

from maru.platform.ports.lake.contracts import LakeFault, TableSpec
from maru.platform.ports.lake.sql import quoted, reading
from maru.platform.ports.lake.store import FileLake
from maru.simulator.outside.server import GARBAGE
from maru.simulator.outside.systems import systems

BEFORE_S, AFTER_S = 10.0, 6.0  # an answer that ended so close to a kill may have been lost with the collector
_PAGE = 10_000
_GLUE = "\x1f"
_WORD = re.compile(rb"#bad-[a-z0-9_]+-[0-9]+#")
_FAULTS = ("missing", "twice", "unknown", "letters_missing", "no_reason")


@dataclass
class Sent:
    """What one system sent: record number by key, word by record number, and when (where it shows only the present)."""

    keys: dict[str, int] = field(default_factory=dict)
    bad: dict[int, str] = field(default_factory=dict)
    answers: list[tuple[float, int, int]] = field(default_factory=list)
    trash: list[tuple[float, int]] = field(default_factory=list)


@dataclass
class Verdict:
    """One system. ``missing`` and the like hold examples of what is wrong; ``let_off`` counts what a kill cut off."""

    name: str
    kit: str
    sent: int = 0
    kept: int = 0
    versions: int = 0
    bad: int = 0
    trash: int = 0
    missing: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    letters_missing: list[str] = field(default_factory=list)
    no_reason: list[str] = field(default_factory=list)
    let_off: int = 0
    let_off_bad: int = 0

    @property
    def sound(self) -> bool:
        """Nothing is wrong."""
        return not any(getattr(self, one) for one in _FAULTS)

    def faults(self) -> list[tuple[str, int, str]]:
        """(what, how many, an example)."""
        found = [(one, getattr(self, one)) for one in _FAULTS]
        return [(what, len(ones), ones[0].replace(_GLUE, " | ")) for what, ones in found if ones]


def sent_by(client: httpx.Client, name: str) -> Sent:
    """Everything that a system ever sent."""
    sent, offset = Sent(), 0
    while True:
        page: dict[str, Any] = client.get(
            f"/control/delivered/{name}", params={"from": offset, "limit": _PAGE}
        ).json()
        keys = (_GLUE.join(key) for key in page["keys"])
        sent.keys.update(zip(keys, page["records"], strict=True))
        sent.bad.update(zip(page["bad_records"], page["bad_words"], strict=True))
        sent.answers += [tuple(one) for one in page["answers"]]
        sent.trash += [tuple(one) for one in page["trash"]]
        if page["next"] is None:
            return sent
        offset = page["next"]


class Judge:
    """Compares system by system. ``kills`` are the moments at which the collector was killed."""

    def __init__(self, outside: str, home: Path, kills: Sequence[float]) -> None:
        self.outside, self.home, self.kills = outside, home, kills
        self.lake = FileLake(home / "lake")

    def judge(self, names: Iterable[str] | None = None) -> dict[str, Verdict]:
        """Verdicts on these systems, or on all."""
        wanted = None if names is None else set(names)
        found: dict[str, Verdict] = {}
        with httpx.Client(base_url=self.outside, timeout=60) as client:
            for system in systems():
                if wanted is None or system.name in wanted:
                    sent = sent_by(client, system.name)
                    found[system.name] = self._one(Verdict(system.name, system.kit), sent, system.key)
        return found

    def _one(self, verdict: Verdict, sent: Sent, key: Sequence[str]) -> Verdict:
        kept = self._kept(verdict, key)
        verdict.sent, verdict.bad, verdict.trash = len(sent.keys), len(sent.bad), len(sent.trash)
        verdict.kept = len(kept)
        for one, record in sent.keys.items():
            if one in kept:
                continue
            if self._cut_off(sent, record):
                verdict.let_off += 1
            else:
                verdict.missing.append(one)
        verdict.unknown = sorted(kept - sent.keys.keys())
        self._letters(verdict, sent)
        return verdict

    def _kept(self, verdict: Verdict, key: Sequence[str]) -> set[str]:
        """Keys of all records in the lake; fills in what is there twice."""
        try:
            snapshot = self.lake.snapshot(verdict.name)
        except LakeFault:
            return set()
        spec = snapshot.spec
        if not snapshot.files:
            return set()
        shown = f" || '{_GLUE}' || ".join(_shown(spec, column) for column in key)
        with duckdb.connect(config={"threads": 1, "memory_limit": "512MB"}) as made:
            made.execute("SET TimeZone = 'UTC'")
            rows = reading(spec, snapshot.files, ["_key", "_sum", "_order", "_gone"])
            made.execute(
                f"CREATE TABLE versions AS SELECT {shown} AS shown, _key, _sum, _order, _gone FROM ({rows})"
            )
            verdict.versions = _number(made, "SELECT count(*) FROM versions WHERE NOT _gone")
            # The same version twice; two identities of one key; two present versions of one record.
            again = made.execute(
                "SELECT shown FROM (SELECT shown, _gone, _sum = lag(_sum) OVER own AND _gone = lag(_gone) OVER own AS same FROM versions"
                " WINDOW own AS (PARTITION BY _key ORDER BY _order)) WHERE same AND NOT _gone"
                " UNION ALL SELECT shown FROM versions WHERE NOT _gone GROUP BY shown HAVING count(DISTINCT _key) > 1"
            ).fetchall()
            now = f"SELECT {shown} AS shown, _key FROM {self.lake.current_sql(snapshot)}"
            again += made.execute(
                f"SELECT any_value(shown) FROM ({now}) GROUP BY _key HAVING count(*) > 1"
            ).fetchall()
            verdict.twice = sorted({str(one) for (one,) in again})
            kept = made.execute("SELECT DISTINCT shown FROM versions WHERE NOT _gone").fetchall()
        return {str(one) for (one,) in kept}

    def _letters(self, verdict: Verdict, sent: Sent) -> None:
        """Bad records must stand in a letter with their bytes; so must answers that were none."""
        if not sent.bad and not sent.trash:
            return
        letters = self._letters_of(verdict.name)
        verdict.no_reason = [raw[:80].decode("utf-8", "replace") for raw, reason in letters if not reason]
        words = {word for raw, _reason in letters for word in _WORD.findall(raw)}
        for record, word in sent.bad.items():
            if word.encode() in words:
                continue
            if self._cut_off(sent, record):
                verdict.let_off_bad += 1
            else:
                verdict.letters_missing.append(word)
        whole = {raw for raw, _reason in letters}
        for which, body in enumerate(GARBAGE):
            given = [at for at, one in sent.trash if one == which]
            if not given or body in whole:
                continue
            if all(self._near_kill(at) for at in given):
                verdict.let_off_bad += 1
            else:
                verdict.letters_missing.append(f"answer {body[:40]!r} ({len(given)} times)")

    def _letters_of(self, name: str) -> list[tuple[bytes, str]]:
        database = sqlite3.connect(f"file:{self.home / 'db.sqlite3'}?mode=ro", uri=True, timeout=30)
        try:
            rows = database.execute(
                "SELECT raw, reason FROM sources_deadletter WHERE source_id = ?", (name,)
            ).fetchall()
        finally:
            database.close()
        return [(bytes(raw), str(reason)) for raw, reason in rows]

    def _cut_off(self, sent: Sent, record: int) -> bool:
        """Whether every answer that can have held this record ended near a kill."""
        times = [at for at, first, end in sent.answers if first <= record + 1 and record < end]
        return bool(times) and all(map(self._near_kill, times))

    def _near_kill(self, at: float) -> bool:
        return any(-BEFORE_S <= at - kill <= AFTER_S for kill in self.kills)


def _shown(spec: TableSpec, column: str) -> str:
    """A key's column as the world lists it: times in UTC to the millisecond, dates ISO, else as text."""
    kind = next(one.type for one in spec.columns if one.name == column)
    if kind == "datetime":
        return f"strftime({quoted(column)}::TIMESTAMPTZ AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')"
    if kind == "date":
        return f"strftime({quoted(column)}, '%Y-%m-%d')"
    return f"coalesce({quoted(column)}::VARCHAR, '')"


def _number(made: duckdb.DuckDBPyConnection, query: str) -> int:
    found = made.execute(query).fetchone()
    return int(found[0]) if found else 0
