"""RSS 0.9 to 2.0, RDF, Atom and JSON Feed.

No options needed; of ``rounds`` ``each`` is useful, of ``paging`` ``style = "link"`` follows an Atom archive's rel=next.

Yields one row an entry: ``id``, ``title``, ``link``, ``summary``, ``content``, ``published``, ``updated`` (ISO 8601 with zone), ``author``, ``categories`` (joined by
``, ``), ``enclosure``, ``enclosure_type``, ``longitude``, ``latitude`` (GeoRSS), ``feed_title``. Texts are sanitised HTML. What is not well-formed is read as far as it can
be; a body that gives neither entries nor a feed's title is malformed. A feed in which entries are declared as XML entities is refused.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser

from maru.commons.sources.contracts import JSON, Declaration, Delivery, SourceFault
from maru.commons.sources.kits import bodies, paging, rest
from maru.commons.sources.kits.envelopes import Envelope
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.shapes import Row

_ROOTS = re.compile(r"<(?:\w+:)?(?:rss|feed|RDF|channel)[\s>]", re.IGNORECASE)
_KST = re.compile(r"\bKST\b")
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)


def read_body(body: bytes, content_type: str = "") -> Envelope:
    """One feed. Raises SourceFault."""
    body = bodies.unpacked(body)
    if len(body) > bodies.LARGEST // 8:
        raise SourceFault("too_large", f"a feed of {len(body):,} bytes")
    text = bodies.text_of(body, content_type).lstrip("\ufeff \t\r\n")
    if not text:
        raise SourceFault("empty", "an answer without a body", raw=body)
    if text[0] in "{[":
        return _json_feed(bodies.read_json(body, content_type), body)
    if bodies.is_page(text):
        raise bodies.page_fault(text, body)
    if _ENTITY.search(text[:20_000]):
        raise bodies.malformed("a feed that declares entities is refused", body)
    if not _ROOTS.search(text[:5_000]):
        raise bodies.malformed("neither RSS nor Atom", body)
    # Declared encodings lie; ours has been found out, so it is the one that is declared.
    text = re.sub(r"^<\?xml[^>]*\?>", "", text)
    found = feedparser.parse(
        text.encode(), response_headers={"content-type": "application/xml; charset=utf-8"}
    )
    if not found.entries and not found.feed.get("title") and found.bozo:
        raise bodies.malformed(f"not a feed: {found.get('bozo_exception')}", body)
    title = str(found.feed.get("title", ""))
    following = next(
        (link.get("href", "") for link in found.feed.get("links", ()) if link.get("rel") == "next"), ""
    )
    return Envelope(rows=[_row(entry, title) for entry in found.entries], next=following)


def _row(entry: Mapping[str, Any], title: str) -> Row:
    enclosures = entry.get("enclosures") or [{}]
    content = entry.get("content") or [{}]
    longitude, latitude = _place(entry)
    return {
        "id": entry.get("id") or entry.get("link") or entry.get("title"),
        "title": entry.get("title"),
        "link": entry.get("link"),
        "summary": entry.get("summary"),
        "content": content[0].get("value"),
        "published": _moment(entry, "published"),
        "updated": _moment(entry, "updated") or _moment(entry, "published"),
        "author": entry.get("author"),
        "categories": ", ".join(str(tag["term"]) for tag in entry.get("tags", ()) if tag.get("term")) or None,
        "enclosure": enclosures[0].get("href"),
        "enclosure_type": enclosures[0].get("type"),
        "longitude": longitude,
        "latitude": latitude,
        "feed_title": title,
    }


def _moment(entry: Mapping[str, Any], name: str) -> str | None:
    """A date as ISO 8601: with its zone where it has one (KST among them), without where it has none, as it is where nobody reads it."""
    text = str(entry.get(name) or "").strip()
    for read in (dt.datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(_KST.sub("+0900", text)).isoformat()
        except (ValueError, TypeError, IndexError):
            continue
    parsed = entry.get(f"{name}_parsed")
    if parsed:
        try:
            return dt.datetime.fromtimestamp(calendar.timegm(parsed), dt.UTC).isoformat()
        except (ValueError, OverflowError):
            return text or None
    return text or None


def _place(entry: Mapping[str, Any]) -> tuple[float | None, float | None]:
    where = entry.get("where")
    if isinstance(where, Mapping) and where.get("type") == "Point":
        found: Sequence[float] = where["coordinates"]
        return float(found[0]), float(found[1])
    try:
        return float(entry["geo_long"]), float(entry["geo_lat"])
    except (KeyError, TypeError, ValueError):
        return None, None


def _json_feed(document: JSON, raw: bytes) -> Envelope:
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise bodies.malformed("no items: not a JSON Feed", raw)
    rows: list[Row] = []
    for item in items:
        if not isinstance(item, dict):
            continue
        authors = item.get("authors") or [item.get("author") or {}]
        attached = (item.get("attachments") or [{}])[0]
        rows.append(
            {
                "id": item.get("id") or item.get("url"),
                "title": item.get("title"),
                "link": item.get("url") or item.get("external_url"),
                "summary": item.get("summary"),
                "content": item.get("content_html") or item.get("content_text"),
                "published": item.get("date_published"),
                "updated": item.get("date_modified") or item.get("date_published"),
                "author": authors[0].get("name") if isinstance(authors[0], dict) else None,
                "categories": ", ".join(map(str, item.get("tags") or ())) or None,
                "enclosure": attached.get("url"),
                "enclosure_type": attached.get("mime_type"),
                "longitude": None,
                "latitude": None,
                "feed_title": document.get("title"),
            }
        )
    return Envelope(rows=rows, next=str(document.get("next_url") or ""))


class FeedKit(rest.RestKit):
    """See the module."""

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One feed alone."""
        return Delivery(rows=read_body(body, content_type).rows)

    def _body(self, options: Options, body: bytes, content_type: str) -> Envelope:
        return read_body(body, content_type)


KIT = FeedKit(
    reader=lambda document, options, raw: Envelope(rows=[]),
    pager=lambda options: paging.of(options, paging.Once()),
    headers={
        "Accept": "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
    },
)
