"""The city file: the model city, clear refusals of wrong files, a fresh file, loading."""

from __future__ import annotations

import argparse
import copy
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import translation

from maru.commons.offices import city as cities
from maru.commons.offices import model_city
from maru.commons.offices.city import CityError, current_city, from_data, load
from maru.commons.offices.commands import register
from maru.commons.offices.models import Office
from maru.commons.offices.operations import load_offices
from maru.commons.offices.seeds import plant
from maru.platform.audit.models import Entry

GOOD = {
    "code": "town",
    "names": {"ko": "마을", "en": "Town"},
    "languages": ["ko", "en"],
    "time_zone": "Europe/Madrid",
    "look": {"primary": "#123456"},
    "districts": [{"code": "north", "names": {"ko": "북", "en": "North"}, "centre": [40.1, -3]}],
    "offices": [
        {"code": "mayor", "names": {"ko": "시장", "en": "Mayor"}},
        {"code": "roads", "names": {"ko": "도로", "en": "Roads"}, "parent": "mayor", "district": "north"},
    ],
}


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(), [])
    options = parser.parse_args(list(words))
    return options.run(options)


@pytest.fixture()
def home(settings, tmp_path) -> Path:
    settings.MARU = replace(settings.MARU, home=tmp_path)
    return tmp_path


def test_the_model_city_is_what_its_maker_makes():
    assert cities.MODEL.read_text("utf-8") == model_city.text()


def test_the_model_city_has_the_size_of_a_capital_and_both_languages():
    city = load(cities.MODEL)
    assert (len(city.districts), len(city.offices)) == (25, 127)
    assert len({district.centre for district in city.districts}) == 25
    assert len({office.names["ko"] for office in city.offices}) == 127
    with translation.override("ko"):
        assert city.name == "마루시"
    with translation.override("en"):
        assert city.name == "Maru"


def test_a_good_file_is_read():
    city = from_data(GOOD)
    assert city.districts[0].centre == (40.1, -3.0)
    assert city.look.primary == "#123456"
    assert city.offices[1].parent == "mayor"
    assert city.has_service("live")
    assert not from_data({**GOOD, "services": ["voting"]}).has_service("live")


def _with(path: str, value: object) -> dict:
    data = copy.deepcopy(GOOD)
    *way, last = path.split("/")
    place = data
    for step in way:
        place = place[int(step)] if step.isdecimal() else place[step]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "field", "reason"),
    [
        ("code", KeyError, "code", "short name"),
        ("code", "Big Town", "code", "small letters"),
        ("names", {"ko": "마을"}, "names.en", "missing"),
        ("names", "Town", "names", "ko, en"),
        ("languages", [], "languages", "list"),
        ("languages", ["ko", "xx"], "languages", "'xx' is not offered"),
        ("time_zone", "Mars/Olympus", "time_zone", "IANA"),
        ("time_zone", KeyError, "time_zone", "IANA"),
        ("time_zone", "../../etc/passwd", "time_zone", "IANA"),
        ("look", {"primary": "red"}, "look.primary", "#0b5d4e"),
        ("look", {"font": "x"}, "look.font", "not known"),
        ("services", "live", "services", "list"),
        ("distrits", [], "distrits", "not known"),
        ("districts", {"code": "x"}, "districts", "[[districts]]"),
        ("districts/0/centre", [400, 2], "districts[0].centre", "-90 to 90"),
        ("districts/0/centre", ["a", "b"], "districts[0].centre", "degrees"),
        ("districts/0/centre", KeyError, "districts[0].centre", "degrees"),
        ("districts/0/centre", [True, False], "districts[0].centre", "degrees"),
        ("districts/0/names", {"en": "North"}, "districts[0].names.ko", "missing"),
        ("districts/0/mayor", "x", "districts[0].mayor", "not known"),
        ("offices/1/parent", "nobody", "offices[1].parent", "no office 'nobody'"),
        ("offices/0/parent", "roads", "offices[0].parent", "above"),
        ("offices/1/district", "south", "offices[1].district", "no district"),
        ("offices/1/code", "mayor", "offices[1].code", "twice"),
        ("offices/1/answers", "yes", "offices[1].answers", "true or false"),
        ("offices/1/answer_days", 0, "offices[1].answer_days", "1 to 365"),
        ("offices/1/answer_days", True, "offices[1].answer_days", "1 to 365"),
    ],
)
def test_a_wrong_file_is_refused_by_field_and_reason(path, value, field, reason):
    with pytest.raises(CityError) as caught:
        from_data(_with(path, value))
    assert field in [fault.field for fault in caught.value.faults]
    assert reason in str(caught.value)


def test_all_faults_are_named_at_once():
    data = _with("time_zone", "Mars")
    data["districts"][0]["centre"] = []
    data["code"] = 7
    with pytest.raises(CityError) as caught:
        from_data(data)
    assert {fault.field for fault in caught.value.faults} == {"time_zone", "districts[0].centre", "code"}


@pytest.mark.parametrize("content", [b"code = ", b"\xff\xfe", b"code = 1\ncode = 2"])
def test_a_file_that_is_no_toml_is_refused(tmp_path, content):
    path = tmp_path / "city.toml"
    path.write_bytes(content)
    with pytest.raises(CityError) as caught:
        load(path)
    assert caught.value.faults[0].field == "file"


def test_a_fresh_file_is_good_and_full_of_comments(home, capsys):
    assert run("city", "init", "--name", 'The "New" Town', "--time-zone", "Europe/Madrid") == 0
    text = (home / "city.toml").read_text("utf-8")
    assert text.count("#") > 8
    assert load(home / "city.toml").names["ko"] == 'The "New" Town'
    assert current_city().code == "the-new-town"
    assert run("city", "init", "--name", "Other") == 1
    assert "exists already" in capsys.readouterr().err


def test_a_wrong_wish_leaves_no_file(home, capsys):
    assert run("city", "init", "--name", "Town", "--time-zone", "Nowhere") == 2
    assert not (home / "city.toml").exists()
    assert "time_zone" in capsys.readouterr().err


def test_the_city_is_read_again_when_its_file_changes(home):
    assert current_city().code == "maru"
    run("city", "init", "--name", "One")
    assert current_city().code == "one"
    path = home / "city.toml"
    path.write_text(path.read_text().replace('code = "one"', 'code = "two"'))
    import os

    os.utime(path, ns=(1, 1))
    assert current_city().code == "two"


@pytest.mark.django_db
def test_loading_follows_the_file_and_keeps_codes_for_ever(home):
    city = from_data(GOOD)
    assert load_offices(city=city).added == 2
    roads = Office.objects.get(code="roads")
    assert (roads.parent.code, roads.district, roads.names["ko"]) == ("mayor", "north", "도로")
    assert load_offices(city=city).nothing
    changed = _with("offices/1/names", {"ko": "길", "en": "Streets"})
    assert load_offices(city=from_data(changed)).changed == 1
    gone = copy.deepcopy(GOOD)
    gone["offices"].pop()
    assert load_offices(city=from_data(gone)).retired == 1
    again = Office.objects.get(code="roads")
    assert again.pk == roads.pk
    assert not again.answers
    assert load_offices(city=city).changed == 1
    assert Office.objects.get(code="roads").answers
    assert Entry.objects.filter(act="offices.load").count() == 4


@pytest.mark.django_db
def test_planting_twice_costs_almost_nothing(django_assert_max_num_queries):
    city = load(cities.MODEL)
    plant(city)
    assert Office.objects.count() == 127
    with django_assert_max_num_queries(6):  # savepoint, lock and read, empty writes, release
        plant(city)


@pytest.mark.django_db
def test_the_commands_say_what_they_did(home, capsys):
    run("city", "init", "--name", "Town")
    assert run("city", "load") == 0
    assert "2 offices added" in capsys.readouterr().out
    assert run("city", "show") == 0
    (home / "city.toml").write_text("x = 1")
    assert run("city", "load") == 2
    assert run("city", "show") == 2
    assert "is not known" in capsys.readouterr().err


def test_nothing_in_the_code_of_the_city_names_a_real_one():
    texts = [path.read_text("utf-8") for path in Path(cities.__file__).parent.glob("*.*") if path.is_file()]
    assert not [text for text in texts if "Seo" + "ul" in text or "서" + "울" in text]
    assert tomllib.loads(cities.MODEL.read_text("utf-8"))
