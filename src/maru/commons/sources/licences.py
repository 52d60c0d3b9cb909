"""Licences by their names in the language of the page. Declarations, files and interfaces keep the ids."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Creative Commons and Open Data Commons call themselves the same in every language, shortly.
_TITLES: dict[str, Promise | str] = {
    "KOGL-1": _("KOGL Type 1 (attribution)"),
    "KOGL-2": _("KOGL Type 2 (attribution, no commercial use)"),
    "KOGL-3": _("KOGL Type 3 (attribution, no changes)"),
    "KOGL-4": _("KOGL Type 4 (attribution, no commercial use, no changes)"),
    "CC-BY-4.0": "CC BY 4.0",
    "CC-BY-SA-4.0": "CC BY-SA 4.0",
    "CC0-1.0": "CC0 1.0",
    "ODbL-1.0": "ODbL 1.0",
    "ODC-By-1.0": "ODC-By 1.0",
    "PDDL-1.0": "PDDL 1.0",
}


def licence_words(code: str, declared: str = "") -> str:
    """The name of a licence for a reader; of one that nobody here knows what its declaration calls it, else its id."""
    known = _TITLES.get(code)
    return str(known) if known is not None else declared or code
