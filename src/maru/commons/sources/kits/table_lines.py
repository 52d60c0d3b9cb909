"""Text into lines and cells, before anybody knows what they mean: encodings, line ends, separators, quotes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maru.commons.sources.contracts import SourceFault

SEPARATORS = (",", "\t", ";", "|")
# A quoted cell with more lines than this is a quote that nobody closed.
LONGEST_CELL = 5_000
HEAD = 80
csv.field_size_limit(16 * 1024 * 1024)


def decode(body: bytes, encoding: str = "") -> tuple[bytes, str]:
    """``body`` as UTF-8 with ``\\n`` line ends, and the encoding it had.

    Bytes that decode in neither UTF-8 nor CP949 become U+FFFD: a broken character spoils one cell, not the file.
    """
    if body[:3] == b"\xef\xbb\xbf":
        text, name = body[3:], "utf-8-sig"
        return _lines(_valid(text)), name
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _lines(body.decode("utf-16", "replace").encode("utf-8", "replace")), "utf-16"
    if encoding:
        try:
            return _lines(body.decode(encoding, "replace").encode("utf-8", "replace")), encoding
        except LookupError as fault:
            raise SourceFault("configuration", f"no encoding is called {encoding}") from fault
    try:
        body.decode("utf-8")
        return _lines(body), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return _lines(body.decode("cp949").encode()), "cp949"
    except UnicodeDecodeError:
        pass
    text, name = _line_by_line(body)
    return _lines(text), name


def _line_by_line(body: bytes) -> tuple[bytes, str]:
    """A file put together from several, or with broken characters: each line in the encoding that reads it.

    What neither reads is read in the one that most lines are in, with U+FFFD for the broken bytes.
    """
    lines = [(line, _encodings(line)) for line in body.split(b"\n")]
    told = [found for line, found in lines if len(found) == 1]
    main = "utf-8" if sum(found == ["utf-8"] for found in told) * 2 > len(told) else "cp949"
    texts = [line.decode(found[0] if len(found) == 1 else main, "replace") for line, found in lines]
    return "\n".join(texts).encode("utf-8", "replace"), main


def _encodings(line: bytes) -> list[str]:
    if line.isascii():
        return []
    found = []
    for encoding in ("utf-8", "cp949"):
        try:
            line.decode(encoding)
            found.append(encoding)
        except UnicodeDecodeError:
            continue
    # Three bytes of UTF-8 are seldom two letters of CP949 as well, and hardly ever the other way round.
    return found[:1]


def _valid(body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode()


def _lines(body: bytes) -> bytes:
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return body.replace(b"\x00", b"") if b"\x00" in body else body


@dataclass(frozen=True)
class Line:
    """One record of the text: the cells, and the physical lines [start, end) they stood on."""

    start: int
    end: int
    cells: list[str]
    text: str


def cells_of(text: str, separator: str) -> list[str]:
    """The cells of one record by the rules of CSV."""
    return next(
        csv.reader([text] if "\n" not in text else text.splitlines(keepends=True), delimiter=separator), []
    )


def literal(text: str, separator: str) -> list[str]:
    """The cells of one line in which a quote is only a character: one that was never closed."""
    return [cell.strip('"') if cell.count('"') else cell for cell in text.split(separator)]


def find_separator(lines: list[str], separators: Sequence[str] = SEPARATORS) -> tuple[str, int]:
    """The separator by which most lines are of records with the same number of cells, and that number.

    Both readings of quotes are tried: as CSV means them (cells over several lines), and each line alone (a quote that
    nobody closed would swallow everything after it).
    """
    best: tuple[float, int, int, str] = (0.0, 1, 0, ",")
    filled = sum(1 for line in lines if line.strip())
    for place, separator in enumerate(separators):
        widths: Counter[int] = Counter()
        for widths in (_widths_of_records(lines, separator), _widths_of_lines(lines, separator)):
            widths.pop(1, None)
            if widths:
                width, count = max(widths.items(), key=lambda one: (one[1], one[0]))
                best = max(best, (round(count / filled, 2), width, -place, separator))
    if best[0] == 0.0 and len(separators) == 1:
        return separators[0], 1
    return best[3], best[1]


def _widths_of_records(lines: list[str], separator: str) -> Counter[int]:
    """Physical lines by the number of cells of the record that they belong to. The last record may be cut."""
    widths: Counter[int] = Counter()
    reader = csv.reader((line + "\n" for line in lines), delimiter=separator)
    done = 0
    try:
        for cells in reader:
            if cells and (reader.line_num < len(lines) or reader.line_num == done + 1):
                widths[len(cells)] += reader.line_num - done
            done = reader.line_num
    except csv.Error:
        pass
    return widths


def _widths_of_lines(lines: list[str], separator: str) -> Counter[int]:
    return Counter(
        len(cells_of(line, separator)) for line in lines if line.strip() and line.count('"') % 2 == 0
    )


def group(lines: list[str], separator: str, width: int, first: int = 0) -> Iterator[Line]:
    """Physical lines as records: cells with line breaks joined, stray quotes taken as what they are.

    ``width`` is what a sound record has; a quoted cell over several lines is believed only if it gives that.
    """
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.count('"') % 2 == 0:
            yield Line(first + index, first + index + 1, cells_of(line, separator), line)
            index += 1
            continue
        found = _joined(lines, index, separator, width)
        if found is None:
            yield Line(first + index, first + index + 1, literal(line, separator), line)
            index += 1
        else:
            yield Line(first + index, first + found[0], found[1], "\n".join(lines[index : found[0]]))
            index = found[0]


def _joined(lines: list[str], index: int, separator: str, width: int) -> tuple[int, list[str]] | None:
    for end in range(index + 1, min(index + LONGEST_CELL, len(lines))):
        if lines[end].count('"') % 2:
            reader = csv.reader((f"{line}\n" for line in lines[index : end + 1]), delimiter=separator)
            cells = next(reader, [])
            if reader.line_num <= end - index:
                return None  # the quotes stand inside cells, so the first line is a record of its own
            cells = cells_of("\n".join(lines[index : end + 1]), separator)
            sound = len(cells) == width or (len(cells) > width and not any(cells[width:]))
            sound = sound and not _swallows(lines[index + 1 : end], separator, width)
            return (end + 1, cells) if sound else None
    return None


def _swallows(inside: list[str], separator: str, width: int) -> bool:
    """The lines inside a quoted cell are records themselves: nobody meant that cell."""
    if width < 3 or len(inside) < (3 if width < 5 else 1):
        return False
    return sum(line.count(separator) == width - 1 for line in inside) * 5 >= len(inside) * 4


@dataclass(frozen=True)
class Sorted:
    """The data lines of a text: ``clean`` ones for the fast reader, ``odd`` ones (with quotes over lines) read here."""

    clean: bytes
    odd: list[Line]


def sort_lines(data: bytes, separator: str, width: int) -> Sorted:
    """Take the records with an odd quote out of ``data``, so that no reader can be led astray by one."""
    if b'"' not in data:
        return Sorted(data, [])
    lines = data.split(b"\n")
    crooked = [index for index, line in enumerate(lines) if line.count(b'"') % 2]
    if not crooked:
        return Sorted(data, [])
    odd: list[Line] = []
    clean: list[bytes] = []
    done = 0
    for index, following in zip(crooked, [*crooked[1:], len(lines)], strict=True):
        if index < done:
            continue
        clean.extend(lines[done:index])
        end = following + 1 if following - index < LONGEST_CELL else index + 1
        window = [line.decode("utf-8", "replace") for line in lines[index:end]]
        record = next(group(window, separator, width, index))
        odd.append(record)
        done = record.end
    clean.extend(lines[done:])
    return Sorted(b"\n".join(clean), odd)
