"""Components that say something: notices, cards, numbers, opinions, the player."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from maru.platform.ui import icons
from maru.platform.ui.components.library import (
    NOTICE_ALIASES,
    NOTICE_ICONS,
    TONES,
    classes,
    known,
    register,
)
from maru.platform.ui.player_words import player_words


@register.simple_tag
def tag(label: str, tone: str = "neutral", icon: str = "") -> SafeString:
    """Draw a tag (state, category). The tone "live" has a beating dot."""
    known(tone, TONES, "tag tone")
    return format_html(
        '<span class="tag tag--{}">{}{}</span>', tone, icons.svg(icon, "small") if icon else "", label
    )


def _notice(kind: str, title: str, content: str) -> SafeString:
    kind = NOTICE_ALIASES.get(kind, kind)
    known(kind, NOTICE_ICONS, "notice kind")
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
def card(
    content: str,
    title: str = "",
    href: str = "",
    level: int = 2,
    tone: str = "",
    icon: str = "",
    extra: str = "",
) -> SafeString:
    """Draw a card. With href the title is a link and the whole card can be clicked."""
    heading: str = ""
    if title:
        inner = format_html('<a class="card__link" href="{}">{}</a>', href, title) if href else title
        heading = format_html(
            '<h{} class="card__title">{}{}</h{}>', level, icons.svg(icon) if icon else "", inner, level
        )
    return format_html(
        '<section class="{}">{}{}</section>',
        classes("card", "card--link" if href else "", f"card--{tone}" if tone else "", extra),
        heading,
        content,
    )


@register.inclusion_tag("ui/components/stat.html")
def stat(
    label: str,
    value: object,
    unit: str = "",
    age: dt.datetime | str = "",
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
        "age_is_time": isinstance(age, dt.datetime),
        "source": source,
        "source_url": source_url,
        "tone": tone,
        "id": id,
    }


@register.inclusion_tag("ui/components/moment.html")
def moment(at: dt.datetime, style: str = "both") -> dict[str, Any]:
    """Write a time in the city's time zone: style both, date or time. A script adds "3 minutes ago"."""
    known(style, {"both", "date", "time"}, "moment style")
    return {"at": timezone.localtime(at) if timezone.is_aware(at) else at, "style": style}


@register.inclusion_tag("ui/components/empty.html")
def empty(text: str, title: str = "", href: str = "", label: str = "", icon: str = "list") -> dict[str, Any]:
    """Say that there is nothing here yet, and what can be done."""
    return {"text": text, "title": title, "href": href, "label": label, "icon": icon}


@register.simple_block_tag
def disclosure(content: str, summary: str, open: bool = False, extra: str = "") -> SafeString:
    """Hide details until asked for."""
    return format_html(
        '<details class="{}"{}><summary class="disclosure__summary">{}{}</summary>'
        '<div class="disclosure__body">{}</div></details>',
        classes("disclosure", extra),
        SafeString(" open") if open else "",
        icons.svg("chevron-right"),
        summary,
        content,
    )


@register.simple_block_tag
def table(content: str, caption: str, caption_hidden: bool = False, stack: bool = False) -> SafeString:
    """Wrap thead and tbody. Narrow screens scroll it, or with `stack` show each row as a card (cells need data-label)."""
    return format_html(
        '<div class="table" role="region" aria-label="{}" tabindex="0"><table class="{}"><caption class="{}">{}</caption>{}'
        "</table></div>",
        caption,
        classes("table__grid", "table__grid--stack" if stack else ""),
        classes("table__caption", "visually-hidden" if caption_hidden else ""),
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
        classes("avatar", f"avatar--{size}" if size else ""),
        sum(map(ord, name)) % 6,
        letter,
    )


@register.inclusion_tag("ui/components/opinion.html")
def opinion(
    opinion: object, vote_url: str = "", voted: bool = False, can_vote: bool = True
) -> dict[str, Any]:
    """Draw one opinion or question: id, name, text, at, question, votes, state (object or mapping)."""
    return {"opinion": opinion, "vote_url": vote_url, "voted": voted, "can_vote": can_vote, "blank": False}


@register.inclusion_tag("ui/components/opinion.html")
def opinion_template(vote_url: str = "", can_vote: bool = True) -> dict[str, Any]:
    """Draw the empty row a script clones, inside `<template>`: parts are marked with data-part."""
    nobody = {"id": "", "name": "", "text": ""}
    return {"opinion": nobody, "vote_url": vote_url, "voted": False, "can_vote": can_vote, "blank": True}


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
