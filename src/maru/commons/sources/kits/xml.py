"""Any system that answers with XML, SOAP among it.

Options, beside those of ``rounds`` and ``paging``:

``params``, ``headers``
    Tables with placeholders.
``rows``
    Path of the row elements from the root on, namespaces left out (``"response.body.items.item"``). Without it the longest list of
    elements that have elements of their own is taken.
``up``, ``keys``, ``total``, ``next``, ``code``, ``ok``, ``none``, ``message``
    As in ``json``; paths begin with the root's name.
``soap``
    A SOAP body with placeholders, sent by POST; it may be the whole envelope or what belongs into ``soap:Body``. ``soap_action`` is its action,
    ``soap_version`` "1.1" (default) or "1.2". Paths of SOAP answers begin inside ``Body``.

Attributes come as ``@name`` (of the row) and ``field@name``; ``xsi:nil`` is null. A soap:Fault of the client is ``bad_request``, else ``server``.
"""

from __future__ import annotations

from collections.abc import Iterator

from maru.commons.sources.contracts import JSON, Answer, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits import addresses, paging
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.json import Shape
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.rounds import Call, Values, ask
from maru.commons.sources.kits.words import NONE, by_words

_NAMESPACES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


class XmlShape(Shape):
    """JSON's ways on the tree of an XML document."""

    def document(self, body: bytes, content_type: str) -> JSON:
        """The document; of a SOAP answer what is in its body."""
        return _out_of_soap(super().document(body, content_type), body)


def _out_of_soap(document: JSON, raw: bytes) -> JSON:
    envelope = document.get("Envelope") if isinstance(document, dict) else None
    inner = envelope.get("Body") if isinstance(envelope, dict) else None
    if not isinstance(inner, dict):
        return document
    fault = inner.get("Fault")
    if fault is not None:
        raise soap_fault(fault, raw)
    return inner


def soap_fault(fault: JSON, raw: bytes) -> SourceFault:
    """The fault that a soap:Fault (1.1 or 1.2) stands for."""
    said = fault if isinstance(fault, dict) else {"faultstring": str(fault)}
    code = said.get("faultcode") or said.get("Code") or ""
    if isinstance(code, dict):
        code = code.get("Value", "")
    reason = said.get("faultstring") or said.get("Reason") or ""
    if isinstance(reason, dict):
        reason = reason.get("Text", reason)
    words = by_words(str(reason))
    if words in ("", NONE):
        words = "bad_request" if str(code).rpartition(":")[2].startswith(("Client", "Sender")) else "server"
    return SourceFault(words, f"{code} {reason}".strip()[:300], raw=raw[:65_536])


def soap_envelope(body: str, version: str) -> str:
    """A whole SOAP message of what belongs into its body."""
    if "Envelope" in body[:400]:
        return body
    name = _NAMESPACES.get(version)
    if name is None:
        raise SourceFault("configuration", f"options.soap_version {version!r} is unknown")
    return f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{name}"><soap:Body>{body}</soap:Body></soap:Envelope>'


class XmlKit:
    """See the module."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Page by page."""
        options = Options.of(declaration)
        shape = XmlShape(options)
        params, headers, soap = options.mapping("params"), options.mapping("headers"), options.text("soap")
        version, action = options.text("soap_version", "1.1"), options.text("soap_action")

        def send(place: str, values: Values) -> Answer:
            escaped = {name: _escaped(value) for name, value in values.items()}
            message = soap_envelope(addresses.fill(soap, escaped, encode=False), version).encode()
            if version == "1.2":
                kind = "application/soap+xml; charset=utf-8" + (f'; action="{action}"' if action else "")
                return fetch.post(place, message, content_type=kind, headers=headers)
            return fetch.post(
                place,
                message,
                content_type="text/xml; charset=utf-8",
                headers={"SOAPAction": f'"{action}"', **headers},
            )

        yield from ask(
            declaration,
            cursor,
            fetch,
            Call(
                address=lambda values: addresses.question(declaration.address, params, values),
                read=shape.read,
                settle=shape.envelope,
                pager=paging.of(options, paging.Once()),
                headers=headers,
                send=send if soap else None,
            ),
        )

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One body alone."""
        envelope: Envelope = XmlShape(Options.of(declaration)).read(body, content_type)
        return Delivery(rows=envelope.rows, dead=envelope.dead, total=envelope.total)


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


KIT = XmlKit()
