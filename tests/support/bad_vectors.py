"""Bad messages, one or more for every reason that concerns the XML, each with what its refusal must say.

`BAD` maps `<reason>/<case>` to a vector; `scripts/make_vectors.py` writes them to `tests/vectors/bad/`.
Place and line are stated by hand. What needs megabytes is made at test time instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.support.messages import (
    ATTACHED,
    DOCUMENT,
    NAMESPACE,
    PDF,
    STATUS,
    line_of,
    swap,
)

HEADER: Final = "/edXML/edXMLEnvelope/edXMLHeader"
MESSAGE: Final = f"{HEADER}/MessageHeader"
REFERENCE: Final = "/edXML/edXMLEnvelope/edXMLBody/edXMLManifest/Reference"
ATTACHMENT: Final = "/edXML/AttachmentEncoded/Attachment"


@dataclass(frozen=True)
class Bad:
    """`at` and `line` are None where no place can be named. `says`: words that its English text has."""

    body: bytes
    at: str | None = None
    line: int | None = None
    says: str = ""


def _changed(
    text: str, *changes: tuple[str, str], at: str | None = None, mark: str = "", says: str = ""
) -> Bad:
    """A message with `changes`; its fault stands on the line of `mark`."""
    body = swap(text, *changes)
    return Bad(body.encode(), at, line_of(body, mark) if mark else None, says)


def _syntax(old: str, new: str, mark: str, says: str) -> Bad:
    return _changed(DOCUMENT, (old, new), mark=mark, says=says)


def _cut_after(mark: str, says: str, *, less: int = 0) -> Bad:
    """The message up to `mark`, and `less` bytes less."""
    octets = DOCUMENT.encode()
    end = octets.index(mark.encode()) + len(mark.encode())
    return Bad(octets[: end - less], None, line_of(octets, mark), says)


def _replaced(old: str, new: bytes, says: str) -> Bad:
    octets = DOCUMENT.encode()
    return Bad(octets.replace(old.encode(), new, 1), None, line_of(octets, old), says)


def _prolog(markup: str, says: str, *, line: int = 2) -> Bad:
    """`markup` between the XML declaration and the root."""
    return Bad(swap(DOCUMENT, ("\n<edXML ", f"\n{markup}\n<edXML ")).encode(), None, line, says)


def _schema(
    at: str, mark: str, *changes: tuple[str, str], says: str = "", text: str = DOCUMENT
) -> Bad:
    return _changed(text, *changes, at=at, mark=mark, says=says)


def _lacking(name: str, element: str) -> Bad:
    """The MessageHeader without `element`."""
    return _schema(MESSAGE, "<edXML:MessageHeader>", (element, ""), says=f"lacks {name}")


def _twice(name: str, element: str, most: str = "once") -> Bad:
    body = swap(DOCUMENT, (element, f"{element}\n{element}"))
    second = body.index(element, body.index(element) + 1)
    line = body.count("\n", 0, second) + 1
    return Bad(body.encode(), f"{MESSAGE}/{name}[2]", line, f"only {most}")


def _block(name: str) -> str:
    start = DOCUMENT.index(f"        <edXML:{name}>")
    end = f"</edXML:{name}>\n"
    return DOCUMENT[start : DOCUMENT.index(end, start) + len(end)].strip()


def _content(encoded: str, says: str) -> Bad:
    return _changed(
        DOCUMENT,
        (PDF, encoded),
        at=f"{ATTACHMENT}/ContentTransferEncoded",
        mark="<edXML:ContentTransferEncoded",
        says=says,
    )


def _file_name(name: str, shown: str) -> Bad:
    return _changed(
        DOCUMENT,
        ("<AttachmentName>15-STC-VP.pdf", f"<AttachmentName>{name}"),
        at=f"{ATTACHMENT}/AttachmentName",
        mark="<AttachmentName>",
        says=shown,
    )


_END_OF_HEADER: Final = "    </edXML:edXMLHeader>"
_ORGAN: Final = "<edXML:OrganId>000.00.13.H53</edXML:OrganId>"
_TO_ORGAN: Final = f"{MESSAGE}/To/OrganId"
_DEEP: Final = "<a>" * 61 + "</a>" * 61
_MANY_ATTRIBUTES: Final = " ".join(f'a{n}=""' for n in range(33))
_MANY_NAMESPACES: Final = " ".join(f'xmlns:n{n}="urn:n{n}"' for n in range(31))
_LAUGHS: Final = (
    '<!DOCTYPE edXML [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
_FLAT: Final = """<Document xmlns="urn:example:flat"><From>H53.11</From></Document>
"""


_NOT_WELL_FORMED: Final[Mapping[str, Bad]] = {
    "digits-before-the-declaration": Bad(
        f"1212{DOCUMENT}".encode(), None, 1, "4 characters stand before <?xml"
    ),
    "space-before-the-declaration": Bad(
        f"\n {DOCUMENT}".encode(), None, 1, "2 characters stand before <?xml"
    ),
    "comment-before-the-declaration": Bad(
        f"<!-- x -->{DOCUMENT}".encode(), None, 1, "before <?xml"
    ),
    "undeclared-xlink": _syntax(
        "<edXML:Reference>",
        '<edXML:Reference xlink:href="">',
        "xlink:href",
        'Declare it on the element or above it: xmlns:xlink="http://www.w3.org/1999/xlink"',
    ),
    "undeclared-unknown-prefix": _syntax(
        "<edXML:Code>", "<x:y/><edXML:Code>", "<x:y/>", "the namespace prefix x is not declared"
    ),
    "cut-off-in-an-element": _cut_after(
        "<edXML:Subject>V/v lập", "it ends inside the element Subject, opened on line"
    ),
    "cut-off-in-a-tag": _cut_after("<edXML:DueDa", "it ends in the middle of markup"),
    "cut-off-in-base64": _cut_after(PDF[:10], "it ends inside the element ContentTransferEncoded"),
    "cut-off-in-a-character": _cut_after(
        "<edXML:Content>Đ", "it ends in the middle of markup", less=1
    ),
    "cut-off-in-a-reference": Bad(
        swap(DOCUMENT, ("Sở Tài chính", "R&amp;D")).encode().partition(b";D")[0],
        None,
        line_of(DOCUMENT, "Sở Tài chính"),
        "it ends in the middle of markup",
    ),
    "nul": _syntax(">15<", ">1\0005<", "CodeNumber", "another character that XML forbids"),
    "control-character": _syntax(">15<", ">1\x0b5<", "CodeNumber", "a control character"),
    "no-character": _syntax(">15<", ">1\ufffe5<", "CodeNumber", "that XML forbids"),
    "reference-to-nul": _syntax(">15<", ">1&#0;5<", "CodeNumber", "that XML forbids"),
    "bare-ampersand": _syntax("Sở Tài chính", "Sở R & D", "R & D", "write & as &amp;"),
    "ampersand-without-semicolon": _syntax("Sở Tài chính", "Sở R&D", "R&D", "write & as &amp;"),
    "less-than-in-text": _syntax("năm 2027", "< 2027", "< 2027", "write & as &amp; and < as &lt;"),
    "undefined-entity": _syntax(
        "năm 2027", "năm&nbsp;2027", "&nbsp;", "entity &nbsp; is not defined"
    ),
    "tags-crossed": _syntax(
        "</edXML:Subject>", "</edXML:Content>", "</edXML:Content>", "is closed as Content"
    ),
    "attribute-twice": _syntax(
        'version="1.0">', 'version="1.0" version="1.0">', "edXMLManifest", "version is given twice"
    ),
    "attribute-without-quotes": _syntax('version="1.0">', "version=1>", "edXMLManifest", "broken"),
    "less-than-in-an-attribute": _syntax(
        '"1.0">', '"<">', "edXMLManifest", "an attribute contains <"
    ),
    "cdata-end-in-text": _syntax("năm 2027", "]]>", "]]>", "text contains ]]>"),
    "hyphens-in-a-comment": _syntax("<edXML:Code>", "<!-- a -- b --><edXML:Code>", "<!--", "--"),
    "declaration-inside": _syntax(
        "<edXML:Code>", "<?xml version='1.0'?><edXML:Code>", "<?xml version='", "in the middle"
    ),
    "appended-text": Bad(
        f"{DOCUMENT}xin".encode(),
        None,
        line_of(f"{DOCUMENT}xin", "xin"),
        "after the end of the root",
    ),
    "appended-element": Bad(
        f"{DOCUMENT}<a/>".encode(), None, line_of(f"{DOCUMENT}<a/>", "<a/>"), "after the end"
    ),
    "doctype-inside": _syntax("<edXML:Code>", "<!DOCTYPE a><edXML:Code>", "<!DOCTYPE", "no name"),
    "broken-declaration": Bad(
        swap(DOCUMENT, ('version="1.0"', 'version="1.0" standalone=">"')).encode(),
        None,
        1,
        "the XML declaration is broken",
    ),
    "declaration-without-end": Bad(
        b'<?xml version="1.0"\n<edXML/>', None, 2, "it ends in the middle of markup"
    ),
    "nothing-but-a-declaration": Bad(
        b'<?xml version="1.0" encoding="UTF-8"?>\n', None, 2, "it has no element"
    ),
    "white-space-only": Bad(b" \n ", None, 2, "it has no element"),
    "a-zip": Bad(b"PK\x03\x04\n<edXML/>", None, 1, "It is a zip archive"),
    "json": Bad(b'{"edXML": {}}', None, 1, "it does not begin with markup"),
}

_ENCODING: Final[Mapping[str, Bad]] = {
    "utf-16": Bad(swap(DOCUMENT, ("UTF-8", "UTF-16")).encode("utf-16"), None, 1, "it is UTF-16"),
    "utf-16-without-mark": Bad(DOCUMENT.encode("utf-16-le"), None, 1, "it is UTF-16"),
    "utf-32": Bad(DOCUMENT.encode("utf-32"), None, 1, "it is UTF-32"),
    "declared-windows-1258": Bad(
        swap(DOCUMENT, ("UTF-8", "windows-1258")).encode(), None, 1, "it declares windows-1258"
    ),
    "declared-utf-7-hiding-a-doctype": Bad(
        b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE a>+ADw-a/>",
        None,
        1,
        "declares UTF-7",
    ),
    "windows-bytes": _replaced("Sở Tài chính", b"S\xf0\xec T\xe0i ch\xednh", "the byte 0xF0"),
    "overlong": _replaced("Công văn", b"C\xc0\xafng", "the byte 0xC0"),
    "surrogate": _replaced("Công văn", b"C\xed\xa0\x80ng", "the byte 0xED"),
}

_FORBIDDEN: Final[Mapping[str, Bad]] = {
    "doctype": _prolog("<!DOCTYPE edXML>", "a document type declaration"),
    "doctype-after-a-comment": _prolog(
        "<!-- <edXML> -->\n<!DOCTYPE edXML []>", "(DOCTYPE)", line=3
    ),
    "doctype-after-an-instruction": Bad(
        f"<?x?>{_LAUGHS}<edXML a='&c;'/>".encode(), None, 1, "a processing instruction"
    ),
    "doctype-after-a-broken-declaration": Bad(
        f"<?xml-x version='1.0'?>{_LAUGHS}<edXML a='&c;'/>".encode(), None, 1, "an instruction"[3:]
    ),
    "entity-expansion": Bad(
        swap(DOCUMENT, ("\n<edXML ", f"\n{_LAUGHS}\n<edXML "), (">15<", ">&c;<")).encode(),
        None,
        2,
        "(DOCTYPE)",
    ),
    "external-entity": _prolog(
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "DOCTYPE"
    ),
    "parameter-entity": _prolog(
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]>', "(DOCTYPE)"
    ),
    "external-subset": _prolog('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">', "(DOCTYPE)"),
    "instruction-before": _prolog("<?xml-stylesheet href='a.xsl'?>", "a processing instruction"),
    "instruction-inside": _syntax(
        "<edXML:Code>", "<?php x?><edXML:Code>", "<?php", "a processing instruction"
    ),
    "instruction-in-an-id": _syntax(
        "000.00.13.H53", "000.00.<?x?>13.H53", "<?x?>", "a processing instruction"
    ),
    "instruction-after": Bad(
        f"{DOCUMENT}<?x?>".encode(),
        None,
        line_of(f"{DOCUMENT}<?x?>", "<?x?>"),
        "an instruction"[3:],
    ),
    "xinclude": _changed(
        DOCUMENT,
        (
            "<edXML:Code>",
            '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="a"/><edXML:Code>',
        ),
        at=f"{MESSAGE}/include",
        mark="<i:include",
        says="an XInclude element",
    ),
    "xinclude-spelled-in-references": _changed(
        DOCUMENT,
        (
            "<edXML:Code>",
            '<i:include xmlns:i="http://www.w3.org/2001/XIncl&#117;de" href="a"/><edXML:Code>',
        ),
        at=f"{MESSAGE}/include",
        mark="<i:include",
        says="an XInclude element",
    ),
    "relative-namespace": _syntax(
        "<edXML:Code>", '<edXML:Code xmlns:n="../x">', '"../x"', "the relative namespace name ../x"
    ),
    "version-1.1": Bad(swap(DOCUMENT, ('"1.0"', '"1.1"')).encode(), None, 1, "XML 1.1"),
    "comment-in-an-organ-code": _changed(
        DOCUMENT,
        ("000.00.13.H53", "000.00.<!-- -->13.H53"),
        at=_TO_ORGAN,
        mark="<!-- -->",
        says="a comment inside OrganId",
    ),
    "comment-in-the-document-id": _changed(
        DOCUMENT,
        ("15/STC-VP</edXML:Doc", "15<!---->/STC-VP</edXML:Doc"),
        at=f"{MESSAGE}/DocumentId",
        mark="<!---->",
        says="a comment inside DocumentId",
    ),
    "comment-in-base64": _changed(
        DOCUMENT,
        (PDF, f"{PDF[:8]}<!-- -->{PDF[8:]}"),
        at=f"{ATTACHMENT}/ContentTransferEncoded",
        mark="<!-- -->",
        says="a comment inside ContentTransferEncoded",
    ),
    "comment-in-a-status-code": _changed(
        STATUS,
        (">03<", ">0<!-- -->3<"),
        at=f"{MESSAGE}/StatusCode",
        mark="<!-- -->",
        says="a comment inside StatusCode",
    ),
}

_STRUCTURE: Final[Mapping[str, Bad]] = {
    "too-deep": _syntax("<edXML:Code>", f"{_DEEP}<edXML:Code>", "<a><a>", "levels of nesting"),
    "too-deep-for-libxml2": Bad(b"<a>" * 3000, None, 1, "levels of nesting than the 64 allowed"),
    "attributes": _changed(
        DOCUMENT,
        ("<edXML:Code>", f"<edXML:Code {_MANY_ATTRIBUTES}>"),
        at=f"{MESSAGE}/Code",
        mark="a0=",
        says="attributes on one element than the 32 allowed",
    ),
    "namespaces": Bad(
        swap(DOCUMENT, ("<edXML:Code>", f"<edXML:Code {_MANY_NAMESPACES}>")).encode(),
        None,
        None,
        "namespace declarations in scope than the 32 allowed",
    ),
    "long-name": Bad(
        swap(DOCUMENT, ("<edXML:Code>", f"<{'n' * 1100}/><edXML:Code>")).encode(),
        None,
        None,
        "characters in a name",
    ),
    "different-names": Bad(
        swap(
            DOCUMENT, ("<edXML:Code>", "".join(f"<n{n}/>" for n in range(1100)) + "<edXML:Code>")
        ).encode(),
        None,
        None,
        "different names than the 1024 allowed",
    ),
}

_KIND: Final[Mapping[str, Bad]] = {
    "envelope-as-root": Bad(
        f'<edXMLEnvelope xmlns="{NAMESPACE}"/>'.encode(), "/edXMLEnvelope", 1, "edXMLEnvelope"
    ),
    "flat": Bad(_FLAT.encode(), "/Document", 1, "Document in namespace 'urn:example:flat'"),
    "no-namespace": Bad(b"<edXML><edXMLEnvelope/></edXML>", "/edXML", 1, "edXML in namespace ''"),
    "other-namespace": Bad(
        DOCUMENT.replace("102_2016", "102_2010").encode(), "/edXML", 2, "QCVN_102_2010'"
    ),
    "no-envelope": Bad(
        f'<edXML xmlns="{NAMESPACE}"><Envelope/></edXML>'.encode(),
        "/edXML",
        1,
        "has no edXMLEnvelope",
    ),
    "html": Bad(b"<html><body/></html>", "/html", 1, "html"),
    "receipt": Bad(b'<Receipt xmlns="urn:axisd:receipt:1.0"/>', "/Receipt", 1, "Receipt"),
}

_MISSING: Final = {
    name: _lacking(name, _block(name))
    for name in ("From", "To", "Code", "PromulgationInfo", "DocumentType")
} | {
    name: _lacking(
        name, next(line.strip() for line in DOCUMENT.splitlines() if f"<edXML:{name}>" in line)
    )
    for name in ("DocumentId", "Subject")
}
_REPEATED: Final = {
    name: _twice(name, _block(name))
    for name in ("From", "Code", "PromulgationInfo", "DocumentType", "OtherInfo")
} | {
    name: _twice(
        name, next(line.strip() for line in DOCUMENT.splitlines() if f"<edXML:{name}>" in line)
    )
    for name in ("DocumentId", "Subject", "DueDate")
}

_SCHEMA: Final[Mapping[str, Bad]] = {
    **{f"no-{name.lower()}": vector for name, vector in _MISSING.items()},
    **{f"two-{name.lower()}": vector for name, vector in _REPEATED.items()},
    "two-message-headers": _schema(
        f"{HEADER}/MessageHeader[2]",
        "<edXML:MessageHeader/>",
        (_END_OF_HEADER, f"<edXML:MessageHeader/>{_END_OF_HEADER}"),
    ),
    "two-headers": _schema(
        "/edXML/edXMLEnvelope/edXMLHeader[1]",
        "<edXML:edXMLHeader/>",
        ("<edXML:edXMLHeader>", "<edXML:edXMLHeader/><edXML:edXMLHeader>"),
    ),
    "two-envelopes": _schema(
        "/edXML/edXMLEnvelope[1]",
        "<edXMLEnvelope/>",
        ("<edXML:edXMLEnvelope", "<edXMLEnvelope/><edXML:edXMLEnvelope"),
    ),
    "two-attachment-lists": _schema(
        "/edXML/AttachmentEncoded[2]",
        "<AttachmentEncoded/>",
        ("</edXML>\n", "<AttachmentEncoded/></edXML>\n"),
        says="AttachmentEncoded may occur only once",
    ),
    "two-bussiness": _schema(
        f"{HEADER}/TraceHeaderList/Bussiness[2]",
        "</edXML:Bussiness><edXML:Bussiness/>",
        ("</edXML:Bussiness>", "</edXML:Bussiness><edXML:Bussiness/>"),
        says="Bussiness may occur only once",
    ),
    "attachments-inside-the-envelope": _schema(
        "/edXML/edXMLEnvelope/AttachmentEncoded",
        "<AttachmentEncoded>",
        (ATTACHED, ""),
        ("  </edXML:edXMLEnvelope>", f"{ATTACHED}  </edXML:edXMLEnvelope>"),
        says="AttachmentEncoded is not expected here in edXMLEnvelope",
    ),
    "recipient-hidden-in-an-attachment": _schema(
        f"{ATTACHMENT}/To",
        "<To>",
        ("    </Attachment>", "<To><OrganId>000.00.14.H53</OrganId></To></Attachment>"),
        says="To is not expected here in Attachment",
    ),
    "unknown-element": _schema(
        f"{MESSAGE}/Urgency", "Urgency", ("<edXML:Code>", "<edXML:Urgency/><edXML:Code>")
    ),
    "element-of-no-namespace": _schema(
        f"{MESSAGE}/From[2]",
        'xmlns=""',
        ("<edXML:Code>", '<From xmlns="">x</From><edXML:Code>'),
    ),
    "text-between-elements": _schema(
        MESSAGE,
        "<edXML:MessageHeader>",
        ("<edXML:Code>", "hỏa tốc <edXML:Code>"),
        says="text stands",
    ),
    "unknown-attribute": _schema(
        f"{MESSAGE}/To", "urgent", ("<edXML:To>", '<edXML:To urgent="1">'), says="an attribute"
    ),
    "element-inside-a-value": _schema(
        _TO_ORGAN, "<b/>", ("000.00.13.H53", "000.00.<b/>13.H53"), says="OrganId"
    ),
    "nil": _schema(
        f"{MESSAGE}/DueDate",
        "xsi:nil",
        (
            "<edXML:DueDate>2026/12/05",
            '<edXML:DueDate xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true">',
        ),
    ),
    "other-type": _schema(
        f"{MESSAGE}/DocumentId",
        "xsi:type",
        (
            "<edXML:DocumentId>",
            '<edXML:DocumentId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Text50">',
        ),
    ),
    "no-organ-code": _schema(f"{MESSAGE}/To", "<edXML:To>", (_ORGAN, ""), says="To lacks OrganId"),
    "empty-organ-code": _schema(
        _TO_ORGAN, "<edXML:OrganId/>", (_ORGAN, "<edXML:OrganId/>"), says="must not be empty"
    ),
    "long-organ-code": _schema(
        _TO_ORGAN,
        "H53.AAA",
        (">000.00.13.H53<", f">H53.{'A' * 32}<"),
        says="OrganId has 36 characters; at most 35 are allowed",
    ),
    "long-notation": _schema(
        f"{MESSAGE}/Code/CodeNotation",
        "ĐĐĐ",
        (">STC-VP<", f">{'Đ' * 101}<"),
        says="CodeNotation has 101 characters; at most 100 are allowed",
    ),
    "long-subject": _schema(
        f"{MESSAGE}/Subject",
        "ếế",
        ("V/v lập dự toán năm 2027", "ế" * 2001),
        says="Subject has 2001 characters; at most 2000 are allowed",
    ),
    "long-document-id": _schema(
        f"{MESSAGE}/DocumentId", "ĐĐĐ", ("15/STC-VP</edXML:Doc", f"{'Đ' * 180}</edXML:Doc")
    ),
    "document-id-of-too-many-bytes": _schema(
        f"{MESSAGE}/DocumentId",
        "ếếế",
        ("15/STC-VP</edXML:Doc", f"{'ế' * 90}</edXML:Doc"),
        says="DocumentId has more than 255 bytes",
    ),
    "priority": _schema(
        f"{MESSAGE}/OtherInfo/Priority",
        "Priority",
        ("<edXML:Priority>0", "<edXML:Priority>5"),
        says="Priority is 5; allowed are 0, 1, 2, 3, 4",
    ),
    "page-amount": _schema(
        f"{MESSAGE}/OtherInfo/PageAmount",
        "PageAmount",
        ("<edXML:PageAmount>2", "<edXML:PageAmount>2a"),
        says="PageAmount is 2a",
    ),
    "business-type": _schema(
        f"{HEADER}/TraceHeaderList/Bussiness/BussinessDocType",
        "BussinessDocType",
        ("<edXML:BussinessDocType>0", "<edXML:BussinessDocType>4"),
        says="allowed are 0, 1, 2, 3",
    ),
    "reference-without-content-id": _schema(
        REFERENCE, "<edXML:Reference>", ("<edXML:ContentId>cid:a1</edXML:ContentId>", "")
    ),
    "attachment-without-content": _schema(
        ATTACHMENT,
        "<Attachment>",
        (
            next(line for line in DOCUMENT.splitlines() if "<edXML:ContentTransferEncoded" in line),
            "",
        ),
        says="Attachment lacks ContentTransferEncoded",
    ),
    "document-without-header": _schema(
        "/edXML/edXMLEnvelope",
        "<edXML:edXMLEnvelope",
        (
            DOCUMENT[
                DOCUMENT.index("    <edXML:edXMLHeader>") : DOCUMENT.index("    <edXML:edXMLBody>")
            ],
            "",
        ),
        says="edXMLEnvelope lacks edXMLHeader",
    ),
    "empty-envelope": Bad(
        f'<edXML xmlns="{NAMESPACE}"><edXMLEnvelope/></edXML>'.encode(), "/edXML/edXMLEnvelope", 1
    ),
    "status-code": _schema(
        f"{MESSAGE}/StatusCode",
        "StatusCode",
        (">03<", ">07<"),
        text=STATUS,
        says="StatusCode is 07; allowed are 01, 02, 03, 04, 05, 06, 13, 15, 16",
    ),
    "status-with-a-recipient": _schema(
        f"{MESSAGE}/To",
        "<edXML:To>",
        (
            "<edXML:StatusCode>",
            "<edXML:To><edXML:OrganId>H53.11</edXML:OrganId></edXML:To><edXML:StatusCode>",
        ),
        text=STATUS,
    ),
    "status-with-a-body": _schema(
        "/edXML/edXMLEnvelope/edXMLBody",
        "<edXML:edXMLBody/>",
        (_END_OF_HEADER, f"{_END_OF_HEADER}<edXML:edXMLBody/>"),
        text=STATUS,
    ),
    "status-in-both-forms": _schema(
        f"{HEADER}/Status",
        "<edXML:Status>",
        (
            _END_OF_HEADER,
            "<edXML:Status>"
            + STATUS[STATUS.index("<edXML:From>") : STATUS.index("      </edXML:MessageH")]
            + f"</edXML:Status>{_END_OF_HEADER}",
        ),
        text=STATUS,
        says="MessageHeader or Status may occur only once",
    ),
    "status-without-recipient": _schema(
        f"{MESSAGE}/ResponseFor",
        "<edXML:ResponseFor>",
        ("<edXML:OrganId>000.00.11.H53</edXML:OrganId>", ""),
        text=STATUS,
        says="ResponseFor lacks OrganId",
    ),
    "status-without-document": _schema(
        f"{MESSAGE}/ResponseFor/DocumentId",
        "<edXML:DocumentId>",
        (">000.00.11.H53,2026/11/20,15/STC-VP<", "><"),
        text=STATUS,
        says="DocumentId must not be empty",
    ),
}

_MALFORMED: Final[Mapping[str, Bad]] = {
    "unfilled-template": _content("${__StringFromFile(test.txt,,,)}", "it contains the byte 0x24"),
    "no-padding": _content("QQ", "it is not complete"),
    "content-after-padding": _content("QQ==QUJD", "its padding (=) is in the wrong place"),
    "padding-first": _content("====", "its padding (=) is in the wrong place"),
    "unused-bits": _content("QR==", "its last unused bits are not zero"),
    "url-alphabet": _content("-_-_", "it contains the byte 0x2D"),
    "no-break-space": _content(f"{PDF[:8]}\u00a0{PDF[8:]}", "it contains U+00A0"),
}

_NAMES: Final[Mapping[str, Bad]] = {
    "path-upwards": _file_name("../../etc/passwd", "../../etc/passwd"),
    "absolute-path": _file_name("/etc/passwd", "/etc/passwd"),
    "windows-path": _file_name("C:\\cv.pdf", "C:\\cv.pdf"),
    "dots-only": _file_name("..", ".."),
    "line-break": _file_name("a\nb.pdf", "a\\u000ab.pdf"),
    "c1-control": _file_name("a\x9bb.pdf", "a\\u009bb.pdf"),
    "turned-direction": _file_name("a\u202efdp.exe", "a\\u202efdp.exe"),
    "in-the-manifest": _changed(
        DOCUMENT,
        ("<edXML:AttachmentName>15", "<edXML:AttachmentName>../15"),
        at=f"{REFERENCE}/AttachmentName",
        mark="<edXML:AttachmentName>",
        says="../15-STC-VP.pdf",
    ),
}

_SAME: Final = "<AttachmentName>b.pdf</AttachmentName><ContentTransferEncoded/></Attachment>"
_AGAIN: Final[Mapping[str, Bad]] = {
    name: _changed(
        DOCUMENT,
        (
            "    </Attachment>",
            f"    </Attachment><Attachment><ContentId>{again}</ContentId>{_SAME}",
        ),
        at=f"{ATTACHMENT}[2]/ContentId",
        mark="b.pdf",
        says="ContentId a1",
    )
    for name, again in (("same-content-id", "cid:a1"), ("same-without-cid", "a1"))
}

_BY_REASON: Final[Mapping[str, Mapping[str, Bad]]] = {
    "empty": {"no-bytes": Bad(b"")},
    "encoding": _ENCODING,
    "not-well-formed": _NOT_WELL_FORMED,
    "forbidden-markup": _FORBIDDEN,
    "structure-limit": _STRUCTURE,
    "kind-unknown": _KIND,
    "schema-invalid": _SCHEMA,
    "attachment-malformed": _MALFORMED,
    "attachment-name": _NAMES,
    "attachments-repeated": _AGAIN,
}

BAD: Final[Mapping[str, Bad]] = {
    f"{reason}/{name}": vector
    for reason, vectors in _BY_REASON.items()
    for name, vector in vectors.items()
}
