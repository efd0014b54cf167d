from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axisd.core.chain import canonical, link
from axisd.core.evidence import GENESIS, Entry
from axisd.core.federation import Relayed
from axisd.core.interconnection import Trigger
from axisd.core.lifecycle import DeliveryState
from axisd.core.reasons import Event
from axisd.core.reconciliation import (
    GRACE,
    HEALED,
    MEANING,
    NOT_TAKEN,
    ON_RECORD,
    SENTENCE,
    SUBJECT,
    Compared,
    Difference,
    Found,
    Reconciliation,
    SentRow,
    evidence_of,
    explained,
    moment_of,
    recorded,
    sent_differences,
)
from tests.support.values import FINANCE, MINISTRY, NOW

D = Difference
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGAN, SINCE = NOW, NOW - 3 * DAY


def ours(number: str = "n1", at: datetime = NOW - HOUR, **changes: object) -> Relayed:
    made = Relayed(
        number, at, f"v-{number}", "document", FINANCE, MINISTRY, "D1", DeliveryState.SENT, ""
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def theirs(number: str = "n1", at: datetime | None = NOW - HOUR, **changes: object) -> SentRow:
    made = SentRow(number, FINANCE, MINISTRY, "document", "1/STC", at, "done", "", "initial")
    return replace(made, **changes)  # type: ignore[arg-type]


def differences(here: list[Relayed], there: list[SentRow]) -> list[tuple[str, str]]:
    found = sent_differences(here, there, since=SINCE, began=BEGAN)
    return [(str(one.kind), one.number) for one in found]


def test_what_both_sides_know_is_no_difference() -> None:
    assert differences([ours()], [theirs()]) == []


def test_what_the_axis_does_not_list_is_lost_unless_it_is_too_young_or_too_old_to_judge() -> None:
    assert differences([ours()], []) == [("lost", "n1")]
    assert differences([ours(at=BEGAN - GRACE)], []) == []
    assert differences([ours(at=SINCE - HOUR)], []) == []
    assert differences([ours(at=SINCE)], []) == [("lost", "n1")]


def test_what_only_the_axis_knows_is_unknown_unless_its_time_is_out_of_reach() -> None:
    assert differences([], [theirs()]) == [("unknown", "n1")]
    for at in (BEGAN - GRACE, SINCE - HOUR, None):
        assert differences([], [theirs(at=at)]) == []


def test_an_older_acceptance_of_ours_explains_a_row_whose_time_is_the_axiss_own() -> None:
    assert differences([ours(at=SINCE - HOUR)], [theirs(at=SINCE)]) == []


def test_what_the_axis_could_not_send_on_is_lost_with_its_words() -> None:
    row = theirs(send_status="fail", send_words="trục đích không phản hồi")
    (found,) = sent_differences([ours()], [row], since=SINCE, began=BEGAN)
    assert (found.kind, found.delivery_id) == (D.LOST, "v-n1")
    assert "trục đích không phản hồi" in found.sentence


def test_what_the_recipients_system_failed_is_refused_later_until_its_sender_was_told() -> None:
    row = theirs(receive_status="fail", receive_words="lỗi\nđọc tệp")
    (found,) = sent_differences([ours()], [row], since=SINCE, began=BEGAN)
    assert (found.kind, found.words) == (D.REFUSED_LATER, "lỗi đọc tệp")
    assert differences([ours(reason=NOT_TAKEN)], [row]) == []
    assert differences([ours(at=BEGAN)], [row]) == [("refused-later", "n1")], "at once"
    assert differences([ours(state=DeliveryState.HANDED_OVER)], [row]) == []


@pytest.mark.parametrize(
    ("state", "sent_before", "kind"),
    [
        (None, False, D.UNKNOWN),
        (DeliveryState.QUEUED, False, D.UNMARKED),
        (DeliveryState.DEFERRED, False, D.UNMARKED),
        (DeliveryState.EXPIRED, False, D.UNMARKED),
        (DeliveryState.SENT, True, D.TWICE),
        (DeliveryState.DEFERRED, True, D.TWICE),
        (DeliveryState.WITHDRAWN, False, D.TWICE),
    ],
)
def test_an_unknown_message_is_explained_by_a_delivery_that_is_like_it(
    state: DeliveryState | None, sent_before: bool, kind: Difference
) -> None:
    (unknown,) = sent_differences([], [theirs()], since=SINCE, began=BEGAN)
    assert explained(unknown, theirs(), state, sent_before=sent_before).kind is kind


def run(*found: Found, **changes: object) -> Reconciliation:
    made = Reconciliation(Trigger.TIMER, BEGAN, SINCE, {"sent-document": Compared(3, 4)}, found)
    return replace(made, **changes)  # type: ignore[arg-type]


def entry_of(made: Reconciliation) -> Entry:
    evidence = evidence_of(made, "e-1", NOW)
    assert evidence.event is Event.NATIONAL_RECONCILIATION
    assert evidence.receipt_to is None
    content = canonical(evidence, 1, None, NOW)
    subject = evidence.facts.submission_id
    assert subject == SUBJECT
    return Entry(1, "e-1", evidence.event, NOW, subject, None, content, link(GENESIS, content))


def test_a_run_on_record_is_read_again_with_what_stood_and_what_was_healed() -> None:
    made = run(
        Found(D.LOST, "n1", "a document"),
        Found(D.STILL_LISTED, "7", "a status", healed=True),
        incomplete={"sent-status": "a page for people"},
    )
    read = recorded(entry_of(made))
    assert read.outcome == "incomplete"
    assert (read.since, read.trigger) == (SINCE, "timer")
    assert {kind: n for kind, n in read.open.items() if n} == {D.LOST: 1}
    assert {kind: n for kind, n in read.healed.items() if n} == {D.STILL_LISTED: 1}
    assert read.incomplete == {"sent-status": "a page for people"}
    assert read.differences == ("lost open n1: a document", "still-listed healed 7: a status")


def test_outcome_is_clean_only_when_nothing_stands_and_everything_was_compared() -> None:
    assert run().outcome == "clean"
    assert run(Found(D.MISSING, "7", "x", healed=True)).outcome == "clean"
    assert run(Found(D.MISSING, "7", "x")).outcome == "differences"
    assert run(Found(D.TWICE, "n1", "x")).outcome == "clean", "told, and nothing to do"
    assert run(incomplete={"sent-document": "no list"}).outcome == "incomplete"


def test_a_record_is_bounded_and_says_what_it_leaves_out() -> None:
    many = [Found(D.LOST, f"n{n}", "x" * 999) for n in range(ON_RECORD + 20)]
    told = run(*many).particulars()
    assert told["differences_left_out"] == "20"
    assert told["open:lost"] == str(ON_RECORD + 20)
    assert all(len(text) <= SENTENCE for text in told.values())
    assert len(recorded(entry_of(run(*many))).differences) == ON_RECORD


def test_what_is_no_record_of_a_run_is_refused_with_a_sentence() -> None:
    entry = entry_of(run())
    with pytest.raises(ValueError, match="no reconciliation"):
        recorded(replace(entry, content="{}"))
    with pytest.raises(ValueError, match="outcome"):
        recorded(replace(entry, content='{"particulars": {}}'))


def test_every_kind_says_what_it_means_and_only_what_may_be_repeated_is_healed() -> None:
    assert MEANING.keys() == set(Difference)
    assert set(Difference) >= HEALED
    assert not HEALED & {D.LOST, D.UNKNOWN, D.UNMARKED, D.TWICE}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026/11/29 09:00:00", datetime(2026, 11, 29, 2, tzinfo=UTC)),
        ("2026-11-29 09:00:00", datetime(2026, 11, 29, 2, tzinfo=UTC)),
        ("2026-11-29 09:00:00.0", datetime(2026, 11, 29, 2, tzinfo=UTC)),
        ("29/11/2026 09:00:00", datetime(2026, 11, 29, 2, tzinfo=UTC)),
        ("29-11-2026 09:00:00", datetime(2026, 11, 29, 2, tzinfo=UTC)),
        ("2026-11-29T02:00:00Z", datetime(2026, 11, 29, 2, tzinfo=UTC)),
        ("", None),
        ("sớm", None),
        ("0001-01-01 00:00:00", None),
        ("2026/13/29 09:00:00", None),
    ],
)
def test_times_are_read_in_whatever_way_an_axis_writes_them(
    text: str, moment: datetime | None
) -> None:
    assert moment_of(text) == moment
