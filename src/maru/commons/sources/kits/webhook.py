"""The kit of what others send us by HTTP. The address, its signature and the answer 202 are the runner's (see pushed)."""

from __future__ import annotations

from collections.abc import Iterator

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch
from maru.commons.sources.kits.pushed import parse_pushed


class WebhookKit:
    """Only bodies: there is nothing to ask for."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Nothing: it is pushed."""
        del declaration, cursor, fetch
        return iter(())

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One pushed body."""
        return parse_pushed(declaration, body, content_type)


KIT = WebhookKit()
