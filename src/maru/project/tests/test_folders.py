"""Media and static files: what may be kept for ever, what must be asked again, what is not given."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.routing import Mount, Router
from starlette.testclient import TestClient

from maru.project.folders import ASK_AGAIN, FOR_EVER, MediaFolder


@pytest.fixture
def media(tmp_path: Path) -> TestClient:
    for name, text in {
        "live/a/index.m3u8": "#EXTM3U\n",
        "live/a/720p.m3u8": "#EXTM3U\n#whole\n",
        "live/a/720p.delta.m3u8": "#EXTM3U\n#rest\n",
        "live/a/src/s1/720p/000001.m4s": "x" * 1000,
        "live/a/conversation/1700000000-v2.json": "{}",
        "live/a/conversation/index.json": "{}",
        "live/a/captions/ko-v1.vtt": "WEBVTT\n",
        ".secret": "hush",
        "live/.draft": "hush",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return TestClient(Router([Mount("/media", app=MediaFolder(tmp_path))]))


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("live/a/index.m3u8", ASK_AGAIN),
        ("live/a/conversation/index.json", ASK_AGAIN),
        ("live/a/src/s1/720p/000001.m4s", FOR_EVER),
        ("live/a/conversation/1700000000-v2.json", FOR_EVER),
        ("live/a/captions/ko-v1.vtt", FOR_EVER),
    ],
)
def test_what_never_changes_may_be_kept_for_ever(media: TestClient, path: str, rule: str) -> None:
    answer = media.get(f"/media/{path}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == rule
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_range_of_a_segment_is_given(media: TestClient) -> None:
    answer = media.get("/media/live/a/src/s1/720p/000001.m4s", headers={"Range": "bytes=0-9"})
    assert answer.status_code == 206
    assert len(answer.content) == 10


def test_a_list_that_has_not_changed_is_not_sent_again(media: TestClient) -> None:
    first = media.get("/media/live/a/index.m3u8")
    again = media.get("/media/live/a/index.m3u8", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_the_rest_of_a_list_is_given_to_who_asks_for_it(media: TestClient) -> None:
    assert "#rest" in media.get("/media/live/a/720p.m3u8?_HLS_skip=YES").text
    assert "#whole" in media.get("/media/live/a/720p.m3u8").text


@pytest.mark.parametrize(
    "path", [".secret", "live/.draft", "%2e%2e/conftest.py", "live/%2e%2e/%2e%2e/etc/passwd", "live/a"]
)
def test_nothing_hidden_or_outside_is_given(media: TestClient, path: str) -> None:
    answer = media.get(f"/media/{path}")
    assert answer.status_code in {404, 405}
    assert answer.headers["cache-control"] == "no-store"
