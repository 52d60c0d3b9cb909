"""``maru broadcast``, as a machine drives it."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from maru.services.live.commands import register
from maru.services.live.models import Broadcast, Programme

pytestmark = pytest.mark.django_db


@pytest.fixture
def maru(capsys: pytest.CaptureFixture[str]) -> Any:
    """``maru("create", …)``: exit code, stdout, stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        parser, home = argparse.ArgumentParser(prog="maru"), argparse.ArgumentParser(add_help=False)
        home.add_argument("--home")
        register(parser.add_subparsers(), [home])
        options = parser.parse_args(["broadcast", *words])
        code = int(options.run(options))
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_create_prints_the_addresses(maru: Any) -> None:
    code, out, _err = maru("create", "--slug", "s", "--title", "열린 마루", "--backup", "--json")
    assert code == 0
    made = json.loads(out)
    assert list(made) == ["page", "playlist", "inputs"]
    assert made["page"] == "/live/s/"
    assert made["playlist"] == "/media/live/s/index.m3u8"
    assert [sorted(one) for one in made["inputs"]] == [["name", "rtmp", "srt"]] * 2
    assert [one["name"] for one in made["inputs"]] == ["primary", "backup"]
    assert made["inputs"][0]["rtmp"].startswith("rtmp://127.0.0.1:")
    assert made["inputs"][0]["srt"].startswith("srt://127.0.0.1:")
    assert Broadcast.objects.get().title == "열린 마루"


def test_start_end_status(maru: Any) -> None:
    maru("create", "--slug", "s", "--title", "T")
    for act, state in (("status", "scheduled"), ("start", "live"), ("start", "live"), ("end", "ended")):
        code, out, _err = maru(act, "s", "--json")
        assert (code, json.loads(out)["state"]) == (0, state)
    code, _out, err = maru("start", "s")
    assert code == 1
    assert "ended" in err
    assert maru("cancel", "s")[0] == 1


def test_all_options(maru: Any, tmp_path: Path) -> None:
    Programme.objects.create(slug="story", titles={"en": "Story"})
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    code, out, err = maru(
        "create", "--slug", "s", "--title", "T", "--programme", "story", "--preset", "light", "--file", str(film),
        "--starts-at", "2026-12-01T19:00", "--before", "--accounts-only", "--json",
    )  # fmt: skip
    assert code == 0, err
    assert json.loads(out)["inputs"] == [{"name": "primary", "file": str(film)}]
    made = Broadcast.objects.get()
    assert (made.preset, made.moderation, made.anonymous) == ("light", "before", False)
    assert made.starts_at is not None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("create", "--slug", "Bad Slug", "--title", "T"), "slug"),
        (("create", "--slug", "s", "--title", " "), "title"),
        (("create", "--slug", "s", "--title", "T", "--programme", "none"), "programme"),
        (("create", "--slug", "s", "--title", "T", "--file", "/no/such/film"), "file"),
        (("status", "nothing"), "no such broadcast"),
        (("key", "rotate", "nothing"), "no such broadcast"),
    ],
)
def test_refusals_are_one_line(maru: Any, words: tuple[str, ...], says: str) -> None:
    code, out, err = maru(*words)
    assert (code, out) == (1, "")
    assert says in err
    assert err.count("\n") == 1
    assert not Broadcast.objects.exists()


def test_usage_is_exit_code_two(maru: Any) -> None:
    for words in (
        ("create",),
        ("dance", "s"),
        ("create", "--slug", "s", "--title", "T", "--starts-at", "soon"),
    ):
        with pytest.raises(SystemExit) as left:
            maru(*words)
        assert left.value.code == 2


def test_list_and_keys(maru: Any) -> None:
    maru("create", "--slug", "s", "--title", "T")
    assert json.loads(maru("list", "--json")[1])[0]["slug"] == "s"
    before = json.loads(maru("status", "s", "--json")[1])["inputs"][0]
    after = json.loads(maru("key", "rotate", "s", "--json")[1])["inputs"][0]
    assert before["rtmp"] != after["rtmp"]
    assert json.loads(maru("key", "revoke", "s", "--json")[1])["inputs"][0]["revoked"]


def test_a_fresh_home(tmp_path: Path) -> None:
    """Nothing is open, nothing was prepared: the command makes what it needs."""
    words = ["broadcast", "create", "--slug", "s", "--title", "T", "--json", "--home", str(tmp_path / "home")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MARU_")}
    done = subprocess.run(
        [sys.executable, "-m", "maru.project.cli", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["page"] == "/live/s/"
    assert (tmp_path / "home" / "db.sqlite3").exists()
