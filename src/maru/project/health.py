"""``/health/``: the state of each part as JSON, from the heartbeats and a look at the database."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from maru.platform.ports.heartbeat import PARTS, read


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "absent"
    return "ok"


@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """200 when every part is well, 503 otherwise; each part with state, age in seconds and its own detail."""
    parts = {name: asdict(read(settings.MARU.home, name)) for name in PARTS}
    # This answer itself is the web process's sign of life.
    parts["web"]["state"] = "ok"
    for part in parts.values():
        part.pop("name")
    database = _database()
    well = database == "ok" and all(part["state"] == "ok" for part in parts.values())
    state = "ok" if well else "degraded"
    body = {"state": state, "database": {"state": database, "kind": connection.vendor}, "parts": parts}
    return JsonResponse(body, status=200 if well else 503, headers={"Cache-Control": "no-store"})


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """The same for Prometheus."""
    registry = CollectorRegistry()
    up = Gauge(
        "maru_part_up", "1 when the part's last heartbeat is fresh and well", ["part"], registry=registry
    )
    age = Gauge("maru_part_heartbeat_age_seconds", "Age of the last heartbeat", ["part"], registry=registry)
    for name in PARTS:
        beat = read(settings.MARU.home, name)
        up.labels(name).set(1 if beat.state == "ok" or name == "web" else 0)
        if beat.age is not None:
            age.labels(name).set(beat.age)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
