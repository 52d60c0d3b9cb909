"""Components that lead somewhere, and what the page frame needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.template.context import Context
from django.templatetags.static import static
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from maru.platform.ui import house
from maru.platform.ui import vite as built
from maru.platform.ui.components.library import (
    register,
)
from maru.platform.ui.themes import theme_of


@register.simple_tag(name="vite")
def vite_tag(entry: str) -> SafeString:
    """Name the built script and styles of an entry of `frontend/`, e.g. `src/live/page.ts`."""
    files = built.entry(entry)
    styles = format_html_join(
        "\n", '<link rel="stylesheet" href="{}">', ((static(f"build/{name}"),) for name in files.styles)
    )
    preloads = format_html_join(
        "\n", '<link rel="modulepreload" href="{}">', ((static(f"build/{name}"),) for name in files.preloads)
    )
    scripts = format_html_join(
        "\n",
        '<script type="module" src="{}"></script>',
        ((static(f"build/{name}"),) for name in files.scripts),
    )
    return format_html("{}\n{}\n{}", styles, preloads, scripts)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return the theme that the page shall wear: "auto", "light", "dark" or "wall"."""
    return theme_of(context.get("request"))


@register.inclusion_tag("ui/components/breadcrumbs.html")
def breadcrumbs(items: Sequence[tuple[str, str]], label: str = "") -> dict[str, Any]:
    """Show the way here: pairs (label, url); the last one, without url, is this page. Home is added."""
    return {"items": items, "label": label}


@register.inclusion_tag("ui/components/breadcrumbs.html")
def trail(*parts: str, label: str = "") -> dict[str, Any]:
    """Show breadcrumbs written in the template: label, url, label, url, …, label of this page."""
    items = [
        (parts[index], parts[index + 1] if index + 1 < len(parts) else "")
        for index in range(0, len(parts), 2)
    ]
    return {"items": items, "label": label}


@register.inclusion_tag("ui/components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], parameter: str = "page") -> dict[str, Any]:
    """Show the pages of a Django Page; the query's other parameters are kept."""
    request = context.get("request")
    query = request.GET.copy() if request else None
    prefix = "?"
    if query is not None:
        query.pop(parameter, None)
        prefix = f"?{query.urlencode()}&" if query else "?"
    return {
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "ellipsis": page.paginator.ELLIPSIS,
        "prefix": f"{prefix}{parameter}=",
    }


@register.inclusion_tag("ui/components/tabs.html")
def tabs(*parts: str, label: str = "", current: str = "") -> dict[str, Any]:
    """Show tabs that are links: label, url, label, url …; `current` is the url of this page."""
    items = [(parts[index], parts[index + 1]) for index in range(0, len(parts) - 1, 2)]
    return {"items": items, "label": label, "current": current}


@register.simple_tag(takes_context=True)
def menu_items(context: Context, place: str) -> list[house.MenuItem]:
    """Return the entries of the menu "main", "staff" or "footer", built from the services' manifests."""
    return house.menu_items(place, context.get("request"))


@register.inclusion_tag("ui/menu.html", takes_context=True)
def menu(context: Context, place: str = "main") -> dict[str, Any]:
    """Draw the menu "main" or "staff"."""
    return {"items": house.menu_items(place, context.get("request")), "place": place}


@register.simple_tag
def native_name(code: str) -> str:
    """Return the name of a language in itself: 한국어, English."""
    return str(translation.get_language_info(code)["name_local"])


@register.filter
def lookup(values: Mapping[Any, Any], key: Any) -> Any:
    """Return values[key], or an empty text when absent."""
    return values.get(key, "")
