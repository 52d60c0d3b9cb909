"""How an answer is continued: by page, offset, range in the path, link or token.

``[options.paging]``: ``style`` (none, page, offset, link, token), ``parameter``, ``size_parameter``, ``size``, ``first`` (number of
the first page or row), ``most`` (pages a read may take, 2,000). Every style ends by itself at the total, at an empty or short page, and
where a server gives the same page again because it does not know the parameter.

In a body that is sent by POST ``{page}``, ``{offset}``, ``{size}`` and ``{token}`` stand for the page; ``parameter = ""`` then keeps it out of the
address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from maru.commons.sources.contracts import JSON, Answer, SourceFault
from maru.commons.sources.kits import addresses
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.options import Options

MOST_PAGES = 2_000


class SmallerPages(SourceFault):
    """The provider gives no more than ``size`` rows at once (a sample key, for instance); the page is asked for again."""

    def __init__(self, size: int, detail: str) -> None:
        super().__init__("bad_request", detail)
        self.size = size


class Pager(Protocol):
    """Positions are JSON, for they wait in the cursor. A pager that counts has whole numbers from 0 on."""

    @property
    def start(self) -> JSON:
        """The position of the first page."""

    def address(self, address: str, position: JSON) -> str:
        """Where the page at a position is."""

    def after(self, position: JSON, envelope: Envelope, seen: int) -> JSON:
        """The next position, None at the end. ``seen`` counts the rows up to here where a pager counts."""

    def skip(self, position: JSON) -> JSON:
        """The next position after a page that did not change; None if nobody knows."""

    def values(self, position: JSON) -> Mapping[str, str]:
        """Placeholders that stand for the page in a body that is sent: page, offset, size, token."""


@dataclass(frozen=True)
class Once:
    """One answer is all."""

    start: JSON = 0

    def address(self, address: str, position: JSON) -> str:
        """The address itself."""
        return address

    def after(self, position: JSON, envelope: Envelope, seen: int) -> JSON:
        """Nothing."""
        return None

    def skip(self, position: JSON) -> JSON:
        """Nothing."""
        return None

    def values(self, position: JSON) -> Mapping[str, str]:
        """None."""
        return {}


@dataclass(frozen=True)
class Pages:
    """Numbered pages; the position is the page's index from 0."""

    parameter: str = "page"
    size_parameter: str = ""
    size: int = 100
    first: int = 1
    start: JSON = 0

    def address(self, address: str, position: JSON) -> str:
        """With the page's number and size."""
        params = {self.parameter: str(self.first + int(position))} if self.parameter else {}
        if self.size_parameter:
            params[self.size_parameter] = str(self.size)
        return addresses.with_query(address, params)

    def after(self, position: JSON, envelope: Envelope, seen: int) -> JSON:
        """The next page, unless the total or a short page says that there is none."""
        rows = len(envelope.rows)
        if not rows or envelope.partial:
            return None
        ended = rows < self.size if envelope.total is None else seen >= envelope.total
        return None if ended else int(position) + 1

    def skip(self, position: JSON) -> JSON:
        """The next page."""
        return int(position) + 1

    def values(self, position: JSON) -> Mapping[str, str]:
        """Number and size."""
        return {"page": str(self.first + int(position)), "size": str(self.size)}


@dataclass(frozen=True)
class Offsets:
    """Rows from an offset on; the position is the number of rows before."""

    parameter: str = "offset"
    size_parameter: str = "limit"
    size: int = 100
    first: int = 0
    start: JSON = 0
    short: bool = (
        False  # a server that caps pages below ``size`` and tells no total: only an empty page is the end
    )

    def address(self, address: str, position: JSON) -> str:
        """With offset and size."""
        params = {self.parameter: str(self.first + int(position))} if self.parameter else {}
        if self.size_parameter:
            params[self.size_parameter] = str(self.size)
        return addresses.with_query(address, params)

    def after(self, position: JSON, envelope: Envelope, seen: int) -> JSON:
        """As many rows on as came, since servers cap what is asked."""
        rows = len(envelope.rows)
        if not rows or envelope.partial:
            return None
        if envelope.total is None:
            ended = rows < self.size and not self.short
        else:
            ended = int(position) + rows >= envelope.total
        return None if ended else int(position) + rows

    def skip(self, position: JSON) -> JSON:
        """One page on."""
        return int(position) + self.size

    def values(self, position: JSON) -> Mapping[str, str]:
        """Offset and size."""
        return {"offset": str(self.first + int(position)), "size": str(self.size)}


@dataclass(frozen=True)
class Links:
    """The answer's link to the next page; the position is its address, without any key."""

    start: JSON = ""
    params: tuple[tuple[str, str], ...] = ()

    def address(self, address: str, position: JSON) -> str:
        """The link, within the declared host."""
        if position:
            return addresses.follow(address, str(position))
        return addresses.with_query(address, dict(self.params))

    def after(self, position: JSON, envelope: Envelope, seen: int) -> JSON:
        """The link, if the answer had one."""
        return envelope.next or None

    def skip(self, position: JSON) -> JSON:
        """Nobody knows."""
        return None

    def values(self, position: JSON) -> Mapping[str, str]:
        """None."""
        return {}


@dataclass(frozen=True)
class Tokens:
    """The answer's token as a parameter of the next question."""

    parameter: str = "cursor"
    size_parameter: str = ""
    size: int = 100
    start: JSON = ""

    def address(self, address: str, position: JSON) -> str:
        """With the token."""
        params = {self.parameter: str(position)} if position and self.parameter else {}
        if self.size_parameter:
            params[self.size_parameter] = str(self.size)
        return addresses.with_query(address, params)

    def after(self, position: JSON, envelope: Envelope, seen: int) -> JSON:
        """The token, if the answer had one."""
        return envelope.next or None

    def skip(self, position: JSON) -> JSON:
        """Nobody knows."""
        return None

    def values(self, position: JSON) -> Mapping[str, str]:
        """Token and size."""
        return {"token": str(position), "size": str(self.size)}


def of(options: Options, default: Pager) -> Pager:
    """The pager that ``[options.paging]`` describes. Raises SourceFault(configuration)."""
    table = options.table("paging")
    style = table.text("style")
    size = table.number("size", 100)
    if size < 1:
        raise SourceFault("configuration", "options.paging.size must be at least 1")
    if style == "page":
        return Pages(
            table.text("parameter", "page"), table.text("size_parameter"), size, table.number("first", 1)
        )
    if style == "offset":
        return Offsets(
            table.text("parameter", "offset"),
            table.text("size_parameter", "limit"),
            size,
            table.number("first", 0),
            short=table.flag("short"),
        )
    if style == "token":
        return Tokens(table.text("parameter", "cursor"), table.text("size_parameter"), size)
    if style in ("link", "header"):
        named = table.text("size_parameter")
        return Links(params=((named, str(size)),) if named else ())
    if style == "none":
        return Once()
    if style:
        raise SourceFault("configuration", f"options.paging.style {style!r} is unknown")
    return default


@dataclass(frozen=True)
class Page:
    """One page on the way: None as envelope if it did not change, None as ``following`` at the end."""

    envelope: Envelope | None
    position: JSON
    following: JSON


def walk(
    send: Callable[[str, Mapping[str, str]], Answer],
    read: Callable[[Answer], Envelope],
    pager: Pager,
    address: str,
    *,
    position: JSON = None,
    known_pages: int = 1,
    most: int = MOST_PAGES,
) -> Iterator[Page]:
    """All pages from a position on (None: the first). ``known_pages`` is how many there were the last time, so that an
    unchanged page does not hide the ones behind it. Raises SourceFault."""
    position = pager.start if position is None else position
    seen = int(position) * getattr(pager, "size", 0) if isinstance(pager, Pages) else 0
    before = b""
    for index in range(most):
        answer = send(pager.address(address, position), pager.values(position))
        if answer.not_modified:
            following = pager.skip(position) if index + 1 < known_pages else None
            yield Page(None, position, following)
        else:
            try:
                envelope = read(answer)
            except SmallerPages as limit:
                if limit.size < getattr(pager, "size", 0):
                    pager = cast("Pager", replace(cast("Any", pager), size=limit.size))
                    continue
                if index < 1:
                    raise
                envelope = Envelope(rows=[], partial=True)
            digest = hashlib.blake2b(answer.body, digest_size=16).digest()
            if digest == before:
                envelope = Envelope(rows=[], total=envelope.total)
            before = digest
            seen += len(envelope.rows)
            following = pager.after(position, envelope, seen)
            if following is not None and isinstance(pager, Links):
                # The position is kept, and the link may repeat the key that was sent.
                following = addresses.follow(address, str(following))
            if following == position:
                raise SourceFault("malformed", "the next page is the same page")
            yield Page(envelope, position, following)
        if following is None:
            return
        position = following
