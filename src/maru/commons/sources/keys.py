"""Keys of outside systems: ``keys.toml`` in the home, read by its owner alone, and masked wherever text leaves.

[keys]
open_api = "…"
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

from maru.commons.sources.contracts import JSON, SourceFault

MASK = "•••"
PLACE = "{key}"  # where a key belongs; the fetch puts it in
_UNMISTAKABLE = 8
_ESCAPES = re.compile(r"%[0-9A-F]{2}")
_SHORTEST = 4  # shorter texts stand in ordinary words, and masking them would garble every log


class Keys:
    """The keys of a home. ``mask`` removes every one of them, plain or percent-encoded, from a text."""

    def __init__(self, home: Path) -> None:
        self.path = home / "keys.toml"
        self._changed = -1
        self._keys: dict[str, str] = {}
        self._forms: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """The key of that name. Raises SourceFault(configuration) if the file or the key is not there."""
        self._read()
        if name not in self._keys:
            raise SourceFault("configuration", f"keys.toml has no key named {name!r}")
        return self._keys[name]

    def has(self, name: str) -> bool:
        """Whether there is a key of that name."""
        self._read()
        return name in self._keys

    def mask(self, text: str) -> str:
        """The text without any key in it."""
        self._read()
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def mask_bytes(self, raw: bytes) -> bytes:
        """The same for bytes as they came: some systems repeat the request, key included, in their answer."""
        self._read()
        for form in self._forms:
            secret = form.encode()
            if secret in raw:
                raw = raw.replace(secret, MASK.encode())
        return raw

    def hide(self, name: str, raw: bytes) -> bytes:
        """What a system gave, with its own key as ``{key}`` wherever it is repeated: so no row and no cursor ever holds it, and a
        link that is followed gets it back. A short key is left: it may be a word of the data."""
        self._read()
        key = self._keys.get(name, "")
        if len(key) < _UNMISTAKABLE:
            return raw
        for form in _written(key):
            secret = form.encode()
            if secret in raw:
                raw = raw.replace(secret, PLACE.encode())
        return raw

    def hide_in(self, value: JSON) -> JSON:
        """A cursor with ``{key}`` for every key in it, names included."""
        self._read()
        return self._hidden(value) if self._forms else value

    def _hidden(self, value: JSON) -> JSON:
        if isinstance(value, str):
            for form in self._forms:
                if form in value:
                    value = value.replace(form, PLACE)
            return value
        if isinstance(value, dict):
            return {self._hidden(name): self._hidden(one) for name, one in value.items()}
        return [self._hidden(one) for one in value] if isinstance(value, list | tuple) else value

    def _read(self) -> None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._changed, self._keys, self._forms = -1, {}, ()
            return
        if status.st_mtime_ns == self._changed:
            return
        if status.st_mode & 0o077:
            raise SourceFault("configuration", "keys.toml may be read by others: chmod 600 it")
        try:
            found = tomllib.loads(self.path.read_text(encoding="utf-8")).get("keys", {})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            # Its text is not repeated: the line that is wrong may be the one with the key.
            raise SourceFault("configuration", "keys.toml is not valid TOML") from None
        keys = {str(name): str(key) for name, key in found.items()} if isinstance(found, dict) else {}
        forms = {form for key in keys.values() for form in _written(key)}
        self._keys = keys
        self._forms = tuple(sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True))
        self._changed = status.st_mtime_ns


def _written(key: str) -> tuple[str, ...]:
    """The ways in which a key may stand in an answer, the longest first: plain, in an address, in JSON, in XML."""
    escaped = quote(key, safe="")
    lowered = _ESCAPES.sub(lambda found: found.group().lower(), escaped)
    forms = {key, escaped, lowered, quote_plus(key), quote(key), unquote(key)}
    forms |= {
        key.replace("/", "\\/"),
        key.replace("&", "&amp;"),
        key.replace("+", "\\u002b"),
        key.replace("=", "\\u003d"),
    }
    return tuple(sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True))
