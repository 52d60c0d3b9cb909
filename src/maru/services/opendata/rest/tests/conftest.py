"""One plaza and one server for all tests of the interfaces; they only read, and say so where they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.db import connections

from maru.services.opendata.rest import doorkeeper
from maru.services.opendata.rest.asgi import application
from maru.services.opendata.rest.tests import plaza


@pytest.fixture(scope="package")
def db(django_db_setup: None) -> None:
    """Instead of pytest-django's: the database is there, and no transaction of the test is around anything.

    A transaction would hold SQLite's lock, under which the front could not write what it counts.
    """


@pytest.fixture(scope="package")
def address(db: None, django_db_blocker: Any) -> Iterator[str]:
    """Where the front answers. Its data is committed, since its threads have connections of their own."""
    patch = pytest.MonkeyPatch()
    patch.setattr(doorkeeper, "ANONYMOUS_PER_MINUTE", 0)
    patch.setattr(doorkeeper, "SAMPLE_PER_MINUTE", 0)
    with django_db_blocker.unblock():
        plaza.clear()
        plaza.make()
        application.forget()
        with plaza.served(application) as url:
            yield url
        plaza.let_go()
        plaza.clear()
        connections.close_all()
    patch.undo()


@pytest.fixture
def get(address: str) -> Iterator[Callable[..., httpx.Response]]:
    """``get("/api/v1/datasets", q="x")``."""
    with httpx.Client(base_url=address, timeout=20) as client:

        def ask(path: str, headers: dict[str, str] | None = None, **parameters: Any) -> httpx.Response:
            return client.get(path, params=parameters or None, headers=headers)

        yield ask
