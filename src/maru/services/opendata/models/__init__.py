"""What the plaza remembers. Rows of data are not here: they lie in the lake."""

from __future__ import annotations

from maru.services.opendata.models.corner import App, Booking, Meeting, Support, Wish
from maru.services.opendata.models.datasets import Dataset, Edition, Upload, Use
from maru.services.opendata.models.keys import AccessKey, KeyDay, UsageDay
from maru.services.opendata.models.remarks import Remark
from maru.services.opendata.models.subscriptions import Notice, Subscription

__all__ = [
    "AccessKey",
    "App",
    "Booking",
    "Dataset",
    "Edition",
    "KeyDay",
    "Meeting",
    "Notice",
    "Remark",
    "Subscription",
    "Support",
    "Upload",
    "UsageDay",
    "Use",
    "Wish",
]
