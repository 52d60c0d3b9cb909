"""Forms of accounts and of the audit log's filter."""

from __future__ import annotations

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from maru.commons.offices.models import Office
from maru.commons.people.models import Person, Role


class SignupForm(AllauthSignupForm):  # type: ignore[misc]  # allauth has no types
    """allauth's sign-up form, and the name that other citizens will see."""

    nickname = forms.CharField(
        label=_("Nickname"),
        max_length=40,
        required=False,
        help_text=_("What other citizens see beside what you write. You can change it later."),
    )

    def save(self, request):
        """Make the account; its language is that of the page."""
        person = super().save(request)
        person.nickname = self.cleaned_data["nickname"].strip()
        person.language = getattr(request, "LANGUAGE_CODE", "")[:10]
        person.save(update_fields=["nickname", "language"])
        return person


class ProfileForm(forms.ModelForm):
    """What a person may change of their own account."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("That of the browser")), *settings.LANGUAGES], required=False
    )

    class Meta:
        model = Person
        fields = ["nickname", "name", "language"]
        help_texts = {
            "nickname": _("What other citizens see beside what you write."),
            "name": _("Only staff see it."),
        }


class DeleteForm(forms.Form):
    """Typing the address again keeps a slip of the finger from deleting an account."""

    email = forms.EmailField(label=_("Your e-mail address, once more"))


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("What it is for, for example: captions of the hall.")
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("a year")), (0, _("until I revoke it"))],
        initial=90,
    )


class PeopleFilter(forms.Form):
    """Search of accounts."""

    q = forms.CharField(label=_("Name or e-mail"), required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        required=False,
        choices=[("", _("Everyone")), ("staff", _("All staff")), *Role.choices],
    )


class OfficeChoice(forms.ModelChoiceField):
    """Offices that answer, by name."""

    def __init__(self, **kwargs):
        super().__init__(queryset=Office.objects.filter(answers=True), **kwargs)


class GrantForm(forms.Form):
    """A role to give; the office only for officers."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    office = OfficeChoice(label=_("Office"), required=False, help_text=_("Only for an officer."))


class AuditFilter(forms.Form):
    """Filter of the audit log."""

    actor = forms.CharField(label=_("Who"), required=False, help_text=_("For example person:12 or system."))
    act = forms.CharField(label=_("Act"), required=False, help_text=_("Its beginning, for example live."))
    target = forms.CharField(label=_("On what"), required=False, help_text=_("Its beginning."))

    def clean(self):
        """NUL cannot be asked of PostgreSQL; Django's CharField refuses it already."""
        return {name: (text or "").strip() for name, text in (super().clean() or {}).items()}
