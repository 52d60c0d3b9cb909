"""The city is data: ``city.toml`` says its names, time, districts, offices and looks; nothing in the code does."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from maru.commons.offices.models import in_language

MODEL = Path(__file__).with_name("model_city.toml")
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_TOP = {"code", "names", "languages", "time_zone", "services", "look", "districts", "offices"}


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a city file: where (``districts[3].centre``) and why."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class CityError(Exception):
    """A city file cannot be used. ``faults`` names every field that is wrong, not only the first."""

    def __init__(self, path: Path, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join([f"{path}:", *(f"  {fault}" for fault in faults)]))
        self.path = path
        self.faults = faults


@dataclass(frozen=True)
class District:
    """A district; ``centre`` is (latitude, longitude) in degrees, WGS 84."""

    code: str
    names: Mapping[str, str]
    centre: tuple[float, float]

    @property
    def name(self) -> str:
        """In the active language."""
        return in_language(dict(self.names))


@dataclass(frozen=True)
class OfficeEntry:
    """An office as the file has it; ``parent`` and ``district`` are codes or empty; ``answer_days`` calendar days."""

    code: str
    names: Mapping[str, str]
    parent: str = ""
    district: str = ""
    answers: bool = True
    answer_days: int = 7


@dataclass(frozen=True)
class Look:
    """The city's two colours, ``#rrggbb``."""

    primary: str = "#0b5d4e"
    accent: str = "#b4532a"


@dataclass(frozen=True)
class City:
    """A city as its file describes it."""

    code: str
    names: Mapping[str, str]
    languages: tuple[str, ...]
    time_zone: str
    districts: tuple[District, ...] = ()
    offices: tuple[OfficeEntry, ...] = ()
    look: Look = Look()
    services: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """In the active language."""
        return in_language(dict(self.names))

    def has_service(self, name: str) -> bool:
        """Whether the service is switched on; a file that lists none switches on all."""
        return not self.services or name in self.services


def current_city() -> City:
    """The city of this home: its ``city.toml``, else the model city. Read again when the file changes."""
    path = Path(settings.MARU.home) / "city.toml"
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        path, changed = MODEL, 0
    return _load_once(path, changed)


@functools.lru_cache(maxsize=4)
def _load_once(path: Path, _changed: int) -> City:
    return load(path)


def load(path: Path) -> City:
    """Read and check a city file. Raises CityError that names every wrong field with the reason."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as fault:
        raise CityError(path, (Fault("file", f"is not TOML: {fault}"),)) from fault
    except UnicodeDecodeError as fault:
        raise CityError(path, (Fault("file", "is not UTF-8 text"),)) from fault
    except OSError as fault:
        raise CityError(path, (Fault("file", fault.strerror or str(fault)),)) from fault
    return from_data(data, path)


def from_data(data: dict[str, Any], path: Path = Path("city.toml")) -> City:
    """A City from parsed TOML; CityError as ``load``."""
    reader = _Reader(data)
    city = reader.city()
    if reader.faults:
        raise CityError(path, tuple(reader.faults))
    return city


class _Reader:
    """Walks through the parsed file, notes every fault, and goes on with something harmless."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.faults: list[Fault] = []
        self.languages: tuple[str, ...] = ()

    def city(self) -> City:
        """The whole; only to be used if ``faults`` is empty."""
        for name in sorted(set(self.data) - _TOP):
            self._fault(name, f"is not known; known are {', '.join(sorted(_TOP))}")
        self.languages = self._languages()
        districts = tuple(self._district(i, table) for i, table in enumerate(self._tables("districts")))
        offices = tuple(self._office(i, table) for i, table in enumerate(self._tables("offices")))
        self._check_codes("districts", [district.code for district in districts])
        self._check_codes("offices", [office.code for office in offices])
        self._check_references(offices, {district.code for district in districts})
        return City(
            code=self._code(self.data, "code"),
            names=self._names(self.data, "names"),
            languages=self.languages,
            time_zone=self._time_zone(),
            districts=districts,
            offices=offices,
            look=self._look(),
            services=self._services(),
        )

    def _fault(self, field: str, reason: str) -> None:
        self.faults.append(Fault(field, reason))

    def _languages(self) -> tuple[str, ...]:
        value = self.data.get("languages")
        known = [code for code, _name in settings.LANGUAGES]
        if not isinstance(value, list) or not value:
            self._fault("languages", f"must be a list of language codes such as {known}")
            return ()
        for code in value:
            if code not in known:
                self._fault("languages", f"{code!r} is not offered; the screens exist in {', '.join(known)}")
        return tuple(str(code) for code in value)

    def _tables(self, field: str) -> list[dict[str, Any]]:
        value = self.data.get(field, [])
        if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
            self._fault(field, f"must be tables, each begun by [[{field}]]")
            return []
        return value

    def _code(self, table: dict[str, Any], field: str) -> str:
        value = table.get("code")
        if not isinstance(value, str) or not _CODE.match(value) or len(value) > 60:
            self._fault(field, "must be a short name in small letters, digits and hyphens")
            return ""
        return value

    def _names(self, table: dict[str, Any], field: str) -> dict[str, str]:
        value = table.get("names")
        if not isinstance(value, dict):
            self._fault(field, f"must give a name in each of: {', '.join(self.languages)}")
            return {}
        for language in self.languages:
            name = value.get(language)
            if not isinstance(name, str) or not name.strip():
                self._fault(f"{field}.{language}", "the name in this language is missing")
        return {str(key): str(text).strip() for key, text in value.items()}

    def _district(self, number: int, table: dict[str, Any]) -> District:
        here = f"districts[{number}]"
        self._known(table, {"code", "names", "centre"}, here)
        return District(
            self._code(table, f"{here}.code"), self._names(table, f"{here}.names"), self._centre(table, here)
        )

    def _centre(self, table: dict[str, Any], here: str) -> tuple[float, float]:
        value = table.get("centre")
        numbers = isinstance(value, list) and len(value) == 2
        if not numbers or any(isinstance(n, bool) or not isinstance(n, int | float) for n in value or ()):
            self._fault(f"{here}.centre", "must be [latitude, longitude] in degrees")
            return (0.0, 0.0)
        latitude, longitude = float(table["centre"][0]), float(table["centre"][1])
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            self._fault(f"{here}.centre", "latitude is -90 to 90, longitude -180 to 180, in this order")
        return (latitude, longitude)

    def _office(self, number: int, table: dict[str, Any]) -> OfficeEntry:
        here = f"offices[{number}]"
        self._known(table, {"code", "names", "parent", "district", "answers", "answer_days"}, here)
        answers, days = table.get("answers", True), table.get("answer_days", 7)
        if not isinstance(answers, bool):
            self._fault(f"{here}.answers", "must be true or false")
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 365:
            self._fault(f"{here}.answer_days", "must be a whole number of days, 1 to 365")
            days = 7
        return OfficeEntry(
            code=self._code(table, f"{here}.code"),
            names=self._names(table, f"{here}.names"),
            parent=self._text(table, "parent", here),
            district=self._text(table, "district", here),
            answers=bool(answers),
            answer_days=days,
        )

    def _text(self, table: dict[str, Any], field: str, here: str) -> str:
        value = table.get(field, "")
        if not isinstance(value, str):
            self._fault(f"{here}.{field}", "must be a code in quotes")
            return ""
        return value

    def _known(self, table: dict[str, Any], fields: set[str], here: str) -> None:
        for name in sorted(set(table) - fields):
            self._fault(f"{here}.{name}", f"is not known; known are {', '.join(sorted(fields))}")

    def _check_codes(self, field: str, codes: list[str]) -> None:
        seen: set[str] = set()
        for number, code in enumerate(codes):
            if code and code in seen:
                self._fault(f"{field}[{number}].code", f"{code!r} is used twice")
            seen.add(code)

    def _check_references(self, offices: tuple[OfficeEntry, ...], districts: set[str]) -> None:
        earlier: set[str] = set()
        for number, office in enumerate(offices):
            # A parent stands before its children, so a circle cannot be written.
            if office.parent and office.parent not in earlier:
                self._fault(
                    f"offices[{number}].parent", f"there is no office {office.parent!r} above this one"
                )
            if office.district and office.district not in districts:
                self._fault(f"offices[{number}].district", f"there is no district {office.district!r}")
            earlier.add(office.code)

    def _time_zone(self) -> str:
        value = self.data.get("time_zone")
        try:
            return ZoneInfo(value or "").key
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self._fault(
                "time_zone", f'{value!r} is not a time zone of the IANA list, such as "Europe/Madrid"'
            )
            return "UTC"

    def _look(self) -> Look:
        value = self.data.get("look", {})
        if not isinstance(value, dict):
            self._fault("look", "must be a table, begun by [look]")
            return Look()
        self._known(value, {"primary", "accent"}, "look")
        for name in ("primary", "accent"):
            if name in value and not (isinstance(value[name], str) and _COLOUR.match(value[name])):
                self._fault(f"look.{name}", 'must be a colour such as "#0b5d4e"')
        return Look(str(value.get("primary", Look.primary)), str(value.get("accent", Look.accent)))

    def _services(self) -> tuple[str, ...]:
        value = self.data.get("services", [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            self._fault("services", "must be a list of names of services in quotes")
            return ()
        return tuple(value)
