"""VXP without I/O: what the client, the simulated national axis and axisd's own door share.

    operations   which operations there are, with their parameters, bodies and answers
    signing      headers: building them signed, and reading them back only as far as they are signed
    files        the file inside a body, by its hash
    base64text   base64 in slices
    answers      answers: building them, and reading them from whatever came back

Nothing here reads a clock, a socket or XML. What a caller did wrong is a `Refused` value, with the
code and the sentence that the protocol answers; what a server answered wrongly is a TransientError.
Source of every rule: the protocol as it was seen on the wire (SDK 2.0.1); no specification is public.
"""

from axisd.adapters.vxp.protocol.answers import (
    Answer,
    Code,
    Encoded,
    Refused,
    read_answer,
    read_file,
    read_rows,
    sentence,
    text_of,
)
from axisd.adapters.vxp.protocol.files import hash_forms, intact_file, unpadded_hash
from axisd.adapters.vxp.protocol.operations import (
    MESSAGE_TYPES,
    OPERATIONS,
    SERVICE_TYPE,
    BodyKind,
    Call,
    File,
    Operation,
    select,
)
from axisd.adapters.vxp.protocol.signing import (
    Claim,
    Credentials,
    Signed,
    header_text,
    read_claim,
    signed_headers,
    timestamp,
)

__all__ = [
    "MESSAGE_TYPES",
    "OPERATIONS",
    "SERVICE_TYPE",
    "Answer",
    "BodyKind",
    "Call",
    "Claim",
    "Code",
    "Credentials",
    "Encoded",
    "File",
    "Operation",
    "Refused",
    "Signed",
    "hash_forms",
    "header_text",
    "intact_file",
    "read_answer",
    "read_claim",
    "read_file",
    "read_rows",
    "select",
    "sentence",
    "signed_headers",
    "text_of",
    "timestamp",
    "unpadded_hash",
]
