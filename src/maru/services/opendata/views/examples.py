"""Examples to copy: each runs as it stands, with the key ``sample``, against this house."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from maru.services.opendata.contracts import DatasetView
from maru.services.opendata.contracts_keys import SAMPLE, SAMPLE_ROWS


@dataclass(frozen=True)
class Example:
    """A piece of code with its title."""

    title: str
    text: str


def examples(view: DatasetView, *, base: str) -> list[Example]:
    """Ways to call a dataset, the simplest first. ``base`` is the house's address without a slash at the end."""
    code, slug = view.card.service_code, view.slug
    path = f"{base}/openapi/{SAMPLE}/json/{code}/1/{SAMPLE_ROWS}/"
    rows = f"{base}/api/v1/datasets/{slug}/rows"
    made = [
        Example(_("curl, in the path grammar of old programs"), f"curl '{path}'"),
        Example(_("curl, REST"), f"curl '{rows}?limit={SAMPLE_ROWS}'"),
        Example("Python", _PYTHON.format(address=rows, limit=SAMPLE_ROWS)),
        Example("JavaScript", _JAVASCRIPT.format(address=rows, limit=SAMPLE_ROWS)),
        Example(_("Python with ckanapi"), _CKAN.format(base=base, slug=slug, limit=SAMPLE_ROWS)),
        Example(
            _("DuckDB, the whole dataset at once"),
            _DUCKDB.format(base=base, slug=slug),
        ),
        Example(_("SODA query strings"), f"curl '{base}/resource/{slug}.json?$limit={SAMPLE_ROWS}'"),
    ]
    if view.card.has_map:
        made.append(
            Example(
                "OGC API Features", f"curl '{base}/ogc/collections/{slug}/items?f=json&limit={SAMPLE_ROWS}'"
            )
        )
    return made


_PYTHON = """\
import json
import urllib.request

with urllib.request.urlopen("{address}?limit={limit}") as answer:
    page = json.load(answer)
print(page)
"""
_JAVASCRIPT = """\
const answer = await fetch("{address}?limit={limit}");
const page = await answer.json();
console.log(page);
"""
_DUCKDB = "SELECT count(*) FROM read_parquet('{base}/data/{slug}/files/{slug}.parquet');"
_CKAN = """\
from ckanapi import RemoteCKAN

city = RemoteCKAN("{base}")
found = city.action.datastore_search(resource_id="{slug}", limit={limit})
print(found["total"], found["records"])
"""
