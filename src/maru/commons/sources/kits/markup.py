"""XML into plain values, safely and fast.

A document without a DOCTYPE cannot declare entities, so that the fast parser of the standard library reads it; one that has a
DOCTYPE goes through defusedxml, which refuses entities. What many public servers get wrong (a bare ``&``, control characters,
``&nbsp;``) is repaired once before a document counts as malformed.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as fast  # noqa: ICN001 - only for documents that declare no entities, see above
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as defused

from maru.commons.sources.contracts import JSON, SourceFault

DEEPEST = 64
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LOOSE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)(?:([A-Za-z][A-Za-z0-9]{1,30});)?"
)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def parse(text: str) -> Element:
    """The root element of a document. Raises SourceFault(malformed)."""
    text = text.lstrip("\ufeff \t\r\n")
    try:
        return _parse(text)
    except ParseError as fault:
        repaired = _LOOSE.sub(_repair, _CONTROLS.sub("", text))
        if repaired == text:
            raise SourceFault("malformed", f"not well-formed XML: {fault}") from fault
    try:
        return _parse(repaired)
    except ParseError as fault:
        raise SourceFault("malformed", f"not well-formed XML: {fault}") from fault


def _parse(text: str) -> Element:
    if "<!DOCTYPE" not in text:
        return fast.fromstring(text)  # noqa: S314 - no DOCTYPE, no entities
    try:
        element: Element = defused.fromstring(text)
    except DefusedXmlException as fault:
        raise SourceFault(
            "malformed", f"XML that declares entities is refused ({type(fault).__name__})"
        ) from fault
    return element


def _repair(match: re.Match[str]) -> str:
    name = match.group(1)
    known = html.unescape(f"&{name};") if name else ""
    if name and known != f"&{name};":
        return html.escape(known)
    return "&amp;" + match.group(0)[1:]


def local(tag: str) -> str:
    """A name without its namespace."""
    return tag[tag.rfind("}") + 1 :] if tag[:1] == "{" else tag


def tree(element: Element, depth: int = 0) -> JSON:
    """An element as JSON would say it: text, or a dict whose repeated names hold lists.

    Attributes are ``@name`` (``tag@name`` beside a text); ``xsi:nil`` is None; an empty element is "".
    """
    if not len(element):
        return _leaf(element)
    if depth >= DEEPEST:
        raise SourceFault("malformed", f"XML is nested deeper than {DEEPEST} levels")
    out: dict[str, JSON] = {f"@{local(name)}": value for name, value in element.attrib.items()}
    for child in element:
        tag = child.tag
        if not isinstance(tag, str):  # a comment or an instruction
            continue
        if tag[0] == "{":
            tag = tag[tag.rfind("}") + 1 :]
        if child.attrib:
            value = tree(child, depth + 1)
            if not len(child):
                for name, attribute in child.attrib.items():
                    if not name.startswith(_XSI):
                        out[f"{tag}@{local(name)}"] = attribute
        else:
            value = tree(child, depth + 1) if len(child) else child.text or ""
        if tag not in out:
            out[tag] = value
        elif isinstance(out[tag], list):
            out[tag].append(value)
        else:
            out[tag] = [out[tag], value]
    return out


def _leaf(element: Element) -> JSON:
    if element.attrib.get(_NIL, "").strip() in ("true", "1"):
        return None
    return element.text or ""


def document(element: Element) -> dict[str, JSON]:
    """A whole document: its root's name over its tree, so that XML and JSON answers look alike."""
    value = tree(element)
    if not len(element) and element.attrib:
        value = {f"@{local(name)}": text for name, text in element.attrib.items()} | (
            {"#text": value} if value else {}
        )
    return {local(element.tag): value}
