"""Writing to the audit log: ``record`` is called by every operation that staff can do, in its transaction."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from maru.platform.audit.models import Entry, Head
from maru.platform.audit.seal import digest_of, instant

SYSTEM = "system"


class HasKey(Protocol):
    """A person: all the log keeps of them is the key, so that an erased account leaves no name behind."""

    @property
    def pk(self) -> Any: ...


def record(
    *, actor: HasKey | str | None, act: str, target: str, details: dict[str, Any] | None = None
) -> Entry:
    """Add one entry: ``actor`` a person, a word, or None for the system itself; ``act`` like ``live.start``.

    ``target`` names the thing (``live/SLUG``, ``person:12``). ``details`` must be JSON; keep personal data out.
    Joins the caller's transaction: no act without its entry, no entry without its act.
    """
    with transaction.atomic():
        head = _lock_head()
        at = timezone.now()
        plain = json.loads(json.dumps(details or {}, cls=DjangoJSONEncoder, allow_nan=False))
        entry = _seal(head, at, actor_key(actor), act, target[:200], plain)
        entry.save()
        Head.objects.filter(pk=1).update(digest=entry.digest)
        transaction.on_commit(lambda: _anchor(str(head.chain), entry.seq, entry.digest), robust=True)
    return entry


def actor_key(actor: HasKey | str | None) -> str:
    """How an actor is written: ``person:KEY``, a word as it is, or ``system``."""
    if actor is None:
        return SYSTEM
    if isinstance(actor, str):
        return actor[:100]
    return f"person:{actor.pk}"


def anchor_path(chain: str) -> Path:
    """The file beside the database into which every seal is copied."""
    return Path(settings.MARU.home) / "audit" / f"{chain}.heads"


def _lock_head() -> Head:
    """Take the next number. The UPDATE locks the row (PostgreSQL) or the file (SQLite) until the commit."""
    if not Head.objects.filter(pk=1).update(seq=F("seq") + 1):
        Head.objects.bulk_create([Head(pk=1)], ignore_conflicts=True)
        Head.objects.filter(pk=1).update(seq=F("seq") + 1)
    return Head.objects.get(pk=1)


def _seal(head: Head, at: datetime, actor: str, act: str, target: str, details: dict[str, Any]) -> Entry:
    digest = digest_of(
        seq=head.seq,
        at=instant(at),
        actor=actor,
        act=act,
        target=target,
        details=details,
        previous=head.digest,
    )
    return Entry(
        seq=head.seq,
        at=at,
        actor=actor,
        act=act,
        target=target,
        details=details,
        previous=head.digest,
        digest=digest,
    )


def _anchor(chain: str, seq: int, digest: str) -> None:
    """Append the seal to the file: one short write to a file opened for append is not torn by other writers."""
    path = anchor_path(chain)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{seq} {digest}\n".encode())
    finally:
        os.close(handle)
