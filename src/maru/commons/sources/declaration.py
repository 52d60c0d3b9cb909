"""Reads, checks and writes ``connector.toml``: what a source is, in words that a city official can change.

A drawer (folder) declares one system, or several in ``[[systems]]``, each of which overrides what differs. Drawers of the
installation live in ``maru/connectors``; a city's own in ``{home}/connectors``, and those never run code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

import maru
from maru.commons.offices.city import current_city
from maru.commons.sources import aliases
from maru.commons.sources.contracts import (
    Declaration,
    FieldRule,
    Licence,
    Role,
    Schedule,
    SeriesRule,
    Type,
)
from maru.commons.sources.kits.registry import KINDS
from maru.commons.sources.toml_values import NO_DEFAULT, Values, toml_key, toml_value

# The twelve fields of policy under which the Open Data Plaza files everything.
CATEGORIES = (
    "health", "administration", "culture", "industry", "welfare", "education",
    "environment", "safety", "transport", "housing", "population", "science",
)  # fmt: skip
MODES = ("poll", "push", "file")
PERSONAL = ("none", "pseudonymous", "personal")
NAME = r"[a-z][a-z0-9]*(_[a-z0-9]+)*"
# "code": the drawer's read.py is the kit. Only drawers of the installation may say so.
CODE = "code"
FILE = "connector.toml"
BUILT_IN = Path(maru.__file__).parent / "connectors"
TIMES = ("date", "datetime")
NUMBERS = ("integer", "number")


class DeclarationError(Exception):
    """A connector.toml that does not hold together. ``faults`` names every wrong place, not only the first."""

    def __init__(self, path: Path, faults: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(faults))
        self.path = path
        self.faults = tuple(faults)


def load(folder: Path, *, code: bool = True) -> tuple[Declaration, ...]:
    """The systems that the drawer ``folder`` declares, in the order of the file. Raises DeclarationError.

    ``code=False``: the drawer is a city's own, so its read.py is never used.
    """
    path = folder / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DeclarationError(path, ["the file is missing"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(path, [f"is not TOML: {error}"]) from None
    return parse(data, folder=folder, code=code)


def parse(data: Mapping[str, Any], *, folder: Path, code: bool = True) -> tuple[Declaration, ...]:
    """The declarations in what tomllib gave. Raises DeclarationError."""
    faults: list[str] = []
    base = {key: value for key, value in data.items() if key != "systems"}
    systems = Values("", {"systems": data["systems"]}, faults).tables("systems") if "systems" in data else []
    allowed = code and (folder / "read.py").is_file()
    if "systems" in data and not systems and not faults:
        faults.append("systems: is empty")
    if systems:
        found = [
            _declaration(Values(one.where, merged(base, one.data), faults), folder, code=allowed)
            for one in systems
        ]
    else:
        found = [_declaration(Values("", base, faults), folder, code=allowed)]
    names = [one.name for one in found]
    faults += [f"systems: {name} is declared twice" for name in sorted(set(names)) if names.count(name) > 1]
    if faults:
        raise DeclarationError(folder / FILE, faults)
    return tuple(found)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with what ``over`` says: tables join, fields and series join by name, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        old = base.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            result[key] = merged(old, value)
        elif key in ("fields", "series") and isinstance(old, list) and isinstance(value, list):
            result[key] = _joined_by_name(old, value)
        else:
            result[key] = value
    return result


def _joined_by_name(old: list[Any], new: list[Any]) -> list[Any]:
    own = {one.get("name"): one for one in new if isinstance(one, Mapping)}
    known = {one.get("name") for one in old if isinstance(one, Mapping)}
    both = [merged(one, own.get(one.get("name"), {})) if isinstance(one, Mapping) else one for one in old]
    return both + [one for one in new if not isinstance(one, Mapping) or one.get("name") not in known]


def all_declarations(home: Path | None) -> dict[str, Declaration]:
    """Every source of the installation and of the city's ``home`` (which wins), by name. Raises DeclarationError."""
    found: dict[str, Declaration] = {}
    places = [(BUILT_IN, True)] + ([(home / "connectors", False)] if home else [])
    for place, code in places:
        here: dict[str, Path] = {}
        for path in sorted(place.glob(f"*/{FILE}")):
            for one in load(path.parent, code=code):
                if one.name in here:
                    raise DeclarationError(
                        path, [f"name: {one.name} is declared in {here[one.name].name} too"]
                    )
                here[one.name] = path.parent
                found[one.name] = one
    decided = aliases.read(home) if home else {}
    return {name: aliases.applied(one, decided) for name, one in found.items()}


def _declaration(values: Values, folder: Path, *, code: bool) -> Declaration:
    kind = values.choice("kind", (*KINDS, CODE))
    if kind == CODE and not code:
        values.fault("kind", "says code, but there is no read.py that may be run")
    mode = cast("Any", values.choice("mode", MODES, "poll"))
    record = values.table("record")
    keys, time = record.texts("key"), record.text("time", "")
    record.finish()
    fields = tuple(_field(one, keys, time) for one in values.tables("fields"))
    series = tuple(_series(one) for one in values.tables("series", required=False))
    declaration = Declaration(
        name=values.text("name", folder.name, pattern=NAME),
        drawer=folder.name,
        names=values.words("names"),
        summaries=values.words("summaries"),
        office=values.text("office"),
        owner=values.text("owner"),
        category=values.choice("category", CATEGORIES),
        kind=kind,
        mode=mode,
        address=values.text("address", "" if mode == "push" else NO_DEFAULT),
        schedule=_schedule(values.table("schedule")),
        licence=_licence(values.table("licence")),
        personal=cast("Any", values.choice("personal", PERSONAL)),
        fresh_s=values.number("fresh_s", least=1),
        fields=fields,
        key=keys,
        time=time,
        zone=values.text("zone", "") or current_city().time_zone,
        crs=values.text("crs", "EPSG:4326", pattern=r"EPSG:\d{4,6}"),
        series=series,
        feeds=values.texts("feeds", ()),
        provider=values.text("provider", ""),
        secret=values.text("secret", ""),
        complete=values.flag("complete"),
        options=dict(values.table("options", required=False).data),
        folder=folder,
        code=code,
    )
    values.finish()
    _check(values, declaration)
    return declaration


def _schedule(values: Values) -> Schedule:
    found = Schedule(
        every_s=values.number("every_s", least=0.1),
        term=values.text("term"),
        timeout_s=values.number("timeout_s", 20.0, least=0.1),
        per_minute=values.whole("per_minute"),
        daily_quota=values.whole("daily_quota"),
    )
    values.finish()
    return found


def _licence(values: Values) -> Licence:
    found = Licence(id=values.text("id"), title=values.text("title"), address=values.text("address", ""))
    values.finish()
    return found


def _field(values: Values, keys: tuple[str, ...], time: str) -> FieldRule:
    name = values.text("name", pattern=NAME)
    role = cast("Role", values.choice("role", get_args(Role), ""))
    rule = FieldRule(
        name=name,
        names=values.texts("names", (name,)),
        type=cast("Type", values.choice("type", get_args(Type), "number" if role else "text")),
        titles=values.words("titles", required=False),
        unit=values.text("unit", ""),
        # A record without its key or its time cannot be told from others, unless the drawer says otherwise.
        required=values.flag("required", name in keys or (bool(time) and name == time)),
        role=role,
        nulls=values.texts("nulls", ("-",)),
        format=values.text("format", ""),
        factor=values.number("factor", 1.0),
        low=values.limit("low"),
        high=values.limit("high"),
        personal=values.flag("personal"),
    )
    if rule.role and rule.type not in NUMBERS:
        values.fault("type", f"a {rule.role} must be a number")
    if rule.low is not None and rule.high is not None and rule.low > rule.high:
        values.fault("low", "is above high")
    if rule.type not in NUMBERS and (rule.factor != 1.0 or rule.low is not None or rule.high is not None):
        values.fault("type", "factor, low and high are for numbers")
    values.finish()
    return rule


def _series(values: Values) -> SeriesRule:
    found = SeriesRule(
        name=values.text("name", pattern=NAME),
        value=values.text("value"),
        by=values.texts("by", ()),
        titles=values.words("titles", required=False),
    )
    values.finish()
    return found


def _check(values: Values, declaration: Declaration) -> None:
    """What only shows when the parts stand side by side."""
    fields = {one.name: one for one in declaration.fields}
    names = [one.name for one in declaration.fields]
    for name in sorted({one for one in names if names.count(one) > 1}):
        values.fault("fields", f"{name} is declared twice")
    if not declaration.key:
        values.fault("record.key", "names no field: without one a repeated record cannot be known")
    for name in declaration.key:
        if name not in fields:
            values.fault("record.key", f"{name} is no field")
    if declaration.time and declaration.time not in fields:
        values.fault("record.time", f"{declaration.time} is no field")
    elif declaration.time and fields[declaration.time].type not in TIMES:
        values.fault("record.time", f"{declaration.time} is neither date nor datetime")
    for one in declaration.series:
        for name in (one.value, *one.by):
            if name not in fields:
                values.fault("series", f"{one.name}: {name} is no field")
    _check_places(values, declaration)
    try:
        ZoneInfo(declaration.zone)
    except (KeyError, ValueError, OSError):
        values.fault("zone", f"{declaration.zone!r} is no time zone")
    if declaration.personal == "none" and any(one.personal for one in declaration.fields):
        values.fault("personal", "says none, but a field is personal")


def _check_places(values: Values, declaration: Declaration) -> None:
    roles: list[str] = [one.role for one in declaration.fields if one.role]
    for one, other in (("longitude", "latitude"), ("x", "y")):
        if (
            roles.count(cast("Role", one)) != roles.count(cast("Role", other))
            or roles.count(cast("Role", one)) > 1
        ):
            values.fault("fields", f"{one} and {other} must come together, once")
    for rule in declaration.fields:
        derived = rule.role in ("longitude", "latitude") and "x" in roles
        if not rule.names and not derived:
            values.fault("fields", f"{rule.name} has no outside name")


def dump(declaration: Declaration) -> str:
    """The text of a connector.toml that gives ``declaration`` back, for ``maru source new``."""
    one = declaration
    head: dict[str, Any] = {"name": one.name, "names": one.names, "summaries": one.summaries}
    head |= {key: getattr(one, key) for key in ("office", "owner", "category", "kind", "mode", "address")}
    head |= {key: value for key in ("provider", "secret") if (value := getattr(one, key))}
    head |= {"personal": one.personal, "fresh_s": one.fresh_s, "zone": one.zone, "crs": one.crs}
    head |= {"complete": True} if one.complete else {}
    head |= {"feeds": one.feeds} if one.feeds else {}
    tables: list[tuple[str, Mapping[str, Any]]] = [
        ("[schedule]", vars(one.schedule)),
        ("[licence]", vars(one.licence)),
        ("[record]", {"key": one.key} | ({"time": one.time} if one.time else {})),
    ]
    tables += [("[[fields]]", _field_keys(rule, one)) for rule in one.fields]
    tables += [("[[series]]", vars(series)) for series in one.series]
    if one.options:
        tables.append(("[options]", one.options))
    parts = [_lines(head)] + [f"{title}\n{_lines(table)}" for title, table in tables]
    return "\n\n".join(parts) + "\n"


def _field_keys(rule: FieldRule, declaration: Declaration) -> dict[str, Any]:
    """The keys of a field that differ from what a field without them would be."""
    usual = FieldRule(rule.name, (rule.name,))
    expected = rule.name in declaration.key or (bool(declaration.time) and rule.name == declaration.time)
    usual = replace(usual, required=expected, type="number" if rule.role else "text")
    keys = {key: value for key, value in vars(rule).items() if value != getattr(usual, key)}
    return {"name": rule.name} | {key: value for key, value in keys.items() if value is not None}


def _lines(table: Mapping[str, Any]) -> str:
    return "\n".join(
        f"{toml_key(key)} = {toml_value(value)}" for key, value in table.items() if value is not None
    )


def proposed_name(text: str) -> str:
    """A column or source name made of ``text``: lower-case ASCII words, "" if none are left."""
    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return re.sub(r"^[0-9_]+", "", words)
