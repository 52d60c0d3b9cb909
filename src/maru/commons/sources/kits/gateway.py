"""What the gateway of data.go.kr answers in place of the service behind it: its own XML whatever was asked, its codes and its plain words."""

from __future__ import annotations

from collections.abc import Mapping

from maru.commons.sources.contracts import JSON, SourceFault
from maru.commons.sources.kits.envelopes import OK
from maru.commons.sources.kits.seoul_answers import CODES as SEOUL
from maru.commons.sources.kits.words import NONE, by_words

CODES: Mapping[str, str] = {
    "0": OK, "1": "server", "2": "server", "3": NONE, "4": "server", "5": "timeout", "6": "bad_request", "7": "bad_request", "8": "bad_request", "10": "bad_request", "11": "bad_request",
    "12": "not_found", "20": "refused_key", "21": "refused_key", "22": "quota", "23": "quota", "29": "refused_key",
    "30": "refused_key", "31": "refused_key", "32": "refused_key", "33": "refused_key", "99": "server", "200": OK,
}  # fmt: skip
_GOOD = frozenset(("OK", "SUCCESS", "NORMAL", "NORMAL_CODE", "TRUE"))
_HEADS = ("header", "head", "RESULT", "result", "msgHeader", "cmmMsgHeader")
_NAMES = ("resultCode", "RESULT_CODE", "returnReasonCode", "CODE", "RESULT.CODE", "headerCd")
_SAID = ("resultMsg", "RESULT_MSG", "returnAuthMsg", "MESSAGE", "RESULT.MESSAGE", "headerMsg", "errMsg")
_DEEPEST = 4
_KEPT = 64 * 1024


def classify(code: str, message: str) -> str:
    """What a result code and its message mean. Codes are written ``00``, ``0``, ``0000`` or ``INFO-000``; words decide about unknown ones
    and about ``99`` and ``1``, which stand for anything."""
    plain = code.strip().removeprefix("INFO-").lstrip("0") or ("0" if code.strip() else "")
    known = OK if plain.upper() in _GOOD else CODES.get(plain)
    words = by_words(message)
    if known is None or (known == "server" and words in ("quota", "refused_key", "timeout", NONE)):
        known = words or ("server" if plain else "")
    if known == "server" and "NORMAL" in message.upper():
        return OK
    return known


def verdict(document: JSON) -> tuple[str, str, str]:
    """(meaning, code, message) of a result code in one of the places where Korean services put theirs; three times "" where
    there is none."""
    level = [document]
    for _ in range(_DEEPEST):
        below: list[JSON] = []
        for item in level:
            if not isinstance(item, dict):
                continue
            for name in _HEADS:
                head = item.get(name)
                if isinstance(head, dict) and (code := _first(head, _NAMES)):
                    message = _first(head, _SAID)
                    return SEOUL.get(code) or classify(code, message) or "server", code, message
            below.extend(value for value in item.values() if isinstance(value, dict))
        level = below
    return "", "", ""


def _first(head: Mapping[str, JSON], names: tuple[str, ...]) -> str:
    return next((str(head[name]).strip() for name in names if head.get(name) is not None), "")


def refuse(document: JSON, raw: bytes) -> None:
    """Raise SourceFault if a document is the gateway's own error; data passes."""
    if not isinstance(document, dict):
        return
    top = document.get("OpenAPI_ServiceResponse", document)
    header = top.get("cmmMsgHeader") if isinstance(top, dict) else None
    if not isinstance(header, dict) or not header.get("returnReasonCode", header.get("errMsg")):
        return
    code = str(header.get("returnReasonCode") or "").strip()
    message = " ".join(str(header.get(name) or "") for name in ("errMsg", "returnAuthMsg")).strip()
    meant = classify(code, message)
    if meant not in (OK, NONE):
        raise SourceFault(meant or "server", f"{code} {message}".strip()[:300], raw=raw[:_KEPT])
