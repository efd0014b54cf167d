from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from axisd.core.envelope import Business, BusinessInfo, Envelope, Organization
from axisd.core.reasons import Refusal
from axisd.core.rules import broken_rule, closed_sender, recipient_codes
from axisd.core.submission import Door
from axisd.core.view import Limits, Policy
from tests.support.values import (
    COMMUNE,
    DOOR,
    FINANCE,
    HEALTH,
    MINISTRY,
    agency,
    attachment,
    directory,
    document,
    status,
    submission,
    system,
    view,
)


def broken(envelope: Envelope, *, offline: bool = False, **changes: Any) -> Refusal | None:
    return broken_rule(envelope, submission(**changes), view(), offline=offline)


def code(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal else None


def test_a_sender_that_its_account_serves_breaks_no_rule() -> None:
    assert broken(document()) is None


def test_a_sender_may_be_written_with_its_twin() -> None:
    assert broken(document(sender="H53.11")) is None


def test_a_sender_that_the_account_does_not_serve_is_refused_with_place_and_line() -> None:
    refusal = broken(document(sender=HEALTH, recipients=(Organization(FINANCE),)))
    assert code(refusal) == "sender-not-account"
    assert refusal is not None
    assert refusal.at is not None
    assert refusal.at.endswith("/From/OrganId")
    assert refusal.particulars == {"agency": HEALTH, "account": "finance"}


def test_the_line_of_a_refused_sender_is_the_line_of_from() -> None:
    envelope = replace(document(), sender=Organization(HEALTH, line=7))
    refusal = broken(envelope)
    assert refusal is not None
    assert refusal.line == 7


def test_a_sender_that_nobody_knows_is_refused_whatever_the_account() -> None:
    assert code(broken(document(sender="000.00.98.H53"))) == "sender-unknown"


def test_a_sender_code_with_invisible_characters_is_refused_and_shown_in_ascii() -> None:
    refusal = broken(document(sender=FINANCE + "\u200b"))
    assert code(refusal) == "code-malformed"
    assert refusal is not None
    assert refusal.particulars["agency"].isascii()


def test_without_an_account_nobody_is_the_sender() -> None:
    assert code(broken(document(), account=None)) == "sender-not-account"


def test_offline_nobody_vouches_for_an_account() -> None:
    assert broken(document(sender=HEALTH), offline=True, account=None) is None


def test_over_the_national_axis_a_ministry_may_send() -> None:
    assert broken(document(sender=MINISTRY), door=Door.NATIONAL, account=None) is None


@pytest.mark.parametrize("sender", [FINANCE, "H53.11", DOOR, FINANCE.lower(), "h53.11"])
def test_over_the_national_axis_nobody_can_pose_as_one_of_our_systems(sender: str) -> None:
    refusal = broken(document(sender=sender), door=Door.NATIONAL, account=None)
    assert code(refusal) == "sender-not-account"


def test_over_the_national_axis_a_local_agency_without_a_system_here_may_send() -> None:
    assert broken(document(sender=COMMUNE), door=Door.NATIONAL, account=None) is None


def test_more_recipients_than_the_limit_are_refused() -> None:
    many = document(*(f"H18.{number}" for number in range(4)))
    few = view(limits=Limits(recipients=3))
    refusal = broken_rule(many, submission(), few)
    assert code(refusal) == "recipients-too-many"
    assert broken_rule(many, submission(), view(limits=Limits(recipients=4))) is None


@pytest.mark.parametrize("description", ["", " ", ".", "- \u200b -"])
def test_a_refusal_of_a_document_needs_words(description: str) -> None:
    refusal = broken(status("02", sender=FINANCE, about=HEALTH, description=description))
    assert code(refusal) == "status-reason-missing"


def test_a_refusal_of_a_document_with_words_passes() -> None:
    words = "Không thuộc thẩm quyền"
    assert broken(status("02", sender=FINANCE, about=HEALTH, description=words)) is None


@pytest.mark.parametrize("word", ["01", "03", "04", "05", "06", "13", "15", "16"])
def test_other_statuses_need_no_words(word: str) -> None:
    assert broken(status(word, sender=FINANCE, about=HEALTH)) is None


def test_a_document_goes_to_its_recipients_and_a_status_to_whom_it_answers() -> None:
    assert recipient_codes(document(HEALTH, DOOR)) == (HEALTH, DOOR)
    assert recipient_codes(status("13", sender=FINANCE, about=HEALTH)) == (HEALTH,)


def test_a_document_without_an_attachment_is_refused_only_where_the_axis_says_so() -> None:
    strict = view(policy=Policy(attachment_required=True))
    bare = document()
    assert broken(bare) is None
    assert code(broken_rule(bare, submission(), strict)) == "attachment-required"
    assert broken_rule(document(attachments=(attachment(),)), submission(), strict) is None


@pytest.mark.parametrize(
    "business",
    [BusinessInfo(Business.RECALL), BusinessInfo(Business.UPDATE, recipients_changed=True)],
)
def test_what_brings_no_content_needs_no_attachment(business: BusinessInfo) -> None:
    strict = view(policy=Policy(attachment_required=True))
    assert broken_rule(replace(document(), business=business), submission(), strict) is None
    changed = replace(business, business=Business.UPDATE, content_changed=True)
    refusal = broken_rule(replace(document(), business=changed), submission(), strict)
    assert code(refusal) == "attachment-required"


# agencies that closed


CLOSES = date(2026, 1, 10)
EVE = datetime(2026, 1, 9, 16, 59, 59, 999_999, tzinfo=UTC)
"""The last instant on which the code holds, in Vietnam."""
DAY = datetime(2026, 1, 9, 17, 0, tzinfo=UTC)


def as_closed(envelope: Envelope, at: datetime, *, own: dict[str, Any], **changes: Any) -> Any:
    """What is wrong with `envelope` where FINANCE's row says `own`; HEALTH succeeds it."""
    agencies = [agency(FINANCE, twin="H53.11", **own), agency(HEALTH), agency(DOOR)]
    serving = [system("finance", FINANCE), system("health", HEALTH), system("door", DOOR)]
    here = view(directory=directory(agencies, serving))
    return broken_rule(envelope, submission(received_at=at, **changes), here)


CLOSED_INTO_HEALTH = {"valid_to": CLOSES, "successor": HEALTH}


def test_a_closed_agency_sends_no_new_document_from_midnight_in_vietnam_on() -> None:
    made = replace(document(DOOR), sender=Organization(FINANCE, line=7))
    assert as_closed(made, EVE, own=CLOSED_INTO_HEALTH) is None
    refusal = as_closed(made, DAY, own=CLOSED_INTO_HEALTH)
    assert (refusal.code, refusal.line) == ("sender-closed", 7)
    assert refusal.at.endswith("/From/OrganId")
    assert "2026-01-10" in refusal.text("en")
    assert f"use {HEALTH}" in refusal.text("en")
    assert f"hãy dùng {HEALTH}" in refusal.text("vi")


def test_of_a_split_agency_the_sender_is_told_the_parts() -> None:
    own = {"valid_to": CLOSES, "choices": (HEALTH, DOOR)}
    assert f"use {HEALTH} or {DOOR}" in as_closed(document(DOOR), DAY, own=own).text("en")


@pytest.mark.parametrize("business", [Business.UPDATE, Business.REPLACE])
def test_an_update_in_a_closed_name_is_a_new_document_too(business: Business) -> None:
    made = document(DOOR, business=business)
    assert code(as_closed(made, DAY, own=CLOSED_INTO_HEALTH)) == "sender-closed"


def test_what_was_sent_in_its_time_may_be_recalled_and_reported_on_under_the_old_code() -> None:
    recall = document(DOOR, business=Business.RECALL)
    assert as_closed(recall, DAY, own=CLOSED_INTO_HEALTH) is None
    said = status("03", sender=FINANCE, about=DOOR)
    assert as_closed(said, DAY, own=CLOSED_INTO_HEALTH) is None


def test_the_successor_speaks_for_the_closed_code_and_nobody_else_does() -> None:
    said = status("03", sender=FINANCE, about=DOOR)
    assert as_closed(said, DAY, own=CLOSED_INTO_HEALTH, account="health") is None
    for at, account in ((EVE, "health"), (DAY, "door")):
        refusal = as_closed(said, at, own=CLOSED_INTO_HEALTH, account=account)
        assert code(refusal) == "sender-not-account"


def test_the_successor_that_sends_a_document_in_the_old_name_is_told_to_use_its_own() -> None:
    refusal = as_closed(document(DOOR), DAY, own=CLOSED_INTO_HEALTH, account="health")
    assert code(refusal) == "sender-closed"


def test_an_agency_that_is_yet_to_come_sends_nothing() -> None:
    refusal = as_closed(document(DOOR), EVE, own={"valid_from": CLOSES})
    assert code(refusal) == "sender-not-open"
    assert "2026-01-10" in refusal.text("vi")
    assert as_closed(document(DOOR), DAY, own={"valid_from": CLOSES}) is None


def test_over_the_national_axis_a_closed_sender_is_let_through_and_pointed_out() -> None:
    ministry = agency(MINISTRY, valid_to=CLOSES)
    here = view(directory=directory([ministry, agency(FINANCE)], [system("finance", FINANCE)]))
    made = document(FINANCE, sender=MINISTRY)
    handed = submission(door=Door.NATIONAL, account=None, received_at=DAY)
    assert broken_rule(made, handed, here) is None
    assert code(closed_sender(made, handed, here)) == "sender-closed"
    assert closed_sender(made, replace(handed, received_at=EVE), here) is None


def test_a_status_to_a_closed_agency_that_nobody_succeeded_is_no_fault_of_who_reports() -> None:
    own = {"valid_to": CLOSES}
    assert as_closed(status("03", sender=HEALTH), DAY, own=own, account="health") is None
    made = document(FINANCE, sender=HEALTH)
    assert code(as_closed(made, DAY, own=own, account="health")) == "recipient-closed"
