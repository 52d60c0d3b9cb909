"""Fixtures shared by every test of the house; loaded once by the conftest at the root.

Strict on purpose: a template variable that does not exist fails the test, and so does a connection to anywhere but
this machine. An act of kindness to the reader of a failing test: the message says what to do.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connections
from django.test import Client

from maru.platform.audit.triggers import lifted
from maru.platform.testing.strict import missing_variables

PASSWORD = "a quiet wooden hall"  # noqa: S105  # of people who exist only in tests


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker below."""
    config.addinivalue_line("markers", "lenient_templates: unknown template variables are meant in this test")


class NetworkBlocked(AssertionError):
    """A test tried to reach the outside world."""


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """No test leaves this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            if host not in {"localhost", "::1", ""} and not host.startswith("127."):
                raise NetworkBlocked(
                    f"connection to {host}: tests use recorded answers or a server they start"
                )
        real(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def _flush_past_the_audit_triggers() -> Iterator[None]:
    """Transactional tests empty all tables afterwards; the audit log's triggers would rightly refuse."""
    real = flush.Command.handle

    def handle(self: flush.Command, **options: Any) -> None:
        with lifted(connections[options["database"]]):
            real(self, **options)

    patch = pytest.MonkeyPatch()
    patch.setattr(flush.Command, "handle", handle)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _strict_templates(request: pytest.FixtureRequest) -> Iterator[None]:
    """A template that names a variable nobody gave it fails, unless the test is marked ``lenient_templates``."""
    with missing_variables() as missing:
        yield
    if missing and request.node.get_closest_marker("lenient_templates") is None:
        pytest.fail("templates used variables that do not exist: " + ", ".join(sorted(missing)))


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Limits and lists of one test never reach the next."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def person(db: None) -> Callable[..., Any]:
    """``person("producer")``: an account with these roles; ``office=`` for officers."""
    made = 0

    def make(*roles: str, office: Any = None, email: str = "", **fields: Any) -> Any:
        nonlocal made
        made += 1
        model: Any = get_user_model()
        address = email or f"{'-'.join(roles) or 'citizen'}{made}@example.org"
        fields.setdefault("nickname", f"nick{made}")
        someone = model.objects.create_user(address, None, **fields)
        for role in roles:
            someone.grants.create(role=role, office=office if role == "officer" else None)
        return someone

    return make


@pytest.fixture
def signed_in(person: Callable[..., Any], settings: Any) -> Callable[..., Client]:
    """``signed_in("moderator")``: a browser of a person with these roles (``client.person``), second step not asked."""
    relax_second_factor(settings)

    def make(*roles: str, **fields: Any) -> Client:
        client = Client()
        someone = person(*roles, **fields)
        client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
        client.person = someone  # type: ignore[attr-defined]  # read by tests
        return client

    return make


@pytest.fixture
def office(db: None) -> Any:
    """One office that answers citizens."""
    from django.apps import apps

    return apps.get_model("offices", "Office").objects.create(
        code="roads", names={"en": "Roads Division", "ko": "도로과"}, answer_days=7
    )


@pytest.fixture
def queries(django_assert_max_num_queries: Any) -> Any:
    """``with queries(12): client.get(...)``: the budget of a page."""
    return django_assert_max_num_queries


def relax_second_factor(settings: Any) -> None:
    """Staff pages without a second step, for tests that are about something else."""
    from dataclasses import replace

    settings.MARU = replace(settings.MARU, staff_mfa="optional")
