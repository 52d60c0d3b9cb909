"""Wiring of requests: who asks, and the reference that logs and fault pages show."""

from __future__ import annotations

import gzip
import io
import secrets
from collections.abc import AsyncIterator, Callable
from typing import cast
from zoneinfo import ZoneInfo

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from maru.commons.offices.city import current_city

# Formats that are packed already: packing them again costs time and gains nothing.
_PACKED = {
    "application/vnd.apache.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/zip",
}


class Compression(GZipMiddleware):
    """Django's own, but for streams: it packs each piece of an asynchronous stream as a file of its own.

    Many programs (httpx, curl, browsers) read the first of such files and silently lose the others. Here a stream is one file.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Pack the answer if its reader takes that."""
        if response.get("Content-Type", "").partition(";")[0] in _PACKED:
            return response
        if not (response.streaming and getattr(response, "is_async", False)):
            return super().process_response(request, response)
        patch_vary_headers(response, ("Accept-Encoding",))
        if response.has_header("Content-Encoding") or "gzip" not in request.headers.get(
            "Accept-Encoding", ""
        ):
            return response
        stream = cast(StreamingHttpResponse, response)
        stream.streaming_content = _packed(cast(AsyncIterator[bytes], stream.streaming_content))
        del response.headers["Content-Length"]
        if response.get("ETag", "").startswith('"'):
            response.headers["ETag"] = "W/" + response.headers["ETag"]
        response.headers["Content-Encoding"] = "gzip"
        return response


async def _packed(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """One gzip file of all pieces; each is packed in a thread, for a large one would hold up the loop."""
    sink = io.BytesIO()
    # A name of random length in the head, as Django does it: the length of the whole tells nothing.
    name = "a" * secrets.randbelow(GZipMiddleware.max_random_bytes)
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=6, fileobj=sink, mtime=0) as packer:

        def pack(piece: bytes) -> bytes:
            packer.write(piece)
            packer.flush()
            return _taken(sink)

        async for piece in pieces:
            if piece:
                yield await sync_to_async(pack, thread_sensitive=False)(piece)
    yield _taken(sink)


def _taken(sink: io.BytesIO) -> bytes:
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data


class RequestReference:
    """Give each request a short reference, bind it to the logs, answer it in ``X-Reference``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reference = secrets.token_hex(4).upper()
        request.reference = reference  # type: ignore[attr-defined]  # read by the fault page
        structlog.contextvars.bind_contextvars(reference=reference, path=request.path)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.clear_contextvars()
        response["X-Reference"] = reference
        return response


class CityTime:
    """Pages and forms speak the city's own time; databases, events and files stay in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(ZoneInfo(current_city().time_zone)):
            return self.get_response(request)


class TrustedProxies:
    """The reader's address as the outermost of the city's own proxies saw it (MARU_PROXIES of them).

    Counted from the right: what stands further left in X-Forwarded-For was written by the reader, who may write anything.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxies = settings.MARU.proxies
        if proxies:
            chain = [
                part.strip()
                for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
                if part.strip()
            ]
            if len(chain) >= proxies:
                request.META["REMOTE_ADDR"] = chain[-proxies]
        return self.get_response(request)
