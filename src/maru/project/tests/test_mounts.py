"""Applications that services answer with before Django get the addresses below their prefix, and no neighbours."""

from __future__ import annotations

import pytest

from maru.project import asgi


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/ogc", "features"),
        ("/ogc/", "features"),
        ("/ogc/collections", "features"),
        ("/ogcx", None),
        ("/ogc.html", None),
        ("/x/ogc", None),
        ("/openapi/sample/json", "openapi"),
        ("/openapi/", "openapi"),
        ("/openapi", None),
        ("/data.json", "list"),
        ("/data.jsonp", None),
        ("/", None),
    ],
)
def test_a_prefix_takes_whole_segments(path: str, found: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = [("/openapi/", "openapi"), ("/data.json", "list"), ("/ogc", "features")]
    monkeypatch.setattr(asgi, "_mounted", mounts)
    answers: object = asgi._mount_of(path)
    assert answers == found
