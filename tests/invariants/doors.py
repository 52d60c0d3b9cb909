"""Import contract of our own: a service meets another only at the doors of one that it names in ``uses``.

Configured in pyproject.toml as ``doors: tests.invariants.doors.Doors``; run by ``lint-imports``.
"""

from __future__ import annotations

import ast
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


def declared_uses(source: Path) -> set[str]:
    """The ``uses=(...)`` of a service's manifest, read without importing it."""
    if not source.exists():
        return set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "uses":
            return {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
    return set()


def trespasses(graph: ImportGraph, root: str, doors: set[str], services: Path) -> list[tuple[str, str, str]]:
    """Every (importer, imported, why) between two services that passes no declared door."""
    found: list[tuple[str, str, str]] = []
    depth = root.count(".") + 1
    for importer in sorted(module for module in graph.modules if module.startswith(f"{root}.")):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            if not imported.startswith(f"{root}."):
                continue
            mine, theirs = importer.split("."), imported.split(".")
            if mine[depth] == theirs[depth]:
                continue
            if theirs[depth] not in declared_uses(services / mine[depth] / "service.py"):
                found.append((importer, imported, f"{theirs[depth]} is not in the uses of {mine[depth]}"))
            elif len(theirs) <= depth + 1 or theirs[depth + 1] not in doors:
                found.append((importer, imported, "not a door"))
    return found


class Doors(Contract):
    """``root``: the package of services; ``doors``: the modules through which they may be called."""

    root = fields.StringField()
    doors = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Kept when nobody trespasses."""
        folder = Path("src", *str(self.root).split("."))
        found = trespasses(graph, str(self.root), set(self.doors), folder)  # type: ignore[call-overload]
        return ContractCheck(kept=not found, metadata={"trespasses": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each trespass."""
        for importer, imported, why in check.metadata["trespasses"]:
            output.print_error(f"{importer} -> {imported}: {why}")
