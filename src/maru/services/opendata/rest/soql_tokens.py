"""SoQL cut into words. Knows no columns and no grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from maru.services.opendata.engine.contracts import QueryFault

Kind = Literal["name", "quoted", "text", "number", "sign", "end"]
MOST_TOKENS = 2_000
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>`[^`]*`|"[^"]*")
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]\w*(?:\.\w+)?|:@?\w+)
    | (?P<sign><=|>=|!=|<>|==|\|\||[-+*/%=<>(),])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A word and where it stands. ``value`` is without quotes; names that are no columns compare in lower case."""

    kind: Kind
    value: str
    at: int

    @property
    def word(self) -> str:
        """In lower case, as keywords and functions are compared; "" for what cannot be one."""
        return self.value.lower() if self.kind == "name" else ""


def tokens(text: str, where: str) -> list[Token]:
    """The words of ``text``, ended by one of kind ``end``. Raises QueryFault(where, ...) at what is no word."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        hit = _TOKEN.match(text, at)
        if hit is None or hit.lastgroup is None:
            if not text[at:].strip():
                break
            raise QueryFault(where, f"Cannot read this at character {at + 1}: {text[at : at + 20]!r}.")
        if len(found) >= MOST_TOKENS:
            raise QueryFault(where, f"More than {MOST_TOKENS:,} words.")
        kind: Kind = hit.lastgroup  # type: ignore[assignment]  # the groups are named as the kinds
        value = hit.group(kind)
        if kind == "text":
            value = value[1:-1].replace("''", "'").replace("\x00", "")
        elif kind == "quoted":
            value = value[1:-1]
        found.append(Token(kind, value, hit.start(kind)))
        at = hit.end()
    found.append(Token("end", "", len(text)))
    return found
