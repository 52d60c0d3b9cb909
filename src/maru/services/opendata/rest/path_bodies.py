"""Bodies of the path interface: JSON, XML (xmlf is the same as a file), CSV, and xls as a workbook."""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import re
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

import orjson
import xlsxwriter

from maru.services.opendata.engine.contracts import ColumnInfo, Page
from maru.services.opendata.rest import path_city
from maru.services.opendata.rest.http import CSV, XML
from maru.services.opendata.rest.http import JSON as PLAIN_JSON
from maru.services.opendata.rest.path_codes import MESSAGES
from maru.services.opendata.rest.path_services import facts, outside_name

JSON = f"{PLAIN_JSON};charset=UTF-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(r"[^\w.-]")
_OK = {"CODE": "INFO-000", "MESSAGE": MESSAGES["INFO-000"]}
_OK_JSON = orjson.dumps(_OK)


def error_body(kind: str, code: str) -> tuple[bytes, str]:
    """The flat envelope: JSON if JSON was asked for, else XML as the original did."""
    message = MESSAGES[code]
    if kind == "json":
        return orjson.dumps({"RESULT": {"CODE": code, "MESSAGE": message}}), JSON
    return _xml_result(code, message, head=True).encode(), XML


def rows_body(kind: str, service: str, page: Page, zone: dt.tzinfo) -> tuple[bytes, str, dict[str, str]]:
    """(body, content type, headers) of a page."""
    if kind == "json":
        return json_body(service, page.total, b",".join(json_rows(page, zone))), JSON, {}
    safe = _TAG.sub("_", service)
    if kind == "csv":
        return _csv(page, zone), CSV, _file(safe, "csv")
    if kind == "xls":
        return _workbook(page, zone), XLSX, _file(safe, "xlsx")
    return _xml(service, page, zone), XML, _file(safe, "xml") if kind == "xmlf" else {}


def _file(name: str, ending: str) -> dict[str, str]:
    ascii_name = name.encode("ascii", "ignore").decode() or "data"
    return {"content-disposition": f'attachment; filename="{ascii_name}.{ending}"'}


def shown(value: Any, zone: dt.tzinfo) -> Any:
    """A value as old programs expect it: times in the city's own time, "" for none, Y and N."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value != value:
        return ""
    return value


def _writers(columns: Sequence[ColumnInfo], zone: dt.tzinfo) -> list[Callable[[Any], Any] | None]:
    """What each column's values go through; None for text, which needs only its nulls replaced."""
    plain = ("text", "integer")
    return [None if one.type in plain else functools.partial(shown, zone=zone) for one in columns]


def json_rows(page: Page, zone: dt.tzinfo) -> list[bytes]:
    """Each row as an object of JSON under its outside names."""
    names = [outside_name(column) for column in page.columns]
    writers = _writers(page.columns, zone)
    return [
        orjson.dumps(
            {
                name: ("" if value is None else value if writer is None else writer(value))
                for name, value, writer in zip(names, row, writers, strict=True)
            },
            default=str,
        )
        for row in page.rows
    ]


def json_body(service: str, total: int, rows: bytes) -> bytes:
    """The envelope around encoded rows."""
    root = facts(service)
    if root.get("shape") == "city" and total == 1:  # the original gives one place a call
        return path_city.json_body(service, rows)
    name = orjson.dumps(service if root.get("shape") == "city" else root.get("root", service))
    if root.get("shape") == "dotted":
        result = orjson.dumps({f"RESULT.{key}": value for key, value in _OK.items()})
        return b"{" + name + b":[" + rows + b'],"RESULT":' + result + b"}"
    head = f'"list_total_count":{total},"RESULT":'.encode()
    return b"{" + name + b":{" + head + _OK_JSON + b',"row":[' + rows + b"]}}"


def _xml_result(code: str, message: str, *, head: bool = False) -> str:
    inner = f"<RESULT><CODE>{code}</CODE><MESSAGE><![CDATA[{message}]]></MESSAGE></RESULT>"
    return _HEAD + inner if head else inner


def _xml(service: str, page: Page, zone: dt.tzinfo) -> bytes:
    tags = [_TAG.sub("_", outside_name(column)) for column in page.columns]
    tags = [f"_{tag}" if not (tag[:1].isalpha() or tag[:1] == "_") else tag for tag in tags]
    if facts(service).get("shape") == "city":
        if page.total == 1:
            shown_row = (_FORBIDDEN.sub("", str(shown(value, zone))) for value in page.rows[0])
            return (_HEAD + path_city.xml_body(service, dict(zip(tags, shown_row, strict=True)))).encode()
        root = service
    else:
        root = _TAG.sub("_", facts(service).get("root", service))
    root = root if root[:1].isalpha() else f"_{root}"
    parts = [_HEAD, f"<{root}><list_total_count>{page.total}</list_total_count>", _xml_result(*_OK.values())]
    for row in page.rows:
        parts.append("<row>")
        for tag, value in zip(tags, row, strict=True):
            text = escape(_FORBIDDEN.sub("", str(shown(value, zone))))
            parts.append(f"<{tag}>{text}</{tag}>")
        parts.append("</row>")
    parts.append(f"</{root}>")
    return "".join(parts).encode()


def _csv(page: Page, zone: dt.tzinfo) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([outside_name(column) for column in page.columns])
    writer.writerows([[shown(value, zone) for value in row] for row in page.rows])
    # Excel takes a file for UTF-8 only with this mark.
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def _workbook(page: Page, zone: dt.tzinfo) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet()
        for at, column in enumerate(page.columns):
            sheet.write_string(0, at, outside_name(column))
        for down, row in enumerate(page.rows, 1):
            for at, value in enumerate(row):
                plain = shown(value, zone)
                if isinstance(plain, int | float):
                    sheet.write_number(down, at, plain)
                else:
                    sheet.write_string(down, at, str(plain)[:32_000])
    return out.getvalue()
