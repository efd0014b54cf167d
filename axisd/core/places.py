"""Where in an envelope something is: XPath-like places of local names, as refusals and warnings give them.

The same form as `syntax.path_of`, for what is looked at after the tree was read.
"""

from __future__ import annotations

from typing import Final

MESSAGE: Final = "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader"
TRACES: Final = "/edXML/edXMLEnvelope/edXMLHeader/TraceHeaderList"
BUSINESS: Final = f"{TRACES}/Bussiness"
MANIFEST: Final = "/edXML/edXMLEnvelope/edXMLBody/edXMLManifest"
ATTACHMENTS: Final = "/edXML/AttachmentEncoded"


def nth(name: str, index: int, count: int) -> str:
    """The step to the sibling at `index` (from 0) of `count` alike: `To[2]`, or `To` if it is the only one."""
    return f"{name}[{index + 1}]" if count > 1 else name
