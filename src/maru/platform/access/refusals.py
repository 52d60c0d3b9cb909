"""Refusals: what the city may say no to, in words a citizen understands.

A refusal is expected (a form left empty, a page that is not yours, too many posts at once). It is shown, never
logged as an error. Everything else that goes wrong is a fault: see ``faults.py``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Refusal(Exception):
    """Base of all refusals: ``code`` for machines, ``message`` for people, ``field`` if one input is meant."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[Text] = _("This cannot be done")
    advice: ClassVar[Text] = _("Go back, change what is named above, and try again.")

    def __init__(
        self, message: Text | None = None, *, code: str | None = None, field: str | None = None
    ) -> None:
        self.message: Text = message if message is not None else self.title
        self.field = field
        self.reason = code or type(self).code
        super().__init__(str(self.reason))

    def __str__(self) -> str:
        return str(self.message)

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape of every error of the Open API (inside ``{"error": ...}``)."""
        shape: dict[str, Any] = {"code": self.reason, "message": str(self.message)}
        if self.field:
            shape["field"] = self.field
        return shape


class NotAllowed(Refusal):
    """403: the person is known, the act is not theirs."""

    code = "not_allowed"
    status = 403
    title = _("You may not do this")
    advice = _("If you think you should be able to, ask an administrator of this site.")


class SignInNeeded(NotAllowed):
    """401: nobody is signed in. Pages send the citizen to the sign-in page and back."""

    code = "sign_in_needed"
    status = 401
    title = _("Please sign in first")
    advice = _("Sign in, then you are brought back here.")


class SecondFactorNeeded(NotAllowed):
    """403: staff pages need a second factor, and this account has none yet."""

    code = "second_factor_needed"
    title = _("Staff pages need a second step at sign-in")
    advice = _("Add an authenticator app or a passkey to your account, then come back.")


class NotFound(Refusal):
    """404: there is nothing here, or nothing this person may know of."""

    code = "not_found"
    status = 404
    title = _("There is nothing here")
    advice = _("The address may be wrong, or what was here is gone.")


class Invalid(Refusal):
    """422: one input is not acceptable. ``field`` names it, ``message`` says why."""

    code = "invalid"
    status = 422
    title = _("Something in the form is not right")

    def __init__(self, field: str, reason: Text, *, code: str | None = None) -> None:
        super().__init__(reason, field=field, code=code)


class Conflict(Refusal):
    """409: the thing has moved on (already answered, already ended)."""

    code = "conflict"
    status = 409
    title = _("This has changed in the meantime")
    advice = _("Load the page again to see how it stands now.")


class WrongMethod(Refusal):
    """405: the address exists, but not for this kind of request."""

    code = "method_not_allowed"
    status = 405
    title = _("This address does not take that kind of request")


class TooLarge(Refusal):
    """413: more bytes or characters than are taken."""

    code = "too_large"
    status = 413
    title = _("This is too large")
    advice = _("Send something smaller.")


class TooMany(Refusal):
    """429: too many at once. ``retry_after`` is the number of seconds to wait."""

    code = "too_many"
    status = 429
    title = _("That was a little fast")
    advice = _("Wait a moment, then send it again. What you wrote is kept below.")

    def __init__(self, message: Text | None = None, *, retry_after: int = 1, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = max(1, retry_after)

    def as_dict(self) -> dict[str, Any]:
        """As every refusal, with the seconds to wait."""
        return {**super().as_dict(), "retry_after": self.retry_after}
