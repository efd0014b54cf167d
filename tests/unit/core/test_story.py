"""The story of a document: one line of time over all its submissions and recipients."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from axisd.core.evidence import Evidence, Head
from axisd.core.history import LinkKind
from axisd.core.inspection import Outcome, Step
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import Event, refuse
from axisd.core.records import SubmissionRecord
from axisd.core.story import Moment, What, story_of
from axisd.core.timeline import Timeline
from axisd.core.trace import Trace, traced
from tests.support.tale import LOST_ID, REPLY_ID, TALE, UPDATE_ID, after, sealer, timeline
from tests.support.values import FINANCE, HEALTH, OFFICE


def the_trace(known: Timeline | None = None) -> Trace:
    return traced(known or timeline(), TALE.until, None)


def told(known: Timeline | None = None) -> tuple[Moment, ...]:
    return story_of(the_trace(known))


def test_everything_stands_in_order_of_time_over_all_submissions() -> None:
    assert [(one.what, one.code, one.organ) for one in told()] == [
        (What.SUBMITTED, "new", FINANCE),
        (What.REFERENCE, LinkKind.REPLY, FINANCE),
        (What.REFERENCE, LinkKind.UPDATE, FINANCE),
        (What.INSPECTED, "", FINANCE),
        (What.SETTLED, Event.SUBMISSION_ACCEPTANCE, FINANCE),
        (What.DELIVERY, Event.CONTENT_CONSIGNMENT, HEALTH),
        (What.DELIVERY, Event.CONTENT_CONSIGNMENT, OFFICE),
        (What.SUBMITTED, "new", FINANCE),
        (What.DUPLICATE, "", FINANCE),
        (What.STATUS, "01", HEALTH),
        (What.DELIVERY, Event.CONTENT_HANDOVER, HEALTH),
        (What.STATUS, "02", OFFICE),
        (What.DELIVERY, Event.CONSIGNMENT_REJECTION, OFFICE),
        (What.DEADLINE, DeadlineKind.ARRIVAL, HEALTH),
        (What.DELIVERY, Event.CONSIGNMENT_NOTIFICATION, HEALTH),
        (What.DEADLINE, DeadlineKind.REGISTRATION, HEALTH),
        (What.STATUS, "03", HEALTH),
        (What.STATUS, "06", HEALTH),
        (What.REFERENCE, LinkKind.REPLY, HEALTH),
        (What.SUBMITTED, "recall", FINANCE),
        (What.REFERENCE, LinkKind.RECALL, FINANCE),
        (What.INSPECTED, "", FINANCE),
        (What.SETTLED, Event.SUBMISSION_ACCEPTANCE, FINANCE),
        (What.REFERENCE, LinkKind.UPDATE, FINANCE),
        (What.DEADLINE, DeadlineKind.RECALL_ANSWER, HEALTH),
        (What.DEADLINE, DeadlineKind.REPLY, HEALTH),
    ]


def words(what: What, code: str) -> list[tuple[str, str]]:
    return [(one.words.en, one.words.vi) for one in told() if (one.what, one.code) == (what, code)]


def test_statuses_are_told_in_words_of_both_languages() -> None:
    assert words(What.STATUS, "01") == [("status 01 arrived", "trạng thái 01 đã đến")]
    assert words(What.STATUS, "02") == [("status 02 refused", "trạng thái 02 từ chối tiếp nhận")]
    assert words(What.STATUS, "03") == [("status 03 registered", "trạng thái 03 đã tiếp nhận")]


def test_a_status_says_where_it_went_and_whether_anybody_knows_its_document() -> None:
    by_code = {one.code: one for one in told() if one.what is What.STATUS}
    assert [note.en for note in by_code["01"].notes] == [f"to {FINANCE}: sent"]
    assert [note.en for note in by_code["06"].notes] == [
        "no document is known that it is about",
        f"to {FINANCE}: sent",
    ]
    assert (by_code["01"].tone, by_code["02"].tone, by_code["06"].tone) == ("good", "bad", "warn")


def test_a_status_that_was_not_delivered_is_told_with_what_went_wrong() -> None:
    known = timeline()
    leg = next(one for one in known.deliveries if one.identity.business.startswith("status/01"))
    failed = replace(leg, state=DeliveryState.EXPIRED)
    legs = tuple(failed if one is leg else one for one in known.deliveries)
    codes = [one.code for one in told(replace(known, deliveries=legs)) if one.delivery_id == leg.id]
    assert codes == [Event.CONTENT_CONSIGNMENT]


def test_a_status_that_was_refused_is_told_as_a_submission_that_was() -> None:
    known = timeline()
    refused = tuple(
        replace(one, state=SubmissionState.REFUSED) if one == TALE.arrived else one
        for one in known.submissions
    )
    story = told(replace(known, submissions=refused))
    key = TALE.arrived.facts.submission_id
    (submitted, _) = (one for one in story if one.submission_id == key and not one.delivery_id)
    assert submitted.what is What.SUBMITTED
    assert submitted.words.vi == "gửi qua AMQP: trạng thái 01 đã đến"


def test_what_comes_in_beside_the_document_says_which_message_it_was() -> None:
    """A withdrawn copy, and then the recall in the same inbox: nobody may take the one for the other."""
    known = timeline()
    leg = next(one for one in known.deliveries if one.submission_id == TALE.recall.submission_id)
    placed = Evidence(
        "recall-placed", Event.CONTENT_CONSIGNMENT, after(days=3, minutes=1), TALE.recall, leg.id
    )
    last = known.entries[-1]
    entries, _ = sealer().seal_group([placed], Head(last.position, last.hash))
    moments = told(replace(known, entries=(*known.entries, *entries)))
    assert [
        one.words
        for one in moments
        if one.code == Event.CONTENT_CONSIGNMENT and one.organ == HEALTH
    ] == [
        ("placed in the inbox", "đã đặt vào hộp nhận"),
        ("placed in the inbox: recall", "đã đặt vào hộp nhận: văn bản thu hồi"),
    ]
    assert [one.words.en for one in moments if one.what is What.SETTLED] == [
        "accepted by the axis", "accepted by the axis: recall",
    ]  # fmt: skip


def test_links_are_told_from_where_the_document_stands() -> None:
    assert words(What.REFERENCE, LinkKind.REPLY)[1] == (
        f"replied to by {REPLY_ID} (3/SYT-VP)",
        f"được trả lời bằng {REPLY_ID} (3/SYT-VP)",
    )
    earlier, later = words(What.REFERENCE, LinkKind.UPDATE)
    assert earlier[0] == f"updates {LOST_ID} ({FINANCE})"
    assert later[0] == f"updated by {UPDATE_ID} (13/STC-VP)"
    notes = [one.notes for one in told() if one.code == LinkKind.UPDATE]
    assert [[note.en for note in of] for of in notes] == [
        ["not known here", f"for {OFFICE} alone"],
        [f"for {HEALTH} alone"],
    ]


def test_deadlines_say_how_they_were_kept() -> None:
    assert [words(What.DEADLINE, kind)[0][0] for kind in DeadlineKind] == [
        "deadline, arrival: met",
        "deadline, registration: done late",
        "deadline, reply: suspended by the recall",
        "deadline, answer to the recall: still running",
    ]
    tones = {one.code: one.tone for one in told() if one.what is What.DEADLINE}
    assert tones[DeadlineKind.ARRIVAL] == "good"
    assert tones[DeadlineKind.REGISTRATION] == "warn"
    late = story_of(traced(timeline(), after(days=6), None))
    overdue = next(one for one in late if one.code == DeadlineKind.RECALL_ANSWER)
    assert (overdue.tone, overdue.words.vi) == (
        "bad", "hạn trả lời yêu cầu thu hồi: quá hạn",
    )  # fmt: skip


def test_a_refused_submission_says_at_which_step_and_why() -> None:
    facts = replace(TALE.document, submission_id="refused")
    refusal = refuse("schema-invalid", at="/edXML", line=3, detail="From is missing")
    steps = (
        Step("size", Outcome.PASSED), Step("schema", Outcome.REFUSED, "schema-invalid"),
        Step("rules", Outcome.SKIPPED),
    )  # fmt: skip
    evidence = Evidence(
        "E", Event.SUBMISSION_REJECTION, TALE.until, facts,
        refusal=refusal, steps=steps, receipt_to=facts.sender,
    )  # fmt: skip
    entry, receipt = sealer().seal(evidence, 1, "0" * 64)
    assert receipt is not None
    record = SubmissionRecord(facts, SubmissionState.REFUSED, reason=refusal.code)
    _, inspected, settled = told(Timeline((record,), (), (entry,), (receipt,)))
    assert (inspected.tone, inspected.notes) == ("bad", ())
    assert inspected.words == (
        "inspected: refused at step schema",
        "kiểm tra: không qua bước lược đồ",
    )
    assert (settled.what, settled.tone) == (What.SETTLED, "bad")
    assert settled.happened is not None
    assert settled.happened.reason is not None
    assert (settled.happened.reason.code, settled.happened.reason.line) == ("schema-invalid", 3)


def test_a_submission_that_is_only_known_by_its_record_is_told() -> None:
    """Nothing was sealed about it, as about a duplicate."""
    bare = Timeline(timeline().submissions[:1], (), (), ())
    assert [one.what for one in told(bare)] == [What.SUBMITTED]


@given(st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_that_of_the_rows(dice: Random) -> None:
    known = timeline()
    mixed = {}
    for name in ("deliveries", "statuses", "recalls", "related", "receipts"):
        rows = list(getattr(known, name))
        dice.shuffle(rows)
        mixed[name] = tuple(rows)
    assert [(m.at, m.what, m.code, m.organ) for m in told(replace(known, **mixed))] == [
        (m.at, m.what, m.code, m.organ) for m in told()
    ]


def test_what_a_clock_turned_back_sealed_still_has_a_place() -> None:
    known = timeline()
    entries = tuple(replace(one, at=one.at - timedelta(hours=1)) for one in known.entries)
    assert len(told(replace(known, entries=entries))) == len(told())
