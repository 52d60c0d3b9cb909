"""OGC API Features as plain pages: the same documents for people, without script."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from html import escape
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.rest.ckan_shapes import words

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}th,td{border:1px solid #767676;padding:.25rem .5rem;text-align:left}"
    "a{color:#0b50d0}"
)


def _page(title: str, body: str) -> str:
    language = get_language() or "en"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def _links(found: list[dict[str, str]]) -> str:
    items = "".join(
        f'<li><a href="{escape(one["href"])}">{escape(one.get("title") or one["rel"])}</a> '
        f"<small>({escape(one['rel'].rpartition('/')[2])}, {escape(one['type'])})</small></li>"
        for one in found
    )
    return f"<ul>{items}</ul>"


def page(name: str, shown: Mapping[str, Any]) -> str:
    """Any document: its text, its links, and what it lists."""
    if name == "conformance":
        rows = "".join(f"<li><code>{escape(one)}</code></li>" for one in shown["conformsTo"])
        return _page(_("What this service conforms to"), f"<ul>{rows}</ul>")
    if name == "api":
        rows = "".join(
            f"<tr><td><code>{escape(path)}</code></td><td>{escape(one['get'].get('summary', ''))}</td></tr>"
            for path, one in shown["paths"].items()
        )
        head = f"<tr><th>{_('Address')}</th><th>{_('What it gives')}</th></tr>"
        return _page(_("The interface described"), f"<table>{head}{rows}</table>")
    if name == "queryables":
        rows = "".join(
            f"<tr><td><code>{escape(key)}</code></td><td>{escape(str(one.get('title', '')))}</td>"
            f"<td>{escape(str(one.get('type', one.get('format', ''))))}</td></tr>"
            for key, one in shown["properties"].items()
        )
        head = f"<tr><th>{_('Name')}</th><th>{_('Title')}</th><th>{_('Type')}</th></tr>"
        return _page(str(shown["title"]), f"<table>{head}{rows}</table>")
    if name == "collections":
        rows = "".join(
            f'<li><a href="{escape(one["links"][1]["href"])}">{escape(one["title"])}</a></li>'
            for one in shown["collections"]
        )
        return _page(_("Collections"), f"<ul>{rows}</ul>")
    text = f"<p>{escape(str(shown.get('description', '')))}</p>"
    return _page(str(shown.get("title", name)), text + _links(shown.get("links", [])))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return escape(str(value))


def items(view: DatasetView, shown: Mapping[str, Any]) -> str:
    """A page of features as a table."""
    names = [one.name for one in view.columns]
    titles = {one.name: words(one.titles) or one.name for one in view.columns}
    head = "".join(f'<th scope="col">{escape(titles[name])}</th>' for name in names)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_cell(one['properties'].get(name))}</td>" for name in names) + "</tr>"
        for one in shown["features"]
    )
    count = _("%(shown)s of %(total)s features") % {
        "shown": shown["numberReturned"],
        "total": shown["numberMatched"],
    }
    return _page(
        words(view.titles),
        f"<p>{escape(count)}</p><table><tr>{head}</tr>{rows}</table>{_links(shown['links'])}",
    )


def item(view: DatasetView, shown: Mapping[str, Any]) -> str:
    """One feature."""
    rows = "".join(
        f'<tr><th scope="row">{escape(words(one.titles) or one.name)}</th>'
        f"<td>{_cell(shown['properties'].get(one.name))}</td></tr>"
        for one in view.columns
    )
    return _page(words(view.titles), f"<table>{rows}</table>{_links(shown['links'])}")
