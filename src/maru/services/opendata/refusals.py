"""What the plaza says no to, beyond the refusals of the house."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from maru.platform.access.refusals import Conflict, Invalid, Text


class Taken(Conflict):
    """409: the address or the service code is already in use."""

    code: ClassVar[str] = "taken"
    title = _("There is already a dataset with this address")


class WrongState(Conflict):
    """409: the dataset or the upload is not in a state in which this can be done."""

    code: ClassVar[str] = "wrong_state"


class BadFile(Invalid):
    """422: the file cannot be read as what it says it is; the message says where."""

    title = _("This file cannot be read")

    def __init__(self, reason: Text, *, code: str = "bad_file") -> None:
        super().__init__("file", reason, code=code)


class BadAddress(Invalid):
    """422: a webhook's address is not one that the house may call."""

    title = _("This address cannot be called")

    def __init__(self, reason: Text) -> None:
        super().__init__("address", reason, code="bad_address")
