"""Addresses with placeholders. ``{key}`` stays where it is: the Fetch puts the key in, encoded exactly once.

Links that a server gives are followed only within the address that the declaration names: servers behind proxies name hosts
of their own, and a hostile one could name any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

KEY = "{key}"
_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def fill(template: str, values: Mapping[str, str], *, encode: bool = True) -> str:
    """Put values into a template; names without a value, ``{key}`` above all, stay as they are."""

    def put(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        if value is None:
            return match.group(0)
        return quote(value, safe="") if encode else value

    return _PLACE.sub(put, template)


def part(value: str) -> str:
    """One part of a path. A part that is skipped is one blank, for an empty one gives 404 at Seoul's servers."""
    return value if value == KEY else quote(value or " ", safe="")


def with_query(address: str, params: Mapping[str, str]) -> str:
    """The address with more parameters; those it has already are replaced. ``{key}`` is not encoded."""
    if not params:
        return address
    base, _, query = address.partition("?")
    kept = [pair for pair in query.split("&") if pair and unquote(pair.partition("=")[0]) not in params]
    added = [
        f"{quote(name, safe='$@')}={value if value == KEY else quote(value, safe='')}"
        for name, value in params.items()
    ]
    return f"{base}?{'&'.join(kept + added)}"


def follow(current: str, link: str) -> str:
    """Where a link leads from an address: never to another host, and with ``{key}`` where the key was."""
    here = urlsplit(current)
    target = urlsplit(urljoin(current.replace(KEY, "KEY"), link))
    path = target.path if target.netloc == here.netloc else here.path
    if KEY in here.path:
        path = here.path
    keyed = [name for name, value in parse_qsl(here.query, keep_blank_values=True) if KEY in value]
    address = urlunsplit((here.scheme, here.netloc, path, target.query, ""))
    return with_query(address, dict.fromkeys(keyed, KEY)) if keyed else address


def within(current: str, link: str) -> str:
    """A whole address that a catalogue gives, brought to the declared host: its last part beside the catalogue's own."""
    here, target = urlsplit(current.replace(KEY, "KEY")), urlsplit(link)
    if target.netloc == here.netloc:
        return follow(current, link)
    folder = urlsplit(current).path.rpartition("/")[0]
    return urlunsplit(
        (here.scheme, here.netloc, f"{folder}/{target.path.rpartition('/')[2]}", target.query, "")
    )


def question(template: str, params: Mapping[str, str], values: Mapping[str, str]) -> str:
    """The address of one question: template and parameters with the values of a round put in."""
    asked = {name: fill(value, values, encode=False) for name, value in params.items()}
    return with_query(fill(template, values), asked)
