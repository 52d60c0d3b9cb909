"""Where declared addresses lead in a simulated world, down to the file."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maru.commons.sources import fetch_files
from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.kits.folder import joined
from maru.commons.sources.outside import Outside

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=20,
).filter(lambda name: not name.startswith(".") and len(name.encode()) < 120)
PLACE = fetch_files.Place(home="", host_key="", timeout_s=1.0, simulated=True, most=1000)


class Simulated(Outside):
    """A world whose folder is known without asking."""

    def __init__(self, folder: Path) -> None:
        super().__init__("http://127.0.0.1:1")
        self.folder = folder

    def places(self) -> dict[str, str]:
        return {
            "folder": str(self.folder),
            "sftp": "sftp://user:pw@127.0.0.1:9",
            "mqtt": "mqtt://127.0.0.1:8",
            "sql": "/bases",
        }


@pytest.mark.parametrize("address", ["file:///drop", "drop"])
@given(name=NAMES)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_file_of_any_name_is_listed_and_read(tmp_path: Path, address: str, name: str) -> None:
    world = Simulated(tmp_path / "folder")
    folder = tmp_path / "folder" / "weights" / "drop"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    (folder / name).write_text("here")
    place = replace(PLACE, home=str(tmp_path))
    (found,) = fetch_files.listing(world.resolve("weights", address), place)
    assert found[0] == name
    assert dt.datetime.fromtimestamp(found[2], dt.UTC).year >= 2024
    assert fetch_files.read(world.resolve("weights", joined(address, name)), place) == b"here"


def test_other_addresses_stay_as_they_are_written(tmp_path: Path) -> None:
    world = Simulated(tmp_path)
    assert world.resolve("a", "https://x.example/p%20q?k=%2F") == "http://127.0.0.1:1/a/p%20q?k=%2F"
    assert world.resolve("a", "sftp://h.example/in/x%20y.csv") == "sftp://user:pw@127.0.0.1:9/a/in/x%20y.csv"
    assert world.resolve("a", "mqtt://h.example/city/+/#") == "mqtt://127.0.0.1:8/a/city/+/#"
    assert world.resolve("a", "postgresql://h.example/base") == "sqlite:////bases/a.sqlite3"
    assert Outside().resolve("a", "file:///x%20y") == "file:///x%20y"


def test_a_link_reads_nothing_of_the_house(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text("[keys]")
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "a.csv").write_text("rows")
    (folder / "b.csv").symlink_to(tmp_path / "keys.toml")
    place = fetch_files.Place(str(tmp_path), "", 1.0, simulated=False, most=1000)
    assert [one[0] for one in fetch_files.listing("drop", place)] == ["a.csv"]
    assert fetch_files.read("drop/a.csv", place) == b"rows"
    with pytest.raises(SourceFault):
        fetch_files.read("drop/b.csv", place)
