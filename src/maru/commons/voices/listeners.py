"""How a room hears what becomes of its voices, though the commons may not call a room.

A service registers one function for its prefix of ``about`` (``live/``) when it starts. It is called in the
transaction of every later step (not of the receiving, which the room does itself), so that what the room writes
(its events, its files) commits or falls with the step.
"""

from __future__ import annotations

from collections.abc import Callable

from maru.commons.voices.models import Step, Voice

Listener = Callable[[Voice, Step], None]
_listeners: dict[str, Listener] = {}


def listen(prefix: str, listener: Listener) -> None:
    """Call ``listener(voice, step)`` for every step of a voice whose ``about`` begins with ``prefix``."""
    _listeners[prefix] = listener


def tell(voice: Voice, step: Step) -> None:
    """Call those who listen; called by the operations."""
    for prefix, listener in _listeners.items():
        if voice.about.startswith(prefix):
            listener(voice, step)
