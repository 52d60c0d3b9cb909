"""The log of a table: what files it consists of, commit by commit. A commit is one small JSON file, and exists or does not.

A commit is written beside the log, flushed to the disk and then linked under its number: the link fails if another writer had the
same number, and a crash before it leaves nothing that a reader would look at. Each fifty commits the state is written as a whole, so
that opening a table reads one file and a few.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from maru.platform.ports.lake.contracts import Column, LakeFault, TableSpec, Version
from maru.platform.ports.lake.times import moment

CHECKPOINT_EVERY = 50
DELIVERIES_KEPT = 2000
VERSIONS_KEPT = 2000
DROPPED_KEPT_S = 7200.0
_NUMBERED = re.compile(r"^(\d{8,})\.(json|state)$")
Act = Literal["spec", "append", "compact", "erase", "retain"]


@dataclass(frozen=True)
class DataFile:
    """A Parquet file as the log knows it; times are microseconds since 1970, ``first`` and ``last`` versions, ``digest`` BLAKE2b."""

    name: str
    rows: int
    size: int
    kind: Literal["live", "past", "fresh"]
    low: int
    high: int
    width: int
    digest: str
    corrections: bool = False
    stale: bool = False


@dataclass(frozen=True)
class Record:
    """One commit."""

    version: int
    act: Act
    seen: int
    at: float
    rows: int
    delivery: str = ""
    added: int = 0
    corrected: int = 0
    gone: int = 0
    files: tuple[DataFile, ...] = ()
    stale: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    spec: TableSpec | None = None
    erased: tuple[str, ...] = ()
    floor: int | None = None


@dataclass(frozen=True)
class State:
    """A table after some commits. Never changed in place: readers keep the one they hold."""

    spec: TableSpec
    version: int = 0
    changed: int = 0
    seen: int = 0
    rows: int = 0
    files: Mapping[str, DataFile] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)
    versions: tuple[tuple[int, int, str, int, int, int, int], ...] = ()
    dropped: Mapping[str, float] = field(default_factory=dict)
    erased: frozenset[str] = frozenset()
    floor: int | None = None

    def version_of(self, entry: tuple[int, int, str, int, int, int, int]) -> Version:
        """One of ``versions`` with names."""
        number, seen, act, added, corrected, gone, rows = entry
        return Version(number, moment(seen), act, added, corrected, gone, rows)  # type: ignore[arg-type]


def spec_from(data: Mapping[str, Any]) -> TableSpec:
    """A TableSpec from its JSON."""
    return TableSpec(
        data["name"],
        tuple(Column(**one) for one in data["columns"]),
        tuple(data["key"]),
        data["time"],
        data["partition"],
    )


def _applied(state: State, record: Record) -> State:
    files = {name: one for name, one in state.files.items() if name not in set(record.drop)}
    for name in record.stale:
        if name in files:
            files[name] = replace(files[name], stale=True)
    files.update((one.name, one) for one in record.files)
    deliveries = state.deliveries
    if record.delivery:
        kept = list(deliveries.items())[-(DELIVERIES_KEPT - 1) :]
        deliveries = dict([*kept, (record.delivery, record.version)])
    content = record.act in {"append", "erase", "retain"}
    versions = state.versions
    if content:
        entry = (
            record.version, record.seen, record.act, record.added, record.corrected, record.gone, record.rows,
        )  # fmt: skip
        versions = (*versions, entry)[-VERSIONS_KEPT:]
    dropped = {name: at for name, at in state.dropped.items() if at > record.at - DROPPED_KEPT_S}
    dropped.update((name, record.at) for name in record.drop)
    return State(
        spec=record.spec or state.spec,
        version=record.version,
        changed=record.version if content or record.act == "spec" else state.changed,
        seen=record.seen,
        rows=record.rows,
        files=files,
        deliveries=deliveries,
        versions=versions,
        dropped=dropped,
        erased=state.erased | frozenset(record.erased) if record.erased else state.erased,
        floor=record.floor if record.floor is not None else state.floor,
    )


def _record_text(record: Record) -> bytes:
    plain = {name: value for name, value in vars(record).items() if value not in ("", (), None)}
    if record.files:
        plain["files"] = [vars(one) for one in record.files]
    if record.spec:
        plain["spec"] = asdict(record.spec)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def _record(path: Path) -> Record:
    try:
        data = json.loads(path.read_bytes())
        data["files"] = tuple(DataFile(**one) for one in data.get("files", ()))
        data["spec"] = spec_from(data["spec"]) if "spec" in data else None
        for name in ("stale", "drop", "erased"):
            data[name] = tuple(data.get(name, ()))
        return Record(**data)
    except (ValueError, TypeError, KeyError) as fault:
        raise LakeFault(
            f"{path.parent.parent.name}: the log entry {path.name} is damaged ({fault})"
        ) from fault


def _state_text(state: State) -> bytes:
    plain = {
        **asdict(replace(state, files={}, dropped={}, deliveries={}, erased=frozenset())),
        "files": [asdict(one) for one in state.files.values()],
        "deliveries": list(state.deliveries.items()),
        "dropped": list(state.dropped.items()),
        "erased": sorted(state.erased),
    }
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def _state(path: Path) -> State:
    data = json.loads(path.read_bytes())
    data["spec"] = spec_from(data["spec"])
    data["files"] = {one["name"]: DataFile(**one) for one in data["files"]}
    data["versions"] = tuple(tuple(one) for one in data["versions"])
    data["deliveries"] = dict(data["deliveries"])
    data["dropped"] = dict(data["dropped"])
    data["erased"] = frozenset(data["erased"])
    return State(**data)


def sync_folder(folder: Path) -> None:
    """Make names in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, data: bytes) -> None:
    """Write a new file and flush it to the disk; a failure leaves none behind."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(handle)


class Log:
    """The log in ``{table}/log``, and the state it leads to, kept up to date by looking whether a next commit exists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._state: State | None = None
        self._stamp = 0

    def _numbered(self, kind: str) -> list[int]:
        found = (_NUMBERED.match(name) for name in os.listdir(self.folder))  # noqa: PTH208 - names only, at every opening
        return sorted(int(one[1]) for one in found if one and one[2] == kind)

    def _file(self, version: int, kind: str = "json") -> Path:
        return self.folder / f"{version:08d}.{kind}"

    def _opened(self) -> State | None:
        for version in reversed(self._numbered("state")):
            try:
                return _state(self._file(version, "state"))
            except (ValueError, TypeError, KeyError, FileNotFoundError):
                continue  # a crash while it was written: the one before it and the commits since then say the same
        first = self._file(1)
        if not first.exists():
            return None
        record = _record(first)
        if record.spec is None:
            raise LakeFault(f"{self.folder.parent.name}: the log does not begin with the table's columns")
        return _applied(State(record.spec), record)

    def state(self) -> State | None:
        """The state now; None if there is no such table. Two calls of the file system when nothing changed."""
        try:
            stamp = self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            self._state = None
            return None
        state = self._state or self._opened()
        if state is None:
            return None
        state = self._followed(state)
        if stamp != self._stamp:
            # Commits that a checkpoint made needless are swept: a long sleeper must not mistake the gap for the end.
            newest = self._numbered("json")
            if newest and newest[-1] > state.version:
                state = self._followed(self._opened() or state)
                if newest[-1] > state.version and not self._file(state.version + 1).exists():
                    raise LakeFault(
                        f"{self.folder.parent.name}: the log lacks commit {state.version + 1} but has {newest[-1]}"
                    )
            self._stamp = stamp
        self._state = state
        return state

    def _followed(self, state: State) -> State:
        while True:
            path = self._file(state.version + 1)
            try:
                state = _applied(state, _record(path))
            except FileNotFoundError:
                return state

    def commit(self, record: Record) -> State | None:
        """Make the record the next commit; durable when it returns. None if another writer was faster."""
        draft = self.folder / f".{record.version}-{os.getpid()}-{time.monotonic_ns()}"
        write_durably(draft, _record_text(record))
        try:
            os.link(draft, self._file(record.version))
        except FileExistsError:
            return None
        finally:
            draft.unlink()
        sync_folder(self.folder)
        before = self._state if self._state and self._state.version == record.version - 1 else None
        if before is None and record.version > 1:
            return self.state()
        base = before or State(record.spec or TableSpec("", (), ()))
        self._state = _applied(base, record)
        if record.version % CHECKPOINT_EVERY == 0:
            self.checkpoint(self._state)
        self._stamp = self.folder.stat().st_mtime_ns  # the only writer need not look at what it did itself
        return self._state

    def checkpoint(self, state: State) -> None:
        """Write the state as a whole. It is only an abbreviation: that it cannot be written is no fault."""
        draft = self.folder / f".state-{os.getpid()}-{time.monotonic_ns()}"
        with contextlib.suppress(OSError):
            write_durably(draft, _state_text(state))
            draft.replace(self._file(state.version, "state"))

    def swept(self, before: float) -> Iterable[Path]:
        """Files of the log that nobody needs: commits and states older than the newest state but one, and drafts, all from before
        the unix time ``before``."""
        states = self._numbered("state")
        needed = states[-2] if len(states) > 1 else 0
        for path in sorted(self.folder.iterdir()):
            match = _NUMBERED.match(path.name)
            old = match and int(match[1]) < needed if match else path.name.startswith(".")
            with contextlib.suppress(FileNotFoundError):
                if old and path.stat().st_mtime < before:
                    yield path
