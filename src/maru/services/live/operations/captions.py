"""Captions: taken in, replaced, removed. The file is written before the database says that it is there."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from maru.platform.access.refusals import Invalid, NotFound
from maru.platform.audit.operations import record
from maru.services.live import webvtt
from maru.services.live.models import Broadcast, Captions, now
from maru.services.live.operations.marks import target
from maru.services.live.queries.captions import place
from maru.services.live.refusals import WrongState

if TYPE_CHECKING:
    from maru.commons.people.models import Person


def put_captions(*, broadcast: Broadcast, language: str, data: bytes, by: Person | None) -> Captions:
    """Offer captions in one language of the house, instead of those that were there.

    ``data`` is a WebVTT file whose times count from the beginning of the recording. A file that it replaces stays for
    those who are watching with it. Raises Invalid and TooLarge (field "file"), Invalid (field "language"),
    WrongState for a cancelled broadcast.
    """
    if language not in {code for code, _name in settings.LANGUAGES}:
        raise Invalid(
            "language", _("This language is not offered: %(language)s") % {"language": language[:20]}
        )
    if broadcast.state == "cancelled":
        raise WrongState(_("This broadcast was cancelled."))
    cues = webvtt.parse(data)
    content = webvtt.compose(cues)
    with transaction.atomic():
        # The broadcast's lock also keeps two first files of one language apart.
        Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast.pk)
        found = broadcast.captions.filter(language=language).first()
        found = found or Captions(broadcast=broadcast, language=language)
        found.version += 1
        found.shown, found.cues, found.size, found.changed_at = True, len(cues), len(content), now()
        _write(place(broadcast.slug, language, found.version), content)
        found.save()
        details = {"language": language, "version": found.version, "cues": len(cues)}
        record(actor=by, act="live.put_captions", target=target(broadcast), details=details)
    return found


def remove_captions(*, broadcast: Broadcast, language: str, by: Person | None) -> None:
    """Take the captions of a language away, with every file they ever had. NotFound if there are none."""
    with transaction.atomic():
        Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast.pk)
        found = broadcast.captions.filter(language=language, shown=True).first()
        if found is None:
            raise NotFound(_("There are no captions in this language."))
        found.shown, found.changed_at = False, now()
        found.save(update_fields=["shown", "changed_at"])
        details = {"language": language, "version": found.version}
        record(actor=by, act="live.remove_captions", target=target(broadcast), details=details)
        files = [place(broadcast.slug, language, version) for version in range(1, found.version + 1)]
        transaction.on_commit(functools.partial(_unlink, files))


def _unlink(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also if the power fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
