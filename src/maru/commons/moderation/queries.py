"""Reading the list of words and the blocks that hold."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from maru.commons.moderation.models import Block, BlockedWord


def words() -> QuerySet[BlockedWord]:
    """The whole list, by language."""
    return BlockedWord.objects.select_related("added_by")


def blocks() -> QuerySet[Block]:
    """Blocks that hold now, newest first."""
    holding = Q(until=None) | Q(until__gt=timezone.now())
    return Block.objects.filter(holding, lifted_at=None).select_related("by")
