"""A document's trace: everything the ledger remembers, put together, proven, and nothing of the content."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from axisd.core.history import LinkKind, RecallOutcome
from axisd.core.inspection import STEPS
from axisd.core.lifecycle import SubmissionState
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import Event
from axisd.core.receiptproof import ReceiptVerifier
from axisd.core.timeline import Timeline
from axisd.core.trace import Kept, Part, Trace, told_of, traced
from tests.support.signed_world import world
from tests.support.tale import (
    ATTACHED,
    EARLIER_ID,
    ID,
    LOST_ID,
    REFUSED_FOR,
    REPLY_ID,
    TALE,
    UPDATE_ID,
    after,
    timeline,
)
from tests.support.values import HEALTH, OFFICE, UNKNOWN


def the_trace(known: Timeline | None = None) -> Trace:
    verifier = ReceiptVerifier([world().root.certificate])
    return traced(known or timeline(), TALE.until, verifier.verify)


def part(trace: Trace, key: str) -> Part:
    (found,) = (one for one in trace.parts if one.record.facts.submission_id == key)
    return found


def test_every_submission_about_the_document_is_part_of_it_and_no_other() -> None:
    trace = the_trace()
    about = [one.record.facts for one in trace.parts]
    assert [(facts.kind, facts.business or facts.status) for facts in about] == [
        ("document", "new"), ("document", "new"), ("status", "01"), ("status", "02"),
        ("status", "03"), ("status", "06"), ("document", "recall"),
    ]  # fmt: skip
    assert {facts.document_id for facts in about} == {ID}
    assert [one.record.state for one in trace.documents] == [
        SubmissionState.ACCEPTED, SubmissionState.DUPLICATE, SubmissionState.ACCEPTED,
    ]  # fmt: skip


def test_every_entry_and_every_receipt_stands_somewhere_once() -> None:
    trace, known = the_trace(), timeline()
    happened = [
        one
        for found in trace.parts
        for one in (*found.happened, *(one for leg in found.legs for one in leg.happened))
    ]
    assert sorted(one.position for one in happened) == [entry.position for entry in known.entries]
    receipts = [one.receipt for one in happened if one.receipt is not None]
    assert sorted(one.id for one in receipts) == sorted(receipt.id for receipt in known.receipts)
    assert {(one.holds, one.fault) for one in receipts} == {(True, "")}


def test_each_recipient_has_its_events_statuses_deadlines_and_recall() -> None:
    health, office = part(the_trace(), TALE.document.submission_id).legs
    assert [one.event for one in health.happened] == [
        Event.CONTENT_CONSIGNMENT, Event.CONTENT_HANDOVER, Event.CONSIGNMENT_NOTIFICATION,
    ]  # fmt: skip
    assert [(one.code, one.reporter) for one in health.statuses] == [
        ("01", HEALTH),
        ("03", HEALTH),
    ]
    assert [(one.kind, one.kept) for one in health.deadlines] == [
        (DeadlineKind.ARRIVAL, Kept.MET),
        (DeadlineKind.REGISTRATION, Kept.LATE),
        (DeadlineKind.REPLY, Kept.SUSPENDED),
        (DeadlineKind.RECALL_ANSWER, Kept.RUNNING),
    ]
    assert health.recall is not None
    assert health.recall.outcome is RecallOutcome.ASKED
    assert [one.code for one in office.statuses] == ["02"]
    assert (office.deadlines, office.recall) == ((), None)
    (_, refused) = office.happened
    assert refused.reason is not None
    assert refused.reason.text is not None
    assert REFUSED_FOR in refused.reason.text.en
    assert REFUSED_FOR in refused.reason.text.vi


@pytest.mark.parametrize(
    ("later", "kept"), [(timedelta(0), Kept.RUNNING), (timedelta(microseconds=1), Kept.OVERDUE)]
)
def test_a_deadline_is_overdue_from_the_instant_after_it(later: timedelta, kept: Kept) -> None:
    trace = traced(timeline(), after(days=5) + later, None)
    (health, _) = part(trace, TALE.document.submission_id).legs
    assert health.deadlines[-1].kept is kept


def test_the_acceptance_tells_the_steps_of_the_inspection_and_who_was_refused() -> None:
    (acceptance,) = part(the_trace(), TALE.document.submission_id).happened
    assert [name for name, _, _ in acceptance.steps] == list(STEPS)
    outcomes = {one.organ: one for one in acceptance.outcomes}
    assert {organ: one.outcome for organ, one in outcomes.items()} == {
        HEALTH: "accepted", OFFICE: "accepted", UNKNOWN: "refused",
    }  # fmt: skip
    reason = outcomes[UNKNOWN].reason
    assert reason is not None
    assert (reason.code, reason.at, reason.line) == ("recipient-unknown", "/edXML/To", 9)
    assert acceptance.legal_at == "2026-11-02T09:00:00.123+07:00"


def test_warnings_are_told_in_the_words_of_the_receipt() -> None:
    (acceptance,) = part(the_trace(), TALE.unmatched.facts.submission_id).happened
    (warning,) = acceptance.warnings
    assert warning.code == "date-invalid"
    assert warning.text is not None
    assert "<i>y</i>" in warning.text.vi


def test_no_reason_and_no_warning_names_an_attachment() -> None:
    (acceptance,) = part(the_trace(), TALE.document.submission_id).happened
    (warning,) = acceptance.warnings
    assert (warning.code, warning.at) == ("attachment-name-differs", "/edXML/a")
    assert warning.text == (
        "Attachment … is called … in the manifest.",
        "Tệp đính kèm … lại được ghi là … trong danh mục (manifest).",
    )
    said = {"name": ATTACHED, "detail": "it is not complete", "detail_vi": "không đầy đủ"}
    content = {"code": "attachment-malformed", "at": "/a", "line": 7, "particulars": said}
    told = told_of(content)
    assert told is not None
    assert told.text == (
        "Attachment … is not base64: it is not complete.",
        "Tệp đính kèm … không phải base64: không đầy đủ.",
    )


def test_what_it_is_to_others_and_they_to_it_is_known_in_both_directions() -> None:
    trace = the_trace()
    replied, updated = part(trace, TALE.document.submission_id).references
    assert (replied.link.kind, replied.later) == (LinkKind.REPLY, False)
    assert replied.record is not None
    assert replied.record.facts.document_id == EARLIER_ID
    assert (updated.link.document_id, updated.link.recipient, updated.record) == (
        LOST_ID, OFFICE, None,
    )  # fmt: skip
    later = [(one.link.kind, one.record and one.record.facts.document_id) for one in trace.referred]
    assert later == [(LinkKind.REPLY, REPLY_ID), (LinkKind.UPDATE, UPDATE_ID)]
    (recalled,) = part(trace, TALE.recall.submission_id).references
    assert recalled.record is not None
    assert recalled.record.facts.submission_id == TALE.document.submission_id


def test_what_refers_to_another_organs_document_of_the_same_id_is_not_its_business() -> None:
    known = timeline()
    stranger = replace(known.links[-1], issuer=OFFICE)
    trace = the_trace(replace(known, links=(*known.links[:-1], stranger)))
    assert [one.link.kind for one in trace.referred] == [LinkKind.REPLY]


def test_a_status_says_whether_a_document_is_known_that_it_is_about() -> None:
    trace = the_trace()
    assert part(trace, TALE.arrived.facts.submission_id).matched is True
    assert part(trace, TALE.unmatched.facts.submission_id).matched is False
    assert part(trace, TALE.document.submission_id).matched is None


def test_nothing_is_read_from_a_receipt_that_does_not_hold() -> None:
    known = timeline()
    bad = tuple(
        replace(receipt, body=receipt.body.replace(b"original", b"reference"))
        for receipt in known.receipts
    )
    (acceptance,) = part(
        the_trace(replace(known, receipts=bad)), TALE.document.submission_id
    ).happened
    assert acceptance.receipt is not None
    assert (acceptance.receipt.holds, acceptance.receipt.fault) == (False, "signature-invalid")
    assert acceptance.steps == ()


def test_unverified_receipts_are_said_to_be_so_and_still_tell_the_steps() -> None:
    (acceptance,) = part(traced(timeline(), TALE.until, None), TALE.document.submission_id).happened
    assert acceptance.receipt is not None
    assert acceptance.receipt.holds is None
    assert [name for name, _, _ in acceptance.steps] == list(STEPS)


def test_evidence_of_another_version_is_told_by_what_it_has() -> None:
    """A reason that is gone keeps its code; evidence from before legal time has none."""
    known = timeline()
    entries = tuple(
        replace(
            entry,
            content=entry.content.replace("recipient-refused", "long-gone").replace(
                '"legal_at"', '"x"'
            ),
        )
        for entry in known.entries
    )
    (_, office) = part(the_trace(replace(known, entries=entries)), TALE.document.submission_id).legs
    assert office.happened[1].reason is not None
    assert (office.happened[1].reason.code, office.happened[1].reason.text) == ("long-gone", None)
    assert office.happened[1].legal_at is None


def test_an_empty_timeline_has_an_empty_trace() -> None:
    trace = traced(Timeline((), (), (), ()), TALE.until, None)
    assert (trace.parts, trace.referred) == ((), ())
