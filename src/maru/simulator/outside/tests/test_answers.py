"""Envelopes, codes and traps, asked over HTTP as a client of the real provider would."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import defusedxml.ElementTree as ET
import openpyxl
import pytest
from google.transit import gtfs_realtime_pb2

from maru.simulator.outside.tests.world import Running

KEY = "a-key-of-a-city"


def seoul(outside: Running, name: str, rest: str) -> str:
    return outside.get(f"/{name}/{rest}").text


def test_seoul_gives_pages_with_a_root_of_another_name(outside: Running) -> None:
    found = outside.json(f"/cycling_bikes/{KEY}/json/bikeList/1/1000/")["rentBikeStatus"]
    rest = outside.json(f"/cycling_bikes/{KEY}/json/bikeList/1001/2000/")["rentBikeStatus"]
    assert found["RESULT"]["CODE"] == "INFO-000"
    assert found["list_total_count"] == 1200
    assert (len(found["row"]), len(rest["row"])) == (1000, 200)
    assert all(isinstance(value, str) for value in found["row"][0].values())


@pytest.mark.parametrize(
    ("path", "code", "form"),
    [
        ("wrong-key/json/culturalEventInfo/1/5/", "INFO-100", "xml"),
        (f"{KEY}/json/culturalEventInfo/900001/900005/", "INFO-200", "json"),
        (f"{KEY}/json/culturalEventInfo/1/", "ERROR-300", "json"),
        (f"{KEY}/pdf/culturalEventInfo/1/5/", "ERROR-301", "xml"),
        (f"{KEY}/json/noSuchService/1/5/", "ERROR-310", "json"),
        (f"{KEY}/json/culturalEventInfo/0/5/", "ERROR-331", "json"),
        (f"{KEY}/json/culturalEventInfo/1/0/", "ERROR-332", "json"),
        (f"{KEY}/json/culturalEventInfo/a/5/", "ERROR-333", "json"),
        (f"{KEY}/json/culturalEventInfo/5/1/", "ERROR-334", "json"),
        ("sample/json/culturalEventInfo/1/6/", "ERROR-335", "json"),
        (f"{KEY}/json/culturalEventInfo/1/1001/", "ERROR-336", "json"),
        (f"{KEY}/xml/culturalEventInfo/a/5/", "ERROR-333", "xml"),
    ],
)
def test_seoul_says_what_is_wrong_with_status_200_and_a_flat_result(
    outside: Running, path: str, code: str, form: str
) -> None:
    answer = outside.get(f"/arts_events/{path}")
    assert answer.status_code == 200
    if form == "json":
        assert answer.json()["RESULT"]["CODE"] == code
    else:
        root = ET.fromstring(answer.content)
        assert (root.tag, root.findtext("CODE")) == ("RESULT", code)


def test_seoul_knows_days_and_districts_in_the_path(outside: Running) -> None:
    newest = outside.json(f"/metro_boardings/{KEY}/json/CardSubwayStatsNew/1/1/")["CardSubwayStatsNew"][
        "row"
    ][0]
    found = outside.json(f"/metro_boardings/{KEY}/json/CardSubwayStatsNew/1/1000/{newest['USE_YMD']}/")[
        "CardSubwayStatsNew"
    ]
    assert found["list_total_count"] == 300
    assert {row["USE_YMD"] for row in found["row"]} == {newest["USE_YMD"]}
    assert "INFO-200" in seoul(outside, "metro_boardings", f"{KEY}/json/CardSubwayStatsNew/1/5/19990101/")
    assert outside.get(f"/metro_boardings/{KEY}/json/CardSubwayStatsNew/1/5//").status_code == 404
    assert "INFO-200" in seoul(outside, "garam_parking", f"{KEY}/json/GetParkingInfo/1/5/바다구/")
    assert (
        len(outside.json(f"/garam_parking/{KEY}/json/GetParkingInfo/1/5/가람구/")["GetParkingInfo"]["row"])
        == 5
    )


def test_seoul_gives_one_row_as_an_object_and_some_services_only_as_xml(outside: Running) -> None:
    assert isinstance(
        outside.json(f"/sports_bookings/{KEY}/json/ListPublicReservationSport/3/3/")[
            "ListPublicReservationSport"
        ]["row"],
        dict,
    )
    assert "ERROR-301" in seoul(outside, "roads_volumes", f"{KEY}/json/VolInfo/1/5/")
    root = ET.fromstring(outside.get(f"/roads_accidents/{KEY}/xml/AccInfo/1/5/").content)
    first = root.find("row")
    assert first is not None
    x, y = float(first.findtext("grs80tm_x") or 0), float(first.findtext("grs80tm_y") or 0)
    assert 150_000 < x < 250_000
    assert 350_000 < y < 450_000


def test_district_twins_write_other_names(outside: Running) -> None:
    usual = outside.json(f"/garam_parking/{KEY}/json/GetParkingInfo/1/2/")["GetParkingInfo"]["row"][0]
    other = outside.json(f"/bada_parking/{KEY}/json/GetParkingInfo/1/2/")["GetParkingInfo"]["row"][0]
    assert "PKLT_CD" in usual
    assert "PARKING_CODE" in other


def test_subway_errors_are_flat_and_the_general_key_is_refused(outside: Running) -> None:
    found = outside.json(f"/metro_positions_2/api/subway/{KEY}/json/realtimePosition/0/5/2호선")
    assert found["errorMessage"]["code"] == "INFO-000"
    assert len(found["realtimePositionList"]) == 5
    missed = outside.json(f"/metro_positions_2/api/subway/{KEY}/json/realtimePosition/0/5/Line 2")
    assert (missed["code"], missed["status"], missed["total"]) == ("INFO-200", 500, 0)
    assert (
        outside.json("/metro_positions_2/api/subway/general/json/realtimePosition/0/5/2호선")["code"]
        == "ERROR-338"
    )
    everything = outside.json(f"/metro_arrivals/api/subway/{KEY}/json/realtimeStationArrival/ALL")
    assert len(everything["realtimeArrivalList"]) == 240


def test_citydata_has_dotted_keys_and_one_place_a_call(outside: Running) -> None:
    found = outside.json(f"/situation_room_citydata/{KEY}/json/citydata/1/5/POI0003")
    assert found["RESULT"]["RESULT.CODE"] == "INFO-000"
    assert found["CITYDATA"]["AREA_CD"] == "POI0003"
    assert isinstance(found["CITYDATA"]["LIVE_PPLTN_STTS"], list)
    assert (
        outside.json(f"/situation_room_crowds/{KEY}/json/citydata_ppltn/1/5/nowhere")["RESULT"]["RESULT.CODE"]
        == "INFO-200"
    )
    assert "<Map>" in outside.get(f"/situation_room_crowds/{KEY}/xml/citydata_ppltn/1/5/nowhere").text


def test_topis_means_two_things_by_code_seven(outside: Running) -> None:
    path = "/bus_arrivals/api/rest/arrive/getArrInfoByRouteAll"
    right = outside.get(path, params={"serviceKey": "k=", "busRouteId": "100100118"}).text
    assert "<headerCd>0</headerCd>" in right
    twice = outside.get(path, params={"serviceKey": "k%3D", "busRouteId": "100100118"}).text
    assert "<headerCd>7</headerCd>" in twice
    assert "NOT REGISTERED" in twice
    assert (
        outside.json(
            "/bus_positions/api/rest/buspos/getBusPosByRtid",
            params={"serviceKey": "k", "busRouteId": "none", "resultType": "json"},
        )["msgBody"]["itemList"]
        is None
    )


def test_the_data_portal_refuses_in_xml_and_wraps_its_items(outside: Running) -> None:
    path = "/climate_weather/1360000/VilageFcstInfoService_2.0/getUltraSrtNcst"
    refused = outside.get(path, params={"serviceKey": "wrong", "dataType": "JSON"}).text
    assert "SERVICE_KEY_IS_NOT_REGISTERED_ERROR" in refused
    body = outside.json(path, params={"serviceKey": "k", "dataType": "JSON", "numOfRows": 7, "pageNo": 2})[
        "response"
    ]["body"]
    assert len(body["items"]["item"]) == 7
    nothing = outside.json(
        path, params={"serviceKey": "k", "dataType": "JSON", "numOfRows": 7, "pageNo": 9_000_000}
    )["response"]
    assert (nothing["header"]["resultCode"], nothing["body"]["items"]) == ("03", "")


def test_rest_pages_by_cursor_number_and_offset(outside: Running) -> None:
    headers = {"X-Api-Key": KEY}
    assert outside.get("/energy_solar/api/v2/readings").status_code == 401
    first = outside.json("/energy_solar/api/v2/readings?limit=10", headers=headers)
    second = outside.json(f"/energy_solar/api/v2/readings?limit=10&cursor={first['next']}", headers=headers)
    since = outside.json(
        "/energy_solar/api/v2/readings",
        params={"limit": 3, "since": second["data"][4]["at"]},
        headers=headers,
    )
    assert since["data"] == second["data"][4:7]
    after = outside.json(
        "/energy_solar/api/v2/readings",
        params={"limit": 2, "after": second["data"][4]["id"]},
        headers=headers,
    )
    assert after["data"] == second["data"][5:7]
    page = outside.json("/library_loans/rest/loans?size=10&page=2", headers=headers)["result"]
    assert page["items"][0]["branch"]["lat"]
    offset = outside.json("/jobs_openings/api/openings?limit=5&offset=3")
    assert offset[0] == outside.json("/jobs_openings/api/openings?limit=5&offset=0")[3]


def test_conditional_requests_save_the_body(outside: Running) -> None:
    first = outside.get(
        "/disability_shelters/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=maru:shelters&count=3"
    )
    again = outside.get(
        str(first.url).removeprefix(outside.base), headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code in (200, 304)  # 200 only if new values came in between
    stops = outside.get("/bus_timetable/maru_gtfs.zip")
    assert (
        outside.get(
            "/bus_timetable/maru_gtfs.zip", headers={"If-None-Match": stops.headers["etag"]}
        ).status_code
        == 304
    )


def test_soap_has_namespaces_nil_and_faults(outside: Running) -> None:
    answer = outside.client.post(
        f"{outside.base}/food_safety_inspections/services/InspectionService",
        content="<GetInspections><First>1</First><Size>200</Size></GetInspections>",
    )
    root = ET.fromstring(answer.content)
    found = root.findall(".//{urn:maru:food:1}Inspection")
    assert len(found) == 200
    assert "xsi:nil" in answer.text
    fault = outside.client.post(
        f"{outside.base}/food_safety_inspections/services/InspectionService", content="<Nothing/>"
    )
    assert fault.status_code == 500
    assert "soap:Fault" in fault.text


def test_xml_carries_entities_and_cdata(outside: Running) -> None:
    text = outside.get("/garam_contracts/openapi/contracts.xml?numOfRows=300").text
    assert "<![CDATA[" in text
    titles = [one.text for one in ET.fromstring(text.encode()).iter("cntrctNm")]
    assert "도로 보수 <긴급>" in titles


@pytest.mark.parametrize(
    ("path", "tag", "size"),
    [
        ("/communication_press/press/rss.xml", "item", 40),
        ("/noeul_news/news/atom.xml", "{http://www.w3.org/2005/Atom}entry", 30),
    ],
)
def test_feeds_show_only_the_last_entries(outside: Running, path: str, tag: str, size: int) -> None:
    assert len(list(ET.fromstring(outside.get(path).content).iter(tag))) == size


def test_gtfs_is_a_zip_and_realtime_is_protobuf(outside: Running) -> None:
    packed = zipfile.ZipFile(io.BytesIO(outside.get("/bus_timetable/maru_gtfs.zip").content))
    stops = list(csv.DictReader(io.StringIO(packed.read("stops.txt").decode("utf-8-sig"))))
    assert len(stops) == 500
    assert packed.read("frequencies.txt").count(b"\n") == 1
    message = gtfs_realtime_pb2.FeedMessage()
    message.ParseFromString(outside.get("/bus_realtime/rt/vehicle-positions.pb").content)
    assert len(message.entity) == 150
    message.ParseFromString(outside.get("/bus_delays/rt/trip-updates.pb").content)
    assert message.entity[0].trip_update.stop_time_update[0].stop_id


def test_gbfs_leads_from_discovery_to_its_feeds(outside: Running) -> None:
    feeds = outside.json("/cycling_docks/gbfs/2/gbfs.json")["data"]["ko"]["feeds"]
    urls = {one["name"]: one["url"] for one in feeds}
    assert urls["station_status"] == "https://gbfs.maru.example/gbfs/2/station_status.json"
    status = outside.json("/cycling_docks/gbfs/2/station_status.json")["data"]["stations"]
    places = outside.json("/cycling_docks/gbfs/2/station_information.json")["data"]["stations"]
    assert {one["station_id"] for one in status} == {one["station_id"] for one in places}
    assert "lat" not in status[0]


def test_sensorthings_filters_and_links_on(outside: Running) -> None:
    found = outside.json("/noise_levels/v1.1/Observations?$top=5&$count=true")
    assert found["@iot.nextLink"].startswith("https://sensors.maru.example/v1.1/Observations?")
    later = outside.json(
        "/noise_levels/v1.1/Observations",
        params={"$top": 3, "$filter": f"phenomenonTime gt {found['value'][2]['phenomenonTime']}"},
    )
    assert [one["@iot.id"] for one in later["value"]] == [
        found["value"][3]["@iot.id"],
        found["value"][4]["@iot.id"],
        found["value"][4]["@iot.id"] + 1,
    ]
    by_id = outside.json(
        "/noise_levels/v1.1/Observations",
        params={"$top": 3, "$filter": f"id gt {found['value'][2]['@iot.id']}"},
    )
    assert by_id["value"] == later["value"]
    assert outside.get("/noise_levels/v1.1/Observations?$filter=nonsense").status_code == 400


def test_ngsi_ld_is_normalised_or_short(outside: Running) -> None:
    normal = outside.get("/digital_lights/ngsi-ld/v1/entities?type=Streetlight&limit=3")
    assert normal.headers["NGSILD-Results-Count"] == "500"
    assert normal.json()[0]["intensity"]["type"] == "Property"
    short = outside.json("/digital_lights/ngsi-ld/v1/entities?type=Streetlight&limit=1&options=keyValues")[0]
    assert len(short["location"]["coordinates"]) == 2
    assert outside.get("/digital_lights/ngsi-ld/v1/entities").status_code == 400


def test_ogc_features_from_the_landing_page_to_the_next_link(outside: Running) -> None:
    assert outside.json("/building_permits/ogc")["links"]
    found = outside.json("/building_permits/ogc/collections/permits/items?limit=4")
    assert len(found["features"]) == 4
    moment = found["features"][2]["properties"]["permitted"]
    window = outside.json(
        "/building_permits/ogc/collections/permits/items", params={"limit": 1, "datetime": f"{moment}/.."}
    )
    assert window["features"][0]["id"] == found["features"][2]["id"]
    assert [one["rel"] for one in found["links"]] == ["self", "next"]
    assert outside.get("/building_permits/ogc/collections/none/items").status_code == 404


def test_wfs_writes_latitude_first_and_reports_exceptions(outside: Running) -> None:
    base = "/disability_shelters/wfs?service=WFS&version=2.0.0&request="
    text = outside.get(f"{base}GetFeature&typeNames=maru:shelters&count=2").text
    latitude, longitude = re.search(r"<gml:pos>(\S+) (\S+)</gml:pos>", text).groups()  # type: ignore[union-attr]
    assert 36 < float(latitude) < 37 < 130 < float(longitude)
    wrong = outside.get(f"{base}GetFeature&typeNames=none")
    assert (wrong.status_code, "ExceptionReport" in wrong.text) == (400, True)


def test_catalogues_speak_ckan_and_dcat(outside: Running) -> None:
    found = outside.json("/data_partner_catalogue/api/3/action/package_search?rows=7&start=3")
    assert (found["success"], found["result"]["count"], len(found["result"]["results"])) == (True, 420, 7)
    assert outside.get("/data_partner_catalogue/api/3/action/none").status_code == 404
    graph = outside.json("/data_national_catalogue/catalog.jsonld")["@graph"]
    assert len(graph) == 301


def test_open311_in_json_and_xml(outside: Running) -> None:
    query = "?start_date=2000-01-01T00:00:00Z&page_size=6&page=2"
    assert len(outside.json(f"/requests_streets/v2/requests.json{query}")) == 6
    root = ET.fromstring(outside.get(f"/garam_reports/v2/requests.xml{query}").content)
    assert root.tag == "service_requests"
    assert len(root) == 6
    assert outside.get("/requests_streets/v2/requests.json?start_date=yesterday").status_code == 400


def test_tables_carry_the_traps_of_real_files(outside: Running) -> None:
    prices = outside.get("/markets_prices/files/markets_prices.csv").content.decode("cp949").split("\r\n")
    assert prices[0].startswith("생필품 가격")
    assert any(line.count(",") > prices[2].count(",") + 1 for line in prices[3:]), (
        "a comma inside a name without quotes"
    )
    with pytest.raises(UnicodeDecodeError):
        outside.get("/cleaning_restrooms/files/cleaning_restrooms.csv").content.decode("cp949")
    air = outside.get("/air_archive/files/air_archive.csv").content.decode("cp949")
    assert " 24:00," in air
    assert air.split("\r\n")[1].endswith(",")
    residents = outside.get("/requests_residents/files/requests_residents.tsv").content
    assert residents.startswith(b"\xef\xbb\xbf")
    assert b"\t" in residents
    assert outside.get("/budget_spending/files/budget_spending.csv").content.endswith(b"\r")


def test_excel_is_a_workbook_or_html_under_its_name(outside: Running) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(outside.get("/metro_crowding/files/metro_crowding.xlsx").content)
    )
    assert book.sheetnames == ["자료", "비고"]
    assert book["자료"].max_row == 302
    assert outside.get("/school_meals/files/school_meals.xls").content.startswith(b"<html>")


def test_quotas_are_answered_with_the_time_to_wait(outside: Running) -> None:
    answers = [outside.get("/garam_reports/v2/requests.xml?page_size=1").status_code for _call in range(200)]
    assert answers.count(429) > 0
    assert int(outside.get("/garam_reports/v2/requests.xml").headers["retry-after"]) <= 61
