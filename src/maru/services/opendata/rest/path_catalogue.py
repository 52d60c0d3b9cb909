"""``SearchCatalogService``: the original's list of all its datasets, with the fields under which its programs know them."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import translation

from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.engine.contracts import ColumnInfo, Page
from maru.services.opendata.rest import library
from maru.services.opendata.rest.http import CATALOGUE
from maru.services.opendata.rest.shelf import shelf

SERVICE = "SearchCatalogService"
_FIELDS = (
    "INF_ID", "INF_NM", "CATE_NM", "DITC_NM", "MAP_CATE_NM", "MNG_ORGAN_NAME", "MNG_STATION_NAME", "LINK_DESC", "LINK_INFO",
    "CHNG_LOAD_NM", "DATA_LT_NM", "SRV_TYPE", "SHORT_URL",
)  # fmt: skip
_COLUMNS = tuple(ColumnInfo(name.lower(), "text", alias=name) for name in _FIELDS)
_ORIGINS = {"source": "시스템", "upload": "파일", "offer": "서비스"}
# Programs of the original read Korean, whatever language they say they read.
_KOREAN = "ko"


def page(base: str, first: int, last: int, arguments: Sequence[str]) -> Page:
    """Positions ``first`` to ``last`` of the datasets whose id equals, and whose name and office hold the arguments."""
    with translation.override(_KOREAN):
        views, total = _found(first, last, *(*(one.strip() for one in arguments[:3]), "", "", "")[:3])
        return Page(_COLUMNS, [_row(view, base) for view in views], total, 0)


def _found(first: int, last: int, slug: str, name: str, office: str) -> tuple[Sequence[DatasetView], int]:
    if not (slug or name or office):
        return shelf.catalogue(first - 1, last - first + 1)
    offices = {code: one.name for code, one in library.offices().items()}
    found = [
        one.slug
        for one in library.entries(shelf.token(CATALOGUE))
        if (not slug or one.slug == slug)
        and (not name or any(name.casefold() in title.casefold() for title in one.titles.values()))
        and (not office or office in offices.get(one.office, ""))
    ]
    return library.views(found[first - 1 : last]), len(found)


def _row(view: DatasetView, base: str) -> tuple[str, ...]:
    card = view.card
    office = card.office.name if card.office else ""
    services = ["File", "Sheet", "Chart", *(["Map"] if card.has_map else []), "Api"]
    address = f"{base}/data/{card.slug}/"
    return (
        card.slug,
        card.title,
        card.category.name,
        _ORIGINS.get(card.origin, ""),
        card.category.name,
        office,
        office,
        card.summary,
        address,
        _cadence(view.cadence_s),
        card.changed_at.date().isoformat() if card.changed_at else "",
        ",".join(services),
        address,
    )


def _cadence(seconds: float) -> str:
    """How often it is loaded, in the original's words."""
    if not seconds:
        return "비정기"
    for most, word in ((3_600, "실시간"), (2 * 86_400, "1일"), (10 * 86_400, "1주"), (45 * 86_400, "1개월")):
        if seconds <= most:
            return word
    return "1년"
