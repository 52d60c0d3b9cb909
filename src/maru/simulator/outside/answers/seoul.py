"""Seoul's servers: general Open API, realtime subway, city data. Errors come with HTTP 200, flat, sometimes as XML."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping

from maru.simulator.outside.answers.shape import JSON, MOST, XML, Answer, Question, page, refused
from maru.simulator.outside.ledger import Ledger, first_at
from maru.simulator.outside.rows import json_template, names, rows, xml_template

MESSAGES = {
    "INFO-000": "정상 처리되었습니다", "INFO-100": "인증키가 유효하지 않습니다.\n인증키가 없는 경우, 열린 데이터 광장 홈페이지에서 인증키를 신청하십시오.", "INFO-200": "해당하는 데이터가 없습니다.",
    "ERROR-300": "필수 값이 누락되어 있습니다.\n요청인자를 참고 하십시오.", "ERROR-301": "파일타입 값이 누락 혹은 유효하지 않습니다.\n요청인자 중 TYPE을 확인하십시오.", "ERROR-310": "해당하는 서비스를 찾을 수 없습니다.\n요청인자 중 SERVICE를 확인하십시오.",
    "ERROR-331": "요청시작위치 값을 확인하십시오.\n요청인자 중 START_INDEX를 확인하십시오.", "ERROR-332": "요청종료위치 값을 확인하십시오.\n요청인자 중 END_INDEX를 확인하십시오.", "ERROR-333": "요청위치 값의 타입이 유효하지 않습니다.\n요청위치 값은 정수를 입력하세요.",
    "ERROR-334": "요청종료위치 보다 요청시작위치가 더 큽니다.\n요청시작조회건수는 정수를 입력하세요.", "ERROR-335": "샘플데이터(샘플키:sample)는 한번에 최대 5건을 넘을 수 없습니다.", "ERROR-336": "데이터요청은 한번에 최대 1000건을 넘을 수 없습니다.",
    "ERROR-337": "일별 트래픽 제한을 넘은 호출입니다. 오늘은 더 이상 호출할 수 없습니다.", "ERROR-338": "일반 인증키로는 실시간 지하철 데이터를 호출할 수 없습니다.", "ERROR-500": "서버 오류입니다.", "ERROR-600": "데이터베이스 연결 오류입니다.",
}  # fmt: skip
TYPES = ("json", "xml", "xmlf", "xls")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def error(code: str, form: str) -> Answer:
    """A flat error of the general server; a bad key and a bad type are answered in XML whatever was asked."""
    if form == "json" and code not in ("INFO-100", "ERROR-301"):
        return Answer(
            json.dumps({"RESULT": {"CODE": code, "MESSAGE": MESSAGES[code]}}, ensure_ascii=False).encode()
        )
    return Answer(
        f"{_HEAD}<RESULT><CODE>{code}</CODE><MESSAGE><![CDATA[{MESSAGES[code]}]]></MESSAGE></RESULT>".encode(),
        XML,
    )


def general(ledger: Ledger, asked: Question) -> Answer:
    """``/{KEY}/{TYPE}/{SERVICE}/{START}/{END}/{args}/``."""
    pieces = asked.path.removeprefix("/").removesuffix("/").split("/")
    if "" in pieces:
        return Answer(b"<html><body><h1>404 Not Found</h1></body></html>", "text/html", 404)
    form = pieces[1] if len(pieces) > 1 else ""
    fault = _fault(ledger, pieces)
    if fault:
        return error(fault, form)
    start, end = int(pieces[3]), int(pieces[4])
    low, high = ledger.visible(asked.now)
    if len(pieces) > 5:
        found = _narrowed(ledger, pieces[5:], low, high)
        if found is None:
            return error("INFO-200", form)
        low, high = found
    first, stop = min(low + start - 1, high), min(low + end, high)
    if first >= stop:
        return error("INFO-200", form)
    return _answer(ledger, first, stop, high - low, form)


def _fault(ledger: Ledger, pieces: list[str]) -> str:
    """The code of what is wrong with a question; "" if nothing is."""
    options = ledger.system.options
    if len(pieces) < 5:
        return "ERROR-300"
    key, form, service, start, end = pieces[:5]
    checks = (
        (refused(key), "INFO-100"),
        (form not in TYPES or ("xml_only" in ledger.system.traps and form == "json"), "ERROR-301"),
        (service != options["service"], "ERROR-310"),
        (not start.lstrip("-").isdigit() or not end.lstrip("-").isdigit(), "ERROR-333"),
    )
    for wrong, code in checks:
        if wrong:
            return code
    first, last = int(start), int(end)
    ranges = (
        (first < 1, "ERROR-331"), (last < 1, "ERROR-332"), (first > last, "ERROR-334"),
        (key == "sample" and last > 5, "ERROR-335"), (last - first + 1 > MOST, "ERROR-336"),
    )  # fmt: skip
    return next((code for wrong, code in ranges if wrong), "")


def _narrowed(ledger: Ledger, arguments: list[str], low: int, high: int) -> tuple[int, int] | None:
    """The records that the arguments leave; None if none does. A blank argument leaves all."""
    spare = ledger.system.fields[0].make.late_s
    length, begin = 86400.0, None
    for kind, text in zip(ledger.system.options.get("args", ()), arguments, strict=False):
        value = text.strip()
        if not value:
            continue
        if kind == "day":
            try:
                begin = dt.datetime.strptime(value + "+0900", "%Y%m%d%z").timestamp()
            except ValueError:
                return None
        elif kind == "hour" and begin is not None and value.isdigit():
            begin, length = begin + int(value) * 3600, 3600.0
        elif kind == "district" and value != ledger.system.options.get("argument"):
            return None
    if begin is not None:
        first, last = first_at(ledger, begin + spare, high), first_at(ledger, begin + spare + length, high)
        low, high = max(low, first), min(high, last)
    return (low, high) if low < high else None


def _answer(ledger: Ledger, first: int, end: int, total: int, form: str) -> Answer:
    system = ledger.system
    root = str(system.options["root"])
    if form == "json":
        made = rows(ledger, first, end, "quoted", json_template(names(ledger), nested=False))
        listed = made[0] if len(made) == 1 and "single_row_object" in system.traps else f"[{','.join(made)}]"
        head = f'{{"{root}":{{"list_total_count":{total},"RESULT":{{"CODE":"INFO-000","MESSAGE":"{MESSAGES["INFO-000"]}"}},"row":'
        return Answer(f"{head}{listed}}}}}".encode(), JSON, span=(first, end))
    made = rows(ledger, first, end, "xml", xml_template(names(ledger), "row"))
    head = f"{_HEAD}<{root}><list_total_count>{total}</list_total_count><RESULT><CODE>INFO-000</CODE><MESSAGE>{MESSAGES['INFO-000']}</MESSAGE></RESULT>"
    return Answer(f"{head}{''.join(made)}</{root}>".encode(), XML, span=(first, end))


def flat(code: str, form: str = "json", status: int = 500) -> Answer:
    """The error of the realtime subway: flat, HTTP 200."""
    found = {
        "status": status,
        "code": code,
        "message": MESSAGES[code],
        "link": "",
        "developerMessage": "",
        "total": 0,
    }
    if form == "json":
        return Answer(json.dumps(found, ensure_ascii=False).encode())
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in found.items())
    return Answer(f"{_HEAD}<RESULT>{inner}</RESULT>".encode(), XML)


def subway(ledger: Ledger, asked: Question) -> Answer:
    """``/api/subway/{KEY}/{TYPE}/{OP}/{s}/{e}/{name}``, or ``/{OP}/ALL``."""
    options = ledger.system.options
    pieces = asked.path.strip("/").split("/")[2:]
    if len(pieces) < 4:
        return flat("ERROR-300")
    key, form, operation = pieces[:3]
    if refused(key) or key == "general":
        return flat("ERROR-338" if key == "general" else "INFO-100", form)
    if operation != options["operation"]:
        return flat("ERROR-310", form)
    everything = pieces[3] == "ALL"
    if not everything and (len(pieces) < 6 or not (pieces[3].isdigit() and pieces[4].isdigit())):
        return flat("ERROR-333", form)
    argument = "ALL" if everything else pieces[5]
    if argument != options["argument"] and options["argument"] != "ALL":
        return flat("INFO-200", form)
    offset = 0 if everything else max(0, int(pieces[3]) - 1) if int(pieces[3]) else 0
    size = 1 << 30 if everything else int(pieces[4]) - offset
    first, end, total = page(
        ledger, asked.now, offset, min(size, 5) if key == "sample" and not everything else size
    )
    if first >= end:
        return flat("INFO-200", form)
    listed = str(options["list"])
    fields = names(ledger)
    if form != "json":
        made = rows(ledger, first, end, "xml", xml_template(fields, "row"))
        return Answer(
            f"{_HEAD}<{operation}><RESULT><code>INFO-000</code><message>{MESSAGES['INFO-000']}</message><status>200</status><total>{total}</total></RESULT>{''.join(made)}</{operation}>".encode(),
            XML,
            span=(first, end),
        )
    template = (
        json_template(fields, nested=False)[:-1]
        + f',"beginRow":null,"endRow":null,"curPage":null,"pageRow":null,"totalCount":{total},"selectedCount":{end - first},"subwayNm":null}}'
    )
    made = rows(ledger, first, end, "quoted", template)
    head = f'{{"errorMessage":{{"status":200,"code":"INFO-000","message":"{MESSAGES["INFO-000"]}","link":"","developerMessage":"","total":{total}}},"{listed}":['
    return Answer(f"{head}{','.join(made)}]}}".encode(), JSON, span=(first, end))


def citydata(ledger: Ledger, asked: Question) -> Answer:
    """``/{KEY}/json/{SERVICE}/1/5/{place}``: one place a call, dotted keys."""
    options = ledger.system.options
    pieces = asked.path.strip("/").split("/")
    if len(pieces) < 6:
        return error("ERROR-300", "json")
    key, form, service = pieces[:3]
    if refused(key):
        return error("INFO-100", form)
    if service != options["service"]:
        return error("ERROR-310", form)
    low, high = ledger.visible(asked.now)
    place = pieces[5].strip()
    names_of = [
        rows(ledger, index, index + 1, "plain", "\t".join("%s" for _one in ledger.system.fields))[0].split(
            "\t"
        )
        for index in range(low, high)
    ]
    index = next((low + spot for spot, found in enumerate(names_of) if place in found[:2]), None)
    if index is None:
        missed = '{"RESULT":{"RESULT.CODE":"INFO-200","RESULT.MESSAGE":"해당하는 데이터가 없습니다."}}'
        return (
            Answer(missed.encode())
            if form == "json"
            else Answer(
                f"{_HEAD}<Map><RESULT><RESULT.CODE>INFO-200</RESULT.CODE></RESULT></Map>".encode(), XML
            )
        )
    row = json.loads(rows(ledger, index, index + 1, "quoted", json_template(names(ledger), nested=False))[0])
    body: object = [row] if service == "citydata_ppltn" else _nested(row)
    result = {"RESULT.CODE": "INFO-000", "RESULT.MESSAGE": MESSAGES["INFO-000"]}
    return Answer(
        json.dumps({str(options["root"]): body, "RESULT": result}, ensure_ascii=False).encode(),
        JSON,
        span=(index, index + 1),
    )


_WEATHER = ("TEMP", "PRECIPITATION")


def _nested(row: Mapping[str, str]) -> dict[str, object]:
    """The blocks of ``citydata``."""
    people = {
        name: value
        for name, value in row.items()
        if name.startswith(("AREA_CONGEST", "AREA_PPLTN", "MALE", "RESNT", "PPLTN"))
    }
    known = {*people, "AREA_NM", "AREA_CD", *_WEATHER, "ROAD_TRAFFIC_SPD", "CUR_PRK_CNT", "SBIKE_PARKING_CNT"}
    return {
        "AREA_NM": row.get("AREA_NM"), "AREA_CD": row.get("AREA_CD"),
        "LIVE_PPLTN_STTS": [people],
        "ROAD_TRAFFIC_STTS": {"AVG_ROAD_DATA": {"ROAD_TRAFFIC_SPD": int(row.get("ROAD_TRAFFIC_SPD") or 0)}, "ROAD_TRAFFIC_STTS": []},
        "WEATHER_STTS": [{name: row[name] for name in _WEATHER if name in row}],
        "PRK_STTS": [{"CUR_PRK_CNT": row.get("CUR_PRK_CNT")}], "SBIKE_STTS": [{"SBIKE_PARKING_CNT": row.get("SBIKE_PARKING_CNT")}],
        **{name: value for name, value in row.items() if name not in known}, "EVENT_STTS": [],
    }  # fmt: skip
