"""The example of docs/how-to/write-a-client.md, run as it stands: an agency's system against the running axis."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from axisd.client import AxisClient, Business, BusinessInfo, Document, File, load_key, load_trust
from axisd.core.carried import read_envelope
from axisd.core.envelope import Status
from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import PDF, Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    desk,
    paper,
    queued,
    submit,
)
from tests.support.operators import until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "agency_system.py"


@asynccontextmanager
async def example(
    province: Province, folder: Path, *letter: str, end: signal.Signals = signal.SIGKILL
) -> AsyncIterator[Process]:
    """The environment department's system, as a process; ended without a warning."""
    (folder / "broker.url").write_text(province.amqp_url(ENVIRONMENT) + "\n")
    key, certificate = province.credentials(ENVIRONMENT)
    process = await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLE, folder / "broker.url", ENVIRONMENT, key, certificate,
        province.folder / "pki" / "ca.pem", folder / "agency.db", *letter,
        stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        yield process
        assert process.returncode is None, (await process.communicate())[1].decode()
    finally:
        if process.returncode is None:
            process.send_signal(end)
        await process.communicate()


def rows(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "agency.db")) as database:
        return database.execute(query).fetchall()


def says(document_id: str, *codes: str) -> Callable[[Desk], list[str]]:
    """The codes that came to finance about a document, in order of the codes: what is handed in at once
    comes in any order."""

    def found(watched: Desk) -> list[str]:
        statuses = [
            read_envelope(message.body)
            for message in watched.box(FINANCE, "inbox")
            if message.correlation_id == document_id and message.type == "status"
        ]
        return sorted(one.code for one in statuses if isinstance(one, Status))

    return found


async def test_the_example_is_under_60_lines() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 60


async def test_the_example_answers_survives_kills_agrees_to_a_recall_and_sends(
    served: Province, papers: Papers, tmp_path: Path
) -> None:
    document_id, body = paper(papers)
    codes = says(document_id)
    async with desk(served, FINANCE) as watched:
        async with example(served, tmp_path):
            await submit(served, FINANCE, body)
            assert await watched.until(lambda: codes(watched) == ["01", "03"], 30)
        # Killed, and what was not acknowledged comes again: nothing is said twice.
        async with example(served, tmp_path):
            await submit(served, FINANCE, body)
            _, recall = papers.document(
                FINANCE, [ENVIRONMENT], "Thu hồi", document_id=document_id,
                business=BusinessInfo(Business.RECALL, reason="Sai số liệu"),
            )  # fmt: skip
            await submit(served, FINANCE, papers.signed(FINANCE, recall))
            assert await watched.until(lambda: codes(watched) == ["01", "03", "15"], 30)
        file = tmp_path / "tra-loi.pdf"
        file.write_bytes(PDF)
        async with example(served, tmp_path, FINANCE, "3/STNMT-VP", "V/v trả lời", str(file)):
            (sent,) = await watched.expect(
                FINANCE, "inbox", lambda m: m.correlation_id.endswith("3/STNMT-VP")
            )
            assert sent.headers["axis-legal-value"] == "original"

            async def told() -> bool:
                events = rows(tmp_path, "select kind, sender from came where sender like '%proven'")
                return {
                    ("SubmissionAcceptance", "proven"),
                    ("ContentConsignment", "proven"),
                } <= set(events)

            await until_async(told)
    letter = read_envelope(sent.body)
    assert isinstance(letter, Document)
    assert (letter.number, letter.notation, letter.subject) == ("3", "STNMT-VP", "V/v trả lời")
    assert rows(tmp_path, "select count(*) from outgoing") == [(0,)]

    async def emptied() -> bool:
        return not await queued(served, f"agency.{ENVIRONMENT}.inbox")

    await until_async(emptied)


async def test_a_library_client_submits_waits_for_proof_and_repeats_safely(
    served: Province,
) -> None:
    trust = load_trust(served.folder / "pki" / "ca.pem")
    async with AxisClient(
        served.amqp_url(FINANCE), FINANCE, key=load_key(*served.credentials(FINANCE)), trust=trust
    ) as axis:
        letter = axis.letter([ENVIRONMENT], "41/STC-TV", "V/v thư viện khách")
        body = axis.document(letter, [File("a.pdf", PDF, "application/pdf")])
        first = await axis.submit(body, wait=30)
        again = await axis.submit(body, wait=30)
        assert first.accepted
        assert first.receipts[0].proven
        assert first.receipts[0].body == again.receipts[0].body
        refused = await axis.submit(
            axis.document(axis.letter(["999.99.99.H53"], "42/STC", "V/v")), wait=30
        )
        assert refused.refusal is not None
        assert refused.refusal.reason == "recipient-unknown"
    async with (
        AxisClient(served.amqp_url(ENVIRONMENT), ENVIRONMENT) as recipient,
        asyncio.timeout(30),
        aclosing(recipient.inbox()) as inbox,
    ):
        async for message in inbox:
            async with message:
                if message.document_id == letter.document_id:
                    assert message.whole
                    assert [file.content for file in message.files()] == [PDF]
                    break
