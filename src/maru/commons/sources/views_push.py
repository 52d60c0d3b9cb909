"""The address that outside systems push to. Thank you is said when the bytes are on the disk, not before."""

from __future__ import annotations

import functools

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from maru.commons.sources import access, signatures
from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.keys import Keys
from maru.commons.sources.runner.spool import Frame, Spool, SpoolFull
from maru.platform.access.pages import for_machines
from maru.platform.access.refusals import NotAllowed, NotFound, Refusal

_RETRY_S = 60


class BadSignature(NotAllowed):
    """403: the body is not signed with the secret of this source."""

    code = "bad_signature"
    title = _("The signature is not right")


class NoRoom(Refusal):
    """503: the spool is full; the sender keeps it and tries again."""

    code = "no_room"
    status = 503
    title = _("There is no room for this now")


@csrf_exempt
@for_machines
@require_POST
def deliver(request: HttpRequest, name: str) -> HttpResponse:
    """Take one pushed body: 202 when it is durable, 403 without the right signature, 413 beyond 4 MB, 503 when there is no room."""
    found = access.source(name)
    if found.mode != "push" or found.kind == "mqtt":
        raise NotFound
    body = request.body
    headers = {key.lower(): value for key, value in request.headers.items()}
    secret = _secret(str(found.declared.get("secret", "")))
    header = str(found.declared.get("options", {}).get("signature_header", ""))
    if not secret or not signatures.is_signed(secret, body, headers, header=header):
        access.count_unsigned(request)
        raise BadSignature
    try:
        spool().put(found.name, [Frame(body, request.content_type or "")])
    except SpoolFull:
        answer = JsonResponse(
            {"error": {"code": NoRoom.code, "message": str(NoRoom.title)}}, status=NoRoom.status
        )
        answer["Retry-After"] = str(_RETRY_S)
        return answer
    return JsonResponse({"accepted": True}, status=202)


@functools.cache
def spool() -> Spool:
    """The spool of this house."""
    return Spool(settings.MARU.home)


@functools.cache
def _keys() -> Keys:
    return Keys(settings.MARU.home)


def _secret(name: str) -> str:
    """The shared secret; "" if there is none. A simulated world signs with a word that everyone knows."""
    if not name:
        return ""
    try:
        return _keys().get(name)
    except SourceFault:
        return "sample" if settings.MARU.outside else ""
