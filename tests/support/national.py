"""Two centres on a simulated national axis, and envelopes to send between them."""

from collections.abc import Sequence

from axisd.simulator.national import Agency, Centre, Seed

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
PROVINCE = "00.53.W00"
MINISTRY = "00.14.W00"
FINANCE = "000.00.11.H53"
HEALTH = "000.00.13.H53"
LOCKED = "000.00.99.H53"
OFFICE = "000.00.00.G14"
SECRETS = {PROVINCE: "the province's secret", MINISTRY: "bí mật của bộ"}

SEED = Seed(
    centres=(
        Centre(system_id=PROVINCE, secret=SECRETS[PROVINCE], name="Tây Ninh"),
        Centre(system_id=MINISTRY, secret=SECRETS[MINISTRY], name="Bộ Tài chính"),
    ),
    agencies=(
        Agency(code="000.00.00.H53", twin="H53", name="Tỉnh Tây Ninh", centre=PROVINCE),
        Agency(
            code=FINANCE,
            twin="H53.11",
            name="Sở Tài chính",
            centre=PROVINCE,
            parent="000.00.00.H53",
        ),
        Agency(code=HEALTH, twin="H53.13", name="Sở Y tế", centre=PROVINCE),
        Agency(code=LOCKED, name="Đã khóa", centre=PROVINCE, locked=True),
        Agency(code=OFFICE, twin="G14", name="Bộ Tài chính", centre=MINISTRY),
    ),
)


def document(
    *recipients: str,
    sender: str = FINANCE,
    document_id: str = "000.00.11.H53,2026/01/05,7/STC-VP",
    subject: str = "V/v dự toán",
    traces: Sequence[str] | None = None,
    filling: int = 0,
) -> bytes:
    """A document with line ends and quotes that no serialiser writes; `filling`: bytes of attachment."""
    to = "".join(
        f"<edXML:To><edXML:OrganId>{code}</edXML:OrganId>"
        f"<edXML:OrganName>Nơi nhận</edXML:OrganName></edXML:To>\r\n"
        for code in recipients
    )
    listed = "".join(
        f"<edXML:TraceHeader><edXML:OrganId>{organ}</edXML:OrganId></edXML:TraceHeader>"
        for organ in traces or ()
    )
    trace = f"<edXML:TraceHeaderList>{listed}<edXML:Bussiness/></edXML:TraceHeaderList>"
    attachment = "QUJD" * (filling // 4)
    return f"""<?xml version='1.0' encoding='utf-8'?>\r
<edXML xmlns='{NAMESPACE}'><edXML:edXMLEnvelope xmlns:edXML='{NAMESPACE}'><edXML:edXMLHeader>\r
<edXML:MessageHeader><edXML:From><edXML:OrganId>{sender}</edXML:OrganId></edXML:From>{to}\
<edXML:DocumentId>{document_id}</edXML:DocumentId><edXML:Code><edXML:CodeNumber>7</edXML:CodeNumber>\
<edXML:CodeNotation>STC-VP</edXML:CodeNotation></edXML:Code><edXML:Subject>{subject}</edXML:Subject>\
</edXML:MessageHeader>{trace if traces is not None else ""}</edXML:edXMLHeader>\
<edXML:edXMLBody/></edXML:edXMLEnvelope><AttachmentEncoded><Attachment>{attachment}</Attachment>\
</AttachmentEncoded></edXML>""".encode()


def recall(body: bytes, business: str = "1") -> bytes:
    """A document that recalls itself; `business` "2": that updates itself."""
    trace = (
        "<edXML:TraceHeaderList><edXML:Bussiness><edXML:BussinessDocType>"
        f"{business}</edXML:BussinessDocType></edXML:Bussiness></edXML:TraceHeaderList>"
    )
    return body.replace(b"</edXML:MessageHeader>", b"</edXML:MessageHeader>" + trace.encode())


def status(
    code: str = "03",
    *,
    sender: str = OFFICE,
    to: str = FINANCE,
    document_id: str = "000.00.11.H53,2026/01/05,7/STC-VP",
    container: str = "MessageHeader",
) -> bytes:
    """A status; `container` `Status` gives the older form."""
    return f"""<edXML xmlns="{NAMESPACE}"><edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">
<edXML:edXMLHeader><edXML:{container}><edXML:From><edXML:OrganId>{sender}</edXML:OrganId>
</edXML:From><edXML:ResponseFor><edXML:OrganId>{to}</edXML:OrganId><edXML:DocumentId>{document_id}\
</edXML:DocumentId></edXML:ResponseFor><edXML:StatusCode>{code}</edXML:StatusCode>\
</edXML:{container}></edXML:edXMLHeader></edXML:edXMLEnvelope></edXML>""".encode()
