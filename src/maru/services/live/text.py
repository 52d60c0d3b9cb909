"""What a citizen typed, made safe to show to everyone: plain Python, no Django models."""

from __future__ import annotations

import re
import unicodedata

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maru.platform.access.refusals import Invalid

# Embeddings, overrides and isolates can turn the text around them; the byte order mark has no meaning
# inside text.
_DIRECTION = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))
_GAPS = re.compile(r"\n{3,}")
_MARKS = (
    6  # more combining marks than any script stacks on one letter: what is above climbs over the neighbours
)
_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_LONGEST = 20_000  # code points read at all; what is longer is refused before it costs time


def clean(raw: str, *, limit: int, field: str, lines: bool) -> str:
    """The text in NFC without direction overrides, at most ``limit`` code points; Invalid naming ``field``
    if not.

    ``lines`` allows line breaks (no more than one empty line in a row). May return "" for empty input.
    """
    if len(raw) > _LONGEST:
        raise _too_long(field, limit)
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    for letter in text:
        kind = unicodedata.category(letter)
        if (kind == "Cc" and letter not in "\n\t") or kind == "Cs":
            raise Invalid(
                field, _("The text contains characters that cannot be shown."), code="bad_characters"
            )
    text = unicodedata.normalize("NFC", text.translate(_DIRECTION))
    text = _thin(text)
    if lines:
        text = _GAPS.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n")))
    else:
        text = " ".join(text.split())
    text = text.strip()
    if _is_blank(text):
        return ""
    if len(text) > limit:
        raise _too_long(field, limit)
    return text


def required(raw: str, *, limit: int, field: str, lines: bool = True) -> str:
    """As ``clean``, but Invalid for nothing at all."""
    text = clean(raw, limit=limit, field=field, lines=lines)
    if not text:
        raise Invalid(field, _("Please write something."), code="empty")
    return text


def by_language(given: dict[str, str], *, limit: int, field: str, lines: bool) -> dict[str, str]:
    """As ``clean``, for each language; empty ones are left out. Invalid for a language the house does not offer."""
    known = {code for code, _name in settings.LANGUAGES}
    for language in given:
        if language not in known:
            raise Invalid(
                field, _("This language is not offered: %(language)s") % {"language": language[:20]}
            )
    words = {language: clean(text, limit=limit, field=field, lines=lines) for language, text in given.items()}
    return {language: text for language, text in words.items() if text}


def check_address(
    raw: str, *, limit: int = 80, field: str = "slug", reserved: frozenset[str] = frozenset()
) -> str:
    """``raw`` if it can be part of an address: small letters, digits, hyphens inside. Raises Invalid."""
    if raw in reserved:
        raise Invalid(
            field, _("This address means something else here. Please choose another."), code="reserved"
        )
    if len(raw) > limit or not _ADDRESS.fullmatch(raw):
        message = _("Use small letters, digits and hyphens; %(limit)d at most.") % {"limit": limit}
        raise Invalid(field, message, code="bad_slug")
    return raw


def searchable(text: str) -> str:
    """As it is stored for searching: one form, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _too_long(field: str, limit: int) -> Invalid:
    message = ngettext("At most %(limit)d character.", "At most %(limit)d characters.", limit) % {
        "limit": limit
    }
    return Invalid(field, message, code="too_long")


def _thin(text: str) -> str:
    """The text with no more than six combining marks on one letter."""
    if not any(unicodedata.category(letter) in {"Mn", "Me"} for letter in text):
        return text
    kept: list[str] = []
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in {"Mn", "Me"} and letter not in _JOINERS else 0
        if marks <= _MARKS:
            kept.append(letter)
    return "".join(kept)


# Emoji are built with these; they are not marks that pile up.
_JOINERS = frozenset({"\ufe0e", "\ufe0f", "\u20e3"})


def _is_blank(text: str) -> bool:
    """Whether nothing would be seen: only spaces, joiners, fillers."""
    return all(
        letter in _INVISIBLE or letter.isspace() or unicodedata.category(letter) == "Cf" for letter in text
    )


_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\ufe0e\ufe0f")
