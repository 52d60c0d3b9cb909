"""The media process's view of the database: plain functions, called in threads, that may raise DatabaseError."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import cast

from django.conf import settings
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from maru.commons.offices.city import current_city
from maru.services.live.engine.contracts import (
    PRESETS,
    InputName,
    InputSpec,
    Override,
    SlateWords,
    StationSpec,
    StationState,
    Thresholds,
)
from maru.services.live.models import Broadcast, Input, now

# So long before its hour a broadcast gets its waiting slate and takes encoders without being asked.
AHEAD = timedelta(hours=24)
# A broadcast that ended while no media process ran still gets the end of its lists.
BEHIND = timedelta(hours=12)


def input_spec(row: Input, slug: str) -> InputSpec:
    """An input as the engine knows it."""
    return InputSpec(
        broadcast=slug,
        name=cast(InputName, row.name),
        kind="file" if row.kind == "file" else "push",
        key=row.key,
        srt_port=row.srt_port,
        file_path=row.file_path,
        revoked=row.revoked_at is not None,
    )


def thresholds(stored: dict[str, float]) -> Thresholds:
    """The broadcast's own thresholds over the house's."""
    known = {name: float(value) for name, value in stored.items() if name in Thresholds.__dataclass_fields__}
    return Thresholds(**known)


def slate_words() -> SlateWords:
    """What slates say, in the city's first two languages."""
    city = current_city()
    soon, back = [], []
    for language in city.languages[:2] or (settings.LANGUAGE_CODE,):
        with translation.override(language):
            soon.append(_("We are about to begin"))
            back.append(_("We are back in a moment"))
    with translation.override(city.languages[0] if city.languages else settings.LANGUAGE_CODE):
        name = city.name
    return SlateWords(name, "\n".join(dict.fromkeys(soon)), "\n".join(dict.fromkeys(back)))


def station_specs(wanted: frozenset[str]) -> list[StationSpec]:
    """The broadcasts that need a station now; ``wanted`` names some that need one for another reason."""
    moment = now()
    soon = Q(state="scheduled") & (Q(starts_at=None) | Q(starts_at__lte=moment + AHEAD) | Q(slug__in=wanted))
    over = Q(state="ended", ended_at__gte=moment - BEHIND)
    words = slate_words()
    rows = Broadcast.objects.filter(soon | Q(state="live") | over).prefetch_related("inputs").order_by("id")
    return [_spec(row, words) for row in rows if row.state != "ended" or not _is_over(row.slug)]


def _spec(row: Broadcast, words: SlateWords) -> StationSpec:
    return StationSpec(
        slug=row.slug,
        title=row.title,
        state=cast(StationState, row.state),
        inputs=tuple(input_spec(one, row.slug) for one in row.inputs.all()),
        preset=row.preset if row.preset in PRESETS else "default",
        thresholds=thresholds(row.thresholds),
        override=cast(Override, row.override),
        words=words,
    )


def _is_over(slug: str) -> bool:
    """Whether the journal's last line says that the broadcast has ended."""
    path = Path(settings.MARU.home) / "live" / slug / "timeline.jsonl"
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 200))
            return b'{"end":' in file.read()
    except OSError:
        return False


def find_key(key: str) -> InputSpec | None:
    """Whose key it is: an input of a broadcast that is not over. Revoked ones are given as such."""
    row = (
        Input.objects.select_related("broadcast")
        .filter(key=key, kind="push", broadcast__state__in=("scheduled", "live"))
        .first()
    )
    return input_spec(row, row.broadcast.slug) if row is not None else None


def forget_connections() -> None:
    """At start nobody is connected, whatever a crashed process left behind."""
    Input.objects.exclude(state="idle").update(state="idle", connected_at=None)
