"""``python -m maru.project.reference [--check]``: the pages of ``docs/reference`` that are made from the code."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from maru.platform.ports.environment import SETTINGS

ROOT = Path(__file__).resolve().parents[3]


def settings_page() -> str:
    """The table of settings in Markdown."""
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {text} |"
        for name, (default, text) in SETTINGS.items()
    ]
    head = [
        "# Settings",
        "",
        "Made from `maru.platform.ports.environment` by `python -m maru.project.reference`. All are read from the environment",
        "and checked at start; a wrong value stops the command with exit code 2 and names the setting.",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def openapi_page() -> str:
    """The description of the Open API, one line for each word so that a change shows in a diff."""
    import os

    import django
    from django.apps import apps

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maru.project.settings")
    if not apps.ready:
        django.setup()
    from maru.project.api import api

    return (
        json.dumps(api.get_openapi_schema(), ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n"
    )


PAGES = {"docs/reference/settings.md": settings_page, "docs/reference/openapi.json": openapi_page}


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` say which are out of date."""
    stale = [
        name
        for name, page in PAGES.items()
        if not (ROOT / name).exists() or (ROOT / name).read_text() != page()
    ]
    if "--check" in arguments:
        print("\n".join(f"out of date: {name}" for name in stale) or "reference pages are up to date")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(PAGES[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
