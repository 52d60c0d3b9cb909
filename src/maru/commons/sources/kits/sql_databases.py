"""Two databases with one face: rows of a SELECT as mappings, nothing else, within a time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Protocol
from urllib.parse import quote, unquote, urlsplit

from maru.commons.sources.contracts import Declaration, Fetch, SourceFault

Row = dict[str, Any]
_SQLITE_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    33,
}  # 33: WITH RECURSIVE
_STEPS = 10_000


class Database(Protocol):
    """``mark`` stands for a parameter."""

    mark: str

    def rows(self, query: str, values: tuple[Any, ...]) -> list[Row]:
        """All rows of one SELECT. Raises SourceFault."""

    def quoted(self, name: str) -> str:
        """A column's name as an identifier."""

    def escaped(self, query: str) -> str:
        """A query without parameters as part of one that has some."""


def quoted(name: str) -> str:
    """As the standard has it, and both databases."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def opened(declaration: Declaration, fetch: Fetch) -> Iterator[Database]:
    """The database at the declaration's address, where the runner says that it really is."""
    resolve = getattr(fetch, "resolve", None)
    mask = getattr(fetch, "mask", str)
    address = resolve(declaration.address) if resolve else declaration.address
    scheme = urlsplit(address).scheme.partition("+")[0]
    timeout_s = declaration.schedule.timeout_s
    if scheme == "sqlite":
        with _sqlite(address, timeout_s) as sqlite:
            yield sqlite
    elif scheme in ("postgresql", "postgres"):
        with _postgres(
            address.replace(f"{urlsplit(address).scheme}:", "postgresql:", 1), timeout_s, mask
        ) as postgres:
            yield postgres
    else:
        raise SourceFault("configuration", f"no database is read at {scheme}: addresses")


@dataclass
class _Sqlite:
    connection: sqlite3.Connection
    timeout_s: float
    mark: str = "?"

    def rows(self, query: str, values: tuple[Any, ...]) -> list[Row]:
        end = time.monotonic() + self.timeout_s
        self.connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
        try:
            found = self.connection.execute(query, values)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        except sqlite3.DatabaseError as fault:
            raise _sqlite_fault(fault) from fault

    def quoted(self, name: str) -> str:
        return quoted(name)

    def escaped(self, query: str) -> str:
        return query


def _sqlite_fault(fault: sqlite3.Error) -> SourceFault:
    said = str(fault)
    if "interrupted" in said or "locked" in said or "busy" in said:
        return SourceFault("timeout", f"SQLite: {said}")
    if "unable to open" in said:
        return SourceFault("unreachable", f"SQLite: {said}")
    if "malformed" in said or "not a database" in said:
        return SourceFault("malformed", f"SQLite: {said}")
    return SourceFault(
        "configuration" if "not authorized" in said else "bad_request", f"SQLite: {said}"[:300]
    )


@contextmanager
def _sqlite(address: str, timeout_s: float) -> Iterator[Database]:
    path = unquote(address.partition(":")[2])
    path = path[3:] if path.startswith("///") else path
    if not PurePath(path).is_absolute():
        raise SourceFault(
            "configuration", "the address of a SQLite file must be absolute: sqlite:////folder/file"
        )
    try:
        connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=min(timeout_s, 10.0))
    except sqlite3.Error as fault:
        raise _sqlite_fault(fault) from fault
    with closing(connection):
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.set_authorizer(
            lambda action, *_: sqlite3.SQLITE_OK if action in _SQLITE_ALLOWED else sqlite3.SQLITE_DENY
        )
        yield _Sqlite(connection, timeout_s)


@dataclass
class _Postgres:
    connection: Any
    mask: Any
    mark: str = "%s"

    def rows(self, query: str, values: tuple[Any, ...]) -> list[Row]:
        import psycopg

        try:
            found = self.connection.execute(query, values)
            names = [column.name for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        except psycopg.errors.QueryCanceled as fault:
            raise SourceFault("timeout", "PostgreSQL: the query took too long") from fault
        except psycopg.OperationalError as fault:
            raise SourceFault("unreachable", self.mask(f"PostgreSQL: {fault}")[:300]) from fault
        except psycopg.Error as fault:
            raise SourceFault("bad_request", self.mask(f"PostgreSQL: {fault}")[:300]) from fault

    def quoted(self, name: str) -> str:
        return self.escaped(quoted(name))

    def escaped(self, query: str) -> str:
        return query.replace("%", "%%")


@contextmanager
def _postgres(address: str, timeout_s: float, mask: Any) -> Iterator[Database]:
    import psycopg

    settings = f"-c default_transaction_read_only=on -c statement_timeout={int(timeout_s * 1000)}"
    try:
        connection = psycopg.connect(
            address, connect_timeout=max(int(timeout_s), 2), options=settings, application_name="maru"
        )
    except psycopg.OperationalError as fault:
        said = mask(str(fault))[:300]
        refused = "password" in said or "authentication" in said or "role" in said
        raise SourceFault("refused_key" if refused else "unreachable", f"PostgreSQL: {said}") from fault
    except psycopg.Error as fault:
        raise SourceFault("configuration", mask(f"PostgreSQL: {fault}")[:300]) from fault
    with closing(connection):
        connection.read_only = True
        yield _Postgres(connection, mask)
