"""`axisd submit` and `axisd inbox`: an agency's client on the command line."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from axisd.core.reasons import Event, refuse
from axisd.core.submission import Submission
from axisd.ports import Delivered, Message
from tests.support.amqp import FINANCE, HEALTH, Axis, fresh_axis, until
from tests.support.broker import Vhost
from tests.support.cli import axisd, axisd_beside, facts
from tests.support.evidence import AT, RECIPIENT, UNKNOWN, accepted, consigned, refused
from tests.support.letters import Seals


@pytest_asyncio.fixture
async def axis(vhost: Vhost) -> AsyncIterator[Axis]:
    async with fresh_axis(vhost) as fresh:
        yield fresh


@pytest.fixture
def account(axis: Axis, tmp_path: Path) -> tuple[str, Path]:
    """The options with which the finance department's system connects."""
    file = tmp_path / "broker.url"
    file.write_text(axis.endpoint(axis.account("finance")).url)
    return ("--url-file", file)


@pytest.fixture
def envelope(tmp_path: Path) -> Path:
    file = tmp_path / "new.edxml"
    built = axisd(
        "envelope", "new", "--from", FINANCE, "--to", HEALTH, "--number", "7",
        "--notation", "STC", "--subject", "x", "--out", file,
    )  # fmt: skip
    assert built.exit_code == 0
    return file


def content(file: Path | str) -> bytes:
    return Path(file).read_bytes()


def message(queue: str, body: bytes, number: int = 1) -> Message:
    return Message(
        queue=queue,
        message_id=f"019c0a3e-0000-7000-8000-{number:012}",
        body=body,
        type="document",
        correlation_id="D1",
        timestamp=AT,
        headers={"axis-digest": f"sha256:{hashlib.sha256(body).hexdigest()}"},
        priority=3,
    )


async def put(axis: Axis, *messages: Message) -> None:
    async with axis.publisher() as publisher:
        async with asyncio.timeout(20):
            await publisher.connected.wait()
        for one in messages:
            assert await publisher.publish(one) is Delivered.CONFIRMED


RECEIPTS = f"agency.{FINANCE}.receipts"
INBOX = f"agency.{FINANCE}.inbox"


async def test_an_envelope_reaches_the_intake_with_its_bytes_for_its_sender(
    axis: Axis, account: tuple[str, Path], envelope: Path
) -> None:
    taken: list[Submission] = []

    async def handle(submission: Submission) -> None:
        taken.append(submission)

    result = await axisd_beside("submit", envelope, "--lane", "urgent", *account, "--json")
    assert result.exit_code == 0, result.stderr
    assert (facts(result)["agency"], facts(result)["receipts"]) == (FINANCE, [])
    async with asyncio.TaskGroup() as group:
        intake = group.create_task(axis.intake().run(handle))
        await until(lambda: bool(taken))
        intake.cancel()
    [submission] = taken
    assert submission.body == content(envelope)
    assert submission.routing_key == f"urgent.{FINANCE}"
    assert submission.account == axis.account("finance")


async def test_receipts_about_it_are_printed_until_all_is_said_and_left_in_the_queue(
    axis: Axis, account: tuple[str, Path], envelope: Path
) -> None:
    seals = Seals(content(envelope))
    stranger = Seals(b"another").about(accepted())
    acceptance = replace(accepted(), recipients=(RECIPIENT,))
    bodies = [stranger, b"<none/>", seals.about(acceptance), seals.about(consigned())]
    await put(axis, *(message(RECEIPTS, body, n) for n, body in enumerate(bodies)))
    result = await axisd_beside("submit", envelope, "--wait", "60", *account, "--json")
    assert result.exit_code == 0, result.stderr
    found = facts(result)
    assert found["complete"] is True
    events = [receipt["event"] for receipt in found["receipts"]]
    assert events == ["SubmissionAcceptance", "ContentConsignment"]
    left = facts(await axisd_beside("inbox", FINANCE, "--receipts", *account, "--json"))
    assert len(left) == 4


async def test_warnings_of_an_acceptance_are_printed_in_both_languages(
    axis: Axis, account: tuple[str, Path], envelope: Path
) -> None:
    seals = Seals(content(envelope))
    warned = refuse(
        "number-repeated", at="/edXML/a", line=7, number="7/STC", document="D0", time="T"
    )
    receipt = seals.about(replace(accepted(), warnings=(warned,), recipients=(RECIPIENT,)))
    await put(axis, message(RECEIPTS, receipt), message(RECEIPTS, seals.about(consigned()), 2))
    result = await axisd_beside("submit", envelope, *account, "--wait", "20")
    assert result.exit_code == 0, result.stderr
    assert "warning number-repeated at /edXML/a, line 7" in result.stdout
    assert warned.text("en") in result.stdout
    assert warned.text("vi") in result.stdout


async def test_a_rejection_ends_the_wait_with_65_and_says_why_in_both_languages(
    axis: Axis, account: tuple[str, Path], envelope: Path
) -> None:
    await put(axis, message(RECEIPTS, Seals(content(envelope)).about(refused())))
    result = await axisd_beside("submit", envelope, "--wait", "60", *account)
    assert result.exit_code == 65
    assert "SubmissionRejection" in result.stdout
    assert "schema-invalid" in result.stdout
    assert "  vi  " in result.stdout


async def test_a_recipient_that_was_refused_is_told_with_the_reason_and_ends_with_65(
    axis: Axis, account: tuple[str, Path], envelope: Path
) -> None:
    seals = Seals(content(envelope))
    acceptance = replace(accepted(), recipients=(RECIPIENT, UNKNOWN))
    bodies = [seals.about(acceptance), seals.about(consigned())]
    await put(axis, *(message(RECEIPTS, body, n) for n, body in enumerate(bodies)))
    result = await axisd_beside("submit", envelope, "--wait", "60", *account)
    assert result.exit_code == 65
    assert f"{UNKNOWN.organ}: recipient-unknown" in result.stdout
    assert UNKNOWN.refusal is not None
    assert UNKNOWN.refusal.text("vi") in result.stdout


async def test_what_the_national_axis_does_not_take_ends_with_65_and_says_why(
    axis: Axis, account: tuple[str, Path], envelope: Path
) -> None:
    seals = Seals(content(envelope))
    why = refuse("national-refused", agency=RECIPIENT.organ, code="15", detail="x")
    turned_away = replace(consigned(), event=Event.RELAY_REJECTION, refusal=why)
    acceptance = replace(accepted(), recipients=(RECIPIENT,))
    bodies = [seals.about(acceptance), seals.about(turned_away)]
    await put(axis, *(message(RECEIPTS, body, n) for n, body in enumerate(bodies)))
    result = await axisd_beside("submit", envelope, "--wait", "60", *account)
    assert result.exit_code == 65
    assert "RelayRejection" in result.stdout
    assert why.text("vi") in result.stdout


async def test_no_receipt_in_time_ends_as_temporary(
    account: tuple[str, Path], envelope: Path
) -> None:
    result = await axisd_beside("submit", envelope, "--wait", "0.5", *account)
    assert result.exit_code == 75
    assert "no receipt came within 0.5 seconds" in result.stderr


async def test_another_agency_s_name_is_denied_with_65(
    account: tuple[str, Path], envelope: Path
) -> None:
    result = await axisd_beside("submit", envelope, "--agency", HEALTH, *account)
    assert result.exit_code == 65
    denied = await axisd_beside("inbox", HEALTH, *account)
    assert denied.exit_code == 65


async def test_looking_takes_nothing(axis: Axis, account: tuple[str, Path]) -> None:
    await put(axis, message(INBOX, b"<one/>", 1), message(INBOX, b"<two/>", 2))
    for _ in range(2):
        found = facts(await axisd_beside("inbox", FINANCE, *account, "--json"))
        assert [item["correlation_id"] for item in found] == ["D1", "D1"]
        assert [item["taken"] for item in found] == [False, False]
    one = facts(await axisd_beside("inbox", FINANCE, "--count", "1", *account, "--json"))
    assert len(one) == 1
    shown = (await axisd_beside("inbox", FINANCE, *account)).stdout
    assert "axis-digest: sha256:" in shown
    assert "not for the first time" in shown


async def test_what_is_written_is_taken_exactly_as_it_was(
    axis: Axis, account: tuple[str, Path], tmp_path: Path
) -> None:
    bodies = [b"<one/>\r\n", b"<two/>"]
    await put(axis, *(message(INBOX, body, n) for n, body in enumerate(bodies)))
    out = tmp_path / "inbox"
    kept = facts(await axisd_beside("inbox", FINANCE, "--out", out, "--keep", *account, "--json"))
    assert [item["taken"] for item in kept] == [False, False]
    taken = facts(await axisd_beside("inbox", FINANCE, "--out", out, *account, "--json"))
    assert [content(item["file"]) for item in taken] == bodies
    assert [item["taken"] for item in taken] == [True, True]
    assert facts(await axisd_beside("inbox", FINANCE, *account, "--json")) == []


async def test_a_file_with_other_content_stops_it_and_the_message_stays(
    axis: Axis, account: tuple[str, Path], tmp_path: Path
) -> None:
    await put(axis, message(INBOX, b"<one/>"))
    out = tmp_path / "inbox"
    out.mkdir()
    (out / f"{message(INBOX, b'').message_id}.edxml").write_bytes(b"<other/>")
    result = await axisd_beside("inbox", FINANCE, "--out", out, *account)
    assert result.exit_code == 65
    assert len(facts(await axisd_beside("inbox", FINANCE, *account, "--json"))) == 1


async def test_a_broker_that_is_away_ends_as_unavailable_and_its_password_stays_hidden(
    envelope: Path,
) -> None:
    result = await axisd_beside("submit", envelope, "--url", "amqp://somebody:hush@127.0.0.1:1")
    assert result.exit_code == 69
    assert "hush" not in result.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("inbox", FINANCE), 64, "--url-file FILE"),
        (("inbox", FINANCE, "--url", "http://x"), 65, "not the address of a broker"),
        (("submit", "-", "--url", "amqp://a:b@127.0.0.1:1"), 64, "--agency"),
    ],
)
def test_what_is_missing_is_said(words: tuple[str, ...], code: int, said: str) -> None:
    result = axisd(*words, stdin=b"<no")
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
