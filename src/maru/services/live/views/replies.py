"""How the room answers: the same act as a page for people and as JSON for the page's script."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from maru.platform.access.refusals import Refusal, TooMany


def wants_json(request: HttpRequest) -> bool:
    """True if the page's script asks; a browser that sends a form asks for HTML."""
    return "application/json" in request.headers.get("Accept", "")


def done(request: HttpRequest, url: str, message: str = "", **more: Any) -> HttpResponse:
    """The act is done: say so and go to ``url``, or tell the script."""
    if wants_json(request):
        return _json({"ok": True, "message": message, **more})
    if message:
        messages.success(request, message)
    return HttpResponseRedirect(url)


def refused(request: HttpRequest, url: str, refusal: Refusal) -> HttpResponse:
    """An act of a single button is refused: say why and go to ``url``, or tell the script."""
    if wants_json(request):
        return refusal_json(refusal)
    messages.error(request, str(refusal.message))
    return HttpResponseRedirect(url)


def refusal_json(refusal: Refusal) -> JsonResponse:
    """A refusal for the script, beside its field if it means one."""
    errors = {refusal.field: [str(refusal.message)]} if refusal.field else {}
    response = _json({"ok": False, "code": refusal.reason, "message": str(refusal.message), "errors": errors})
    response.status_code = refusal.status
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def form_json(form: Form) -> JsonResponse:
    """A form's errors for the script."""
    errors = {
        name: [str(error) for error in found] for name, found in form.errors.items() if name != "__all__"
    }
    response = _json(
        {"ok": False, "message": " ".join(str(error) for error in form.non_field_errors()), "errors": errors}
    )
    response.status_code = 422
    return response


def data_for_script(**values: Any) -> dict[str, Any]:
    """What every script of the room needs, and ``values``."""
    # The name of the IANA list: browsers do not know abbreviations such as KST.
    zone = getattr(timezone.get_current_timezone(), "key", "UTC")
    return {"lang": get_language() or "en", "timeZone": zone, **values}


def _json(body: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(body)
    response["Cache-Control"] = "private, no-store"
    patch_vary_headers(response, ["Accept"])
    return response
