"""What a station tells: reports for the log, with measured times, and its state for the studio."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from maru.services.live.engine.contracts import InputName, Override, Report, SourceKind
from maru.services.live.engine.health import Change, InputHealth
from maru.services.live.engine.sessions import Watched
from maru.services.live.engine.timeline import Entry

log = logging.getLogger(__name__)

RETRY_S = 0.5


class Bulletin:
    """Turns what happens into reports, each told once.

    ``again_at``: Unix seconds before which writing need not be tried again after it failed.
    """

    def __init__(self, slug: str, report: Callable[[Report], None], clock: Callable[[], float]) -> None:
        self.slug = slug
        self.shown: SourceKind | None = None
        self.quiet = False
        self.trouble_since = 0.0
        self.again_at = 0.0
        self._report = report
        self._clock = clock
        self._reasons: set[str] = set()

    def tell(self, kind: Any, at: float, **more: Any) -> None:
        """Pass a report on."""
        self._report(Report(broadcast=self.slug, at=at, kind=kind, **more))

    def note(self, name: InputName, change: Change | None) -> None:
        """A change of an input's health, if there is one."""
        if change is None or self.quiet:
            return
        detail = {"began": round(change.began, 3), "after_s": round(change.seen - change.began, 3)}
        self.tell(change.kind, change.seen, input=name, reason=change.reason, detail=detail)

    def show(self, entry: Entry, health: Mapping[InputName, InputHealth], override: Override) -> None:
        """An entry is published; a switch is told with the time since its cause was seen."""
        before, self.shown = self.shown, entry.kind
        if before == entry.kind or (before is None and entry.kind == "soon"):
            return
        now = self._clock()
        left = health.get(before) if before in ("primary", "backup") else None
        detail: dict[str, object] = {"seq": entry.seq, "pdt": round(entry.pdt, 3)}
        reason: str = override if override != "auto" else ""
        if left is not None and not left.good and left.bad_since:
            detail["after_s"] = round(now - left.bad_since, 3)
            reason = reason or left.why
        self.tell("switch", now, source_from=before or "", source_to=entry.kind, reason=reason, detail=detail)

    def cannot_write(self, error: OSError, free: int) -> None:
        """Writing failed; each reason is told once until it works again."""
        now = self._clock()
        reason = error.strerror or str(error)
        self.trouble_since = self.trouble_since or now
        self.again_at = now + RETRY_S
        if reason not in self._reasons:
            self._reasons.add(reason)
            self.tell("disk", now, reason=reason, detail={"free_bytes": free})
            log.error("%s: cannot write: %s", self.slug, error)

    def can_write(self) -> None:
        """Writing worked."""
        if not self.trouble_since:
            return
        now = self._clock()
        detail = {"after_s": round(now - self.trouble_since, 1)}
        self.tell("recovered", now, reason="writing again", detail=detail)
        self.trouble_since = self.again_at = 0.0
        self._reasons.clear()


def input_snapshot(health: InputHealth, publication: Watched | None, now: float) -> dict[str, Any]:
    """One input for the studio, as JSON."""
    shown: dict[str, Any] = {"state": health.state, "faults": sorted(health.faults)}
    if publication is None or not health.connected:
        return shown
    info = health.info
    return shown | {
        "protocol": publication.protocol,
        "kbps": publication.kbps(),
        "since": health.connected_at,
        "good_s": round(health.good_for(now), 1),
        "session": health.session,
        "width": info.width if info else 0,
        "height": info.height if info else 0,
        "fps": round(info.fps, 2) if info else 0.0,
        "sound": bool(info and info.has_audio),
    }
