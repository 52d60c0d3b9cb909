"""``python -m maru.project.reference [--check]``: the pages of ``docs/reference`` that are made from the code."""

from __future__ import annotations

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


PAGES = {"docs/reference/settings.md": settings_page}


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
