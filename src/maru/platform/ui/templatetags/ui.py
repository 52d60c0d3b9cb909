"""Template library `ui`: every component of the design system. Usage of each: platform/ui/README.md and /design/."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils import formats, timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from maru.platform.ui import house, icons, vite as built
from maru.platform.ui.player_words import player_words
from maru.platform.ui.themes import theme_of

register = template.Library()

BUTTON_KINDS = frozenset({"primary", "secondary", "danger", "quiet", "live"})
TONES = frozenset({"neutral", "accent", "good", "warn", "danger", "info", "live", "wood"})
NOTICE_ICONS = {"info": "info", "good": "check", "warn": "warning", "danger": "danger"}
# Django's message levels, in the words of this library.
_NOTICE_ALIASES = {"success": "good", "warning": "warn", "error": "danger", "debug": "info", "": "info"}


def _known(value: str, allowed: Iterable[str], what: str) -> str:
    if value not in allowed:
        raise template.TemplateSyntaxError(f"{what} {value!r} is unknown; use one of {', '.join(sorted(allowed))}")
    return value


def _classes(*names: str) -> str:
    return " ".join(name for name in names if name)


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
        "\n", '<script type="module" src="{}"></script>', ((static(f"build/{name}"),) for name in files.scripts)
    )
    return format_html("{}\n{}\n{}", styles, preloads, scripts)


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw an icon of static/ui/icons.svg; size "", "small" or "large"."""
    return icons.svg(name, size)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """Return the theme that the page shall wear: "auto", "light", "dark" or "wall"."""
    return theme_of(context.get("request"))


@register.simple_tag
def button(
    label: str,
    kind: str = "primary",
    type: str = "submit",
    icon: str = "",
    name: str = "",
    value: str = "",
    extra: str = "",
    disabled: bool = False,
    pressed: bool | None = None,
    form: str = "",
    opens: str = "",
    closes: bool = False,
    label_hidden: bool = False,
) -> SafeString:
    """Draw a button. `opens` is the id of a dialog; `label_hidden` leaves only the icon to the eye."""
    _known(kind, BUTTON_KINDS, "button kind")
    attributes: list[tuple[str, str]] = [("type", "button" if opens or closes else type)]
    attributes += [(key, text) for key, text in (("name", name), ("form", form), ("data-opens", opens)) if text]
    if value or name:
        attributes.append(("value", value))
    if pressed is not None:
        attributes.append(("aria-pressed", "true" if pressed else "false"))
    return format_html(
        '<button class="{}"{}{}{}>{}{}</button>',
        _classes("button", f"button--{kind}", "button--icon" if label_hidden else "", extra),
        format_html_join("", ' {}="{}"', attributes),
        SafeString(" data-closes") if closes else "",
        SafeString(" disabled") if disabled else "",
        icons.svg(icon) if icon else "",
        format_html('<span class="{}">{}</span>', "visually-hidden" if label_hidden else "button__label", label),
    )


@register.simple_tag
def link_button(
    label: str,
    href: str,
    kind: str = "primary",
    icon: str = "",
    extra: str = "",
    download: bool = False,
    label_hidden: bool = False,
) -> SafeString:
    """Draw a link that looks like a button: it goes somewhere, it changes nothing."""
    _known(kind, BUTTON_KINDS, "button kind")
    return format_html(
        '<a class="{}" href="{}"{}>{}{}</a>',
        _classes("button", f"button--{kind}", "button--icon" if label_hidden else "", extra),
        href,
        SafeString(" download") if download else "",
        icons.svg(icon) if icon else "",
        format_html('<span class="{}">{}</span>', "visually-hidden" if label_hidden else "button__label", label),
    )


@register.simple_tag
def tag(label: str, tone: str = "neutral", icon: str = "") -> SafeString:
    """Draw a tag (state, category). The tone "live" has a beating dot."""
    _known(tone, TONES, "tag tone")
    return format_html(
        '<span class="tag tag--{}">{}{}</span>', tone, icons.svg(icon, "small") if icon else "", label
    )


@register.inclusion_tag("ui/components/field.html")
def field(bound: BoundField, hint: str = "", label: str = "", extra: str = "", label_hidden: bool = False) -> dict[str, Any]:
    """Draw a form field of any widget with its label, hint and errors."""
    if hint:
        # BoundField itself writes aria-describedby from help_text; so the hint must be there.
        bound.help_text = hint
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    return {
        "field": bound,
        "label": label or bound.label,
        "label_hidden": label_hidden,
        "extra": extra,
        "single_choice": kind == "checkbox" and not widget.use_fieldset,
        "many_choices": kind in {"checkbox", "radio"} and widget.use_fieldset,
        "grouped": widget.use_fieldset,
        "optional": not bound.field.required and kind != "checkbox",
        "counter": widget.attrs.get("maxlength") if bound.widget_type == "textarea" else None,
    }


@register.inclusion_tag("ui/components/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """List the form's errors at the top of the page, each a link to its field."""
    return {"form": form}


@register.simple_block_tag
def fieldset(content: str, legend: str, hint: str = "") -> SafeString:
    """Put fields that belong together under one legend."""
    return format_html(
        '<fieldset class="fieldset"><legend class="fieldset__legend">{}</legend>{}{}</fieldset>',
        legend,
        format_html('<p class="field__hint">{}</p>', hint) if hint else "",
        content,
    )


def _notice(kind: str, title: str, content: str) -> SafeString:
    kind = _NOTICE_ALIASES.get(kind, kind)
    _known(kind, NOTICE_ICONS, "notice kind")
    return format_html(
        '<div class="notice notice--{}" role="{}">{}<div class="notice__body">{}{}</div></div>',
        kind,
        "alert" if kind == "danger" else "status",
        icons.svg(NOTICE_ICONS[kind]),
        format_html('<p class="notice__title">{}</p>', title) if title else "",
        content,
    )


@register.simple_tag
def notice(kind: str, text: str, title: str = "") -> SafeString:
    """Say something above the content: kind info, good, warn or danger (or a Django message tag)."""
    return _notice(kind, title, format_html("<p>{}</p>", text))


@register.simple_block_tag
def notice_block(content: str, kind: str, title: str = "") -> SafeString:
    """Draw a notice whose content is markup."""
    return _notice(kind, title, content)


@register.simple_block_tag
def card(content: str, title: str = "", href: str = "", level: int = 2, tone: str = "", icon: str = "", extra: str = "") -> SafeString:
    """Draw a card. With href the title is a link and the whole card can be clicked."""
    heading: str = ""
    if title:
        inner = format_html('<a class="card__link" href="{}">{}</a>', href, title) if href else title
        heading = format_html(
            '<h{} class="card__title">{}{}</h{}>', level, icons.svg(icon) if icon else "", inner, level
        )
    return format_html(
        '<section class="{}">{}{}</section>',
        _classes("card", "card--link" if href else "", f"card--{tone}" if tone else "", extra),
        heading,
        content,
    )


@register.inclusion_tag("ui/components/stat.html")
def stat(
    label: str,
    value: object,
    unit: str = "",
    age: datetime.datetime | str = "",
    source: str = "",
    source_url: str = "",
    tone: str = "",
    id: str = "",
) -> dict[str, Any]:
    """Draw a number with its unit, age and source; `id` lets a script write the value."""
    shown = formats.number_format(value, force_grouping=True) if isinstance(value, int | float) else value
    return {
        "label": label,
        "value": shown,
        "unit": unit,
        "age": age,
        "age_is_time": isinstance(age, datetime.datetime),
        "source": source,
        "source_url": source_url,
        "tone": tone,
        "id": id,
    }


@register.inclusion_tag("ui/components/moment.html")
def moment(at: datetime.datetime, style: str = "both") -> dict[str, Any]:
    """Write a time in the city's time zone: style both, date or time. A script adds "3 minutes ago"."""
    _known(style, {"both", "date", "time"}, "moment style")
    return {"at": timezone.localtime(at) if timezone.is_aware(at) else at, "style": style}


@register.inclusion_tag("ui/components/empty.html")
def empty(text: str, title: str = "", href: str = "", label: str = "", icon: str = "list") -> dict[str, Any]:
    """Say that there is nothing here yet, and what can be done."""
    return {"text": text, "title": title, "href": href, "label": label, "icon": icon}


@register.inclusion_tag("ui/components/breadcrumbs.html")
def breadcrumbs(items: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Show the way here: pairs (label, url); the last one, without url, is this page. Home is added."""
    return {"items": items}


@register.inclusion_tag("ui/components/breadcrumbs.html")
def trail(*parts: str) -> dict[str, Any]:
    """Show breadcrumbs written in the template: label, url, label, url, …, label of this page."""
    items = [(parts[index], parts[index + 1] if index + 1 < len(parts) else "") for index in range(0, len(parts), 2)]
    return {"items": items}


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


@register.simple_block_tag
def disclosure(content: str, summary: str, open: bool = False, extra: str = "") -> SafeString:
    """Hide details until asked for."""
    return format_html(
        '<details class="{}"{}><summary class="disclosure__summary">{}{}</summary>'
        '<div class="disclosure__body">{}</div></details>',
        _classes("disclosure", extra),
        SafeString(" open") if open else "",
        icons.svg("chevron-right"),
        summary,
        content,
    )


@register.simple_block_tag
def confirm(content: str, label: str, title: str, kind: str = "danger", icon: str = "", extra: str = "") -> SafeString:
    """Ask before a grave act. Works without JavaScript: the button opens a panel that holds the real form."""
    _known(kind, BUTTON_KINDS, "button kind")
    return format_html(
        '<details class="{}"><summary class="button button--{}">{}<span class="button__label">{}</span></summary>'
        '<div class="confirm__panel" role="group" aria-label="{}"><p class="confirm__title">{}</p>{}</div></details>',
        _classes("confirm", extra),
        kind,
        icons.svg(icon) if icon else "",
        label,
        title,
        title,
        content,
    )


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:
    """Draw a dialog that a button with `opens=id` opens. Only for what has another way without JavaScript."""
    return format_html(
        '<dialog class="dialog" id="{}" aria-labelledby="{}-title"><div class="dialog__head">'
        '<h2 class="dialog__title" id="{}-title">{}</h2>{}</div>{}</dialog>',
        id,
        id,
        id,
        title,
        button(translation.gettext("Close"), kind="quiet", icon="close", closes=True, label_hidden=True),
        content,
    )


@register.simple_block_tag
def table(content: str, caption: str, caption_hidden: bool = False, stack: bool = False) -> SafeString:
    """Wrap thead and tbody. Narrow screens scroll it, or with `stack` show each row as a card (cells need data-label)."""
    return format_html(
        '<div class="table" role="region" aria-label="{}" tabindex="0"><table class="{}"><caption class="{}">{}</caption>{}'
        "</table></div>",
        caption,
        _classes("table__grid", "table__grid--stack" if stack else ""),
        _classes("table__caption", "visually-hidden" if caption_hidden else ""),
        caption,
        content,
    )


@register.inclusion_tag("ui/components/progress.html")
def progress(label: str, value: float, maximum: float = 100, unit: str = "%") -> dict[str, Any]:
    """Show how far something is."""
    return {"label": label, "value": value, "maximum": maximum, "unit": unit}


@register.simple_tag
def avatar(name: str, size: str = "") -> SafeString:
    """Draw the first letter of a name in a colour of its own; decoration, so the name must stand beside it."""
    letter = next((character for character in name.strip() if character.isalnum()), "?").upper()
    return format_html(
        '<span class="{}" data-hue="{}" aria-hidden="true">{}</span>',
        _classes("avatar", f"avatar--{size}" if size else ""),
        sum(map(ord, name)) % 6,
        letter,
    )


@register.inclusion_tag("ui/components/opinion.html")
def opinion(opinion: object, vote_url: str = "", voted: bool = False, can_vote: bool = True) -> dict[str, Any]:
    """Draw one opinion or question: id, name, text, at, question, votes, state (object or mapping)."""
    return {"opinion": opinion, "vote_url": vote_url, "voted": voted, "can_vote": can_vote, "blank": False}


@register.inclusion_tag("ui/components/opinion.html")
def opinion_template(vote_url: str = "", can_vote: bool = True) -> dict[str, Any]:
    """Draw the empty row a script clones, inside `<template>`: parts are marked with data-part."""
    return {"opinion": {}, "vote_url": vote_url, "voted": False, "can_vote": can_vote, "blank": True}


@register.inclusion_tag("ui/player.html")
def player(
    src: str,
    title: str,
    poster: str = "",
    state: str = "live",
    sound: str = "",
    autoplay: bool = False,
    id: str = "player",
    chapters: Iterable[Mapping[str, Any]] = (),
    tracks: Iterable[Mapping[str, str]] = (),
    downloads: Iterable[tuple[str, str]] = (),
) -> dict[str, Any]:
    """Draw the player of one playlist.

    `sound` is the playlist of the sound alone; `chapters` are {"title", "at": datetime}; `tracks` are captions
    {"src", "label", "lang"}; `downloads` are (label, url) for readers without JavaScript.
    """
    marks = [{"title": str(one["title"]), "at": one["at"].isoformat()} for one in chapters if one.get("at")]
    return {
        "src": src,
        "title": title,
        "poster": poster,
        "state": state,
        "sound": sound,
        "autoplay": autoplay,
        "id": id,
        "downloads": list(downloads),
        "chapters": json.dumps(marks, ensure_ascii=False) if marks else "",
        "tracks": json.dumps(list(tracks), ensure_ascii=False) if tracks else "",
        "words": json.dumps(player_words(), ensure_ascii=False),
    }


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
    return translation.get_language_info(code)["name_local"]


@register.filter
def lookup(values: Mapping[Any, Any], key: Any) -> Any:
    """Return values[key], or an empty text when absent."""
    return values.get(key, "")
