"""What the parsers of SoQL and CQL2 share: a place in a row of words, and conditions put together."""

from __future__ import annotations

from collections.abc import Sequence

from maru.services.opendata.engine.contracts import (
    And,
    Between,
    ColumnInfo,
    Compare,
    Comparison,
    Condition,
    IsNull,
    Like,
    Not,
    OneOf,
    Or,
    QueryFault,
    Value,
)
from maru.services.opendata.rest.literals import pattern_of, typed
from maru.services.opendata.rest.soql_tokens import Token

DEEPEST = 30
FLIPPED: dict[str, Comparison] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
# Nothing in a table is both null and not null.
NOTHING = OneOf


class Words:
    """A row of tokens and the place in it."""

    def __init__(self, words: Sequence[Token], where: str) -> None:
        self._words = words
        self._at = 0
        self._depth = 0
        self.where = where

    @property
    def now(self) -> Token:
        """The word at the present place."""
        return self._words[self._at]

    @property
    def after(self) -> Token:
        """The word behind it."""
        return self._words[min(self._at + 1, len(self._words) - 1)]

    @property
    def done(self) -> bool:
        """Whether no word is left."""
        return self._words[self._at].kind == "end"

    def step(self) -> Token:
        """Take the present word."""
        word = self._words[self._at]
        if word.kind != "end":
            self._at += 1
        return word

    def take(self, *words: str) -> bool:
        """Take these keywords if they stand here, all of them in order."""
        for offset, word in enumerate(words):
            place = self._at + offset
            if place >= len(self._words) or self._words[place].word != word:
                return False
        self._at += len(words)
        return True

    def sign(self, *signs: str) -> str:
        """Take one of these signs if it stands here; "" otherwise."""
        if self.now.kind == "sign" and self.now.value in signs:
            return self.step().value
        return ""

    def need(self, sign: str) -> None:
        """Take this sign or raise QueryFault."""
        if not self.sign(sign):
            raise self.fault(f"expected {sign!r}")

    def deeper(self) -> None:
        """One level further in; QueryFault below ``DEEPEST``."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise QueryFault(self.where, f"More than {DEEPEST} levels of brackets.")

    def back(self) -> None:
        """One level out."""
        self._depth -= 1

    def fault(self, what: str) -> QueryFault:
        """A QueryFault that says where."""
        seen = self.now.value[:30] if self.now.kind != "end" else "the end"
        return QueryFault(self.where, f"{what} at character {self.now.at + 1}, not {seen!r}.")


def together(conditions: Sequence[Condition]) -> Condition | None:
    """All of them; None for none."""
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def either(conditions: Sequence[Condition]) -> Condition:
    """One of them."""
    return conditions[0] if len(conditions) == 1 else Or(tuple(conditions))


def compare(column: ColumnInfo, op: Comparison, value: object, where: str) -> Condition:
    """A comparison with the value read as the column's type; null makes it an IsNull."""
    if value is None:
        if op not in ("=", "!="):
            raise QueryFault(where, "Only = and != can be asked of null.")
        null = IsNull(column.name)
        return null if op == "=" else Not(null)
    return Compare(column.name, op, typed(column, value, where))


def folded(column: ColumnInfo, op: Comparison, value: object, where: str) -> Condition:
    """A comparison of text without regard to case."""
    if column.type != "text" or op not in ("=", "!="):
        raise QueryFault(where, "upper() and lower() compare text, with = or !=.")
    same = Like(column.name, pattern_of(str(value)), fold=True)
    return same if op == "=" else Not(same)


def between(column: ColumnInfo, low: object, high: object, where: str) -> Condition:
    """Both ends included."""
    return Between(column.name, typed(column, low, where), typed(column, high, where))


def one_of(column: ColumnInfo, values: Sequence[object], where: str) -> Condition:
    """The column has one of the values; null among them finds rows without one."""
    found: list[Value] = [typed(column, value, where) for value in values if value is not None]
    conditions: list[Condition] = [OneOf(column.name, tuple(found))] if found else []
    if any(value is None for value in values):
        conditions.append(IsNull(column.name))
    if not conditions:
        raise QueryFault(where, "A list needs at least one value.")
    return either(conditions)


def wild(pattern: str) -> str:
    """A pattern as its author wrote it; a lone backslash at its end stands for itself."""
    tail = len(pattern) - len(pattern.rstrip("\\"))
    return pattern + "\\" if tail % 2 else pattern
