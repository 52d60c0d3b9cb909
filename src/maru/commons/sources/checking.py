"""``maru source check``: does a drawer hold together, and do its examples give what is written down?

``fixtures/`` holds bodies as they came: ``ordinary.*``, ``malformed.*``, ``empty.*``, ``outage.*`` and any others. A drawer of
several systems names one of them before a double underscore (``air_garam__ordinary.json``); without it the first system
reads the file. Beside a body ``NAME.head`` may give its content type.
``expected.json`` says for each file what must come of it:

    {"ordinary.json": {"rows": 25, "dead": 0, "first": [{"station": "…", "at": "2026-…Z", "value": 3.0}], "drift": {}},
     "malformed.json": {"rows": 23, "dead": 2, "reasons": ["This is not a number."]},
     "empty.json": {"fault": "empty"},
     "outage.html": {"fault": "server"}}

``rows`` and ``dead`` are counts, ``first`` the first records (times ISO 8601 in UTC), ``reasons`` those of the dead in order, ``fault`` the code of
the SourceFault. What is not named is not checked, but ``rows`` or ``fault`` must be.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maru.commons.sources.contracts import Declaration, SourceFault
from maru.commons.sources.kits.registry import kit_of
from maru.commons.sources.records import to_records

SEPARATOR = "__"
FIRST = 3
_RECEIVED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_MOST_REASONS = 20
# What a kit may raise at a body that its author did not foresee; see runner.job.
_SURPRISES = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. ``place`` is a file or a part of the declaration."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


def check_fixtures(declarations: Sequence[Declaration]) -> list[Finding]:
    """Read every fixture of a drawer and compare. Empty: all is as written down."""
    folder = declarations[0].folder
    if folder is None:
        return [Finding("fixtures", "the declaration has no folder")]
    files = {path.name: path for path in sorted((folder / "fixtures").glob("*")) if _is_body(path)}
    try:
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [Finding("expected.json", "is missing")]
    except ValueError as fault:
        return [Finding("expected.json", f"is not JSON: {fault}")]
    found = [
        Finding(name, "is named in expected.json but is not there") for name in expected if name not in files
    ]
    found += [
        Finding(name, "expected.json does not say what comes of it") for name in files if name not in expected
    ]
    for name, path in files.items():
        wanted = expected.get(name)
        if isinstance(wanted, Mapping):
            found += [
                Finding(name, problem)
                for problem in _differences(outcome(of(declarations, name), path), wanted)
            ]
    return found


def of(declarations: Sequence[Declaration], name: str) -> Declaration:
    """The system of a drawer that a fixture belongs to."""
    prefix, separator, _rest = name.partition(SEPARATOR)
    if separator:
        for one in declarations:
            if one.name == prefix:
                return one
    return declarations[0]


def outcome(declaration: Declaration, path: Path) -> dict[str, Any]:
    """What comes of one body, in the shape of expected.json."""
    head = path.with_suffix(path.suffix + ".head")
    content_type = head.read_text(encoding="utf-8").strip() if head.exists() else ""
    return outcome_of(declaration, path.read_bytes(), content_type)


def outcome_of(declaration: Declaration, body: bytes, content_type: str = "") -> dict[str, Any]:
    """The same for bytes at hand."""
    try:
        delivery = kit_of(declaration).parse(declaration, body, content_type)
        records = to_records(declaration, delivery.rows, _RECEIVED_AT)
    except SourceFault as fault:
        return {"fault": fault.code}
    except _SURPRISES as fault:
        return {"fault": "malformed", "surprise": f"{type(fault).__name__}: {fault}"}
    dead = (*delivery.dead, *records.dead)
    drift = {name: list(value) for name, value in vars(records.drift).items() if value}
    return {
        "rows": records.table.num_rows,
        "dead": len(dead),
        "reasons": [one.reason for one in dead[:_MOST_REASONS]],
        "first": [plain(row) for row in records.table.slice(0, FIRST).to_pylist()],
        "drift": json.loads(json.dumps(drift)),
    }


def record_expected(declarations: Sequence[Declaration]) -> Path:
    """Write expected.json from what comes of the fixtures now; to be read by a person before it is kept."""
    folder = declarations[0].folder
    assert folder is not None
    found = {
        path.name: {
            name: value for name, value in outcome(of(declarations, path.name), path).items() if value != {}
        }
        for path in sorted((folder / "fixtures").glob("*"))
        if _is_body(path)
    }
    path = folder / "expected.json"
    path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A record as JSON knows it; times in UTC."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, dt.date) else value


def _is_body(path: Path) -> bool:
    return path.is_file() and path.suffix != ".head" and not path.name.startswith(".")


def _differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    if "surprise" in found:
        yield f"the kit stumbled: {found['surprise']}"
    if "rows" not in wanted and "fault" not in wanted:
        yield "expected.json says neither rows nor fault"
    for name, value in wanted.items():
        if name == "first":
            yield from _different_records(found.get("first", []), value)
        elif found.get(name) != value:
            yield f"{name}: {found.get(name, 'none')!r} instead of {value!r}"


def _different_records(
    found: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    for number, record in enumerate(wanted, 1):
        if number > len(found):
            yield f"record {number}: none"
            continue
        for name, value in record.items():
            if found[number - 1].get(name) != value:
                yield f"record {number}, {name}: {found[number - 1].get(name)!r} instead of {value!r}"
