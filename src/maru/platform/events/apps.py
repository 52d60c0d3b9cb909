"""The Django app of the outbox."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Label ``events``."""

    name = "maru.platform.events"
    label = "events"
