"""Forms of the moderators' list of words."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class WordForm(forms.Form):
    """A word to block."""

    word = forms.CharField(
        label=_("Word"),
        max_length=60,
        help_text=_(
            "Disguises (spaces, digits for letters, taken-apart Korean letters) are found by themselves."
        ),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class TryForm(forms.Form):
    """A text to try the list with."""

    text = forms.CharField(
        label=_("Try a text"), max_length=500, widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500})
    )
