"""What the live room says no to, beyond the refusals of the house."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from maru.platform.access.refusals import Conflict, SignInNeeded


class OpinionsClosed(Conflict):
    """409: this broadcast takes no opinions now."""

    code: ClassVar[str] = "opinions_closed"
    title = _("The conversation is closed")
    advice = _("You can still read what was said, and watch.")


class AccountNeeded(SignInNeeded):
    """401: the producer allows opinions only from people who are signed in."""

    code: ClassVar[str] = "account_needed"
    title = _("Please sign in to speak in this broadcast")


class WrongState(Conflict):
    """409: the broadcast or the question is not in a state in which this can be done."""

    code: ClassVar[str] = "wrong_state"


class Taken(Conflict):
    """409: the address is already in use."""

    code: ClassVar[str] = "taken"
    title = _("There is already a broadcast with this address")
