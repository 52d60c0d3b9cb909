"""What a body really is, whatever its name says: zip and gzip around it, a workbook, HTML that poses as one, or text."""

from __future__ import annotations

import fnmatch
import gzip
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import Literal

from maru.commons.sources.contracts import SourceFault

Form = Literal["text", "workbook", "html"]
# A whole body, unpacked. What is larger is fetched in parts or not at all: the house promises 2 GB for everything.
LARGEST = 512 * 1024 * 1024
KEPT = 64 * 1024
_MEMBERS = (".csv", ".tsv", ".txt", ".dat", ".tab", ".xls", ".xlsx", ".xlsm", ".ods", ".gz")
_DEPTH = 2
_TABLE = re.compile(rb"<(?:!doctype\s+html|html|table|meta|head|body|div|tr)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """One file of a body: ``name`` inside its container, "" where there was none."""

    name: str
    body: bytes
    form: Form


def unwrap(body: bytes, *, member: str = "", most: int = LARGEST) -> list[Piece]:
    """The tables in ``body``, sorted by name; ``member`` (a glob) picks files of a zip.

    Raises SourceFault: ``empty``, ``too_large``, ``malformed`` (broken or encrypted), ``not_found`` (no such member).
    """
    if not body.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise SourceFault("empty", "the body is empty")
    return _unwrapped("", body, member, most, 0)


def _unwrapped(name: str, body: bytes, member: str, most: int, depth: int) -> list[Piece]:
    if depth > _DEPTH:
        raise SourceFault("malformed", "containers inside containers inside containers")
    if body[:2] == b"\x1f\x8b":
        return _unwrapped(name.removesuffix(".gz"), _gunzipped(body, most), member, most, depth + 1)
    if body[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _unzipped(name, body, member, most, depth)
    return [Piece(name, body, form_of(body))]


def form_of(body: bytes) -> Form:
    """Workbook, HTML or text, by the bytes."""
    if body[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return "workbook"
    start = body[:4096].lstrip(b"\xef\xbb\xbf\r\n\t ")
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        start = body[:8192].decode("utf-16", "replace").lstrip().encode()
    if start[:1] == b"<" and _TABLE.search(start):
        return "html"
    return "text"


def _gunzipped(body: bytes, most: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            found = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as fault:
        raise SourceFault("malformed", f"broken gzip: {fault}", raw=body[:KEPT]) from fault
    if len(found) > most:
        raise SourceFault("too_large", f"more than {most} bytes unpacked")
    return found


def _unzipped(name: str, body: bytes, member: str, most: int, depth: int) -> list[Piece]:
    try:
        with zipfile.ZipFile(io.BytesIO(body), metadata_encoding="cp949") as archive:
            inside = archive.infolist()
            names = {one.filename for one in inside}
            if "[Content_Types].xml" in names or "mimetype" in names:
                return [Piece(name, body, "workbook")]
            chosen = [one for one in inside if _wanted(one, member)]
            if not chosen:
                raise SourceFault("not_found", f"no file like {member or 'a table'} in the zip")
            if sum(one.file_size for one in chosen) > most:
                raise SourceFault("too_large", f"more than {most} bytes unpacked")
            pieces: list[Piece] = []
            for one in sorted(chosen, key=lambda one: one.filename):
                with archive.open(one) as file:
                    found = file.read(most + 1)  # the sizes in the directory may lie
                most -= len(found)
                if most < 0:
                    raise SourceFault("too_large", "more bytes unpacked than the zip promised")
                if found:
                    pieces += _unwrapped(one.filename, found, member, most, depth + 1)
            return pieces
    except (
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        zlib.error,
        EOFError,
        UnicodeError,
    ) as fault:
        raise SourceFault("malformed", f"broken or locked zip: {fault}", raw=body[:KEPT]) from fault


def _wanted(one: zipfile.ZipInfo, member: str) -> bool:
    short = one.filename.rsplit("/", 1)[-1]
    if one.is_dir() or short.startswith((".", "~$")) or one.filename.startswith("__MACOSX/"):
        return False
    if member:
        return fnmatch.fnmatch(one.filename, member) or fnmatch.fnmatch(short, member)
    return short.lower().endswith(_MEMBERS)
