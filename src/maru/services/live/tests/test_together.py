"""Everyone at once: citizens, moderators, the host, the end of the broadcast. Nothing waits for ever, nothing is lost."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from maru.platform.access.refusals import Refusal
from maru.platform.events.models import Channel, Outbox
from maru.services.live import timed_files
from maru.services.live.models import Broadcast, Opinion
from maru.services.live.operations import answers, moderation, questions
from maru.services.live.operations.broadcasts import edit_broadcast, end_broadcast
from maru.services.live.operations.conversation import write_opinion
from maru.services.live.tests.test_timed_files import assert_same

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(works: list[Callable[[], None]]) -> None:
    """Run all in threads of their own; whatever is no refusal fails the test."""
    faults: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:  # noqa: BLE001  # handed over to the test's own thread
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert not any(thread.is_alive() for thread in threads)
    assert not faults, faults


def refusing(act: Callable[[], object]) -> None:
    try:
        act()
    except Refusal:
        return


def test_a_hall_full_of_voices(broadcast: Any, person: Any, office: Any) -> None:
    hall, staff = broadcast(), person("administrator")
    for number in range(6):
        write_opinion(broadcast=hall, text=f"before {number}", device=f"d{number}", question=True)
    written: list[str] = []

    def found() -> Broadcast:
        return Broadcast.objects.get(pk=hall.pk)

    def speak(number: int) -> None:
        for count in range(8):
            sent = write_opinion(broadcast=found(), text=f"{number}-{count}", device=f"w{number}")
            written.append(sent.opinion.id)

    def moderate(seed: int) -> None:
        chance = random.Random(seed)
        for _count in range(8):
            opinion = chance.choice(list(Opinion.objects.select_related("voice", "broadcast")))
            act = chance.choice(["hide", "show", "block", "air", "vote", "slow"])
            if act == "hide":
                refusing(lambda: moderation.hide_opinion(opinion=opinion, reason="r", by=staff))  # noqa: B023
            elif act == "show":
                refusing(lambda: moderation.show_opinion(opinion=opinion, by=staff))  # noqa: B023
            elif act == "block":
                refusing(
                    lambda: (
                        moderation.block_author(opinion=opinion, reason="r", by=staff, hide_all=True)  # noqa: B023
                        if opinion.question  # noqa: B023
                        else None
                    )
                )
            elif act == "air":
                refusing(lambda: questions.set_question_state(opinion=opinion, state="on_air", by=staff))  # noqa: B023
            elif act == "vote":
                refusing(lambda: questions.vote(opinion=opinion, device=f"v{seed}"))  # noqa: B023
            else:
                edit_broadcast(broadcast=found(), by=staff, slow_mode_s=0)

    at_once([*[lambda n=n: speak(n) for n in range(4)], *[lambda n=n: moderate(n) for n in range(3)]])
    assert len(written) == 32
    at_once(
        [
            lambda: end_broadcast(broadcast=found(), by=staff) and None,
            *[lambda n=n: refusing(lambda: speak(n)) for n in range(2)],
        ]
    )
    works: list[Callable[[], None]] = [
        lambda: refusing(
            lambda: answers.route_unanswered(broadcast=found(), office_of={}, by=staff, default=office)
        ),
        lambda: moderate(99),
    ]
    at_once(works)
    ids = set(Opinion.objects.values_list("voice__public_id", flat=True))
    assert set(written) <= ids
    for channel in Channel.objects.all():
        seqs = list(Outbox.objects.filter(channel=channel).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, channel.head + 1))
    told = Outbox.objects.filter(channel_id="live/hall", kind="opinion").values_list("payload", flat=True)
    assert sorted(payload["id"] for payload in told) == sorted(ids)
    assert Opinion.objects.filter(question_state="on_air").count() == 0
    timed_files.write_due()
    assert_same(found())


def test_one_token_at_the_same_time(broadcast: Any) -> None:
    hall = broadcast()
    results: list[Any] = []
    at_once(
        [
            lambda: results.append(write_opinion(broadcast=hall, text="once", device="d", idempotency="t"))
            for _count in range(6)
        ]
    )
    assert len({one.opinion.id for one in results}) == 1
    assert [one.repeated for one in results].count(False) == 1
    assert Opinion.objects.count() == 1


def test_slow_mode_lets_one_through(broadcast: Any) -> None:
    hall = broadcast(slow_mode_s=60)
    through: list[Any] = []
    at_once(
        [
            lambda: refusing(lambda: through.append(write_opinion(broadcast=hall, text="me", device="d")))
            for _count in range(6)
        ]
    )
    assert len(through) == Opinion.objects.count() == 1
