"""Small bodies that would become huge: nothing of them may take the process, or its memory, with it."""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter

from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.kits.table import KIT
from maru.commons.sources.kits.tests.tables import SHOPS


def parsed(body: bytes) -> str:
    """The code of the fault."""
    with pytest.raises(SourceFault) as caught:
        KIT.parse(SHOPS, body, "")
    return caught.value.code


def cornered(first: str, last: str) -> bytes:
    """A workbook with a cell in ``first`` and another in ``last``, and nothing between."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "이름")
    sheet.write(1, 0, "강남")
    book.close()
    moved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(out.getvalue())) as old, zipfile.ZipFile(moved, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                row = "".join(letter for letter in last if letter.isdigit()).encode()
                data = data.replace(b'r="A2"', b'r="%s"' % last.encode()).replace(
                    b'<row r="2"', b'<row r="%s"' % row
                )
                data = data.replace(b'r="A1"', b'r="%s"' % first.encode())
            new.writestr(name, data)
    return moved.getvalue()


@pytest.mark.parametrize("last", ["XFD1048576", "XFD60000", "CV1000000"])
def test_a_cell_in_the_far_corner_is_no_table(last: str) -> None:
    assert parsed(cornered("A1", last)) == "too_large"


def test_a_page_of_wide_cells_is_no_table() -> None:
    cells = b"<td colspan=1000>x</td>" * 3_000
    body = b"<table>" + (b"<tr>" + cells + b"</tr>") * 9 + b"</table>"
    assert parsed(body) == "too_large"
