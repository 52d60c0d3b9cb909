"""The Open API: one shape of refusal, whatever comes in; its description is what it does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from django.contrib.auth import get_user_model
from django.test import Client
from hypothesis import HealthCheck, settings

from maru.commons.people.operations import create_token
from maru.services.live.models import Broadcast
from maru.services.live.operations.broadcasts import create_broadcast, start_broadcast

pytestmark = pytest.mark.django_db
POST: dict[str, Any] = {"content_type": "application/json"}
OPINIONS = "/api/v1/broadcasts/hall/opinions"
DESCRIPTION = json.loads(
    (Path(__file__).parents[5] / "docs" / "reference" / "openapi.json").read_text("utf-8")
)


@pytest.fixture
def one_step(settings: Any) -> None:
    """Staff need no second step here."""
    settings.MARU = replace(settings.MARU, staff_mfa="optional")


def refused(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/json")
    body = response.json()
    assert list(body) == ["error"]
    assert {"code", "message"} <= set(body["error"]) <= {"code", "message", "field", "retry_after"}
    assert body["error"]["message"]
    return dict(body["error"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'{"text": 1}', 422),
        (b'{"text": "\xff\xfe"}', 422),
        (b'{"text": "a", "moment": "yesterday"}', 422),
        (b'{"text": "a", "moment": "2026-01-01T00:00:00"}', 422),
        (b'{"text": "' + b"a" * 1_000_000 + b'"}', 413),
    ],
)
def test_broken_bodies(client: Client, broadcast: Any, body: bytes, status: int) -> None:
    broadcast()
    refused(client.post(OPINIONS, data=body, **POST), status)


def test_unknown_things(client: Client, broadcast: Any) -> None:
    broadcast()
    assert refused(client.get("/api/v1/broadcasts/none"), 404)["code"] == "not_found"
    refused(client.put("/api/v1/broadcasts/hall/questions/none/vote"), 404)
    refused(client.get(OPINIONS + "?after=nonsense"), 422)
    refused(client.get(OPINIONS + "?limit=0"), 422)
    refused(client.get("/api/v1/broadcasts/%00"), 404)


def test_words_of_refusals_follow_the_language(client: Client) -> None:
    response = client.get("/api/v1/broadcasts/none", HTTP_ACCEPT_LANGUAGE="ko")
    assert refused(response, 404)["message"] == "그런 방송이 없습니다."


def test_a_producer_runs_a_broadcast(signed_in: Any, client: Client) -> None:
    producer = signed_in("producer")
    new = {"slug": "hall", "titles": {"en": "Hall"}, "backup": True, "starts_at": "2026-12-01T10:00:00Z"}
    for stranger, status in ((client, 401), (signed_in(), 403)):
        refused(stranger.post("/api/v1/broadcasts", data=json.dumps(new), **POST), status)
    made = producer.post("/api/v1/broadcasts", data=json.dumps(new), **POST)
    assert made.status_code == 201, made.content
    assert refused(producer.post("/api/v1/broadcasts", data=json.dumps(new), **POST), 409)["field"] == "slug"
    here = "/api/v1/broadcasts/hall"
    assert len(producer.get(f"{here}/inputs").json()["inputs"]) == 2
    refused(client.get(f"{here}/inputs"), 401)
    changed = producer.patch(here, data=json.dumps({"slow_mode_s": 5, "starts_at": None}), **POST).json()
    assert (changed["slow_mode_s"], changed["starts_at"], changed["title"]) == (5, None, "Hall")
    assert producer.post(f"{here}/start").json()["state"] == "live"
    assert producer.post(f"{here}/end").json()["state"] == "ended"
    assert client.get("/api/v1/broadcasts?state=ended").json()["total"] == 1
    assert client.get(f"{here}/statistics").json()["peak"] == 0


def test_a_program_runs_a_broadcast_by_token(person: Any) -> None:
    """No session, no CSRF token; each role does what it may, and a stranger's cookie beside it changes nothing."""
    tokens = {
        role: create_token(person=person(*([role] if role else [])), name="t", by="command line")[0]
        for role in ("producer", "moderator", "")
    }

    def call(role: str, method: str, address: str, body: Any = None) -> Any:
        program = Client(enforce_csrf_checks=True)
        return program.generic(
            method,
            f"/api/v1/broadcasts{address}",
            data=b"" if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {tokens[role]}"},
            **POST,
        )

    new = {"slug": "hall", "titles": {"en": "Hall"}}
    for role in ("moderator", ""):
        assert refused(call(role, "POST", "", new), 403)["code"] == "not_allowed"
    assert call("producer", "POST", "", new).status_code == 201
    assert call("producer", "PATCH", "/hall", {"slow_mode_s": 1}).json()["slow_mode_s"] == 1
    assert call("producer", "POST", "/hall/start").json()["state"] == "live"
    assert len(call("producer", "GET", "/hall/inputs").json()["inputs"]) == 1
    refused(call("", "GET", "/hall/inputs"), 403)
    said = call("", "POST", "/hall/opinions", {"text": "Why so dark?", "question": True})
    assert said.status_code == 201, said.content
    opinion = said.json()["opinion"]["id"]
    assert call("moderator", "PUT", f"/hall/questions/{opinion}/vote").json()["votes"] == 1
    refused(call("", "PUT", f"/hall/questions/{opinion}/state", {"state": "on_air"}), 403)
    on_air = call("moderator", "PUT", f"/hall/questions/{opinion}/state", {"state": "on_air"})
    assert on_air.status_code == 200, on_air.content
    refused(call("", "POST", f"/hall/opinions/{opinion}/hide", {"reason": "no"}), 403)
    assert call("moderator", "POST", f"/hall/opinions/{opinion}/hide", {"reason": "no"}).status_code == 200
    assert call("", "GET", "/hall/opinions/mine").json()["opinions"][0]["reason"] == "no"
    assert call("moderator", "POST", f"/hall/opinions/{opinion}/show").status_code == 200
    refused(call("moderator", "POST", "/hall/end"), 403)
    assert call("producer", "POST", "/hall/end").json()["state"] == "ended"


def test_a_session_still_needs_its_csrf_token(person: Any, one_step: None) -> None:
    producer = person("producer")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(producer, backend="django.contrib.auth.backends.ModelBackend")
    new = json.dumps({"slug": "hall", "titles": {"en": "Hall"}})
    assert refused(browser.post("/api/v1/broadcasts", data=new, **POST), 403)["code"] == "csrf"
    foreign = {"Authorization": "Bearer nonsense"}
    refused(browser.post("/api/v1/broadcasts", data=new, headers=foreign, **POST), 401)
    assert not Broadcast.objects.exists()
    browser.get("/accounts/profile/")
    proof = {"X-CSRFToken": browser.cookies["csrftoken"].value}
    assert browser.post("/api/v1/broadcasts", data=new, headers=proof, **POST).status_code == 201


def test_the_description_says_who_is_let_in() -> None:
    assert set(DESCRIPTION["components"]["securitySchemes"]) == {"token", "session", "csrf"}
    operations = {
        (method, path): operation.get("security")
        for path, item in DESCRIPTION["paths"].items()
        for method, operation in item.items()
    }
    staff = [{"token": []}, {"session": [], "csrf": []}]
    assert operations["post", "/api/v1/broadcasts"] == staff
    assert operations["post", "/api/v1/broadcasts/{slug}/opinions"] == [{}, *staff]
    assert operations["get", "/api/v1/broadcasts/{slug}/inputs"] == staff
    assert [key for key, security in operations.items() if key[0] != "get" and not security] == []


def test_reading_on_with_the_cursor(client: Client, broadcast: Any, say: Any) -> None:
    broadcast()
    for number in range(5):
        say(client, "hall", f"n{number}")
    first = client.get(OPINIONS + "?limit=3").json()
    assert (len(first["opinions"]), first["more"]) == (3, True)
    rest = client.get(f"{OPINIONS}?limit=3&after={first['next']}").json()
    assert [one["text"] for one in rest["opinions"]] == ["n3", "n4"]
    assert not rest["more"]
    assert client.get(f"{OPINIONS}?after={rest['next']}").json()["next"] == rest["next"]


def test_the_description_is_committed(client: Client) -> None:
    """After a change of the API: ``python -m maru.project.reference``."""
    assert client.get("/api/v1/openapi.json").json() == DESCRIPTION


schema = schemathesis.openapi.from_dict(DESCRIPTION)


@schema.parametrize()
@pytest.mark.usefixtures("one_step")
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_input_breaks_it(case: Any, db: None) -> None:
    """Whatever a machine sends to an open house, as a producer, the answer is no fault and has its shape."""
    client = Client(raise_request_exception=False)
    client.force_login(_producer(), backend="django.contrib.auth.backends.ModelBackend")
    if "slug" in (case.path_parameters or {}) and len(str(case.path_parameters["slug"])) % 3:
        case.path_parameters["slug"] = "hall"
    arguments = case.as_transport_kwargs(base_url="http://testserver")
    headers = {key: str(value) for key, value in (arguments.get("headers") or {}).items()}
    response = client.generic(
        case.method,
        arguments["url"].removeprefix("http://testserver"),
        data=_body(arguments),
        content_type=headers.get("Content-Type", "application/json"),
        query_string=urlencode(arguments.get("params") or {}, doseq=True, errors="replace"),
    )
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        refused(response, response.status_code)


def _body(arguments: dict[str, Any]) -> bytes:
    if arguments.get("json") is not None:
        return json.dumps(arguments["json"]).encode()
    data = arguments.get("data") or b""
    return data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)


def _producer() -> Any:
    """An administrator, and the broadcast ``hall`` on air."""
    if not Broadcast.objects.filter(slug="hall").exists():
        start_broadcast(broadcast=create_broadcast(slug="hall", by=None, titles={"en": "Hall"}), by=None)
    model: Any = get_user_model()
    found = model.objects.filter(email="admin@example.org").first()
    if found is None:
        found = model.objects.create_user("admin@example.org", None)
        found.grants.create(role="administrator")
    return found
