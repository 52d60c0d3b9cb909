"""The web process as one ASGI application: media and static files from folders, services' own
fast applications at the addresses they declare, all else from Django.

A declared prefix takes whole segments of the path: ``/ogc`` is answered at ``/ogc`` and ``/ogc/...``, not at ``/ogcx``.

Segments are immutable and cacheable for ever, playlists and indexes must be asked again each time; both are plain
files, so that any web server or CDN can serve them instead.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maru.project.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from maru.platform.access.bodies import BodyGate
from maru.platform.registry.manifests import large_bodies, mounted
from maru.project.beats import web_beats
from maru.project.folders import MediaFolder, StaticFolder, static_roots

_django = BodyGate(get_asgi_application(), large_bodies())  # type: ignore[arg-type]  # Django types its own scope
_media = GZipMiddleware(MediaFolder(settings.MARU.media), minimum_size=600)
_static = GZipMiddleware(StaticFolder(static_roots()), minimum_size=600)
_mounted = mounted()
_files = Router([Mount("/media", app=_media), Mount("/static", app=_static)])


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Send each request to the part that answers it."""
    if scope["type"] == "lifespan":
        await web_beats(receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(("/media/", "/static/")):
        await _files(scope, receive, send)
    elif scope["type"] == "http" and (own := _mount_of(scope["path"])) is not None:
        await own(scope, receive, send)
    else:
        await _django(scope, receive, send)


def _mount_of(path: str) -> ASGIApp | None:
    return next((application for prefix, application in _mounted if _is_under(path, prefix)), None)


def _is_under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix.rstrip("/") + "/")
