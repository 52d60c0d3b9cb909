"""``maru source new``: from the address of a table to a drawer of this home, with every guess said.

``kits.table_sniff`` looks at what the address gives; a person reads the file and puts right what is wrong.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from maru.commons.offices.city import current_city
from maru.commons.offices.queries import answering
from maru.commons.sources.checking import outcome_of, record_expected
from maru.commons.sources.contracts import Declaration, Licence, Schedule, SourceFault
from maru.commons.sources.declaration import BUILT_IN, CATEGORIES, FILE, NAME, dump, load, proposed_name
from maru.commons.sources.fetch import Reach, SourceFetch
from maru.commons.sources.keys import Keys
from maru.commons.sources.kits import document_sniff
from maru.commons.sources.kits.table import body_of
from maru.commons.sources.kits.table_sniff import Sniffed, sniff
from maru.commons.sources.limits import Limits
from maru.commons.sources.outside import Outside
from maru.platform.access.refusals import Conflict, Invalid
from maru.platform.ports.environment import Environment

_FIXTURE = 48 * 1024
_EXAMPLES = 50
# Bodies that cannot be cut: zip (and with it .xlsx), gzip, .xls.
_WHOLE = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gz", b"\xd0\xcf\x11\xe0": "xls"}
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
    found = sniff(body)
    if not found.rows:
        raise SourceFault("empty", "the table has no rows")
    names = {rule.name for rule in found.fields}
    unknown = [one for one in wishes.key if one not in names]
    if unknown:
        raise Invalid("key", _("There is no column %(name)s.") % {"name": unknown[0]})
    # Without a key of its own a record is told apart by all that it says.
    key = wishes.key or found.key or tuple(rule.name for rule in found.fields)
    declaration = replace(
        draft,
        kind=found.kind,
        fields=found.fields,
        key=key,
        time=found.time,
        crs=found.crs,
        series=found.series,
        options=found.options,
        complete=not found.time,
    )
    return _write(folder, declaration, body, found)


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


def _write(folder: Path, declaration: Declaration, body: bytes, found: Sniffed) -> Made:
    """Beside its place first, so that the collector never reads half a drawer."""
    draft = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "fixtures").mkdir(parents=True)
    (draft / FILE).write_text(dump(declaration), encoding="utf-8")
    for name, content in _fixtures(body, found).items():
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
        guesses=_said(loaded, found, outcome),
        first=tuple(outcome.get("first", ())),
        rows=int(outcome.get("rows", 0)),
        dead=int(outcome.get("dead", 0)),
    )


def _fixtures(body: bytes, found: Sniffed) -> dict[str, bytes]:
    """An example of each kind, short where it can be cut. What cannot is kept only if it is small."""
    ending = next((ending for mark, ending in _WHOLE.items() if body.startswith(mark)), "")
    if ending or found.form == "html":
        ending = ending or "html"
        return (
            {f"ordinary.{ending}": body, "outage.html": _OUTAGE}
            if len(body) < 10 * _FIXTURE
            else {"outage.html": _OUTAGE}
        )
    document = document_sniff.look_at(body) if found.form in ("json", "geojson") else None
    if document is not None:
        ordinary = document_sniff.shortened(body, document, _EXAMPLES)
        return {
            "ordinary.json": ordinary,
            "malformed.json": ordinary[: len(ordinary) // 2],
            "empty.json": b"",
            "outage.html": _OUTAGE,
        }
    ordinary = body[:_FIXTURE].rpartition(b"\n")[0] + b"\n" if len(body) > _FIXTURE else body
    return {
        "ordinary.csv": ordinary,
        "malformed.csv": ordinary[: len(ordinary) // 2] + b"\x00\xff\xfe;;;\n",
        "empty.csv": b"",
        "outage.html": _OUTAGE,
    }


def _said(declaration: Declaration, found: Sniffed, outcome: Mapping[str, Any]) -> tuple[str, ...]:
    dead = outcome.get("dead", 0)
    said = [f"{found.rows} rows in the table, {outcome.get('rows', 0)} records, {dead} could not be read"]
    said.append(f"read as {declaration.kind}" + (f", {found.encoding}" if found.encoding else ""))
    said += [f"look at: {note}" for note in found.notes]
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
