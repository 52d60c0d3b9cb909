"""``python -m bench NAME [--quick] [options]``: run one figure; without a name, list them.

A figure is a module ``bench.NAME`` with ``main(argv: list[str]) -> int`` whose docstring's first line says
what it shows. It prints a table and, as its last line, one JSON object (see ``bench.report``).
"""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NOT_FIGURES = {"__init__", "__main__", "report"}


def figures() -> dict[str, str]:
    """Name of each figure -> first line of its docstring, without importing it."""
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem in NOT_FIGURES or path.stem.startswith("_"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            text = ast.get_docstring(tree) or ""
            found[path.stem] = text.splitlines()[0] if text else ""
    return found


def main(argv: list[str]) -> int:
    """Run the figure that argv[0] names with the rest of argv. 2 when there is no such figure."""
    known = figures()
    if not argv or argv[0] in {"-h", "--help"}:
        print("usage: python -m bench NAME [--quick] [options]\n")
        for name, line in known.items():
            print(f"  {name:<14}{line}")
        return 0
    if argv[0] not in known:
        print(f"no figure named {argv[0]!r}; known: {', '.join(known) or 'none'}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"bench.{argv[0]}")
    return int(module.main(argv[1:]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
