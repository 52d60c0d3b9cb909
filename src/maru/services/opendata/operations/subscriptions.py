"""Who hears of changes: e-mail addresses that were confirmed, and webhooks that are signed.

An e-mail address is asked first, ends with one click, and is forgotten after a week without an answer. A webhook's address is
checked when it is given and again at every call, since a name may come to mean another machine.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from maru.platform.access.limits import declare, limit
from maru.platform.access.refusals import Conflict, Invalid, TooMany
from maru.services.opendata.contracts import SubscriptionView
from maru.services.opendata.engine import webhooks
from maru.services.opendata.models import Dataset, Subscription
from maru.services.opendata.refusals import BadAddress, WrongState

if TYPE_CHECKING:
    from maru.commons.people.models import Person

ASK_MAILBOX = declare("ask_mailbox", times=5, seconds=3_600)
MOST_OF_ONE = 200  # subscriptions of one address
_BREAKS = re.compile(r"[\r\n]")


def subscribe(
    *, dataset: Dataset, kind: str, address: str, person: Person | None = None, language: str = ""
) -> SubscriptionView:
    """Ask to be told of changes. An e-mail address gets a mail that asks back; a webhook counts at once.

    The same wish again gives the same subscription (an unconfirmed address is asked again). What an e-mail address has
    already is never told to who asks. Raises Invalid, BadAddress, Conflict, WrongState.
    """
    if dataset.state != "published":
        raise WrongState(_("Only a published dataset can be followed."))
    if kind == "email":
        return _by_email(dataset, address, person, language)
    if kind != "webhook":
        raise Invalid("kind", _("E-mail or webhook."))
    return _by_webhook(dataset, address, person, language)


def confirm(*, subscription: Subscription) -> SubscriptionView:
    """The address wants it. Again changes nothing."""
    if subscription.confirmed_at is None:
        subscription.confirmed_at = timezone.now()
        subscription.save(update_fields=["confirmed_at"])
    return shown(subscription)


def unsubscribe(*, subscription: Subscription) -> None:
    """The end, with the address and all that was still to be told."""
    subscription.delete()


def resume(*, subscription: Subscription) -> SubscriptionView:
    """Try a paused webhook again."""
    with transaction.atomic():
        subscription.paused_at, subscription.failures, subscription.last_fault = None, 0, ""
        subscription.save(update_fields=["paused_at", "failures", "last_fault"])
    return shown(subscription)


def forget_unconfirmed(*, before: datetime) -> int:
    """Addresses that never answered are forgotten; how many. The manifest's retention promises it."""
    return Subscription.objects.filter(confirmed_at=None, created_at__lt=before).delete()[0]


def shown(one: Subscription, *, secret: bool = False) -> SubscriptionView:
    """A subscription for its owner; the ``secret`` only when it is made."""
    return SubscriptionView(
        token=one.token,
        slug=one.dataset.slug,
        title=one.dataset.title,
        kind=one.kind,  # type: ignore[arg-type]  # one of KINDS
        address=one.address,
        confirmed=one.confirmed_at is not None,
        failures=one.failures,
        secret=one.secret if secret else "",
    )


def page_of(token: str) -> str:
    """The address that confirms or ends a subscription."""
    house = settings.MARU
    base = house.public_url.rstrip("/") or f"http://127.0.0.1:{house.port}"
    return f"{base}/data/subscriptions/{token}/"


def _by_email(dataset: Dataset, address: str, person: Person | None, language: str) -> SubscriptionView:
    wanted = address.strip().lower()
    try:
        validate_email(wanted)
    except ValidationError as fault:
        raise Invalid("address", _("This is not an e-mail address.")) from fault
    if len(wanted) > 254:
        raise Invalid("address", _("This is not an e-mail address."))
    _check_number(wanted)
    own = person is not None and person.email.lower() == wanted
    made, _new = Subscription.objects.get_or_create(
        dataset=dataset,
        kind="email",
        address=wanted,
        defaults={"language": _language(language), "person": person if own else None},
    )
    if made.confirmed_at is None:
        _ask(made)
    # Whether an address was here before is nobody's business: the answer is the same, and holds no token.
    return SubscriptionView("", dataset.slug, dataset.title, "email", wanted, False, 0)


def _by_webhook(dataset: Dataset, address: str, person: Person | None, language: str) -> SubscriptionView:
    wanted = address.strip()
    try:
        webhooks.check_address(wanted)
    except webhooks.AddressFault as fault:
        raise BadAddress(_webhook_words(fault.code)) from fault
    _check_number(wanted)
    if Subscription.objects.filter(dataset=dataset, kind="webhook", address=wanted).exists():
        raise Conflict(_("This address is told already."), field="address")
    made = Subscription.objects.create(
        dataset=dataset,
        kind="webhook",
        address=wanted,
        language=_language(language),
        person=person,
        confirmed_at=timezone.now(),
    )
    return shown(made, secret=True)


def _check_number(address: str) -> None:
    if Subscription.objects.filter(address=address).count() >= MOST_OF_ONE:
        raise Conflict(_("This address follows as many datasets as it can."), field="address")


def _language(language: str) -> str:
    known = {code for code, _name in settings.LANGUAGES}
    wanted = (language or translation.get_language() or "en").split("-")[0]
    return wanted if wanted in known else "en"


def _ask(one: Subscription) -> None:
    """Ask whether it is wanted, unless this mailbox was asked much of late: strangers can name anybody's, for any dataset."""
    try:
        limit(one.address, ASK_MAILBOX.name)
    except TooMany:
        return
    with translation.override(one.language or "en"):
        title = _BREAKS.sub(" ", one.dataset.title)
        subject = _("Do you want to hear of changes to “%(title)s”?") % {"title": title}
        body = _(
            "Somebody, most likely you, asked to be told when this dataset changes:\n\n%(title)s\n\n"
            "If you want that, open this page and confirm:\n%(page)s\n\n"
            "If not, do nothing. Without an answer this address is forgotten after a week."
        ) % {"title": title, "page": page_of(one.token)}
    send_mail(one, subject, body)


def send_mail(one: Subscription, subject: str, body: str) -> None:
    """A mail with the headers by which mail programs offer to unsubscribe with one click (RFC 8058)."""
    mail = EmailMultiAlternatives(
        subject=_BREAKS.sub(" ", subject)[:200],
        body=body,
        to=[one.address],
        headers={
            "List-Unsubscribe": f"<{page_of(one.token)}end/>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.send()


def _webhook_words(code: str) -> str:
    return {
        "scheme": _("The address begins with https:// (or http://)."),
        "port": _("Only the ports 80, 443 and those above 1023 can be called."),
        "private": _("The address is inside a network; only machines on the open Internet are called."),
        "unknown": _("There is no machine of that name."),
        "credentials": _("The address must hold no name and no password."),
    }.get(code, _("This is not an address."))
