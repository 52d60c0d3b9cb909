"""From a source, an offer: what the dataset says of itself, its history, its search, its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from maru.platform.access.refusals import Invalid, NotFound
from maru.platform.audit.models import Entry
from maru.platform.registry import manifests
from maru.platform.registry.manifests import DatasetOffer, OfferedColumn
from maru.services.opendata.contracts import LicenceView, Viewer
from maru.services.opendata.engine.contracts import Compare, Query
from maru.services.opendata.models import Dataset, Edition
from maru.services.opendata.operations.describing import edit, restore, withdraw
from maru.services.opendata.operations.publishing import publish_offer, publish_source
from maru.services.opendata.operations.refreshing import refresh_all
from maru.services.opendata.queries import catalogue, datasets
from maru.services.opendata.refusals import Taken, WrongState
from maru.services.opendata.tests.conftest import station

pytestmark = pytest.mark.django_db


def test_everything_the_declaration_says_is_attached(bikes: Dataset) -> None:
    page = datasets.dataset("bikes", language="en")
    assert page.view.card.title == "Bike stations"
    assert page.view.card.office is not None
    assert page.view.card.office.code == "roads"
    assert page.view.card.licence.id == "KOGL-1"
    assert page.view.card.service_code == "bikeList"
    assert page.view.card.rows == 10
    assert page.view.card.has_map
    assert page.view.key == ("station",)
    assert page.view.time == "seen_at"
    assert page.view.cadence_s == 3600
    assert page.source is not None
    assert page.source.address == "/sources/test_bikes/"
    units = {one.name: (one.unit, one.alias) for one in page.view.columns}
    assert units["bikes"] == ("bikes", "parkingBikeTotCnt")
    assert page.view.bounds == pytest.approx((130.9, 36.4, 130.909, 36.4))
    assert page.chart is not None
    assert (page.chart.kind, page.chart.x, page.chart.y) == ("line", "seen_at", "bikes")
    assert 60 <= page.quality.score <= 100
    assert all(one.title and one.why for one in page.quality.criteria)


def test_personal_columns_are_nowhere(bikes: Dataset) -> None:
    sheet, view = datasets.sheet_of("bikes")
    assert "keeper" not in {one.name for one in view.columns}
    assert "keeper" not in {one.name for one in sheet.columns}
    from maru.services.opendata.engine.contracts import QueryFault

    with pytest.raises(QueryFault):
        sheet.count(Compare("keeper", "=", "keeper 1"))


def test_a_dataset_follows_its_source(bikes: Dataset, give: Callable[..., Any]) -> None:
    give([station(1, bikes=99), station(10)])
    sheet, _view = datasets.sheet_of("bikes")
    assert sheet.rows == 11
    assert sheet.count(Compare("bikes", "=", 99)) == 1
    assert refresh_all() >= 1
    fresh = Dataset.objects.get()
    assert fresh.rows == 11
    assert fresh.version > bikes.version


def test_history_tells_what_came_and_differences_show_it(bikes: Dataset, give: Callable[..., Any]) -> None:
    first = bikes.version
    Edition.objects.update(at=timezone.now() - timedelta(hours=2))
    give([station(1, bikes=99), station(10)])
    refresh_all()
    refresh_all()  # again changes nothing
    newest, oldest = datasets.history("bikes")
    assert (newest.added, newest.corrected, newest.gone) == (1, 1, 0)
    assert oldest.rows == 10
    found = datasets.differences("bikes", from_version=first, to_version=newest.version)
    assert (found.added, found.corrected, found.gone) == (1, 1, 0)
    corrected = next(row for row in found.rows if row.kind == "corrected")
    assert corrected.key == ("ST-1",)
    assert corrected.changed == ("bikes",)
    assert corrected.before is not None
    assert "keeper" not in corrected.before


def test_as_of_shows_the_past(bikes: Dataset, give: Callable[..., Any]) -> None:
    before = timezone.now()
    give([station(1, bikes=99)])
    sheet, _view = datasets.sheet_of("bikes", as_of=before)
    assert sheet.count(Compare("bikes", "=", 99)) == 0
    assert sheet.rows == 10


@pytest.mark.parametrize(
    "words", ["따릉이", "릉이", "bike", "자치구", "parkingBikeTotCnt", "교통", "Roads", "대여소 bike"]
)
def test_it_is_found_by_title_column_field_and_office_in_both_languages(bikes: Dataset, words: str) -> None:
    found = catalogue.find(text=words)
    assert [card.slug for card in found.cards] == ["bikes"]
    assert catalogue.find(text="nothing of the kind").total == 0


def test_facets_count_what_choosing_would_leave(bikes: Dataset) -> None:
    found = catalogue.find(category="transport", has_map=True, format="geojson")
    assert found.total == 1
    assert {name: [(one.code, one.count) for one in entries] for name, entries in found.facets.items()}[
        "office"
    ] == [("roads", 1)]
    assert catalogue.find(category="health").total == 0
    assert [one.code for one in catalogue.find(category="health").facets["category"]] == ["transport"]


def test_a_source_is_published_once(bikes: Dataset) -> None:
    with pytest.raises(Taken):
        publish_source(name="test_bikes", by=None)
    assert Dataset.objects.count() == 1


def test_an_unknown_source_is_refused(db: None) -> None:
    with pytest.raises(NotFound):
        publish_source(name="nobody_knows", by=None)


def test_what_has_no_rows_yet_can_be_published_and_read(db: None, office: Any, declared: str) -> None:
    publish_source(name=declared, by=None, slug="empty")
    sheet, _view = datasets.sheet_of("empty")
    page = sheet.page(Query())
    assert page.total == 0
    assert page.rows == []
    assert sheet.facet("district") == ()


def test_described_anew_it_is_found_by_the_new_words_and_audited(bikes: Dataset) -> None:
    edit(
        dataset=bikes,
        by=None,
        titles={"ko": "공공자전거", "en": "Public bicycles"},
        keywords=["velo"],
        columns={"district": {"titles": {"ko": "구", "en": "Borough"}}},
        licence=LicenceView("CC-BY-4.0", ""),
        cadence_s=60.0,
    )
    assert catalogue.find(text="bicycles").total == 1
    assert catalogue.find(text="velo").total == 1
    assert catalogue.find(text="borough").total == 1
    assert catalogue.find(text="따릉이").total == 0
    assert datasets.view_of("bikes").card.licence.title == "CC BY 4.0"
    assert Entry.objects.filter(act="opendata.describe", target="dataset/bikes").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"titles": {"fr": "Vélos"}}, "titles"),
        ({"titles": {}}, "titles"),
        ({"category": "magic"}, "category"),
        ({"office": "nowhere"}, "office"),
        ({"licence": LicenceView("", "")}, "licence"),
        ({"licence": LicenceView("X", "X", "javascript:alert(1)")}, "licence"),
        ({"cadence_s": -1.0}, "cadence_s"),
        ({"service_code": "has space"}, "service_code"),
        ({"columns": {"nothing": {}}}, "columns"),
        ({"titles": {"en": "x" * 201}}, "titles"),
    ],
)
def test_a_bad_description_changes_nothing(bikes: Dataset, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        edit(dataset=bikes, by=None, **changes)
    assert caught.value.field == field
    assert Dataset.objects.get().titles == {"ko": "따릉이 대여소", "en": "Bike stations"}
    assert not Entry.objects.filter(act="opendata.describe").exists()


def test_withdrawn_it_says_why_and_shows_no_rows(bikes: Dataset) -> None:
    withdraw(dataset=bikes, reason="The sensors lied.", by=None)
    assert catalogue.find().total == 0
    assert catalogue.find(text="bike").total == 0
    assert datasets.view_of("bikes").card.state == "withdrawn"
    with pytest.raises(NotFound):
        datasets.sheet_of("bikes")
    with pytest.raises(WrongState):
        withdraw(dataset=bikes, reason="again", by=None)
    restore(dataset=bikes, by=None)
    assert catalogue.find(text="bike").total == 1
    assert [one.kind for one in datasets.changes()][:2] == ["published", "withdrawn"]


def test_drafts_are_for_publishers(bikes: Dataset) -> None:
    Dataset.objects.update(state="draft")
    with pytest.raises(NotFound):
        datasets.view_of("bikes")
    assert datasets.view_of("bikes", viewer=Viewer(publisher=True)).slug == "bikes"


ROWS: list[dict[str, Any]] = []


def offered_rows() -> Iterator[dict[str, Any]]:
    """What the service of this test offers."""
    yield from ROWS


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> DatasetOffer:
    ROWS[:] = [{"id": "a", "n": 1}, {"id": "b", "n": None}]
    made = DatasetOffer(
        name="things",
        titles={"en": "Things", "ko": "것들"},
        summaries={"en": "All things.", "ko": "모든 것."},
        category="administration",
        office="roads",
        columns=(
            OfferedColumn("id", "text", {"en": "Id", "ko": "번호"}),
            OfferedColumn("n", "integer", {"en": "Number", "ko": "수"}, "pieces"),
        ),
        key=("id",),
        rows=f"{__name__}:offered_rows",
    )
    monkeypatch.setattr(manifests, "offers", lambda: {"test.things": made})
    monkeypatch.setattr("maru.services.opendata.queries.origins.offers", lambda: {"test.things": made})
    return made


def test_an_offer_is_published_with_its_rows_and_loses_what_is_gone(
    offered: DatasetOffer, office: Any
) -> None:
    from maru.services.opendata.operations.refreshing import store_offers

    made = publish_offer(name="test.things", by=None)
    assert made.slug == "test-things"
    assert made.rows == 2
    ROWS.pop()
    store_offers()
    refresh_all()
    assert Dataset.objects.get().rows == 1
    assert [row[0] for row in datasets.sheet_of("test-things")[0].page(Query()).rows] == ["a"]


def test_the_catalogue_gives_what_changed_since(bikes: Dataset) -> None:
    views, total = catalogue.catalogue()
    assert (total, [one.slug for one in views]) == (1, ["bikes"])
    assert catalogue.catalogue(modified_since=timezone.now() + timedelta(minutes=1))[1] == 0
    found = catalogue.by_service_code("bikeList")
    assert found is not None
    assert found.slug == "bikes"
    assert catalogue.by_service_code("nope\x00") is None
