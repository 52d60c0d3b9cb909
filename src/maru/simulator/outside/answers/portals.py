"""TOPIS bus and the public data portal: codes inside bodies, errors of a gateway in front of them."""

from __future__ import annotations

import json
from urllib.parse import unquote

from maru.simulator.outside.answers.shape import JSON, XML, Answer, Question, page, refused
from maru.simulator.outside.ledger import Ledger
from maru.simulator.outside.rows import json_template, names, rows, xml_template

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def gateway(code: str, word: str) -> Answer:
    """What the gateway says in XML with HTTP 200 whatever was asked."""
    body = f"<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg><returnAuthMsg>{word}</returnAuthMsg><returnReasonCode>{code}</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>"
    return Answer((_HEAD + body).encode(), XML)


def key_of(asked: Question) -> str:
    """The key, decoded once; one that is still encoded was encoded twice."""
    return next((value for name, value in asked.query.items() if name.lower() == "servicekey"), "")


def message(code: str, text: str, form: str) -> Answer:
    """An answer of TOPIS without items."""
    if form == "json":
        return Answer(
            json.dumps(
                {
                    "comMsgHeader": {},
                    "msgHeader": {"headerMsg": text, "headerCd": code, "itemCount": 0},
                    "msgBody": {"itemList": None},
                },
                ensure_ascii=False,
            ).encode()
        )
    return Answer(
        f"{_HEAD}<ServiceResult><comMsgHeader/><msgHeader><headerCd>{code}</headerCd><headerMsg>{text}</headerMsg><itemCount>0</itemCount></msgHeader><msgBody/></ServiceResult>".encode(),
        XML,
    )


def topis(ledger: Ledger, asked: Question) -> Answer:
    """``/api/rest/{group}/{op}?serviceKey=…``."""
    form = asked.query.get("resultType", "xml")
    key = key_of(asked)
    if refused(key) or unquote(key) != key:
        return message("7", "Key인증실패: SERVICE KEY IS NOT REGISTERED ERROR.", form)
    expected = ledger.system.address.split("?")[0].rsplit("/", 1)[-1]
    if asked.path.rsplit("/", 1)[-1] != expected:
        return message("1", "시스템 오류가 발생하였습니다.", form)
    if "busRouteId" not in asked.query:
        return message("2", "잘못된 쿼리 요청입니다.", form)
    if not asked.query["busRouteId"].isdigit():
        return message("4", "결과가 없습니다.", form)
    low, high = ledger.visible(asked.now)
    if low >= high:
        return message("4", "결과가 없습니다.", form)
    if form == "json":
        made = rows(ledger, low, high, "quoted", json_template(names(ledger)))
        head = f'{{"comMsgHeader":{{"responseTime":null}},"msgHeader":{{"headerMsg":"정상적으로 처리되었습니다.","headerCd":"0","itemCount":{high - low}}},"msgBody":{{"itemList":['
        return Answer(f"{head}{','.join(made)}]}}}}".encode(), JSON, span=(low, high))
    made = rows(ledger, low, high, "xml", xml_template(names(ledger), "itemList"))
    head = f"{_HEAD}<ServiceResult><comMsgHeader/><msgHeader><headerCd>0</headerCd><headerMsg>정상적으로 처리되었습니다.</headerMsg><itemCount>{high - low}</itemCount></msgHeader><msgBody>"
    return Answer(f"{head}{''.join(made)}</msgBody></ServiceResult>".encode(), XML, span=(low, high))


def dataportal(ledger: Ledger, asked: Question) -> Answer:
    """``?serviceKey&pageNo&numOfRows&returnType``: result codes in ``response.header``."""
    key = key_of(asked)
    if refused(key) or unquote(key) != key:
        return gateway("30", "SERVICE_KEY_IS_NOT_REGISTERED_ERROR")
    expected = ledger.system.address.split("?")[0].rsplit("/", 1)[-1]
    if asked.path.rsplit("/", 1)[-1] != expected:
        return gateway("12", "NO_OPENAPI_SERVICE_ERROR")
    query = asked.query
    size, number = query.get("numOfRows", "10"), query.get("pageNo", "1")
    if not size.isdigit() or not number.isdigit():
        return gateway("10", "INVALID_REQUEST_PARAMETER_ERROR")
    most = min(int(size), 1000)
    form = (
        query.get("returnType") or query.get("dataType") or query.get("_type") or query.get("type") or "xml"
    ).lower()
    first, end, total = page(ledger, asked.now, (int(number) - 1) * most, most)
    if form == "json":
        return _portal_json(ledger, first, end, total, most, int(number))
    code, text = ("00", "NORMAL SERVICE.") if first < end else ("03", "NODATA_ERROR")
    made = rows(ledger, first, end, "xml", xml_template(names(ledger), "item"))
    body = f"{_HEAD}<response><header><resultCode>{code}</resultCode><resultMsg>{text}</resultMsg></header><body><items>{''.join(made)}</items><numOfRows>{most}</numOfRows><pageNo>{number}</pageNo><totalCount>{total}</totalCount></body></response>"
    return Answer(body.encode(), XML, span=(first, end))


def _portal_json(ledger: Ledger, first: int, end: int, total: int, most: int, number: int) -> Answer:
    plain = (
        ledger.system.options.get("records") == "items"
    )  # AirKorea's items are a list, others wrap it once more
    template = json_template(names(ledger))
    if "null_flags" in ledger.system.traps:
        template = template[:-1] + ',"pm10Flag":null,"pm25Flag":null,"o3Flag":null,"no2Flag":null}'
    made = rows(ledger, first, end, "quoted", template)
    listed = f"[{','.join(made)}]"
    if not plain:
        listed = f'{{"item":{listed}}}' if made else '""'
    code, text = ("00", "NORMAL_CODE") if first < end or plain else ("03", "NO_DATA")
    head = f'{{"response":{{"header":{{"resultCode":"{code}","resultMsg":"{text}"}},"body":{{"totalCount":{total},"items":'
    return Answer(
        f'{head}{listed},"pageNo":{number},"numOfRows":{most}}}}}}}'.encode(), JSON, span=(first, end)
    )
