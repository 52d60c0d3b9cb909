"""Bronze, silver, gold: what the machine itself can find out about a source, rule by rule. Nobody gives a grade by hand.

bronze  declared whole, with the four fixtures and what must come of them
silver  + the provider's term quoted, a known licence, its promise kept 95 % of the last 7 days, less than 1 % dead
gold    + every word in both languages, units on all numbers, series, no drift, tried on the real system within 90 days
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maru.commons.sources.contracts import Declaration
from maru.commons.sources.models import Grade

Status = Literal["done", "todo", "exempt"]
FIXTURES = ("ordinary", "malformed", "empty", "outage")
LANGUAGES = ("ko", "en")
PROMISE = 0.95
DEAD_RATE = 0.01
LIVE_DAYS = 90
_HISTORY_S = 3600.0  # less than an hour watched is no week
# SPDX ids and the Korea Open Government Licence; "LicenseRef-" is SPDX's way to say another one.
LICENCES = frozenset(
    {"KOGL-1", "KOGL-2", "KOGL-3", "KOGL-4", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0",
     "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0", "ODbL-1.0", "ODC-By-1.0", "PDDL-1.0", "OGL-UK-3.0", "DL-DE-BY-2.0",
     "DL-DE-ZERO-2.0", "etalab-2.0", "MIT", "Apache-2.0"}
)  # fmt: skip

TITLES: dict[str, Promise] = {
    "declared": _("Every part is declared"),
    "fixtures": _("Kept examples: ordinary, malformed, empty, outage"),
    "expected": _("What must come of the examples is written down"),
    "term": _("The provider's term of use is quoted"),
    "licence": _("The licence is known"),
    "promise": _("The promise of freshness was kept 95 % of the last 7 days"),
    "dead": _("Less than 1 % of the records could not be read"),
    "languages": _("Every name is in Korean and English"),
    "units": _("Every number has its unit"),
    "series": _("Values over time are declared"),
    "drift": _("The columns are as declared"),
    "live": _("Tried on the real system within 90 days"),
}
LEVELS: dict[str, Grade] = {
    **dict.fromkeys(("declared", "fixtures", "expected"), Grade.BRONZE),
    **dict.fromkeys(("term", "licence", "promise", "dead"), Grade.SILVER),
    **dict.fromkeys(("languages", "units", "series", "drift", "live"), Grade.GOLD),
}
# Why a rule does not apply, by code.
REASONS: dict[str, Promise] = {
    "simulated": _("the outside world is a simulated one"),
    "young": _("watched for less than an hour"),
    "pushed": _("the system pushes by itself"),
    "no_numbers": _("it has no numbers"),
}


@dataclass(frozen=True)
class Facts:
    """What the database and the house know. ``kept`` is the share of the watched time within the promise."""

    watched_s: float = 0.0
    kept: float = 1.0
    records: int = 0
    dead: int = 0
    drift: int = 0
    live_checked_at: dt.datetime | None = None
    simulated: bool = False


@dataclass(frozen=True)
class Rule:
    """One rule and how it stands; ``reason`` is a code of REASONS where it is exempt."""

    name: str
    status: Status
    reason: str = ""


def rules_of(declaration: Declaration, facts: Facts, now: dt.datetime) -> tuple[Rule, ...]:
    """Every rule, in the order of the grades."""
    return tuple(_rule(name, declaration, facts, now) for name in LEVELS)


def grade_of(rules: Sequence[Rule]) -> Grade:
    """The highest grade of which no rule, nor of a lower one, is left to do."""
    grade = Grade.NONE
    for level in (Grade.BRONZE, Grade.SILVER, Grade.GOLD):
        if any(rule.status == "todo" for rule in rules if LEVELS[rule.name] == level):
            break
        grade = level
    return grade


def _rule(name: str, declaration: Declaration, facts: Facts, now: dt.datetime) -> Rule:
    if name in _OF_DECLARATION:
        if name == "units" and not any(rule.type in ("integer", "number") for rule in declaration.fields):
            return Rule(name, "exempt", "no_numbers")
        return Rule(name, "done" if _OF_DECLARATION[name](declaration) else "todo")
    if name == "promise":
        if facts.watched_s < _HISTORY_S:
            return Rule(name, "todo", "young")
        return Rule(name, "done" if facts.kept >= PROMISE else "todo")
    if name == "dead":
        return Rule(name, "done" if facts.dead < DEAD_RATE * max(facts.records + facts.dead, 1) else "todo")
    if name == "drift":
        return Rule(name, "todo" if facts.drift else "done")
    if declaration.mode == "push":
        return Rule(name, "exempt", "pushed")
    if facts.simulated:
        return Rule(name, "exempt", "simulated")
    tried = facts.live_checked_at
    return Rule(name, "done" if tried and now - tried < dt.timedelta(days=LIVE_DAYS) else "todo")


def _has_fixtures(declaration: Declaration) -> bool:
    folder = declaration.folder
    return folder is not None and all(_fixture(folder / "fixtures", name) for name in FIXTURES)


def _fixture(folder: Path, name: str) -> bool:
    return any(one.stem == name or one.stem.startswith(f"{name}.") for one in folder.glob(f"{name}*"))


def _expected(declaration: Declaration) -> bool:
    return declaration.folder is not None and (declaration.folder / "expected.json").is_file()


def _declared(declaration: Declaration) -> bool:
    return bool(declaration.summaries and declaration.owner and declaration.fields and declaration.key)


def _licence(declaration: Declaration) -> bool:
    return declaration.licence.id in LICENCES


def _languages(declaration: Declaration) -> bool:
    words = [declaration.names, declaration.summaries, *(rule.titles for rule in declaration.fields)]
    words += [series.titles for series in declaration.series]
    return all(one.get(language) for one in words for language in LANGUAGES)


def _units(declaration: Declaration) -> bool:
    """Coordinates are in degrees or metres by their role."""
    return all(rule.unit or rule.role for rule in declaration.fields if rule.type in ("integer", "number"))


_OF_DECLARATION: dict[str, Callable[[Declaration], bool]] = {
    "declared": _declared,
    "fixtures": _has_fixtures,
    "expected": _expected,
    "term": lambda declaration: len(declaration.schedule.term) >= 3,
    "licence": _licence,
    "languages": _languages,
    "units": _units,
    "series": lambda declaration: bool(declaration.series),
}
