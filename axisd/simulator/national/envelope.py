"""What the simulated axis looks at in an edXML, and what it does to it on the way.

It looks only as far as an axis must: kind, sender, recipients, and the words of its sent list. What it
does is what the real one is known for: it writes the XML anew, appends a TraceHeader, and may add a
recipient's other code as a second To. Changes are made in the tree that was parsed; the bytes that
were sent are not kept.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from axisd.core import xmlsafe
from axisd.core.reasons import Refusal
from axisd.core.view import Limits

_NAMESPACE: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
_NAMES: Final = {"e": _NAMESPACE}
_HEADER: Final = "e:edXMLEnvelope/e:edXMLHeader"
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Glance:
    """`kind`: `edoc` or `status`. `recipients`: the OrganIds of To, or ResponseFor's for a status.
    `notation`: number and notation, `7/STC-VP`. `promulgated`: the date as written, of a document.
    `business`: BussinessDocType of a document; `code`: StatusCode of a status."""

    kind: str
    sender: str
    recipients: tuple[str, ...]
    document_id: str
    title: str
    notation: str
    promulgated: str
    business: str
    code: str
    root: etree._Element


def glance(body: bytes, limit: int) -> Glance | str:
    """What an envelope says of itself; a sentence when it is no edXML. `limit`: bytes at most."""
    parsed = xmlsafe.parse(body, Limits(envelope=limit))
    if isinstance(parsed, Refusal):
        return parsed.text("en")
    root = parsed.root
    header = root.find(_HEADER, _NAMES) if root.tag == f"{{{_NAMESPACE}}}edXML" else None
    if header is None:
        return f"This is not edXML: the root element is {root.tag!a}."
    status = header.find("e:Status", _NAMES)
    message = header.find("e:MessageHeader", _NAMES) if status is None else status
    if message is None:
        return "The edXMLHeader holds neither a MessageHeader nor a Status."
    is_status = status is not None or message.find("e:StatusCode", _NAMES) is not None
    wanted = "e:ResponseFor/e:OrganId" if is_status else "e:To/e:OrganId"
    recipients = dict.fromkeys(_text(found) for found in message.findall(wanted, _NAMES))
    return Glance(
        kind="status" if is_status else "edoc",
        sender=_text(message.find("e:From/e:OrganId", _NAMES)),
        recipients=tuple(code for code in recipients if code),
        document_id=_text(
            message.find("e:ResponseFor/e:DocumentId" if is_status else "e:DocumentId", _NAMES)
        ),
        title=_text(message.find("e:Subject", _NAMES)),
        notation="/".join(
            _text(found) for found in message.findall("e:Code/*", _NAMES) if _text(found)
        ),
        promulgated=_text(message.find("e:PromulgationInfo/e:PromulgationDate", _NAMES)),
        business=_text(header.find("e:TraceHeaderList/e:Bussiness/e:BussinessDocType", _NAMES)),
        code=_text(message.find("e:StatusCode", _NAMES)),
        root=root,
    )


def add_twins(seen: Glance, twins: Mapping[str, str]) -> bool:
    """Adds a To with the twin code behind each To that has one in `twins`; whether any was added."""
    present = set(seen.recipients)
    added = False
    for to in seen.root.findall(f"{_HEADER}/e:MessageHeader/e:To", _NAMES):
        twin = twins.get(_text(to.find("e:OrganId", _NAMES)), "")
        if not twin or twin in present:
            continue
        present.add(twin)
        second = copy.deepcopy(to)
        organ = second.find("e:OrganId", _NAMES)
        assert organ is not None, "a To without OrganId has no twin"
        organ.text = twin
        to.addnext(second)
        added = True
    return added


def add_trace(seen: Glance, organ: str | None, at: str) -> None:
    """Appends a TraceHeader to a document, with the list around it where there is none yet."""
    header = seen.root.find(_HEADER, _NAMES)
    assert header is not None, "glance found it"
    traces = header.find("e:TraceHeaderList", _NAMES)
    if traces is None:
        traces = etree.Element(_name("TraceHeaderList"))
        message = header.find("e:MessageHeader", _NAMES)
        assert message is not None, "a document has a MessageHeader"
        message.addnext(traces)
    trace = etree.Element(_name("TraceHeader"))
    if organ is not None:
        etree.SubElement(trace, _name("OrganId")).text = organ
    etree.SubElement(trace, _name("Timestamp")).text = at
    earlier = traces.findall("e:TraceHeader", _NAMES)
    if earlier:
        earlier[-1].addnext(trace)
    else:
        traces.insert(0, trace)


def written(seen: Glance) -> bytes:
    """The envelope, serialised anew."""
    return _DECLARATION + etree.tostring(seen.root, encoding="UTF-8", xml_declaration=False)


def _name(local: str) -> str:
    return f"{{{_NAMESPACE}}}{local}"


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""
