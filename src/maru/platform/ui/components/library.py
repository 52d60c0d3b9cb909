"""The template library `ui`: one register for the components of this folder, and what they share."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

register = template.Library()

BUTTON_KINDS = frozenset({"primary", "secondary", "danger", "quiet", "live"})
TONES = frozenset({"neutral", "accent", "good", "warn", "danger", "info", "live", "wood"})
NOTICE_ICONS = {"info": "info", "good": "check", "warn": "warning", "danger": "danger"}
# Django's message levels, in the words of this library.
NOTICE_ALIASES = {"success": "good", "warning": "warn", "error": "danger", "debug": "info", "": "info"}


def known(value: str, allowed: Iterable[str], what: str) -> str:
    """Return the value, or say in the template's terms that it is not one of those allowed."""
    if value not in allowed:
        raise template.TemplateSyntaxError(
            f"{what} {value!r} is unknown; use one of {', '.join(sorted(allowed))}"
        )
    return value


def classes(*names: str) -> str:
    """Join the names that are not empty."""
    return " ".join(name for name in names if name)
