"""How a read goes from page to page and from round to round, and what its cursor holds when it breaks off."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maru.commons.sources.contracts import Answer, SourceFault
from maru.commons.sources.kits import days, rounds
from maru.commons.sources.kits.registry import kit
from maru.commons.sources.kits.tests.feeds import NOW, Outside, declare, query, read, rows_of


def numbered(total: int, *, tell: bool = True, cap: int = 1_000_000) -> Outside:
    """A list of ``total`` rows in pages by offset and limit; ``cap`` is the most a server gives at once."""

    def answer(address: str) -> str:
        asked = query(address)
        start, size = int(asked["offset"]), min(int(asked["limit"]), cap)
        found: dict[str, Any] = {"items": [{"n": n} for n in range(start, min(total, start + size))]}
        return json.dumps(found | ({"total": total} if tell else {}))

    return Outside(answer)


OFFSET = {"style": "offset", "size": 10}


@given(total=st.integers(0, 65), tell=st.booleans(), size=st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_every_row_comes_exactly_once(total: int, tell: bool, size: int) -> None:
    declaration = declare("json", rows="items", paging={"style": "offset", "size": size})
    assert [row["n"] for row in rows_of(read(declaration, numbered(total, tell=tell)))] == list(range(total))


@given(total=st.integers(1, 60), broken=st.integers(0, 7))
@settings(max_examples=40, deadline=None)
def test_a_read_that_broke_off_goes_on_where_it_was(total: int, broken: int) -> None:
    declaration = declare("json", rows="items", paging=OFFSET)
    outside = numbered(total)
    good = outside.answer
    outside.answer = lambda address: (
        SourceFault("unreachable", "gone") if len(outside.asked) > broken else good(address)
    )
    cursor, got = None, []
    try:
        for delivery in kit("json").read(declaration, None, outside):
            cursor = delivery.cursor
            got += [row["n"] for row in delivery.rows]
    except SourceFault as fault:
        assert fault.code == "unreachable"
        outside.answer, outside.asked = good, []
        got += [row["n"] for row in rows_of(read(declaration, outside, cursor))]
    assert got == list(range(total))


def test_servers_that_cap_pages_are_read_to_their_end() -> None:
    declaration = declare("json", rows="items", paging={"style": "offset", "size": 50})
    assert len(rows_of(read(declaration, numbered(120, cap=20)))) == 120
    short = declare("json", rows="items", paging={"style": "offset", "size": 50, "short": True})
    assert len(rows_of(read(short, numbered(120, cap=20, tell=False)))) == 120


def test_a_server_that_ignores_the_page_does_not_go_on_for_ever() -> None:
    outside = Outside(lambda address: '[{"a":1},{"a":2}]')
    declaration = declare("json", paging={"style": "page", "size": 2})
    assert len(rows_of(read(declaration, outside))) == 2
    assert len(outside.asked) == 2


def test_links_stay_on_the_declared_host_and_never_hold_the_key() -> None:
    pages = {
        "1": '{"items":[{"n":1}],"next":"http://10.0.0.8:8080/internal?key=SECRET&page=2"}',
        "2": '{"items":[{"n":2}]}',
    }
    outside = Outside(lambda address: pages[query(address).get("page", "1")])
    declaration = declare("json", "https://city.test/api?key={key}", rows="items")
    deliveries = read(declaration, outside)
    assert [row["n"] for row in rows_of(deliveries)] == [1, 2]
    assert outside.asked[1] == "https://city.test/api?page=2&key={key}"
    declaration = declare("json", "https://city.test/api?key={key}", rows="items", paging={"most": 1})
    assert outside.asked and "SECRET" not in json.dumps(read(declaration, outside)[0].cursor).replace(
        "key=SECRET", ""
    )


def test_link_header_token_and_page_styles() -> None:
    def by_header(address: str) -> tuple[int, str, dict[str, str]]:
        page = int(query(address).get("page", "1"))
        link = (
            {"link": f'<https://x.test/?page={page + 1}>; rel="next", <https://x.test/?page=9>; rel="last"'}
            if page < 3
            else {}
        )
        return 200, f'[{{"n":{page}}}]', link

    assert [row["n"] for row in rows_of(read(declare("json"), Outside(by_header)))] == [1, 2, 3]

    def by_token(address: str) -> str:
        at = query(address).get("after", "")
        return json.dumps({"data": [{"at": at}], "meta": {"cursor": {"": "a", "a": "b"}.get(at)}})

    declaration = declare(
        "json", rows="data", next="meta.cursor", paging={"style": "token", "parameter": "after"}
    )
    assert [row["at"] for row in rows_of(read(declaration, Outside(by_token)))] == ["", "a", "b"]


def test_unchanged_answers_give_nothing_and_do_not_hide_later_pages() -> None:
    same = Answer(304, b"", {}, "x", NOW)
    assert read(declare("json"), Outside(lambda address: same)) == []
    declaration = declare("json", rows="items", paging=OFFSET)
    (_, second) = read(declaration, numbered(15))
    assert second.cursor == {"pages": 2}
    outside = Outside(
        lambda address: same if query(address)["offset"] == "0" else '{"items":[{"n":99}],"total":11}'
    )
    assert rows_of(read(declaration, outside, second.cursor)) == [{"n": 99}]


def test_what_is_declared_complete_comes_in_one_delivery() -> None:
    declaration = declare("json", rows="items", paging=OFFSET, complete=True)
    outside = numbered(25)
    (delivery,) = read(declaration, outside, {"at": 20})
    assert delivery.complete and len(delivery.rows) == 25
    (again,) = read(declaration, outside, delivery.cursor)
    assert again.complete
    assert outside.headers[-1]["If-None-Match"] == '"-"', "the whole must be asked for whole"
    (nothing,) = read(declaration, numbered(0))
    assert nothing.complete and len(nothing.rows) == 0


@pytest.mark.parametrize(
    "style",
    [
        {"style": "offset", "size": 10},
        {"style": "page", "size": 10, "size_parameter": "limit", "first": 0, "parameter": "p"},
    ],
)
def test_a_list_that_grows_is_read_behind_its_last_row(style: dict[str, Any]) -> None:
    total = 25

    def answer(address: str) -> str:
        asked = query(address)
        start = int(asked["offset"]) if "offset" in asked else int(asked["p"]) * 10
        return json.dumps({"items": [{"n": n} for n in range(start, min(total, start + 10))], "total": total})

    declaration = declare("json", rows="items", paging=style, grows=True)
    outside = Outside(answer)
    deliveries = read(declaration, outside)
    assert [row["n"] for row in rows_of(deliveries)] == list(range(25))
    cursor = deliveries[-1].cursor
    assert read(declaration, outside, cursor) == []
    total = 41
    outside.asked.clear()
    deliveries = read(declaration, outside, cursor)
    assert [row["n"] for row in rows_of(deliveries)] == list(range(25, 41))
    assert len(outside.asked) <= 3
    total = 7  # begun anew
    assert [row["n"] for row in rows_of(read(declaration, outside, deliveries[-1].cursor))] == list(range(7))


def test_since_asks_for_what_is_new_and_keeps_the_greatest() -> None:
    rows = [{"t": f"2026-01-0{day}T00:00:00Z"} for day in (1, 3, 2)]
    outside = Outside(
        lambda address: json.dumps(
            {"items": [row for row in rows if row["t"] > query(address).get("from", "")]}
        )
    )
    declaration = declare("json", rows="items", since={"parameter": "from", "field": "t"})
    (first,) = read(declaration, outside)
    assert first.cursor == {"since": "2026-01-03T00:00:00Z"}
    assert read(declaration, outside, first.cursor) == []
    assert query(outside.asked[-1])["from"] == "2026-01-03T00:00:00Z"
    late = declare("json", rows="items", since={"parameter": "from", "field": "t", "overlap_s": 86_400})
    assert [row["t"] for row in rows_of(read(late, outside, first.cursor))] == ["2026-01-03T00:00:00Z"]
    assert query(outside.asked[-1])["from"] == "2026-01-02T00:00:00Z"


def test_since_does_not_advance_before_the_last_page() -> None:
    pages = [{"items": [{"t": "2026-05-02"}], "total": 2}, {"items": [{"t": "2026-05-01"}], "total": 2}]
    outside = Outside(lambda address: json.dumps(pages[int(query(address)["offset"])]))
    declaration = declare(
        "json", rows="items", paging={"style": "offset", "size": 1}, since={"parameter": "from", "field": "t"}
    )
    first, last = read(declaration, outside)
    assert first.cursor == {"newest": "2026-05-02", "at": 1}
    assert last.cursor == {"since": "2026-05-02", "pages": 3}


def test_each_asks_every_combination_and_adds_columns() -> None:
    outside = Outside(lambda address: '[{"v":1}]')
    each = {"place": ["가", "나"], "kind": ["x", "y"]}
    declaration = declare(
        "json", "http://o.test/{place}", params={"k": "{kind}"}, each=each, add=["place", "kind"]
    )
    rows = rows_of(read(declaration, outside))
    assert [(row["place"], row["kind"]) for row in rows] == [
        ("가", "x"),
        ("가", "y"),
        ("나", "x"),
        ("나", "y"),
    ]
    assert outside.asked[0] == "http://o.test/%EA%B0%80?k=x"


def test_one_bad_place_is_a_dead_letter_and_stops_no_other() -> None:
    outside = Outside(lambda address: "nonsense" if address.endswith("b") else '[{"v":1}]')
    declaration = declare("json", "http://o.test/{place}", each={"place": ["a", "b", "c"]})
    deliveries = read(declaration, outside)
    assert len(rows_of(deliveries)) == 2
    (dead,) = deliveries[-1].dead
    assert dead.raw == b"nonsense" and "place=b" in dead.reason
    whole = declare("json", "http://o.test/{place}", each={"place": ["a", "b", "c"]}, complete=True)
    (delivery,) = read(whole, outside)
    assert not delivery.complete and len(delivery.rows) == 2 and delivery.dead


def test_a_refused_key_stops_all_and_keeps_what_was_finished() -> None:
    refused = '{"error":"API key is not registered","code":401}'
    outside = Outside(lambda address: '[{"v":1}]' if address.endswith("a") else refused)
    declaration = declare("json", "http://o.test/{place}", each={"place": ["a", "b", "c"]})
    cursor, code = None, ""
    try:
        for delivery in kit("json").read(declaration, None, outside):
            cursor = delivery.cursor
    except SourceFault as fault:
        code = fault.code
    assert (code, cursor, len(outside.asked)) == ("refused_key", {"round": 1}, 2)
    outside.answer = lambda address: '[{"v":1}]'
    outside.asked.clear()
    assert read(declaration, outside, cursor)[-1].cursor is None
    assert [address[-1] for address in outside.asked] == ["b", "c"]


def test_days_are_asked_one_by_one_and_wait_for_what_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "_today", lambda zone: dt.date(2026, 3, 10))
    published = {"20260301", "20260302", "20260303", "20260305"}
    outside = Outside(lambda address: '[{"v":1}]' if address[-8:] in published else "[]")
    declaration = declare(
        "json", "http://o.test/{day}", days={"start": "2026-03-01", "lag": 3, "patience": 5}, add=["day"]
    )
    deliveries = read(declaration, outside)
    # The 4th is old enough to be given up (patience 5), the 6th is not.
    assert [row["day"] for row in rows_of(deliveries)] == ["20260301", "20260302", "20260303", "20260305"]
    assert deliveries[-1].cursor == {"day": "2026-03-05"}
    published.add("20260306")
    outside.asked.clear()
    assert [row["day"] for row in rows_of(read(declaration, outside, deliveries[-1].cursor))] == ["20260306"]
    assert [address[-8:] for address in outside.asked] == ["20260306", "20260307"]


def test_a_day_that_is_missing_holds_no_later_day_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "_today", lambda zone: dt.date(2026, 3, 10))
    published = {"20260305", "20260307"}
    outside = Outside(lambda address: '[{"v":1}]' if address[-8:] in published else "[]")
    declaration = declare(
        "json", "http://o.test/{day}", days={"start": "2026-03-05", "lag": 3, "patience": 7}, add=["day"]
    )
    deliveries = read(declaration, outside)
    assert [row["day"] for row in rows_of(deliveries)] == ["20260305", "20260307"]
    assert deliveries[-1].cursor == {"day": "2026-03-05"}
    published.add("20260306")
    later = read(declaration, outside, deliveries[-1].cursor)
    assert [row["day"] for row in rows_of(later)] == ["20260306", "20260307"]
    assert later[-1].cursor == {"day": "2026-03-07"}


def test_a_cursor_that_nobody_understands_counts_as_none() -> None:
    for cursor in ("x", 7, [], {"round": "x", "seen": 3, "at": None, "strange": 1}):
        assert len(rows_of(read(declare("json", rows="items", paging=OFFSET), numbered(5), cursor))) == 5
    assert rounds.State.of({"round": 1}).cursor() == {"round": 1}


def test_wrong_options_are_faults_of_the_configuration() -> None:
    for options in (
        {"paging": {"style": "strange"}},
        {"paging": {"style": "page", "size": 0}},
        {"each": {"a": []}},
        {"params": {"a": ["x"]}},
        {"days": {"start": "soon"}},
        {"since": {"parameter": "x"}},
        {"rows": 7},
    ):
        with pytest.raises(SourceFault) as caught:
            read(declare("json", **options), Outside(lambda address: "[]"))
        assert caught.value.code == "configuration", options


def test_a_page_may_stand_in_the_body() -> None:
    def answer(address: str) -> str:
        first = int(outside.posted[-1][1].split(b"|")[1])
        return json.dumps([{"n": n} for n in range(first, min(6, first + 2))])

    outside = Outside(answer)
    paged = {"style": "offset", "parameter": "", "size_parameter": "", "size": 2, "first": 1}
    declaration = declare("json", post="|{offset}|{size}|", paging=paged)
    assert [row["n"] for row in rows_of(read(declaration, outside))] == [1, 2, 3, 4, 5]
    assert {address for address, _, _ in outside.posted} == {"http://outside.test/api"}


def test_the_count_may_stand_in_a_header() -> None:
    def answer(address: str) -> tuple[int, str, dict[str, str]]:
        start = int(query(address)["offset"])
        return 200, json.dumps([{"n": n} for n in range(start, min(4, start + 2))]), {"x-total-count": "4"}

    outside = Outside(answer)
    deliveries = read(declare("json", paging={"style": "offset", "size": 2}), outside)
    assert [delivery.total for delivery in deliveries] == [4, 4]
    assert len(outside.asked) == 2


@pytest.mark.parametrize(
    "rule", [{}, {"each": {"k": ["a", "b"]}}, {"days": {"name": "day", "start": "2026-11-25"}}]
)
def test_a_read_of_so_many_pages_goes_on_the_next_time(rule: dict[str, Any]) -> None:
    asked = {"each": "&k={k}", "days": "&day={day}"}.get(next(iter(rule), ""), "")
    found: list[Any] = []

    def answer(address: str) -> str:
        page = int(query(address).get("page", "1"))
        return json.dumps({"items": [{"n": f"{address.partition('?')[2]}-{page}"}], "total": 5})

    declaration = declare(
        "json", f"https://city.test/api?x=1{asked}", rows="items", total="total",
        paging={"style": "page", "size": 1, "most": 2}, **rule,
    )  # fmt: skip
    cursor = None
    for _read in range(12):
        for delivery in read(declaration, Outside(answer), cursor):
            found += [row["n"] for row in rows_of([delivery])]
            cursor = delivery.cursor
        if cursor is None:
            break
    rounds = len({one.rpartition("&page")[0] for one in found})
    assert len(set(found)) == 5 * rounds
    assert rounds >= (2 if rule else 1)


def test_what_is_declared_whole_is_not_called_whole_when_pages_are_left() -> None:
    def answer(address: str) -> str:
        return json.dumps({"items": [{"n": query(address).get("page", "1")}], "total": 5})

    declaration = declare(
        "json",
        "https://city.test/api",
        complete=True,
        rows="items",
        total="total",
        paging={"style": "page", "size": 1, "most": 2},
    )
    (delivery,) = read(declaration, Outside(answer))
    assert (len(rows_of([delivery])), delivery.complete) == (2, False)
