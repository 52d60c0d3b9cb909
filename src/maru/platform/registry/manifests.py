"""What a service declares, and how the house finds it: a service declares, the platform connects.

A room is an installed app below ``maru.services`` (or a part of the commons that has pages of its own) with a
``service.py`` whose ``MANIFEST`` says all that the whole needs to know. Menu, addresses, search, indicators and documentation are built from the manifests; nothing here imports a
service by name.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from maru.platform.access.bodies import LargeBody

Words = dict[str, str]  # language code -> text
_ROOMS = ("maru.services.", "maru.commons.")
CATEGORIES = (
    "watch",
    "speak",
    "vote",
    "report",
    "learn",
    "move",
    "data",
    "map",
    "safety",
    "culture",
    "office",
)


@dataclass(frozen=True)
class MenuEntry:
    """One entry of the menu. ``roles`` empty: for everyone; else only for holders of one of them."""

    titles: Words
    address: str
    icon: str = ""
    roles: tuple[str, ...] = ()
    order: int = 100


@dataclass(frozen=True)
class Permission:
    """An act of staff and who may do it, for the documentation and the check of all addresses."""

    act: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Retention:
    """How long personal data of one kind is kept, and why."""

    what: Words
    days: int
    reason: Words


@dataclass(frozen=True)
class OfferedColumn:
    """A column of an offered dataset; ``type`` is one of the lake's: text, integer, number, boolean, date, datetime."""

    name: str
    type: str
    titles: Words
    unit: str = ""


@dataclass(frozen=True)
class DatasetOffer:
    """What a service has to publish. ``rows`` names a function ``"module:function"`` without arguments that yields
    mappings of column name to value: the whole present state, with nothing in it that the public may not read."""

    name: str
    titles: Words
    summaries: Words
    category: str
    office: str
    columns: tuple[OfferedColumn, ...]
    key: tuple[str, ...]
    rows: str
    licence: str = "CC-BY-4.0"


@dataclass(frozen=True)
class Mounted:
    """Addresses that a service answers by an ASGI application of its own, before Django: for what must be fast.

    ``prefix`` takes whole segments of the path: ``/ogc`` stands for itself and what is below it, ``/openapi/`` only for what
    is below it; ``application`` names it as ``"module:attribute"``.
    """

    prefix: str
    application: str


@dataclass(frozen=True)
class ServiceManifest:
    """What a service gives the whole. Titles in every language of the house; the rest may be empty for now.

    ``uses`` names the services whose doors it calls. ``indicators`` ... ``notices`` are names of things the service
    offers; ``urls`` is the module of its addresses, hung at the root.
    """

    name: str
    titles: Words
    category: str
    summaries: Words = field(default_factory=dict)
    urls: str = ""
    uses: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    datasets: tuple[DatasetOffer, ...] = ()
    layers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    notices: tuple[str, ...] = ()
    retention: tuple[Retention, ...] = ()
    menu: tuple[MenuEntry, ...] = ()
    mounts: tuple[Mounted, ...] = ()
    large_bodies: tuple[LargeBody, ...] = ()


@cache
def manifests() -> tuple[ServiceManifest, ...]:
    """The manifests of all installed services, by name."""
    rooms = [package for package in settings.INSTALLED_APPS if package.startswith(_ROOMS)]
    found = [
        importlib.import_module(f"{package}.service").MANIFEST
        for package in rooms
        if importlib.util.find_spec(f"{package}.service")
    ]
    return tuple(sorted(found, key=lambda manifest: manifest.name))


def service_urls() -> list[URLPattern | URLResolver]:
    """The addresses of every service, for the address plan."""
    return [path("", include(manifest.urls)) for manifest in manifests() if manifest.urls]


def menu(language: str, person: Any = None) -> list[dict[str, str]]:
    """The entries this person may use, as ``{"title", "address", "icon", "category"}``, in order."""
    entries: list[tuple[int, str, dict[str, str]]] = []
    for manifest in manifests():
        for entry in manifest.menu:
            if not _for_person(entry.roles, person):
                continue
            shown = {
                "title": in_words(entry.titles, language),
                "address": entry.address,
                "icon": entry.icon,
                "category": manifest.category,
            }
            entries.append((entry.order, entry.address, shown))
    return [shown for _order, _address, shown in sorted(entries, key=lambda item: item[:2])]


def offers() -> dict[str, DatasetOffer]:
    """Every dataset that a service offers, by ``<service>.<name>``."""
    return {f"{manifest.name}.{offer.name}": offer for manifest in manifests() for offer in manifest.datasets}


def mounted() -> list[tuple[str, Any]]:
    """The applications that services answer with before Django, longest prefix first."""
    found = []
    for manifest in manifests():
        for one in manifest.mounts:
            module, _colon, attribute = one.application.partition(":")
            found.append((one.prefix, getattr(importlib.import_module(module), attribute)))
    return sorted(found, key=lambda item: -len(item[0]))


def large_bodies() -> list[LargeBody]:
    """The addresses at which services take large files."""
    return [one for manifest in manifests() for one in manifest.large_bodies]


def in_words(words: Words, language: str) -> str:
    """The text in ``language``, else English, else any."""
    for code in (language, language.split("-")[0], "en"):
        if words.get(code):
            return words[code]
    return next(iter(words.values()), "")


def faults_of(manifest: ServiceManifest, names: Iterable[str], languages: Iterable[str]) -> list[str]:
    """What is wrong with a manifest, in words: used by the Django check and by tests."""
    found = []
    wanted = list(languages)
    if manifest.category not in CATEGORIES:
        found.append(f"category {manifest.category!r} is not one of {', '.join(CATEGORIES)}")
    for language in wanted:
        if not manifest.titles.get(language):
            found.append(f"no title in {language}")
        found += [
            f"menu {entry.address} has no title in {language}"
            for entry in manifest.menu
            if not entry.titles.get(language)
        ]
    found += [f"uses {used}, which is not installed" for used in manifest.uses if used not in set(names)]
    if manifest.urls and not _exists(manifest.urls):
        found.append(f"urls {manifest.urls} does not exist")
    return found


def _for_person(roles: tuple[str, ...], person: Any) -> bool:
    if not roles:
        return True
    return bool(
        person is not None and person.is_authenticated and any(person.has_role(role) for role in roles)
    )


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package around it
        return False
