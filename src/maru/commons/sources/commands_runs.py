"""What ``maru source run``, ``check --live`` and ``letters --retry`` do: a run of one source outside the collector's rounds."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from maru.commons.sources import access
from maru.commons.sources.checking import plain
from maru.commons.sources.collector import build, is_running
from maru.commons.sources.contracts import Declaration, SourceFault
from maru.commons.sources.fetch import Reach, SourceFetch
from maru.commons.sources.keys import Keys
from maru.commons.sources.kits.registry import kit_of
from maru.commons.sources.limits import Limits
from maru.commons.sources.models import Run, Source
from maru.commons.sources.operations import letters
from maru.commons.sources.operations.sources import RUN, ask_now
from maru.commons.sources.outside import Outside
from maru.commons.sources.records import to_records
from maru.commons.sources.runner import job
from maru.commons.sources.runner.shelf import Shelf
from maru.platform.access.refusals import NotFound
from maru.platform.ports.environment import Environment
from maru.platform.ports.lake import connect

_PATIENCE_S = 60.0
_LIVE_ROWS = 5
_LIVE_MOST = 50_000


def drawers(home: Path, name: str) -> dict[str, list[Declaration]]:
    """The drawers that ``name`` means (a source, a drawer, "all") with their systems. Raises NotFound, DeclarationError."""
    shelf = Shelf(home)
    declared = shelf.look() or {}
    wanted = declared[name].drawer if name in declared else name
    for drawer, fault in shelf.faults.items():
        if name in {"all", drawer}:
            raise SourceFault("configuration", f"{drawer}: {fault}")
    found: dict[str, list[Declaration]] = {}
    for one in declared.values():
        if wanted in {"all", one.drawer}:
            found.setdefault(one.drawer, []).append(one)
    if not found:
        raise NotFound(f"There is no source and no drawer named {name}.")
    return found


def run_once(environment: Environment, name: str) -> dict[str, Any]:
    """Ask the source now: by the collector if one runs, else here. The report of what came."""
    found = access.source(name)
    if is_running(environment):
        return _by_collector(found)
    collector = build(environment, threading.Event())
    declaration = (Shelf(environment.home).look() or {})[name]
    collector.engine.place({name: declaration}, alone=True)
    standing = collector.engine.standings[name]
    act = job.take_in if declaration.mode == "push" else job.poll
    outcome = act(standing, collector.desk)
    collector.engine.judge(time.time())
    collector.scribe.write_all()
    return _report(Source.objects.get(pk=name), outcome.added, outcome.dead, outcome.code, outcome.detail)


def _by_collector(found: Source) -> dict[str, Any]:
    before, began = Source.objects.get(pk=found.pk), timezone.now()
    ask_now(source=found, by=None)
    limit = time.monotonic() + _PATIENCE_S
    while time.monotonic() < limit:
        after = Source.objects.get(pk=found.pk)
        if after.wanted != RUN and after.last_try_at != before.last_try_at:
            runs = Run.objects.filter(source=found, at__gte=began).aggregate(
                n=Sum("added") + Sum("corrected")
            )
            added = runs["n"] or 0
            return _report(after, added, after.dead - before.dead, after.error, after.error_detail)
        time.sleep(0.2)
    raise SourceFault("timeout", f"the collector has not ended a run within {_PATIENCE_S:.0f} s")


def _report(source: Source, added: int, dead: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "source": source.name,
        "state": source.state,
        "new": added,
        "dead": dead,
        "records": source.records,
        "last value": source.last_value_at,
        "fault": code,
        "detail": detail,
    }


def live(options: argparse.Namespace, found: dict[str, list[Declaration]]) -> int:
    """Ask each real system once and print what came; nothing is kept but the date of the trial."""
    environment: Environment = options.environment
    wanted = [one for declared in found.values() for one in declared]
    if options.name in {one.name for one in wanted}:
        wanted = [one for one in wanted if one.name == options.name]
    reports = [_tried(environment, one) for one in wanted]
    if options.json:
        print(json.dumps(reports, ensure_ascii=False, default=str))
    else:
        for report in reports:
            print(f"{report['source']}: {report['fault'] or 'answers'}")
            for name in ("detail", "address", "rows", "dead", "drift", "first"):
                value = report[name]
                if isinstance(value, list):
                    for one in value:
                        print(f"    {one}")
                elif value not in ("", None, {}):
                    print(f"  {name}: {value}")
    return 1 if any(report["fault"] or not report["rows"] for report in reports) else 0


def _tried(environment: Environment, declaration: Declaration) -> dict[str, Any]:
    keys = Keys(environment.home)
    reach = Reach(keys, Limits(lifted=True), Outside(environment.outside), home_folder=str(environment.home))
    fetch = SourceFetch(declaration, reach)
    report: dict[str, Any] = {
        "source": declaration.name,
        "address": declaration.address,
        "fault": "",
        "detail": "",
        "rows": 0,
        "dead": 0,
        "drift": {},
        "first": [],
    }
    if declaration.mode == "push":
        report |= {"fault": "configuration", "detail": "it pushes by itself: there is nothing to ask"}
        return report
    try:
        for delivery in kit_of(declaration).read(declaration, None, fetch):
            records = to_records(declaration, delivery.rows, dt.datetime.now(dt.UTC))
            report["rows"] += records.table.num_rows
            report["dead"] += len(delivery.dead) + len(records.dead)
            report["drift"] |= {name: list(value) for name, value in vars(records.drift).items() if value}
            room = _LIVE_ROWS - len(report["first"])
            report["first"] += [plain(row) for row in records.table.slice(0, room).to_pylist()]
            if report["rows"] >= _LIVE_MOST:
                break
    except SourceFault as fault:
        report |= {"fault": fault.code, "detail": keys.mask(fault.detail)}
    if report["rows"] and not environment.outside:
        _note_trial(declaration.name)
    return report


def _note_trial(name: str) -> None:
    from django.db import DatabaseError

    try:
        Source.objects.filter(pk=name).update(live_checked_at=timezone.now())
    except DatabaseError as fault:
        print(f"maru: the trial could not be noted: {fault}", file=sys.stderr)


def retry_letters(environment: Environment, found: Source) -> dict[str, Any]:
    """Read the dead letters again, here and now."""
    declaration = (Shelf(environment.home).look() or {}).get(found.name)
    if declaration is None:
        raise NotFound
    done = letters.retry(found.name, declaration, connect(environment))
    return {"source": found.name, "tried": done.tried, "settled": done.settled, "records": done.records}
