"""Parameters of CKAN's actions: from a query string or from JSON, as tolerant as CKAN is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from maru.services.opendata.rest.http import Problem, Request, body_as_json

_YES = frozenset({"true", "1", "yes", "on"})


class Invalid(Problem):
    """A Validation Error: 409 and a list of messages by parameter."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(409, "validation", "; ".join(f"{key}: {one[0]}" for key, one in errors.items()))
        self.errors = errors


def missing(name: str) -> Invalid:
    """A parameter that must be there is not."""
    return Invalid({name: ["Missing value"]})


def invalid(name: str, *reasons: str) -> Invalid:
    """A parameter has a value that it cannot have."""
    return Invalid({name: [" ".join(reasons)]})


@dataclass(frozen=True)
class Asked:
    """The parameters of one call and the address of the house."""

    given: dict[str, Any]
    base: str

    def text(self, name: str) -> str:
        """A text; "" if it is not there. What is not text becomes a Validation Error."""
        value = self.given.get(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list) and value:
            value = value[-1]
        if isinstance(value, int | float):
            return str(value)
        if not isinstance(value, str):
            raise invalid(name, "Must be a string")
        return value[:4_000].replace("\x00", "")

    def texts(self, name: str) -> list[str]:
        """A list of texts: a list, JSON of one, or words between commas or blanks."""
        value = self.given.get(name)
        if isinstance(value, str):
            value = _listed(value)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise invalid(name, "Must be a list of strings")
        return [one[:1_000] for one in value[:200]]

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number; Validation Error outside of low to high."""
        value = self.given.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, list) and value:
            value = value[-1]
        try:
            number = int(str(value)) if not isinstance(value, bool | float) and len(str(value)) < 20 else None
        except ValueError:
            number = None
        if number is None:
            raise invalid(name, "Invalid integer")
        if number < low:
            raise invalid(name, "Must be a natural number")
        return min(number, high)

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        value = self.given.get(name)
        return default if value is None else str(value).strip().lower() in _YES

    def mapping(self, name: str) -> dict[str, Any]:
        """An object, or JSON of one."""
        value = self.given.get(name)
        if isinstance(value, str) and value.strip():
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError:
                raise invalid(name, "Cannot parse JSON") from None
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            raise invalid(name, "Must be a dict")
        return value


def _listed(text: str) -> list[Any]:
    text = text.strip()
    if text.startswith("["):
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            return []
        return found if isinstance(found, list) else []
    return [part.strip() for part in text.split(",") if part.strip()]


def asked_of(request: Request) -> Asked:
    """The parameters of a call: JSON or a form in the body of a POST, over those of the query string."""
    given: dict[str, Any] = {}
    for name, value in request.pairs:
        if name in given:
            before = given[name]
            given[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            given[name] = value
    if request.body.strip():
        body = body_as_json(request)
        if not isinstance(body, dict):
            raise Problem(
                400, "bad_request", "Bad request - JSON Error: Request data JSON decoded is not a dict."
            )
        given |= body
    return Asked(given, request.base)
