"""Rules that hold for the whole house, whatever room is added."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.template.loader import get_template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from maru.project import reference

ROOT = Path(__file__).resolve().parents[2]
# Addresses below these belong to staff: nobody else may read them, whatever they hold.
STAFF = ("studio/", "people/", "offices/inbox", "audit/", "moderation/")


def _patterns(resolver: URLResolver, prefix: str = "") -> list[str]:
    found: list[str] = []
    for one in resolver.url_patterns:
        address = prefix + str(one.pattern)
        found += [address] if isinstance(one, URLPattern) else _patterns(one, address)
    return found


def _example(address: str) -> str:
    return "/" + re.sub(r"<(?:\w+:)?\w+>", "1", address).replace("^", "").replace("$", "").replace("\\Z", "")


@pytest.mark.django_db
def test_staff_addresses_refuse_a_stranger(client: Client) -> None:
    staff = [address for address in _patterns(get_resolver()) if address.startswith(STAFF)]
    assert len(staff) > 5
    for address in staff:
        for method in (client.get, client.post):
            answer = method(_example(address))
            assert answer.status_code in {302, 401, 403, 404, 405}, f"{address}: {answer.status_code}"
            if answer.status_code == 302:
                assert "/accounts/" in answer["Location"], address


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)
    assert "No changes" in out.getvalue()


def test_relations_stay_in_their_room_or_point_to_the_commons() -> None:
    for model in apps.get_models():
        if not model.__module__.startswith("maru.services."):
            continue
        room = ".".join(model.__module__.split(".")[:3])
        for field in model._meta.get_fields():
            related = getattr(field, "related_model", None)
            if (
                related is None
                or isinstance(related, str)
                or not related.__module__.startswith("maru.services.")
            ):
                continue
            assert related.__module__.startswith(room), (
                f"{model.__name__}.{field.name} reaches into another room"
            )


def test_reference_pages_are_up_to_date() -> None:
    assert [name for name, page in reference.PAGES.items() if (ROOT / name).read_text() != page()] == []


def test_every_template_compiles() -> None:
    names = [
        str(path.relative_to(folder))
        for folder in (ROOT / "src" / "maru").glob("**/templates")
        for path in folder.rglob("*.html")
    ]
    assert names
    for name in names:
        assert get_template(name)


# Formats bear the names of those who made them: what reads or speaks Seoul's says so.
FORMATS = (
    "maru/connectors/",
    "maru/commons/sources/kits/",
    "maru/commons/sources/coordinates.py",
    "maru/commons/sources/seeds.py",
    "maru/simulator/outside/",
    "maru/services/opendata/",
)


def test_nothing_in_the_code_says_which_city() -> None:
    hits = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "src").rglob("*")
        if path.suffix in {".py", ".html", ".toml", ".po", ".ts"} and "tests" not in path.parts
        if not any(folder in path.as_posix() for folder in FORMATS)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"seoul|서울", line, re.IGNORECASE)
    ]
    assert hits == []


def test_no_file_is_too_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for folder in ("src", "bench", "frontend/src")
        for path in (ROOT / folder).rglob("*")
        # Migrations are written by Django.
        if path.suffix in {".py", ".ts"}
        and "migrations" not in path.parts
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    ]
    assert long == []
