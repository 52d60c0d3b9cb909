"""``maru city init|load|show``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_NEW = """\
# The city as this house knows it. After a change: `maru city load`.
# Check it without loading: `maru city show`.

# A short name in small letters, used in file names and exports.
code = "{code}"

# The languages of the screens. Every name below must exist in each of them.
languages = {languages}

# From the IANA list, for example "Europe/Madrid". All times on the screens are in it.
time_zone = "{time_zone}"

# The rooms that are open. Leave the list empty to open all.
services = ["live"]

# The city's name in every language.
[names]
{names}

# Two colours, "#rrggbb". Choose them dark enough for white letters on them (contrast 4.5 to 1).
[look]
primary = "#0b5d4e"
accent = "#b4532a"

# Districts, one table each. centre = [latitude, longitude] in degrees.
[[districts]]
code = "centre"
names = {{ {district} }}
centre = [0.0, 0.0]

# Offices, one table each. A parent must stand above its children. An office that does not answer citizens has
# answers = false. answer_days is the promise: calendar days until a voice is answered.
[[offices]]
code = "mayor"
names = {{ {mayor} }}
answer_days = 7

[[offices]]
code = "citizens"
names = {{ {citizens} }}
parent = "mayor"
"""
_WORDS = {
    "district": {"ko": "중앙구", "en": "Central District"},
    "mayor": {"ko": "시장실", "en": "Mayor's Office"},
    "citizens": {"ko": "시민협력과", "en": "Citizens Division"},
}


def register(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], parents: list[argparse.ArgumentParser]
) -> None:
    """Add ``city``."""
    city = subparsers.add_parser("city", help="the city as data: city.toml")
    acts = city.add_subparsers(dest="act", metavar="ACT", required=True)
    init = acts.add_parser("init", parents=parents, help="write a new city.toml with comments")
    init.add_argument("--name", required=True, help="the city's name (in its first language)")
    init.add_argument("--code", default="", help="its short name (default: made from the name)")
    init.add_argument("--time-zone", default="UTC", help="from the IANA list (default UTC)")
    init.add_argument(
        "--language", action="append", help="a language of the screens; repeat for more (default: all)"
    )
    init.add_argument("folder", nargs="?", type=Path, help="where to write (default: the home)")
    init.set_defaults(run=_init)
    load = acts.add_parser("load", parents=parents, help="bring the offices into step with city.toml")
    load.set_defaults(run=_load)
    show = acts.add_parser("show", parents=parents, help="check city.toml and say what it holds")
    show.set_defaults(run=_show)


def new_file(*, name: str, code: str, time_zone: str, languages: list[str]) -> str:
    """The text of a fresh ``city.toml``."""

    def table(words: dict[str, str]) -> str:
        return ", ".join(
            f"{language} = {_quoted(words.get(language, words['en']))}" for language in languages
        )

    return _NEW.format(
        code=code,
        time_zone=time_zone,
        languages="[" + ", ".join(_quoted(language) for language in languages) + "]",
        names="\n".join(f"{language} = {_quoted(name)}" for language in languages),
        **{key: table(words) for key, words in _WORDS.items()},
    )


def _init(options: argparse.Namespace) -> int:
    from django.conf import settings
    from django.utils.text import slugify

    from maru.commons.offices.city import CityError, load

    folder = options.folder or Path(settings.MARU.home)
    path = folder / "city.toml"
    if path.exists():
        print(f"maru: {path} exists already; nothing was written", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    languages = options.language or [code for code, _name in settings.LANGUAGES]
    code = options.code or slugify(options.name) or "city"
    text = new_file(name=options.name, code=code, time_zone=options.time_zone, languages=languages)
    path.write_text(text, "utf-8")
    try:
        load(path)
    except CityError as fault:
        path.unlink()
        print(f"maru: {fault}", file=sys.stderr)
        return 2
    print(f"written: {path}\nEdit it, then: maru city load")
    return 0


def _load(_options: argparse.Namespace) -> int:
    from maru.commons.offices.city import CityError, current_city
    from maru.commons.offices.operations import load_offices

    try:
        city = current_city()
    except CityError as fault:
        print(f"maru: {fault}", file=sys.stderr)
        return 2
    outcome = load_offices(city=city, by="command line")
    print(f"{city.name}: {outcome.added} offices added, {outcome.changed} changed, {outcome.retired} retired")
    return 0


def _show(_options: argparse.Namespace) -> int:
    from maru.commons.offices.city import CityError, current_city

    try:
        city = current_city()
    except CityError as fault:
        print(f"maru: {fault}", file=sys.stderr)
        return 2
    print(
        f"{city.name} ({city.code}): {len(city.districts)} districts, {len(city.offices)} offices, {city.time_zone}"
    )
    return 0


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
