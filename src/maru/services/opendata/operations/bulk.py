"""Everything at once: each night all published datasets in one file, for whoever would else ask 8,255 times.

Datasets that a service offers are left out: what citizens said may be hidden within the day. When a dataset is withdrawn the file
goes at once, and is made anew without it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from maru.commons.offices.city import current_city
from maru.platform.ports.lake.contracts import LakeFault
from maru.services.opendata.engine.contracts import Query
from maru.services.opendata.engine.exports import export
from maru.services.opendata.models import Dataset
from maru.services.opendata.queries.bulk import INDEX, folder, read_index
from maru.services.opendata.queries.datasets import sheet
from maru.services.opendata.queries.views import view

NIGHT = 3  # the hour of the city after which the file of the day is made
_DRAFT_S = 3600.0  # a draft that nobody has written to for so long was left by a crash
_README = """Every published dataset of {city} on {day}.

index.json says of each: title, office, licence, columns, rows, version of the data, and the file with its rows (Parquet, which
DuckDB, pandas, Spark and R read). The licence of each dataset is its own: name the office and the dataset where you use it.
Datasets of what citizens say are not in here; they are at {address}/data/.
"""


def make_if_due() -> bool:
    """Make the file if that of the last night is missing. Says whether one was made."""
    here = timezone.now().astimezone(ZoneInfo(current_city().time_zone))
    night = here.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    night = night if night <= here else night - timedelta(days=1)
    known = read_index()
    if known is not None and known.made_at >= night:
        return False
    if not _published().exists():
        return False
    make()
    return True


def make() -> Path:
    """Make the file now, in place of the one there is; its path. A crash leaves the old one, and whoever makes it at the same
    time (the worker, the command line) packs a draft of their own: the one that ends last stays."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    now = timezone.now()
    day = now.astimezone(ZoneInfo(current_city().time_zone)).date().isoformat()
    draft, target = _draft(place, f"{day}.zip"), place / f"open-data-{day}.zip"
    index: dict[str, Any] = {"made": now.isoformat(), "file": target.name, "datasets": []}
    try:
        with zipfile.ZipFile(draft, "x", zipfile.ZIP_STORED, allowZip64=True) as packed:
            _fill(packed, index, day)
        index |= {"bytes": draft.stat().st_size, "sha256": _digest(draft)}
        packed_slugs = {one["slug"] for one in index["datasets"]}
        withdrawn = packed_slugs - set(_published().values_list("slug", flat=True))  # while it was packed
        if not withdrawn:
            _put_in_place(draft, target, index)
    finally:
        draft.unlink(missing_ok=True)
    return make() if withdrawn else target


def _fill(packed: zipfile.ZipFile, index: dict[str, Any], day: str) -> None:
    for dataset in _published().select_related("office").order_by("slug").iterator(chunk_size=200):
        with contextlib.suppress(LakeFault):  # its table is being made, or was taken away just now
            index["datasets"].append(_pack(packed, dataset))
    words = {"city": current_city().names["en"], "day": day, "address": settings.MARU.public_url}
    packed.writestr("README.txt", _README.format(**words), zipfile.ZIP_DEFLATED)
    packed.writestr("index.json", json.dumps(index, ensure_ascii=False, indent=1), zipfile.ZIP_DEFLATED)


def _put_in_place(draft: Path, target: Path, index: dict[str, Any]) -> None:
    """File and index go together: one at a time, so that the index is always that of the file."""
    place = target.parent
    lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        draft.replace(target)
        _write(place / INDEX, json.dumps(index, ensure_ascii=False).encode())
        for old in place.iterdir():
            if old not in {target, place / INDEX} and not _is_being_made(old):
                old.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _draft(place: Path, name: str) -> Path:
    """A name that nobody else writes to. Begins with a dot: such files are not served."""
    return place / f".{name}.{secrets.token_hex(8)}.part"


def _is_being_made(path: Path) -> bool:
    try:
        return path.suffix == ".part" and time.time() - path.stat().st_mtime < _DRAFT_S
    except FileNotFoundError:
        return False


def forget() -> None:
    """Take the file away; the worker makes it anew."""
    place = folder()
    (place / INDEX).unlink(missing_ok=True)
    for old in place.glob("open-data-*.zip"):
        old.unlink(missing_ok=True)


def _published() -> Any:
    return Dataset.objects.filter(state="published").exclude(origin="offer")


def _pack(packed: zipfile.ZipFile, dataset: Dataset) -> dict[str, Any]:
    rows, shown = sheet(dataset), view(dataset)
    name = f"data/{dataset.slug}.parquet"
    count = 0
    with packed.open(name, "w", force_zip64=True) as out:
        for piece in export("parquet", rows.stream(Query(limit=0)), shown.columns):
            count += len(piece)
            out.write(piece)
    return {
        "slug": dataset.slug,
        "service_code": dataset.service_code,
        "titles": dict(shown.titles),
        "summaries": dict(shown.summaries),
        "category": dataset.category,
        "office": dataset.office.code if dataset.office else None,
        "licence": {"id": dataset.licence, "address": dataset.licence_address or None},
        "columns": [
            {"name": one.name, "type": one.type, "titles": dict(one.titles), "unit": one.unit}
            for one in shown.columns
        ],
        "key": list(shown.key),
        "rows": rows.count(None),
        "version": rows.version,
        "file": name,
        "bytes": count,
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, body: bytes) -> None:
    part = _draft(path.parent, path.name)
    part.write_bytes(body)
    part.replace(path)
