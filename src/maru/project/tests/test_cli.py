"""The command line says clearly what is wrong, and each part answers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def _maru(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "maru.project.cli", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **variables},
    )


def test_a_wrong_setting_stops_every_command_with_its_name(tmp_path: Path) -> None:
    for command in ("serve", "web", "stream", "media", "worker", "prepare"):
        done = _maru(command, "--home", str(tmp_path), MARU_RTMP_PORT="many")
        assert done.returncode == 2
        assert "MARU_RTMP_PORT" in done.stderr
        assert "Traceback" not in done.stderr


def test_without_a_command_the_usage_is_shown(tmp_path: Path) -> None:
    done = _maru(MARU_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "usage: maru" in done.stderr


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = _maru("--help", MARU_HOME=str(tmp_path))
    assert done.returncode == 0
    for command in ("serve", "web", "stream", "media", "worker", "broadcast", "city", "audit", "person"):
        assert command in done.stdout


def test_prepare_makes_a_home_and_makes_it_twice(tmp_path: Path) -> None:
    for _round in range(2):
        done = _maru("prepare", "--home", str(tmp_path / "home"), MARU_DATABASE="sqlite")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "home" / "db.sqlite3").exists()


def test_a_home_that_was_never_opened_gets_its_tables(tmp_path: Path) -> None:
    done = _maru("audit", "verify", "--home", str(tmp_path / "home"), MARU_DATABASE="sqlite")
    assert done.returncode == 0, done.stderr
    assert "nothing was changed" in done.stdout


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    nowhere = "postgres://nobody:nothing@127.0.0.1:9/none"
    done = _maru(
        "person", "token", "a@example.org", "--name", "n", "--home", str(tmp_path), MARU_DATABASE=nowhere
    )
    assert done.returncode == 1
    assert "the database does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path) -> None:
    """``maru … | head``: no traceback, and the code that shells know."""
    code = (
        "import sys\nfrom maru.project import cli\n"
        "def many(_options):\n    for _line in range(200_000):\n        print('x' * 60)\n    return 0\n"
        "parser = cli.build_parser_with_django\n"
        "def built(arguments):\n    made = parser(arguments)\n    made.set_defaults(run=many)\n"
        "    parse = made.parse_args\n"
        "    def parsed(words):\n        found = parse(words)\n        found.run = many\n        return found\n"
        "    made.parse_args = parsed\n    return made\n"
        "cli.build_parser_with_django = built\n"
        "sys.exit(cli.main(['lake', 'tables']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "MARU_HOME": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 141
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
