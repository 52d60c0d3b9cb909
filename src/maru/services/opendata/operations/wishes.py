"""Requests for data: a citizen asks, others want it too, an office answers, the city publishes it or says why not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from maru.commons.moderation import operations as moderation
from maru.commons.voices import operations as voices
from maru.commons.voices.models import new_public_id
from maru.commons.voices.states import State
from maru.platform.access.refusals import Invalid
from maru.platform.audit.operations import record
from maru.services.opendata.contracts_corner import WISH_TEXT, WISH_TITLE
from maru.services.opendata.models.corner import WISH_STATES, Support, Wish
from maru.services.opendata.operations.corner import block, line

if TYPE_CHECKING:
    from maru.commons.offices.models import Office
    from maru.commons.people.models import Person


def ask_for_data(
    *, title: str, text: str, person: Person | None = None, device: str = "", nickname: str = ""
) -> Wish:
    """A citizen asks the city to publish something: public at once, or held for a moderator if a word is doubtful.

    Raises Invalid (title, text), NotAllowed (blocked).
    """
    moderation.check_may_write(device=device, person=person)
    head = line(title, WISH_TITLE, "title")
    words = block(text, WISH_TEXT, "text")
    doubt = not moderation.check_text(f"{head}\n{words}").clean
    number = new_public_id()
    with transaction.atomic():
        voice = voices.receive(
            channel="data",
            about=f"data/requests/{number}",
            text=words,
            language=get_language() or "",
            author=person,
            device=device,
            nickname=nickname,
            state=State.HELD if doubt else State.PUBLISHED,
        )
        return Wish.objects.create(voice=voice, number=number, title=head)


def support(*, wish: Wish, person: Person | None = None, device: str = "") -> int:
    """Someone wants it too, once; how many do now. Who supports again takes it back."""
    who = supporter(wish.number, person, device)
    if not who:
        raise Invalid("device", _("Your browser does not keep cookies, so the support cannot be counted."))
    try:
        with transaction.atomic():
            given, _rows = Support.objects.filter(wish=wish, who=who).delete()
            if not given:
                Support.objects.create(wish=wish, who=who)
            Wish.objects.filter(pk=wish.pk).update(supporters=F("supporters") + (-1 if given else 1))
    except IntegrityError:
        if not Support.objects.filter(wish=wish, who=who).exists():
            raise
    wish.refresh_from_db(fields=["supporters"])
    return wish.supporters


def route_wish(*, wish: Wish, office: Office, by: Person) -> Wish:
    """Give the request to the office that has the data: its clock begins, and it answers in its inbox."""
    voices.route(voice=wish.voice, office=office, by=by)
    return wish


def decide_wish(*, wish: Wish, state: str, dataset: str = "", by: Person) -> Wish:
    """Say what became of it: granted (with the dataset's address), declined, or open again."""
    if state not in dict(WISH_STATES):
        raise Invalid("state", _("Please choose one of the states."))
    if state == "granted" and not dataset:
        raise Invalid("dataset", _("Please name the dataset that answers it."))
    with transaction.atomic():
        row = Wish.objects.select_for_update().get(pk=wish.pk)
        row.state, row.dataset = state, dataset if state == "granted" else ""
        row.save(update_fields=["state", "dataset"])
        target = f"data/requests/{row.number}"
        record(actor=by, act="opendata.decide_request", target=target, details={"state": state})
    return row


def supporter(number: str, person: Person | None, device: str) -> str:
    """A digest of a person, else of a device, that means nothing outside this request; "" for nobody."""
    value = f"person/{person.pk}" if person else f"device/{device}" if device else ""
    if not value:
        return ""
    key = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2b(f"{number}/{value}".encode(), key=key, digest_size=16).hexdigest()
