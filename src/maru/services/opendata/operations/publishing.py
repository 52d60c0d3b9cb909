"""Publishing: from a source that is read already, from what a service offers. Uploads are in ``uploads``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maru.commons.offices.models import Office
from maru.commons.sources.contracts import Declaration, FieldRule
from maru.platform.access.refusals import Invalid, NotFound
from maru.platform.audit.operations import record
from maru.platform.registry.manifests import DatasetOffer
from maru.services.opendata.contracts import CATEGORIES, Description
from maru.services.opendata.engine.contracts import ColumnInfo
from maru.services.opendata.engine.licences import licence_address, licence_title
from maru.services.opendata.models import Dataset
from maru.services.opendata.operations.describing import apply
from maru.services.opendata.operations.marks import index_words, target
from maru.services.opendata.operations.refreshing import refresh, store_offer
from maru.services.opendata.queries.origins import declaration, offer
from maru.services.opendata.queries.views import stored_columns
from maru.services.opendata.refusals import Taken
from maru.services.opendata.text import code_of, slug_of, table_of
from maru.services.opendata.text import slug as checked_slug

if TYPE_CHECKING:
    from maru.commons.people.models import Person


def publish_source(
    *, name: str, by: Person | None, slug: str = "", **changes: Unpack[Description]
) -> Dataset:
    """Publish a declared source with all that its declaration says; ``changes`` override. Again after a withdrawal.

    Columns that hold personal data are left out. NotFound for no such source, Invalid for one whose records are personal
    as a whole, Taken for one that is published.
    """
    declared = declaration(name)
    if declared is None:
        raise NotFound(_("There is no such source."))
    columns = source_columns(declared)
    if not columns:
        raise Invalid("name", _("Every column of this source holds personal data."), code="personal")
    fields: dict[str, Any] = {
        "origin": "source",
        "source": declared.name,
        "table": declared.name,
        "titles": dict(declared.names),
        "summaries": dict(declared.summaries),
        "category": declared.category,
        "office": Office.objects.filter(code=declared.office).first(),
        "licence": declared.licence.id,
        "licence_title": declared.licence.title,
        "licence_address": declared.licence.address or licence_address(declared.licence.id),
        "columns": stored_columns(columns),
        "key": [key for key in declared.key if key in {one.name for one in columns}],
        "time": declared.time if declared.time in {one.name for one in columns} else "",
        "has_map": {"longitude", "latitude"} <= {one.role for one in columns},
        "cadence_s": declared.fresh_s,
        "service_code": _service_code(declared),
    }
    return _publish(slug or slug_of(declared.name), fields, by, changes)


def publish_offer(*, name: str, by: Person | None, slug: str = "", **changes: Unpack[Description]) -> Dataset:
    """Publish what a service offers (``<service>.<name>``); its rows are taken over now and every few minutes.

    NotFound if nothing of that name is offered, Taken if it is published.
    """
    offered = offer(name)
    if offered is None:
        raise NotFound(_("No service offers this."))
    columns = offer_columns(offered)
    fields: dict[str, Any] = {
        "origin": "offer",
        "source": name,
        "table": f"of_{table_of(name)}",
        "titles": dict(offered.titles),
        "summaries": dict(offered.summaries),
        "category": offered.category,
        "office": Office.objects.filter(code=offered.office).first(),
        "licence": offered.licence,
        "licence_title": licence_title(offered.licence),
        "licence_address": licence_address(offered.licence),
        "columns": stored_columns(columns),
        "key": list(offered.key),
        "time": next((one.name for one in columns if one.type == "datetime"), ""),
        "has_map": {"longitude", "latitude"} <= {one.role for one in columns},
        "cadence_s": 0.0,
        "service_code": code_of(name),
    }
    return _publish(slug or slug_of(name), fields, by, changes)


def source_columns(declared: Declaration) -> list[ColumnInfo]:
    """The columns of a source that everyone may see."""
    if declared.personal == "personal":
        rules = (
            [rule for rule in declared.fields if not rule.personal]
            if any(rule.personal for rule in declared.fields)
            else []
        )
    else:
        rules = [rule for rule in declared.fields if not rule.personal]
    return [_column(rule) for rule in rules]


def offer_columns(offered: DatasetOffer) -> list[ColumnInfo]:
    """The columns of an offer; those named longitude and latitude make a map."""
    return [
        ColumnInfo(
            name=one.name,
            type=one.type,  # type: ignore[arg-type]  # one of the lake's, checked by the registry
            titles=dict(one.titles),
            unit=one.unit,
            role=one.name if one.name in {"longitude", "latitude"} else "",  # type: ignore[arg-type]  # as said
        )
        for one in offered.columns
    ]


def _column(rule: FieldRule) -> ColumnInfo:
    return ColumnInfo(
        name=rule.name,
        type=rule.type,
        titles=dict(rule.titles),
        unit=rule.unit,
        alias=rule.names[0] if rule.names else "",
        role=rule.role if rule.role in {"longitude", "latitude"} else "",
    )


def _service_code(declared: Declaration) -> str:
    """The name old programs know it by, where the source itself is such a service."""
    told = declared.options.get("service") or declared.options.get("code")
    if isinstance(told, str) and told.isascii() and told.isidentifier():
        return told
    return code_of(declared.name)


def _publish(slug: str, fields: dict[str, Any], by: Person | None, changes: Description) -> Dataset:
    if fields["category"] not in CATEGORIES:
        raise Invalid("category", _("There is no such field."))
    with transaction.atomic():
        old = Dataset.objects.filter(origin=fields["origin"], source=fields["source"]).first()
        if old is not None and old.state != "withdrawn":
            raise Taken(_("It is published already."))
        made = old or Dataset(slug=_free_slug(checked_slug(slug)))
        fields["service_code"] = _free_code(fields["service_code"], made.pk)
        for name, value in fields.items():
            setattr(made, name, value)
        apply(made, changes)
        now = timezone.now()
        made.state, made.published_at, made.edited_at, made.created_by = "published", now, now, by
        made.withdrawn_reason = ""
        _save(made)
        record(actor=by, act="opendata.publish", target=target(made), details={"from": fields["source"]})
        index_words(made)
    if made.origin == "offer":
        store_offer(made)
    return refresh(made, check=True, first=True)


def _save(made: Dataset) -> None:
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as fault:
        raise Taken(field="slug") from fault


def _free_slug(wanted: str) -> str:
    """The address, or the first free one with a number behind it."""
    taken = set(Dataset.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    number, free = 1, wanted
    while free in taken:
        number += 1
        free = f"{wanted[:76]}-{number}"
    return free


def _free_code(wanted: str, pk: int | None) -> str:
    rows = Dataset.objects.filter(service_code__startswith=wanted)
    if pk is not None:
        rows = rows.exclude(pk=pk)
    taken = set(rows.values_list("service_code", flat=True))
    number, free = 1, wanted
    while free in taken:
        number += 1
        free = f"{wanted[:76]}{number}"
    return free
