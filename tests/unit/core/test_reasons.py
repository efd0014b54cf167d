"""The table of reasons is complete, consistent, and can always be put into words."""

import string

import pytest

from axisd.core.reasons import REASONS, Event, Fault, Reason, Refusal, refuse

VXP_CODES = {"10", "15", "18", "19", "20", "21", "22", "23"}
"""Codes seen in use (spec/vxp.md)."""

TOO_MUCH_AT_ONCE = {"allowance-rate", "allowance-outstanding"}
"""Time alone mends it, although the sender is the one who has to wait."""
ROWS = pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@ROWS
def test_a_code_is_lower_case_words_and_its_own_key(reason: Reason) -> None:
    assert REASONS[reason.code] is reason
    assert reason.code.replace("-", "").isalpha()
    assert reason.code == reason.code.lower()


@ROWS
def test_both_languages_say_the_same_particulars(reason: Reason) -> None:
    vietnamese = {name.removesuffix("_vi") for name in fields(reason.vi)}
    assert vietnamese == fields(reason.en)


@ROWS
def test_texts_are_sentences_of_their_language(reason: Reason) -> None:
    assert reason.en[0].isupper() or reason.en[0] == "{"
    assert reason.en.isascii()
    assert not reason.vi.isascii()


@ROWS
def test_the_vxp_code_is_one_that_clients_know(reason: Reason) -> None:
    assert reason.vxp in VXP_CODES or reason.is_warning


@ROWS
def test_a_warning_is_the_senders_turn_and_no_refusal_to_any_client(reason: Reason) -> None:
    if reason.is_warning:
        assert (reason.fault, reason.retryable, reason.vxp) == (Fault.SENDER, False, "0")


@ROWS
def test_a_fault_of_the_sender_at_the_door_is_a_rejection_and_not_retryable_as_it_is(
    reason: Reason,
) -> None:
    if reason.event is Event.SUBMISSION_REJECTION and reason.fault is Fault.SENDER:
        assert reason.retryable == (reason.code in TOO_MUCH_AT_ONCE)
    if reason.retryable and reason.code not in TOO_MUCH_AT_ONCE:
        assert reason.fault in {Fault.AXIS, Fault.NATIONAL}


@ROWS
def test_a_refusal_reads_as_a_sentence_even_without_its_particulars(reason: Reason) -> None:
    for language in ("en", "vi"):
        text = Refusal(reason).text(language)
        assert "{" not in text
        assert text


def test_a_refusal_carries_place_and_particulars() -> None:
    refusal = refuse("too-large", at="/edXML", line=3, size="9", limit="8")
    assert (refusal.code, refusal.at, refusal.line) == ("too-large", "/edXML", 3)
    assert refusal.text("en") == "The envelope has 9 bytes; at most 8 are accepted."
    assert "9 byte" in refusal.text("vi")


def test_what_a_sender_wrote_is_never_formatted_again() -> None:
    assert "{size.__class__}" in refuse("too-large", size="{size.__class__}", limit="8").text("en")


def test_an_unknown_reason_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        refuse("no-such-reason")
