"""Whole lives of documents, drawn at random: who said what, in whatever order, in whatever groups, how often.

What must hold: the end does not depend on the order in which recipients' words come, on how decisions are
grouped into transactions, or on anything being said twice; a stranger changes nothing; every move that was
made has its evidence, once.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from axisd.core.envelope import Envelope
from axisd.core.history import RecallOutcome, Watch
from axisd.core.lifecycle import OPEN, DeliveryState, SubmissionState
from axisd.core.reasons import Event
from tests.support.book import Book
from tests.support.life_vectors import (
    ACCOUNTS,
    DOCUMENT_ID,
    confirmed,
    recall,
    replacement,
    said,
    update,
)
from tests.support.values import DOOR, FINANCE, HEALTH, NOW, OFFICE, document, inspected, status

S = DeliveryState
RECIPIENTS: Final = (HEALTH, DOOR)
STRANGER: Final = OFFICE
CODES: Final = ("01", "02", "03", "04", "05", "06")
ANSWERS: Final = ("15", "16")

words = st.builds(
    status,
    st.sampled_from(CODES + ANSWERS),
    sender=st.sampled_from(RECIPIENTS),
    description=st.just("lý do"),
    timestamp=st.sampled_from(["2026/01/05 08:30:00", "2026/01/05 09:30:00"]),
)
deeds = (
    st.just(recall(HEALTH, DOOR))
    | st.just(recall(DOOR, subject="lần hai"))
    | st.just(status("13", sender=FINANCE, about=HEALTH))
    | st.just(update(HEALTH, receivers={DOOR: "0"}))
    | st.just(update(HEALTH, DOOR, document_id="second update", number="3"))
    | st.just(replacement(HEALTH, of={DOCUMENT_ID: (HEALTH,)}, document_id="new", number="4"))
    | st.just(document(HEALTH, DOOR))
    | st.just("confirm")
)
strange = (
    st.builds(
        status,
        st.sampled_from(CODES + ANSWERS),
        sender=st.just(STRANGER),
        description=st.just("x"),
    )
    | st.just(status("13", sender=STRANGER, about=HEALTH))
    | st.just(recall(HEALTH, sender=STRANGER))
    | st.just(update(HEALTH, sender=STRANGER, receivers={HEALTH: "0"}))
    | st.just(replacement(HEALTH, sender=STRANGER, of={DOCUMENT_ID: (HEALTH, DOOR)}))
)
Step = Envelope | str


def step(book: Book, made: Step) -> None:
    if isinstance(made, str):
        confirmed(book)
    else:
        said(book, made)


def lived(*steps: Step) -> Book:
    book = Book()
    said(book, document(*RECIPIENTS))
    for made in steps:
        step(book, made)
    return book


def moments(watch: Watch) -> tuple[datetime | None, ...]:
    """What was done, and what is still awaited; deadlines that were kept or given up tell of the way."""
    return watch.arrived_at, watch.registered_at, watch.recall_due, watch.next_due


def end(book: Book) -> dict[Any, Any]:
    """What is known in the end, without the ids that were minted on the way."""
    names = {
        item.delivery.id: (
            item.delivery.identity.recipient,
            item.facts.document_id,
            item.facts.business,
        )
        for item in book.deliveries.values()
        if item.facts.kind == "document"
    }
    return {
        "states": {
            name: (
                book.deliveries[key].delivery.state,
                book.deliveries[key].delivery.status,
                item_recall.outcome if (item_recall := book.deliveries[key].recall) else None,
                key in book.outbox,
                moments(book.deliveries[key].delivery.watch),
            )
            for key, name in names.items()
        },
        "history": Counter(
            (names.get(s.delivery_id or ""), s.code, s.reporter) for s in book.statuses.values()
        ),
        "links": Counter((link.kind, link.document_id, link.recipient) for link in book.links),
        "events": Counter(
            (names.get(e.delivery_id or ""), e.event, e.refusal.code if e.refusal else "")
            for e in book.evidence
            if e.delivery_id in names
        ),
    }


@given(
    st.lists(words, max_size=6, unique=True).flatmap(
        lambda w: st.tuples(st.just(w), st.permutations(w))
    )
)
def test_the_order_of_the_recipients_words_about_a_recalled_document_does_not_matter(
    orders: tuple[list[Envelope], list[Envelope]],
) -> None:
    ends = [end(lived("confirm", recall(*RECIPIENTS), *order)) for order in orders]
    for found in ends:
        # What was refused before it was given back is told as both, what was given back first as that alone.
        del found["events"]
    assert ends[0] == ends[1]


@given(
    st.lists(st.builds(status, st.sampled_from(CODES), description=st.just("lý do")), max_size=6),
    st.data(),
)
def test_words_that_come_before_their_document_come_to_the_same(
    said_: list[Envelope], data: st.DataObject
) -> None:
    ends = []
    for place in (0, data.draw(st.integers(0, len(said_))), len(said_)):
        book = Book()
        for made in said_[:place]:
            said(book, made)
        said(book, document(*RECIPIENTS))
        for made in said_[place:]:
            said(book, made)
        ends.append(end(book))
    assert ends[0] == ends[1] == ends[2]


@given(st.lists(words | deeds | strange, max_size=10), st.data())
def test_a_stranger_changes_nothing(steps: list[Step], data: st.DataObject) -> None:
    own = [made for made in steps if not _is_strange(made)]
    assert end(lived(*steps)) == end(lived(*own))


def _is_strange(made: Step) -> bool:
    return not isinstance(made, str) and made.sender.organ_id == STRANGER


@given(st.lists(words | deeds | strange, max_size=8))
def test_what_is_said_twice_changes_nothing(steps: list[Step]) -> None:
    once, twice = lived(*steps), lived(*(made for made in steps for _ in range(2)))
    # A word that was refused the first time may be in order the second time; here it never is.
    assert end(once) == end(twice)


@given(st.lists((words | deeds | strange).filter(lambda s: s != "confirm"), max_size=8), st.data())
def test_how_decisions_are_grouped_into_transactions_does_not_matter(
    steps: list[Envelope], data: st.DataObject
) -> None:
    alone = lived(*steps)
    grouped, rest = Book(), [document(*RECIPIENTS), *steps]
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        group, rest = rest[:size], rest[size:]
        grouped.settle_together(
            *(inspected(made, account=ACCOUNTS[made.sender.organ_id]) for made in group)
        )
    assert end(grouped) == end(alone)


@settings(max_examples=200)
@given(st.lists(words | deeds | strange, max_size=12))
def test_every_move_has_its_evidence_and_what_is_said_of_a_delivery_agrees(
    steps: list[Step],
) -> None:
    book = lived(*steps)
    for item in book.deliveries.values():
        delivery = item.delivery
        if item.facts.kind != "document":
            continue
        told = Counter(e.event for e in book.evidence if e.delivery_id == delivery.id)
        reasons = Counter(
            e.refusal.code for e in book.evidence if e.delivery_id == delivery.id and e.refusal
        )
        assert told[Event.CONTENT_HANDOVER] <= 1
        assert told[Event.CONSIGNMENT_REJECTION] <= 1
        assert told[Event.CONTENT_CONSIGNMENT] <= 1
        assert reasons["withdrawn"] <= 1
        assert (reasons["recall-agreed"] == 1) == (delivery.state is S.RECALLED)
        if delivery.state is S.WITHDRAWN:
            assert reasons["withdrawn"] == 1
            assert delivery.id not in book.outbox
        if delivery.state is S.REJECTED:
            assert told[Event.CONSIGNMENT_REJECTION] == 1
        if delivery.state in OPEN:
            assert delivery.id in book.outbox
        else:
            assert (
                delivery.watch.next_due is None
                or delivery.state in {S.SENT, S.HANDED_OVER}
                or delivery.watch.arrived_at
            )
        if item.recall is not None:
            agreed = item.recall.outcome is RecallOutcome.AGREED
            assert agreed == (delivery.state is S.RECALLED)
            answered = item.recall.outcome not in {RecallOutcome.ASKED, RecallOutcome.WITHDRAWN}
            assert (item.recall.answered_at is not None) == answered
            assert item.recall.asked_at == NOW
        if item.recall is not None and item.recall.outcome is RecallOutcome.ASKED:
            alive = delivery.state in {S.SENT, S.HANDED_OVER}
            assert (delivery.watch.recall_due is not None) == alive
    for change in book.changes:
        record = change.submission
        if record is not None and record.state is SubmissionState.REFUSED:
            assert (change.updates, change.statuses, change.recalls, change.links) == ((),) * 4
