"""Plain edXML messages as text, for tests that change one thing in them.

Written out by hand from the specification, not by `axisd.core.compose`: what reads and what writes must
not be tested against each other alone.
"""

from __future__ import annotations

from typing import Final

NAMESPACE: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
PDF: Final = "JVBERi0xLjUKJSVFT0YK"
"""Base64 of the shortest thing that calls itself a PDF."""

DOCUMENT: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="{NAMESPACE}">
  <edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">
    <edXML:edXMLHeader>
      <edXML:MessageHeader>
        <edXML:From>
          <edXML:OrganId>000.00.11.H53</edXML:OrganId>
          <edXML:OrganizationInCharge>UBND tỉnh Tây Ninh</edXML:OrganizationInCharge>
          <edXML:OrganName>Sở Tài chính</edXML:OrganName>
        </edXML:From>
        <edXML:To>
          <edXML:OrganId>000.00.13.H53</edXML:OrganId>
          <edXML:OrganName>Sở Thông tin và Truyền thông</edXML:OrganName>
        </edXML:To>
        <edXML:DocumentId>000.00.11.H53,2026/11/20,15/STC-VP</edXML:DocumentId>
        <edXML:Code>
          <edXML:CodeNumber>15</edXML:CodeNumber>
          <edXML:CodeNotation>STC-VP</edXML:CodeNotation>
        </edXML:Code>
        <edXML:PromulgationInfo>
          <edXML:Place>Tây Ninh</edXML:Place>
          <edXML:PromulgationDate>2026/11/20</edXML:PromulgationDate>
        </edXML:PromulgationInfo>
        <edXML:DocumentType>
          <edXML:Type>1</edXML:Type>
          <edXML:TypeName>Công văn</edXML:TypeName>
        </edXML:DocumentType>
        <edXML:Subject>V/v lập dự toán năm 2027</edXML:Subject>
        <edXML:Content>Đề nghị các cơ quan gửi dự toán</edXML:Content>
        <edXML:DueDate>2026/12/05</edXML:DueDate>
        <edXML:OtherInfo>
          <edXML:Priority>0</edXML:Priority>
          <edXML:PageAmount>2</edXML:PageAmount>
        </edXML:OtherInfo>
      </edXML:MessageHeader>
      <edXML:TraceHeaderList>
        <edXML:TraceHeader>
          <edXML:OrganId>000.00.11.H53</edXML:OrganId>
          <edXML:Timestamp>2026/11/20 08:00:00</edXML:Timestamp>
        </edXML:TraceHeader>
        <edXML:Bussiness>
          <edXML:BussinessDocType>0</edXML:BussinessDocType>
          <edXML:Paper>0</edXML:Paper>
        </edXML:Bussiness>
      </edXML:TraceHeaderList>
    </edXML:edXMLHeader>
    <edXML:edXMLBody>
      <edXML:edXMLManifest version="1.0">
        <edXML:Reference>
          <edXML:ContentId>cid:a1</edXML:ContentId>
          <edXML:ContentType>application/pdf</edXML:ContentType>
          <edXML:AttachmentName>15-STC-VP.pdf</edXML:AttachmentName>
        </edXML:Reference>
      </edXML:edXMLManifest>
    </edXML:edXMLBody>
  </edXML:edXMLEnvelope>
  <AttachmentEncoded>
    <Attachment>
      <ContentId>cid:a1</ContentId>
      <AttachmentName>15-STC-VP.pdf</AttachmentName>
      <ContentType>application/pdf</ContentType>
      <edXML:ContentTransferEncoded xmlns:edXML="{NAMESPACE}">{PDF}</edXML:ContentTransferEncoded>
    </Attachment>
  </AttachmentEncoded>
</edXML>
"""

STATUS: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="{NAMESPACE}">
  <edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">
    <edXML:edXMLHeader>
      <edXML:MessageHeader>
        <edXML:From>
          <edXML:OrganId>000.00.13.H53</edXML:OrganId>
          <edXML:OrganName>Sở Thông tin và Truyền thông</edXML:OrganName>
        </edXML:From>
        <edXML:ResponseFor>
          <edXML:OrganId>000.00.11.H53</edXML:OrganId>
          <edXML:Code>15/STC-VP</edXML:Code>
          <edXML:PromulgationDate>2026/11/20</edXML:PromulgationDate>
          <edXML:DocumentId>000.00.11.H53,2026/11/20,15/STC-VP</edXML:DocumentId>
        </edXML:ResponseFor>
        <edXML:StaffInfo>
          <edXML:Department>Văn phòng</edXML:Department>
          <edXML:Staff>Văn thư</edXML:Staff>
        </edXML:StaffInfo>
        <edXML:StatusCode>03</edXML:StatusCode>
        <edXML:Description>Văn thư đã tiếp nhận</edXML:Description>
        <edXML:Timestamp>2026/11/20 09:15:00</edXML:Timestamp>
      </edXML:MessageHeader>
    </edXML:edXMLHeader>
  </edXML:edXMLEnvelope>
</edXML>
"""

ATTACHED: Final = DOCUMENT[DOCUMENT.index("  <AttachmentEncoded>") : DOCUMENT.index("</edXML>\n")]
MANIFEST: Final = DOCUMENT[
    DOCUMENT.index("        <edXML:Reference>") : DOCUMENT.index("      </edXML:edXMLManifest>")
]
TRACES: Final = DOCUMENT[
    DOCUMENT.index("      <edXML:TraceHeaderList>") : DOCUMENT.index("    </edXML:edXMLHeader>")
]


def swap(text: str, *changes: tuple[str, str]) -> str:
    """`text` with the first occurrence of each left side replaced; each must be there."""
    for old, new in changes:
        assert old in text, f"not in the message: {old}"
        text = text.replace(old, new, 1)
    return text


def line_of(text: str | bytes, mark: str) -> int:
    """1-based line of the first occurrence of `mark`."""
    octets = text.encode() if isinstance(text, str) else text
    return octets.count(b"\n", 0, octets.index(mark.encode())) + 1
