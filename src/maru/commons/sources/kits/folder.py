"""The kit of folders where others put files: one of this machine, or one of an SFTP server.

``address`` is a path under the home, an absolute one, ``file:///…`` or ``sftp://user:{key}@host/…``. Options:

- ``body_kind``: the kit that reads the files (table); its own options stand beside these
- ``pattern``: a glob or a list of them, for the names of files (all)
- ``settle_s``: a file younger than this is only taken when it did not change since the last look (60)
- ``batch``: rows in a delivery (50,000)

A file is known by name, size and time of change: a corrected one is read again, others never. What is still being
written is left for later. A file that cannot be read is a dead letter and does not stand in the way of others.
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from maru.commons.sources.contracts import JSON, DeadRow, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.pushed import body_kind
from maru.commons.sources.kits.registry import kit
from maru.commons.sources.kits.table import batches, body_of
from maru.commons.sources.reading import reasons

KEPT = 64 * 1024
SETTLE_S = 60
SOME = 200
# Names under which programs write what is not finished yet.
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".swp", "~", ".lock")
# Faults of the place, not of one file: they end the round and are tried again.
_OF_THE_PLACE = ("unreachable", "timeout", "refused_key", "quota", "configuration", "server")
File = tuple[str, int, float]


class FolderKit:
    """Reads what is new in a folder, oldest first."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """One or more deliveries for each new or changed file."""
        options = Options.of(declaration)
        listing: list[File] = [
            (name, size, at)
            for name, size, at in fetch.listing(declaration.address)
            if _is_wanted(name, options)
        ]
        here = {name for name, _, _ in listing}
        known, waiting = _states(cursor, "files"), _states(cursor, "waiting")
        done = {name: state for name, state in known.items() if name in here}
        settle = options.number("settle_s", SETTLE_S)
        fresh = [one for one in listing if done.get(one[0]) != [one[1], one[2]]]
        ready = [one for one in fresh if _is_settled(one, waiting, settle)]
        later = {name: [size, at] for name, size, at in set(fresh) - set(ready)}
        before: JSON = {"files": dict(done), "waiting": dict(later)}
        given: JSON = {"files": known, "waiting": waiting}
        for place, (name, size, at) in enumerate(sorted(ready, key=lambda one: (one[2], one[0])), 1):
            delivery = self._file(declaration, fetch, name, size)
            if delivery is None:
                later[name] = [size, at]
                continue
            done[name] = [size, at]
            # The cursor names all files: with thousands of them it moves on every few files only.
            moves = place % (1 + len(done) // SOME) == 0
            after = {"files": dict(done), "waiting": dict(later)} if moves else before
            yield from batches(declaration, delivery, before, after)
            before = given = after
        end = {"files": done, "waiting": later}
        if end != given:
            yield Delivery([], cursor=end)

    def _file(self, declaration: Declaration, fetch: Fetch, name: str, size: int) -> Delivery | None:
        """What a file holds; None if it grew meanwhile or is gone again."""
        body = b""
        try:
            body = body_of(fetch.get(joined(declaration.address, name)))
            if len(body) != size:
                return None
            return self.parse(declaration, body)
        except SourceFault as fault:
            if fault.code in _OF_THE_PLACE:
                raise
            if fault.code == "not_found" and not body:
                return None
            if fault.code == "empty":
                return Delivery([])
            raw = name.encode("utf-8", "replace") + b"\n" + (fault.raw or body)
            return Delivery([], dead=(DeadRow(raw[:KEPT], reasons.UNREADABLE_FILE),))

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One file, by the kit of ``body_kind``."""
        return kit(body_kind(declaration, "table")).parse(declaration, body, content_type)


def joined(address: str, name: str) -> str:
    """The address of a file in a folder. A plain path takes the name as it is, a URL encodes it."""
    return f"{address.rstrip('/')}/{quote(name) if ':' in address.split('/')[0] else name}"


def _is_wanted(name: str, options: Options) -> bool:
    if name.startswith(".") or name.lower().endswith(UNFINISHED) or "/" in name or "\\" in name:
        return False
    patterns: Sequence[str] = options.texts("pattern") or ("*",)
    return any(fnmatch.fnmatch(unquote(name), pattern) for pattern in patterns)


def _is_settled(file: File, waiting: Mapping[str, Any], settle_s: float) -> bool:
    """Old enough by the clock of this machine, or seen the same before: clocks of servers may be wrong."""
    name, size, at = file
    return waiting.get(name) == [size, at] or settle_s <= time.time() - at


def _states(cursor: JSON, key: str) -> dict[str, Any]:
    found = cursor.get(key) if isinstance(cursor, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


KIT = FolderKit()
