"""The inspection's steps 3 to 5, as tests of the XML modules take them, and messages to try them on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

from axisd.core import edxml, xmlsafe
from axisd.core.envelope import Document, Envelope, Status
from axisd.core.reasons import Refusal
from axisd.core.schema import Schemas
from axisd.core.view import Limits

VECTORS: Final = Path(__file__).resolve().parent.parent / "vectors"
SCHEMAS: Final = Schemas()
LIMITS: Final = Limits()


def steps(body: bytes, limits: Limits = LIMITS) -> Envelope | Refusal:
    """Well-formed, kind, schema, read: the envelope or the first refusal."""
    parsed = xmlsafe.parse(body, limits)
    if isinstance(parsed, Refusal):
        return parsed
    kind = edxml.recognise(parsed.root)
    if isinstance(kind, Refusal):
        return kind
    return SCHEMAS.validate(parsed.root, kind) or edxml.read(parsed.root, kind)


def envelope_of(body: bytes) -> Envelope:
    envelope = steps(body)
    assert not isinstance(envelope, Refusal), envelope.text("en")
    return envelope


def document_of(body: bytes) -> Document:
    envelope = envelope_of(body)
    assert isinstance(envelope, Document)
    return envelope


def status_of(body: bytes) -> Status:
    envelope = envelope_of(body)
    assert isinstance(envelope, Status)
    return envelope


def refusal_of(body: bytes, limits: Limits = LIMITS) -> Refusal:
    found = steps(body, limits)
    assert isinstance(found, Refusal), f"accepted: {found}"
    return found


def root_of(body: bytes | str) -> etree._Element:
    parsed = xmlsafe.parse(body.encode() if isinstance(body, str) else body, LIMITS)
    assert not isinstance(parsed, Refusal), parsed.text("en")
    return parsed.root


def vectors(tree: str) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """`<group>/<case>`, bytes and expectation of every vector in `good` or `bad`."""
    for expected in sorted((VECTORS / tree).glob("*/expected.json")):
        cases = json.loads(expected.read_text(encoding="utf-8"))
        for case, facts in cases.items():
            body = (expected.parent / f"{case}.edxml").read_bytes()
            yield f"{expected.parent.name}/{case}", body, facts


def megabytes_at_most(program: str) -> tuple[int, int]:
    """Runs `program` in a process of its own. Its resident megabytes before and at most.

    `before()` in the program says from where on to count.
    """
    script = (
        "import re\n"
        "def resident(key):\n"
        "    text = open('/proc/self/status').read()\n"
        "    return int(re.search(key + r':\\s+(\\d+)', text)[1]) // 1024\n"
        "def before():\n"
        "    open('/proc/self/clear_refs', 'w').write('5')  # forget the peak so far\n"
        "    print(resident('VmRSS'))\n"
        f"{program}\n"
        "print(resident('VmHWM'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    start, most = done.stdout.split()
    return int(start), int(most)
