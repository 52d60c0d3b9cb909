"""``maru source …``: sources from the command line, whether the house is open or not.

Exit codes: 0 done, 1 refused or not as it should be (the reason stands on stderr), 2 not understood.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

Subparsers = argparse._SubParsersAction  # argparse has no public name for what add_subparsers returns

# The words of the pages, and what the table and the API call them.
_STATES = {"alive": "ok", "late": "stale", "broken": "broken", "waiting": "waiting", "paused": "paused"}


def register(subparsers: Subparsers[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    """Add ``source``."""
    source = subparsers.add_parser("source", help="list, check, ask, add and pause sources")
    acts = source.add_subparsers(dest="act", metavar="ACT", required=True)
    every = acts.add_parser("list", parents=parents, help="all sources and how they are")
    every.add_argument(
        "--state",
        default="",
        choices=tuple(dict.fromkeys((*_STATES, *_STATES.values()))),
        metavar="STATE",
        help="only those that are alive (ok), late (stale), broken, waiting, paused",
    )
    every.set_defaults(run=_guarded(_list))
    _add_check(acts, parents)
    for act, text, run in (
        ("run", "ask it once, now, and say what came", _run),
        ("pause", "ask it no more until it is resumed", _pause),
        ("resume", "ask it again", _resume),
        ("rewind", "forget how far it was read (or of 'all'): everything is asked for again", _rewind),
        ("letters", "what it sent and nobody could read", _letters),
    ):
        one = acts.add_parser(act, parents=parents, help=text)
        one.add_argument("name", metavar="NAME")
        if act == "letters":
            one.add_argument(
                "--retry", action="store_true", help="read them again with the present declaration"
            )
        one.set_defaults(run=_guarded(run))
    columns = acts.add_parser(
        "columns", parents=parents, help="columns that were taken for missing ones; decide what they are"
    )
    columns.add_argument("name", metavar="NAME")
    decision = columns.add_mutually_exclusive_group()
    decision.add_argument("--accept", default="", metavar="COLUMN", help="it is the new name")
    decision.add_argument("--reject", default="", metavar="COLUMN", help="it is something else: leave it out")
    columns.set_defaults(run=_guarded(_columns))
    _add_new(acts, parents)
    for one in acts.choices.values():
        one.add_argument("--json", action="store_true", help="print JSON")


def _add_check(acts: Subparsers[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    check = acts.add_parser(
        "check", parents=parents, help="check declaration and examples, or the real system"
    )
    check.add_argument("name", metavar="NAME", help="a source, a drawer, or 'all'")
    check.add_argument("--live", action="store_true", help="ask the real system once and show what came")
    check.add_argument(
        "--write-expected", action="store_true", help="write expected.json from what comes now"
    )
    check.set_defaults(run=_guarded(_check, tables=False))


def _add_new(acts: Subparsers[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    new = acts.add_parser(
        "new", parents=parents, help="make a source of this home from the address of a table"
    )
    new.add_argument("address", metavar="URL_OR_FILE")
    new.add_argument(
        "--name", default="", help="small letters, digits, underscores; guessed from the address"
    )
    new.add_argument(
        "--office", default="", metavar="CODE", help="office that looks after it; the first one else"
    )
    new.add_argument("--title-ko", default="")
    new.add_argument("--title-en", default="")
    new.add_argument("--category", default="administration")
    new.add_argument("--licence", default="KOGL-1", metavar="ID")
    new.add_argument("--every", type=float, default=3600.0, metavar="SECONDS", help="how often it is asked")
    new.add_argument(
        "--key", default="", metavar="COLUMNS", help="what identifies a record, with commas; guessed"
    )
    new.add_argument("--force", action="store_true", help="replace a source of that name")
    new.set_defaults(run=_guarded(_new))


def _guarded(
    run: Callable[[argparse.Namespace], int], *, tables: bool = True
) -> Callable[[argparse.Namespace], int]:
    """A refusal becomes one line on stderr and exit code 1; a fresh home gets its tables first."""

    def guarded(options: argparse.Namespace) -> int:
        from django.db import OperationalError

        from maru.commons.sources.contracts import SourceFault
        from maru.commons.sources.declaration import DeclarationError
        from maru.platform.access.refusals import Refusal

        try:
            if tables:
                _prepare(options)
            return run(options)
        except Refusal as refusal:
            where = f"{refusal.field}: " if refusal.field else ""
            print(f"maru: {where}{refusal}", file=sys.stderr)
        except DeclarationError as error:
            for fault in error.faults:
                print(f"maru: {error.path.parent.name}/{error.path.name}: {fault}", file=sys.stderr)
        except SourceFault as fault:
            print(f"maru: {fault}", file=sys.stderr)
        except OperationalError as fault:
            print(f"maru: the database does not answer: {fault}", file=sys.stderr)
        return 1

    return guarded


def _prepare(options: argparse.Namespace) -> None:
    """A home that was never opened has no tables yet; the shelf is read so that a new drawer is known at once."""
    from django.core.management import call_command
    from django.db import connection

    from maru.commons.offices import seeds
    from maru.commons.offices.city import current_city
    from maru.commons.sources.operations.sources import register as put_on_shelf
    from maru.commons.sources.runner.shelf import Shelf

    if "sources_source" not in connection.introspection.table_names():
        call_command("migrate", interactive=False, verbosity=0)
        seeds.plant(current_city())
    put_on_shelf(Shelf(options.environment.home).look() or {})


def _list(options: argparse.Namespace) -> int:
    from maru.commons.sources.contracts_pages import Filters
    from maru.commons.sources.queries.catalogue import catalogue

    found = catalogue(Filters(state=_STATES.get(options.state, options.state)))
    if options.json:
        rows = [
            {name: value for name, value in asdict(card).items() if name != "words"} for card in found.cards
        ]
        print(json.dumps(rows, ensure_ascii=False, default=str))
        return 0
    for card in found.cards:
        print(
            f"{card.state:<8} {card.age:>10} {card.records:>12,}  {card.name:<34} {card.title}  {card.error}".rstrip()
        )
    print(f"{found.shown} of {found.total} sources, {found.alive} alive, {found.records:,} records")
    return 0


def _check(options: argparse.Namespace) -> int:
    from maru.commons.sources.checking import check_fixtures, record_expected
    from maru.commons.sources.commands_runs import drawers, live

    found = drawers(options.environment.home, options.name)
    if options.live:
        return live(options, found)
    report: dict[str, list[str]] = {}
    for drawer, declared in found.items():
        if options.write_expected:
            record_expected(declared)
        report[drawer] = [str(one) for one in check_fixtures(declared)]
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        for drawer, problems in report.items():
            print(f"{drawer}: {'as it should be' if not problems else ''}".rstrip())
            for problem in problems:
                print(f"  {problem}")
    return 1 if any(report.values()) else 0


def _run(options: argparse.Namespace) -> int:
    from maru.commons.sources.commands_runs import run_once

    report = run_once(options.environment, options.name)
    _print(options, report)
    return 1 if report["fault"] else 0


def _pause(options: argparse.Namespace) -> int:
    from maru.commons.sources.access import source
    from maru.commons.sources.operations.sources import pause

    pause(source=source(options.name), by=None)
    _print(options, {"source": options.name, "state": "paused"})
    return 0


def _resume(options: argparse.Namespace) -> int:
    from maru.commons.sources.access import source
    from maru.commons.sources.operations.sources import resume

    resume(source=source(options.name), by=None)
    _print(options, {"source": options.name, "state": "resumed"})
    return 0


def _rewind(options: argparse.Namespace) -> int:
    from maru.commons.sources.access import source
    from maru.commons.sources.models import Source
    from maru.commons.sources.operations.sources import rewind

    if options.name == "all":
        found = list(Source.objects.filter(gone=False).exclude(mode="push"))
    else:
        found = [source(options.name)]
    for one in found:
        rewind(source=one, by=None)
    _print(options, {"rewound": len(found), "sources": options.name})
    return 0


def _letters(options: argparse.Namespace) -> int:
    from maru.commons.sources.access import source
    from maru.commons.sources.commands_runs import retry_letters
    from maru.commons.sources.queries.pages import letters

    found = source(options.name)
    if options.retry:
        _print(options, retry_letters(options.environment, found))
        return 0
    views = letters(found)
    if options.json:
        print(json.dumps([asdict(view) for view in views], ensure_ascii=False, default=str))
        return 0
    for view in views:
        print(
            f"{view.id:>8}  {view.last_at:%Y-%m-%d %H:%M}  {view.seen:>5} ×  {view.field:<20} {view.reason}"
        )
        print(f"          {view.shown[:160]!r}")
    if not views:
        print("everything it sent could be read")
    return 0


def _columns(options: argparse.Namespace) -> int:
    from maru.commons.sources import drift
    from maru.commons.sources.access import source

    found, home = source(options.name), options.environment.home
    if options.accept:
        drift.accept(source=found, column=options.accept, by=None, home=home)
    elif options.reject:
        drift.reject(source=found, column=options.reject, by=None, home=home)
    waiting = drift.assumed(found)
    if options.json:
        print(
            json.dumps(
                [{"missing": missing, "taken": taken} for missing, taken in waiting], ensure_ascii=False
            )
        )
        return 0
    for missing, taken in waiting:
        print(f"{missing} is missing, {taken} is taken for it")
    if not waiting:
        print("no column waits for a decision")
    return 0


def _new(options: argparse.Namespace) -> int:
    from maru.commons.sources.proposing import Wishes, make

    made = make(
        options.environment,
        Wishes(
            address=options.address,
            name=options.name,
            office=options.office,
            titles={"ko": options.title_ko, "en": options.title_en},
            category=options.category,
            licence=options.licence,
            every_s=options.every,
            key=tuple(filter(None, options.key.split(","))),
            replace=options.force,
        ),
    )
    _prepare(options)
    if options.json:
        print(json.dumps(made.report(), ensure_ascii=False, default=str))
        return 0
    print(f"source {made.declaration.name}: {_short(made.folder, options.environment.home)}")
    for line in made.guesses:
        print(f"  {line}")
    for row in made.first:
        print(f"  {row}")
    print(
        "It is asked for the first time within a few seconds when the house is open. Page:",
        f"/sources/{made.declaration.name}/",
    )
    return 0


def _short(folder: Path, home: Path) -> str:
    return str(folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)


def _print(options: argparse.Namespace, report: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(report, ensure_ascii=False, default=str))
        return
    for name, value in report.items():
        if isinstance(value, list):
            print(f"{name:<11}")
            for one in value:
                print(f"  {one}")
        else:
            print(f"{name:<11} {'' if value is None else value}")
