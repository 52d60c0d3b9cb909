"""``maru data …``: datasets from the command line, whether the house is open or not.

Exit codes: 0 done, 1 refused (the reason stands on stderr), 2 not understood.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Subparsers = argparse._SubParsersAction  # argparse has no public name for what add_subparsers returns


def register(subparsers: Subparsers[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    """Add ``data``."""
    data = subparsers.add_parser("data", help="publish, check and look at datasets")
    acts = data.add_subparsers(dest="act", metavar="ACT", required=True)
    every = acts.add_parser("list", parents=parents, help="all datasets")
    every.add_argument("words", nargs="*", metavar="WORD", help="only published ones that hold every word")
    _finish(every, _list)
    _add_publish(acts, parents)
    check = acts.add_parser("check", parents=parents, help="take over what is new and judge the quality")
    check.add_argument("slug", metavar="SLUG")
    _finish(check, _check)
    look = acts.add_parser(
        "look", parents=parents, help="look for personal data in a file; nothing is published"
    )
    look.add_argument("file", metavar="FILE", type=Path)
    _finish(look, _look)
    bulk = acts.add_parser("bulk", parents=parents, help="make the file with all datasets now, not tonight")
    _finish(bulk, _bulk)
    withdraw = acts.add_parser("withdraw", parents=parents, help="take a dataset from the plaza")
    withdraw.add_argument("slug", metavar="SLUG")
    withdraw.add_argument("--reason", required=True, help="its page will show it")
    _finish(withdraw, _withdraw)


def _add_publish(acts: Subparsers[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]) -> None:
    publish = acts.add_parser(
        "publish", parents=parents, help="publish a source, an offer of a service, or a file"
    )
    what = publish.add_mutually_exclusive_group(required=True)
    what.add_argument("--source", metavar="NAME", help="a source that is declared")
    what.add_argument("--offer", metavar="SERVICE.NAME", help="what a service offers")
    what.add_argument("--file", metavar="PATH", type=Path, help="CSV, TSV, Excel, JSON or GeoJSON")
    what.add_argument(
        "--all-sources", action="store_true", help="every declared source that holds nothing personal"
    )
    publish.add_argument("--slug", default="", help="small letters, digits, hyphens: the address /data/SLUG/")
    publish.add_argument("--title", default="", help="of a file, in the city's first language")
    publish.add_argument("--category", default="administration", help="of a file: one of the twelve fields")
    publish.add_argument("--office", default="", metavar="CODE", help="of a file: who answers for it")
    _finish(publish, _publish)


def _finish(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_guarded(run))


def _guarded(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """A refusal becomes one line on stderr and exit code 1."""

    def guarded(options: argparse.Namespace) -> int:
        from django.db import OperationalError

        from maru.platform.access.refusals import Refusal

        try:
            return run(options)
        except Refusal as refusal:
            where = f"{refusal.field}: " if refusal.field else ""
            print(f"maru: {where}{refusal}", file=sys.stderr)
            return 1
        except OperationalError as fault:
            print(f"maru: the database does not answer: {fault}; `maru prepare` makes it", file=sys.stderr)
            return 1
        except OSError as fault:
            print(f"maru: {fault}", file=sys.stderr)
            return 1

    return guarded


def _list(options: argparse.Namespace) -> int:
    from maru.services.opendata.queries.catalogue import find

    found = find(text=" ".join(options.words), order="best" if options.words else "title", size=1_000)
    rows = [
        {"slug": one.slug, "service": one.service_code, "title": one.title, "rows": one.rows, "score": one.score, "freshness": one.freshness}
        for one in found.cards
    ]  # fmt: skip
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    for row in rows:
        print(f"{row['slug']:<32} {row['rows']:>12,} {row['score']:>4} {row['freshness']:<6} {row['title']}")
    return 0


def _publish(options: argparse.Namespace) -> int:
    from maru.services.opendata.operations.publishing import publish_offer, publish_source
    from maru.services.opendata.seeds import publish_sources

    if options.all_sources:
        print(publish_sources())
        return 0
    if options.source:
        made = publish_source(name=options.source, by=None, slug=options.slug)
    elif options.offer:
        made = publish_offer(name=options.offer, by=None, slug=options.slug)
    else:
        made = _publish_file(options)
    return _report(options, made)


def _publish_file(options: argparse.Namespace) -> Any:
    from maru.commons.offices.city import current_city
    from maru.services.opendata.operations.uploads import publish_upload

    title = options.title or options.file.stem
    return publish_upload(
        body=options.file.read_bytes(),
        file_name=options.file.name,
        by=None,
        slug=options.slug,
        titles={current_city().languages[0]: title},
        category=options.category,
        office=options.office,
    )


def _check(options: argparse.Namespace) -> int:
    from maru.platform.access.refusals import NotFound
    from maru.services.opendata.access import find
    from maru.services.opendata.operations.refreshing import refresh
    from maru.services.opendata.queries.views import quality_view

    found = find(options.slug)
    if found is None:
        raise NotFound
    fresh = refresh(found, check=True)
    quality = quality_view(fresh)
    if not options.json:
        for one in quality.criteria:
            print(f"{one.points:>3} of {one.most:<3} {one.title}: {one.why}")
    return _report(options, fresh)


def _look(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from maru.services.opendata.engine.personal import look
    from maru.services.opendata.operations.uploads import read

    found = read(options.file.read_bytes(), options.file.name)
    findings = look(found.table, found.outside)
    if options.json:
        print(json.dumps([asdict(one) for one in findings], ensure_ascii=False))
    else:
        for one in findings:
            sure = "certain" if one.certain else "likely"
            print(
                f"{one.column:<20} {one.kind:<18} {one.count:>8,} rows  {sure:<8} {', '.join(one.examples)}"
            )
    return 1 if findings else 0


def _withdraw(options: argparse.Namespace) -> int:
    from maru.platform.access.refusals import NotFound
    from maru.services.opendata.access import find
    from maru.services.opendata.operations.describing import withdraw

    found = find(options.slug)
    if found is None:
        raise NotFound
    return _report(options, withdraw(dataset=found, reason=options.reason, by=None))


def _bulk(options: argparse.Namespace) -> int:
    from maru.services.opendata.operations.bulk import make
    from maru.services.opendata.queries.bulk import read_index

    path, found = make(), read_index()
    shown = {
        "file": str(path),
        "bytes": path.stat().st_size,
        "datasets": found.datasets if found else 0,
        "rows": found.rows if found else 0,
    }
    print(
        json.dumps(shown)
        if options.json
        else "\n".join(f"{name:<9} {value}" for name, value in shown.items())
    )
    return 0


def _report(options: argparse.Namespace, made: Any) -> int:
    shown = {
        "slug": made.slug,
        "state": made.state,
        "service": made.service_code,
        "table": made.table,
        "rows": made.rows,
        "version": made.version,
        "score": made.score,
    }
    if options.json:
        print(json.dumps(shown, ensure_ascii=False))
    else:
        for name, value in shown.items():
            print(f"{name:<9} {value}")
    return 0
