"""Programmes and topics as the producer orders them."""

from __future__ import annotations

from django.db.models import Count

from maru.services.live.contracts_studio import ShelfEntry
from maru.services.live.models import Programme, Topic


def programmes() -> tuple[ShelfEntry, ...]:
    """Every series with the number of its broadcasts, also cancelled ones."""
    return tuple(
        ShelfEntry(row.slug, row.title, dict(row.titles), dict(row.summaries), row.held)
        for row in Programme.objects.annotate(held=Count("broadcasts"))
    )


def topics() -> tuple[ShelfEntry, ...]:
    """Every topic with the number of broadcasts that have it, also cancelled ones."""
    return tuple(
        ShelfEntry(row.code, row.name, dict(row.names), broadcasts=row.held)
        for row in Topic.objects.annotate(held=Count("broadcasts"))
    )


def programme_entry(programme: Programme) -> ShelfEntry:
    """One series."""
    return ShelfEntry(
        programme.slug,
        programme.title,
        dict(programme.titles),
        dict(programme.summaries),
        programme.broadcasts.count(),
    )


def topic_entry(topic: Topic) -> ShelfEntry:
    """One topic."""
    return ShelfEntry(topic.code, topic.name, dict(topic.names), broadcasts=topic.broadcasts.count())
