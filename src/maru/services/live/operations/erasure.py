"""What becomes of the link between words and their writers: when an account is deleted, and when a year is over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from maru.commons.voices import operations as voices
from maru.services.live.access import digest
from maru.services.live.models import Broadcast, Opinion, Vote
from maru.services.live.operations.marks import gathered, mark

if TYPE_CHECKING:
    from maru.commons.people.models import Person


def forget_writer(person: Person) -> None:
    """The words stay, the link between them is cut, the files lose the name. In the eraser's transaction."""
    with gathered():
        for broadcast in Broadcast.objects.all():
            writer = digest(broadcast.pk, "person", str(person.pk))
            theirs = Opinion.objects.filter(broadcast=broadcast, writer=writer)
            moments = list(theirs.values_list("moment", flat=True))
            if moments:
                mark(broadcast, moments)
                theirs.update(writer="", idempotency="")
            # A vote stays one vote, of somebody: the digest of a number that is no person's any more.
            Vote.objects.filter(opinion__broadcast=broadcast, voter=writer).update(device="")


def forget_old_writers(*, before: datetime) -> int:
    """Who wrote and who voted before that time is forgotten, what was said and the counts stay; how many voices.

    A system act without audit entry: the manifest's retention promises it to everyone. Repeating it changes nothing.
    """
    with transaction.atomic():
        old = Opinion.objects.filter(voice__created_at__lt=before).exclude(writer="")
        old.update(writer="", idempotency="")
        Vote.objects.filter(at__lt=before).delete()
        return voices.forget_speakers(about="live/", before=before)
