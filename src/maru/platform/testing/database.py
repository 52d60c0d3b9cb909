"""``pytest --touching-the-database``: only tests for which it matters which database there is.

These are the tests that ask for one, directly or through a fixture, and those marked ``postgres``. All others would
compute the same a second time.
"""

from __future__ import annotations

import pytest

FIXTURES = {"db", "transactional_db"}
MARKS = ("django_db", "postgres")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the choice."""
    parser.addoption(
        "--touching-the-database",
        action="store_true",
        help="run only tests that use the database of MARU_DATABASE",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what no database can change."""
    if not config.getoption("--touching-the-database"):
        return
    kept = [item for item in items if touches(item)]
    config.hook.pytest_deselected(items=[item for item in items if not touches(item)])
    items[:] = kept


def touches(item: pytest.Item) -> bool:
    """Whether the test asks for a database."""
    return bool(FIXTURES.intersection(getattr(item, "fixturenames", ()))) or any(
        item.get_closest_marker(mark) for mark in MARKS
    )
