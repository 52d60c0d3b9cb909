"""Every drawer holds together, and its kept examples give what is written down beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from maru.commons.sources.checking import check_fixtures
from maru.commons.sources.declaration import BUILT_IN, FILE, load
from maru.simulator.outside.systems import COUNT, by_name, drawers

FOLDERS = sorted(path.parent for path in BUILT_IN.glob(f"*/{FILE}"))
MOST_CODE = 150


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_drawer_reads_its_examples_as_written_down(folder: Path) -> None:
    found = check_fixtures(load(folder))
    assert not found, "\n".join(map(str, found))


def test_every_simulated_system_has_its_declaration() -> None:
    declared = {one.name: one for folder in FOLDERS for one in load(folder)}
    assert set(declared) == set(by_name())
    assert len(declared) == COUNT
    assert {folder.name for folder in FOLDERS} == set(drawers())
    for name, one in declared.items():
        system = by_name()[name]
        assert (one.kind, one.mode, one.office, one.category) == (
            system.kit,
            system.mode,
            system.office,
            system.category,
        ), name
        assert one.key == system.key, name


def test_seven_in_ten_drawers_need_no_code() -> None:
    code = [folder / "read.py" for folder in FOLDERS if (folder / "read.py").exists()]
    assert len(code) <= 0.3 * len(FOLDERS)
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= MOST_CODE for path in code)


def test_examples_show_the_four_states() -> None:
    for folder in FOLDERS:
        kinds = {path.name.split("__")[-1].split(".")[0] for path in (folder / "fixtures").iterdir()}
        assert {"ordinary", "malformed", "empty", "outage"} <= kinds, folder.name
