"""TOPIS bus (``ws.bus.go.kr/api/rest/{group}/{operation}``): one question a call, no pages.

``address`` is the operation's. Options, beside those of ``rounds``:

``params``
    Parameters with placeholders (``busRouteId = "{route}"``).
``format``
    ``xml`` (default) or ``json``.
``key_parameter``
    ``serviceKey`` (default) or ``ServiceKey``. The key may be kept encoded or not: the Fetch encodes it exactly once.

``headerCd`` means several things (7: no path, a key that is not registered, or the day's calls used up; 4: no such route, or no result), so that
code and message count together. Yields the items of ``msgBody.itemList``.
"""

from __future__ import annotations

from collections.abc import Iterator

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch
from maru.commons.sources.kits import addresses, bodies, envelopes, gateway, shapes
from maru.commons.sources.kits.envelopes import EMPTY, OK, Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.rounds import Call, Values, ask
from maru.commons.sources.kits.words import NONE, by_words

_CODES = {
    "0": OK, "1": "server", "2": "bad_request", "3": "not_found", "4": "not_found", "5": "bad_request",
    "6": "server", "7": NONE, "8": NONE,
}  # fmt: skip
_DOUBTFUL = frozenset("1346 7 8".replace(" ", ""))  # codes whose message may say something else


def classify(code: str, message: str) -> str:
    """What ``headerCd`` and ``headerMsg`` mean together: a SourceFault code, OK or NONE."""
    meant = _CODES.get(code, "server")
    if code in _DOUBTFUL or code not in _CODES:
        words = by_words(message)
        if words in ("quota", "refused_key", NONE) or (words and code not in _CODES):
            return words
    return meant


def read_body(body: bytes, content_type: str = "") -> Envelope:
    """One answer. Raises SourceFault."""
    document = bodies.document(body, content_type)
    gateway.refuse(document, body)
    top = document.get("ServiceResult", document) if isinstance(document, dict) else None
    header = top.get("msgHeader") if isinstance(top, dict) else None
    if not isinstance(top, dict) or not isinstance(header, dict):
        raise bodies.malformed("no msgHeader", body)
    code, message = str(header.get("headerCd", "")).strip(), str(header.get("headerMsg") or "")
    if not envelopes.require(classify(code, message), f"headerCd {code}", message, body):
        return EMPTY
    inner = top.get("msgBody")
    found = inner.get("itemList") if isinstance(inner, dict) else None
    rows = envelopes.rows_of(found)
    return Envelope(rows=shapes.flatten(rows), total=len(rows))


class TopisKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Question by question."""
        options = Options.of(declaration)
        params = options.mapping("params")

        def address(values: Values) -> str:
            asked = dict(params)
            if options.text("format", "xml") == "json":
                asked["resultType"] = "json"
            if addresses.KEY not in declaration.address:
                asked = {options.text("key_parameter", "serviceKey"): addresses.KEY, **asked}
            return addresses.question(declaration.address, asked, values)

        yield from ask(declaration, cursor, fetch, Call(address=address, read=read_body))

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One answer alone."""
        envelope = read_body(body, content_type)
        return Delivery(rows=envelope.rows, total=envelope.total)


KIT = TopisKit()
