"""Files by HTTP: CSV and TSV with the traps of real ones, Excel workbooks, HTML that calls itself Excel."""

from __future__ import annotations

import io
from collections.abc import Iterator
from html import escape

import xlsxwriter

from maru.simulator.outside.answers.rest import problem
from maru.simulator.outside.answers.shape import Answer, Question, parts, tag
from maru.simulator.outside.cells import Style
from maru.simulator.outside.ledger import Ledger
from maru.simulator.outside.rows import columns, names, rows

_BROKEN_EVERY = 251  # rows of a file with broken bytes until the next such name


def table(ledger: Ledger, asked: Question) -> Answer:
    """The whole file, in portions."""
    if not asked.path.endswith(f".{ledger.system.options['form']}"):
        return problem(404, "no such file")
    low, high = ledger.visible(asked.now)
    body = portions(ledger, low, high)
    form = "text/tab-separated-values" if ledger.system.options["form"] == "tsv" else "text/csv"
    return Answer(body, form, span=(low, high), tag=tag(ledger, low, high))


def portions(ledger: Ledger, low: int, high: int, *, head: bool = True) -> Iterator[bytes]:
    """The bytes of a table file of records [low, high)."""
    options = ledger.system.options
    encoding = str(options["encoding"])
    if head:
        yield header(ledger).encode(encoding, "replace")
    plain = "utf-8" if encoding == "utf-8-sig" else encoding
    ending = str(options.get("line", "\r\n" if encoding == "cp949" else "\n"))
    trailing = "," if options.get("trailing") else ""
    for first, end in parts(low, high):
        made = lines(ledger, first, end)
        text = ending.join(f"{one}{trailing}" for one in made) if trailing else ending.join(made)
        last = str(options.get("last", ending)) if end == high else ending
        data = (text + last).encode(plain, "replace")
        yield _broken(data) if options.get("broken") else data


def _broken(data: bytes) -> bytes:
    """Some second fields begin with a byte that no encoding knows."""
    found = data.split(b"\r\n")
    for spot in range(7, len(found), _BROKEN_EVERY):
        found[spot] = found[spot].replace(b",", b",\xff\xfe", 1)
    return b"\r\n".join(found)


def header(ledger: Ledger) -> str:
    """Title lines and the header."""
    options = ledger.system.options
    separator = str(options.get("separator", ","))
    ending = "\r\n" if options["encoding"] == "cp949" else "\n"
    fields = [name for name, _one in names(ledger)]
    if options.get("header_break"):
        fields = [f'"{name[:2]}\n{name[2:]}"' if len(name) > 3 else name for name in fields]
    titles = [
        f"{ledger.system.ko}{separator * (len(fields) - 1)}",
        f"(단위: 원, 점검일 기준){separator * (len(fields) - 1)}",
    ]
    return "".join(
        f"{one}{ending}" for one in [*titles[: int(options.get("titles", 0))], separator.join(fields)]
    )


def lines(ledger: Ledger, first: int, end: int) -> list[str]:
    """The lines of records [first, end)."""
    options = ledger.system.options
    separator = str(options.get("separator", ","))
    fields = names(ledger)
    unquoted = options.get("unquoted")
    if not unquoted and separator == ",":
        return rows(ledger, first, end, "csv", separator.join("%s" for _one in fields))
    cells = columns(ledger, ledger.sources(first, end), "plain" if separator == "\t" else "csv")
    if unquoted:
        spot = next(index for index, (_name, one) in enumerate(fields) if unquoted in one.wire)
        cells[spot] = columns(ledger, ledger.sources(first, end), "plain")[spot]
    template = separator.join("%s" for _one in fields)
    return list(map(template.__mod__, zip(*cells, strict=True)))


def excel(ledger: Ledger, asked: Question) -> Answer:
    """A workbook, or an HTML table with an Excel name."""
    low, high = ledger.visible(asked.now)
    mark = tag(ledger, low, high)
    if ledger.system.options["form"] == "html":
        return Answer(_html(ledger, low, high), "application/vnd.ms-excel", span=(low, high), tag=mark)
    return Answer(
        _workbook(ledger, low, high),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        span=(low, high),
        tag=mark,
    )


def _html(ledger: Ledger, low: int, high: int) -> Iterator[bytes]:
    fields = names(ledger)
    head = "".join(f"<th>{escape(name)}</th>" for name, _one in fields)
    yield f'<html><head><meta charset="utf-8"></head><body><table border="1"><tr><td colspan="{len(fields)}">{ledger.system.ko}</td></tr><tr>{head}</tr>'.encode()
    template = "<tr>" + "<td>%s</td>" * len(fields) + "</tr>\n"
    for first, end in parts(low, high):
        yield "".join(rows(ledger, first, end, "xml", template)).encode()
    yield b"</table></body></html>"


def _workbook(ledger: Ledger, low: int, high: int) -> bytes:
    packed = io.BytesIO()
    book = xlsxwriter.Workbook(packed, {"in_memory": True, "constant_memory": True})
    sheet = book.add_worksheet("자료")
    line = 0
    for spot in range(int(ledger.system.options.get("titles", 0))):
        sheet.write(line, 0, (ledger.system.ko, "(단위: 톤)")[spot % 2])
        line += 1
    fields = names(ledger)
    sheet.write_row(line, 0, [name for name, _one in fields])
    texts = "numbers_as_text" in ledger.system.traps
    style: Style = "plain"
    numeric = [one.type in ("integer", "number") and not texts for _name, one in fields]
    for first, end in parts(low, high):
        for row in zip(*columns(ledger, ledger.sources(first, end), style), strict=True):
            line += 1
            for column, (value, is_number) in enumerate(zip(row, numeric, strict=True)):
                if is_number and value.replace(".", "", 1).lstrip("-").isdigit():
                    sheet.write_number(line, column, float(value))
                elif value:
                    sheet.write_string(line, column, value)
    book.add_worksheet("비고").write(0, 0, "이 표는 마루시에서 만들었습니다.")
    book.close()
    return packed.getvalue()
