"""What can be done to accounts: make, grant, revoke, change one's own, erase. Staff acts are audited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maru.commons.offices.models import Office
from maru.commons.people.models import ApiToken, Grant, Person, Role
from maru.commons.people.tokens import new_token
from maru.platform.access.refusals import Conflict, Invalid
from maru.platform.audit.operations import record

Eraser = Callable[[Person], None]
_erasers: list[Eraser] = []
MOST_TOKENS = 20


def on_erasure(eraser: Eraser) -> None:
    """Call ``eraser(person)`` before an account is deleted, in the same transaction."""
    if eraser not in _erasers:
        _erasers.append(eraser)


def create_person(
    *,
    email: str,
    password: str | None = None,
    name: str = "",
    nickname: str = "",
    language: str = "",
    by: Person | str | None = None,
) -> Person:
    """A new account. Raises Invalid for a bad address, Conflict if the address has one already."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("email", _("This is not an e-mail address.")) from None
    with transaction.atomic():
        if Person.objects.filter(email=address).exists():
            raise Conflict(_("There is an account with this address already."), field="email")
        person = Person.objects.create_user(
            address, password, name=name, nickname=nickname, language=language
        )
        record(actor=by, act="people.create", target=f"person/{person.pk}")
    return person


def grant_role(*, person: Person, role: str, office: Office | None = None, by: Person | str | None) -> Grant:
    """Give a role; an officer's names the office. Giving what is held already is a Conflict."""
    if role not in Role.values:
        raise Invalid("role", _("There is no such role."))
    if (role == Role.OFFICER) != (office is not None):
        raise Invalid("office", _("An officer has an office; nobody else has one."))
    try:
        with transaction.atomic():
            grant = Grant.objects.create(
                person=person, role=role, office=office, granted_by=by if isinstance(by, Person) else None
            )
            record(actor=by, act="people.grant", target=f"person/{person.pk}", details=_words(grant))
    except IntegrityError:
        raise Conflict(_("This person has that role already.")) from None
    person.forget_grants()
    return grant


def revoke_role(*, grant: Grant, by: Person | str | None) -> None:
    """Take a role away. The last administrator cannot be taken: nobody could give it back."""
    with transaction.atomic():
        if grant.role == Role.ADMINISTRATOR:
            _keep_an_administrator(grant.person)
        record(actor=by, act="people.revoke", target=f"person/{grant.person_id}", details=_words(grant))
        grant.delete()
    grant.person.forget_grants()


def set_active(*, person: Person, active: bool, by: Person | str | None) -> None:
    """Close an account to its owner, or open it again."""
    with transaction.atomic():
        if not active and person.grants.filter(role=Role.ADMINISTRATOR).exists():
            _keep_an_administrator(person)
        person.is_active = active
        person.save(update_fields=["is_active"])
        record(actor=by, act="people.open" if active else "people.close", target=f"person/{person.pk}")


def edit_profile(*, person: Person, nickname: str, name: str, language: str) -> Person:
    """What a person changes of their own account."""
    if language and language not in dict(settings.LANGUAGES):
        raise Invalid("language", _("This language is not offered."))
    person.nickname, person.name, person.language = nickname.strip()[:40], name.strip()[:100], language
    person.save(update_fields=["nickname", "name", "language"])
    return person


def erase_person(*, person: Person, email: str) -> None:
    """Delete one's own account for good. What was said in public stays, without a name."""
    if email.strip().lower() != person.email:
        raise Invalid("email", _("This is not the address of your account."))
    with transaction.atomic():
        if person.grants.filter(role=Role.ADMINISTRATOR).exists():
            _keep_an_administrator(person)
        for eraser in _erasers:
            eraser(person)
        record(actor=person, act="people.erase", target=f"person/{person.pk}")
        person.delete()


def create_token(
    *, person: Person, name: str, days: int = 0, by: Person | str | None
) -> tuple[str, ApiToken]:
    """A new API token of ``person``, valid for ``days`` (0: until revoked). The first value is told only here.

    One made by nobody in person (``by`` a word: the command line) counts as a second step of its own.
    """
    label = name.strip()
    if not label or len(label) > 60 or not label.isprintable():
        raise Invalid("name", _("Give it a name of at most 60 characters."))
    if not 0 <= days <= 3650:
        raise Invalid("days", _("A token is valid for at most ten years."))
    now = timezone.now()
    told, digest, prefix = new_token()
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        if sum(token.is_live for token in person.tokens.all()) >= MOST_TOKENS:
            raise Conflict(_("You have %(most)d tokens. Revoke one first.") % {"most": MOST_TOKENS})
        token = ApiToken.objects.create(
            person=person,
            name=label,
            digest=digest,
            prefix=prefix,
            vouched=isinstance(by, str),
            expires_at=now + timedelta(days=days) if days else None,
        )
        _record_token("people.token", token, by)
    return told, token


def revoke_token(*, token: ApiToken, by: Person | str | None) -> None:
    """Take a token back: it opens nothing from now on. Again changes nothing."""
    with transaction.atomic():
        fresh = ApiToken.objects.select_for_update(no_key=True).select_related(None).get(pk=token.pk)
        if fresh.revoked_at is None:
            fresh.revoked_at = timezone.now()
            fresh.save(update_fields=["revoked_at"])
            _record_token("people.token_revoke", fresh, by)


def _record_token(act: str, token: ApiToken, by: Person | str | None) -> None:
    # A citizen's own tokens are nobody's business; those of staff open staff doors.
    if token.person.is_official or by != token.person:
        record(actor=by, act=act, target=f"person/{token.person_id}", details={"token": token.prefix})


def _keep_an_administrator(leaving: Person) -> None:
    # Locking all of them keeps two administrators from removing each other at the same moment.
    admins = list(
        Grant.objects.select_for_update(of=("self",))
        .filter(role=Role.ADMINISTRATOR, person__is_active=True)
        .values_list("person_id", flat=True)
    )
    if set(admins) <= {leaving.pk}:
        raise Conflict(_("This is the last administrator. Make another one first."))


def _words(grant: Grant) -> dict[str, str]:
    return {"role": grant.role, **({"office": grant.office.code} if grant.office else {})}
