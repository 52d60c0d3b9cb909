"""The sentences that the scripts of the pages say, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def page_words() -> dict[str, str]:
    """For everyone who watches: countdown, conversation, form, share."""
    return {
        **countdown_words(),
        **desk_words(),
        "anonymous": _("A citizen"),
        "new": _("{n} new"),
        "announce": _("{n} new opinions"),
        "pause": _("Pause"),
        "continue": _("Continue"),
        "left": _("{n} characters left"),
        "tooMany": _("{n} characters too many"),
        "empty": _("Please write something first."),
        "linkFiles": _("The direct line is interrupted. Opinions still arrive, a few seconds later."),
        "chapter": _("Now: {title}"),
        "answerArrived": _("An office has answered a question."),
        "ended": _("The broadcast has ended. The replay will be here within a minute."),
        "over": _("Ended"),
        "nowLive": _("We are on air."),
        "replayReady": _("The replay is ready."),
        "changed": _("This broadcast has changed."),
        "show": _("Show"),
    }


def desk_words() -> dict[str, str]:
    """For staff screens."""
    return {
        "linkLost": _("No connection. We keep trying; nothing you wrote is lost."),
        "notSent": _("It could not be sent. Please try again; your text is still here."),
        "copied": _("Copied"),
        "copyByHand": _("Selected: please copy it by hand"),
    }


def countdown_words() -> dict[str, str]:
    """For what is to come."""
    return {
        "startsIn": _("Starts in {time}"),
        "startsNow": _("Starts at any moment"),
    }
