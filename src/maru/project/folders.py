"""Folders served by the web process, with the cache rules that make mirrors and CDNs work."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from pathlib import Path

from django.apps import apps
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".vtt": "text/vtt; charset=utf-8",
    ".json": "application/json",
}
_IMMUTABLE = re.compile(r"(/src/.+\.(m4s|mp4)|^live/slates/.+\.(m4s|mp4)|-v\d+\.(json|vtt)|^files/.+)$")
_HASHED = re.compile(r"(^|/)build/assets/[^/]+-[\w-]{8,}\.\w+$")


class MediaFolder(StaticFiles):
    """``/media/``: what the media process and the worker have written. Nothing that begins with a dot."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        if any(part.startswith(".") for part in Path(path).parts):
            return PlainTextResponse("Not found\n", 404, {"cache-control": "no-store"})
        # A reader that holds the beginning of the list may ask for the rest alone (RFC 8216bis, 6.2.5.1).
        if path.endswith(".m3u8") and b"_HLS_skip=YES" in scope.get("query_string", b""):
            delta = path.removesuffix(".m3u8") + ".delta.m3u8"
            if self.lookup_path(delta)[1] is not None:
                path = delta
        response = await _found(super().get_response(path, scope))
        if response.status_code in {200, 206, 304}:
            kind = TYPES.get(Path(path).suffix)
            if kind and response.status_code != 304:
                response.headers["content-type"] = kind
            response.headers["cache-control"] = FOR_EVER if _IMMUTABLE.search(path) else ASK_AGAIN
        else:
            response.headers["cache-control"] = "no-store"
        # Mirrors, embeds and other cities' pages play from here.
        response.headers["access-control-allow-origin"] = "*"
        response.headers["x-content-type-options"] = "nosniff"
        return response


class StaticFolder(StaticFiles):
    """``/static/``: the built front end and the parts' own files."""

    def __init__(self, roots: list[Path]) -> None:
        super().__init__(directory=roots[0], check_dir=False)
        self.all_directories = [*roots]

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await _found(super().get_response(path, scope))
        if response.status_code in {200, 206}:
            response.headers["cache-control"] = FOR_EVER if _HASHED.search(path) else "public, max-age=300"
        response.headers["x-content-type-options"] = "nosniff"
        return response


async def _found(answer: Awaitable[Response]) -> Response:
    """Starlette raises what it refuses; outside a Starlette application that has to become an answer here."""
    try:
        return await answer
    except HTTPException as refused:
        return PlainTextResponse(f"{refused.detail}\n", refused.status_code)


def static_roots() -> list[Path]:
    """Every ``static`` folder of the installed parts; no copying step is needed on one machine."""
    own = [Path(app.path) / "static" for app in apps.get_app_configs()]
    return [path for path in own if path.is_dir()] or own
