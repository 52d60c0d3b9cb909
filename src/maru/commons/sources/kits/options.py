"""A drawer's ``[options]`` with types: what is of the wrong kind is a fault of the configuration, said by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maru.commons.sources.contracts import JSON, Declaration, SourceFault


@dataclass(frozen=True)
class Options:
    """Options of one kit, or of one table in them. ``path`` names the table in messages."""

    values: Mapping[str, JSON]
    path: str = "options"

    @classmethod
    def of(cls, declaration: Declaration) -> Options:
        """The options of a source."""
        return cls(declaration.options)

    def text(self, name: str, default: str = "") -> str:
        """A text; a number is taken as it is written."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._wrong(name, "a text")
        return str(value)

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "a whole number")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        value = self.values.get(name, ())
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list | tuple) or not all(
            isinstance(item, str | int | float) for item in value
        ):
            raise self._wrong(name, "a list of texts")
        return tuple(str(item) for item in value)

    def table(self, name: str) -> Options:
        """A table; empty where it is not there."""
        value = self.values.get(name, {})
        if not isinstance(value, Mapping):
            raise self._wrong(name, "a table")
        return Options(value, f"{self.path}.{name}")

    def mapping(self, name: str) -> dict[str, str]:
        """A table of texts."""
        table = self.table(name)
        return {key: table.text(key) for key in table.values}

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if not value:
            raise SourceFault("configuration", f"{self.path}.{name} is missing")
        return value

    def __contains__(self, name: object) -> bool:
        return name in self.values

    def __bool__(self) -> bool:
        return bool(self.values)

    def _wrong(self, name: str, kind: str) -> SourceFault:
        return SourceFault("configuration", f"{self.path}.{name} must be {kind}")
