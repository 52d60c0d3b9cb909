"""XML: plain services, SOAP, feeds, WFS."""

from __future__ import annotations

import re

from maru.simulator.outside.answers.shape import XML, Answer, Question, page, refused, tag
from maru.simulator.outside.cells import formatted
from maru.simulator.outside.ledger import Ledger
from maru.simulator.outside.rows import columns, names, rows, xml_template

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_MOST = 500
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def xml(ledger: Ledger, asked: Question) -> Answer:
    """By protocol."""
    return soap(ledger, asked) if ledger.system.options["protocol"] == "soap" else plain(ledger, asked)


def plain(ledger: Ledger, asked: Question) -> Answer:
    """``?pageNo&numOfRows``: rows in an envelope of their own."""
    if ledger.system.key_name and refused(asked.query.get("authKey", "")):
        return Answer(
            f"{_HEAD}<OpenAPI><head><RESULT><resultCode>ERROR-290</resultCode><resultMsg>인증키가 유효하지 않습니다.</resultMsg></RESULT></head></OpenAPI>".encode(),
            XML,
        )
    size = min(max(1, asked.number("numOfRows", 100)), 1000)
    first, end, total = page(ledger, asked.now, (max(1, asked.number("pageNo", 1)) - 1) * size, size)
    record = str(ledger.system.options["records"])
    made = rows(ledger, first, end, "xml", xml_template(names(ledger), record))
    if "cdata" in ledger.system.traps:
        made = [_wrapped(one) for one in made]
    head = f"{_HEAD}<response><header><resultCode>00</resultCode><resultMsg>OK</resultMsg><totalCount>{total}</totalCount></header><body>"
    return Answer(f"{head}{''.join(made)}</body></response>".encode(), XML, span=(first, end))


def _wrapped(row: str) -> str:
    """Texts with entities stand in CDATA sections instead."""
    if "&" not in row:
        return row
    return re.sub(r">([^<]*&[^<]*)<", lambda found: f"><![CDATA[{_raw(found[1])}]]><", row)


def _raw(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def soap(ledger: Ledger, asked: Question) -> Answer:
    """SOAP 1.1 by POST; ``<First>`` and ``<Size>``, in the body or the address, say which rows."""
    if asked.method == "GET":
        return Answer(
            f'{_HEAD}<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" name="InspectionService"/>'.encode(),
            "text/xml; charset=utf-8",
        )
    text = asked.body.decode("utf-8", "replace")
    operation, space = ledger.system.options["operation"], ledger.system.options["namespace"]
    if f"{operation}" not in text:
        return _fault("soap:Client", "no such operation")
    numbers = {name: re.search(rf"<(?:\w+:)?{name}>\s*(\d+)\s*</", text) for name in ("First", "Size")}
    start = asked.number("First", int(numbers["First"][1]) if numbers["First"] else 1)
    size = min(asked.number("Size", int(numbers["Size"][1]) if numbers["Size"] else 100), _MOST)
    if start < 1:
        return _fault("soap:Client", "First must be at least 1")
    first, end, total = page(ledger, asked.now, start - 1, size)
    made = "".join(
        rows(
            ledger,
            first,
            end,
            "xml",
            xml_template(names(ledger), str(ledger.system.options["records"]), "f:"),
        )
    )
    made = re.sub(r"<f:(\w+)></f:\1>", r'<f:\1 xsi:nil="true"/>', made)
    body = (
        f'{_HEAD}<soap:Envelope xmlns:soap="{_SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>'
        f'<f:{operation}Response xmlns:f="{space}"><f:Total>{total}</f:Total><f:List>{made}</f:List></f:{operation}Response></soap:Body></soap:Envelope>'
    )
    return Answer(body.encode(), "text/xml; charset=utf-8", span=(first, end))


def _fault(code: str, text: str) -> Answer:
    body = f'{_HEAD}<soap:Envelope xmlns:soap="{_SOAP}"><soap:Body><soap:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring></soap:Fault></soap:Body></soap:Envelope>'
    return Answer(body.encode(), "text/xml; charset=utf-8", 500)


def feed(ledger: Ledger, asked: Question) -> Answer:
    """RSS 2.0 or Atom, newest first, only the last ones."""
    low, high = ledger.visible(asked.now)
    atom = ledger.system.options["form"] == "atom"
    fields = [
        (("id" if atom else "guid") if name in ("guid", "id") else name, one) for name, one in names(ledger)
    ]
    entry = "".join(_entry_part(name, atom) for name, _one in fields)
    made = rows(
        ledger, low, high, "xml", f"<{'entry' if atom else 'item'}>{entry}</{'entry' if atom else 'item'}>"
    )
    made.reverse()
    mark = tag(ledger, low, high)
    title = ledger.system.ko
    if atom:
        newest = (
            formatted(ledger.times(ledger.sources(high - 1, high)), "%Y-%m-%dT%H:%M:%SZ", "UTC")[0]
            if high > low
            else ""
        )
        body = f'{_HEAD}<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://www.maru.example/"><title>{title}</title><id>urn:maru:{ledger.system.name}</id><updated>{newest}</updated>{"".join(made)}</feed>'
        return Answer(body.encode(), "application/atom+xml", span=(low, high), tag=mark)
    body = f'{_HEAD}<rss version="2.0"><channel><title>{title}</title><link>https://www.maru.example/</link><description>{title}</description>{"".join(made)}</channel></rss>'
    return Answer(body.encode(), "application/rss+xml", span=(low, high), tag=mark)


def _entry_part(name: str, atom: bool) -> str:
    if name == "link" and atom:
        return '<link rel="alternate" href="%s"/>'
    if name == "guid":
        return '<guid isPermaLink="false">%s</guid>'
    return f"<{name}>%s</{name}>"


def wfs(ledger: Ledger, asked: Question) -> Answer:
    """WFS 2.0 GetFeature as GML 3.2: latitude comes first under EPSG:4326 by URN; JSON if asked."""
    query = {name.lower(): value for name, value in asked.query.items()}
    kind = str(ledger.system.options["type"])
    request = query.get("request", "")
    if request == "GetCapabilities":
        return Answer(
            f'{_HEAD}<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0"><FeatureTypeList><FeatureType><Name>{kind}</Name></FeatureType></FeatureTypeList></wfs:WFS_Capabilities>'.encode(),
            XML,
        )
    if request != "GetFeature" or query.get("typenames", query.get("typename", "")) != kind:
        word = "InvalidParameterValue"
        return Answer(
            f'{_HEAD}<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0"><ows:Exception exceptionCode="{word}" locator="typeNames"><ows:ExceptionText>unknown</ows:ExceptionText></ows:Exception></ows:ExceptionReport>'.encode(),
            XML,
            400,
        )
    size = min(_whole(query.get("count"), 1000), 1000)
    first, end, total = page(ledger, asked.now, _whole(query.get("startindex"), 0), size)
    fields = names(ledger)
    flat = [index for index, (name, _one) in enumerate(fields) if not name.startswith("geometry.")]
    spots = [index for index in range(len(fields)) if index not in flat]
    cells = columns(ledger, ledger.sources(first, end), "xml")
    inner = "".join(f"<maru:{fields[index][0]}>%s</maru:{fields[index][0]}>" for index in flat)
    made: list[str] = []
    for row in zip(*cells, strict=True):
        longitude, latitude = (row[index] for index in spots)
        made.append(
            f'<wfs:member><maru:shelters gml:id="shelters.{row[0]}">{inner % tuple(row[index] for index in flat)}<maru:geom><gml:Point srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>{latitude} {longitude}</gml:pos></gml:Point></maru:geom></maru:shelters></wfs:member>'
        )
    head = f'{_HEAD}<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:maru="urn:maru:maps" numberMatched="{total}" numberReturned="{end - first}">'
    return Answer(
        f"{head}{''.join(made)}</wfs:FeatureCollection>".encode(),
        XML,
        span=(first, end),
        tag=tag(ledger, first, end),
    )


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
