"""Bytes into values: encodings, JSON as public servers write it, XML where JSON was asked, pages of HTML, nothing at all."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any

import orjson

from maru.commons.sources.contracts import JSON, SourceFault
from maru.commons.sources.kits import markup
from maru.commons.sources.kits.words import by_words, plain_words

LARGEST = 256 * 1024 * 1024
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_CHARSET_XML = re.compile(r"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([A-Za-z0-9_.:-]+)")
_LONE_HIGH = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
_LONE_LOW = re.compile(r"(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_TITLE = re.compile(r"<(?:title|h1)[^>]*>(.{0,200}?)</", re.IGNORECASE | re.DOTALL)
_CALLBACK = re.compile(r"^[A-Za-z_$][\w$.]{0,60}\s*\((.*)\)\s*;?$", re.DOTALL)
_KEPT = 64 * 1024


def text_of(body: bytes, content_type: str = "") -> str:
    """The text of a body: what is valid UTF-8 is UTF-8 whatever the header says, then the declared encoding, then CP949."""
    if body[:3] == b"\xef\xbb\xbf":
        return body[3:].decode("utf-8", "replace")
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    declared = _CHARSET.search(content_type) or _CHARSET_XML.search(body[:300].decode("latin-1"))
    for encoding in ("utf-8", *(declared.groups() if declared else ()), "cp949"):
        try:
            return body.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")


def unpacked(body: bytes) -> bytes:
    """A body out of the gzip file that it came as. Raises SourceFault for one that is broken or unpacks to too much."""
    if body[:2] != b"\x1f\x8b":
        return body
    reader = zlib.decompressobj(wbits=31)
    try:
        out = reader.decompress(body, LARGEST + 1)
    except zlib.error as fault:
        raise malformed(f"broken gzip: {fault}", body) from fault
    if len(out) > LARGEST:
        raise SourceFault("too_large", f"a gzip of {len(body):,} bytes that unpacks to more than {LARGEST:,}")
    if not reader.eof:
        raise malformed("a gzip that ends in its middle", body)
    return out


def read_json(body: bytes, content_type: str = "") -> JSON:
    """JSON, also with a byte order mark, in CP949, with NaN, raw line breaks or half surrogates in texts, or as JSONP.

    NaN and Infinity become None. Raises SourceFault(malformed).
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read_odd_json(text_of(body, content_type).strip(), body)


def _read_odd_json(text: str, body: bytes) -> JSON:
    if callback := _CALLBACK.match(text):
        text = callback.group(1)
    if "\\ud" in text.lower():
        text = _LONE_LOW.sub(r"\\ufffd", _LONE_HIGH.sub(r"\\ufffd", text))
    try:
        return orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError as fault:
        if "depth" in str(fault):
            raise malformed("JSON is nested too deeply", body) from fault
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as fault:
        raise malformed(f"not JSON: {fault}", body) from fault


def read_lines(body: bytes, content_type: str = "") -> tuple[list[JSON], list[bytes]]:
    """JSON Lines: the values, and the lines that are none."""
    good: list[JSON] = []
    bad: list[bytes] = []
    for line in body.splitlines():
        if not line.strip(b" \t\x1e"):
            continue
        try:
            good.append(read_json(line.strip(b" \t\x1e"), content_type))
        except SourceFault:
            bad.append(line)
    return good, bad


def document(body: bytes, content_type: str = "") -> JSON:
    """What a body holds, whatever was asked for: JSON, or XML as ``{root: tree}``.

    Raises SourceFault: ``empty`` for no body, ``server`` for a page of HTML, ``malformed`` for anything else; the raw bytes go with it.
    """
    if len(body) > LARGEST:
        raise SourceFault("too_large", f"a body of {len(body):,} bytes")
    body = unpacked(body)
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start and not body.strip():
        raise SourceFault("empty", "an answer without a body", raw=body)
    if start[:1] in (b"{", b"["):
        return read_json(body, content_type)
    text = text_of(body, content_type).strip("\ufeff \t\r\n")
    if text[:1] == "<":
        if is_page(text):
            raise page_fault(text, body)
        try:
            return markup.document(markup.parse(text))
        except SourceFault as fault:
            raise malformed(fault.detail, body) from fault
    try:
        return _read_odd_json(text, body)
    except SourceFault as fault:
        raise plain_words(text[:2000], body) or fault from fault


def is_page(text: str) -> bool:
    """Whether a text is a page of HTML, or the script that some servers answer errors with."""
    head = text[:400].lower()
    return head.startswith(("<!doctype html", "<html", "<script")) or "<html" in head


def page_fault(text: str, raw: bytes) -> SourceFault:
    """The fault that a page stands for: what it says of keys and quotas counts, all else is the server's."""
    words = by_words(text[:4000])
    code = words if words in ("quota", "refused_key") else "server"
    said = page_title(text) if text[:7].lower() != "<script" else " ".join(text[:200].split())
    return SourceFault(code, f"a page instead of data: {said}", raw=raw[:_KEPT])


def page_title(text: str) -> str:
    """What a page of HTML says it is."""
    title = _TITLE.search(text)
    return " ".join(title.group(1).split())[:120] if title else "without a title"


def malformed(detail: str, body: bytes = b"") -> SourceFault:
    """A body that cannot be read, with its bytes."""
    return SourceFault("malformed", detail[:300], raw=body[:_KEPT])


def dump(value: Any) -> str:
    """A nested value as JSON text."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except (orjson.JSONEncodeError, TypeError):
        pass  # numbers of more than 64 bits, or hundreds of levels
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError as fault:
        raise malformed("a value is nested too deeply") from fault
