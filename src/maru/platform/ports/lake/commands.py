"""``maru lake tables|check|compact|erase|retain``: look after the files of all sources and datasets."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maru.platform.ports.lake.store import FileLake


Told = Callable[[str, str, dict[str, Any]], None]
_listeners: list[Told] = []


def on_loss(listener: Told) -> None:
    """Call ``listener(act, target, details)`` when records or values are taken out by hand: the audit log stands above the ports."""
    if listener not in _listeners:
        _listeners.append(listener)


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]
) -> None:
    """Add ``lake``."""
    lake = subparsers.add_parser("lake", help="the files of all sources and datasets")
    acts = lake.add_subparsers(dest="act", metavar="ACT", required=True)
    tables = acts.add_parser("tables", parents=parents, help="list the tables with their sizes")
    check = acts.add_parser("check", parents=parents, help="compare every file with the log")
    check.add_argument("table", nargs="?", help="only this table")
    compact = acts.add_parser("compact", parents=parents, help="put small files together, take away old ones")
    compact.add_argument("table", nargs="?", help="only this table")
    erase = acts.add_parser(
        "erase", parents=parents, help="erase a person's values from all versions of a table"
    )
    erase.add_argument("table")
    erase.add_argument(
        "--where",
        action="append",
        metavar="COLUMN=VALUE",
        required=True,
        help="whom; several: all must be so",
    )
    retain = acts.add_parser("retain", parents=parents, help="take away all records from before a date")
    retain.add_argument("table")
    retain.add_argument("--before", required=True, metavar="DATE", help="such as 2020-01-01; midnight UTC")
    for one, run in (
        (tables, _tables),
        (check, _check),
        (compact, _compact),
        (erase, _erase),
        (retain, _retain),
    ):
        one.add_argument("--json", action="store_true", help="print the outcome as JSON")
        one.set_defaults(run=_guarded(run), django=False)


def _guarded(
    run: Callable[[FileLake, argparse.Namespace], int],
) -> Callable[[argparse.Namespace], int]:
    def guarded(options: argparse.Namespace) -> int:
        from maru.platform.ports.lake import connect
        from maru.platform.ports.lake.contracts import LakeFault

        try:
            return run(connect(options.environment), options)
        except LakeFault as fault:
            print(fault, file=sys.stderr)
            return 1

    return guarded


def _tables(lake: FileLake, options: argparse.Namespace) -> int:
    rows: list[dict[str, Any]] = []
    for name in lake.tables():
        snapshot = lake.snapshot(name)
        rows.append(
            {
                "table": name,
                "version": snapshot.version,
                "records": snapshot.rows,
                "files": len(snapshot.files),
                "bytes": sum(one.size for one in snapshot.files),
                "last": snapshot.at.isoformat(timespec="seconds") if snapshot.at else None,
            }
        )
    if options.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        print(
            f"{row['table']:<40} {row['records']:>12,} records {row['files']:>5} files "
            f"{row['bytes'] / 1e6:>9,.1f} MB  version {row['version']}  {row['last'] or '-'}"
        )
    print(f"{len(rows)} tables, {sum(row['records'] for row in rows):,} records")
    return 0


def _check(lake: FileLake, options: argparse.Namespace) -> int:
    findings = lake.check(options.table)
    bad = [one for one in findings if one.kind != "stray"]
    if options.json:
        print(json.dumps({"sound": not bad, "findings": [asdict(one) for one in findings]}))
    else:
        for one in findings:
            print(f"{one.table}: {one.kind}: {one.path}: {one.text}")
        print("the lake is sound" if not bad else f"{len(bad)} faults")
    return 1 if bad else 0


def _compact(lake: FileLake, options: argparse.Namespace) -> int:
    done = []
    for name in lake.tables() if options.table is None else [options.table]:
        outcome = lake.compact(name)
        done.append({**asdict(outcome), "deleted": lake.sweep(name)})
    if options.json:
        print(json.dumps(done))
        return 0
    for one in done:
        if one["inputs"] or one["deleted"]:
            print(
                f"{one['table']}: {one['inputs']} files with {one['rows']:,} rows became {one['outputs']}; "
                f"{one['deleted']} old files deleted"
            )
    print(f"{len(done)} tables compacted")
    return 0


def _erase(lake: FileLake, options: argparse.Namespace) -> int:
    where = {}
    for text in options.where:
        column, sign, value = text.partition("=")
        if not sign:
            print(f"{text!r} is not COLUMN=VALUE", file=sys.stderr)
            return 2
        where[column] = value
    count = lake.erase(options.table, where)
    # Of the values nothing is told: they are what had to go.
    _tell("lake.erase", options.table, {"columns": sorted(where), "records": count})
    if options.json:
        print(json.dumps({"records": count}))
    else:
        print(
            f"{count} records erased; the old files leave the disk with the first `maru lake compact` after an hour"
        )
    return 0


def _retain(lake: FileLake, options: argparse.Namespace) -> int:
    try:
        before = dt.datetime.fromisoformat(options.before)
    except ValueError:
        print(f"{options.before!r} is not a date", file=sys.stderr)
        return 2
    count = lake.retain(options.table, before)
    _tell("lake.retain", options.table, {"before": before.isoformat(), "records": count})
    print(json.dumps({"records": count}) if options.json else f"{count} records taken away")
    return 0


def _tell(act: str, table: str, details: dict[str, Any]) -> None:
    for listener in _listeners:
        listener(act, f"lake/{table}", details)
