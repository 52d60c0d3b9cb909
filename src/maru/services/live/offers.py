"""What the live room gives the Open Data Plaza: everything that was said and may be read, without names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from maru.commons.offices.models import in_language
from maru.services.live.models import Broadcast
from maru.services.live.queries.conversation import all_opinions


def conversation() -> Iterator[dict[str, Any]]:
    """Each readable opinion with its broadcast and its answer. What is hidden is not among them."""
    for broadcast in Broadcast.objects.order_by("pk"):
        title = in_language(broadcast.titles)
        for opinion in all_opinions(broadcast):
            answer = opinion.answers[-1] if opinion.answers else None
            yield {
                "id": opinion.id,
                "broadcast": broadcast.slug,
                "title": title,
                "moment": opinion.moment,
                "text": opinion.text,
                "question": opinion.question,
                "state": opinion.question_state if opinion.question else None,
                "votes": opinion.votes,
                "office": opinion.office.code if opinion.office else None,
                "answered_at": answer.at if answer else opinion.answered_at,
                "answer": answer.text if answer else None,
            }
