"""The life of a voice: its states and the only steps between them. Plain data, no Django models."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """received → held or published → routed to an office → answered → closed or reopened; hidden at any time."""

    RECEIVED = "received", _("received")
    HELD = "held", _("held for a moderator")
    PUBLISHED = "published", _("published")
    HIDDEN = "hidden", _("hidden")
    ROUTED = "routed", _("with an office")
    ANSWERED = "answered", _("answered")
    CLOSED = "closed", _("closed")
    REOPENED = "reopened", _("reopened")


class Act(models.TextChoices):
    """The steps."""

    RECEIVE = "receive", _("was received")
    HOLD = "hold", _("was held for a moderator")
    PUBLISH = "publish", _("was published")
    HIDE = "hide", _("was hidden")
    SHOW = "show", _("was shown again")
    ROUTE = "route", _("was given to an office")
    ANSWER = "answer", _("was answered")
    CLOSE = "close", _("was closed")
    REOPEN = "reopen", _("was reopened")


_OPEN = frozenset({State.PUBLISHED, State.ROUTED, State.ANSWERED, State.CLOSED, State.REOPENED})

# act -> the states in which it may be done. Hiding is possible at every time, the law does not wait for an answer.
ALLOWED: dict[str, frozenset[str]] = {
    Act.HOLD: frozenset({State.RECEIVED}),
    Act.PUBLISH: frozenset({State.RECEIVED, State.HELD}),
    Act.HIDE: _OPEN | {State.RECEIVED, State.HELD},
    Act.SHOW: frozenset({State.HIDDEN}),
    Act.ROUTE: frozenset({State.PUBLISHED, State.ROUTED, State.REOPENED}),
    Act.ANSWER: frozenset({State.PUBLISHED, State.ROUTED, State.REOPENED}),
    Act.CLOSE: frozenset({State.PUBLISHED, State.ROUTED, State.ANSWERED, State.REOPENED}),
    Act.REOPEN: frozenset({State.ANSWERED, State.CLOSED}),
}

_LEADS_TO: dict[str, str] = {
    Act.HOLD: State.HELD,
    Act.PUBLISH: State.PUBLISHED,
    Act.HIDE: State.HIDDEN,
    Act.ROUTE: State.ROUTED,
    Act.ANSWER: State.ANSWERED,
    Act.CLOSE: State.CLOSED,
    Act.REOPEN: State.REOPENED,
}

READABLE: frozenset[str] = _OPEN


def allowed(act: str, state: str) -> bool:
    """Whether ``act`` may be done to a voice in ``state``."""
    return state in ALLOWED.get(act, frozenset())


def after(act: str, hidden_from: str) -> str:
    """The state ``act`` leads to. Showing again gives back what hiding took, or publishes what was only held."""
    if act == Act.SHOW:
        return hidden_from if hidden_from in _OPEN else State.PUBLISHED
    return _LEADS_TO[act]
