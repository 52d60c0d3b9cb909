"""The texts of a field for many records at once: cheap, because each field draws from a small table made beforehand."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, Literal
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from maru.simulator.outside import words
from maru.simulator.outside.ledger import NINE_HOURS, Indices, Times, mixed
from maru.simulator.outside.model import Field, System

# plain: as it is · quoted: every value a JSON text · json: numbers and truth bare, none = null · xml: escaped · csv: quoted if it must be
Style = Literal["plain", "quoted", "json", "xml", "csv"]
THINGS = 211  # things that a system of single events speaks of
_SLOTS, _NOISES, _CLASSES = 48, 31, 2
Objects = npt.NDArray[np.object_]


def things(system: System) -> int:
    """How many things (stations, stops, streets) a system speaks of."""
    return system.batch if system.batch > 1 else int(system.options.get("things", THINGS))


def entity(system: System, indices: Indices) -> Indices:
    """Which thing each record is about."""
    if system.batch > 1:
        return indices % system.batch
    return (mixed(indices, 3) % np.uint64(things(system))).astype(np.int64)


def dressed(field: Field, style: Style, text: str) -> str:
    """One value in the style. ``\\0`` stands for "no value" of a JSON answer."""
    if style == "plain":
        return text
    if style == "xml":
        return escape(text)
    if style == "csv":
        return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n\t') else text
    if style == "json":
        if text == "\0":
            return "null"
        if field.type in ("integer", "number", "boolean") or (
            field.type == "datetime" and field.make.words[0].startswith("unix")
        ):
            return text if _bare(text) else json.dumps(text, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False)


def _bare(text: str) -> bool:
    return text in ("true", "false") or text.lstrip("-").replace(".", "", 1).isdigit()


def none_of(system: System, field: Field, style: Style) -> str:
    """How a system writes that it has no value."""
    if "none" in system.options:
        return str(system.options["none"])
    for trap, text in (("zero_is_none", "0.0"), ("stars_for_small", "*"), ("minus_900_is_none", "-999.0")):
        if trap in system.traps:
            return text
    if style == "json":
        return "\0"
    return "-" if "dash_numbers" in system.traps else ""


@lru_cache(maxsize=4096)
def _numbers(low: float, high: float, digits: int, nulls: float, none: str, comma: bool) -> tuple[str, ...]:
    """Texts by class of thing, half hour of the day and noise."""
    found: list[str] = []
    for group in range(_CLASSES):
        for slot in range(_SLOTS):
            wave = (
                0.5
                - 0.35 * math.cos((slot - 8) / _SLOTS * 2 * math.pi)
                + 0.08 * math.sin(slot / _SLOTS * 4 * math.pi)
            )
            for noise in range(_NOISES):
                if nulls and ((slot * _NOISES + noise) * 7919 % 10_007) / 10_007 < nulls:
                    found.append(none)
                    continue
                share = min(
                    1.0, max(0.0, wave * (0.55 + 0.4 * group) + (noise * 17 % _NOISES / _NOISES - 0.5) * 0.3)
                )
                value = low + (high - low) * share
                found.append(f"{value:,.{digits}f}" if comma else f"{value:.{digits}f}")
    return tuple(found)


def _phone(system: System, index: int) -> str:
    return f"02-{1000 + index % 9000}-{index * 37 % 10_000:04d}"


def _code(prefix: str, system: System, index: int) -> str:
    if prefix.startswith("측정소"):
        return f"{words.DISTRICTS[max(system.district, 0)][0]}{words.HEADS[index % 17]}길"
    number = max(system.district, 0) * 100_000 + index + 1
    return f"{prefix}{number:0{4 if prefix and not prefix[-1].isdigit() else 1}d}" if prefix else str(number)


def _where(system: System, index: int) -> tuple[float, float]:
    """Latitude and longitude of a thing: in its district, scattered."""
    district = system.district if system.district >= 0 else index % 25
    radius = 0.11 * math.sqrt((district + 0.5) / 25)
    angle = district * math.pi * (3 - math.sqrt(5))
    turn, reach = index * 2.399963, 0.012 * math.sqrt((index * 0.618034) % 1)
    latitude = 36.4 + radius * math.sin(angle) + reach * math.sin(turn)
    return latitude, 130.9 + (radius * math.cos(angle) + reach * math.cos(turn)) / math.cos(
        math.radians(36.4)
    )


@lru_cache(maxsize=64)
def _metres(name: str, count: int, district: int) -> tuple[tuple[float, float], ...]:
    """Eastings and northings on the grid of the east sea belt (EPSG:5188)."""
    from pyproj import Transformer  # a third of a second: only who needs it waits

    from maru.simulator.outside.systems import by_name

    points = [_where(by_name()[name], index) for index in range(count)]
    transformer = Transformer.from_crs("EPSG:4326", "EPSG:5188", always_xy=True)
    xs, ys = transformer.transform([one[1] for one in points], [one[0] for one in points])
    return tuple(zip(xs, ys, strict=True))


def _place(system: System, what: str, index: int) -> str:
    kind, _colon, prefix = what.partition(":")
    district = words.DISTRICTS[system.district if system.district >= 0 else index % 25]
    own = index + max(system.district, 0) * 17
    simple: dict[str, Callable[[], str]] = {
        "id": lambda: _code(prefix, system, index),
        "name": lambda: words.name(own),
        "station": lambda: words.station(index),
        "line": lambda: f"{index % 9 + 1}호선",
        "district": lambda: f"{district[0]}구",
        "dong": lambda: f"47{index // 17 + 11:02d}{index % 17 + 51:02d}00"[:8],
        "dong10": lambda: f"47{index // 17 + 11:02d}{index % 17 + 51:02d}0000",
        "dong_name": lambda: words.dong(own),
        "address": lambda: (
            f"마루시 {district[0]}구 {words.HEADS[index % 17]}{words.TAILS[index % 12]}로 {index % 97 + 1}"
        ),
        "lat": lambda: f"{_where(system, index)[0]:.6f}",
        "lon": lambda: f"{_where(system, index)[1]:.6f}",
        "x": lambda: f"{_metres(system.name, things(system), system.district)[index][0]:.3f}",
        "y": lambda: f"{_metres(system.name, things(system), system.district)[index][1]:.3f}",
        "shop": lambda: words.shop(own),
        "plate": lambda: f"마루{70 + index % 9}사{1000 + index * 7 % 9000}",
        "phone": lambda: _phone(system, index),
        "route": lambda: str(100 + index % 640),
        "route_id": lambda: f"100100{index % 640:03d}",
        "grid_x": lambda: str(92 + index % 10),
        "grid_y": lambda: str(86 + index // 10),
        "hash": lambda: f"{(index + 1) * 2654435761 % (1 << 40):010x}",
        "stream": lambda: (
            f"https://cctv.maru.example/live/{index + 1:04d}/index.m3u8?token=t{index * 7919 % 99991:05d}"
        ),
        "urn": lambda: f"urn:ngsi-ld:{prefix}:{index + 1:04d}",
    }
    return simple[kind]()


class Cells:
    """The texts of one field of one system in one style."""

    def __init__(self, system: System, field: Field, style: Style, salt: int) -> None:
        self.system, self.field, self.style, self.salt = system, field, style, salt
        self._table: Objects | None = None

    def texts(self, indices: Indices, times: Times) -> Sequence[str]:
        """One text for each record."""
        make = self.field.make
        if make.kind == "at":
            return self._when(times)
        if make.kind == "serial":
            return self._serial(indices)
        if make.kind == "link":
            return [dressed(self.field, self.style, make.words[0].format(i=one)) for one in indices.tolist()]
        if make.kind == "plain":
            return [dressed(self.field, self.style, make.words[0])] * len(indices)
        table = self.table()
        if make.kind == "place":
            return list(table[entity(self.system, indices)].tolist())
        if make.kind == "pick":
            return list(table[(mixed(indices, self.salt) % np.uint64(len(table))).astype(np.int64)].tolist())
        slots = ((times + NINE_HOURS) // 1800).astype(np.int64) % _SLOTS
        noise = (mixed(indices, self.salt) % np.uint64(_NOISES)).astype(np.int64)
        group = entity(self.system, indices) % _CLASSES
        return list(table[(group * _SLOTS + slots) * _NOISES + noise].tolist())

    def table(self) -> Objects:
        """All texts that this field can have; made when first needed."""
        if self._table is None:
            make, system = self.field.make, self.system
            if make.kind == "place":
                plain: Sequence[str] = [
                    _place(system, make.words[0], index) for index in range(things(system))
                ]
            elif make.kind == "pick":
                plain = make.words
            else:
                none = none_of(system, self.field, self.style)
                unit = self._unit()
                comma = bool(system.options.get("thousands"))
                plain = _numbers(make.low, make.high, make.digits, make.nulls, none, comma)
                if unit:
                    plain = [f"{one}{unit}" if one else one for one in plain]
            table = np.empty(len(plain), object)
            table[:] = [dressed(self.field, self.style, one) for one in plain]
            self._table = table
        return self._table

    def _unit(self) -> str:
        if "units_in_numbers" in self.system.traps and self.field.unit in ("m2", "kcal"):
            return "㎡" if self.field.unit == "m2" else " Kcal"
        return " " if "trailing_blanks" in self.system.traps and self.field.type == "number" else ""

    def _serial(self, indices: Indices) -> list[str]:
        make = self.field.make
        width, quote = make.digits, '"' if self.style in ("quoted", "json") else ""
        if self.style == "json" and self.field.wire[0].endswith("@iot.id"):
            quote = ""
        offset = 10 ** (width - 1) if width else 1
        prefix = make.words[0]
        head, tail = f"{quote}{prefix}", quote
        return [f"{head}{one}{tail}" for one in (indices + offset).tolist()]

    def _when(self, times: Times) -> Sequence[str]:
        make = self.field.make
        form = make.words[0]
        quote = (
            '"' if self.style == "quoted" or (self.style == "json" and not form.startswith("unix")) else ""
        )
        shifted = times - make.late_s if make.late_s else times
        if self.system.batch == 1 and len(times) > 1:
            found = formatted(shifted, form, self.system.zone)
            return [f"{quote}{one}{quote}" for one in found] if quote else found
        # One time for a whole batch: format each once.
        texts: list[str] = []
        values, counts = _runs(shifted)
        for value, count in zip(formatted(values, form, self.system.zone), counts, strict=True):
            texts.extend(repeat(f"{quote}{value}{quote}", count))
        return texts


def _runs(times: Times) -> tuple[Times, list[int]]:
    edges = np.flatnonzero(np.diff(times)) + 1
    starts = np.concatenate(([0], edges))
    counts = np.diff(np.concatenate((starts, [len(times)])))
    return times[starts], counts.tolist()


_SHAPES = {
    "%Y-%m-%d %H:%M:%S": "s", "%Y-%m-%d %H:%M:%S.0": "s", "%Y%m%d%H%M%S": "s", "%Y-%m-%dT%H:%M:%S+09:00": "s", "%Y-%m-%d": "D", "%Y%m%d": "D",
    "%Y.%m.%d": "D", "%Y%m%d%H": "h", "%Y%m%d%H%M": "m", "%Y-%m-%d %H:%M": "m", "%Y-%m-%dT%H:%M:%SZ": "s", "%Y/%m/%d %H:%M:%S": "s",
    "%Y-%m-%d 00:00:00.0": "D", "%Y-%m-%dT%H:%M:%S.000000": "s",
}  # fmt: skip


def formatted(times: Times, form: str, zone: str) -> list[str]:
    """Times as a system writes them: nine hours ahead of UTC unless the form or its zone says UTC."""
    if form == "unix":
        return list(map(str, np.floor(times).astype(np.int64).tolist()))
    if form == "unix_ms":
        return list(map(str, np.floor(times * 1000).astype(np.int64).tolist()))
    utc = form.endswith("Z") or form == "ms_utc" or (zone == "UTC" and form != "rfc822")
    local = times if utc else times + NINE_HOURS
    if form in ("ms", "ms_utc"):
        ending = "Z" if form == "ms_utc" else "+09:00"
        return [
            f"{one}{ending}"
            for one in np.datetime_as_string(np.floor(local * 1000).astype("datetime64[ms]")).tolist()
        ]
    unit: Any = _SHAPES.get(form)
    if unit is None:
        return [_slowly(one, form) for one in local.tolist()]
    iso = np.datetime_as_string(np.floor(local).astype(np.int64).astype("datetime64[s]"), unit=unit).tolist()
    return _reshaped(iso, form)


def _reshaped(iso: list[str], form: str) -> list[str]:
    joined = "\n".join(iso)
    if form.startswith(("%Y%m%d",)):
        return joined.translate({ord("-"): None, ord(":"): None, ord("T"): None}).split("\n")
    if form.startswith("%Y.%m"):
        return joined.replace("-", ".").split("\n")
    if form.startswith("%Y/%m"):
        joined = joined.replace("-", "/")
    ending = {
        "%Y-%m-%d %H:%M:%S.0": ".0",
        "%Y-%m-%dT%H:%M:%S+09:00": "+09:00",
        "%Y-%m-%dT%H:%M:%SZ": "Z",
        "%Y-%m-%d 00:00:00.0": " 00:00:00.0",
        "%Y-%m-%dT%H:%M:%S.000000": ".000000",
    }.get(form, "")
    if "T" not in form:
        joined = joined.replace("T", " ")
    if ending:
        joined = joined.replace("\n", ending + "\n") + ending
    return joined.split("\n")


def _slowly(local: float, form: str) -> str:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=math.floor(local))
    if form == "rfc822":
        names = (
            ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
            ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        )
        return f"{names[0][moment.weekday()]}, {moment.day:02d} {names[1][moment.month - 1]} {moment:%Y %H:%M:%S} +0900"
    if form == "24":
        if moment.hour == 0:
            return f"{moment - dt.timedelta(days=1):%Y-%m-%d} 24:00"
        return f"{moment:%Y-%m-%d %H}:00"
    return moment.strftime(form)
