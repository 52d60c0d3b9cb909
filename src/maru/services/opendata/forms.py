"""What people fill in at the plaza, the developers' corner and the desk. Rules live in the operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from maru.platform.access.refusals import Refusal
from maru.services.opendata.contracts import CATEGORIES, DatasetView
from maru.services.opendata.contracts_corner import APP_NAME, APP_SUMMARY, WISH_TEXT, WISH_TITLE
from maru.services.opendata.engine.contracts import ColumnInfo

_NICKNAME = _("Everyone sees it. Leave it empty to speak as a citizen.")


def refuse(form: forms.Form, refusal: Refusal) -> None:
    """Show a refusal beside the field that it means, else above the form; what was typed stays."""
    first = languages()[0]
    many = {"titles": f"title_{first}", "summaries": f"summary_{first}", "title": f"title_{first}"}
    field = refusal.field if refusal.field in form.fields else many.get(refusal.field or "", "")
    form.add_error(field if field in form.fields else None, str(refusal.message))


def languages() -> list[str]:
    """The languages of the house."""
    return [code for code, _name in settings.LANGUAGES]


def choices(form: forms.Form, name: str, given: Iterable[tuple[str, str]]) -> None:
    """Set the choices of a field."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(given)


class AskForm(forms.Form):
    """A question about a dataset."""

    text = forms.CharField(
        label=_("Your question"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write something.")},
    )
    nickname = forms.CharField(label=_("Your nickname"), help_text=_NICKNAME, required=False, max_length=30)


class ReportForm(forms.Form):
    """A defect of a dataset."""

    column = forms.ChoiceField(label=_("Column"), required=False)
    record = forms.CharField(
        label=_("Which row"),
        help_text=_("What tells it apart: a name, a number, a time."),
        required=False,
        max_length=300,
    )
    text = forms.CharField(
        label=_("What is wrong"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write something.")},
    )

    def __init__(self, *args: Any, columns: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        # The page holds the form of a question too, with a field of the same name.
        kwargs.setdefault("auto_id", "report_%s")
        super().__init__(*args, **kwargs)
        choices(self, "column", [("", gettext("The whole dataset")), *columns])


class FollowForm(forms.Form):
    """Where to be told of changes."""

    kind = forms.ChoiceField(
        label=_("How"), choices=(("email", _("E-mail")), ("webhook", _("Webhook (HTTP POST)")))
    )
    address = forms.CharField(
        label=_("Address"),
        help_text=_("An e-mail address, or the https address of your program."),
        max_length=500,
        error_messages={"required": _("Please write an address.")},
    )


class WishForm(forms.Form):
    """A request for data."""

    title = forms.CharField(
        label=_("Which data"),
        max_length=WISH_TITLE,
        error_messages={"required": _("Please write something.")},
    )
    text = forms.CharField(
        label=_("What for, and how exactly"),
        max_length=WISH_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Please write something.")},
    )
    nickname = forms.CharField(label=_("Your nickname"), help_text=_NICKNAME, required=False, max_length=30)


class KeyForm(forms.Form):
    """A new key."""

    purpose = forms.CharField(
        label=_("What is it for?"),
        help_text=_("One line, only for you and the city."),
        max_length=200,
        error_messages={"required": _("Please write something.")},
    )


class AppForm(forms.Form):
    """An app for the showcase."""

    name = forms.CharField(label=_("Name"), max_length=APP_NAME)
    kind = forms.ChoiceField(label=_("What it is"))
    address = forms.CharField(
        label=_("Address"), max_length=300, widget=forms.URLInput(attrs={"placeholder": "https://"})
    )
    summary = forms.CharField(
        label=_("What it does"), max_length=APP_SUMMARY, widget=forms.Textarea(attrs={"rows": 4})
    )
    datasets = forms.CharField(
        label=_("Datasets it uses"),
        help_text=_("Their addresses, one on each line, such as /data/bikes/."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    maker = forms.CharField(label=_("Who made it"), max_length=60)
    email = forms.EmailField(
        label=_("E-mail, for questions of the city"), help_text=_("It is not shown."), required=False
    )

    def __init__(self, *args: Any, kinds: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "kind", kinds)

    def slugs(self) -> list[str]:
        """The datasets named, as slugs."""
        lines = self.cleaned_data["datasets"].replace(",", "\n").split()
        return [line.strip("/").rpartition("/")[2] for line in lines]


class BookingForm(forms.Form):
    """A place in a course or an hour."""

    name = forms.CharField(
        label=_("Your name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    subject = forms.CharField(label=_("What you want to talk about"), required=False, max_length=500)


class WordsForm(forms.Form):
    """A title and a summary in every language of the house."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, code in enumerate(languages()):
            name = get_language_info(code)["name_local"]
            self.fields[f"title_{code}"] = forms.CharField(
                label=gettext("Title (%(language)s)") % {"language": name},
                help_text="" if number else gettext("In at least one language."),
                required=False,
                max_length=200,
            )
            self.fields[f"summary_{code}"] = forms.CharField(
                label=gettext("Summary (%(language)s)") % {"language": name},
                required=False,
                max_length=2_000,
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    def word_fields(self) -> list[forms.BoundField]:
        """Titles and summaries, language by language."""
        return [self[f"{part}_{code}"] for code in languages() for part in ("title", "summary")]

    def titles(self) -> dict[str, str]:
        """The titles that were given, by language."""
        return {code: text for code in languages() if (text := self.cleaned_data[f"title_{code}"])}

    def summaries(self) -> dict[str, str]:
        """The summaries that were given, by language."""
        return {code: text for code in languages() if (text := self.cleaned_data[f"summary_{code}"])}


class MeetingForm(WordsForm):
    """A new course or consulting hour."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=(("course", _("Course")), ("hour", _("Consulting hour")))
    )
    place = forms.CharField(
        label=_("Place"), help_text=_("A room, or the address of an online meeting."), max_length=200
    )
    starts_at = forms.DateTimeField(
        label=_("Starts at"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=5, max_value=600, initial=60)
    seats = forms.IntegerField(label=_("Places"), min_value=1, max_value=500, initial=10)


class DescriptionForm(WordsForm):
    """Field, office and licence beside the words."""

    category = forms.ChoiceField(label=_("Field"))
    office = forms.ChoiceField(label=_("Office"), required=False)
    licence = forms.ChoiceField(label=_("Licence"))

    def __init__(
        self,
        *args: Any,
        offices: Iterable[tuple[str, str]] = (),
        categories: Iterable[tuple[str, str]] = (),
        licences: Iterable[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        names = dict(categories)
        choices(self, "category", [(code, names.get(code, code)) for code in CATEGORIES])
        choices(self, "office", [("", gettext("None")), *offices])
        choices(self, "licence", licences)


class UploadForm(DescriptionForm):
    """A file to publish. What it must be is judged by the operation, which reads it."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, TSV, Excel (XLSX), JSON or GeoJSON; at most 64 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.xlsx,.json,.geojson,text/csv,application/json"}),
        error_messages={"required": _("Please choose a file."), "empty": _("This file is empty.")},
    )


class RowsForm(forms.Form):
    """A file with new rows for a dataset that came as a file."""

    file = forms.FileField(
        label=_("File with the same columns"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.xlsx,.json,.geojson,text/csv,application/json"}),
        error_messages={"required": _("Please choose a file."), "empty": _("This file is empty.")},
    )
    complete = forms.BooleanField(
        label=_("It is the whole dataset: rows that are not in it are gone"), required=False, initial=True
    )


@dataclass(frozen=True)
class ColumnFields:
    """The fields of one column on the desk."""

    name: str
    type: str
    fields: tuple[forms.BoundField, ...]


class DatasetForm(DescriptionForm):
    """A dataset described anew: words, field, office, licence, columns."""

    keywords = forms.CharField(label=_("Keywords, with commas between"), required=False, max_length=500)

    def __init__(self, *args: Any, columns: Sequence[ColumnInfo] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns = columns
        for number, _column in enumerate(columns):
            for code in languages():
                name = get_language_info(code)["name_local"]
                self.fields[f"column{number}_{code}"] = forms.CharField(
                    label=gettext("Title (%(language)s)") % {"language": name}, required=False, max_length=120
                )
            self.fields[f"column{number}_unit"] = forms.CharField(
                label=gettext("Unit"), required=False, max_length=40
            )

    def column_fields(self) -> list[ColumnFields]:
        """The columns' fields, column by column."""
        return [
            ColumnFields(
                column.name,
                column.type,
                tuple(self[f"column{number}_{part}"] for part in (*languages(), "unit")),
            )
            for number, column in enumerate(self.columns)
        ]

    def description(self) -> dict[str, Any]:
        """The cleaned form as ``edit`` takes it; the licence is still its id."""
        data = self.cleaned_data
        return {
            "titles": self.titles(),
            "summaries": self.summaries(),
            "category": data["category"],
            "office": data["office"],
            "keywords": [word.strip() for word in data["keywords"].split(",") if word.strip()],
            "columns": {
                column.name: {
                    "titles": {
                        code: text for code in languages() if (text := data[f"column{number}_{code}"])
                    },
                    "unit": data[f"column{number}_unit"],
                }
                for number, column in enumerate(self.columns)
            },
        }

    @staticmethod
    def initial_of(view: DatasetView) -> dict[str, Any]:
        """A dataset's present description as initial values."""
        given: dict[str, Any] = {
            "category": view.card.category.code,
            "office": view.card.office.code if view.card.office else "",
            "licence": view.card.licence.id,
            "keywords": ", ".join(view.keywords),
        }
        for code in languages():
            given[f"title_{code}"] = view.titles.get(code, "")
            given[f"summary_{code}"] = view.summaries.get(code, "")
        for number, column in enumerate(view.columns):
            given[f"column{number}_unit"] = column.unit
            for code in languages():
                given[f"column{number}_{code}"] = column.titles.get(code, "")
        return given


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)


class RouteForm(forms.Form):
    """An office for a request."""

    office = forms.ChoiceField(label=_("Office"))

    def __init__(self, *args: Any, offices: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "office", offices)


class DecideForm(forms.Form):
    """What became of a request."""

    state = forms.ChoiceField(label=_("State"))
    dataset = forms.CharField(
        label=_("Dataset that answers it"),
        help_text=_("Its address, such as /data/bikes/."),
        required=False,
        max_length=120,
    )

    def __init__(self, *args: Any, states: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices(self, "state", states)
