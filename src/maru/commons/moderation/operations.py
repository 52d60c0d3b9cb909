"""Checking a text, keeping the list of words, blocking who harms the hall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from maru.commons.moderation.matching import Matcher
from maru.commons.moderation.models import Block, BlockedWord
from maru.commons.moderation.normal import normal_form
from maru.commons.people.models import Person
from maru.platform.access.refusals import Conflict, Invalid, NotAllowed
from maru.platform.audit.operations import record

_VERSION = "moderation:words"


@dataclass(frozen=True)
class Verdict:
    """``clean`` or the blocked ``words`` found (as the moderators wrote them), for the queue and the reason."""

    words: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Nothing found."""
        return not self.words

    @property
    def reason(self) -> str:
        """For the moderator, never for the author: it would teach the way around."""
        return _("Blocked words: %(words)s") % {"words": ", ".join(self.words)} if self.words else ""


_known: dict[str, Any] = {"version": None, "matcher": Matcher(())}


def check_text(text: str) -> Verdict:
    """Look for blocked words of every language, whatever the disguise. One cache read when nothing changed."""
    version = cache.get(_VERSION)
    if version is None:
        version = timezone.now().isoformat()
        cache.add(_VERSION, version, timeout=60)
        version = cache.get(_VERSION, version)
    if _known["version"] != version:
        words = BlockedWord.objects.values_list("language", "word", "normal")
        _known.update(version=version, matcher=Matcher(tuple(words)))
    matcher: Matcher = _known["matcher"]
    return Verdict(matcher.find(text))


def is_blocked(*, device: str = "", person: Person | None = None) -> Block | None:
    """The block that holds now for this device or account, if any. One query, none for a nobody."""
    whom = Q()
    if device:
        whom |= Q(kind=Block.Kind.DEVICE, value=device)
    if person is not None and person.pk:
        whom |= Q(kind=Block.Kind.PERSON, value=str(person.pk))
    if not whom:
        return None
    return (
        Block.objects.filter(whom, lifted_at=None).filter(Q(until=None) | Q(until__gt=timezone.now())).first()
    )


def check_may_write(*, device: str = "", person: Person | None = None) -> None:
    """NotAllowed, with the reason and the end, for a blocked device or account."""
    block = is_blocked(device=device, person=person)
    if block is None:
        return
    if block.until is None:
        raise NotAllowed(
            _("You may not write here. Reason: %(reason)s") % {"reason": block.reason}, code="blocked"
        )
    until = timezone.localtime(block.until).strftime("%Y-%m-%d %H:%M")
    raise NotAllowed(
        _("You may not write here until %(until)s. Reason: %(reason)s")
        % {"until": until, "reason": block.reason},
        code="blocked",
    )


def block(
    *, kind: str, value: str, reason: str, by: Person | str | None, until: datetime | None = None
) -> Block:
    """Block a device (hash) or a person (key). The same one again renews the block."""
    if kind not in Block.Kind.values or not value:
        raise Invalid("kind", _("Only a device or an account can be blocked."))
    if not reason.strip():
        raise Invalid("reason", _("Say why: the author will read it."))
    with transaction.atomic():
        Block.objects.filter(kind=kind, value=value, lifted_at=None).update(lifted_at=timezone.now())
        made = Block.objects.create(
            kind=kind,
            value=value,
            reason=reason.strip()[:300],
            until=until,
            by=by if isinstance(by, Person) else None,
        )
        record(actor=by, act="moderation.block", target=f"block/{made.pk}", details=_block_words(made))
    return made


def lift_block(*, block: Block, by: Person | str | None) -> None:
    """End a block now."""
    with transaction.atomic():
        if not Block.objects.filter(pk=block.pk, lifted_at=None).update(lifted_at=timezone.now()):
            raise Conflict(_("This block is over already."))
        record(actor=by, act="moderation.unblock", target=f"block/{block.pk}", details={"kind": block.kind})


def add_word(*, language: str, word: str, by: Person | str | None) -> BlockedWord:
    """Block a word in a language. Words that normalise to fewer than two letters would block half of all texts."""
    if language not in dict(settings.LANGUAGES):
        raise Invalid("language", _("This language is not offered."))
    word = " ".join(word.split())[:60]
    normal = normal_form(word)
    if len(normal) < 2:
        raise Invalid("word", _("At least two letters, please."))
    try:
        with transaction.atomic():
            made = BlockedWord.objects.create(
                language=language, word=word, normal=normal, added_by=by if isinstance(by, Person) else None
            )
            record(actor=by, act="moderation.add_word", target=f"word/{made.pk}", details={"word": word})
            transaction.on_commit(_forget_words)
    except IntegrityError:
        raise Conflict(_("This word, or one like it, is in the list already."), field="word") from None
    return made


def remove_word(*, word: BlockedWord, by: Person | str | None) -> None:
    """Take a word from the list."""
    with transaction.atomic():
        record(actor=by, act="moderation.remove_word", target=f"word/{word.pk}", details={"word": word.word})
        word.delete()
        transaction.on_commit(_forget_words)


def _forget_words() -> None:
    cache.delete(_VERSION)


def _block_words(made: Block) -> dict[str, str]:
    # The device's hash and the account's key stay out of the log, which can never be cleaned.
    return {"kind": made.kind, "reason": made.reason, "until": made.until.isoformat() if made.until else ""}
