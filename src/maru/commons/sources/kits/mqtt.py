"""The kit of MQTT messages. The subscription is the runner's; it tells the topic as a parameter of the content type.

``address`` is ``mqtt://broker/topic/filter/+``. Options: ``body_kind`` (see pushed) and ``topic``, a pattern such as
``city/environment/{sensor}``: what stands at ``{sensor}`` becomes that column of every row of the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

from maru.commons.sources.contracts import JSON, Declaration, Delivery, Fetch, SourceFault
from maru.commons.sources.kits.options import Options
from maru.commons.sources.kits.pushed import parse_pushed, with_columns

_TOPIC = re.compile(r";\s*topic=([^;]*)")


class MqttKit:
    """Only messages: there is nothing to ask for."""

    def read(self, declaration: Declaration, cursor: JSON, fetch: Fetch) -> Iterator[Delivery]:
        """Nothing: it is pushed."""
        del declaration, cursor, fetch
        return iter(())

    def parse(self, declaration: Declaration, body: bytes, content_type: str = "") -> Delivery:
        """One message. An empty one only takes a kept message back, so it holds no rows."""
        if not body.strip():
            return Delivery([])
        told = _TOPIC.search(content_type)
        delivery = parse_pushed(declaration, body, _TOPIC.sub("", content_type))
        pattern = Options.of(declaration).text("topic")
        return (
            with_columns(delivery, levels(pattern, unquote(told.group(1)))) if told and pattern else delivery
        )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = []
    for level in pattern.split("/"):
        if re.fullmatch(r"\{[A-Za-z_]\w*\}", level):
            parts.append(f"(?P<{level[1:-1]}>[^/]+)")
        else:
            parts.append({"+": "[^/]+", "#": ".*"}.get(level, re.escape(level)))
    try:
        # From the end: brokers that serve several houses put a prefix before every topic.
        return re.compile("(?:^|/)" + "/".join(parts) + "$")
    except re.error as fault:
        raise SourceFault("configuration", f"options.topic names a level twice: {fault}") from fault


def levels(pattern: str, topic: str) -> dict[str, str]:
    """What stands in ``topic`` at the names of ``pattern``; nothing where it does not match."""
    match = _compiled(pattern).search(topic)
    return match.groupdict() if match else {}


KIT = MqttKit()
