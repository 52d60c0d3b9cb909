"""Units as people read them. Declarations and interfaces keep the codes (UCUM where it has one); pages show these words."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

# Signs that every language writes alike.
_SIGNS = {
    "Cel": "°C",
    "ug/m3": "µg/m³",
    "mg/m3": "mg/m³",
    "m2": "m²",
    "m3": "m³",
    "km2": "km²",
    "m3/s": "m³/s",
    "1": "",
}
_WORDS: dict[str, Promise] = {
    "people": pgettext_lazy("unit", "people"),
    "households": pgettext_lazy("unit", "households"),
    "vehicles": pgettext_lazy("unit", "vehicles"),
    "bikes": pgettext_lazy("unit", "bikes"),
    "docks": pgettext_lazy("unit", "docks"),
    "stalls": pgettext_lazy("unit", "stalls"),
    "spaces": pgettext_lazy("unit", "spaces"),
    "rooms": pgettext_lazy("unit", "rooms"),
    "beds": pgettext_lazy("unit", "beds"),
    "meals": pgettext_lazy("unit", "meals"),
    "sales": pgettext_lazy("unit", "sales"),
    "cases": pgettext_lazy("unit", "cases"),
    "times": pgettext_lazy("unit", "times"),
    "KRW": pgettext_lazy("unit", "KRW"),
    "1,000 KRW": pgettext_lazy("unit", "1,000 KRW"),
    "10,000 KRW": pgettext_lazy("unit", "10,000 KRW"),
    "s": pgettext_lazy("unit", "s"),
    "min": pgettext_lazy("unit", "min"),
    "h": pgettext_lazy("unit", "h"),
    "d": pgettext_lazy("unit", "d"),
}


def unit_words(code: str) -> str:
    """How the page's language writes a unit; a unit that nobody knows stays as it was declared."""
    sign = _SIGNS.get(code)
    return sign if sign is not None else str(_WORDS.get(code, code))
