from dataclasses import replace
from typing import Any

import pytest

from axisd.core.envelope import Business, BusinessInfo, Envelope, Organization
from axisd.core.reasons import Refusal
from axisd.core.rules import broken_rule, recipient_codes
from axisd.core.submission import Door
from axisd.core.view import Limits, Policy
from tests.support.values import (
    COMMUNE,
    DOOR,
    FINANCE,
    HEALTH,
    MINISTRY,
    attachment,
    document,
    status,
    submission,
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
