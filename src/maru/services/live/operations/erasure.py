"""What becomes of a person's words here when the account is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
