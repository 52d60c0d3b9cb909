"""Any REST API that answers with JSON (or JSON Lines, or XML in its place).

``address`` may hold placeholders. Options, beside those of ``rounds`` and ``paging``:

``params``, ``headers``
    Tables with placeholders; ``{key}`` in either is the secret.
``rows``
    Path of the rows: ``"data.items"``, or a list of names where names hold dots. Lists on the way are gone through. Without it the longest
    list of objects near the top is taken, else the document is one row.
``up``
    Values of the surroundings that every row needs: ``up = { polled_at = "snapshots.timestamp" }`` with ``rows = "snapshots.trains"``.
``keys``
    Name of a new column: the rows are the values of an object, and its names become that column.
``columns``
    Names for rows that are lists; a path (``{ path = "fields" }`` is written ``columns = ".fields"``) names them from the document.
``total``, ``next``
    Paths of the count of all rows and of the link or token of the next page; common places are found without.
``code``
    Path of a result code; ``ok`` lists its good values, ``none`` those for "no rows", ``message`` is the path of its text.
``post``
    A body with placeholders: it is sent by POST as JSON.
``lines``
    true: JSON Lines; a line that is no JSON becomes a dead letter.

Nested values come with dotted names; a GeoJSON point as ``.longitude`` and ``.latitude``; lists as JSON text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from maru.commons.sources.contracts import JSON, Answer, DeadRow, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits import addresses, bodies, envelopes, gateway, links, paging, shapes
from maru.commons.sources.kits.envelopes import EMPTY, OK, Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.rounds import Call, Values, ask
from maru.commons.sources.kits.words import NONE, by_words

_COUNTS = ("x-total-count", "x-total", "total-count", "x-wp-total")
_SAID = ("error", "errors", "message", "detail", "error_description", "fault")
_CODED = frozenset(("error", "errors", "status", "code", "statusCode", "success", "timestamp", "type"))
_ERROR_NAMES = frozenset(
    (*_SAID, *_CODED, "path", "title", "instance", "trace", "requestId", "error_code", "documentation_url")
)
_STATUS = {
    400: "bad_request",
    401: "refused_key",
    403: "refused_key",
    404: "not_found",
    408: "timeout",
    429: "quota",
}
_TOTALS = (
    "total",
    "totalCount",
    "total_count",
    "count",
    "numberMatched",
    "@iot.count",
    "@odata.count",
    "totalResults",
)


@dataclass(frozen=True)
class Shape:
    """How the documents of one source are read."""

    options: Options

    def envelope(self, answer: Answer) -> Envelope:
        """Rows with what headers say about the next page."""
        envelope = envelopes.settle(answer, self.read)
        total = envelope.total
        if total is None:
            counts = (envelopes.count(answer.headers[name]) for name in _COUNTS if name in answer.headers)
            total = next(counts, None)
        return replace(envelope, next=envelope.next or links.in_header(answer.headers), total=total)

    def read(self, body: bytes, content_type: str) -> Envelope:
        """One body. Raises SourceFault."""
        if self.options.flag("lines") or "ndjson" in content_type or "jsonl" in content_type:
            rows, bad = bodies.read_lines(body, content_type)
            if bad and not rows:
                raise bodies.malformed("no line is JSON", body)
            dead = tuple(DeadRow(line[:65_536], "not JSON") for line in bad)
            return Envelope(rows=shapes.flatten(rows), dead=dead)
        document = self.document(body, content_type)
        if not self._judged(document, body):
            return EMPTY
        return Envelope(
            rows=shapes.flatten(self._rows(document, body)),
            total=self._total(document),
            next=self._next(document),
        )

    def document(self, body: bytes, content_type: str) -> JSON:
        """What the body holds."""
        return bodies.document(body, content_type)

    def _judged(self, document: JSON, raw: bytes) -> bool:
        code_path = shapes.path_of(self.options.values.get("code", ""))
        if not code_path:
            _refuse_error(document, raw)
            meaning, found, said = gateway.verdict(document)
            return envelopes.require(meaning or OK, found, said, raw)
        code = shapes.pick(document, code_path)
        message = (
            str(shapes.pick(document, shapes.path_of(self.options.values.get("message", ""))) or "")
            if "message" in self.options
            else ""
        )
        if str(code) in self.options.texts("none"):
            return False
        if code is None and not self.options.texts("ok"):
            return True
        if str(code) in (self.options.texts("ok") or ("0", "00", "200", "OK", "ok", "True", "success")):
            return True
        return envelopes.require(by_words(message) or "server", str(code), message, raw)

    def _rows(self, document: JSON, raw: bytes) -> list[JSON]:
        path = shapes.path_of(self.options.values.get("rows", ""))
        up = {name: shapes.path_of(value) for name, value in self.options.table("up").values.items()}
        if "keys" in self.options:
            inner = shapes.pick(document, path) if path else document
            return shapes.keyed_rows(inner, self.options.text("keys"))
        if not path:
            rows = shapes.find_rows(document)
        else:
            if (
                not up
                and isinstance(document, dict)
                and path[0] not in document
                and ".".join(path) not in document
            ):
                raise bodies.malformed(f"no {'.'.join(path)} in the answer", raw)
            rows = shapes.rows_at(document, path, up)
        return self._named(rows, document)

    def _named(self, rows: list[JSON], document: JSON) -> list[JSON]:
        if "columns" not in self.options:
            return rows
        value = self.options.values["columns"]
        if isinstance(value, str) and value.startswith("."):
            found = shapes.pick(document, shapes.path_of(value[1:]))
            value = [
                item.get("name", item.get("id")) if isinstance(item, dict) else item for item in found or []
            ]
        names = [str(name) for name in value] if isinstance(value, list) else []
        if not names:
            raise SourceFault("configuration", "options.columns names no columns")
        return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in rows]

    def _total(self, document: JSON) -> int | None:
        if "total" in self.options:
            return envelopes.count(shapes.pick(document, shapes.path_of(self.options.values["total"])))
        if not isinstance(document, dict):
            return None
        for place in (document, document.get("meta"), document.get("pagination"), document.get("page")):
            if isinstance(place, dict):
                for name in _TOTALS:
                    if (
                        not isinstance(place.get(name), dict | list)
                        and (found := envelopes.count(place.get(name))) is not None
                    ):
                        # "count" is often the number of rows of this page: only a total that can be one is believed.
                        return found if name != "count" or "rows" not in self.options else None
        return None

    def _next(self, document: JSON) -> str:
        if "next" in self.options:
            value = shapes.pick(document, shapes.path_of(self.options.values["next"]))
            return "" if value in (None, False) else str(value)
        return links.in_document(document)


def _refuse_error(document: JSON, raw: bytes) -> None:
    """Raise for a document that is nothing but an error: ``{"error": …}``, ``{"status": 500, "message": …}`` and their like."""
    if not isinstance(document, dict) or not document or not document.keys() <= _ERROR_NAMES:
        return
    error = next((document[name] for name in _SAID if document.get(name)), None)
    if error is None or (error is document.get("message") and not document.keys() & _CODED):
        return
    said = error if isinstance(error, str) else bodies.dump(error)
    message = " ".join(
        dict.fromkeys((said, str(document.get("message") or ""), str(document.get("detail") or "")))
    ).strip()
    numbers = (envelopes.count(document.get(name)) for name in ("status", "code", "statusCode"))
    status = next((number for number in numbers if number), 0)
    if status == 200 or document.get("success") is True:
        return
    code = by_words(message)
    if code in ("", NONE):
        code = _STATUS.get(status) or ("bad_request" if 400 <= status < 500 else "server")
    raise SourceFault(code, message[:300], raw=raw[:65_536])


class JsonKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Page by page."""
        yield from ask(declaration, cursor, fetch, self.call(declaration, fetch))

    def call(self, declaration: Declaration, fetch: Fetch) -> Call:
        """How a source of this kind is asked; kits that are REST with manners of their own begin here."""
        options = Options.of(declaration)
        shape = Shape(options)
        params, headers = options.mapping("params"), options.mapping("headers")
        template = options.text("post")

        def address(values: Values) -> str:
            return addresses.question(declaration.address, params, values)

        def send(place: str, values: Values) -> Answer:
            body = addresses.fill(template, values, encode=False).encode()
            return fetch.post(place, body, content_type="application/json", headers=headers)

        return Call(
            address=address,
            read=shape.read,
            settle=shape.envelope,
            pager=paging.of(options, paging.Links()),
            headers={"Accept": "application/json", **headers},
            send=send if template else None,
        )

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One body alone."""
        envelope = Shape(Options.of(declaration)).read(body, content_type)
        return Delivery(rows=envelope.rows, dead=envelope.dead, total=envelope.total)


KIT = JsonKit()
