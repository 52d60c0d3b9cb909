"""``maru broadcast …``: broadcasts from the command line, whether the house is open or not.

Exit codes: 0 done, 1 refused (the reason stands on stderr), 2 not understood.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from maru.services.live.engine.contracts import PRESETS
from maru.services.live.engine.lint import lint_command

Subparsers = argparse._SubParsersAction  # argparse has no public name for what add_subparsers returns


def register(subparsers: Subparsers[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    """Add ``broadcast``."""
    broadcast = subparsers.add_parser("broadcast", help="announce, start, end and look at broadcasts")
    acts = broadcast.add_subparsers(dest="act", metavar="ACT", required=True)
    _add_create(acts, parents)
    for act, text, run in (
        ("start", "go on air", _start),
        ("end", "end; the replay follows", _end),
        ("cancel", "call off what has not begun", _cancel),
        ("status", "say how it stands", _status),
    ):
        one = acts.add_parser(act, parents=parents, help=text)
        one.add_argument("slug", metavar="SLUG")
        one.add_argument("--json", action="store_true", help="print JSON")
        one.set_defaults(run=_guarded(run))
    every = acts.add_parser("list", parents=parents, help="all broadcasts, newest first")
    every.add_argument("--json", action="store_true", help="print JSON")
    every.set_defaults(run=_guarded(_list))
    _add_key(acts, parents)
    check = acts.add_parser("lint", parents=parents, help="check playlists after RFC 8216bis")
    check.add_argument("url", metavar="URL", help="address or file of a playlist")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=lint_command)


def _add_create(acts: Subparsers[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    create = acts.add_parser("create", parents=parents, help="announce a broadcast and print its addresses")
    create.add_argument(
        "--slug", required=True, help="small letters, digits, hyphens: the address /live/SLUG/"
    )
    create.add_argument("--title", required=True, help="in the city's first language")
    create.add_argument("--summary", default="", help="in the city's first language")
    create.add_argument("--backup", action="store_true", help="with an input for a second encoder")
    create.add_argument(
        "--file", type=Path, metavar="PATH", help="a film that plays instead of the first encoder"
    )
    create.add_argument("--programme", default="", metavar="SLUG", help="the series it belongs to")
    create.add_argument("--topic", action="append", default=[], metavar="CODE", help="repeat for more")
    create.add_argument(
        "--starts-at", type=_time, metavar="TIME", help="ISO 8601; without a zone: the city's"
    )
    create.add_argument("--preset", choices=sorted(PRESETS), default="default", help="picture sizes")
    create.add_argument("--before", action="store_true", help="a moderator reads every opinion first")
    create.add_argument("--accounts-only", action="store_true", help="only who is signed in may speak")
    create.add_argument("--json", action="store_true", help="print JSON")
    create.set_defaults(run=_guarded(_create))


def _add_key(acts: Subparsers[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    key = acts.add_parser("key", help="rotate or revoke the key of an input")
    what = key.add_subparsers(dest="what", metavar="ACT", required=True)
    for act, text, run in (("rotate", "make a new key", _rotate), ("revoke", "let nobody in", _revoke)):
        one = what.add_parser(act, parents=parents, help=text)
        one.add_argument("slug", metavar="SLUG")
        one.add_argument("--input", choices=("primary", "backup"), default="primary")
        one.add_argument("--json", action="store_true", help="print JSON")
        one.set_defaults(run=_guarded(run))


def _guarded(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """A refusal becomes one line on stderr and exit code 1; a fresh home gets its tables first."""

    def guarded(options: argparse.Namespace) -> int:
        from django.db import OperationalError

        from maru.platform.access.refusals import Refusal

        try:
            _prepare()
            return run(options)
        except Refusal as refusal:
            where = f"{refusal.field}: " if refusal.field else ""
            print(f"maru: {where}{refusal}", file=sys.stderr)
            return 1
        except OperationalError as fault:
            print(f"maru: the database does not answer: {fault}", file=sys.stderr)
            return 1

    return guarded


def _prepare() -> None:
    """A home that was never opened has no tables yet."""
    from django.core.management import call_command
    from django.db import connection

    if "live_broadcast" in connection.introspection.table_names():
        return
    from maru.commons.offices import seeds
    from maru.commons.offices.city import current_city

    call_command("migrate", interactive=False, verbosity=0)
    seeds.plant(current_city())


def _create(options: argparse.Namespace) -> int:
    from maru.commons.offices.city import current_city
    from maru.services.live.contracts import Changes
    from maru.services.live.operations.broadcasts import create_broadcast
    from maru.services.live.queries.staff import status

    if options.file is not None and not options.file.is_file():
        print(f"maru: file: there is no file {options.file}", file=sys.stderr)
        return 1
    language = current_city().languages[0]
    changes: Changes = {
        "titles": {language: options.title},
        "summaries": {language: options.summary},
        "programme": options.programme,
        "topics": options.topic,
        "starts_at": _in_city_time(options.starts_at),
        "preset": options.preset,
        "moderation": "before" if options.before else "after",
        "anonymous": not options.accounts_only,
    }
    made = create_broadcast(
        slug=options.slug,
        by=None,
        backup=options.backup,
        file_path=str(options.file.absolute()) if options.file else "",
        **changes,
    )
    _print(options, _addresses(status(made)))
    return 0


def _start(options: argparse.Namespace) -> int:
    from maru.services.live.operations.broadcasts import start_broadcast

    return _do(options, lambda found: start_broadcast(broadcast=found, by=None))


def _end(options: argparse.Namespace) -> int:
    from maru.services.live.operations.broadcasts import end_broadcast

    return _do(options, lambda found: end_broadcast(broadcast=found, by=None))


def _cancel(options: argparse.Namespace) -> int:
    from maru.services.live.operations.broadcasts import cancel_broadcast

    return _do(options, lambda found: cancel_broadcast(broadcast=found, by=None))


def _rotate(options: argparse.Namespace) -> int:
    from maru.services.live.operations.inputs import rotate_key

    return _do(options, lambda found: rotate_key(broadcast=found, name=options.input, by=None))


def _revoke(options: argparse.Namespace) -> int:
    from maru.services.live.operations.inputs import revoke_key

    return _do(options, lambda found: revoke_key(broadcast=found, name=options.input, by=None))


def _status(options: argparse.Namespace) -> int:
    return _do(options, lambda found: None)


def _list(options: argparse.Namespace) -> int:
    from maru.services.live.queries.broadcasts import all_cards
    from maru.services.live.wire import iso_or_none

    cards = all_cards(limit=1000)
    if options.json:
        rows = [
            {
                "slug": one.slug,
                "title": one.title,
                "state": one.state,
                "starts_at": iso_or_none(one.starts_at),
            }
            for one in cards
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    for one in cards:
        print(f"{one.state:<10} {one.slug:<30} {one.title}")
    return 0


def _do(options: argparse.Namespace, act: Callable[[Any], object]) -> int:
    """Act on the named broadcast and print how it stands then."""
    from maru.services.live.access import broadcast
    from maru.services.live.queries.staff import status
    from maru.services.live.wire import iso_or_none

    act(broadcast(options.slug))
    stands = status(broadcast(options.slug))
    report = {
        "slug": stands.slug,
        "title": stands.title,
        "state": stands.state,
        **_addresses(stands),
        "override": stands.override,
        "on_air": stands.on_air,
        "started_at": iso_or_none(stands.started_at),
        "ended_at": iso_or_none(stands.ended_at),
        "replay_at": iso_or_none(stands.replay_at),
        "viewers": stands.viewers,
        "peak": stands.peak,
        "opinions": stands.opinions,
    }
    for shown, one in zip(report["inputs"], stands.inputs, strict=True):
        shown.update(state=one.state, revoked=one.revoked)
    _print(options, report)
    return 0


def _addresses(stands: Any) -> dict[str, Any]:
    inputs = [
        {"name": one.name, "file": one.file_path}
        if one.kind == "file"
        else {"name": one.name, "rtmp": one.rtmp, "srt": one.srt}
        for one in stands.inputs
    ]
    return {"page": stands.page, "playlist": stands.playlist, "inputs": inputs}


def _print(options: argparse.Namespace, report: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
        return
    for name, value in report.items():
        if name != "inputs":
            print(f"{name:<11} {'' if value is None else value}")
    for one in report["inputs"]:
        for name, value in one.items():
            if name != "name":
                print(f"{one['name']:<11} {name:<5} {value}")


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-11-27T19:00") from None


def _in_city_time(moment: datetime | None) -> datetime | None:
    from maru.commons.offices.city import current_city

    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=ZoneInfo(current_city().time_zone))
