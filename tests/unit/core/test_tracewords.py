"""The words of a trace: everything that can stand in one has some, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from axisd.core import tracewords
from axisd.core.envelope import Business
from axisd.core.history import LinkKind, RecallOutcome
from axisd.core.inspection import STEPS, LegalValue, SignatureState
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import OWN_EVENTS, Event
from axisd.core.records import RouteKind
from axisd.core.submission import Door, Lane
from axisd.core.trace import Kept
from axisd.core.tracewords import status_words, worded
from axisd.core.wording import Phrase


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (tracewords.STATUSES, ("01", "02", "03", "04", "05", "06", "13", "15", "16")),
        (tracewords.BUSINESS, Business),
        (tracewords.SUBMISSIONS, SubmissionState),
        (tracewords.DELIVERIES, DeliveryState),
        (tracewords.STEPS, STEPS),
        (tracewords.EVENTS, set(Event) - OWN_EVENTS),
        (tracewords.DEADLINES, DeadlineKind),
        (tracewords.KEPT, Kept),
        (tracewords.RECALLS, RecallOutcome),
        (tracewords.EARLIER, LinkKind),
        (tracewords.LATER, LinkKind),
        (tracewords.DOORS, Door),
        (tracewords.ROUTES, RouteKind),
        (tracewords.LANES, Lane),
        (tracewords.PRIORITIES, range(5)),
        (tracewords.VALUES, LegalValue),
        (tracewords.SIGNATURES, SignatureState),
    ],
)
def test_each_code_has_words_of_its_own_in_both_languages(
    table: Mapping[str, Phrase], codes: Iterable[str]
) -> None:
    assert set(table) == set(codes)
    for language in ("en", "vi"):
        said = [phrase.said(language) for phrase in table.values()]
        assert all(said)
        assert len(set(said)) == len(said), "no two codes read alike"
    assert all(phrase.en != phrase.vi for phrase in table.values())


def test_a_code_that_is_in_no_table_reads_as_itself() -> None:
    assert worded(tracewords.EVENTS, "Unheard") == Phrase("Unheard", "Unheard")
    assert status_words("99") == Phrase("99", "99")
    assert status_words("03") == Phrase("03 registered", "03 đã tiếp nhận")
