"""From rows of the database to what the plaza hands out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from maru.commons.offices.models import Office, in_language
from maru.commons.sources.words import age
from maru.services.opendata.contracts import (
    FORMATS,
    Card,
    Criterion,
    DatasetView,
    EditionView,
    Format,
    Freshness,
    LicenceView,
    Named,
    QualityView,
)
from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.models import Dataset, Edition

# A promise counts as broken when half of it again has passed: a source that comes every hour may come at :59 and :01.
PATIENCE = 1.5
MOST_XLSX = 1_048_575  # rows of one Excel sheet, without the head


# Translated when one is asked for: a list of twenty cards would translate all twelve twenty times.
_CATEGORIES = {
    "health": gettext_noop("Health"),
    "administration": gettext_noop("Administration"),
    "culture": gettext_noop("Culture and tourism"),
    "industry": gettext_noop("Industry and economy"),
    "welfare": gettext_noop("Welfare"),
    "education": gettext_noop("Education"),
    "environment": gettext_noop("Environment"),
    "safety": gettext_noop("Safety"),
    "transport": gettext_noop("Transport"),
    "housing": gettext_noop("City and housing"),
    "population": gettext_noop("Population and households"),
    "science": gettext_noop("Science and technology"),
}


def category_name(code: str) -> str:
    """The policy field's name in the active language."""
    return _(_CATEGORIES[code]) if code in _CATEGORIES else code


def column_infos(columns: Iterable[dict[str, Any]]) -> tuple[ColumnInfo, ...]:
    """The dataset's columns from their stored form."""
    return tuple(
        ColumnInfo(
            name=one["name"],
            type=one["type"],
            titles=dict(one.get("titles") or {}),
            unit=one.get("unit", ""),
            alias=one.get("alias", ""),
            role=one.get("role", ""),
        )
        for one in columns
    )


def stored_columns(columns: Iterable[ColumnInfo]) -> list[dict[str, Any]]:
    """The stored form of columns."""
    return [
        {
            "name": one.name,
            "type": one.type,
            "titles": dict(one.titles),
            "unit": one.unit,
            "alias": one.alias,
            "role": one.role,
        }
        for one in columns
    ]


def office_named(office: Office | None) -> Named | None:
    """An office by code and name."""
    return None if office is None else Named(office.code, office.name, dict(office.names))


def freshness(dataset: Dataset, now: datetime | None = None) -> Freshness:
    """Whether the data is as fresh as promised. ``still``: nothing was promised."""
    if not dataset.cadence_s or dataset.state == "withdrawn":
        return "still"
    if dataset.changed_at is None:
        return "late"
    late = dataset.changed_at + timedelta(seconds=dataset.cadence_s * PATIENCE) < (now or timezone.now())
    return "late" if late else "fresh"


def formats_of(dataset: Dataset) -> tuple[Format, ...]:
    """The file formats a dataset can be taken as."""
    return tuple(
        one
        for one in FORMATS
        if (one != "geojson" or dataset.has_map) and (one != "xlsx" or dataset.rows <= MOST_XLSX)
    )


def card(dataset: Dataset, now: datetime | None = None) -> Card:
    """A dataset as a list shows it. Needs ``office`` selected."""
    return Card(
        slug=dataset.slug,
        service_code=dataset.service_code,
        title=dataset.title,
        summary=dataset.summary,
        category=Named(dataset.category, category_name(dataset.category)),
        office=office_named(dataset.office),
        licence=LicenceView(dataset.licence, dataset.licence_title, dataset.licence_address),
        origin=dataset.origin,  # type: ignore[arg-type]  # one of ORIGINS
        source=dataset.source,
        state=dataset.state,  # type: ignore[arg-type]  # one of STATES
        rows=dataset.rows,
        columns=len(dataset.columns),
        version=dataset.version,
        has_map=dataset.has_map,
        formats=formats_of(dataset),
        score=dataset.score,
        freshness=freshness(dataset, now),
        changed_at=dataset.changed_at,
        published_at=dataset.published_at,
        uses=dataset.uses,
        titles=dict(dataset.titles),
    )


def view(dataset: Dataset, now: datetime | None = None) -> DatasetView:
    """Everything about a dataset but its rows."""
    shape = dataset.shape
    bounds = shape.get("bounds")
    return DatasetView(
        card=card(dataset, now),
        titles=dict(dataset.titles),
        summaries=dict(dataset.summaries),
        columns=column_infos(dataset.columns),
        key=tuple(dataset.key),
        time=dataset.time,
        table=dataset.table,
        keywords=tuple(dataset.keywords),
        cadence_s=dataset.cadence_s,
        bounds=(bounds[0], bounds[1], bounds[2], bounds[3]) if bounds else None,
        since=_moment(shape.get("since")),
        until=_moment(shape.get("until")),
        created_at=dataset.created_at,
        edited_at=dataset.edited_at,
    )


def quality_view(dataset: Dataset) -> QualityView:
    """The stored score with its criteria in the active language."""
    stored = dataset.quality or {}
    criteria = tuple(
        Criterion(
            code=one["code"],
            title=criterion_title(one["code"]),
            points=one["points"],
            most=one["most"],
            why=criterion_words(one["code"], one["points"] >= one["most"], one.get("details") or {}),
            fix="" if one["points"] >= one["most"] else criterion_fix(one["code"]),
        )
        for one in stored.get("criteria", ())
    )
    return QualityView(dataset.score, criteria, dataset.checked_at)


def edition_view(edition: Edition) -> EditionView:
    """A point in the history."""
    return EditionView(
        version=edition.version,
        at=edition.at,
        rows=edition.rows,
        added=edition.added,
        corrected=edition.corrected,
        gone=edition.gone,
        note=edition.note,
    )


def title_of(words: dict[str, str]) -> str:
    """The text in the active language."""
    return in_language(words)


def criterion_title(code: str) -> str:
    """The name of a criterion."""
    return {
        "completeness": _("Few empty cells"),
        "freshness": _("As fresh as promised"),
        "types": _("Every column has a type"),
        "key": _("Each record has a key of its own"),
        "languages": _("Described in both languages"),
        "columns": _("Columns have titles and units"),
        "licence": _("The licence is known and open"),
        "geometry": _("Places are where they should be"),
        "machine": _("Machines can read it"),
    }.get(code, code)


def criterion_words(code: str, full: bool, details: dict[str, Any]) -> str:
    """What was found, in a sentence."""
    found = {
        "completeness": _("%(filled)s %% of the cells hold a value; emptiest column: %(worst)s."),
        "freshness": _("Last change %(age)s ago; promised every %(promise)s."),
        "types": _("%(typed)s of %(columns)s columns are numbers, dates, truths or chosen texts."),
        "key": _("%(twice)s records share their key with another; %(nokey)s have none."),
        "languages": _("Missing: %(missing)s."),
        "columns": _(
            "%(titled)s of %(columns)s columns have titles in both languages; %(units)s of %(numbers)s numbers have a unit."
        ),
        "licence": _("Licence: %(licence)s."),
        "geometry": _(
            "%(inside)s of %(points)s points lie where the city is; %(missing)s rows have no point."
        ),
        "machine": _("Files: %(formats)s; names fit for programs: %(names)s of %(columns)s."),
    }.get(code, "")
    if full and code == "languages":
        return _("Title, summary and every column title exist in Korean and English.")
    if full and code == "key":
        return _("No two records share a key, and none lacks one.")
    if code == "completeness" and details.get("filled") == 100:
        return _("Every cell holds a value.")
    if code == "freshness" and not details.get("promise_h"):
        return _("No promise of freshness was given.")
    hours = {name: details.get(f"{name}_h") for name in ("age", "promise")}
    ages = {
        name: age(value * 3600) if isinstance(value, int | float) else "?" for name, value in hours.items()
    }
    try:
        return found % {**details, **ages}
    except (KeyError, ValueError, TypeError):  # stored by an older version
        return ""


def criterion_fix(code: str) -> str:
    """What would help."""
    return {
        "completeness": _("Fill in what is missing at the source, or say why it is empty."),
        "freshness": _("Look at the source: it gives less often than it promises."),
        "types": _("Declare a type for the columns that are plain text."),
        "key": _("Name columns that tell records apart."),
        "languages": _("Write the missing texts."),
        "columns": _("Give columns titles in both languages and numbers their units."),
        "licence": _("Choose an open licence."),
        "geometry": _("Check longitude and latitude."),
        "machine": _("Use short names of letters and digits for columns."),
    }.get(code, "")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
