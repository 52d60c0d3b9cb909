"""What the plaza remembers. Rows of data are not here: they lie in the lake."""

from __future__ import annotations

from maru.services.opendata.models.datasets import Dataset, Edition, Upload, Use
from maru.services.opendata.models.remarks import Remark
from maru.services.opendata.models.subscriptions import Notice, Subscription

__all__ = ["Dataset", "Edition", "Notice", "Remark", "Subscription", "Upload", "Use"]
