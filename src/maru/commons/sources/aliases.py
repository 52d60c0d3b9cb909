"""What officials decided about columns that changed their names: ``{home}/aliases.toml``, laid over all declarations.

    [energy_solar.names]
    power = ["watts"]          # this outside name is the field's first one from now on

    [energy_solar]
    ignore = ["operator"]      # this outside name is no field

A file of its own, so that a drawer of the installation still follows its updates.
"""

from __future__ import annotations

import fcntl
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from maru.commons.sources.contracts import Declaration
from maru.commons.sources.toml_values import toml_key, toml_value

FILE = "aliases.toml"
Decided = Mapping[str, Mapping[str, Any]]


def read(home: Path) -> Decided:
    """What was decided, by source; nothing where the file is missing or holds something else."""
    try:
        found = tomllib.loads((home / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    return {name: one for name, one in found.items() if isinstance(one, dict)}


def stamp(home: Path) -> int:
    """Changes whenever the file does."""
    try:
        return (home / FILE).stat().st_mtime_ns
    except OSError:
        return 0


def applied(declaration: Declaration, decided: Decided) -> Declaration:
    """The declaration as officials decided."""
    own = decided.get(declaration.name)
    if not own:
        return declaration
    names, ignored = own.get("names"), _texts(own.get("ignore"))
    fields = declaration.fields
    if isinstance(names, dict):
        fields = tuple(
            replace(rule, names=tuple(dict.fromkeys((*_texts(names.get(rule.name)), *rule.names))))
            for rule in fields
        )
    options = dict(declaration.options)
    if ignored:
        known = options.get("ignore", [])
        options["ignore"] = list(dict.fromkeys([*([known] if isinstance(known, str) else known), *ignored]))
    return replace(declaration, fields=fields, options=options)


def accept(home: Path, source: str, field: str, outside: str) -> None:
    """``outside`` is the name of ``field`` from now on."""

    def change(own: dict[str, Any]) -> None:
        names = own.setdefault("names", {})
        names[field] = list(dict.fromkeys([outside, *_texts(names.get(field))]))
        own["ignore"] = [one for one in _texts(own.get("ignore")) if one != outside]

    _change(home, source, change)


def reject(home: Path, source: str, outside: str) -> None:
    """``outside`` is no field of this source."""

    def change(own: dict[str, Any]) -> None:
        own["ignore"] = list(dict.fromkeys([*_texts(own.get("ignore")), outside]))

    _change(home, source, change)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _change(home: Path, source: str, change: Callable[[dict[str, Any]], None]) -> None:
    with _alone(home):
        found = {name: dict(own) for name, own in read(home).items()}
        change(found.setdefault(source, {}))
        draft = home / f".{FILE}.new"
        with draft.open("w", encoding="utf-8") as file:
            file.write("\n".join(_lines(found)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(home / FILE)


def _lines(found: Decided) -> Iterator[str]:
    for source, own in sorted(found.items()):
        if own.get("ignore"):
            yield f"[{toml_key(source)}]"
            yield f"ignore = {toml_value(own['ignore'])}"
        if own.get("names"):
            yield f"[{toml_key(source)}.names]"
            yield from (f"{toml_key(field)} = {toml_value(names)}" for field, names in own["names"].items())


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    with (home / f".{FILE}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
