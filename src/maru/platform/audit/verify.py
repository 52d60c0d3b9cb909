"""Checking the audit log: finds any entry that was changed, removed, put in, moved, or cut off at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from maru.platform.audit.models import EMPTY, Entry, Head
from maru.platform.audit.operations import anchor_path
from maru.platform.audit.seal import Sealed, digest_of, instant


@dataclass(frozen=True)
class Finding:
    """What is wrong at ``seq``: ``kind`` changed | unlinked | missing | surplus | truncated | head | anchor."""

    seq: int
    kind: str
    text: str


@dataclass(frozen=True)
class Verification:
    """The outcome: how many entries were read, the newest seal, and all that is wrong (empty: nothing)."""

    entries: int
    head: str
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Nothing was touched."""
        return not self.findings


def verify_chain(
    entries: Iterable[Sealed], *, head_seq: int, head_digest: str, anchors: Mapping[int, str]
) -> Verification:
    """Check entries in the order they are stored (by ``seq``) against their seals, the head and the anchors."""
    findings: list[Finding] = []
    expected, previous, count = 1, EMPTY, 0
    seen: dict[int, str] = {}
    for entry in entries:
        count += 1
        findings += _place(entry, expected)
        if entry.previous != previous:
            findings.append(Finding(entry.seq, "unlinked", "is not sealed to the entry before it"))
        if entry.digest != _digest(entry):
            findings.append(Finding(entry.seq, "changed", "its content does not fit its seal"))
        seen[entry.seq] = entry.digest
        previous, expected = entry.digest, entry.seq + 1
    findings += _end(expected - 1, previous, head_seq, head_digest)
    for seq, digest in sorted(anchors.items()):
        if seen.get(seq) != digest:
            what = "is gone" if seq not in seen else "was sealed anew"
            findings.append(
                Finding(seq, "anchor", f"{what}: the copy of its seal in the home says otherwise")
            )
    return Verification(count, previous, tuple(findings))


def verify() -> Verification:
    """Check the whole log of this house: database, head, and the anchors in its home."""
    head = Head.objects.filter(pk=1).first() or Head()
    anchors = read_anchors(anchor_path(str(head.chain)))
    return verify_chain(stored(), head_seq=head.seq, head_digest=head.digest, anchors=anchors)


def stored() -> Iterator[Sealed]:
    """All entries in order, without loading them at once."""
    for entry in Entry.objects.order_by("seq").iterator(chunk_size=2000):
        yield Sealed(
            seq=entry.seq,
            at=instant(entry.at),
            actor=entry.actor,
            act=entry.act,
            target=entry.target,
            details=entry.details,
            previous=entry.previous,
            digest=entry.digest,
        )


def read_anchors(path: Path) -> dict[int, str]:
    """The seals copied to a file. A line torn by a crash is passed over; a seal that was never committed cannot be there."""
    if not path.exists():
        return {}
    found: dict[int, str] = {}
    for line in path.read_text("ascii", "replace").splitlines():
        parts = line.split()
        if len(parts) == 2 and parts[0].isdecimal() and len(parts[1]) == 64:
            found[int(parts[0])] = parts[1]
    return found


def _place(entry: Sealed, expected: int) -> list[Finding]:
    if entry.seq == expected:
        return []
    if entry.seq < expected:
        return [Finding(entry.seq, "surplus", "stands where another entry stood")]
    gone = f"{expected}" if entry.seq == expected + 1 else f"{expected} to {entry.seq - 1}"
    return [Finding(expected, "missing", f"removed: {gone}")]


def _end(last: int, digest: str, head_seq: int, head_digest: str) -> list[Finding]:
    if last < head_seq:
        return [Finding(last + 1, "truncated", f"the log should reach {head_seq}")]
    if last > head_seq:
        return [Finding(head_seq + 1, "surplus", "written past the head")]
    if digest != head_digest:
        return [Finding(last, "head", "the newest seal is not the head's")]
    return []


def _digest(entry: Sealed) -> str:
    return digest_of(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        act=entry.act,
        target=entry.target,
        details=entry.details,
        previous=entry.previous,
    )
