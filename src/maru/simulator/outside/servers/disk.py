"""What must lie on disk: the files of a shared folder and the SQLite databases. A thread keeps them up to date."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from maru.simulator.outside.ledger import Ledger, World
from maru.simulator.outside.model import Field
from maru.simulator.outside.rows import columns
from maru.simulator.outside.servers.drops import content, drops

_EVERY_S = 1.0
_ROWS = 5_000
_TYPES = {"integer": "INTEGER", "number": "REAL"}


class Disk:
    """Writes ``home/folder/{system}/…`` and ``home/sql/{system}.sqlite3``."""

    def __init__(self, world: World, home: Path) -> None:
        self.world = world
        self.folder, self.sql = (home / "folder").resolve(), (home / "sql").resolve()
        self._written: dict[str, tuple[int, bool]] = {}
        self._stop = threading.Event()
        self.ready = threading.Event()

    def start(self) -> None:
        """Write in a thread; ``ready`` is set when history is there."""
        for one in (self.folder, self.sql):
            one.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._run, name="disk", daemon=True).start()

    def stop(self) -> None:
        """Stop writing."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            now = time.time()
            for ledger in self.world.ledgers.values():
                if ledger.system.kit == "folder" and not ledger.system.address.startswith("sftp:"):
                    self.write_folder(ledger, now)
                elif ledger.system.kit == "sql":
                    self.write_database(ledger, now)
            self.ready.set()
            self._stop.wait(_EVERY_S)

    def write_folder(self, ledger: Ledger, now: float) -> None:
        """Bring a folder up to date; a pulled plug takes the whole share away."""
        place = self.folder / ledger.system.name / ledger.system.address.partition(":")[2]
        away = place.with_name(f".{place.name}-unplugged")
        if ledger.faults.plug:
            if place.exists():
                place.rename(away)
            return
        if away.exists():
            away.rename(place)
        place.mkdir(parents=True, exist_ok=True)
        for drop in drops(ledger, now):
            state = (drop.end, ledger.faults.renamed)
            if self._written.get(drop.name) == state:
                continue
            partial = place / f"{drop.name}.part"
            partial.write_bytes(content(ledger, drop))
            os.utime(partial, (drop.changed, drop.changed))
            partial.replace(place / drop.name)
            self._written[drop.name] = state
            ledger.hand_out(drop.first, drop.end)

    def write_database(self, ledger: Ledger, now: float) -> None:
        """Add the new rows to a database; a pulled plug takes the file away."""
        path = self.sql / f"{ledger.system.name}.sqlite3"
        away = path.with_suffix(".unplugged")
        if ledger.faults.plug:
            if path.exists():
                path.rename(away)
            return
        if away.exists():
            away.rename(path)
        with closing(sqlite3.connect(path, timeout=5)) as database:
            try:
                with database:
                    self._add(ledger, database, now)
            except sqlite3.OperationalError:
                ledger.errors += 1  # someone reads it: next time

    def _add(self, ledger: Ledger, database: sqlite3.Connection, now: float) -> None:
        system = ledger.system
        table = system.options["table"]
        fields = ", ".join(f'"{one.wire[0]}" {_TYPES.get(one.type, "TEXT")}' for one in system.fields)
        database.execute(f'CREATE TABLE IF NOT EXISTS "{table}" (place INTEGER PRIMARY KEY, {fields})')
        self._rename(ledger, database, table)
        done = database.execute(f'SELECT COALESCE(MAX(place) + 1, 0) FROM "{table}"').fetchone()[0]  # noqa: S608  (names from the specification)
        count = ledger.count(now)
        marks = ", ".join("?" * (len(system.fields) + 1))
        for first in range(done, count, _ROWS):
            end = min(count, first + _ROWS)
            listed = columns(ledger, ledger.sources(first, end), "plain")
            typed = [_typed(one, values) for one, values in zip(system.fields, listed, strict=True)]
            insert = f'INSERT INTO "{table}" VALUES ({marks})'  # noqa: S608  (as above)
            database.executemany(insert, zip(range(first, end), *typed, strict=True))
        ledger.hand_out(0, count)

    @staticmethod
    def _rename(ledger: Ledger, database: sqlite3.Connection, table: str) -> None:
        usual = ledger.system.fields[1].wire[0]
        known = {one[1] for one in database.execute(f'PRAGMA table_info("{table}")')}
        wanted = f"{usual}_NEW" if ledger.faults.renamed else usual
        if wanted not in known:
            database.execute(
                f'ALTER TABLE "{table}" RENAME COLUMN "{(known & {usual, usual + "_NEW"}).pop()}" TO "{wanted}"'
            )


def _typed(field: Field, values: object) -> list[object]:
    texts = list(values)  # type: ignore[call-overload]
    if field.type == "integer":
        return [int(one) if one else None for one in texts]
    if field.type == "number":
        return [float(one) if one else None for one in texts]
    return texts
