"""The catalogue's actions of CKAN: packages, organizations, groups, tags, resources, licences, the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from maru.commons.offices.city import current_city
from maru.services.opendata.contracts import CATEGORIES
from maru.services.opendata.rest import ckan_search, library
from maru.services.opendata.rest.ckan_parameters import (
    Asked,
    invalid,
    missing,
)
from maru.services.opendata.rest.ckan_shapes import (
    group,
    moment,
    organization,
    package,
    resources,
    tag,
    words,
)
from maru.services.opendata.rest.http import CATALOGUE, Problem
from maru.services.opendata.rest.library import Slim
from maru.services.opendata.rest.shelf import Holding, shelf

MOST_PACKAGES = 1_000
_TITLES: dict[str, Callable[[str], str]] = {
    "organization": lambda code: words(library.offices()[code].names) if code in library.offices() else code,
    "groups": lambda code: words(library.category_names(code)),
}


def _token() -> int:
    return shelf.token(CATALOGUE)


def _holding(asked: Asked, name: str = "id") -> Holding:
    slug = asked.text(name) or asked.text("name_or_id")
    if not slug:
        raise missing(name)
    return shelf.get(slug.partition(".")[0] if name != "id" else slug)


def package_list(asked: Asked) -> Any:
    slugs = [one.slug for one in library.entries(_token())]
    limit, offset = asked.whole("limit", len(slugs), 0, 100_000), asked.whole("offset", 0, 0, 1_000_000)
    return slugs[offset : offset + limit]


def package_show(asked: Asked) -> Any:
    return package(_holding(asked).view, asked.base, library.offices())


def package_search(asked: Asked) -> Any:
    wanted = ckan_search.Wanted([], [])
    order = asked.text("sort") or "score desc, metadata_modified desc"
    try:
        ckan_search.read(asked.text("q"), wanted)
        ckan_search.read(asked.text("fq"), wanted)
        for one in asked.texts("fq_list"):
            ckan_search.read(one, wanted)
        found = ckan_search.run(_token(), wanted, order)
    except ckan_search.Unreadable as fault:
        raise Problem(400, "search_query", str(fault), field="q") from None
    start, rows = asked.whole("start", 0, 0, 1_000_000), asked.whole("rows", 10, 0, 1_000_000)
    rows = min(rows, MOST_PACKAGES)
    offices = library.offices()
    chosen = library.views([one.slug for one in found[start : start + rows]])
    counted = _facets(asked, found)
    return {
        "count": len(found),
        "sort": order,
        "facets": {field: dict(values) for field, values in counted.items()},
        "search_facets": {
            field: {
                "title": field,
                "items": [
                    {"name": value, "display_name": _display(field, value), "count": count}
                    for value, count in values
                ],
            }
            for field, values in counted.items()
        },
        "results": [package(one, asked.base, offices) for one in chosen],
    }


def _display(field: str, value: str) -> str:
    return _TITLES[field](value) if field in _TITLES else value


def _facets(asked: Asked, found: list[Slim]) -> dict[str, list[tuple[str, int]]]:
    if asked.text("facet") in ("false", "False"):
        return {}
    limit = asked.whole("facet.limit", 50, -1, 10_000)
    fields = asked.texts("facet.field")
    return {field: ckan_search.facet(found, field, limit) for field in fields[:20]}


def current_package_list_with_resources(asked: Asked) -> Any:
    limit = asked.whole("limit", 100, 0, MOST_PACKAGES)
    offset = asked.whole("offset", 0, 0, 1_000_000)
    if asked.text("page"):
        offset = limit * (asked.whole("page", 1, 1, 1_000_000) - 1)
    newest = sorted(library.entries(_token()), key=lambda one: one.modified, reverse=True)
    offices = library.offices()
    chosen = library.views([one.slug for one in newest[offset : offset + limit]])
    return [package(one, asked.base, offices) for one in chosen]


def recently_changed_packages_activity_list(asked: Asked) -> Any:
    limit, offset = asked.whole("limit", 31, 0, 1_000), asked.whole("offset", 0, 0, 1_000_000)
    newest = sorted(library.entries(_token()), key=lambda one: one.modified, reverse=True)
    return [
        {
            "id": f"{one.slug}@{one.modified.timestamp():.0f}",
            "timestamp": moment(one.modified),
            "user_id": "city",
            "object_id": one.slug,
            "activity_type": "new package" if one.created == one.modified else "changed package",
            "data": {"package": {"id": one.slug, "name": one.slug, "title": words(one.titles)}},
        }
        for one in newest[offset : offset + limit]
    ]


def package_autocomplete(asked: Asked) -> Any:
    text = asked.text("q").casefold()
    limit = asked.whole("limit", 10, 0, 100)
    found = []
    for one in library.entries(_token()):
        title = words(one.titles)
        if text in one.slug or text in title.casefold():
            shown = {"name": one.slug, "title": title, "match_field": "title", "match_displayed": title}
            found.append(shown)
    return found[:limit]


def _counts(read: Callable[[Slim], str]) -> Counter[str]:
    return Counter(read(one) for one in library.entries(_token()))


def _listed(asked: Asked, every: Mapping[str, dict[str, Any]]) -> Any:
    names = asked.texts("groups") or asked.texts("organizations")
    chosen = [every[name] for name in (names or sorted(every)) if name in every]
    order = asked.text("sort") or "title asc"
    field, _space, direction = order.partition(" ")
    keys = {"name": "name", "title": "title", "package_count": "package_count", "packages": "package_count"}
    if field not in keys:
        raise invalid("sort", "Cannot sort field", f"{field[:40]}")
    chosen.sort(key=lambda one: one[keys[field]], reverse=direction.strip() == "desc")
    limit, offset = asked.whole("limit", len(chosen), 0, 10_000), asked.whole("offset", 0, 0, 100_000)
    chosen = chosen[offset : offset + limit]
    return chosen if asked.flag("all_fields") else [one["name"] for one in chosen]


def organization_list(asked: Asked) -> Any:
    counts = _counts(lambda one: one.office)
    every = {code: organization(office, counts[code]) for code, office in library.offices().items()}
    return _listed(asked, every)


def group_list(asked: Asked) -> Any:
    counts = _counts(lambda one: one.category)
    return _listed(asked, {code: group(code, counts[code]) for code in CATEGORIES})


def _with_packages(asked: Asked, shown: dict[str, Any], test: Callable[[Slim], bool]) -> dict[str, Any]:
    members = [one for one in library.entries(_token()) if test(one)]
    shown["package_count"] = len(members)
    shown |= {"extras": [], "tags": [], "groups": [], "users": []}
    if asked.flag("include_datasets"):
        offices = library.offices()
        chosen = library.views([one.slug for one in members[:1_000]])
        shown["packages"] = [package(one, asked.base, offices) for one in chosen]
    return shown


def organization_show(asked: Asked) -> Any:
    code = asked.text("id")
    if not code:
        raise missing("id")
    office = library.offices().get(code)
    if office is None:
        raise Problem(404, "not_found", "Not found")
    return _with_packages(asked, organization(office), lambda one: one.office == code)


def group_show(asked: Asked) -> Any:
    code = asked.text("id")
    if not code:
        raise missing("id")
    if code not in CATEGORIES:
        raise Problem(404, "not_found", "Not found")
    return _with_packages(asked, group(code), lambda one: one.category == code)


def group_package_show(asked: Asked) -> Any:
    code, limit = asked.text("id"), asked.whole("limit", 1_000, 0, 1_000)
    members = [one.slug for one in library.entries(_token()) if one.category == code]
    offices = library.offices()
    return [package(one, asked.base, offices) for one in library.views(members[:limit])]


def tag_list(asked: Asked) -> Any:
    text = asked.text("query").casefold()
    names = sorted(
        {name for one in library.entries(_token()) for name in one.keywords if text in name.casefold()}
    )
    return [tag(name) for name in names] if asked.flag("all_fields") else names


def tag_show(asked: Asked) -> Any:
    name = asked.text("id")
    if not name:
        raise missing("id")
    members = [one.slug for one in library.entries(_token()) if name in one.keywords]
    if not members:
        raise Problem(404, "not_found", "Not found")
    shown = tag(name)
    if asked.flag("include_datasets"):
        offices = library.offices()
        shown["packages"] = [package(one, asked.base, offices) for one in library.views(members[:1_000])]
    return shown


def tag_search(asked: Asked) -> Any:
    text = (asked.text("query") or asked.text("q")).casefold()
    names = sorted(
        {name for one in library.entries(_token()) for name in one.keywords if text in name.casefold()}
    )
    limit, offset = asked.whole("limit", 100, 0, 1_000), asked.whole("offset", 0, 0, 100_000)
    return {"count": len(names), "results": [tag(name) for name in names[offset : offset + limit]]}


def tag_autocomplete(asked: Asked) -> Any:
    return [one["name"] for one in tag_search(asked)["results"]]


def resource_show(asked: Asked) -> Any:
    name = asked.text("id")
    if not name:
        raise missing("id")
    holding = shelf.get(name.rpartition(".")[0] or name)
    for one in resources(holding.view, asked.base):
        if one["id"] == name or "." not in name:
            return one
    raise Problem(404, "not_found", "Not found")


def resource_search(asked: Asked) -> Any:
    queries = asked.texts("query")
    if not queries:
        raise missing("query")
    found = []
    tests = []
    for query in queries:
        field, colon, text = query.partition(":")
        if not colon or field not in ("name", "format", "url", "description", "id"):
            raise invalid("query", "Must be {field}:{value} of name, format, url, description", query[:60])
        tests.append((field, text.casefold()))
    limit, offset = asked.whole("limit", 100, 0, 1_000), asked.whole("offset", 0, 0, 1_000_000)
    # Names and addresses of resources are made of slug and format, so that the slim index can be asked first.
    for one in library.entries(_token()):
        for name in one.formats:
            made = {
                "name": f"{one.slug}.{name}",
                "id": f"{one.slug}.{name}",
                "format": name,
                "url": f"/data/{one.slug}/files/{one.slug}.{name}",
                "description": words(one.titles).casefold(),
            }
            if all(text in made[field] for field, text in tests):
                found.append((one.slug, f"{one.slug}.{name}"))
    page = found[offset : offset + limit]
    views = {view.slug: view for view in library.views(sorted({slug for slug, _name in page}))}
    results = [
        resource
        for slug, name in page
        if slug in views
        for resource in resources(views[slug], asked.base)
        if resource["id"] == name
    ]
    return {"count": len(found), "results": results}


def license_list(asked: Asked) -> Any:
    known: dict[str, dict[str, Any]] = {}
    first = {one.licence: one.slug for one in library.entries(_token())}
    for view in library.views(sorted(first.values())):
        licence = view.card.licence
        known[licence.id] = {
            "id": licence.id,
            "title": licence.title or licence.id,
            "url": licence.address,
            "status": "active",
            "domain_data": True,
            "domain_content": False,
            "domain_software": False,
            "family": "",
            "maintainer": "",
            "od_conformance": "not reviewed",
            "osd_conformance": "not reviewed",
            "is_generic": False,
        }
    return [known[code] for code in sorted(known)]


def status_show(asked: Asked) -> Any:
    city = current_city()
    return {
        "site_title": words(city.names),
        "site_description": "",
        "site_url": asked.base,
        # The version whose reading actions are spoken here; the software is Maru.
        "ckan_version": "2.11.0",
        "error_emails_to": None,
        "locale_default": "ko",
        "extensions": ["datastore"],
    }


def site_read(asked: Asked) -> Any:
    return True


def vocabulary_list(asked: Asked) -> Any:
    return []


def user_list(asked: Asked) -> Any:
    raise Problem(403, "not_authorized", "Access denied: people are not listed here.")


ACTIONS: dict[str, Callable[[Asked], Any]] = {
    function.__name__: function
    for function in (
        package_list,
        package_show,
        package_search,
        current_package_list_with_resources,
        recently_changed_packages_activity_list,
        package_autocomplete,
        organization_list,
        organization_show,
        group_list,
        group_show,
        group_package_show,
        tag_list,
        tag_show,
        tag_search,
        tag_autocomplete,
        resource_show,
        resource_search,
        license_list,
        status_show,
        site_read,
        vocabulary_list,
        user_list,
    )
}
ACTIONS["organization_list_for_user"] = lambda _asked: []
ACTIONS["package_list_with_resources"] = current_package_list_with_resources
