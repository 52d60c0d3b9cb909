"""The twelve traps of the reference's connector proof, each by its name, and their near relatives."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from maru.commons.sources.contracts import SourceFault
from maru.commons.sources.kits.registry import kit
from maru.commons.sources.kits.tests.feeds import Outside, declare, fault_of, parse, query, read, rows_of

OK = '"RESULT":{"CODE":"INFO-000","MESSAGE":"정상 처리되었습니다"}'


def test_trap_01_flat_error() -> None:
    """An error comes without the service's level, with HTTP 200."""
    assert (
        fault_of("seoul", '{"RESULT":{"CODE":"INFO-100","MESSAGE":"인증키가 유효하지 않습니다."}}')
        == "refused_key"
    )
    assert (
        len(parse("seoul", '{"RESULT":{"CODE":"INFO-200","MESSAGE":"해당하는 데이터가 없습니다."}}').rows)
        == 0
    )
    flat = '{"status":500,"code":"INFO-200","message":"해당하는 데이터가 없습니다.","link":"","developerMessage":"","total":0}'
    assert len(parse("seoul_subway", flat).rows) == 0
    assert fault_of("seoul_subway", flat.replace("INFO-200", "ERROR-338")) == "refused_key"


def test_trap_02_xml_on_json() -> None:
    """XML comes although JSON was asked for, as an error and as rows."""
    error = "<RESULT><CODE>ERROR-500</CODE><MESSAGE><![CDATA[서버 오류입니다.]]></MESSAGE></RESULT>"
    assert fault_of("seoul", error) == "server"
    outside = Outside(
        lambda address: (
            "<VolInfo><list_total_count>2</list_total_count><RESULT><CODE>INFO-000</CODE><MESSAGE/></RESULT>"
            "<row><spot_num>A-01</spot_num><vol>1</vol></row><row><spot_num>A-02</spot_num><vol>2</vol></row></VolInfo>"
        )
    )
    deliveries = read(declare("seoul", "http://openapi.seoul.go.kr:8088", service="VolInfo"), outside)
    assert "/json/VolInfo/" in outside.asked[0]
    assert rows_of(deliveries) == [{"spot_num": "A-01", "vol": "1"}, {"spot_num": "A-02", "vol": "2"}]
    gateway = (
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg><returnAuthMsg>SERVICE_KEY_IS_NOT_REGISTERED_ERROR"
        "</returnAuthMsg><returnReasonCode>30</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>"
    )
    assert fault_of("dataportal", gateway) == "refused_key"
    assert fault_of("topis", gateway) == "refused_key"


def test_trap_03_single_object_row() -> None:
    """One row is an object, not a list of one."""
    assert parse(
        "seoul", f'{{"bikeList":{{"list_total_count":1,{OK},"row":{{"stationId":"ST-4"}}}}}}'
    ).rows == [{"stationId": "ST-4"}]
    topis = '{"comMsgHeader":{},"msgHeader":{"headerCd":"0","headerMsg":"ok"},"msgBody":{"itemList":{"stId":"1"}}}'
    assert parse("topis", topis).rows == [{"stId": "1"}]
    portal = '{"response":{"header":{"resultCode":"00","resultMsg":"NORMAL SERVICE."},"body":{"items":{"item":{"a":"1"}},"totalCount":1}}}'
    assert parse("dataportal", portal).rows == [{"a": "1"}]
    its = '{"response":{"coordtype":1,"data":{"cctvname":"서울","coordx":127.0},"datacount":1}}'
    assert parse("dataportal", its).rows == [{"cctvname": "서울", "coordx": 127.0}]


def test_trap_04_dotted_keys() -> None:
    """Names hold dots: of the root, and of code and message."""
    body = (
        '{"SeoulRtd.citydata_ppltn":[{"AREA_NM":"명동","AREA_CD":"POI003","AREA_PPLTN_MIN":"100"}],'
        '"RESULT":{"RESULT.CODE":"INFO-000","RESULT.MESSAGE":"정상 처리되었습니다."}}'
    )
    assert parse("seoul_citydata", body).rows == [
        {"AREA_NM": "명동", "AREA_CD": "POI003", "AREA_PPLTN_MIN": "100"}
    ]
    miss = '{"RESULT":{"RESULT.CODE":"INFO-200","RESULT.MESSAGE":"해당하는 데이터가 없습니다."}}'
    assert len(parse("seoul_citydata", miss).rows) == 0
    assert len(parse("seoul_citydata", '{"RESULT.CODE":"INFO-200","RESULT.MESSAGE":"없음"}').rows) == 0
    assert fault_of("seoul_citydata", miss.replace("INFO-200", "INFO-100")) == "refused_key"
    assert parse("json", '{"a.b":{"c":[{"x":1}]}}', rows=["a.b", "c"]).rows == [{"x": 1}]
    assert parse("json", '{"a.b":[{"x":1}]}', rows="a.b").rows == [{"x": 1}]


def test_trap_05_other_root() -> None:
    """The root is named otherwise than the service that was asked."""
    body = f'{{"rentBikeStatus":{{"list_total_count":1,{OK},"row":[{{"stationId":"ST-4"}}]}}}}'
    outside = Outside(lambda address: body)
    deliveries = read(declare("seoul", "http://openapi.seoul.go.kr:8088", service="bikeList"), outside)
    assert rows_of(deliveries) == [{"stationId": "ST-4"}]
    place = f'{{"CITYDATA":{{"AREA_NM":"명동","LIVE_PPLTN_STTS":[{{"AREA_PPLTN_MIN":"1"}}]}},{OK}}}'
    assert parse("seoul_citydata", place).rows == [{"AREA_NM": "명동", "AREA_PPLTN_MIN": "1"}]
    miss = (
        "<Map><RESULT><RESULT.CODE>INFO-200</RESULT.CODE><RESULT.MESSAGE>없음</RESULT.MESSAGE></RESULT></Map>"
    )
    assert len(parse("seoul_citydata", miss).rows) == 0


def test_trap_06_renamed_fields_are_given_raw() -> None:
    """Kits give names as they came; aliases and the drift alarm are the declaration's."""
    for names in (
        '{"USE_DT":"20240101","LINE_NUM":"2호선"}',
        '{"USE_YMD":"20260101","SBWY_ROUT_LN_NM":"2호선"}',
    ):
        body = f'{{"CardSubwayStatsNew":{{"list_total_count":1,{OK},"row":[{names}]}}}}'
        assert str(parse("seoul", body).rows[0]).replace("'", '"').replace(" ", "") == names.replace(" ", "")
    both = [["EVENT_STTS"], ["CULTURALEVENTINFO"]]
    for name in ("EVENT_STTS", "CULTURALEVENTINFO"):
        body = f'{{"CITYDATA":{{"AREA_NM":"명동","{name}":[{{"EVENT_NM":"x"}}]}},{OK}}}'
        assert parse("seoul_citydata", body, block=both).rows == [{"AREA_NM": "명동", "EVENT_NM": "x"}]


def test_trap_07_dash_numbers_stay_as_they_came() -> None:
    """ "-" is a value of the row, not the end of it: no row is lost and none is guessed."""
    body = '{"response":{"header":{"resultCode":"00"},"body":{"totalCount":1,"items":[{"pm10Value":"-","pm10Flag":"통신장애"}]}}}'
    assert parse("dataportal", body).rows == [{"pm10Value": "-", "pm10Flag": "통신장애"}]


def test_trap_08_tm_coordinates_are_untouched() -> None:
    """AccInfo's coordinates are TM metres: the kit gives both columns, the declaration's ``crs`` turns them."""
    body = f'{{"AccInfo":{{"list_total_count":1,{OK},"row":[{{"grs80tm_x":"198364.107","grs80tm_y":"450395.554"}}]}}}}'
    assert parse("seoul", body).rows == [{"grs80tm_x": "198364.107", "grs80tm_y": "450395.554"}]


def test_trap_09_swapped_names_are_untouched() -> None:
    """Stations' dmX is the latitude: the kit must not "repair" it, the declaration says which is which."""
    assert parse("json", '[{"dmX":"37.5","dmY":"127.0"}]').rows == [{"dmX": "37.5", "dmY": "127.0"}]


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        ("7", "Key인증실패: SERVICE KEY IS NOT REGISTERED ERROR.[인증모듈 에러코드(30)]", "refused_key"),
        (
            "7",
            "Key인증실패: LIMITED NUMBER OF SERVICE REQUESTS EXCEEDS ERROR.[인증모듈 에러코드(22)]",
            "quota",
        ),
        ("7", "일일 호출건수를 초과하였습니다.", "quota"),
        ("7", "경로 검색 결과가 존재하지 않습니다.", "none"),
        ("4", "노선을 찾을 수 없습니다.", "not_found"),
        ("4", "결과가 없습니다.", "none"),
        ("3", "정류소를 찾을 수 없습니다.", "not_found"),
        ("1", "시스템 오류가 발생하였습니다.", "server"),
        ("2", "잘못된 쿼리 요청입니다. 쿼리 변수가 정확한지 확인하세요.", "bad_request"),
        ("5", "잘못된 위치로 요청을 하였습니다. 위/경도 좌표가 정확한지 확인하세요.", "bad_request"),
        ("6", "실시간 정보를 읽을 수 없습니다. 잠시후 다시 시도하세요.", "server"),
        ("8", "운행 종료되었습니다.", "none"),
        ("42", "알 수 없는 무엇", "server"),
    ],
)
def test_trap_10_header_code_means_several_things(code: str, message: str, meaning: str) -> None:
    """headerCd 7 is no path, a bad key, or a used-up quota: code and message count together."""
    as_json = f'{{"comMsgHeader":null,"msgHeader":{{"headerMsg":"{message}","headerCd":"{code}","itemCount":0}},"msgBody":{{"itemList":null}}}}'
    as_xml = f"<ServiceResult><comMsgHeader/><msgHeader><headerCd>{code}</headerCd><headerMsg>{message}</headerMsg></msgHeader><msgBody/></ServiceResult>"
    for body in (as_json, as_xml):
        if meaning == "none":
            assert len(parse("topis", body).rows) == 0
        else:
            assert fault_of("topis", body) == meaning


@pytest.mark.parametrize("kind", ["topis", "dataportal"])
def test_trap_11_double_encoded_key(kind: str) -> None:
    """The portal hands keys out encoded: kits leave the place open, and the fetch encodes once (see sources/tests/test_keys)."""
    outside = Outside(lambda address: SourceFault("timeout", "enough"))
    with pytest.raises(SourceFault):
        read(declare(kind, params={"sidoName": "서울"}), outside)
    (asked,) = outside.asked
    assert "serviceKey={key}" in asked
    assert query(asked)["sidoName"] == "서울"


def test_trap_12_sample_limit() -> None:
    """The key ``sample`` is given rows 1 to 5: other ranges are ERROR-335 (ERROR-336 for 100 rows as well)."""
    rows = ",".join(f'{{"n":"{n}"}}' for n in range(1, 6))

    def answer(address: str) -> str:
        start, end = (int(part) for part in address.rstrip("/").split("/")[-2:])
        if end - start >= 100:
            return '{"RESULT":{"CODE":"ERROR-336","MESSAGE":"데이터요청은 한번에 최대 1000건을 넘을 수 없습니다."}}'
        if (start, end) != (1, 5):
            return "<RESULT><CODE>ERROR-335</CODE><MESSAGE>샘플데이터(샘플키:sample) 는 한번에 최대 5건을 넘을 수 없습니다.</MESSAGE></RESULT>"
        return f'{{"bikeList":{{"list_total_count":2400,{OK},"row":[{rows}]}}}}'

    outside = Outside(answer)
    declaration = declare("seoul", "http://openapi.seoul.go.kr:8088", service="bikeList", complete=True)
    (delivery,) = read(declaration, outside)
    assert [row["n"] for row in delivery.rows] == ["1", "2", "3", "4", "5"]
    assert not delivery.complete, "a sample is not the whole"
    assert len(outside.asked) <= 5
    assert fault_of("seoul", '{"RESULT":{"CODE":"ERROR-335","MESSAGE":"샘플"}}') == "bad_request"


def test_relative_a_thousand_rows_a_call() -> None:
    """2,500 rows are three calls of 1,000, 1-based, ends included; nothing is asked beyond the total."""

    def answer(address: str) -> str:
        start, end = (int(part) for part in address.rstrip("/").split("/")[-2:])
        rows = ",".join(f'{{"n":{n}}}' for n in range(start, min(end, 2500) + 1))
        return f'{{"bikeList":{{"list_total_count":2500,{OK},"row":[{rows}]}}}}'

    outside = Outside(answer)
    deliveries = read(declare("seoul", "http://openapi.seoul.go.kr:8088", service="bikeList"), outside)
    assert [address.partition("bikeList")[2] for address in outside.asked] == [
        "/1/1000/",
        "/1001/2000/",
        "/2001/2500/".replace("2500", "3000"),
    ]
    assert [row["n"] for row in rows_of(deliveries)] == list(range(1, 2501))
    assert [delivery.cursor for delivery in deliveries] == [{"at": 1000}, {"at": 2000}, {"pages": 3}]


def test_relative_skipped_argument_is_one_blank() -> None:
    outside = Outside(lambda address: f'{{"x":{{"list_total_count":0,{OK},"row":[]}}}}')
    declaration = declare(
        "seoul",
        "http://openapi.seoul.go.kr:8088",
        service="culturalEventInfo",
        arguments=["", "강남 축제/봄", "2026-05-01"],
    )
    assert read(declaration, outside) == []
    assert outside.asked == [
        "http://openapi.seoul.go.kr:8088/{key}/json/culturalEventInfo/1/1000/%20/"
        + quote("강남 축제/봄", safe="")
        + "/2026-05-01/"
    ]


def test_relative_realtime_subway_counts_from_zero() -> None:
    outside = Outside(
        lambda address: (
            '{"errorMessage":{"status":200,"code":"INFO-000","message":"","total":1},"realtimeArrivalList":[{"statnNm":"강남"}]}'
        )
    )
    assert (
        rows_of(
            read(declare("seoul_subway", "http://swopenapi.seoul.go.kr", names=["강남", "서울"]), outside)
        )
        == [{"statnNm": "강남"}] * 2
    )
    assert outside.asked[
        0
    ] == "http://swopenapi.seoul.go.kr/api/subway/{key}/json/realtimeStationArrival/0/1000/" + quote("강남")
    outside.asked.clear()
    read(declare("seoul_subway", "http://swopenapi.seoul.go.kr", names=["ALL"]), outside)
    assert outside.asked == ["http://swopenapi.seoul.go.kr/api/subway/{key}/json/realtimeStationArrival/ALL"]


SEOUL_CODES = {
    "INFO-100": "refused_key", "ERROR-300": "bad_request", "ERROR-301": "bad_request", "ERROR-310": "not_found",
    "ERROR-331": "bad_request", "ERROR-332": "bad_request", "ERROR-333": "bad_request", "ERROR-334": "bad_request",
    "ERROR-335": "bad_request", "ERROR-336": "bad_request", "ERROR-500": "server", "ERROR-600": "server", "ERROR-601": "server",
    "ERROR-338": "refused_key", "ERROR-337": "quota", "ERROR-290": "refused_key", "ERROR-429": "quota", "ERROR-999": "server",
}  # fmt: skip


@pytest.mark.parametrize(("code", "meaning"), SEOUL_CODES.items())
def test_every_result_code_of_seoul(code: str, meaning: str) -> None:
    assert fault_of("seoul", f'{{"RESULT":{{"CODE":"{code}","MESSAGE":"무엇"}}}}') == meaning
    assert fault_of("seoul", f"<RESULT><CODE>{code}</CODE><MESSAGE>무엇</MESSAGE></RESULT>") == meaning


@pytest.mark.parametrize(
    ("code", "meaning"),
    [("01", "server"), ("05", "timeout"), ("10", "bad_request"), ("11", "bad_request"), ("12", "not_found"), ("20", "refused_key"),
     ("22", "quota"), ("30", "refused_key"), ("31", "refused_key"), ("32", "refused_key"), ("99", "server")],
)  # fmt: skip
def test_every_result_code_of_the_data_portal(code: str, meaning: str) -> None:
    assert (
        fault_of("dataportal", f'{{"response":{{"header":{{"resultCode":"{code}","resultMsg":"무엇"}}}}}}')
        == meaning
    )
    assert (
        fault_of(
            "dataportal", f"<response><header><resultCode>{code}</resultCode><resultMsg/></header></response>"
        )
        == meaning
    )


def test_data_portal_without_data_is_empty() -> None:
    for body in (
        '{"response":{"header":{"resultCode":"03","resultMsg":"NODATA_ERROR"}}}',
        '{"response":{"header":{"resultCode":"00","resultMsg":"NORMAL SERVICE."},"body":{"items":"","totalCount":0}}}',
        "<response><header><resultCode>00</resultCode><resultMsg>OK</resultMsg></header><body><items/><totalCount>0</totalCount></body></response>",
    ):
        assert len(parse("dataportal", body).rows) == 0
    assert kit("dataportal") is kit("dataportal")


def test_relative_addresses_may_go_on_as_far_as_they_like() -> None:
    outside = Outside(lambda address: '{"RESULT":{"CODE":"INFO-200","MESSAGE":""}}')
    base = "http://o.test:8088/{key}/json"
    read(declare("seoul", f"{base}/bikeList/"), outside)
    read(declare("seoul", f"{base}/bikeList/1/5/"), outside)
    read(declare("seoul_citydata", f"{base}/citydata/1/5/", places=["POI001"]), outside)
    read(declare("seoul_subway", f"{base}/realtimePosition/2호선"), outside)
    read(declare("seoul_subway", f"{base}/realtimePosition", names=["2호선"]), outside)
    assert [address.removeprefix(base) for address in outside.asked] == [
        "/bikeList/1/1000/",
        "/bikeList/1/1000/",
        "/citydata/1/5/POI001/",
        "/realtimePosition/0/1000/2호선",
        "/realtimePosition/0/1000/" + quote("2호선"),
    ]


CITY = {
    "AREA_NM": "명동",
    "AREA_CD": "POI003",
    "LIVE_PPLTN_STTS": [{"AREA_PPLTN_MIN": "100", "FCST_PPLTN": [{"FCST_TIME": "t1"}, {"FCST_TIME": "t2"}]}],
    "ROAD_TRAFFIC_STTS": {
        "AVG_ROAD_DATA": {"ROAD_TRAFFIC_TIME": "10:00", "ROAD_TRAFFIC_SPD": 20},
        "ROAD_TRAFFIC_STTS": [{"LINK_ID": "1", "SPD": "18"}, {"LINK_ID": "2", "SPD": "-"}],
    },
    "PRK_STTS": [
        {"PRK_CD": "a", "CUR_PRK_CNT": "3"},
        {"PRK_CD": "b", "CUR_PRK_CNT": ""},
        {"PRK_CD": "c", "CUR_PRK_CNT": "4"},
    ],
    "WEATHER_STTS": [{"TEMP": "12.3", "PRECIPITATION": "-", "FCST24HOURS": [{"FCST_DT": "x"}]}],
    "SUB_STTS": [],
    "EVENT_STTS": "",
}


def _as_xml(value: Any, name: str) -> str:
    """As Seoul's server writes it: a list is wrapped in its own name once more."""
    if isinstance(value, list):
        return f"<{name}>{''.join(_as_xml(item, name) for item in value)}</{name}>" if value else f"<{name}/>"
    inner = (
        "".join(_as_xml(item, key) for key, item in value.items()) if isinstance(value, dict) else str(value)
    )
    return f"<{name}>{inner}</{name}>"


def test_relative_city_data_by_block_is_the_same_in_both_formats() -> None:
    head = {"RESULT": {"RESULT.CODE": "INFO-000", "RESULT.MESSAGE": "ok"}}
    as_json = json.dumps({"CITYDATA": CITY, **head})
    inner = "".join(_as_xml(value, name) for name, value in CITY.items())
    as_xml = f"<SeoulRtd.citydata><RESULT><RESULT.CODE>INFO-000</RESULT.CODE></RESULT><CITYDATA>{inner}</CITYDATA></SeoulRtd.citydata>"
    for body in (as_json, as_xml):
        (row,) = parse(
            "seoul_citydata", body, sums={"PARKED": "PRK_STTS.CUR_PRK_CNT", "GUESTS": "SUB_STTS.X"}
        ).rows
        assert (row["AREA_NM"], row["AREA_PPLTN_MIN"], row["TEMP"], row["PRECIPITATION"]) == (
            "명동",
            "100",
            "12.3",
            "-",
        )
        assert (str(row["ROAD_TRAFFIC_SPD"]), row["PARKED"], row["GUESTS"]) == ("20", 7.0, None)
        assert "PRK_CD" not in row and "FCST_DT" not in row
        roads = parse("seoul_citydata", body, block="ROAD_TRAFFIC_STTS.ROAD_TRAFFIC_STTS").rows
        assert [
            (road["LINK_ID"], road["SPD"], road["ROAD_TRAFFIC_TIME"], road["AREA_CD"]) for road in roads
        ] == [
            ("1", "18", "10:00", "POI003"),
            ("2", "-", "10:00", "POI003"),
        ]
        forecast = parse("seoul_citydata", body, block="LIVE_PPLTN_STTS.FCST_PPLTN").rows
        assert [(entry["FCST_TIME"], entry["AREA_PPLTN_MIN"]) for entry in forecast] == [
            ("t1", "100"),
            ("t2", "100"),
        ]
        assert len(parse("seoul_citydata", body, block="PRK_STTS").rows) == 3
        assert len(parse("seoul_citydata", body, block="WEATHER_STTS.FCST24HOURS").rows) == 1
        assert len(parse("seoul_citydata", body, block="SUB_STTS").rows) == 0
        assert len(parse("seoul_citydata", body, block="EVENT_STTS").rows) == 0
