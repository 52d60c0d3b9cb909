"""Triggers that make the database itself refuse changes to the audit log, for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

_REASON = "audit entries are append-only"

_SQLITE_INSTALL = tuple(
    f"CREATE TRIGGER IF NOT EXISTS audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
    f"BEGIN SELECT RAISE(ABORT, '{_REASON}'); END"
    for verb in ("UPDATE", "DELETE")
)
_SQLITE_REMOVE = tuple(f"DROP TRIGGER IF EXISTS audit_entry_no_{verb}" for verb in ("update", "delete"))
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{_REASON}'; END $$
"""
_NO_CHANGE = """
CREATE OR REPLACE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()
"""
_NO_TRUNCATE = """
CREATE OR REPLACE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()
"""
_POSTGRES_INSTALL = (_FUNCTION, _NO_CHANGE, _NO_TRUNCATE)
_POSTGRES_REMOVE = (
    "DROP TRIGGER IF EXISTS audit_entry_no_change ON audit_entry",
    "DROP TRIGGER IF EXISTS audit_entry_no_truncate ON audit_entry",
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on; harmless if they are there."""
    _run(connection, _SQLITE_INSTALL, _POSTGRES_INSTALL)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off: for going back a migration, and for tests that empty the database."""
    _run(connection, _SQLITE_REMOVE, _POSTGRES_REMOVE)


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Off inside, on again after. Tests only: they tamper on purpose."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def _run(connection: BaseDatabaseWrapper, sqlite: tuple[str, ...], postgres: tuple[str, ...]) -> None:
    statements = {"sqlite": sqlite, "postgresql": postgres}.get(connection.vendor)
    if statements is None:
        raise NotImplementedError(f"no audit triggers for {connection.vendor}")
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
