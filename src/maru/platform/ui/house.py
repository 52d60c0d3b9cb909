"""What the manifests give the pages of the house itself: the menus and the sections of the home page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from maru.platform.registry.manifests import in_words, manifests


@dataclass(frozen=True)
class MenuItem:
    """One link of a menu, in the reader's language. `current` when the page shown lies at or below it."""

    label: str
    url: str
    icon: str = ""
    current: bool = False


@dataclass(frozen=True)
class HomeSection:
    """What a service shows on the home page.

    A service names a function in its manifest, `cards=("maru.services.live.cards:on_home",)`; it is called with the
    request and returns a HomeSection, or None when it has nothing to show. `template` is rendered with `context`.
    """

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    order: int = 100


# Rooms of the staff that belong to the house and not to a service: (label, name of the address, icon, roles).
_HOUSE_ROOMS: tuple[tuple[Promise, str, str, tuple[str, ...]], ...] = (
    (_("Office inbox"), "inbox", "inbox", ("officer",)),
    (_("People and roles"), "people", "users", ("administrator",)),
    (_("Blocked words"), "blocked_words", "block", ("moderator",)),
    (_("Audit log"), "audit", "list", ("administrator",)),
)


def menu_items(place: str, request: HttpRequest | None) -> list[MenuItem]:
    """Return the entries of the menu "main" (for everyone), or "staff" (rooms this person's roles open)."""
    language = get_language() or "en"
    path = request.path if request else ""
    person = getattr(request, "user", None)
    found = [
        (entry.order, entry.address, in_words(entry.titles, language), entry.icon)
        for manifest in manifests()
        for entry in manifest.menu
        if bool(entry.roles) == (place == "staff") and _opens(entry.roles, person)
    ]
    if place == "staff":
        found += _house_rooms(person)
    best = max((url for _order, url, _label, _icon in found if path.startswith(url)), key=len, default=None)
    return [MenuItem(label, url, icon, current=url == best) for _order, url, label, icon in sorted(found)]


def _house_rooms(person: Any) -> Iterable[tuple[int, str, str, str]]:
    for label, name, icon, roles in _HOUSE_ROOMS:
        if not _opens(roles, person):
            continue
        try:
            yield (900, reverse(name), str(label), icon)
        except NoReverseMatch:  # The city runs without that part.
            continue


def _opens(roles: tuple[str, ...], person: Any) -> bool:
    if not roles:
        return True
    return bool(
        person is not None and person.is_authenticated and any(person.has_role(role) for role in roles)
    )


def home_sections(request: HttpRequest) -> list[HomeSection]:
    """Ask every service that names a function in `cards` for its part of the home page, in order."""
    sections = [
        section
        for manifest in manifests()
        for name in manifest.cards
        if ":" in name and (section := _function(name)(request)) is not None
    ]
    return sorted(sections, key=lambda section: section.order)


def _function(name: str) -> Callable[[HttpRequest], HomeSection | None]:
    module, _colon, attribute = name.partition(":")
    found: Callable[[HttpRequest], HomeSection | None] = getattr(import_module(module), attribute)
    return found


@dataclass(frozen=True)
class Room:
    """A service as the home page lists it."""

    title: str
    summary: str
    url: str
    icon: str


def rooms() -> list[Room]:
    """Return every service that has an entry in the public menu, in the reader's language."""
    language = get_language() or "en"
    found = []
    for manifest in manifests():
        public = [entry for entry in manifest.menu if not entry.roles]
        if public:
            first = min(public, key=lambda entry: entry.order)
            found.append(
                Room(
                    title=in_words(manifest.titles, language),
                    summary=in_words(manifest.summaries, language),
                    url=first.address,
                    icon=first.icon or "home",
                )
            )
    return found
