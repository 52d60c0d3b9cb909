"""The only way from a request to blocked words and blocks."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from maru.commons.moderation.models import Block, BlockedWord
from maru.commons.people.models import Person, Role
from maru.platform.access.refusals import NotFound
from maru.platform.access.roles import require_role


def moderator(request: HttpRequest) -> Person:
    """A moderator; refused otherwise."""
    return cast(Person, require_role(request, Role.MODERATOR))


def word(request: HttpRequest, key: int) -> BlockedWord:
    """A word of the list, for a moderator."""
    moderator(request)
    found = BlockedWord.objects.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def block(request: HttpRequest, key: int) -> Block:
    """A block, for a moderator."""
    moderator(request)
    found = Block.objects.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found
