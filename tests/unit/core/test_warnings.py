"""Warnings in general: bounded, pure, never a refusal. Each kind has its vectors (`test_vectors`)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.core.envelope import Document, ManifestItem, Organization, ResponseFor, Trace
from axisd.core.evidence import Evidence
from axisd.core.reasons import REASONS
from axisd.core.receiptform import compose
from axisd.core.view import Axis
from axisd.core.warnings import EACH, MOST, warnings_of
from tests.support.evidence import AT, accepted
from tests.support.values import NOW, attachment, document, status

ODD = st.sampled_from(
    ["", "null", "2026/01/05", "2026/02/30", "9999/12/31", "0001-01-01T00:00:00+14:00"]
) | st.text(max_size=12)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Documents of which anything but their codes may be odd."""
    reply = st.builds(ResponseFor, ODD, ODD, ODD, ODD, st.integers(0, 9))
    files = st.builds(
        lambda name, kind, sniffed, size: replace(
            attachment(name=name),
            content_id=name,
            declared_type=kind,
            sniffed_type=sniffed,
            size=size,
        ),
        ODD,
        st.sampled_from(["application/pdf", "text/plain", "image/svg+xml"]) | ODD,
        st.sampled_from(["", "application/pdf", "application/zip", "application/xml", "image/png"]),
        st.integers(0, 3),
    )
    return document(
        promulgation_date=draw(ODD),
        due_date=draw(ODD),
        type_name=draw(ODD),
        subject="x" * draw(st.sampled_from([1, 500, 501])),
        responses_for=tuple(draw(st.lists(reply, max_size=6))),
        traces=tuple(draw(st.lists(st.builds(Trace, ODD, ODD), max_size=6))),
        manifest=tuple(draw(st.lists(st.builds(ManifestItem, ODD, ODD, ODD), max_size=6))),
        attachments=tuple(draw(st.lists(files, max_size=6))),
    )


@given(documents())
def test_whatever_is_odd_is_told_in_a_bounded_number_of_whole_sentences(odd: Document) -> None:
    told = warnings_of(odd, NOW)
    assert len(told) <= MOST + 1
    codes = [warning.code for warning in told]
    assert all(codes.count(code) <= EACH for code in codes)
    for warning in told:
        assert REASONS[warning.code].is_warning
        assert warning.at or warning.code == "warnings-more"
        assert warning.line != 0, "a line that nobody knows is None"
        assert len(warning.text("vi")) < 400
    assert told == warnings_of(odd, NOW)


def test_a_plain_document_and_a_plain_status_have_none() -> None:
    plain = document(attachments=(attachment(),), manifest=(ManifestItem("1", "", ""),))
    assert warnings_of(plain, NOW) == ()
    assert warnings_of(status(), NOW + timedelta(hours=1)) == ()


def test_of_each_kind_few_are_told_and_the_rest_is_counted() -> None:
    wrong = tuple(ManifestItem(f"c{number}", "", f"{number}.pdf") for number in range(100))
    told = warnings_of(document(attachments=(attachment(),), manifest=wrong), NOW)
    assert [warning.code for warning in told] == [
        *["attachment-missing"] * EACH,
        "attachment-unlisted",
        "warnings-more",
    ]
    assert told[-1].particulars == {"count": str(100 - EACH)}


def test_a_receipt_stays_small_whatever_an_envelope_holds() -> None:
    name = "ế" * 5000
    files = tuple(
        replace(attachment(name=name), content_id=str(n), declared_type=name, size=n % 2)
        for n in range(4000)
    )
    many = document(
        promulgation_date="?" * 50,
        due_date="?" * 50,
        type_name=name,
        traces=tuple(Trace("", "?" * 50) for _ in range(4000)),
        responses_for=tuple(ResponseFor("?", name, name, "?" * 50) for _ in range(4000)),
        manifest=tuple(ManifestItem("x", "", name) for _ in range(4000)),
        attachments=files,
    )
    told = warnings_of(replace(many, sender=Organization("000.00.11.H53", name=name)), NOW)
    assert len(told) == MOST + 1
    plain = accepted()
    axis = Axis("00.53.W00", "Trục", frozenset({"H53"}))

    def size(evidence: Evidence) -> int:
        return len(compose(evidence, axis, 1, "0" * 64, legal_at=AT))

    assert size(replace(plain, warnings=told)) - size(plain) < 16 * 1024


@pytest.mark.parametrize("hours", [0, 16])
def test_the_future_begins_at_midnight_in_vietnam(hours: int) -> None:
    """17:00 UTC of the 4th is the 5th there."""
    early = datetime(2026, 1, 4, 16, 59, tzinfo=UTC)
    dated = document(
        promulgation_date="2026/01/05",
        attachments=(attachment(),),
        manifest=(ManifestItem("1", "", ""),),
    )
    assert [w.code for w in warnings_of(dated, early)] == ["date-in-future"]
    assert warnings_of(dated, early + timedelta(minutes=1, hours=hours)) == ()


def test_the_partys_documents_have_types_of_their_own() -> None:
    state = document(
        type_name="Kết luận", attachments=(attachment(),), manifest=(ManifestItem("1", "", ""),)
    )
    assert [w.code for w in warnings_of(state, NOW)] == ["type-name-unknown"]
    party = replace(state, sender=Organization("000.00.01.A53"))
    assert warnings_of(party, NOW) == ()
