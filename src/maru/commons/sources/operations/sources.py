"""What becomes of a source: put on the shelf, paused, resumed, asked now."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from maru.commons.offices.models import Office
from maru.commons.sources.contracts import Declaration
from maru.commons.sources.declaration import BUILT_IN
from maru.commons.sources.models import Source, State
from maru.platform.access.refusals import Conflict
from maru.platform.audit.operations import record

if TYPE_CHECKING:
    from maru.commons.people.models import Person

RUN, RETRY, REWIND = "run", "retry", "rewind"
_DECLARED = (
    "drawer", "digest", "declared", "names", "summaries", "office", "office_code", "category", "kind", "mode",
    "provider", "every_s", "fresh_s", "own", "gone",
)  # fmt: skip


def register(declared: Mapping[str, Declaration]) -> dict[str, Source]:
    """Bring the rows into step with the declarations. A source that is no longer declared keeps its row and its past."""
    offices = {office.code: office for office in Office.objects.all()}
    with transaction.atomic():
        rows = {row.name: row for row in Source.objects.select_for_update().order_by("name")}
        fresh, changed = [], []
        for name, declaration in sorted(declared.items()):
            fields = _fields(declaration, offices.get(declaration.office))
            row = rows.get(name)
            if row is None:
                row = rows[name] = Source(name=name, **fields)
                fresh.append(row)
            elif row.digest != fields["digest"] or row.gone or row.office != fields["office"]:
                for field, value in fields.items():
                    setattr(row, field, value)
                changed.append(row)
        Source.objects.bulk_create(fresh, batch_size=100)
        Source.objects.bulk_update(changed, _DECLARED, batch_size=100)
        lost = [name for name, row in rows.items() if name not in declared and not row.gone]
        if lost:
            Source.objects.filter(name__in=lost).update(gone=True)
    return {name: rows[name] for name in declared}


def pause(*, source: Source, by: Person | None) -> None:
    """Nobody asks it until it is resumed; what is pushed waits in the spool. Raises Conflict if it is paused."""
    _set_paused(source, paused=True, by=by)


def resume(*, source: Source, by: Person | None) -> None:
    """Ask it again. Raises Conflict if it is not paused."""
    _set_paused(source, paused=False, by=by)


def ask_now(*, source: Source, by: Person | None) -> None:
    """Have the collector ask it in its next round. Raises Conflict if it is paused."""
    if source.paused:
        raise Conflict(code="paused")
    _want(source, RUN, by)


def ask_retry(*, source: Source, by: Person | None) -> None:
    """Have the collector read the dead letters again with the present declaration."""
    _want(source, RETRY, by)


def rewind(*, source: Source, by: Person | None) -> None:
    """Forget how far it was read, and what "not modified" is said of: everything it still has is asked for again, for a lake
    that is older than the database. Rows that are there change nothing. A collector that runs forgets it as well, once the
    run under way has ended."""
    with transaction.atomic():
        Source.objects.filter(pk=source.pk).update(cursor="null", validators="{}")
        _want(source, REWIND, by)


def heard(name: str, wanted: str) -> None:
    """The collector does what was wanted."""
    Source.objects.filter(name=name, wanted=wanted).update(wanted="")


def _set_paused(source: Source, *, paused: bool, by: Person | None) -> None:
    with transaction.atomic():
        fresh = Source.objects.select_for_update().get(pk=source.pk)
        if fresh.paused == paused:
            raise Conflict(code="paused" if paused else "not_paused")
        # The state is the collector's to write, but nobody should see the old one until its next round.
        state = State.PAUSED if paused else State.WAITING
        Source.objects.filter(pk=source.pk).update(paused=paused, state=state)
        record(actor=by, act=f"sources.{'pause' if paused else 'resume'}", target=f"sources/{source.pk}")


def _want(source: Source, wanted: str, by: Person | None) -> None:
    with transaction.atomic():
        Source.objects.filter(pk=source.pk).update(wanted=wanted)
        record(actor=by, act=f"sources.{wanted}", target=f"sources/{source.pk}")


def _fields(declaration: Declaration, office: Office | None) -> dict[str, Any]:
    declared = declared_json(declaration)
    text = json.dumps(declared, sort_keys=True, ensure_ascii=False)
    return {
        "drawer": declaration.drawer,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "declared": declared,
        "names": dict(declaration.names),
        "summaries": dict(declaration.summaries),
        "office": office,
        "office_code": declaration.office,
        "category": declaration.category,
        "kind": declaration.kind,
        "mode": declaration.mode,
        "provider": declaration.provider,
        "every_s": declaration.schedule.every_s,
        "fresh_s": declaration.fresh_s,
        "own": not declaration.code and _is_own(declaration),
        "gone": False,
    }


def _is_own(declaration: Declaration) -> bool:
    return declaration.folder is not None and BUILT_IN not in declaration.folder.parents


def declared_json(declaration: Declaration) -> dict[str, Any]:
    """The declaration as plain JSON, without the place of its folder on this machine."""
    plain = dataclasses.asdict(dataclasses.replace(declaration, folder=None, options={}))
    plain["options"] = declaration.options
    found: dict[str, Any] = json.loads(json.dumps(plain, default=str))
    del found["folder"]
    return found
