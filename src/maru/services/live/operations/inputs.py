"""Where encoders connect: keys and SRT ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from maru.platform.access.refusals import NotFound
from maru.platform.audit.operations import record
from maru.services.live.models import Broadcast, Input, new_key, now
from maru.services.live.operations.marks import target, tell, wake
from maru.services.live.refusals import WrongState

if TYPE_CHECKING:
    from maru.commons.people.models import Person

InputName = Literal["primary", "backup"]


def add_input(*, broadcast: Broadcast, name: InputName, by: Person | None, file_path: str = "") -> Input:
    """A place for one encoder, or a file that plays in its stead. WrongState if it is there already."""
    with transaction.atomic():
        if broadcast.inputs.filter(name=name).exists():
            raise WrongState(_("This broadcast has that input already."))
        made = Input.objects.create(
            broadcast=broadcast,
            name=name,
            kind="file" if file_path else "push",
            file_path=file_path,
            srt_port=None if file_path else _free_port(),
        )
        record(actor=by, act="live.add_input", target=target(broadcast), details={"input": name})
        wake(broadcast)
    return made


def rotate_key(*, broadcast: Broadcast, name: InputName, by: Person | None) -> Input:
    """A new key; an encoder with the old one is thrown out. A revoked input works again."""
    with transaction.atomic():
        found = _input(broadcast, name)
        found.key = new_key()
        found.revoked_at = None
        if found.srt_port is None and found.kind == "push" and broadcast.state in {"scheduled", "live"}:
            found.srt_port = _free_port()
        found.save(update_fields=["key", "revoked_at", "srt_port"])
        record(actor=by, act="live.rotate_key", target=target(broadcast), details={"input": name})
        wake(broadcast)
    return found


def revoke_key(*, broadcast: Broadcast, name: InputName, by: Person | None) -> Input:
    """Nobody may send here until the key is rotated; a connected encoder is thrown out."""
    with transaction.atomic():
        found = _input(broadcast, name)
        found.revoked_at = now()
        found.save(update_fields=["revoked_at"])
        record(actor=by, act="live.revoke_key", target=target(broadcast), details={"input": name})
        wake(broadcast)
    return found


def release_ports(broadcast: Broadcast) -> None:
    """An ended broadcast needs no SRT ports. Inside a transaction."""
    broadcast.inputs.exclude(srt_port=None).update(srt_port=None, state="idle")


def tell_inputs(broadcast: Broadcast) -> None:
    """Tell the studio how the inputs stand. Inside a transaction."""
    tell(broadcast, staff=[("inputs", inputs_event(broadcast))])


def inputs_event(broadcast: Broadcast) -> dict[str, object]:
    """The payload of ``inputs``: state of each input and what is on air."""
    event: dict[str, object] = {
        row.name: {"state": row.state, "revoked": row.revoked_at is not None}
        for row in broadcast.inputs.all()
    }
    switch = broadcast.log.filter(kind="switch").first()
    event["on_air"] = switch.source_to if switch and broadcast.state == "live" else ""
    event["override"] = broadcast.override
    return event


def _input(broadcast: Broadcast, name: InputName) -> Input:
    found = broadcast.inputs.select_for_update(no_key=True).filter(name=name).first()
    if found is None:
        raise NotFound(_("This broadcast has no such input."))
    return found


def _free_port() -> int | None:
    """The lowest SRT port no other input holds; None if all are taken (RTMP still works)."""
    first, last = settings.MARU.srt_ports
    taken = set(Input.objects.exclude(srt_port=None).values_list("srt_port", flat=True))
    return next((port for port in range(first, last + 1) if port not in taken), None)
