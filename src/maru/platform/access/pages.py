"""How a refusal looks: a page in the citizen's language that says what to do, or one shape of JSON."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from maru.platform.access.bodies import MACHINES
from maru.platform.access.faults import note_fault, reference_of
from maru.platform.access.refusals import (
    NotAllowed,
    NotFound,
    Refusal,
    SecondFactorNeeded,
    SignInNeeded,
    TooMany,
)

# Fields that hold what a citizen typed; all others (tokens, choices, passwords) are not shown again.
_TYPED = ("text", "answer", "reason", "title", "summary", "description", "question", "body")


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The response to ``refusal``: JSON for machines, a redirect to sign in where that helps, else a page."""
    if wants_json(request):
        response: HttpResponse = JsonResponse({"error": refusal.as_dict()}, status=refusal.status)
    elif isinstance(refusal, SignInNeeded) and request.method in {"GET", "HEAD"}:
        return _to(resolve_url(settings.LOGIN_URL), request)
    else:
        response = _page(request, refusal)
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.retry_after)
    response["Cache-Control"] = "no-store"
    return response


def wants_json(request: HttpRequest) -> bool:
    """Whether the asker is a machine: the Open API, an address that machines push to (``for_machines``, or so declared to
    the gate of bodies), or an Accept header that prefers JSON to a page."""
    if request.path.startswith("/api/") or getattr(request, "for_machines", False):
        return True
    if getattr(request, "scope", {}).get(MACHINES):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def for_machines(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that machines push to, whatever their Accept header says: its refusals are JSON."""

    @functools.wraps(view)
    def marked(request: HttpRequest, *args: object, **named: object) -> HttpResponse:
        request.for_machines = True  # type: ignore[attr-defined]  # read by wants_json
        return view(request, *args, **named)

    return marked


def _page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    context = {
        "refusal": refusal,
        "title": refusal.title,
        "message": refusal.message,
        "advice": refusal.advice,
        "typed": _typed(request),
        "back": _back(request),
        "next_step": _next_step(refusal),
    }
    return render(request, "access/refusal.html", context, status=refusal.status)


def _typed(request: HttpRequest) -> list[str]:
    # Only a form already read: reading now could raise on the very body that is refused.
    form = getattr(request, "_post", None)
    if not form:
        return []
    return [form[name] for name in _TYPED if form.get(name, "").strip()]


def _back(request: HttpRequest) -> str:
    referer = str(request.META.get("HTTP_REFERER", ""))
    if referer and url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        parts = urlsplit(referer)
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return "/"


def _next_step(refusal: Refusal) -> str:
    if isinstance(refusal, SignInNeeded):
        return resolve_url(settings.LOGIN_URL)
    if isinstance(refusal, SecondFactorNeeded):
        try:
            return reverse("mfa_index")
        except NoReverseMatch:
            return ""
    return ""


def _to(address: str, request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"{address}?{urlencode({'next': request.get_full_path()})}")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    return refuse(request, Refusal(_("The request could not be understood.")))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return refuse(request, NotAllowed())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return refuse(request, NotFound())


def fault(request: HttpRequest) -> HttpResponse:
    """handler500: logs the fault, says it is ours, gives the reference. Plain text if even the page fails."""
    exception = sys.exc_info()[1]
    reference = note_fault(request, exception) if exception else reference_of(request)
    if wants_json(request):
        message = gettext("Something went wrong on our side.")
        return JsonResponse(
            {"error": {"code": "fault", "message": message, "reference": reference}}, status=500
        )
    try:
        return render(request, "access/fault.html", {"reference": reference}, status=500)
    except Exception as second:  # noqa: BLE001  # the last line of defence: the page itself may be what is broken
        note_fault(request, second)
        return HttpResponse(
            f"Something went wrong. Reference: {reference}\n", status=500, content_type="text/plain"
        )
