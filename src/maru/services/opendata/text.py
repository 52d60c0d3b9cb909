"""What officials type about a dataset, checked: plain Python, no models."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _

from maru.commons.voices.operations import clean
from maru.platform.access.refusals import Invalid

TITLE = 200
SUMMARY = 4_000
COLUMN_TITLE = 120
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,79}")
# Turning the text around them, and the byte order mark.
_DIRECTION = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))
# Below /data/ these mean something else.
RESERVED = frozenset(
    {"desk", "requests", "changes", "search", "new", "subscriptions", "keys", "usage", "all", "held", "bulk"}
)


def line(raw: str, *, limit: int, field: str) -> str:
    """One line of at most ``limit`` characters. Raises Invalid naming ``field``."""
    text = " ".join(unicodedata.normalize("NFC", clean(raw[: limit * 8]).translate(_DIRECTION)).split())
    return _bounded(text, limit, field)


def lines(raw: str, *, limit: int, field: str) -> str:
    """A text with line breaks. Raises Invalid naming ``field``."""
    return _bounded(unicodedata.normalize("NFC", clean(raw[: limit * 8]).translate(_DIRECTION)), limit, field)


def by_language(given: Mapping[str, str], *, limit: int, field: str, many: bool = False) -> dict[str, str]:
    """Texts by language, empty ones left out. Invalid for a language the house does not offer."""
    known = {code for code, _name in settings.LANGUAGES}
    for language in given:
        if language not in known:
            raise Invalid(
                field, _("This language is not offered: %(language)s") % {"language": language[:20]}
            )
    read = lines if many else line
    texts = {language: read(str(text), limit=limit, field=field) for language, text in given.items()}
    return {language: text for language, text in texts.items() if text}


def slug(raw: str, *, field: str = "slug") -> str:
    """``raw`` if it can be a dataset's address. Raises Invalid."""
    if raw in RESERVED:
        raise Invalid(
            field, _("This address means something else here. Please choose another."), code="reserved"
        )
    if not _SLUG.fullmatch(raw):
        raise Invalid(field, _("Use small letters, digits and hyphens; 80 at most."), code="bad_slug")
    return raw


def service_code(raw: str, *, field: str = "service_code") -> str:
    """``raw`` if it can stand in a path of the Open API. Raises Invalid."""
    if not _CODE.fullmatch(raw):
        raise Invalid(
            field, _("Use letters, digits and _, beginning with a letter; 80 at most."), code="bad_code"
        )
    return raw


def slug_of(name: str) -> str:
    """An address made from any name: ASCII letters and digits; "" if it holds none."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")


def code_of(name: str) -> str:
    """A name of the kind ``bikeList`` made from any name of ASCII letters and digits."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", name) if part]
    made = "".join(part if not at else part[:1].upper() + part[1:] for at, part in enumerate(parts))[:80]
    return made if _CODE.fullmatch(made) else f"data{made}"[:80]


def table_of(name: str) -> str:
    """A name for a table of the lake: small letters, digits, _."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "data"


def _bounded(text: str, limit: int, field: str) -> str:
    if len(text) > limit:
        raise Invalid(field, _("At most %(most)d characters, please.") % {"most": limit}, code="too_long")
    return text
