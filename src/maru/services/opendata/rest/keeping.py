"""Answers kept in memory by what was asked, within a number of bytes; the least lately used go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from maru.services.opendata.rest.http import Answer


class Kept:
    """``most_bytes`` in all, one answer at most an eighth of it."""

    def __init__(self, most_bytes: int = 64_000_000) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[Hashable, tuple[Answer, int]] = OrderedDict()

    def get(self, asked: Hashable) -> Answer | None:
        """The kept answer, whether or not it still holds."""
        found = self._answers.get(asked)
        if found is None:
            return None
        self._answers.move_to_end(asked)
        return found[0]

    def put(self, asked: Hashable, answer: Answer) -> None:
        """Keep it, instead of what was kept for the same question."""
        self.drop(asked)
        # Its body in gzip may be made later; a quarter of it is a fair guess.
        weight = answer.weight + len(answer.body) // 4 + _weight(asked)
        if weight > self._most // 8:
            return
        self._answers[asked] = (answer, weight)
        self._bytes += weight
        while self._bytes > self._most:
            _asked, (_answer, gone) = self._answers.popitem(last=False)
            self._bytes -= gone

    def drop(self, asked: Hashable) -> None:
        """Forget one."""
        found = self._answers.pop(asked, None)
        if found:
            self._bytes -= found[1]

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()
        self._bytes = 0

    @property
    def size(self) -> int:
        """Bytes held, about."""
        return self._bytes


def _weight(asked: Hashable) -> int:
    """Bytes that the question itself holds, about: strangers choose its length."""
    if isinstance(asked, tuple):
        return 64 + sum(map(_weight, asked))
    return 64 + (len(asked) if isinstance(asked, str | bytes) else 0)
