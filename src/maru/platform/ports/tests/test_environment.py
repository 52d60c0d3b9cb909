"""Settings are checked at start, each with the variable's name and the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from maru.platform.ports.environment import SETTINGS, SettingsError, load

FFMPEG = {"MARU_FFMPEG": "/bin/sh"}


def _load(home: Path, **variables: str):
    return load({"MARU_HOME": str(home), **FFMPEG, **variables})


def test_defaults_need_nothing(tmp_path: Path) -> None:
    environment = _load(tmp_path)
    assert environment.port == 8000
    assert environment.stream_port == 8001
    assert environment.media == tmp_path / "media"
    assert len(environment.secret) >= 32


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    first, second = _load(tmp_path), _load(tmp_path)
    assert first.secret == second.secret
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MARU_PORT", "eighty"),
        ("MARU_PORT", "0"),
        ("MARU_PORT", "70000"),
        ("MARU_DATABASE", "mysql://x/y"),
        ("MARU_BUS", "rabbit"),
        ("MARU_TASKS", "redis://localhost"),
        ("MARU_SRT_PORTS", "9100-9000"),
        ("MARU_SECRET", "short"),
        ("MARU_DEBUG", "maybe"),
        ("MARU_URL", "city.example"),
        ("MARU_STAFF_MFA", "never"),
        ("MARU_FFMPEG", "/no/such/file"),
        ("MARU_LIMITS_EXEMPT", "192.0.2.7, the hall"),
        ("MARU_LIMITS_EXEMPT", "192.0.2.7/24"),
        ("MARU_PROT", "8000"),
    ],
)
def test_a_wrong_value_names_the_setting(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        _load(tmp_path, **{name: value})
    assert refused.value.name == name
    assert refused.value.reason


def test_shared_addresses_are_networks(tmp_path: Path) -> None:
    assert _load(tmp_path).limits_exempt == ()
    named = _load(tmp_path, MARU_LIMITS_EXEMPT="192.0.2.7, 2001:db8::/32,").limits_exempt
    assert [str(network) for network in named] == ["192.0.2.7/32", "2001:db8::/32"]


def test_a_database_password_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        _load(tmp_path, MARU_DATABASE="mysql://maru:hush@db/maru")
    assert "hush" not in str(refused.value)


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SettingsError) as refused:
        _load(blocked / "home")
    assert refused.value.name == "MARU_HOME"


def test_every_setting_has_words() -> None:
    assert all(text.endswith(".") for _default, text in SETTINGS.values())
