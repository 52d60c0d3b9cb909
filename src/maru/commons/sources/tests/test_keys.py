"""Keys: put in encoded exactly once, and kept by nobody."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.commons.sources.fetch import Reach, SourceFetch
from maru.commons.sources.keys import MASK, Keys
from maru.commons.sources.kits.tests.feeds import declare
from maru.commons.sources.limits import Limits
from maru.commons.sources.outside import Outside

KEYS = st.text("abcXYZ0189+/=%&", min_size=8, max_size=40).filter(
    lambda key: unquote(key) == key and "a" in key
)


def keys(home: Path, **named: str) -> Keys:
    path = home / "keys.toml"
    path.write_text("[keys]\n" + "".join(f"{name} = {json.dumps(key)}\n" for name, key in named.items()))
    path.chmod(0o600)
    found = Keys(home)
    assert all(found.get(name) == key for name, key in named.items())
    return found


@pytest.mark.parametrize("kept", ["abc+/=", "abc%2B%2F%3D"])
@pytest.mark.parametrize("kind", ["topis", "dataportal"])
def test_a_key_kept_either_way_is_sent_encoded_once(kind: str, kept: str, tmp_path: Path) -> None:
    reach = Reach(keys(tmp_path, portal=kept), Limits(), Outside())
    fetch = SourceFetch(replace(declare(kind), secret="portal"), reach)
    sent = fetch._address("http://outside.test/api?serviceKey={key}&sidoName=x", {})
    assert f"serviceKey={quote('abc+/=', safe='')}" in sent
    assert unquote(sent.partition("serviceKey=")[2].partition("&")[0]) == "abc+/="


@given(key=KEYS, before=st.text(max_size=9), behind=st.text(max_size=9))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_repeats_a_key_holds_it_behind_the_door(
    tmp_path: Path, key: str, before: str, behind: str
) -> None:
    found = keys(tmp_path, own=key)
    for written in (
        key,
        quote(key),
        quote(key, safe=""),
        quote_plus(key),
        re.sub("%..", lambda found: found.group().lower(), quote(key, safe="")),
        key.replace("/", "\\/"),
    ):
        body = f"{before} {written} {behind}".encode("utf-8", "replace")
        assert written.encode() not in found.hide("own", body).replace(b"{key}", b"") or written in "{key}"
        cursor = {"next": [f"https://x.example/?other={written}&p=2", 3, None], written: {"deep": written}}
        assert written not in json.dumps(found.hide_in(cursor), ensure_ascii=False)
        assert written not in found.mask(f"see {written}").replace(MASK, "")


def test_short_keys_and_other_things_stay(tmp_path: Path) -> None:
    found = keys(tmp_path, own="sample")
    assert found.hide("own", b"a sample of water") == b"a sample of water"
    assert found.hide("none", b"x") == b"x"
    assert found.hide_in({"at": 3, "day": "2026-01-01", "list": [1.5, None, True]}) == {
        "at": 3,
        "day": "2026-01-01",
        "list": [1.5, None, True],
    }
