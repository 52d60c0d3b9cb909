"""What the worker repeats for the plaza."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from maru.commons.voices import operations as voices
from maru.platform.events.periodic import Periodic
from maru.services.opendata.operations import bulk
from maru.services.opendata.operations.corner import forget_bookings
from maru.services.opendata.operations.deliveries import deliver_due
from maru.services.opendata.operations.refreshing import refresh_all, store_offers
from maru.services.opendata.operations.subscriptions import forget_unconfirmed
from maru.services.opendata.operations.uploads import discard_old
from maru.services.opendata.operations.usage import forget_old_usage
from maru.services.opendata.service import MANIFEST


def keep_promises() -> None:
    """What the manifest says about how long things are kept."""
    speakers, addresses, files, bookings = (timedelta(days=promise.days) for promise in MANIFEST.retention)
    now = timezone.now()
    voices.forget_speakers(about="data/", before=now - speakers)
    forget_unconfirmed(before=now - addresses)
    discard_old(before=now - files)
    forget_bookings(before=now - bookings)
    forget_old_usage()


PERIODIC = (
    Periodic("opendata datasets", 5.0, refresh_all),
    Periodic("opendata offers", 120.0, store_offers),
    Periodic("opendata bulk", 600.0, bulk.make_if_due),
    Periodic("opendata notices", 2.0, deliver_due),
    Periodic("opendata retention", 3600.0, keep_promises),
)
