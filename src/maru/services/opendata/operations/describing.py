"""Describing a dataset, withdrawing it, bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maru.commons.offices.models import Office
from maru.platform.access.refusals import Invalid
from maru.platform.audit.operations import record
from maru.services.opendata import text
from maru.services.opendata.contracts import CATEGORIES, Description
from maru.services.opendata.engine.licences import licence_address, licence_title
from maru.services.opendata.models import Dataset
from maru.services.opendata.operations import bulk
from maru.services.opendata.operations.marks import index_words, note, target
from maru.services.opendata.refusals import Taken, WrongState

if TYPE_CHECKING:
    from maru.commons.people.models import Person

MOST_KEYWORDS = 20


def edit(*, dataset: Dataset, by: Person | None, **changes: Unpack[Description]) -> Dataset:
    """Change what is said of a dataset. Raises Invalid naming the field, Taken; then nothing is changed."""
    with transaction.atomic():
        fresh = (
            Dataset.objects.select_for_update(no_key=True, of=("self",))
            .select_related("office")
            .get(pk=dataset.pk)
        )
        apply(fresh, changes)
        if not fresh.titles:
            raise Invalid("titles", _("A dataset needs a title."), code="empty")
        fresh.edited_at = timezone.now()
        fresh.save()
        record(actor=by, act="opendata.describe", target=target(fresh), details={"fields": sorted(changes)})
        index_words(fresh)
        if fresh.state == "published":
            note(fresh, "described", text=", ".join(sorted(changes)))
    return fresh


def withdraw(*, dataset: Dataset, reason: str, by: Person | None) -> Dataset:
    """Take a dataset from the plaza; its page stays and says why. Invalid without a reason, WrongState if it is not published."""
    words = text.line(reason, limit=300, field="reason")
    if not words:
        raise Invalid("reason", _("Say why: the page will show it."), code="empty")
    with transaction.atomic():
        fresh = _locked(dataset)
        if fresh.state != "published":
            raise WrongState(_("Only a published dataset can be withdrawn."))
        fresh.state, fresh.withdrawn_reason, fresh.edited_at = "withdrawn", words, timezone.now()
        fresh.save(update_fields=["state", "withdrawn_reason", "edited_at"])
        record(actor=by, act="opendata.withdraw", target=target(fresh), details={"reason": words})
        index_words(fresh)
        note(fresh, "withdrawn", text=words)
        transaction.on_commit(bulk.forget)
    return fresh


def restore(*, dataset: Dataset, by: Person | None) -> Dataset:
    """Bring a withdrawn dataset back. WrongState if it is not withdrawn."""
    with transaction.atomic():
        fresh = _locked(dataset)
        if fresh.state != "withdrawn":
            raise WrongState(_("Only a withdrawn dataset can be brought back."))
        now = timezone.now()
        fresh.state, fresh.withdrawn_reason, fresh.edited_at = "published", "", now
        fresh.save(update_fields=["state", "withdrawn_reason", "edited_at"])
        record(actor=by, act="opendata.publish", target=target(fresh), details={"again": True})
        index_words(fresh)
        note(fresh, "published", text="")
    return fresh


def apply(dataset: Dataset, changes: Description) -> None:
    """Check all and set, without saving. Raises Invalid, Taken."""
    if "titles" in changes:
        dataset.titles = text.by_language(changes["titles"], limit=text.TITLE, field="titles")
    if "summaries" in changes:
        dataset.summaries = text.by_language(
            changes["summaries"], limit=text.SUMMARY, field="summaries", many=True
        )
    if "category" in changes:
        if changes["category"] not in CATEGORIES:
            raise Invalid("category", _("There is no such field."))
        dataset.category = changes["category"]
    if "office" in changes:
        dataset.office = _office(changes["office"])
    if "keywords" in changes:
        dataset.keywords = _keywords(changes["keywords"])
    if "licence" in changes:
        _licence(dataset, changes)
    if "cadence_s" in changes:
        dataset.cadence_s = _cadence(changes["cadence_s"])
    if "service_code" in changes:
        _code(dataset, changes["service_code"])
    if "columns" in changes:
        dataset.columns = _columns(dataset.columns, changes["columns"])


def _locked(dataset: Dataset) -> Dataset:
    rows = Dataset.objects.select_for_update(no_key=True, of=("self",)).select_related("office")
    return rows.get(pk=dataset.pk)


def _office(code: str) -> Office | None:
    if not code:
        return None
    found = Office.objects.filter(code=code, answers=True).first()
    if found is None:
        raise Invalid("office", _("There is no such office, or it does not answer citizens."))
    return found


def _keywords(given: list[str]) -> list[str]:
    words = [text.line(word, limit=40, field="keywords") for word in given]
    known = list(dict.fromkeys(word for word in words if word))
    if len(known) > MOST_KEYWORDS:
        raise Invalid("keywords", _("At most %(most)d keywords.") % {"most": MOST_KEYWORDS})
    return known


def _licence(dataset: Dataset, changes: Description) -> None:
    given = changes["licence"]
    code = text.line(given.id, limit=60, field="licence")
    if not code:
        raise Invalid("licence", _("A dataset needs a licence."), code="empty")
    address = given.address or licence_address(code)
    if address and not address.startswith(("https://", "http://")):
        raise Invalid("licence", _("The address of a licence begins with https://."))
    dataset.licence = code
    dataset.licence_title = text.line(given.title, limit=200, field="licence") or licence_title(code)
    dataset.licence_address = address[:300]


def _cadence(given: float) -> float:
    if not 0 <= given <= 10 * 366 * 86_400:
        raise Invalid("cadence_s", _("Between 0 and ten years, in seconds."))
    return float(given)


def _code(dataset: Dataset, given: str) -> None:
    code = text.service_code(given)
    if Dataset.objects.filter(service_code=code).exclude(pk=dataset.pk).exists():
        raise Taken(_("Another dataset has this service code."), field="service_code")
    dataset.service_code = code


def _columns(known: list[dict[str, Any]], given: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    names = {column["name"] for column in known}
    for name in given:
        if name not in names:
            raise Invalid("columns", _("There is no column %(name)s.") % {"name": name[:60]})
    changed = []
    for column in known:
        wanted = given.get(column["name"], {})
        made = dict(column)
        if "titles" in wanted:
            made["titles"] = text.by_language(wanted["titles"], limit=text.COLUMN_TITLE, field="columns")
        if "unit" in wanted:
            made["unit"] = text.line(str(wanted["unit"]), limit=40, field="columns")
        changed.append(made)
    return changed
