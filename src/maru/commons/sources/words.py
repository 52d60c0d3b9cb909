"""Codes of the sources in words for people."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from maru.commons.sources.models import DriftAlarm, Grade, State

CATEGORIES: dict[str, Promise] = {
    "health": _("Health"),
    "administration": _("Administration"),
    "culture": _("Culture and tourism"),
    "industry": _("Industry and economy"),
    "welfare": _("Welfare"),
    "education": _("Education"),
    "environment": _("Environment"),
    "safety": _("Safety"),
    "transport": _("Transport"),
    "housing": _("City and housing"),
    "population": _("Population and households"),
    "science": _("Science and technology"),
}
STATES: dict[str, Promise] = {
    State.OK: _("Alive"),
    State.WAITING: _("Not asked yet"),
    State.STALE: _("Late"),
    State.BROKEN: _("Broken"),
    State.PAUSED: _("Paused"),
}
STATE_TONES = {"ok": "good", "waiting": "neutral", "stale": "warn", "broken": "danger", "paused": "info"}
GRADES: dict[str, Promise] = {
    Grade.NONE: _("No grade yet"),
    Grade.BRONZE: pgettext_lazy("grade", "Bronze"),
    Grade.SILVER: pgettext_lazy("grade", "Silver"),
    Grade.GOLD: pgettext_lazy("grade", "Gold"),
}
ERRORS: dict[str, Promise] = {
    "unreachable": _("It cannot be reached."),
    "timeout": _("It did not answer in time."),
    "refused_key": _("It does not accept the key."),
    "quota": _("As much was asked as its terms allow for now."),
    "empty": _("It had nothing to give."),
    "bad_request": _("It did not understand the question."),
    "server": _("It reports a fault of its own."),
    "malformed": _("Its answer could not be read."),
    "not_found": _("There is nothing at its address."),
    "too_large": _("Its answer is larger than what is taken."),
    "configuration": _("It is not set up completely here."),
    "storage": _("The lake could not take its records."),
}
DRIFTS: dict[str, Promise] = {
    DriftAlarm.Kind.NEW: _("A column that nobody declared"),
    DriftAlarm.Kind.GONE: _("A declared column is missing"),
    DriftAlarm.Kind.RENAMED: _("A column comes under another name"),
    DriftAlarm.Kind.SHRUNK: _("Far fewer records than before"),
    DriftAlarm.Kind.ASSUMED: _("A new column is taken for a missing one until somebody decides"),
}
TYPES: dict[str, Promise] = {
    "text": pgettext_lazy("type", "text"),
    "integer": pgettext_lazy("type", "whole number"),
    "number": pgettext_lazy("type", "number"),
    "boolean": pgettext_lazy("type", "yes or no"),
    "date": pgettext_lazy("type", "date"),
    "datetime": pgettext_lazy("type", "date and time"),
}
PERSONAL: dict[str, Promise] = {
    "none": _("No personal data"),
    "pseudonymous": _("Personal data under pseudonyms"),
    "personal": _("Personal data"),
}
MODES: dict[str, Promise] = {
    "poll": _("The house asks"),
    "push": _("The system sends by itself"),
    "file": _("The house reads files"),
}
ORDERS: dict[str, Promise] = {
    "title": _("By name"),
    "age": _("Oldest value first"),
    "state": _("What needs help first"),
    "records": _("Most records first"),
    "dead": _("Most unreadable first"),
}


def of(words: dict[str, Promise], code: str) -> str:
    """The words of a code; the code itself if nobody wrote any."""
    return str(words.get(code, code))


def age_units() -> dict[str, str]:
    """Short units of an age; ``{n}`` is the number. The pages' script says the same."""
    return {
        "s": gettext("{n} s"),
        "m": gettext("{n} min"),
        "h": gettext("{n} h"),
        "d": gettext("{n} d"),
        "never": gettext("none yet"),
    }


def age(seconds: float | None) -> str:
    """An age as people say it: one number, one unit, as the script in ``frontend/src/sources`` says it."""
    units = age_units()
    if seconds is None:
        return units["never"]
    for unit, size, least in (("d", 86_400, 2 * 86_400), ("h", 3600, 2 * 3600), ("m", 60, 120)):
        if seconds >= least:
            return units[unit].format(n=int(seconds // size))
    return units["s"].format(n=int(seconds))
