"""The catalogue for other catalogues: DCAT-AP 3 as JSON-LD and Turtle, DCAT-US 3 as ``/data.json``; streamed whole, or by page.

``?page=N&size=M`` gives a part with Hydra's links to the others; without ``page`` everything comes in one stream.
``?modified_since=`` leaves out what was not changed since.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import orjson

from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.rest import dcat_us, library
from maru.services.opendata.rest.dcat_shapes import CONTEXT, catalogue_node, dataset_nodes
from maru.services.opendata.rest.http import CATALOGUE, Answer, Request, bad
from maru.services.opendata.rest.literals import span_of
from maru.services.opendata.rest.shelf import shelf
from maru.services.opendata.rest.turtle import PREFIXES, turtle_of

JSONLD = "application/ld+json"
TURTLE = "text/turtle; charset=utf-8"
BATCH = 200


def answer(request: Request, key: str) -> Answer:
    """Answer one call; runs in a thread."""
    for name, _value in request.pairs:
        if name not in ("page", "size", "modified_since", "api_key"):
            bad(name[:60], "There is no such parameter here.")
    token = shelf.token(CATALOGUE)
    chosen = _chosen(request, token)
    write = _WRITERS[request.raw_path]
    size = request.whole("size", 100, 1, 500)
    if request.get("page"):
        page = request.whole("page", 1, 1, 100_000)
        part = chosen[(page - 1) * size : page * size]
        body = b"".join(write(request, chosen, part, (page, size)))
        return Answer(200, body, _kind(request), subject=CATALOGUE, version=token)
    if len(chosen) <= BATCH:
        body = b"".join(write(request, chosen, chosen, None))
        return Answer(200, body, _kind(request), subject=CATALOGUE, version=token)
    return Answer(200, b"", _kind(request), stream=lambda: _stream(write(request, chosen, chosen, None)))


def _kind(request: Request) -> str:
    kinds = {"/catalog.jsonld": JSONLD, "/catalog.ttl": TURTLE, "/data.json": "application/json"}
    return kinds[request.raw_path]


def _chosen(request: Request, token: int) -> list[str]:
    entries = library.entries(token)
    text = request.get("modified_since")
    if not text:
        return [one.slug for one in entries]
    try:
        since = span_of(text)[0]
    except (ValueError, OverflowError):
        bad("modified_since", "A date or time of RFC 3339.")
    return [one.slug for one in entries if one.modified >= since]


async def _stream(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each part is made in a thread: it asks the database."""
    from maru.services.opendata.rest.asgi import application

    while True:
        part = await application.in_thread(next, parts, b"")
        if not part:
            return
        yield part
        await asyncio.sleep(0)


def _batches(slugs: Sequence[str]) -> Iterator[list[DatasetView]]:
    for at in range(0, len(slugs), BATCH):
        yield library.views(slugs[at : at + BATCH])


Page = tuple[int, int] | None


def _jsonld(request: Request, every: Sequence[str], part: Sequence[str], page: Page) -> Iterator[bytes]:
    """``{"@context", "@graph": [catalogue, datasets …]}``."""
    head = orjson.dumps(catalogue_node(request.base, part, len(every), page, "/catalog.jsonld"))
    yield b'{"@context":' + orjson.dumps(CONTEXT) + b',"@graph":[' + head
    for views in _batches(part):
        nodes = [node for view in views for node in dataset_nodes(view, request.base)]
        yield b"".join(b"," + orjson.dumps(node) for node in nodes)
    yield b"]}"


def _turtle(request: Request, every: Sequence[str], part: Sequence[str], page: Page) -> Iterator[bytes]:
    head = catalogue_node(request.base, part, len(every), page, "/catalog.ttl")
    yield PREFIXES.encode() + turtle_of(head).encode()
    for views in _batches(part):
        yield "".join(
            turtle_of(node) for view in views for node in dataset_nodes(view, request.base)
        ).encode()


def _us(request: Request, every: Sequence[str], part: Sequence[str], page: Page) -> Iterator[bytes]:
    head: dict[str, Any] = dcat_us.catalogue(request.base)
    yield orjson.dumps(head)[:-1] + b',"dataset":['
    first = True
    for views in _batches(part):
        rows = b",".join(orjson.dumps(dcat_us.dataset(view, request.base)) for view in views)
        yield rows if first else b"," + rows
        first = False
    yield b"]}"


_WRITERS: dict[str, Callable[[Request, Sequence[str], Sequence[str], Page], Iterator[bytes]]] = {
    "/catalog.jsonld": _jsonld,
    "/catalog.ttl": _turtle,
    "/data.json": _us,
}
