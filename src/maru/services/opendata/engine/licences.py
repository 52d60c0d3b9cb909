"""Licences by their ids: titles, addresses, and which of them let everyone reuse the data. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A licence. ``open``: free reuse by everyone, at most with attribution (opendefinition.org)."""

    title: str
    address: str
    open: bool


# KOGL: the Korea Open Government License; type 1 asks for attribution, 2 forbids commerce, 3 changes, 4 both.
KNOWN: dict[str, Known] = {
    "CC-BY-4.0": Known("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/", True),
    "CC-BY-SA-4.0": Known("CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/", True),
    "CC0-1.0": Known("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/", True),
    "ODbL-1.0": Known("ODbL 1.0", "https://opendatacommons.org/licenses/odbl/1-0/", True),
    "ODC-By-1.0": Known("ODC-By 1.0", "https://opendatacommons.org/licenses/by/1-0/", True),
    "PDDL-1.0": Known("PDDL 1.0", "https://opendatacommons.org/licenses/pddl/1-0/", True),
    "KOGL-1": Known("공공누리 1유형 KOGL Type 1", "https://www.kogl.or.kr/info/licenseType1.do", True),
    "KOGL-2": Known("공공누리 2유형 KOGL Type 2", "https://www.kogl.or.kr/info/licenseType2.do", False),
    "KOGL-3": Known("공공누리 3유형 KOGL Type 3", "https://www.kogl.or.kr/info/licenseType3.do", False),
    "KOGL-4": Known("공공누리 4유형 KOGL Type 4", "https://www.kogl.or.kr/info/licenseType4.do", False),
}
CHOICES = ("KOGL-1", "CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0", "ODbL-1.0", "KOGL-2", "KOGL-3", "KOGL-4")


def licence_title(code: str) -> str:
    """The title of a licence; of an unknown one its id."""
    known = KNOWN.get(code)
    return known.title if known else code


def licence_address(code: str) -> str:
    """Where the licence stands; "" for an unknown one."""
    known = KNOWN.get(code)
    return known.address if known else ""


def is_open(code: str) -> bool | None:
    """Whether everyone may reuse freely; None for a licence nobody here knows."""
    known = KNOWN.get(code)
    return known.open if known else None
