"""Which module reads which kind of system. Modules are imported when first asked for: a collector of ten air stations
has no need of Excel or protocol buffers."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from maru.commons.sources.contracts import Declaration, Kit, SourceFault

_HERE = "maru.commons.sources.kits"
MODULES = {
    kind: f"{_HERE}.{kind}"
    for kind in (
        "seoul", "seoul_subway", "seoul_citydata", "topis", "dataportal", "json", "xml", "feed", "gtfs",
        "gtfs_realtime", "gbfs", "sensorthings", "ngsi_ld", "ogc_features", "wfs", "ckan", "dcat", "open311",
        "table", "excel", "folder", "sql", "mqtt", "webhook",
    )
}  # fmt: skip
KINDS = tuple(MODULES)


@cache
def kit(kind: str) -> Kit:
    """The kit for ``kind``. Raises SourceFault ``configuration`` for a kind nobody knows."""
    if kind not in MODULES:
        raise SourceFault("configuration", f"no kit reads the kind {kind!r}")
    return cast("Kit", import_module(MODULES[kind]).KIT)


@cache
def _drawer_kit(drawer: str) -> Kit:
    return cast("Kit", import_module(f"maru.connectors.{drawer}.read").KIT)


def kit_of(declaration: Declaration) -> Kit:
    """The kit that reads ``declaration``: its drawer's own ``read.py`` where there is one, else that of its kind.

    The loader sets ``code`` only for drawers of the installation, so that a city's folder never runs anything.
    """
    return _drawer_kit(declaration.drawer) if declaration.code else kit(declaration.kind)
