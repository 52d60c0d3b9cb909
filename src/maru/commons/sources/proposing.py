"""``maru source new``: from the address of a table to a drawer of this home, with every guess said.

The table kit finds the header and the cells; here they become fields: types from the values, names from the headers, the key from
what is different in every row, the time from the first column of dates. A person reads the file and puts right what is wrong.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _

from maru.commons.offices.city import current_city
from maru.commons.offices.queries import answering
from maru.commons.sources.checking import outcome_of, record_expected
from maru.commons.sources.contracts import Declaration, FieldRule, Licence, Schedule, SourceFault, Type
from maru.commons.sources.declaration import BUILT_IN, CATEGORIES, FILE, NAME, dump, load, proposed_name
from maru.commons.sources.fetch import Reach, SourceFetch
from maru.commons.sources.keys import Keys
from maru.commons.sources.kits.table import TableKit, body_of
from maru.commons.sources.kits.table_types import kind_of
from maru.commons.sources.limits import Limits
from maru.commons.sources.outside import Outside
from maru.commons.sources.proposed_names import column_name, role_of
from maru.platform.access.refusals import Conflict, Invalid
from maru.platform.ports.environment import Environment

_SAMPLE = 20_000
_SHARE = 0.98  # of the cells that must be of a type
_WIDEST_KEY = 4
_FIXTURE = 48 * 1024
_OUTAGE = b"<html><body><h1>503 Service Unavailable</h1></body></html>\n"


@dataclass(frozen=True)
class Wishes:
    """What was said on the command line; what is empty is guessed."""

    address: str
    name: str = ""
    office: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    category: str = "administration"
    licence: str = "KOGL-1"
    every_s: float = 3600.0
    key: tuple[str, ...] = ()
    replace: bool = False


@dataclass(frozen=True)
class Made:
    """The drawer that was made, what was guessed, and the first records."""

    folder: Path
    declaration: Declaration
    guesses: tuple[str, ...]
    first: tuple[Mapping[str, Any], ...]
    rows: int
    dead: int

    def report(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "source": self.declaration.name,
            "folder": str(self.folder),
            "rows": self.rows,
            "dead": self.dead,
            "fields": {rule.name: rule.type for rule in self.declaration.fields},
            "key": list(self.declaration.key),
            "time": self.declaration.time,
            "guesses": list(self.guesses),
            "first": list(self.first),
        }


def make(environment: Environment, wishes: Wishes) -> Made:
    """Read the table, guess, write the drawer. Raises SourceFault, Invalid, Conflict."""
    if wishes.category not in CATEGORIES:
        raise Invalid("category", _("Choose one of: %(names)s") % {"names": ", ".join(CATEGORIES)})
    address = _address(wishes.address)
    name = wishes.name or _name_of(address)
    if not re.fullmatch(NAME, name):
        raise Invalid("name", _("Use small letters, digits and single underscores, beginning with a letter."))
    folder = environment.home / "connectors" / name
    if (BUILT_IN / name).exists() or (folder.exists() and not wishes.replace):
        raise Conflict(_("There is already a source of this name."), code="taken")
    draft = _draft(name, address, wishes)
    body = _body(environment, draft)
    delivery = TableKit().parse(draft, body)
    table = (
        delivery.rows if isinstance(delivery.rows, pa.Table) else pa.Table.from_pylist(list(delivery.rows))
    )
    if not table.num_rows:
        raise SourceFault("empty", "the table has no rows")
    fields = _fields(table)
    time = next((rule.name for rule in fields if rule.type in ("datetime", "date")), "")
    key = wishes.key or _key(table, fields, time)
    unknown = [one for one in key if one not in {rule.name for rule in fields}]
    if unknown:
        raise Invalid("key", _("There is no column %(name)s.") % {"name": unknown[0]})
    declaration = replace(draft, fields=fields, key=key, time=time, complete=not time)
    return _write(folder, declaration, body, table.num_rows)


def _address(text: str) -> str:
    if urlsplit(text).scheme in {"http", "https", "sftp"}:
        return text
    path = Path(text.removeprefix("file://")).expanduser().absolute()
    if not path.is_file():
        raise Invalid("address", _("This is neither an address nor a file."))
    return str(path)


def _name_of(address: str) -> str:
    stem = Path(unquote(urlsplit(address).path)).stem
    return proposed_name(stem) or "table"


def _draft(name: str, address: str, wishes: Wishes) -> Declaration:
    offices = {office.code: office for office in answering()}
    if wishes.office and wishes.office not in offices:
        raise Invalid("office", _("There is no office of this code."))
    office = offices.get(wishes.office) or next(iter(offices.values()), None)
    titles = {language: wishes.titles.get(language) or _plain_title(name) for language in ("ko", "en")}
    return Declaration(
        name=name,
        drawer=name,
        names=titles,
        summaries=titles,
        office=office.code if office else "city",
        owner=office.name if office else "city",
        category=wishes.category,
        kind="table",
        mode="poll" if "://" in address else "file",
        address=address,
        schedule=Schedule(
            every_s=wishes.every_s, term="chosen when it was added; the provider's term is not known"
        ),
        licence=Licence(wishes.licence, wishes.licence),
        personal="none",
        fresh_s=max(3 * wishes.every_s, 60.0),
        fields=(),
        key=(),
        zone=current_city().time_zone,
    )


def _plain_title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _body(environment: Environment, declaration: Declaration) -> bytes:
    reach = Reach(Keys(environment.home), Limits(lifted=True), Outside(), home_folder=str(environment.home))
    return body_of(SourceFetch(declaration, reach).get(declaration.address))


def _fields(table: pa.Table) -> tuple[FieldRule, ...]:
    sample = table.slice(0, _SAMPLE)
    taken: set[str] = set()
    rules = []
    for number, outside in enumerate(table.column_names, 1):
        cells = [str(cell) for cell in sample.column(outside).to_pylist() if cell is not None]
        kind = _type(cells)
        role = role_of(outside) if kind in ("number", "integer") else ""
        name = column_name(outside, number)
        while name in taken:
            name += "_2"
        taken.add(name)
        title = re.sub(r"\s+", " ", outside).strip()
        rules.append(
            FieldRule(
                name=name,
                names=(outside,),
                type="number" if role else kind,
                titles={"ko": title, "en": name.replace("_", " ").capitalize()},
                unit=_unit(title),
                role=cast(Any, role),
            )
        )
    roles = [rule.role for rule in rules]
    paired = sorted(role for role in roles if role) == ["latitude", "longitude"]
    return tuple(rules if paired else [replace(rule, role="") for rule in rules])


def _type(cells: Sequence[str]) -> Type:
    """The narrowest type that nearly every cell has."""
    kinds = [kind for cell in cells if (kind := kind_of(cell))]
    if not kinds:
        return "text"
    counts: dict[str, int] = {kind: kinds.count(kind) for kind in set(kinds)}
    least = _SHARE * len(kinds)
    for kind, also in (("integer", ()), ("number", ("integer",)), ("datetime", ()), ("date", ())):
        if counts.get(kind, 0) and sum(counts.get(one, 0) for one in (kind, *also)) >= least:
            return cast(Type, kind)
    return "text"


def _unit(title: str) -> str:
    """What stands in brackets behind a header: ``농도(㎍/㎥)``."""
    found = re.search(r"[(\[]([^()\[\]]{1,12})[)\]]\s*$", title)
    return found.group(1).strip() if found else ""


def _key(table: pa.Table, fields: Sequence[FieldRule], time: str) -> tuple[str, ...]:
    """The fewest columns, from the left, that tell every row from every other; all of them if even those do not."""
    names = dict(zip([rule.name for rule in fields], table.column_names, strict=True))
    likely = [rule.name for place, rule in enumerate(fields) if _tells_apart(rule, first=place == 0)][:10]
    for width in range(1, _WIDEST_KEY + 1):
        for chosen in combinations(likely, width):
            if _unique(table, [names[name] for name in chosen]):
                return chosen
    return tuple(rule.name for rule in fields)


def _tells_apart(rule: FieldRule, *, first: bool) -> bool:
    """Whether a column may be part of a key. Whole numbers are measures, unless they come first or call themselves a number."""
    if rule.role:
        return False
    if rule.type == "integer":
        return first or bool(re.search(r"(^|_)(id|no|number|code|seq|key)(_|$)", rule.name))
    return rule.type in ("text", "datetime", "date")


def _unique(table: pa.Table, columns: list[str]) -> bool:
    chosen = table.select(columns)
    texts = [
        pc.utf8_trim_whitespace(pc.fill_null(pc.cast(column, pa.string()), "")) for column in chosen.columns
    ]
    if any(pc.any(pc.is_in(column, value_set=pa.array(["", "-"]))).as_py() for column in texts):
        return False
    return bool(chosen.group_by(columns).aggregate([]).num_rows == table.num_rows)


def _write(folder: Path, declaration: Declaration, body: bytes, rows: int) -> Made:
    """Beside its place first, so that the collector never reads half a drawer."""
    draft = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "fixtures").mkdir(parents=True)
    (draft / FILE).write_text(dump(declaration), encoding="utf-8")
    for name, content in _fixtures(body).items():
        (draft / "fixtures" / name).write_bytes(content)
    made = replace(declaration, folder=draft)
    record_expected([made])
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    loaded = load(folder, code=False)[0]
    outcome = outcome_of(loaded, body)
    return Made(
        folder=folder,
        declaration=loaded,
        guesses=_said(loaded, rows, outcome),
        first=tuple(outcome.get("first", ())),
        rows=int(outcome.get("rows", 0)),
        dead=int(outcome.get("dead", 0)),
    )


def _fixtures(body: bytes) -> dict[str, bytes]:
    """An example of each kind. A workbook is kept only if it is small: it cannot be cut."""
    text = body[:2] != b"PK" and body[:4] != b"\xd0\xcf\x11\xe0"
    ordinary = body[:_FIXTURE].rpartition(b"\n")[0] + b"\n" if text and len(body) > _FIXTURE else body
    if not text:
        return (
            {"ordinary.xlsx": body, "outage.html": _OUTAGE}
            if len(body) < 10 * _FIXTURE
            else {"outage.html": _OUTAGE}
        )
    return {
        "ordinary.csv": ordinary,
        "malformed.csv": ordinary[: len(ordinary) // 2] + b"\x00\xff\xfe;;;\n",
        "empty.csv": b"",
        "outage.html": _OUTAGE,
    }


def _said(declaration: Declaration, rows: int, outcome: Mapping[str, Any]) -> tuple[str, ...]:
    said = [
        f"{rows} rows in the table, {outcome.get('rows', 0)} records, {outcome.get('dead', 0)} could not be read"
    ]
    said += [
        f"{rule.name:<20} {rule.type:<9} from {', '.join(rule.names)!r}"
        + (f", {rule.unit}" if rule.unit else "")
        + (f", {rule.role}" if rule.role else "")
        for rule in declaration.fields
    ]
    said.append(f"key: {', '.join(declaration.key)} (what tells records apart)")
    said.append(f"time: {declaration.time or 'that of arrival: each reading is the whole state'}")
    said.append(
        f"asked every {declaration.schedule.every_s:.0f} s; office {declaration.office}; licence {declaration.licence.id}"
    )
    return tuple(said)
