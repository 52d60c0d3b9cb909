"""The contract of doors catches what it is for."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

from tests.invariants.doors import trespasses

ROOMS = {
    "live/__init__.py": "",
    "live/service.py": "MANIFEST = dict(uses=('voting',))",
    "live/models.py": "",
    "voting/__init__.py": "",
    "voting/service.py": "MANIFEST = dict(uses=())",
    "voting/api.py": "",
    "voting/models.py": "",
}


def _trespasses(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> list[tuple[str, str, str]]:
    package = f"city_{abs(hash((name, text)))}"
    root = folder / package / "services"
    for path, content in {**ROOMS, name: text.replace("CITY", package)}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    (root / "__init__.py").touch()
    (folder / package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(folder))
    graph = grimp.build_graph(package, cache_dir=None)
    return trespasses(graph, f"{package}.services", {"api", "contracts"}, root)


def test_a_declared_door_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _trespasses(tmp_path, monkeypatch, "live/views.py", "from CITY.services.voting import api") == []


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("live/views.py", "from CITY.services.voting import models", "not a door"),
        ("voting/views.py", "from CITY.services.live import models", "not in the uses"),
    ],
)
def test_a_trespass_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, why: str
) -> None:
    found = _trespasses(tmp_path, monkeypatch, name, text)
    assert len(found) == 1
    assert why in found[0][2]
