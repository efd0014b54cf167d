"""Of an envelope with a mark of secrecy the refusal is kept and nothing else: not a byte on disk, not a word.

Real inspection, real receipts, the real ledger on SQLite and the real log; then every file is searched,
the write-ahead log among them, before the ledger is closed and after.
"""

import asyncio
import base64
import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from axisd.adapters.clock import ManualClock
from axisd.adapters.ledger import open_ledger
from axisd.adapters.logs import configure
from axisd.adapters.telemetry import AxisTelemetry
from axisd.core.directory import Profile
from axisd.core.receipts import Sealer
from axisd.core.records import INLINE_LIMIT
from axisd.core.submission import Door
from axisd.service.commit import GroupCommit
from axisd.service.heartbeat import Pulse
from axisd.service.intake import Intake, Settlement
from axisd.simulator.pki import Authority
from tests.support.messages import DOCUMENT, PDF, STATUS, swap
from tests.support.reading import SCHEMAS
from tests.support.signed_world import NOW
from tests.support.values import (
    DOOR,
    FINANCE,
    an_id,
    directory,
    submission,
    system,
    view,
)
from tests.support.virtual import Inline

TOKEN = "ZQXWVK"
SUBJECT = ("V/v lập dự toán năm 2027", f"{TOKEN} kế hoạch phòng thủ")
NAMED = (">15-STC-VP.pdf<", f">{TOKEN}.pdf<")
NUMBERED = ("CodeNumber>15<", f"CodeNumber>{TOKEN}<")
NOTED = ("CodeNotation>STC-VP<", f"CodeNotation>{TOKEN}-VP<")
CONTENT = (PDF, base64.b64encode(f"%PDF-1{TOKEN}".encode()).decode())
ATTACHED = (f"<AttachmentName>{TOKEN}.pdf", f"<AttachmentName>{TOKEN} (Mật).pdf")
COMMON = (SUBJECT, NAMED, NAMED, NUMBERED, NOTED)

BODIES = {
    "in the subject": swap(DOCUMENT, *COMMON, CONTENT, (TOKEN, f"TUYỆT MẬT: {TOKEN}")),
    "in the name of an attachment": swap(DOCUMENT, *COMMON, CONTENT, ATTACHED),
    "where the schema knows no field": swap(
        DOCUMENT, *COMMON, ("<edXML:DueDate>", "<edXML:Secrecy>Mật</edXML:Secrecy><edXML:DueDate>")
    ),
    "beside a value that a refusal would quote": swap(
        DOCUMENT,
        *COMMON,
        ("Priority>0<", f"Priority>{TOKEN}<"),
        ("Tây Ninh</edXML:P", "(Mật)</edXML:P"),
    ),
    "on an attachment that a refusal would name": swap(DOCUMENT, *COMMON, (PDF, "?"), ATTACHED),
    "in the words of a status": swap(STATUS, ("Văn thư đã tiếp nhận", f"(Tối mật) {TOKEN}")),
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    written = io.StringIO()
    configure("debug", "json", now=lambda: NOW, stream=written)
    yield written
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    for name in ("axisd", "sqlalchemy", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def found_in(folder: Path, word: bytes) -> list[str]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any(file.name == "ledger.db" for file in files)
    return [file.name for file in files if word in file.read_bytes()]


async def settled(folder: Path, body: bytes, door: Door) -> tuple[Settlement, list[str], bytes]:
    """What became of `body`; the files that hold the token while the ledger is open and after; the receipt."""
    clock = ManualClock(NOW + timedelta(days=20))
    telemetry = AxisTelemetry(clock, Pulse(clock))
    where = view(
        directory=directory(
            None,
            [
                system("finance", FINANCE, profile=Profile.IF_PRESENT),
                system("door", DOOR, profile=Profile.IF_PRESENT),
            ],
        )
    )
    sealer = Sealer(where.axis, Authority.root(NOW).issue("00.53.W00").signing_key())
    ledger = await open_ledger(folder)
    commits = GroupCommit(ledger, sealer.seal_group, clock, telemetry, Inline())
    intake = Intake(lambda: where, SCHEMAS, ledger, commits, clock, telemetry, Inline())
    sender = DOOR if b"StatusCode" in body else FINANCE
    account = "door" if sender == DOOR else "finance"
    national = {"account": None, "routing_key": "", "external_id": "77"}
    handed = submission(
        body,
        id=an_id(),
        door=door,
        received_at=clock.now(),
        **(
            national
            if door is Door.NATIONAL
            else {"account": account, "routing_key": f"normal.{sender}"}
        ),
    )
    committing = asyncio.create_task(commits.run())
    try:
        settlement = await intake.handle(handed)
    finally:
        committing.cancel()
        await asyncio.wait([committing])
    words = (TOKEN.encode(), base64.b64encode(TOKEN.encode()))
    kept = [name for word in words for name in found_in(folder, word)]
    timeline = await ledger.timeline(handed.id)
    await ledger.close()
    kept += [name for word in words for name in found_in(folder, word)]
    return settlement, kept, b"".join(receipt.body for receipt in timeline.receipts)


@pytest.mark.parametrize("door", [Door.AMQP, Door.NATIONAL])
@pytest.mark.parametrize("where", BODIES)
async def test_a_marked_envelope_leaves_its_refusal_and_nothing_else(
    where: str, door: Door, tmp_path: Path, log: io.StringIO
) -> None:
    body = BODIES[where]
    if door is Door.NATIONAL:
        body = body.replace("000.00.11.H53<", "000.00.00.G14<", 1)
        body = body.replace("<edXML:OrganId>000.00.13.H53", "<edXML:OrganId>000.00.00.G15", 1)
    settlement, kept, told = await settled(tmp_path / "ledger", body.encode(), door)
    assert settlement.refusal is not None
    assert settlement.refusal.code == "secrecy-mark"
    assert kept == []
    assert TOKEN.encode() not in told
    assert TOKEN not in log.getvalue()
    assert '"reason":"secrecy-mark"' in log.getvalue().replace(" ", "")
    if door is Door.AMQP:
        assert b'code="secrecy-mark"' in told


async def test_a_large_one_is_not_put_beside_the_ledger_either(
    tmp_path: Path, log: io.StringIO
) -> None:
    large = base64.b64encode(b"%PDF-1" + TOKEN.encode() * (INLINE_LIMIT // 4)).decode()
    body = swap(DOCUMENT, SUBJECT, (PDF, large), (TOKEN, f"(Mật) {TOKEN}"))
    settlement, kept, _ = await settled(tmp_path / "ledger", body.encode(), Door.AMQP)
    assert settlement.refusal is not None
    assert kept == []
    assert TOKEN not in log.getvalue()


async def test_without_the_mark_it_is_kept_and_would_be_found(
    tmp_path: Path, log: io.StringIO
) -> None:
    body = swap(DOCUMENT, *COMMON, CONTENT)
    settlement, kept, told = await settled(tmp_path / "ledger", body.encode(), Door.AMQP)
    assert settlement.refusal is None
    assert set(kept) >= {"ledger.db", "ledger.db-wal"}
    assert f'name="{TOKEN}.pdf"'.encode() in told
    assert TOKEN not in log.getvalue()
