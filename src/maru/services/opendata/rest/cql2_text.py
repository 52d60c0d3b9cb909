"""CQL2 Text read into CQL2 JSON: ``name LIKE 'a%' AND S_INTERSECTS(geometry, BBOX(0,0,1,1))``."""

from __future__ import annotations

from typing import Any

from shapely import wkt
from shapely.errors import ShapelyError
from shapely.geometry import mapping

from maru.services.opendata.rest.parsing import Words
from maru.services.opendata.rest.soql_tokens import tokens

_COMPARED = ("=", "<>", "<=", ">=", "<", ">")
_SHAPES = frozenset({"point", "polygon", "multipolygon", "linestring", "multipoint", "multilinestring"})
_CALLS = frozenset(
    {
        "s_intersects",
        "s_within",
        "s_disjoint",
        "s_equals",
        "s_contains",
        "s_crosses",
        "s_overlaps",
        "s_touches",
        "t_after",
        "t_before",
        "t_during",
        "t_equals",
        "t_intersects",
        "t_disjoint",
    }
)
_LONGEST = 4_000


def to_json(text: str, where: str = "filter") -> Any:
    """The CQL2 JSON of a CQL2 text. Raises QueryFault."""
    words = Words(tokens(text, where), where)
    if len(text) > _LONGEST:
        raise words.fault("The filter is too long")
    found = _Text(words, text).any()
    if not words.done:
        raise words.fault("expected the end")
    return found


class _Text:
    def __init__(self, words: Words, text: str) -> None:
        self.words = words
        self.text = text

    def any(self) -> Any:
        self.words.deeper()
        found = [self._every()]
        while self.words.take("or"):
            found.append(self._every())
        self.words.back()
        return found[0] if len(found) == 1 else {"op": "or", "args": found}

    def _every(self) -> Any:
        found = [self._one()]
        while self.words.take("and"):
            found.append(self._one())
        return found[0] if len(found) == 1 else {"op": "and", "args": found}

    def _one(self) -> Any:
        words = self.words
        if words.take("not"):
            words.deeper()
            found = {"op": "not", "args": [self._one()]}
            words.back()
            return found
        if words.sign("("):
            found = self.any()
            words.need(")")
            return found
        if words.now.word in _CALLS and words.after.value == "(":
            op = words.step().word
            return {"op": op, "args": self._arguments(2)}
        return self._predicate()

    def _predicate(self) -> Any:
        words = self.words
        left = self._scalar()
        op = words.sign(*_COMPARED)
        if op:
            return {"op": op, "args": [left, self._scalar()]}
        if words.take("is"):
            negated = words.take("not")
            if not words.take("null"):
                raise words.fault("expected NULL")
            return _negate({"op": "isNull", "args": [left]}, negated)
        negated = words.take("not")
        if words.take("like"):
            return _negate({"op": "like", "args": [left, self._scalar()]}, negated)
        if words.take("between"):
            low = self._scalar()
            if not words.take("and"):
                raise words.fault("expected AND")
            return _negate({"op": "between", "args": [left, low, self._scalar()]}, negated)
        if words.take("in"):
            return _negate({"op": "in", "args": [left, self._arguments()]}, negated)
        if negated:
            raise words.fault("expected LIKE, BETWEEN or IN")
        return left

    def _arguments(self, count: int = 0) -> list[Any]:
        words = self.words
        words.need("(")
        found = [self._scalar()]
        while words.sign(","):
            found.append(self._scalar())
        words.need(")")
        if count and len(found) != count:
            raise words.fault(f"expected {count} arguments")
        return found

    def _scalar(self) -> Any:
        words = self.words
        word = words.now
        if words.sign("-", "+"):
            if words.now.kind != "number":
                raise words.fault("expected a number")
            value = _number(words.step().value)
            return -value if word.value == "-" else value
        if word.kind == "number":
            return _number(words.step().value)
        if word.kind == "text":
            return words.step().value
        if word.kind == "quoted":
            words.step()
            return {"property": word.value}
        if word.kind == "name":
            return self._named()
        raise words.fault("expected a value or a property")

    def _named(self) -> Any:
        words = self.words
        name = words.now.word
        if name in ("true", "false"):
            words.step()
            return name == "true"
        if name in _SHAPES and words.after.value in ("(", "z"):
            return self._shape()
        if words.after.value == "(" and words.after.kind == "sign":
            return self._called(words.step().word)
        return {"property": words.step().value}

    def _called(self, name: str) -> Any:
        arguments = self._arguments()
        if name in ("timestamp", "date") and len(arguments) == 1 and isinstance(arguments[0], str):
            return {name: arguments[0]}
        if name == "interval" and len(arguments) == 2:
            return {"interval": [_end(argument) for argument in arguments]}
        if name == "bbox" and len(arguments) in (4, 6):
            return {"bbox": arguments}
        if name in ("casei", "accenti") and len(arguments) == 1:
            return {"op": name, "args": arguments}
        raise self.words.fault(f"there is no function {name[:30]!r} with {len(arguments)} arguments")

    def _shape(self) -> Any:
        """A geometry in WKT: everything up to the bracket that closes it."""
        words = self.words
        start = words.now.at
        words.step()
        depth = 0
        while not words.done:
            word = words.step()
            depth += {"(": 1, ")": -1}.get(word.value, 0) if word.kind == "sign" else 0
            if depth == 0 and word.value == ")":
                break
        try:
            found = wkt.loads(self.text[start : words.now.at].rstrip().rstrip(",").rstrip())
        except (ShapelyError, ValueError):
            found = self._up_to_last_bracket(start)
        return mapping(found)

    def _up_to_last_bracket(self, start: int) -> Any:
        text = self.text[start : self.words.now.at]
        try:
            return wkt.loads(text[: text.rindex(")") + 1])
        except (ShapelyError, ValueError):
            raise self.words.fault("the geometry is no WKT") from None


def _end(argument: Any) -> Any:
    return argument


def _number(text: str) -> int | float:
    return int(text) if text.isdecimal() and len(text) < 19 else float(text)


def _negate(node: Any, negated: bool) -> Any:
    return {"op": "not", "args": [node]} if negated else node
