"""The kit of workbooks. The bytes decide: what poses as .xls and is HTML or CSV is read as what it is (see table)."""

from __future__ import annotations

from maru.commons.sources.kits.table import KIT

__all__ = ["KIT"]
