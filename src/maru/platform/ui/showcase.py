"""The page /design/: every component alive and as a snippet, in each theme and language."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, get_language_info, gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from maru.platform.ui import icons, themes

FOLDER = Path(__file__).parent / "templates" / "ui" / "showcase"

# Each is a template of that name in FOLDER, shown alive and as its own source.
EXAMPLES: tuple[tuple[str, Promise], ...] = (
    ("buttons", _("Buttons")),
    ("tags", _("Tags")),
    ("notices", _("Notices")),
    ("forms", _("Forms")),
    ("cards", _("Cards")),
    ("stats", _("Numbers")),
    ("opinions", _("Opinions and questions")),
    ("player", _("Player")),
    ("table", _("Table")),
    ("ways", _("Ways through the house")),
    ("details", _("Details, confirmation, dialog")),
    ("states", _("Empty, progress, people")),
    ("menus", _("Menus")),
)
COLOURS = (
    "paper", "surface", "sunk", "ink", "ink-soft", "line", "line-strong", "accent", "accent-deep", "accent-soft",
    "wood", "wood-soft", "live", "live-soft", "good", "good-soft", "warn", "warn-soft", "info", "info-soft", "focus",
)  # fmt: skip
_THEME_NAMES = {
    "light": pgettext_lazy("theme", "Light"),
    "dark": pgettext_lazy("theme", "Dark"),
    "wall": pgettext_lazy("theme", "Wall"),
}


@dataclass(frozen=True)
class Example:
    """One section of the page: its template is shown alive, its source as text."""

    name: str
    title: str
    template: str
    source: str


class ShowcaseForm(forms.Form):
    """One field of every kind."""

    name = forms.CharField(label=_("Your name"), max_length=30)
    text = forms.CharField(
        label=_("Your question"), max_length=500, widget=forms.Textarea(attrs={"rows": 4, "maxlength": 500})
    )
    office = forms.ChoiceField(
        label=_("Office"),
        required=False,
        choices=[("", _("The house decides")), ("roads", _("Road safety")), ("parks", _("Parks and rivers"))],
    )
    date = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    channel = forms.ChoiceField(
        label=_("How shall we answer?"),
        widget=forms.RadioSelect,
        choices=[("page", _("On the page")), ("mail", _("By e-mail"))],
        initial="page",
    )
    topics = forms.MultipleChoiceField(
        label=_("Topics"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("traffic", _("Traffic")), ("welfare", _("Welfare")), ("environment", _("Environment"))],
    )
    picture = forms.FileField(label=_("Picture"), required=False)
    agree = forms.BooleanField(label=_("I want to hear when my question is answered"), required=False)


def _opinions(now: dt.datetime) -> list[dict[str, Any]]:
    rows = (
        ("한결", gettext("Will the last bus run an hour later on Fridays?"), True, "on_air", 412, True),
        (
            "Minji K.",
            gettext("Thank you for reading the numbers aloud, my grandmother listens along."),
            False,
            "published",
            0,
            False,
        ),
        ("Noor", gettext("Why does the bridge stay closed until spring?"), True, "answered", 187, False),
        (
            "동네사람",
            gettext("How many trees were planted, and how many still stand?"),
            True,
            "asked",
            64,
            False,
        ),
    )
    return [
        {
            "id": f"example{number}", "name": name, "text": text, "question": question, "state": state,
            "votes": votes, "voted": voted, "at": now - dt.timedelta(minutes=3 * number),
        }
        for number, (name, text, question, state, votes, voted) in enumerate(rows)
    ]  # fmt: skip


def _variants(theme: str, language: str) -> list[dict[str, Any]]:
    return [
        {
            "theme": name,
            "language": code,
            "label": f"{words} · {get_language_info(code)['name_local']}",
            "current": (name, code) == (theme, language),
        }
        for name, words in _THEME_NAMES.items()
        for code, _name in settings.LANGUAGES
    ]


def _context(request: HttpRequest) -> dict[str, Any]:
    form = ShowcaseForm(
        {"name": "", "channel": "page", "text": gettext("Why does the bridge stay closed until spring?")}
    )
    form.is_valid()
    now = timezone.now()
    return {
        "variants": _variants(themes.theme_of(request), get_language() or ""),
        "colours": COLOURS,
        "icons": sorted(icons.shapes()),
        "examples": [
            Example(
                name,
                str(title),
                f"ui/showcase/{name}.html",
                (FOLDER / f"{name}.html").read_text(encoding="utf-8"),
            )
            for name, title in EXAMPLES
        ],
        "form": form,
        "now": now,
        "opinions": _opinions(now),
        "page": Paginator(range(240), 20).page(4),
    }


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """Show the design system in the theme `?theme=` and the language `?lang=`."""
    wanted = request.GET.get("lang", "")
    language = wanted if wanted in dict(settings.LANGUAGES) else get_language()
    with override(language):
        return render(request, "ui/design.html", _context(request))
