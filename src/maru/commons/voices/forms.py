"""Forms of the office inbox."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from maru.commons.offices.models import Office
from maru.commons.voices.models import TEXT_LENGTH


class AnswerForm(forms.Form):
    """An answer in writing."""

    text = forms.CharField(
        label=_("Answer"),
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6, "maxlength": TEXT_LENGTH}),
        help_text=_("Public, in the name of your office. Answer in the language of the question."),
    )


class PassOnForm(forms.Form):
    """Another office is the right one."""

    office = forms.ModelChoiceField(label=_("Office"), queryset=Office.objects.filter(answers=True))
    reason = forms.CharField(
        label=_("Why this office"), max_length=300, help_text=_("Public: citizens see each hand-off.")
    )
