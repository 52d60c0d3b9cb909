"""Reading one dataset: its page, its sheet, its history and differences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Count, Sum
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from maru.commons.people.models import Person
from maru.platform.access.refusals import Invalid
from maru.platform.ports.lake.contracts import LakeFault
from maru.services.opendata import access
from maru.services.opendata.contracts import (
    NOBODY,
    Card,
    Change,
    DatasetPage,
    DatasetView,
    Differences,
    EditionView,
    SourceView,
    UsePoint,
    Viewer,
)
from maru.services.opendata.engine import charts
from maru.services.opendata.engine import differences as engine_differences
from maru.services.opendata.engine.sheets import Sheet, empty_sheet, open_sheet
from maru.services.opendata.models import Dataset, Edition, Subscription, Use
from maru.services.opendata.queries.lake import lake
from maru.services.opendata.queries.remarks import tallies
from maru.services.opendata.queries.views import (
    card,
    column_infos,
    edition_view,
    quality_view,
    title_of,
    view,
)

USE_DAYS = 30
RELATED = 4


def dataset(slug: str, *, language: str = "", viewer: Viewer = NOBODY) -> DatasetPage:
    """The page of a dataset, in ``language`` or the active one. NotFound if this viewer may not read it."""
    if language and language != translation.get_language():
        with translation.override(language):
            return dataset(slug, viewer=viewer)
    found = access.dataset(slug, viewer)
    remarks = tallies(found)
    return DatasetPage(
        view=view(found),
        quality=quality_view(found),
        source=source_of(found),
        chart=charts.choose(column_infos(found.columns), found.time, tuple(found.key)),
        editions=history(slug, viewer=viewer, limit=10),
        questions=remarks["questions"],
        defects=remarks["defects"],
        open_defects=remarks["open_defects"],
        subscribers=Subscription.objects.filter(dataset=found).exclude(confirmed_at=None).count(),
        downloads=Use.objects.filter(dataset=found).aggregate(n=Sum("count"))["n"] or 0,
        use=_use(found),
        related=related(found),
        may_edit=access.may_edit(_person(viewer), found),
    )


def view_of(slug: str, *, viewer: Viewer = NOBODY) -> DatasetView:
    """What catalogues say of one dataset. NotFound if this viewer may not read it."""
    return view(access.dataset(slug, viewer))


def sheet_of(
    slug: str, *, viewer: Viewer = NOBODY, as_of: datetime | None = None
) -> tuple[Sheet, DatasetView]:
    """The rows of a dataset, as they are or were, and what it is. NotFound if this viewer may not read them."""
    found = access.readable_rows(slug, viewer)
    if as_of is not None and found.origin == "offer":
        # What citizens said may be hidden later: then it must not be found in the past either.
        raise Invalid("as_of", _("The past of this dataset is not kept."), code="no_past")
    return sheet(found, as_of=as_of), view(found)


def sheet(found: Dataset, *, as_of: datetime | None = None) -> Sheet:
    """The sheet of a dataset that ``access`` has let through."""
    columns = column_infos(found.columns)
    if not found.version and not _exists(found.table):
        return empty_sheet(found.table, columns)
    return open_sheet(lake(), found.table, columns, as_of)


def history(slug: str, *, viewer: Viewer = NOBODY, limit: int = 100) -> tuple[EditionView, ...]:
    """The editions of the data, newest first, each with what came since the one before."""
    found = access.dataset(slug, viewer)
    rows = found.editions.filter(kind__in=["published", "data"])
    return tuple(edition_view(one) for one in rows[:limit])


def differences(
    slug: str, *, from_version: int, to_version: int, limit: int = 100, viewer: Viewer = NOBODY
) -> Differences:
    """What changed between two versions of the data: counts, and at most ``limit`` records before and after.

    NotFound if there is no such dataset; LakeFault if the lake has no such version any more.
    """
    found = access.readable_rows(slug, viewer)
    columns = column_infos(found.columns)
    low, high = sorted((from_version, to_version))
    limit = 0 if found.origin == "offer" else limit  # as above: numbers alone
    changed = engine_differences.between(lake(), found.table, columns, tuple(found.key), low, high, limit)
    return Differences(
        slug=found.slug,
        from_version=low,
        to_version=high,
        added=changed.added,
        corrected=changed.corrected,
        gone=changed.gone,
        rows=changed.rows,
        columns=columns,
    )


def source_of(found: Dataset) -> SourceView | None:
    """Where the data comes from; None for an upload."""
    if found.origin == "source":
        from maru.services.opendata.queries.origins import declaration

        declared = declaration(found.source)
        if declared is None:
            return SourceView(found.source, found.source, f"/sources/{found.source}/", "", "")
        return SourceView(
            name=declared.name,
            title=title_of(dict(declared.names)),
            address=f"/sources/{declared.name}/",
            owner=declared.owner,
            kind=declared.kind,
        )
    if found.origin == "offer":
        return SourceView(found.source, found.source, "", "", "service")
    return None


def related(found: Dataset) -> tuple[Card, ...]:
    """Others of the same field, those of the same office first."""
    rows = Dataset.objects.filter(state="published", category=found.category).exclude(pk=found.pk)
    near = list(rows.filter(office=found.office).select_related("office").order_by("-uses", "slug")[:RELATED])
    if len(near) < RELATED:
        more = rows.exclude(pk__in=[one.pk for one in near]).select_related("office")
        near += more.order_by("-uses", "slug")[: RELATED - len(near)]
    return tuple(card(one) for one in near)


def changes(*, slug: str = "", limit: int = 50) -> tuple[Change, ...]:
    """What happened to published and withdrawn datasets (or one of them), newest first: for feeds."""
    rows = Edition.objects.filter(dataset__state__in=["published", "withdrawn"])
    if slug:
        rows = rows.filter(dataset__slug=slug)
    return tuple(_change(one) for one in rows.select_related("dataset").order_by("-pk")[:limit])


def versions_named(slug: str, *, viewer: Viewer = NOBODY) -> tuple[int, ...]:
    """The versions that editions name, newest first."""
    found = access.dataset(slug, viewer)
    return tuple(found.editions.order_by("-version").values_list("version", flat=True).distinct())


def has_rows(slugs: Iterable[str]) -> frozenset[str]:
    """Which of these datasets have a table in the lake."""
    tables = dict(Dataset.objects.filter(slug__in=list(slugs)).values_list("slug", "table"))
    known = set()
    for slug, table in tables.items():
        if _exists(table):
            known.add(slug)
    return frozenset(known)


def use_by_dataset(*, days: int = USE_DAYS, limit: int = 20) -> tuple[tuple[Card, int], ...]:
    """The datasets most often taken as files in the last days."""
    since = timezone.now().date() - timedelta(days=days)
    counts = (
        Use.objects.filter(day__gte=since, dataset__state="published")
        .values("dataset")
        .annotate(n=Sum("count"))
        .order_by("-n", "dataset")[:limit]
    )
    found = {
        one.pk: one
        for one in Dataset.objects.filter(pk__in=[row["dataset"] for row in counts]).select_related("office")
    }
    return tuple((card(found[row["dataset"]]), int(row["n"])) for row in counts)


def counts_by_state() -> dict[str, int]:
    """How many datasets stand in each state."""
    return dict(Dataset.objects.values_list("state").annotate(n=Count("pk")))


def _exists(table: str) -> bool:
    try:
        lake().spec(table)
    except LakeFault:
        return False
    return True


def _use(found: Dataset) -> tuple[UsePoint, ...]:
    today = timezone.now().date()
    first = today - timedelta(days=USE_DAYS - 1)
    rows = Use.objects.filter(dataset=found, day__gte=first).values("day").annotate(n=Sum("count"))
    counted: dict[date, int] = {row["day"]: row["n"] for row in rows}
    days = [first + timedelta(days=number) for number in range(USE_DAYS)]
    return tuple(UsePoint(day, counted.get(day, 0)) for day in days) if counted else ()


def _change(one: Edition) -> Change:
    return Change(
        slug=one.dataset.slug,
        title=one.dataset.title,
        kind=one.kind,  # type: ignore[arg-type]  # one of the edition's kinds
        at=one.at,
        text=one.note,
        number=one.pk,
    )


def _person(viewer: Viewer) -> Person | None:
    if viewer.person_id is None or not viewer.publisher:
        return None
    return Person.objects.filter(pk=viewer.person_id).first()
