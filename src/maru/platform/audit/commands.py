"""``maru audit verify``: is the log as it was written?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]
) -> None:
    """Add ``audit``."""
    audit = subparsers.add_parser("audit", help="the log of everything staff did")
    acts = audit.add_subparsers(dest="act", metavar="ACT", required=True)
    check = acts.add_parser("verify", parents=parents, help="find any change to the log")
    check.add_argument("--json", action="store_true", help="print the outcome as JSON")
    check.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    from maru.platform.audit.verify import verify

    outcome = verify()
    if options.json:
        print(
            json.dumps(
                {
                    "sound": outcome.sound,
                    "entries": outcome.entries,
                    "head": outcome.head,
                    "findings": [asdict(finding) for finding in outcome.findings],
                }
            )
        )
    else:
        for finding in outcome.findings:
            print(f"entry {finding.seq}: {finding.kind}: {finding.text}")
        print(
            f"{outcome.entries} entries, {'nothing was changed' if outcome.sound else 'NOT as it was written'}"
        )
    return 0 if outcome.sound else 1
