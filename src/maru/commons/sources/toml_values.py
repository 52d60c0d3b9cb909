"""Reads values out of a TOML table and keeps every fault instead of stopping at the first one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NO_DEFAULT: Any = object()
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class Values:
    """One TOML table. ``where`` is its path for messages; ``faults`` is shared by all tables of the file."""

    where: str
    data: Mapping[str, Any]
    faults: list[str]
    asked: set[str] = field(default_factory=set)

    def fault(self, key: str, message: str) -> None:
        """Note that ``key`` is wrong."""
        self.faults.append(f"{self.where}{key}: {message}")

    def _value(self, key: str, default: Any) -> tuple[bool, Any]:
        self.asked.add(key)
        if key in self.data:
            return True, self.data[key]
        if default is NO_DEFAULT:
            self.fault(key, "is missing")
        return False, default

    def text(self, key: str, default: str = NO_DEFAULT, *, pattern: str = "") -> str:
        """A text; with ``pattern`` it must match wholly."""
        found, value = self._value(key, default)
        if not found:
            return "" if value is NO_DEFAULT else str(value)
        if not isinstance(value, str):
            self.fault(key, "must be a text")
            return ""
        if pattern and not re.fullmatch(pattern, value):
            self.fault(key, f"{value!r} does not match {pattern}")
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str = NO_DEFAULT) -> str:
        """One of ``allowed``."""
        value = self.text(key, default)
        if value not in allowed and (key in self.data):
            self.fault(key, f"{value!r} is none of: {', '.join(allowed)}")
        return value

    def number(self, key: str, default: float = NO_DEFAULT, *, least: float | None = None) -> float:
        """A number, at least ``least``."""
        found, value = self._value(key, default)
        if not found:
            return 0.0 if value is NO_DEFAULT else float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fault(key, "must be a number")
            return 0.0
        if value != value or (least is not None and value < least):
            self.fault(key, f"must be at least {least:g}" if least is not None else "must be a number")
        return float(value)

    def whole(self, key: str, default: int = 0) -> int:
        """A whole number from 0 on."""
        number = self.number(key, default, least=0)
        if number != int(number):
            self.fault(key, "must be a whole number")
        return int(number)

    def limit(self, key: str) -> float | None:
        """A number or nothing."""
        return self.number(key) if key in self.data else self._value(key, None)[1]

    def flag(self, key: str, default: bool = False) -> bool:
        """true or false."""
        _, value = self._value(key, default)
        if not isinstance(value, bool):
            self.fault(key, "must be true or false")
            return default
        return value

    def texts(self, key: str, default: Sequence[str] = NO_DEFAULT) -> tuple[str, ...]:
        """A list of texts; one text alone stands for a list of one."""
        found, value = self._value(key, default)
        if not found:
            return () if value is NO_DEFAULT else tuple(value)
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fault(key, "must be a list of texts")
            return ()
        return tuple(value)

    def words(
        self, key: str, *, required: bool = True, languages: Sequence[str] = ("ko", "en")
    ) -> dict[str, str]:
        """A text in every language: ``{ko = "…", en = "…"}``."""
        found, value = self._value(key, NO_DEFAULT if required else {})
        if not found:
            return {}
        good = isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())
        if not good:
            self.fault(key, "must be a table of texts by language")
            return {}
        missing = [language for language in languages if required and not value.get(language, "").strip()]
        if missing:
            self.fault(key, f"has no text in {', '.join(missing)}")
        return dict(value)

    def table(self, key: str, *, required: bool = True) -> Values:
        """A table inside this one; an empty one where it is missing or wrong."""
        found, value = self._value(key, NO_DEFAULT if required else {})
        if found and not isinstance(value, Mapping):
            self.fault(key, "must be a table")
        good = value if isinstance(value, Mapping) else {}
        # A table that is missing was reported as a whole: its own keys would only repeat that.
        faults = self.faults if found or not required else []
        return Values(f"{self.where}{key}.", good, faults)

    def tables(self, key: str, *, required: bool = True) -> list[Values]:
        """A list of tables."""
        found, value = self._value(key, NO_DEFAULT if required else [])
        if not found:
            return []
        if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
            self.fault(key, "must be a list of tables")
            return []
        return [Values(f"{self.where}{key}[{place}].", one, self.faults) for place, one in enumerate(value)]

    def finish(self) -> None:
        """Note every key that nobody asked for: most are typing errors."""
        for key in self.data:
            if key not in self.asked:
                self.fault(key, "is not known here")


def toml_value(value: Any) -> str:
    """One value as TOML on one line. Raises TypeError for what TOML has no word for (None among them)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, str):
        return toml_text(value)
    if isinstance(value, Mapping):
        inner = ", ".join(
            f"{toml_key(key)} = {toml_value(one)}" for key, one in value.items() if one is not None
        )
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(one) for one in value) + "]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def toml_text(value: str) -> str:
    """A basic string. JSON's escapes are TOML's too, but for DEL and the halves of surrogate pairs."""
    return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace(
        "\x7f", "\\u007F"
    )


def toml_key(key: str) -> str:
    """A key, quoted where it must be."""
    return key if BARE_KEY.fullmatch(key) else toml_text(key)
