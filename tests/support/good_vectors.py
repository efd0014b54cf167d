"""Good messages in every dialect, with the facts that a reader must find in each.

`GOOD` maps `<group>/<case>` to a vector; `scripts/make_vectors.py` writes them to `tests/vectors/good/`.
The facts are stated here by hand, never by the code under test.
"""

from __future__ import annotations

import base64
import hashlib
import io
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.support.messages import (
    ATTACHED,
    DOCUMENT,
    MANIFEST,
    NAMESPACE,
    PDF,
    STATUS,
    TRACES,
    swap,
)

RECEIVED: Final = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
"""When the messages come in: what lies in the future is judged by it."""

DOCUMENT_ID: Final = "000.00.11.H53,2026/11/20,15/STC-VP"


@dataclass(frozen=True)
class Good:
    """`facts`: whatever differs from the plain message. `warnings`: codes, as of `RECEIVED`."""

    body: bytes
    facts: Mapping[str, Any] = field(default_factory=dict)


def _pdf(name: str = "15-STC-VP.pdf", **facts: Any) -> dict[str, Any]:
    return _attachment(base64.b64decode(PDF), name, sniffed_type="application/pdf") | facts


def _attachment(
    content: bytes, name: str = "15-STC-VP.pdf", content_id: str = "a1", **facts: Any
) -> dict[str, Any]:
    return {
        "content_id": content_id,
        "name": name,
        "declared_type": "application/pdf",
        "sniffed_type": "",
        "bytes": len(content),
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
    } | facts


PLAIN_DOCUMENT: Final[dict[str, Any]] = {
    "kind": "document",
    "business": "new",
    "from": "000.00.11.H53",
    "to": ["000.00.13.H53"],
    "document_id": DOCUMENT_ID,
    "subject": "V/v lập dự toán năm 2027",
    "attachments": [_pdf()],
    "signature": "absent",
    "warnings": [],
}
PLAIN_STATUS: Final[dict[str, Any]] = {
    "kind": "status",
    "from": "000.00.13.H53",
    "document_id": DOCUMENT_ID,
    "status": {"code": "03", "of": DOCUMENT_ID, "to": "000.00.11.H53"},
    "signature": "absent",
    "warnings": [],
}


def _document(*changes: tuple[str, str], **facts: Any) -> Good:
    return Good(swap(DOCUMENT, *changes).encode(), PLAIN_DOCUMENT | facts)


def _status(*changes: tuple[str, str], **facts: Any) -> Good:
    return Good(swap(STATUS, *changes).encode(), PLAIN_STATUS | facts)


def _coded(code: str) -> Good:
    told = {"code": code, "of": DOCUMENT_ID, "to": "000.00.11.H53"}
    return _status((">03<", f">{code}<"), status=told)


def _element(name: str, *children: str) -> str:
    return f"<edXML:{name}>{''.join(children)}</edXML:{name}>"


def _business(kind: str, *children: str) -> tuple[str, str]:
    plain = "<edXML:BussinessDocType>0</edXML:BussinessDocType>"
    return plain, _element("BussinessDocType", kind) + "".join(children)


def _zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:  # stored: the same octets with every zlib
        entry = zipfile.ZipInfo("1b4e28ba-2fa1-11d2-883f-0016d3cca427.pdf", (1980, 1, 1, 0, 0, 0))
        archive.writestr(entry, base64.b64decode(PDF))
    return packed.getvalue()


def _carrying(content: bytes, *warnings: str, **facts: Any) -> Good:
    encoded = base64.b64encode(content).decode()
    attachments = [_attachment(content, **facts)]
    return _document((PDF, encoded), attachments=attachments, warnings=list(warnings))


def _without_indentation(text: str) -> str:
    return "".join(line.strip() for line in text.splitlines())


def _reordered() -> str:
    """Every group of siblings turned round, as far as lines allow: what came first comes last."""
    traces = swap(DOCUMENT, (TRACES, ""))
    message = traces[traces.index("        <edXML:From>") : traces.index("      </edXML:MessageH")]
    blocks: list[str] = []
    for line in message.splitlines(keepends=True):
        starts = line.startswith("        <edXML:")
        if starts:
            blocks.append(line)
        else:
            blocks[-1] += line
    turned = swap(traces, (message, "".join(reversed(blocks))))
    return swap(turned, ("      <edXML:MessageHeader>", f"{TRACES}      <edXML:MessageHeader>"))


_DECORATION: Final = """      <Signature>
        <SignedInfo>
          <CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315" />
          <SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1" />
          <Reference URI="">
            <Transforms><Transform Algorithm="http://www.w3.org/TR/xml-exc-c14n#" /></Transforms>
            <DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1" />
            <DigestValue>FwgIqsSYJshUS2+wlOM61L+q7Aw=</DigestValue>
          </Reference>
        </SignedInfo>
        <SignatureValue>AAAA</SignatureValue>
        <KeyInfo><X509Data><X509SubjectName>CN=user05</X509SubjectName></X509Data></KeyInfo>
      </Signature>
    </edXML:edXMLHeader>"""
_HOP: Final = (
    "<edXML:TraceHeaderList><edXML:TraceHeader><edXML:OrganId>00.53.W00</edXML:OrganId>"
    "<edXML:Timestamp>2026/11/20 09:15:01</edXML:Timestamp></edXML:TraceHeader>"
    "</edXML:TraceHeaderList>"
)
_TO: Final = "        <edXML:DocumentId>000"
_END_OF_HEADER: Final = "    </edXML:edXMLHeader>"
_END_OF_MESSAGE: Final = "      </edXML:MessageHeader>"
_LONG: Final = {
    "STC-VP</edXML:CodeNotation": "Đ" * 30 + "</edXML:CodeNotation",
    ">15</edXML:CodeNumber": ">20251020104</edXML:CodeNumber",
    "Công văn": "Ă" * 100,
    ">Sở Tài chính<": f">{'ở' * 200}<",
    "V/v lập dự toán năm 2027": "ế" * 500,
    "<edXML:PageAmount>2": "<edXML:PageAmount>999",
    ">000.00.13.H53<": f">{'H53.' + 'A' * 31}<",
}
_NAME: Final = "Công văn số 15 (1).pdf"
_NFD: Final = unicodedata.normalize("NFD", _NAME)

GOOD: Final[Mapping[str, Good]] = {
    # what it does
    "document/new": _document(),
    "document/recall": _document(_business("1"), business="recall"),
    "document/update": _document(
        _business(
            "2",
            _element("DocumentId", "000.00.11.H53,2026/11/19,14/STC-VP"),
            _element(
                "BussinessDocumentInfo",
                _element("DocumentInfo", "1"),
                _element("DocumentReceiver", "1"),
                _element(
                    "ReceiverList",
                    _element(
                        "Receiver",
                        _element("OrganId", "000.00.13.H53"),
                        _element("ReceiverType", "1"),
                    ),
                ),
            ),
        ),
        business="update",
    ),
    "document/replace": _document(
        _business(
            "3",
            _element(
                "ReplacementInfoList",
                _element(
                    "ReplacementInfo",
                    _element("DocumentId", "000.00.11.H53,2026/11/19,14/STC-VP"),
                    _element("OrganIdList", _element("OrganId", "000.00.13.H53")),
                ),
            ),
        ),
        business="replace",
    ),
    "document/three-recipients": _document(
        (_TO, _element("To", _element("OrganId", "H53.14")) * 2 + _TO),
        to=["000.00.13.H53", "H53.14", "H53.14"],
    ),
    "document/reply-and-task": _document(
        (
            _END_OF_MESSAGE,
            _element(
                "ResponseFor", _element("OrganId", "000.00.13.H53"), _element("Code", "9/STTTT")
            )
            + _element("ResponseFor")
            + _element(
                "ResponseForTask", _element("TaskCode", "NV-1"), _element("TaskCode", "NV-2")
            )
            + _element("ApplicationType", "1")
            + _element("ToPlaces", _element("Place", "Như trên"), _element("Place", "Lưu: VT"))
            + _END_OF_MESSAGE,
        ),
        warnings=["reply-unreadable"],
    ),
    "document/no-attachment": _document(
        (ATTACHED, ""), (MANIFEST, ""), attachments=[], warnings=["attachment-none"]
    ),
    "document/impossible-date": _document(
        (">2026/11/20</edXML:Prom", ">16/09/2020</edXML:Prom"), warnings=["date-invalid"]
    ),
    # statuses
    **{f"status/{code}": _coded(code) for code in ("01", "02", "03", "04", "05", "06", "15", "16")},
    "status/13-from-the-original-sender": Good(
        swap(
            STATUS,
            (
                "<edXML:From>\n          <edXML:OrganId>000.00.13.H53",
                "<edXML:From>\n          <edXML:OrganId>000.00.11.H53",
            ),
            (
                "<edXML:ResponseFor>\n          <edXML:OrganId>000.00.11.H53",
                "<edXML:ResponseFor>\n          <edXML:OrganId>000.00.13.H53",
            ),
            (">03<", ">13<"),
        ).encode(),
        PLAIN_STATUS
        | {
            "from": "000.00.11.H53",
            "status": {"code": "13", "of": DOCUMENT_ID, "to": "000.00.13.H53"},
        },
    ),
    "status/older-form": _status(
        ("<edXML:MessageHeader>", "<edXML:Status>"), ("</edXML:MessageHeader>", "</edXML:Status>")
    ),
    "status/with-a-hop": _status((_END_OF_HEADER, _HOP + _END_OF_HEADER)),
    # how it is written
    "dialect/prefix-lost": Good(
        DOCUMENT.replace(f' xmlns:edXML="{NAMESPACE}"', "").replace("edXML:", "").encode(),
        PLAIN_DOCUMENT,
    ),
    "dialect/another-prefix": Good(
        DOCUMENT.replace("xmlns:edXML=", "xmlns:e=").replace("edXML:", "e:").encode(),
        PLAIN_DOCUMENT,
    ),
    "dialect/one-line": Good(_without_indentation(DOCUMENT).encode(), PLAIN_DOCUMENT),
    "dialect/turned-round": Good(_reordered().encode(), PLAIN_DOCUMENT),
    "dialect/byte-order-mark": Good(b"\xef\xbb\xbf" + DOCUMENT.encode(), PLAIN_DOCUMENT),
    "dialect/carriage-returns": Good(DOCUMENT.replace("\n", "\r\n").encode(), PLAIN_DOCUMENT),
    "dialect/no-declaration": _document(('<?xml version="1.0" encoding="UTF-8"?>\n', "")),
    "dialect/lower-case-encoding": _document(("UTF-8", "utf-8")),
    "dialect/standalone": _document(('"UTF-8"', '"UTF-8" standalone="yes"')),
    "dialect/comments-between-elements": _document(
        (_TO, f"<!-- <edXML:To/> <!DOCTYPE x> -->{_TO}"), ("<edXML ", "<!-- XML 102 --><edXML ")
    ),
    "dialect/cdata": _document(
        ("V/v lập dự toán năm 2027", "<![CDATA[V/v lập dự toán]]> năm <![CDATA[2027]]>"),
        ("Đề nghị các", "<![CDATA[<!DOCTYPE & <?pi?> <!ENTITY]]>"),
    ),
    "dialect/references-to-characters": _document(
        ("V/v lập dự toán năm 2027", "V/v l&#x1EAD;p dự toán n&#259;m 2027"),
        ("Đề nghị", "&lt;b&gt; &amp; &quot;"),
    ),
    "dialect/empty-elements": _document(
        ("<edXML:DueDate>2026/12/05</edXML:DueDate>", "<edXML:DueDate/><edXML:SignerInfo/>"),
        ("<edXML:Priority>0<", "<edXML:Priority><"),
        (
            "<edXML:PageAmount>2<",
            "<edXML:Appendixes><edXML:Appendix/></edXML:Appendixes><edXML:PageAmount><",
        ),
        ("<edXML:BussinessDocType>0<", "<edXML:BussinessDocType><"),
    ),
    "dialect/white-space-around-values": _document(
        (">000.00.11.H53<", ">\n            000.00.11.H53\t<"),
        (">2026/11/20</edXML:Prom", "> 2026/11/20 </edXML:Prom"),
    ),
    "dialect/decorative-signature": _document(
        (_END_OF_HEADER, _DECORATION), signature="decorative"
    ),
    "dialect/empty-digital-signature": _document(
        (_END_OF_HEADER, f"<edXML:DigitalSignature/>{_END_OF_HEADER}"), signature="decorative"
    ),
    "dialect/xlink-on-reference": _document(
        (
            "<edXML:Reference>",
            (
                '<edXML:Reference xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="cid:a1" '
                'xlink:type="simple">'
            ),
        )
    ),
    "dialect/attributes-on-traces": _document(
        (
            "<edXML:TraceHeaderList>",
            (
                '<edXML:TraceHeaderList id="0a1b" version="1.0" mustUnderstand="1" '
                'actor="http://schemas.xmlsoap.org/soap/actor/next">'
            ),
        )
    ),
    "dialect/hop-without-organ": _document(
        (
            "        <edXML:Bussiness>",
            (
                "<edXML:TraceHeader><edXML:Timestamp>2026/11/20 08:00:01</edXML:Timestamp>"
                "</edXML:TraceHeader><edXML:TraceHeader><edXML:OrganId>null</edXML:OrganId>"
                "</edXML:TraceHeader><edXML:Bussiness>"
            ),
        )
    ),
    "dialect/no-traces": _document((TRACES, "")),
    "dialect/schema-location": _document(
        (
            "<edXML xmlns=",
            (
                '<edXML xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                f'xsi:schemaLocation="{NAMESPACE} file:///nowhere.xsd" xmlns='
            ),
        )
    ),
    # what it carries
    "attachment/zip-declared-as-pdf": _carrying(_zipped(), sniffed_type="application/zip"),
    "attachment/broken-zip": _carrying(b"PK\3\4 and nothing", sniffed_type="application/zip"),
    "attachment/word-document": _carrying(
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(8),
        "attachment-type-differs",
        sniffed_type="application/x-ole-storage",
    ),
    "attachment/unknown-content": _carrying(b"xin ch\xc3\xa0o", "attachment-type-differs"),
    "attachment/no-content": _carrying(b"", "attachment-empty"),
    "attachment/wrapped-lines": _document((PDF, "\n  JVBE\r\n Ri0xLjUKJSVFT0YK\t\n")),
    "attachment/content-id-without-cid": _document(("<ContentId>cid:a1", "<ContentId>a1")),
    "attachment/not-in-the-manifest": _document((MANIFEST, ""), warnings=["attachment-unlisted"]),
    "attachment/only-in-the-manifest": _document(
        (ATTACHED, ""), attachments=[], warnings=["attachment-none", "attachment-missing"]
    ),
    "attachment/decomposed-name": _document(
        ("<edXML:AttachmentName>15-STC-VP.pdf", f"<edXML:AttachmentName>{_NAME}"),
        ("<AttachmentName>15-STC-VP.pdf", f"<AttachmentName>{_NFD}"),
        attachments=[_pdf(_NFD)],
    ),
    "attachment/two": _document(
        (
            "  </AttachmentEncoded>",
            (
                "<Attachment><ContentId>a2</ContentId><AttachmentName>b.txt</AttachmentName>"
                "<ContentType>text/plain</ContentType>"
                "<ContentTransferEncoded>xJE=</ContentTransferEncoded></Attachment></AttachmentEncoded>"
            ),
        ),
        attachments=[
            _pdf(),
            _attachment("đ".encode(), "b.txt", "a2", declared_type="text/plain"),
        ],
        warnings=["attachment-unlisted"],
    ),
    # how long it may be
    "length/at-the-limits": _document(
        *_LONG.items(),
        subject="ế" * 500,
        to=["H53." + "A" * 31],
        warnings=["type-name-unknown"],
    ),
}
