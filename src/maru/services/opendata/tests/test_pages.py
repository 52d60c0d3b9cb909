"""The plaza's public pages: what they show, that links and forms suffice, and that they never break."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.services.opendata.models import Dataset, Remark, Subscription
from maru.services.opendata.operations import describing
from maru.services.opendata.tests.conftest import station

pytestmark = pytest.mark.django_db
VIEWS = ("", "sheet/", "chart/", "map/", "files/", "api/", "history/", "questions/")


def read(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def cells(html: str) -> list[list[str]]:
    """The rows of the sheet as texts."""
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)]
        for row in rows
    ]


def test_the_front_lists_fields_with_counts_and_what_is_new(client: Client, bikes: Dataset) -> None:
    html = read(client, "/data/")
    assert "1 dataset in twelve fields" in html
    assert html.count('class="topics__link"') == 12
    assert "Bike stations" in html and "/data/bikes/" in html


def test_an_empty_plaza_says_so(client: Client) -> None:
    assert "Nothing is published yet." in read(client, "/data/")
    assert "Nothing is published yet." in read(client, "/developers/")


@pytest.mark.parametrize("words", ["bike", "따릉이", "대여소", "Station", "자치구"])
def test_titles_descriptions_and_columns_are_found_in_both_languages(
    client: Client, bikes: Dataset, words: str
) -> None:
    html = read(client, f"/data/?q={quote(words)}")
    assert "1 dataset<" in html and "Bike stations" in html


def test_nothing_found_says_what_can_be_done(client: Client, bikes: Dataset) -> None:
    html = read(client, "/data/?q=zeppelin")
    assert "No dataset was found." in html and "/data/requests/" in html


def test_facets_narrow_and_can_be_taken_away(client: Client, bikes: Dataset) -> None:
    html = read(client, "/data/?category=transport&format=geojson&map=yes")
    assert "Bike stations" in html
    assert 'href="?category=transport&amp;format=geojson"' in html  # the chip of the map takes itself away
    assert "No dataset was found." in read(client, "/data/?category=health")


def test_a_script_gets_the_part_alone(client: Client, bikes: Dataset) -> None:
    answer = client.get("/data/?q=bike", headers={"HX-Request": "true", "HX-Target": "found"})
    html = answer.content.decode()
    assert html.lstrip().startswith('<div id="found">') and "<html" not in html
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_says_source_age_and_licence(client: Client, bikes: Dataset, view: str) -> None:
    html = read(client, f"/data/bikes/{view}")
    assert "KOGL Type 1" in html
    assert '<time class="moment"' in html
    assert "/sources/test_bikes/" in html
    assert html.count('aria-current="page"') >= 1


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_in_korean(client: Client, bikes: Dataset, view: str) -> None:
    html = client.get(f"/data/bikes/{view}", headers={"accept-language": "ko"}).content.decode()
    assert '<html lang="ko"' in html and "따릉이 대여소" in html
    assert "이용 허락" in html


@pytest.mark.parametrize("view", VIEWS)
def test_what_does_not_exist_is_not_found(client: Client, view: str) -> None:
    assert client.get(f"/data/nothing/{view}").status_code == 404


def test_a_withdrawn_dataset_keeps_its_page_and_loses_its_rows(client: Client, bikes: Dataset) -> None:
    describing.withdraw(dataset=bikes, reason="It was wrong.", by=None)
    assert "This dataset was withdrawn." in read(client, "/data/bikes/")
    assert client.get("/data/bikes/sheet/").status_code == 404
    assert client.get("/data/bikes/files/bikes.csv").status_code == 404


def test_the_overview_weighs_little(client: Client, bikes: Dataset) -> None:
    for view in VIEWS:
        assert len(client.get(f"/data/bikes/{view}").content) < 80_000, view


class TestSheet:
    """Sort, filter, values, pages: by address alone."""

    def test_rows_columns_units_and_the_exact_count(self, client: Client, bikes: Dataset) -> None:
        html = read(client, "/data/bikes/sheet/")
        assert "<strong>10</strong> rows" in html
        assert len(cells(html)) == 10
        assert '<span class="sheet__unit">bikes</span>' in html
        assert "keeper" not in html  # personal

    def test_sorting_goes_round(self, client: Client, bikes: Dataset) -> None:
        html = read(client, "/data/bikes/sheet/?sort=-bikes")
        assert [row[2] for row in cells(html)] == [str(n) for n in range(9, -1, -1)]
        assert 'aria-sort="descending"' in html
        assert 'href="?sort=bikes"' in read(client, "/data/bikes/sheet/")

    @pytest.mark.parametrize(
        ("query", "rows"),
        [
            ("bikes=3", 1),
            ("bikes=3&bikes=4", 2),
            ("bikes.from=3", 7),
            ("bikes.from=3&bikes.to=5", 3),
            ("district=가람구", 5),
            ("district.has=노", 5),
            ("seen_at.to=2026-05-01T12:03", 4),
            ("seen_at.from=2026-05-01&seen_at.to=2026-05-01", 10),
            ("seen_at=2026-05-01T12:03", 1),
            ("seen_at.from=2026-05-02", 0),
            ("bikes.empty=1", 0),
            ("bbox=130.9,36.3,130.9045,36.5", 5),
            ("q=가람구", 5),
            ("district=&bikes.from=&q=", 10),
            ("unknown=1", 10),
        ],
    )
    def test_filters_by_type(self, client: Client, bikes: Dataset, query: str, rows: int) -> None:
        html = read(client, f"/data/bikes/sheet/?{query}")
        assert f"<strong>{rows}</strong>" in html
        assert len(cells(html)) == rows

    def test_a_filter_that_cannot_be_read_shows_no_rows(self, client: Client, bikes: Dataset) -> None:
        html = read(client, "/data/bikes/sheet/?bikes.from=many", 422)
        assert "A number, please." in html and "<strong>Bikes</strong>" in html
        assert not cells(html)

    def test_values_have_exact_counts_and_lead_to_filters(self, client: Client, bikes: Dataset) -> None:
        html = read(client, "/data/bikes/sheet/?facet=district&bikes.from=4&district=노을구")
        found = dict(re.findall(r'<span>(..구)</span><span class="facet__count">(\d+)</span>', html))
        # Its own filter does not narrow its values, the others' do.
        assert found == {"가람구": "3", "노을구": "3"}
        assert len(cells(html)) == 3

    def test_pages_by_number_and_by_cursor_agree(
        self, client: Client, bikes: Dataset, give: Callable[..., Any]
    ) -> None:
        give([station(number, bikes=number) for number in range(10, 130)])
        seen: list[str] = []
        address = "/data/bikes/sheet/?sort=bikes&size=25"
        for number in range(1, 7):
            html = read(client, address)
            direct = read(client, f"/data/bikes/sheet/?sort=bikes&size=25&page={number}")
            assert cells(html) == cells(direct)
            seen += [row[2] for row in cells(html)]
            following = re.search(r'rel="next" href="([^"]+)"', html)
            address = "/data/bikes/sheet/" + following[1].replace("&amp;", "&") if following else ""
        assert seen == [str(n) for n in range(130)] and not address

    def test_columns_are_chosen_and_the_rest_of_the_state_stays(self, client: Client, bikes: Dataset) -> None:
        html = read(client, "/data/bikes/sheet/?show=bikes&show=station&sort=-bikes&district=가람구")
        assert cells(html)[0] == ["ST-9", "9"]
        form = html.partition("Columns to show")[0].rpartition("<form")[2]
        assert 'name="sort" value="-bikes"' in form and 'name="district" value="가람구"' in form

    def test_the_sheet_as_of_a_date(self, client: Client, bikes: Dataset, give: Callable[..., Any]) -> None:
        html = read(client, "/data/bikes/sheet/?as_of=2999-01-01")
        assert "The dataset as it was on 2999-01-01." in html and len(cells(html)) == 10
        answer = client.get("/data/bikes/sheet/?as_of=1999-01-01")
        assert answer.status_code in {200, 422}
        assert not cells(answer.content.decode())

    @given(
        query=st.dictionaries(
            st.sampled_from(["q", "sort", "page", "size", "show", "as_of", "after", "facet", "bbox", "bikes", "bikes.from", "seen_at", "seen_at.to", "district.has", "district.empty", "longitude"]),
            st.one_of(st.text(max_size=30), st.sampled_from(["bikes", "-bikes", "district", "1", "-1", "1e400", "nan", "2026-13-45", "0,0,0,0", "99999999999999999999"])),
            max_size=5,
        )
    )  # fmt: skip
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_no_address_breaks_it(self, client: Client, bikes: Dataset, query: dict[str, str]) -> None:
        assert client.get("/data/bikes/sheet/", query).status_code in {200, 422}
        assert client.get("/data/bikes/chart/", query).status_code in {200, 422}
        assert client.get("/data/bikes/files/bikes.geojson", {**query, "limit": "3"}).status_code in {
            200,
            400,
        }


class TestChart:
    """The picture's numbers and its table twin."""

    def data(self, html: str) -> Any:
        return json.loads(re.search(r'<script id="chart-data"[^>]*>(.*?)</script>', html, re.S)[1])  # type: ignore[index]

    def test_a_chart_is_chosen_and_its_table_says_the_same(self, client: Client, bikes: Dataset) -> None:
        html = read(client, "/data/bikes/chart/")
        data = self.data(html)
        assert data["time"] and data["lines"][0]["unit"] == "bikes"
        assert len(re.findall(r'<th scope="row">', html)) == len(data["x"])

    def test_bars_by_district(self, client: Client, bikes: Dataset) -> None:
        data = self.data(read(client, "/data/bikes/chart/?x=district&y=bikes&how=sum"))
        assert data["bars"] and dict(zip(data["names"], data["lines"][0]["values"], strict=True)) == {
            "가람구": 25,
            "노을구": 20,
        }

    def test_filters_of_the_sheet_hold(self, client: Client, bikes: Dataset) -> None:
        data = self.data(read(client, "/data/bikes/chart/?x=district&y=&bikes.from=9"))
        assert (data["names"], data["lines"][0]["values"]) == (["가람구"], [1])

    @pytest.mark.parametrize(
        "query",
        ["x=bikes&y=", "x=seen_at&y=bikes&by=district&unit=hour", "x=nothing&y=none", "x=station&how=median"],
    )
    def test_other_charts(self, client: Client, bikes: Dataset, query: str) -> None:
        assert "chart-data" in read(client, f"/data/bikes/chart/?{query}")


class TestFiles:
    """Files stream, filter as the sheet does, and say what they are."""

    @pytest.mark.parametrize("ending", ["csv", "json", "parquet", "xlsx", "geojson"])
    def test_every_format(self, client: Client, bikes: Dataset, ending: str) -> None:
        answer = client.get(f"/data/bikes/files/bikes.{ending}")
        assert answer.status_code == 200 and len(answer.getvalue()) > 100
        assert answer["Content-Disposition"] == f'attachment; filename="bikes.{ending}"'
        assert client.head(f"/data/bikes/files/bikes.{ending}").status_code == 200

    def test_filters_columns_and_etag(self, client: Client, bikes: Dataset) -> None:
        answer = client.get("/data/bikes/files/bikes.csv?bikes.from=8&show=bikes&sort=-bikes")
        assert answer.getvalue().decode().split() == ["bikes", "9", "8"]
        again = client.get(
            "/data/bikes/files/bikes.csv?bikes.from=8&show=bikes&sort=-bikes",
            headers={"If-None-Match": answer["ETag"]},
        )
        assert again.status_code == 304

    def test_downloads_are_counted(self, client: Client, bikes: Dataset) -> None:
        b"".join(client.get("/data/bikes/files/bikes.csv"))
        bikes.refresh_from_db()
        assert bikes.uses == 1
        assert "used 1 time" in read(client, "/data/?q=bike")

    def test_faults_name_the_field(self, client: Client, bikes: Dataset) -> None:
        answer = client.get("/data/bikes/files/bikes.csv?bikes.from=x")
        assert answer.status_code == 400 and answer.json()["error"]["field"] == "bikes.from"
        assert client.get("/data/bikes/files/bikes.doc").status_code == 404
        assert client.get("/data/bikes/files/other.csv").status_code == 404

    def test_what_a_map_shows(self, client: Client, bikes: Dataset) -> None:
        found = client.get("/data/bikes/files/bikes.geojson?bbox=130.9,36.3,130.9045,36.5&limit=3").json()
        assert (found["numberMatched"], found["numberReturned"]) == (5, 3)
        assert found["features"][0]["geometry"]["type"] == "Point"

    def test_from_a_date_to_a_file(self, client: Client, bikes: Dataset) -> None:
        answer = client.get("/data/bikes/files/as-of/?as_of=2999-01-01&format=json")
        assert answer["Location"] == "/data/bikes/files/bikes.json?as_of=2999-01-01"
        assert len(json.loads(client.get(answer["Location"]).getvalue())) == 10
        assert client.get("/data/bikes/files/as-of/?format=json").status_code == 422

    def test_a_program_that_unpacks_has_the_file_again_only_when_it_changed(
        self, client: Client, bikes: Dataset
    ) -> None:
        url, packed = f"/data/{bikes.slug}/files/{bikes.slug}.csv", {"accept-encoding": "gzip"}
        first = client.get(url, headers=packed)
        assert first["ETag"].startswith('W/"')
        assert client.get(url, headers={**packed, "if-none-match": first["ETag"]}).status_code == 304


class TestHistory:
    """Versions and what differs between them."""

    def test_added_corrected_and_gone(self, client: Client, bikes: Dataset, give: Callable[..., Any]) -> None:
        rows = [station(number, bikes=number) for number in range(1, 11)]
        rows[2]["bikes"] = 77
        before = bikes.version
        after = give(rows, complete=True).version
        html = read(client, f"/data/bikes/history/?from={before}&to={after}")
        assert 'class="diff__row--added"' in html and 'class="diff__row--gone"' in html
        assert re.search(r"<del>.*?3</del><ins>.*?77</ins>", html, re.S)

    @pytest.mark.parametrize("query", ["from=1&to=999", "from=x&to=1", "from=-1&to=1"])
    def test_no_such_version(self, client: Client, bikes: Dataset, query: str) -> None:
        assert client.get(f"/data/bikes/history/?{query}").status_code == 404

    def test_feeds(self, client: Client, bikes: Dataset) -> None:
        for path in ("/data/changes.atom", "/data/bikes/changes.atom"):
            answer = client.get(path)
            assert answer["Content-Type"].startswith("application/atom+xml")
            assert b"Bike stations" in answer.content


class TestVoices:
    """Questions, reports, subscriptions."""

    def test_a_question_reaches_the_office_and_stands_on_the_page(
        self, client: Client, bikes: Dataset
    ) -> None:
        answer = client.post(
            "/data/bikes/questions/ask/", {"text": "Since when?", "nickname": ""}, follow=True
        )
        assert "Since when?" in answer.content.decode()
        office = Remark.objects.get().voice.office
        assert office is not None and office.code == "roads"

    def test_a_report_names_the_column(self, client: Client, bikes: Dataset) -> None:
        data = {"text": "It is minus one.", "column": "bikes", "record": "ST-3"}
        html = client.post("/data/bikes/questions/report/", data, follow=True).content.decode()
        assert "It is minus one." in html and "<code>bikes</code>" in html
        assert Remark.objects.get().kind == "defect"

    @pytest.mark.parametrize("path", ["ask", "report"])
    def test_nothing_written_comes_back_with_a_reason(
        self, client: Client, bikes: Dataset, path: str
    ) -> None:
        answer = client.post(f"/data/bikes/questions/{path}/", {"text": "  "})
        assert answer.status_code == 422 and "Please write something." in answer.content.decode()
        assert not Remark.objects.exists()

    def test_following_by_mail_asks_back_and_can_be_ended(
        self, client: Client, bikes: Dataset, mailoutbox: list[Any]
    ) -> None:
        client.post("/data/bikes/follow/", {"kind": "email", "address": "me@example.org"})
        found = Subscription.objects.get()
        page = f"/data/subscriptions/{found.token}/"
        assert page in mailoutbox[0].body
        assert "Yes, tell me of changes" in read(client, page)
        client.post(page, {"act": "confirm"})
        found.refresh_from_db()
        assert found.confirmed_at is not None
        assert client.post(f"{page}end/").status_code == 204
        assert not Subscription.objects.exists() and client.get(page).status_code == 404

    def test_a_bad_address_comes_back(self, client: Client, bikes: Dataset) -> None:
        answer = client.post("/data/bikes/follow/", {"kind": "email", "address": "nobody"})
        assert answer.status_code == 422 and 'value="nobody"' in answer.content.decode()


def test_the_openapi_document_is_linked(client: Client, bikes: Dataset) -> None:
    assert "/data/bikes/openapi.json" in read(client, "/data/bikes/api/")
    assert client.get("/data/bikes/openapi.json").json()["openapi"] == "3.1.0"
