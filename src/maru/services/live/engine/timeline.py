"""The order of what was on air: an append-only journal from which every playlist is composed.

One line of JSON per entry, on disk (fsync) before any playlist names it. Two seconds of the waiting
slate before the start are not worth an fsync each: they live in a small window file that survives the
death of the process, while the journal reserves their numbers ahead, so that even after a power cut no
sequence number is given twice.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from maru.services.live.engine.contracts import SegmentSet, SourceKind

WINDOW_ENTRIES = 6
RESERVE_ENTRIES = 300
# The slate of before the start leaves the list once the programme alone is long enough to play from.
PROGRAMME_ALONE_S = 12.0
_PDT_SLACK_S = 0.02


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment on air. ``pdt`` is Unix seconds, ``dsn`` its discontinuity sequence number.

    ``files`` maps rendition to a path relative to the broadcast's media folder.
    """

    seq: int
    pdt: float
    duration: float
    session: str
    number: int
    kind: SourceKind
    discontinuity: bool
    dsn: int
    files: dict[str, str]

    @property
    def end(self) -> float:
        """Unix seconds at which the next entry may begin."""
        return self.pdt + self.duration


class _Journal:
    """What the lines of a journal add up to."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.ended_at: float | None = None
        self.seq = self.dsn = self.reserved = 0

    def replay(self, line: bytes) -> bool:
        """Take in one line; False when it is torn or garbled."""
        if not line.endswith(b"\n"):
            return False
        try:
            record = json.loads(line)
            if "reserve" in record:
                self.reserved = self.seq = int(record["reserve"])
                self.dsn = int(record["dsn"])
            elif "end" in record:
                self.ended_at = float(record["end"])
            else:
                self._take(Entry(**record))
        except (ValueError, TypeError, KeyError):
            return False
        return True

    def _take(self, entry: Entry) -> None:
        if self.entries and entry.seq != self.entries[-1].seq + 1:
            # A line inside was lost (a damaged disk): numbers must stay true, so the list begins after it.
            self.entries.clear()
        self.entries.append(entry)
        self.seq, self.dsn = entry.seq + 1, entry.dsn


class Timeline:
    """The journal of one broadcast; everything that was ever listed, in order.

    Opening repairs what a crash tore. ``append`` raises OSError (a full disk, say) and then leaves
    journal and memory as they were.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.entries: list[Entry] = []
        self.ended_at: float | None = None
        self._waiting: deque[Entry] = deque(maxlen=WINDOW_ENTRIES)
        self._seq = 0  # the next sequence number
        self._dsn = 0
        self._reserved = 0
        self._file = self._recover()
        self._restore_window()

    # -- reading ---------------------------------------------------------------------------------

    @property
    def last(self) -> Entry | None:
        """The latest entry, of the programme or of the waiting slate."""
        if self.entries:
            return self.entries[-1]
        return self._waiting[-1] if self._waiting else None

    @property
    def end(self) -> float | None:
        """Unix seconds where the timeline ends; None while nothing was ever listed."""
        return self.last.end if self.last else None

    def listed(self) -> list[Entry]:
        """What playlists show now: the programme, with the last of the waiting slate while it is young."""
        if not self.entries:
            return list(self._waiting)
        lasted = self.entries[-1].end - self.entries[0].pdt
        joined = self._waiting and self._waiting[-1].seq + 1 == self.entries[0].seq
        if self.ended_at is None and lasted < PROGRAMME_ALONE_S and joined:
            return [*self._waiting, *self.entries]
        return self.entries

    # -- writing ---------------------------------------------------------------------------------

    def append(self, segments: SegmentSet, kind: SourceKind, *, new_chain: bool = False) -> Entry:
        """Add to the programme. ``new_chain`` forces a discontinuity even where numbers follow on."""
        entry = self._next(segments, kind, new_chain)
        self._write(asdict(entry))
        self.entries.append(entry)
        self._seq, self._dsn = entry.seq + 1, entry.dsn
        return entry

    def append_waiting(self, segments: SegmentSet) -> Entry:
        """Add to the waiting slate of before the start; cheap, kept in a window only."""
        if self.entries:
            raise ValueError("the programme has begun")
        entry = self._next(segments, "soon", False)
        if entry.seq >= self._reserved:
            self._reserve(entry.seq + RESERVE_ENTRIES)
        self._waiting.append(entry)
        self._seq, self._dsn = entry.seq + 1, entry.dsn
        self._save_window()
        return entry

    def finish(self, at: float) -> None:
        """Nothing follows any more."""
        if self.ended_at is None:
            self._write({"end": at})
            self.ended_at = at

    def close(self) -> None:
        """Let go of the file; the journal stays as it is."""
        self._file.close()

    def _next(self, segments: SegmentSet, kind: SourceKind, new_chain: bool) -> Entry:
        if self.ended_at is not None:
            raise ValueError("the timeline has ended")
        last = self.last
        pdt, breaks = segments.start, False
        if last is not None:
            pdt = max(pdt, last.end) if pdt - last.end > _PDT_SLACK_S else last.end
            follows = last.session == segments.session and last.number + 1 == segments.number
            breaks = new_chain or not follows or pdt - last.end > 0.5
        elif self._seq:
            breaks = True  # numbers were given before a power cut: players may know them
        return Entry(
            seq=self._seq,
            pdt=round(pdt, 6),
            duration=round(segments.duration, 6),
            session=segments.session,
            number=segments.number,
            kind=kind,
            discontinuity=breaks,
            dsn=self._dsn + breaks,
            files=dict(segments.files),
        )

    def _reserve(self, until: int) -> None:
        self._write({"reserve": until, "dsn": self._dsn + RESERVE_ENTRIES})
        self._reserved = until

    def _write(self, line: dict[str, Any]) -> None:
        """Append one line durably; on failure the file keeps its former size."""
        size = os.fstat(self._file.fileno()).st_size
        try:
            data = json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
            view = memoryview(data)
            while view:
                view = view[os.write(self._file.fileno(), view) :]
            os.fsync(self._file.fileno())
        except OSError:
            # If even this fails, the torn line is cut when the journal is opened next.
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), size)
            raise

    # -- recovery --------------------------------------------------------------------------------

    def _recover(self) -> IO[bytes]:
        good, journal = 0, _Journal()
        if self.path.exists():
            data = self.path.read_bytes()
            for offset, line in _lines(data):
                if journal.replay(line):
                    good = offset + len(line)
            if good < len(data):
                with self.path.open("r+b") as file:
                    file.truncate(good)
                    os.fsync(file.fileno())
        self.entries, self.ended_at = journal.entries, journal.ended_at
        self._seq, self._dsn, self._reserved = journal.seq, journal.dsn, journal.reserved
        return self.path.open("ab", buffering=0)

    # -- the window of before the start --------------------------------------------------------------

    @property
    def _window_path(self) -> Path:
        return self.path.with_name("window.json")

    def _save_window(self) -> None:
        draft = self._window_path.with_suffix(".draft")
        # Without the file only continuity over a crash is lost, never a number: not worth failing for.
        with suppress(OSError):
            draft.write_text(json.dumps({"boot": _boot(), "entries": [asdict(e) for e in self._waiting]}))
            draft.replace(self._window_path)

    def _restore_window(self) -> None:
        try:
            stored = json.loads(self._window_path.read_text())
            waiting = [Entry(**record) for record in stored["entries"]]
            same_boot = stored["boot"] == _boot()
        except (OSError, ValueError, TypeError, KeyError):
            return
        if not waiting or not same_boot:
            return
        if self.entries:
            if waiting[-1].seq + 1 == self.entries[0].seq:
                self._waiting.extend(waiting)
        elif waiting[-1].seq < self._reserved:
            self._waiting.extend(waiting)
            self._seq, self._dsn = waiting[-1].seq + 1, waiting[-1].dsn


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset < len(data):
        end = data.find(b"\n", offset) + 1 or len(data)
        yield offset, data[offset:end]
        offset = end


def read_entries(path: Path) -> list[Entry]:
    """The programme in a journal, without opening it for writing. Empty if there is none."""
    if not path.exists():
        return []
    reader = _Journal()
    for _, line in _lines(path.read_bytes()):
        reader.replay(line)
    return reader.entries


def _boot() -> str:
    """Names this run of the machine: files written without fsync are only trusted within it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
