"""The demonstration: series, topics, what comes, what was, and a broadcast on air with its agenda."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from maru.commons.moderation import operations as moderation
from maru.commons.moderation.models import BlockedWord
from maru.commons.offices.city import City
from maru.commons.offices.queries import answering
from maru.commons.voices import operations as voices
from maru.commons.voices.models import Voice
from maru.commons.voices.states import State
from maru.services.live import seed_words as words
from maru.services.live.models import Broadcast, Chapter, Opinion, Programme, Topic, cut, now
from maru.services.live.operations.agenda import add_chapter
from maru.services.live.operations.broadcasts import create_broadcast, index_words, start_broadcast
from maru.services.live.operations.marks import mark
from maru.services.live.queries.broadcasts import page, playlist
from maru.services.live.queries.staff import inputs

ON_AIR = "open-hall"
_BY = None


def plant(city: City) -> dict[str, Any]:
    """Plant what is missing; returns what the simulator and the greeting need: addresses and keys. Idempotent."""
    with transaction.atomic():
        _plant_series()
        for entry in words.UPCOMING:
            _plant_upcoming(entry)
        for entry in words.PAST:
            _plant_past(entry)
        broadcast = _plant_on_air()
        for language, word in words.BLOCKED:
            if not BlockedWord.objects.filter(language=language, word=word).exists():
                moderation.add_word(language=language, word=word, by=_BY)
    return note(broadcast)


def note(broadcast: Broadcast) -> dict[str, Any]:
    """What ``demo.json`` says about the broadcast on air. Holds its keys: the file stays in the home."""
    house = settings.MARU
    address = house.public_url or f"http://127.0.0.1:{house.port}"
    push = [{"name": one.name, "rtmp": one.rtmp, "srt": one.srt} for one in inputs(broadcast)]
    return {
        "slug": broadcast.slug,
        "address": address,
        "page": f"{address}{page(broadcast.slug)}",
        "studio": f"{address}/studio/{broadcast.slug}/",
        "playlist": f"{address}{playlist(broadcast.slug)}",
        "api": f"{address}/api/v1/",
        "push": push,
        "chapters": list(broadcast.chapters.values_list("pk", flat=True)),
    }


def _plant_series() -> None:
    for code, names in words.TOPICS.items():
        Topic.objects.get_or_create(code=code, defaults={"names": names})
    for slug, (titles, summaries) in words.PROGRAMMES.items():
        Programme.objects.get_or_create(slug=slug, defaults={"titles": titles, "summaries": summaries})


def _plant_on_air() -> Broadcast:
    entry = words.ON_AIR
    found = Broadcast.objects.filter(slug=ON_AIR).first()
    if found is not None and found.state in {"ended", "replay"}:
        # Somebody ended the demonstration: its replay keeps the address, a new hall opens beside it.
        found = Broadcast.objects.filter(slug__startswith=f"{ON_AIR}-", state="live").order_by("-pk").first()
    if found is None:
        number = Broadcast.objects.filter(slug__startswith=ON_AIR).count()
        found = create_broadcast(
            slug=ON_AIR if not number else f"{ON_AIR}-{number + 1}",
            by=_BY,
            backup=True,
            titles=entry["titles"],
            summaries=entry["summaries"],
            programme=entry["programme"],
            topics=entry["topics"],
            starts_at=now(),
        )
        for title in entry["chapters"]:
            add_chapter(broadcast=found, title=title, by=_BY)
    if found.state == "scheduled":
        start_broadcast(broadcast=found, by=_BY)
    return found


def _plant_upcoming(entry: dict[str, Any]) -> None:
    if Broadcast.objects.filter(slug=entry["slug"]).exists():
        return
    starts = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=entry["in_days"])
    made = create_broadcast(
        slug=entry["slug"],
        by=_BY,
        titles=entry["titles"],
        summaries=entry["summaries"],
        programme=entry["programme"],
        topics=entry["topics"],
        starts_at=starts,
    )
    for title in entry["chapters"]:
        add_chapter(broadcast=made, title=title, by=_BY)


def _plant_past(entry: dict[str, Any]) -> None:
    """A replay with its conversation. It has no picture: the demonstration films nothing that never was."""
    if Broadcast.objects.filter(slug=entry["slug"]).exists():
        return
    began = cut(now() - timedelta(days=entry["days_ago"]))
    made = Broadcast.objects.create(
        slug=entry["slug"],
        titles=entry["titles"],
        summaries=entry["summaries"],
        programme=Programme.objects.get(slug=entry["programme"]),
        state="replay",
        starts_at=began,
        started_at=began,
        ended_at=began + timedelta(minutes=40),
        replay_at=began + timedelta(minutes=41),
        recorded_at=began + timedelta(minutes=41),
        routed_at=began + timedelta(minutes=50),
        peak=entry["peak"],
        plays=entry["plays"],
        phones=round(entry["plays"] * 0.62),
    )
    made.topics.set(Topic.objects.filter(code__in=entry["topics"]))
    for number, title in enumerate(entry["chapters"]):
        Chapter.objects.create(
            broadcast=made, title=title, position=number, started_at=began + timedelta(minutes=12 * number)
        )
    index_words(made)
    _plant_conversation(made, began)


def _plant_conversation(broadcast: Broadcast, began: datetime) -> None:
    chance = random.Random(broadcast.slug)
    offices = answering()[:40]
    moments = sorted(chance.uniform(30, 2380) for _line in words.SAID)
    lines = chance.sample(words.SAID, len(words.SAID))
    opinions = []
    for (language, text, question), seconds in zip(lines, moments, strict=True):
        moment = cut(began + timedelta(seconds=seconds))
        opinion = _plant_opinion(broadcast, moment, language, text, question, chance)
        opinions.append(opinion)
    asked = sorted((one for one in opinions if one.question), key=lambda one: -one.votes)
    for opinion in asked[: len(asked) // 3]:
        opinion.question_state = "answered"
        opinion.on_air_at = opinion.moment + timedelta(seconds=60)
        opinion.answered_at = opinion.moment + timedelta(seconds=150)
        opinion.save(update_fields=["question_state", "on_air_at", "answered_at"])
    for number, opinion in enumerate(asked[len(asked) // 3 :]):
        if not offices or number % 3 == 2:
            continue
        office = offices[number % len(offices)]
        voices.route(voice=opinion.voice, office=office)
        opinion.question_state = "passed"
        opinion.save(update_fields=["question_state"])
        if number % 3 == 0:
            reply = words.REPLIES[number % len(words.REPLIES)]
            voices.answer(voice=opinion.voice, text=reply, by=None, office=office)
    mark(broadcast, [opinion.moment for opinion in opinions])


def _plant_opinion(
    broadcast: Broadcast, moment: datetime, language: str, text: str, question: bool, chance: random.Random
) -> Opinion:
    voice = voices.receive(
        channel="broadcast",
        about=broadcast.channel,
        text=text,
        language=language,
        nickname=chance.choice(words.NICKNAMES[language]),
        state=State.PUBLISHED,
    )
    Voice.objects.filter(pk=voice.pk).update(created_at=moment, published_at=moment)
    return Opinion.objects.create(
        voice=voice,
        broadcast=broadcast,
        moment=moment,
        question=question,
        votes=int(chance.expovariate(1 / 25)) if question else 0,
        writer=f"{chance.getrandbits(128):032x}",
    )
