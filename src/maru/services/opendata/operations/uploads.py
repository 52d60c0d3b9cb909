"""Publishing a file: read, looked through for personal data, and held for a person to decide if any is found.

The file lies in the home outside every folder that is served, readable by the house alone, until it is decided; then it is
deleted. No row of a held file enters the lake.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import pyarrow as pa
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maru.commons.offices.city import current_city
from maru.platform.access.refusals import Invalid, TooLarge
from maru.platform.audit.operations import record
from maru.platform.ports.lake.contracts import Column, LakeFault, TableSpec
from maru.services.opendata import text
from maru.services.opendata.contracts import CATEGORIES, Decision, Description, LicenceView
from maru.services.opendata.engine import personal, reading
from maru.services.opendata.models import Dataset, Upload
from maru.services.opendata.operations.describing import apply
from maru.services.opendata.operations.marks import index_words, target
from maru.services.opendata.operations.refreshing import refresh
from maru.services.opendata.queries.lake import lake
from maru.services.opendata.queries.views import stored_columns
from maru.services.opendata.refusals import BadFile, Taken, WrongState

if TYPE_CHECKING:
    from maru.commons.people.models import Person

DEFAULT_LICENCE = LicenceView("KOGL-1", "", "")


def publish_upload(
    *,
    body: bytes,
    file_name: str,
    by: Person | None,
    slug: str = "",
    dataset: Dataset | None = None,
    complete: bool = True,
    **changes: Unpack[Description],
) -> Dataset:
    """Publish a file, as a new dataset or as new rows of ``dataset``. Its state is ``held`` if personal data was found.

    With ``complete`` the file is the whole: records that are not in it are gone. Raises BadFile, TooLarge, Invalid, Taken.
    """
    found = read(body, file_name)
    findings = [asdict(one) for one in personal.look(found.table, found.outside)]
    name = _keep(body)
    try:
        with transaction.atomic():
            made = dataset if dataset is not None else _new(slug, file_name, found, changes)
            if dataset is not None:
                apply(made, changes)
                made.save()
            upload = Upload.objects.create(
                dataset=made,
                file=name,
                file_name=file_name[-200:],
                size=len(body),
                rows=found.table.num_rows,
                faults=found.faults,
                findings=findings,
                complete=complete,
                by=by,
            )
            if findings:
                _hold(made, upload, by)
    except (IntegrityError, Invalid, Taken):
        _place(name).unlink(missing_ok=True)
        raise
    return made if findings else _release(upload, found, by, act="opendata.publish")


def read(body: bytes, file_name: str) -> reading.Reading:
    """What a file holds, for a look before publishing. Raises BadFile, TooLarge."""
    try:
        return reading.read(body, file_name, current_city().time_zone)
    except reading.FileFault as fault:
        if fault.code == "too_large":
            raise TooLarge(
                _("This file is too large: %(detail)s.") % {"detail": fault.detail}, field="file"
            ) from fault
        raise BadFile(_reason(fault)) from fault


def decide_held(
    *, upload: Upload, decision: Decision, by: Person | None, reason: str = "", columns: tuple[str, ...] = ()
) -> Dataset:
    """Release a held file, release it without ``columns`` (``mask``), or reject it. The file is deleted either way.

    WrongState if it was decided; Invalid for a rejection without a reason or masking without columns.
    """
    words = text.line(reason, limit=300, field="reason")
    if decision == "reject":
        return _reject(upload, words, by)
    if decision not in {"release", "mask"}:
        raise Invalid("decision", _("There is no such decision."))
    if decision == "release" and not words:
        raise Invalid(
            "reason", _("Say why this may be published although personal data was found."), code="empty"
        )
    place = _place(upload.file)
    if not place.exists():
        raise WrongState(_("The file is gone; please upload it again."))
    found = read(place.read_bytes(), upload.file_name)
    if decision == "mask":
        found = _masked(found, columns)
    return _release(
        upload, found, by, act="opendata.decide", masked=columns if decision == "mask" else (), reason=words
    )


def discard_old(*, before: Any) -> int:
    """Reject what nobody decided in time; how many. A system act that the manifest's retention promises."""
    old = list(Upload.objects.filter(state="waiting", at__lt=before).select_related("dataset"))
    for upload in old:
        _reject(upload, _("Nobody decided in time."), None)
    return len(old)


def _new(slug: str, file_name: str, found: reading.Reading, changes: Description) -> Dataset:
    stem = Path(file_name).stem
    wanted = slug or text.slug_of(stem) or f"upload-{secrets.token_hex(4)}"
    made = Dataset(
        slug=text.slug(wanted),
        service_code=text.code_of(wanted),
        table=f"up_{text.table_of(wanted)}",
        origin="upload",
        category="",
        licence=DEFAULT_LICENCE.id,
    )
    if Dataset.objects.filter(slug=made.slug).exists():
        raise Taken(field="slug")
    _take_shape(made, found)
    apply(made, {"licence": DEFAULT_LICENCE, **changes})
    if not made.titles:
        raise Invalid("titles", _("A dataset needs a title."), code="empty")
    if made.category not in CATEGORIES:
        raise Invalid("category", _("A dataset needs a field."), code="empty")
    if Dataset.objects.filter(service_code=made.service_code).exists():
        made.service_code = f"{made.service_code[:70]}_{secrets.token_hex(4)}"
    made.state = "draft"
    made.save(force_insert=True)
    return made


def _take_shape(made: Dataset, found: reading.Reading) -> None:
    """Columns, key, time and places from the file; what an official wrote about a column stays."""
    told = {column["name"]: column for column in made.columns}
    fresh = stored_columns(found.columns)
    for column in fresh:
        if known := told.get(column["name"]):
            column["titles"], column["unit"] = known["titles"], known["unit"]
    made.columns = fresh
    made.key = list(found.key)
    made.time = found.time
    made.has_map = {"longitude", "latitude"} <= {one.role for one in found.columns}


def _hold(made: Dataset, upload: Upload, by: Person | None) -> None:
    if made.state != "published":  # a published one goes on showing its old rows meanwhile
        made.state = "held"
        made.save(update_fields=["state"])
    kinds = sorted({one["kind"] for one in upload.findings})
    record(
        actor=by, act="opendata.hold", target=target(made), details={"file": upload.file_name, "kinds": kinds}
    )


def _release(
    upload: Upload,
    found: reading.Reading,
    by: Person | None,
    *,
    act: str,
    masked: tuple[str, ...] = (),
    reason: str = "",
) -> Dataset:
    with transaction.atomic():
        fresh = (
            Upload.objects.select_for_update(no_key=True, of=("self",))
            .select_related("dataset")
            .get(pk=upload.pk)
        )
        if fresh.state != "waiting":
            raise WrongState(_("This file was decided already."))
        made = (
            Dataset.objects.select_for_update(no_key=True, of=("self",))
            .select_related("office")
            .get(pk=fresh.dataset_id)
        )
        first = made.published_at is None
        _store(made, found, complete=fresh.complete, delivery=f"upload-{fresh.pk}")
        now = timezone.now()
        _take_shape(made, found)
        made.state, made.edited_at = "published", now
        made.published_at = made.published_at or now
        made.save()
        fresh.state = "masked" if masked else "released"
        fresh.masked, fresh.reason = list(masked), reason
        fresh.decided_at, fresh.decided_by = now, by
        fresh.save()
        record(
            actor=by,
            act=act,
            target=target(made),
            details={
                "file": fresh.file_name,
                "rows": found.table.num_rows,
                "masked": list(masked),
                "reason": reason,
            },
        )
        index_words(made)
    _place(upload.file).unlink(missing_ok=True)
    return refresh(made, check=True, first=first)


def _reject(upload: Upload, reason: str, by: Person | None) -> Dataset:
    if not reason:
        raise Invalid("reason", _("Say why: who brought the file will read it."), code="empty")
    with transaction.atomic():
        fresh = (
            Upload.objects.select_for_update(no_key=True, of=("self",))
            .select_related("dataset")
            .get(pk=upload.pk)
        )
        if fresh.state != "waiting":
            raise WrongState(_("This file was decided already."))
        fresh.state, fresh.reason = "rejected", reason
        fresh.decided_at, fresh.decided_by = timezone.now(), by
        fresh.save()
        made = fresh.dataset
        if made.state == "held":
            made.state = "draft"
            made.save(update_fields=["state"])
        record(
            actor=by, act="opendata.decide", target=target(made), details={"rejected": True, "reason": reason}
        )
    _place(upload.file).unlink(missing_ok=True)
    return made


def _store(made: Dataset, found: reading.Reading, *, complete: bool, delivery: str) -> None:
    columns = tuple(Column(one.name, one.type) for one in found.columns)
    try:
        lake().ensure(TableSpec(made.table, columns, found.key, partition="none"))
        lake().append(made.table, found.table, complete=complete, delivery=delivery)
    except LakeFault as fault:
        raise BadFile(
            _("The columns do not fit those of the dataset: %(fault)s") % {"fault": fault}
        ) from fault


def _masked(found: reading.Reading, columns: tuple[str, ...]) -> reading.Reading:
    names = set(columns)
    if not names or not names <= set(found.table.column_names):
        raise Invalid("columns", _("Choose the columns to leave out."), code="empty")
    left = tuple(one for one in found.columns if one.name not in names)
    if not left:
        raise Invalid("columns", _("At least one column must be left."))
    table, key = (
        personal.mask_columns(found.table, names),
        tuple(one for one in found.key if one not in names),
    )
    if key != found.key:
        # Without a part of its key a record has no name any more: rows are numbered instead.
        key = (reading.LINE,)
        if reading.LINE not in table.column_names:
            table = table.add_column(0, reading.LINE, pa.array(range(1, table.num_rows + 1), pa.int64()))
            left = (reading.line_column(), *left)
    time = found.time if found.time not in names else ""
    return reading.Reading(table, left, key, time, found.outside, found.faults, found.reasons)


def _reason(fault: reading.FileFault) -> str:
    said = {
        "unknown_kind": _("CSV, TSV, Excel, JSON and GeoJSON can be read."),
        "empty": _("The file is empty."),
        "no_rows": _("There are no rows in it."),
        "malformed": _("It is broken."),
    }.get(fault.code, _("It cannot be read."))
    return f"{said} ({fault.detail})" if fault.detail else said


def _folder() -> Path:
    return Path(settings.MARU.home) / "held"


def _place(name: str) -> Path:
    return _folder() / name


def _keep(body: bytes) -> str:
    """Write the file where nobody but the house can read it, under a name that says nothing."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(16)
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    return name
