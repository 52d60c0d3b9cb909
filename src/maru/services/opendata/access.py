"""The only way from a request to a dataset, an upload or a remark, and who may do what there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.translation import gettext as _

from maru.commons.offices.models import Office
from maru.commons.people.devices import device_of, known_device
from maru.platform.access.limits import declare, limit
from maru.platform.access.refusals import NotAllowed, NotFound
from maru.platform.access.roles import require_role
from maru.services.opendata.contracts import Viewer
from maru.services.opendata.models import Dataset, Subscription, Upload

if TYPE_CHECKING:
    from maru.commons.people.models import Person

PUBLISHERS = ("officer", "administrator")
WRITE_REMARK = declare("write_remark", times=10, seconds=60, per_address=600)
SUBSCRIBE = declare("subscribe", times=10, seconds=600, per_address=60)
TAKE_FILE = declare("take_file", times=30, seconds=60, per_address=300)
_READABLE = ("published", "withdrawn")


def reader(request: HttpRequest) -> Viewer:
    """Who reads. Sets no cookie."""
    return _viewer(request, known_device(request))


def speaker(request: HttpRequest) -> Viewer:
    """Who writes: a browser without a device gets one with the response."""
    return _viewer(request, device_of(request))


def person_of(request: HttpRequest) -> Person | None:
    """The signed-in person, if any."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def limit_writing(request: HttpRequest) -> None:
    """Count one question or report; TooMany above the declared limit."""
    limit(request, WRITE_REMARK.name)


def limit_subscribing(request: HttpRequest) -> None:
    """Count one subscription; TooMany above the declared limit."""
    limit(request, SUBSCRIBE.name)


def limit_files(request: HttpRequest) -> None:
    """Count one file taken whole; TooMany above the declared limit."""
    limit(request, TAKE_FILE.name)


def find(slug: str) -> Dataset | None:
    """A dataset in any state, None if there is none. For who has asked already who looks."""
    # A slug from outside may hold anything; PostgreSQL refuses NUL in a parameter.
    if "\x00" in slug or len(slug) > 120:
        return None
    return Dataset.objects.select_related("office").filter(slug=slug).first()


def dataset(slug: str, viewer: Viewer | None = None) -> Dataset:
    """A dataset that everyone may read, or any one for a publisher. NotFound otherwise.

    A withdrawn one is still found, so that its page can say why; its rows are not (``readable_rows``).
    """
    found = find(slug)
    if found is None or (found.state not in _READABLE and not (viewer and viewer.publisher)):
        raise NotFound(_("There is no such dataset."))
    return found


def readable_rows(slug: str, viewer: Viewer | None = None) -> Dataset:
    """A dataset whose rows may be read: a published one, or any but a held one for a publisher. NotFound otherwise."""
    found = dataset(slug, viewer)
    if found.state == "withdrawn":
        raise NotFound(_("This dataset was withdrawn."))
    if found.state == "held":
        raise NotFound(_("This dataset waits for a decision."))
    return found


def publisher(request: HttpRequest) -> Person:
    """The person, if one of those who publish: an officer or an administrator."""
    person: Person = require_role(request, *PUBLISHERS)
    return person


def edited(request: HttpRequest, slug: str) -> tuple[Dataset, Person]:
    """A dataset for one who may change it: an officer of its office, or an administrator."""
    person = publisher(request)
    found = find(slug)
    if found is None:
        raise NotFound(_("There is no such dataset."))
    if not may_edit(person, found):
        raise NotAllowed(_("Only the office of this dataset may change it."))
    return found, person


def may_edit(person: Person | None, found: Dataset) -> bool:
    """Whether this person may change the dataset; a dataset without an office is any publisher's."""
    if person is None:
        return False
    if found.office_id is None:
        return any(person.has_role(role) for role in PUBLISHERS)
    return person.has_role("officer", found.office_id)


def check_office(person: Person, code: str) -> None:
    """NotAllowed for who would publish in the name of an office that is not theirs. No office is anybody's."""
    office = Office.objects.filter(code=code).first() if code else None
    if office is not None and not person.has_role("officer", office.pk):
        raise NotAllowed(_("Only this office may publish in its name."))


def upload(request: HttpRequest, slug: str) -> tuple[Upload, Person]:
    """The upload of a dataset that waits for a decision, for one who may decide it. NotFound if none waits."""
    found, person = edited(request, slug)
    waiting = Upload.objects.filter(dataset=found, state="waiting").first()
    if waiting is None:
        raise NotFound(_("Nothing waits for a decision here."))
    return waiting, person


def subscription(token: str) -> Subscription:
    """A subscription by its secret token. NotFound otherwise."""
    found = None
    if token.isascii() and "\x00" not in token and 20 <= len(token) <= 64:
        found = Subscription.objects.select_related("dataset").filter(token=token).first()
    if found is None:
        raise NotFound(_("There is no such subscription; it may have ended already."))
    return found


def _viewer(request: HttpRequest, device: str) -> Viewer:
    person = person_of(request)
    return Viewer(
        person_id=person.pk if person else None,
        device=device,
        publisher=person is not None and any(person.has_role(role) for role in PUBLISHERS),
    )
