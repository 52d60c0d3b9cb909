"""What the kits of the standard REST interfaces share: a document reader, its parameters and pages, made into a Kit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from maru.commons.sources.contracts import JSON, Answer, Declaration, Delivery, Fetch
from maru.commons.sources.kits import addresses, bodies, envelopes, links
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.paging import Once, Pager
from maru.commons.sources.kits.rounds import Call, Values, ask

Reader = Callable[[JSON, Options, bytes], Envelope]


def _no_params(options: Options) -> dict[str, str]:
    return {}


def _once(options: Options) -> Pager:
    return Once()


@dataclass(frozen=True)
class RestKit:
    """A Kit for one interface. ``reader`` gets the document, the options and the raw bytes; ``path`` is what is added to the address;
    ``heads`` may change an envelope by the answer's headers."""

    reader: Reader
    params: Callable[[Options], dict[str, str]] = _no_params
    pager: Callable[[Options], Pager] = _once
    path: Callable[[Options], str] = field(default=lambda options: "")
    headers: Mapping[str, str] = field(default_factory=lambda: {"Accept": "application/json"})
    heads: Callable[[Envelope, Mapping[str, str]], Envelope] | None = None
    prepare: Callable[[Declaration], Declaration] | None = None

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Page by page."""
        declaration = self.prepare(declaration) if self.prepare else declaration
        options = Options.of(declaration)
        params = {**self.params(options), **options.mapping("params")}
        template = joined(declaration.address, self.path(options))

        def address(values: Values) -> str:
            return addresses.question(template, params, values)

        def read(body: bytes, content_type: str) -> Envelope:
            return self._body(options, body, content_type)

        def settle(answer: Answer) -> Envelope:
            envelope = envelopes.settle(answer, read)
            return self.heads(envelope, answer.headers) if self.heads else envelope

        headers = {**self.headers, **options.mapping("headers")}
        yield from ask(
            declaration,
            cursor,
            fetch,
            Call(address=address, read=read, settle=settle, pager=self.pager(options), headers=headers),
        )

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One body alone."""
        declaration = self.prepare(declaration) if self.prepare else declaration
        envelope = self._body(Options.of(declaration), body, content_type)
        return Delivery(rows=envelope.rows, dead=envelope.dead, total=envelope.total)

    def _body(self, options: Options, body: bytes, content_type: str) -> Envelope:
        return self.reader(bodies.document(body, content_type), options, body)


def joined(address: str, path: str) -> str:
    """The address with a path behind it, before its query; an address that ends with that path already stays as it is."""
    if not path:
        return address
    base, mark, query = address.partition("?")
    if not base.rstrip("/").endswith(path.rstrip("/")):
        base = f"{base.rstrip('/')}/{path.lstrip('/')}"
    return base + mark + query


def linked(envelope: Envelope, headers: Mapping[str, str]) -> Envelope:
    """With the Link header's next page where the body names none."""
    link = "" if envelope.next else links.in_header(headers)
    return Envelope(envelope.rows, envelope.total, link, envelope.dead) if link else envelope
