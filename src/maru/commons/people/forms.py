"""Forms of the account."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from maru.commons.people.models import Person, Role


class SignupForm(forms.Form):
    """Added to allauth's sign-up form: the name that other citizens will see."""

    nickname = forms.CharField(
        label=_("Nickname"),
        max_length=40,
        required=False,
        help_text=_("What other citizens see beside what you write. You can change it later."),
    )

    def signup(self, request, user):
        """Called by allauth after the account is made."""
        user.nickname = self.cleaned_data["nickname"].strip()
        user.language = getattr(request, "LANGUAGE_CODE", "")[:10]
        user.save(update_fields=["nickname", "language"])


class ProfileForm(forms.ModelForm):
    """What a person may change of their own account."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("That of the browser")), *settings.LANGUAGES], required=False
    )

    class Meta:
        model = Person
        fields = ["nickname", "name", "language"]


class DeleteForm(forms.Form):
    """Typing the address again keeps a slip of the finger from deleting an account."""

    email = forms.EmailField(label=_("Your e-mail address, once more"))


class GrantForm(forms.Form):
    """A role to give; the office only for officers."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    office = forms.CharField(label=_("Office (officers only)"), required=False)
