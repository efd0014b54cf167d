"""The examination itself, with no axis between: who does it right passes, who does it wrong fails in what."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from axisd.cli.conformance_report import report_text, result_json
from axisd.client import Writer
from axisd.client.writing import answered
from axisd.core.envelope import Document, Status
from axisd.core.wording import Phrase
from axisd.simulator.agency.post import Arrival
from axisd.simulator.agency.script import Habits, ScriptedAgency
from axisd.simulator.conformance import judging
from axisd.simulator.conformance.checks import CHECKS, Outcome, Result
from axisd.simulator.conformance.exam import Exam, Patience
from axisd.simulator.conformance.heard import Heard
from axisd.simulator.conformance.letters import Letters
from axisd.simulator.conformance.notes import Notes
from axisd.simulator.pki import Authority
from tests.support.cli import axisd
from tests.support.examined import CARELESS, CarelessAgency, MemoryLaboratory, MemoryPost

EXAMINER, EXAMINED = "000.00.12.H53", "000.00.13.H53"
NOW = datetime.now(UTC)
AUTHORITY = Authority.root(NOW)


def writer(code: str, signer: str = "") -> Writer:
    return Writer(code, key=AUTHORITY.issue(signer or code, kind="ec-p256").signing_key())


async def examined(
    agency: type[ScriptedAgency],
    *,
    patience: Patience,
    habits: Habits = Habits(),  # noqa: B008 -- immutable
    signer: str = "",
    alone: bool = False,
) -> list[Result]:
    ours, theirs = MemoryPost(), MemoryPost()
    ours.other, theirs.other = theirs, ours
    letters = Letters(writer(EXAMINER), EXAMINED, large=100_000)
    exam = Exam(
        ours,
        letters,
        Heard(EXAMINED, letters.earlier),
        EXAMINED,
        patience,
        Notes(),
        trust=(AUTHORITY.certificate,),
        laboratory=None if alone else MemoryLaboratory(ours),
    )
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(agency(theirs, writer(EXAMINED, signer), habits).run())
        results = await exam.run()
        playing.cancel()
    return results


def failed(results: list[Result]) -> set[str]:
    return {one.name for one in results if one.outcome is Outcome.FAILED}


LONG = Patience(30, 30)
SHORT = Patience(0.7, 0.7)


async def test_a_right_system_passes_everything_in_any_order_of_the_table() -> None:
    results = await examined(ScriptedAgency, patience=LONG)
    assert {one.name: one.came.en for one in results if one.outcome is not Outcome.PASSED} == {}
    assert {one.name for one in results} == CHECKS.keys()


async def test_a_careless_system_fails_exactly_what_it_does_wrong() -> None:
    results = await examined(CarelessAgency, patience=SHORT)
    came = {one.name: one.came for one in results}
    assert failed(results) == CARELESS
    assert came["duplicate"].en == "answered again: 01, 03"
    assert came["duplicate"].vi == "trả lời lại: 01, 03"
    assert "KTHC-ĐĐ, came back as" in came["vietnamese"].en
    assert "Lá thư" in came["form"].en


async def test_a_clerk_who_refuses_with_words_and_keeps_what_is_recalled_is_right_too() -> None:
    habits = Habits(refusal="Không thuộc thẩm quyền", agrees=False)
    results = await examined(ScriptedAgency, patience=LONG, habits=habits)
    assert failed(results) == set()


@dataclass(slots=True)
class BusyAgency(ScriptedAgency):
    """Its clerk goes on working: what came first is assigned when the next documents come."""

    first: Document | None = None

    def answers(self, arrival: Arrival) -> Iterator[bytes]:
        yield from ScriptedAgency.answers(self, arrival)
        if self.first is None:
            self.first = arrival.document
        elif arrival.document and "sau thông điệp lặp" in arrival.document.subject:
            yield self.status(self.first, "04")


async def test_a_clerk_who_goes_on_with_an_earlier_document_does_not_answer_a_repetition() -> None:
    results = await examined(BusyAgency, patience=LONG)
    assert failed(results) == set()


async def test_another_agency_s_key_is_told_as_what_it_is() -> None:
    results = await examined(ScriptedAgency, patience=LONG, signer="000.00.99.H53")
    assert failed(results) == {"signature"}
    (wrong,) = [one for one in results if one.name == "signature"]
    assert "signer-not-sender" in wrong.came.en


@dataclass(slots=True)
class SilentAgency(ScriptedAgency):
    def answers(self, arrival: Arrival) -> Iterator[bytes]:
        return iter(())


async def test_where_nothing_comes_back_one_check_fails_and_the_rest_is_not_tried() -> None:
    results = await examined(SilentAgency, patience=Patience(0.1, 0.1))
    assert failed(results) == {"arrival"}
    assert len(results) == len(CHECKS)


async def test_outside_of_a_sandbox_what_only_the_axis_can_do_is_not_tried() -> None:
    results = await examined(ScriptedAgency, patience=LONG, alone=True)
    not_tried = {one.name for one in results if one.outcome is Outcome.NOT_TRIED}
    assert not_tried == {"duplicate", "probe", "reconnection"}
    assert failed(results) == set()


@dataclass(slots=True)
class GarblingAgency(ScriptedAgency):
    """It has no idea of Unicode: not even the DocumentId comes back."""

    def answers(self, arrival: Arrival) -> Iterator[bytes]:
        if document := arrival.document:
            garbled = document.document_id.replace("Đ", "D")
            yield self.status(replace(document, document_id=garbled), "01")


async def test_a_status_about_another_id_is_named_where_none_came_about_ours() -> None:
    results = await examined(GarblingAgency, patience=Patience(0.4, 0.1), alone=True)
    (arrival,) = [one for one in results if one.name == "arrival"]
    assert arrival.outcome is Outcome.FAILED
    assert "KTHC-DD, and no 01" in arrival.came.en
    assert "statuses" in failed(results)


def letter() -> Document:
    return Letters(writer(EXAMINER), EXAMINED).plain("V/v")


def status(of: Document, **fields: object) -> Status:
    known = {
        "sender": writer(EXAMINED).organization,
        "about": answered(of),
        "code": "03",
        "timestamp": "2026/11/29 08:00:00",
    }
    return Status(**known | fields)  # type: ignore[arg-type] # what the test says


def test_each_fault_of_a_status_is_named() -> None:
    ours = letter()
    assert judging.status_fault(status(ours), [ours]) is None
    for fields, said in (
        ({"about": replace(status(ours).about, code="7/X")}, "Code is 7/X"),
        ({"about": replace(status(ours).about, promulgation_date="1/1/26")}, "PromulgationDate"),
        ({"about": replace(status(ours).about, document_id="?")}, "no document of ours"),
        ({"code": "02"}, "no reason"),
        ({"timestamp": "29-11-2026"}, "Timestamp 29-11-2026 cannot be read"),
    ):
        fault = judging.status_fault(status(ours, **fields), [ours])
        assert fault is not None
        assert said in fault.en
        assert fault.vi != fault.en


def test_an_unsigned_document_is_told_as_that() -> None:
    ours = Letters(Writer(EXAMINER), EXAMINED)
    fault = judging.signature_fault(ours.sealed(ours.plain("V/v")), EXAMINER, (), NOW)
    assert fault is not None
    assert fault.en == "signature: absent"


def test_what_was_written_by_an_earlier_examination_is_known_as_that() -> None:
    ours = Letters(writer(EXAMINER), EXAMINED)
    assert not ours.earlier(ours.plain("V/v").document_id)
    assert ours.earlier(f"{EXAMINER},2026/11/29,5/KTHC-ĐĐ")
    assert not ours.earlier(f"{EXAMINER},2026/11/29,5/KTHC-DD")
    assert not ours.earlier("5/KTHC-ĐĐ")


async def test_the_report_has_every_check_and_what_to_mend_and_no_markup_of_strangers() -> None:
    results = [
        replace(one, came=Phrase("a|b", "a|b")) if one.outcome is Outcome.FAILED else one
        for one in await examined(SilentAgency, patience=Patience(0.1, 0.1))
    ]
    text = report_text(EXAMINED, results)
    assert "KHÔNG ĐẠT / FAILED" in text
    assert r"nhận được: a\|b" in text
    assert CHECKS["arrival"].mend.vi in text
    told = result_json(EXAMINED, results)
    assert told["passed"] is False
    assert [one["name"] for one in told["checks"]] == list(CHECKS)
    assert told["checks"][1]["mend"] is None


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_speaks_both_languages(name: str) -> None:
    check = CHECKS[name]
    for phrase in (check.title, check.expected, check.mend):
        assert phrase.en
        assert phrase.vi
        assert phrase.en != phrase.vi
    assert check.rule


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 64, "--sandbox FOLDER"),
        (("--sandbox", "."), 65, "sandbox.json"),
        (("--agency", "a", "--as", "b"), 64, "--key"),
    ],
)
def test_what_is_missing_is_said(words: tuple[str, ...], code: int, said: str) -> None:
    result = axisd("conformance", "run", *words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_the_checks_are_listed_in_both_languages() -> None:
    listed = axisd("conformance", "list").stdout
    for check in CHECKS.values():
        assert check.title.vi in listed
        assert check.expected.en in listed
