from typing import Any

import pytest

from axisd.adapters.clock import ManualClock
from axisd.adapters.memory_national import MemoryNational, Taken
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.advance import Attempt, Failed, Sent
from axisd.core.records import Parcel, RouteKind
from axisd.ports import NationalAnswer
from axisd.service.uplink import Uplink, judged
from tests.support.values import FINANCE, MINISTRY, MINISTRY_TWIN, delivery, facts, parcel


def waiting(inbox: str = MINISTRY_TWIN, **changes: Any) -> Parcel:
    told = facts(**changes)
    of = delivery(told, recipient=MINISTRY, inbox=inbox, route=RouteKind.NATIONAL)
    return parcel(of, b"<edXML>bytes</edXML>", facts=told)


def uplink(national: MemoryNational) -> tuple[Uplink, RecordingTelemetry]:
    telemetry = RecordingTelemetry()
    return Uplink(national, ManualClock(), telemetry), telemetry


def failed(attempt: Attempt) -> Failed:
    assert isinstance(attempt, Failed)
    return attempt


async def test_the_bytes_go_out_unchanged_under_the_senders_code_to_the_one_recipient() -> None:
    national = MemoryNational()
    sender, telemetry = uplink(national)
    assert await sender.send(waiting()) == Sent("1")
    assert national.sent == [
        Taken("1", b"<edXML>bytes</edXML>", "document", FINANCE, (MINISTRY_TWIN,))
    ]
    assert telemetry.exchanges == [("send", "ok", "")]


async def test_a_status_goes_out_as_a_status() -> None:
    national = MemoryNational()
    await uplink(national)[0].send(waiting(kind="status", business="", status="03"))
    assert [taken.kind for taken in national.sent] == ["status"]


async def test_a_national_axis_out_of_reach_pauses_the_whole_exit_and_is_told() -> None:
    national = MemoryNational()
    national.reachable = False
    sender, telemetry = uplink(national)
    attempt = failed(await sender.send(waiting()))
    assert (attempt.refusal.code, attempt.final, attempt.everywhere) == (
        "national-failed",
        False,
        True,
    )
    assert [(operation, outcome) for operation, outcome, _ in telemetry.exchanges] == [
        ("send", "failed")
    ]


async def test_a_refusal_of_the_national_axis_is_told_with_its_code() -> None:
    national = MemoryNational()
    national.answers[MINISTRY_TWIN] = NationalAnswer("18", "unknown")
    sender, telemetry = uplink(national)
    assert failed(await sender.send(waiting())).final
    assert telemetry.exchanges == [("send", "code 18", "unknown")]


async def test_a_wrong_account_is_told_as_a_trouble_of_ours() -> None:
    national = MemoryNational()
    national.answers[MINISTRY_TWIN] = NationalAnswer("15", "wrong secret")
    sender, telemetry = uplink(national)
    assert failed(await sender.send(waiting())).everywhere
    assert telemetry.exchanges == [("send", "account", "wrong secret")]


@pytest.mark.parametrize(
    ("code", "reason", "final", "everywhere"),
    [
        ("20", "national-failed", False, False),
        ("21", "national-failed", False, False),
        ("15", "national-account", False, True),
        ("18", "national-unknown-recipient", True, False),
        ("23", "national-locked-recipient", True, False),
        ("10", "national-invalid-file", True, False),
        ("19", "national-sender-unregistered", True, False),
        ("22", "national-not-edxml", True, False),
        ("999", "national-refused", True, False),
        ("", "national-refused", True, False),
    ],
)
def test_each_code_is_ours_theirs_or_the_senders(
    code: str, reason: str, final: bool, everywhere: bool
) -> None:
    attempt = failed(judged(NationalAnswer(code, "câu trả lời"), "G14", FINANCE))
    assert attempt.refusal.code == reason
    assert (attempt.final, attempt.everywhere) == (final, everywhere)
    for language in ("en", "vi"):
        assert attempt.refusal.text(language)


@pytest.mark.parametrize("code", ["10", "19", "22", "999", "15", "20"])
def test_what_the_national_axis_said_reaches_the_reader(code: str) -> None:
    attempt = failed(judged(NationalAnswer(code, "sai định dạng."), "G14", FINANCE))
    assert "sai định dạng" in attempt.refusal.text("vi")
    assert code in attempt.refusal.text("vi")


@pytest.mark.parametrize("code", ["10", "18", "19", "22", "23", "999"])
def test_a_final_answer_tells_the_sender_what_to_do_in_both_languages(code: str) -> None:
    refusal = failed(judged(NationalAnswer(code, "từ chối"), "G14", FINANCE)).refusal
    for language, advice in (("en", ("Ask", "Mend", "Have", "Look", "Send")), ("vi", ("Hãy",))):
        text = refusal.text(language)  # type: ignore[arg-type]
        assert any(f" {word} " in text for word in advice), text


def test_the_sender_that_the_national_axis_does_not_know_is_named() -> None:
    refusal = failed(judged(NationalAnswer("19", "chưa đăng ký"), "G14", FINANCE)).refusal
    assert FINANCE in refusal.text("vi")


def test_what_was_taken_without_a_number_is_taken() -> None:
    assert judged(NationalAnswer("0"), "G14", FINANCE) == Sent(None)
