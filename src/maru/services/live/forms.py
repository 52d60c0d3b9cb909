"""What people fill in: an opinion, a broadcast's settings, an act of a moderator. Rules live in the operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from maru.platform.access.refusals import Refusal
from maru.services.live.contracts import Named, Settings

REASONS = (
    ("insult", _("It insults or threatens someone")),
    ("private", _("It contains personal data")),
    ("advert", _("It is advertising or repeated again and again")),
    ("off_topic", _("It has nothing to do with this broadcast")),
    ("unlawful", _("It is against the law")),
)
THRESHOLDS = (
    ("loss_s", _("No data for"), 1.5),
    ("silence_s", _("Silence for"), 2.0),
    ("black_s", _("Black picture for"), 1.0),
    ("freeze_s", _("Frozen picture for"), 2.0),
    ("recover_s", _("Good again for"), 3.0),
)
PRESETS = (
    ("default", _("720p, 360p, 234p and sound")),
    ("full", _("1080p, 720p, 360p, 234p and sound")),
    ("light", _("360p, 234p and sound")),
)


def refuse(form: forms.Form, refusal: Refusal) -> None:
    """Show a refusal beside the field that it means, else above the form; what was typed stays."""
    first = _languages()[0]
    many = {"title": "title", "titles": "title", "summaries": "summary", "names": "name"}.get(
        refusal.field or ""
    )
    field = f"{many}_{first}" if many else refusal.field
    form.add_error(field if field in form.fields else None, str(refusal.message))


def reason_text(reason: str, words: str) -> str:
    """The sentence that the author will read: the chosen one, with the moderator's own words if any."""
    chosen = next((str(label) for code, label in REASONS if code == reason), "")
    return ". ".join(part for part in (chosen, words.strip()) if part)


class OpinionForm(forms.Form):
    """An opinion or a question. Length and emptiness are judged by the operation, which counts as people count."""

    text = forms.CharField(
        label=_("Your opinion or question"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("What would you like to say or ask?")}),
    )
    question = forms.BooleanField(label=_("Ask it as a question"), required=False)
    nickname = forms.CharField(
        label=_("Your nickname"),
        help_text=_("Everyone sees it. Leave it empty to speak as a numbered citizen."),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    moment = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    idempotency = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """A moment that cannot be read is no reason to refuse an opinion: then it is said now."""
        for name in ("moment", "idempotency"):
            if name in self.errors:
                del self._errors[name]  # type: ignore[attr-defined]  # Django's own store of errors
                self.cleaned_data[name] = None if name == "moment" else ""
        return self.cleaned_data


class ReasonForm(forms.Form):
    """Why something is hidden."""

    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS)
    words = forms.CharField(label=_("In your own words"), required=False, max_length=200)


class ChapterForm(forms.Form):
    """A point of the agenda."""

    title = forms.CharField(label=_("Title of the chapter"), max_length=200)


class WordsForm(forms.Form):
    """A title and a summary in every language of the house."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words: list[tuple[str, str]] = []
        for code in _languages():
            name = get_language_info(code)["name_local"]
            self.fields[f"title_{code}"] = forms.CharField(
                label=gettext("Title (%(language)s)") % {"language": name},
                help_text="" if self.words else gettext("In at least one language."),
                required=False,
                max_length=200,
            )
            self.fields[f"summary_{code}"] = forms.CharField(
                label=gettext("Summary (%(language)s)") % {"language": name},
                required=False,
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
            self.words.append((f"title_{code}", f"summary_{code}"))

    def word_fields(self) -> list[forms.BoundField]:
        """Titles and summaries, language by language."""
        return [self[name] for pair in self.words for name in pair]

    def titles(self) -> dict[str, str]:
        """The cleaned titles by language."""
        return {code: self.cleaned_data[f"title_{code}"] for code in _languages()}

    def summaries(self) -> dict[str, str]:
        """The cleaned summaries by language."""
        return {code: self.cleaned_data[f"summary_{code}"] for code in _languages()}

    @staticmethod
    def initial_words(titles: dict[str, str], summaries: dict[str, str]) -> dict[str, str]:
        """Present words as initial values."""
        words = {f"title_{code}": titles.get(code, "") for code in _languages()}
        return words | {f"summary_{code}": summaries.get(code, "") for code in _languages()}


class BroadcastForm(WordsForm):
    """A broadcast's settings, titles in every language of the house."""

    starts_at = forms.DateTimeField(
        label=_("Starts at"),
        help_text=_("In the city's own time. Leave it empty if it is not fixed yet."),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    programme = forms.ChoiceField(label=_("Programme"), required=False)
    topics = forms.MultipleChoiceField(label=_("Topics"), required=False, widget=forms.CheckboxSelectMultiple)
    preset = forms.ChoiceField(
        label=_("Picture sizes"), help_text=_("More sizes need more computing power."), choices=PRESETS
    )
    moderation = forms.ChoiceField(
        label=_("Moderation"),
        choices=(
            ("after", _("Opinions appear at once, moderators take away")),
            ("before", _("A moderator approves each opinion first")),
        ),
        widget=forms.RadioSelect,
    )
    slow_mode_s = forms.IntegerField(
        label=_("Slow mode"),
        help_text=_("Seconds that one person must wait between two opinions. 0 switches it off."),
        min_value=0,
        max_value=3600,
        initial=0,
    )
    anonymous = forms.BooleanField(label=_("Citizens may speak without an account"), required=False)
    opinions_open = forms.BooleanField(label=_("The conversation is open"), required=False)

    def __init__(
        self, *args: Any, topics: Iterable[Named] = (), programmes: Iterable[Named] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, label, standard in THRESHOLDS:
            self.fields[name] = forms.FloatField(
                label=label,
                min_value=0,
                max_value=60,
                initial=standard,
                widget=forms.NumberInput(attrs={"step": "0.1"}),
            )
        self.fields["silence_dbfs"] = forms.FloatField(
            label=_("Silence is below"), min_value=-90, max_value=-10, initial=-50.0
        )
        self._choices("programme").choices = [("", _("None")), *((one.code, one.name) for one in programmes)]
        self._choices("topics").choices = [(one.code, one.name) for one in topics]

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def threshold_fields(self) -> list[forms.BoundField]:
        """The watchdog's numbers."""
        return [self[name] for name, _label, _standard in THRESHOLDS] + [self["silence_dbfs"]]

    def changes(self) -> dict[str, Any]:
        """The cleaned form as ``create_broadcast`` and ``edit_broadcast`` take it."""
        data = self.cleaned_data
        return {
            "titles": self.titles(),
            "summaries": self.summaries(),
            "thresholds": {
                **{name: data[name] for name, _label, _standard in THRESHOLDS},
                "silence_dbfs": data["silence_dbfs"],
            },
            **{
                name: data[name]
                for name in (
                    "starts_at",
                    "programme",
                    "topics",
                    "preset",
                    "moderation",
                    "slow_mode_s",
                    "anonymous",
                    "opinions_open",
                )
            },
        }

    @staticmethod
    def initial_of(given: Settings) -> dict[str, Any]:
        """A broadcast's present settings as initial values."""
        names = (
            "starts_at",
            "programme",
            "preset",
            "moderation",
            "slow_mode_s",
            "anonymous",
            "opinions_open",
        )
        return {
            **WordsForm.initial_words(given.titles, given.summaries),
            **given.thresholds,
            "topics": list(given.topics),
            **{name: getattr(given, name) for name in names},
        }


class NewBroadcastForm(BroadcastForm):
    """A new broadcast: its settings, its address and how many encoders."""

    slug = forms.CharField(
        label=_("Address"),
        help_text=_(
            "Part of the page's address: small letters, digits and hyphens. It cannot be changed later."
        ),
        max_length=80,
    )
    backup = forms.BooleanField(
        label=_("With a second encoder that takes over when the first fails"), required=False, initial=True
    )
    field_order = ("slug",)


class PosterForm(forms.Form):
    """The picture that stands for a broadcast. What it must be is judged by the operation, which opens it."""

    poster = forms.FileField(
        label=_("New picture"),
        help_text=_("JPEG, PNG or WebP, at most 5 MB. 16 to 9 fits best, 1280 × 720 pixels or more."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={
            "required": _("Please choose a picture."),
            "empty": _("Please choose a picture."),
        },
    )


class CaptionsForm(forms.Form):
    """What is said, as text: a WebVTT file in one language."""

    language = forms.ChoiceField(label=_("Language"))
    file = forms.FileField(
        label=_("WebVTT file"),
        help_text=_("UTF-8, at most 1 MB. Its times count from the beginning of the recording."),
        widget=forms.FileInput(attrs={"accept": ".vtt,text/vtt"}),
        error_messages={"required": _("Please choose a file."), "empty": _("Please choose a file.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, get_language_info(code)["name_local"]) for code in _languages()]


class ProgrammeForm(WordsForm):
    """A series: its address and its words."""

    slug = forms.CharField(
        label=_("Address"),
        help_text=_(
            "Part of the page's address: small letters, digits and hyphens. Links to an old one break."
        ),
        max_length=80,
    )


class TopicForm(forms.Form):
    """A topic: its code and its name in every language of the house."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("Part of addresses: small letters, digits and hyphens. Links to an old one break."),
        max_length=40,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, code in enumerate(_languages()):
            self.fields[f"name_{code}"] = forms.CharField(
                label=gettext("Name (%(language)s)") % {"language": get_language_info(code)["name_local"]},
                help_text="" if number else gettext("In at least one language."),
                required=False,
                max_length=80,
            )

    def word_fields(self) -> list[forms.BoundField]:
        """Names, language by language."""
        return [self[f"name_{code}"] for code in _languages()]

    def names(self) -> dict[str, str]:
        """The cleaned names by language."""
        return {code: self.cleaned_data[f"name_{code}"] for code in _languages()}

    @staticmethod
    def initial_names(names: dict[str, str]) -> dict[str, str]:
        """Present names as initial values."""
        return {f"name_{code}": names.get(code, "") for code in _languages()}


def _languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]
