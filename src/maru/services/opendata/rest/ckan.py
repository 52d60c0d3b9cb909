"""The reading side of CKAN's Action API at ``/api/3/action/``, GET and POST, so that its clients work unchanged."""

from __future__ import annotations

from typing import Any

from maru.services.opendata.rest import ckan_catalogue, ckan_datastore
from maru.services.opendata.rest.ckan_parameters import Asked, Invalid, asked_of, missing
from maru.services.opendata.rest.doorkeeper import first_key
from maru.services.opendata.rest.http import CATALOGUE, Answer, Problem, Request, as_json, decoded
from maru.services.opendata.rest.shelf import shelf

_WRITES = ("create", "update", "patch", "delete", "purge", "upsert", "follow", "invite", "member_")
_TYPES = {
    404: "Not Found Error",
    403: "Authorization Error",
    401: "Authorization Error",
    409: "Validation Error",
    400: "Validation Error",
}


def key_of(request: Request) -> str:
    """The key as clients of CKAN send it: ``Authorization: KEY`` without a scheme, or ``X-CKAN-API-Key``."""
    plain = request.headers.get("authorization", "").strip()
    scheme, _space, token = plain.partition(" ")
    candidate = token.strip() if scheme.lower() == "bearer" else ("" if token else plain)
    return first_key(
        (request.headers.get("x-ckan-api-key", ""), candidate, request.headers.get("x-api-key", ""))
    )


def help_show(asked: Asked) -> Any:
    name = asked.text("name")
    if not name:
        raise missing("name")
    if name not in ACTIONS:
        raise Problem(404, "not_found", "Not found")
    return (ACTIONS[name].__doc__ or f"{name}, as in CKAN 2.11.").strip()


ACTIONS = {**ckan_catalogue.ACTIONS, **ckan_datastore.ACTIONS, "help_show": help_show}


def action_of(request: Request) -> str:
    """The action's name."""
    path = request.raw_path
    for prefix in ("/api/3/action/", "/api/action/"):
        if path.startswith(prefix):
            return decoded(path.removeprefix(prefix)).strip("/")
    return ""


def answer(request: Request, key: str) -> Answer:
    """Answer one call; runs in a thread."""
    if request.raw_path.rstrip("/") == "/api/3":
        return as_json({"version": 3})
    name = action_of(request)
    action = ACTIONS.get(name)
    if action is None:
        if any(word in name for word in _WRITES):
            raise Problem(403, "not_authorized", "Access denied: this site is read only here.")
        return as_json(f"Bad request - Action name not known: {name[:60]}", 400)
    asked = asked_of(request)
    result = action(asked)
    body = {"help": _help(request, name), "success": True, "result": result}
    if name.startswith("datastore_"):
        holding = ckan_datastore.holding_of(asked, "resource_id", "id", "alias")
        records = result.get("records") if isinstance(result, dict) else None
        rows = len(records) if isinstance(records, list) else 0
        return as_json(body, subject=holding.slug, version=holding.token, dataset=holding.slug, rows=rows)
    dataset = result.get("name", "") if name == "package_show" else ""
    return as_json(body, subject=CATALOGUE, version=shelf.token(CATALOGUE), dataset=dataset)


def _help(request: Request, name: str) -> str:
    return f"{request.base}/api/3/action/help_show?name={name}"


def problem(request: Request, fault: Problem) -> Answer:
    """Errors in CKAN's shape; what it has no type for keeps the true status."""
    headers = {"retry-after": str(fault.retry_after)} if fault.retry_after else {}
    error: dict[str, Any]
    status = 403 if fault.status == 401 else fault.status
    if isinstance(fault, Invalid):
        error = {"__type": "Validation Error", **fault.errors}
    elif fault.code == "search_query":
        error = {"__type": "Search Query Error", "message": f"Search Query is invalid: {fault.message}"}
    elif fault.status == 404:
        error = {"__type": "Not Found Error", "message": fault.message}
    elif fault.status in _TYPES:
        error = {"__type": _TYPES[fault.status], "message": fault.message}
        if fault.field:
            error[fault.field] = [fault.message]
    else:
        error = {
            "__type": "Internal Server Error" if fault.status >= 500 else "Error",
            "message": fault.message,
        }
    body = {"help": _help(request, action_of(request)[:60]), "success": False, "error": error}
    return as_json(body, status, headers=headers)
