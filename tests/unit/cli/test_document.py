"""`axisd document trace`: the timeline of one document, from the ledger alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from axisd.adapters.clock import SystemClock
from axisd.core.advance import Failed, Sent
from axisd.core.reasons import refuse
from axisd.core.zone import day_of
from tests.support.cli import axisd, facts
from tests.support.settings import Site, small_site
from tests.support.site_ledger import forged, handed_in, tried

FINANCE = "000.00.11.H53"
OFFICE = "000.00.01.H53"
ID = f"{FINANCE},2026/01/05,7/STC"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Systems that need not sign."""
    site = small_site(tmp_path)
    site.edit("systems.yaml", "[000.00.11.H53]}", "[000.00.11.H53], profile: if-present}")
    return site


def document(*recipients: str) -> bytes:
    to = [word for recipient in recipients for word in ("--to", recipient)]
    return axisd(
        "envelope", "new", "--from", FINANCE, *to, "--number", "7", "--notation", "STC",
        "--subject", "V/v việc riêng", "--date", "2026/01/05",
    ).stdout_bytes  # fmt: skip


def traced(site: Site, identifier: str) -> list[Any]:
    result = axisd("document", "trace", identifier, "--config", site.config, "--json")
    assert result.exit_code == 0, result.stderr
    submissions: list[Any] = facts(result)["submissions"]
    return submissions


def test_every_recipient_and_every_event_stands_in_order_with_its_receipt(site: Site) -> None:
    submission = handed_in(
        site, document(OFFICE, "000.00.99.H53"), account="finance", agency=FINANCE
    )
    tried(site, Sent())
    [found] = traced(site, ID)
    assert (found["id"], found["state"], found["from"]) == (submission, "accepted", FINANCE)
    [acceptance] = found["events"]
    assert acceptance["event"] == "SubmissionAcceptance"
    assert (found["legal_value"], acceptance["warnings"]) == ("reference", ["attachment-none"])
    assert acceptance["time"].endswith("+07:00")
    assert acceptance["receipt"] | {"id": ""} == {
        "id": "", "to": FINANCE, "holds": True, "fault": None,
    }  # fmt: skip
    outcomes = {one["organ"]: one for one in acceptance["recipients"]}
    assert outcomes["000.00.99.H53"]["reason"]["code"] == "recipient-unknown"
    assert outcomes["000.00.99.H53"]["reason"]["text"].keys() == {"en", "vi"}
    [recipient] = found["recipients"]
    assert (recipient["organ"], recipient["state"], recipient["route"]) == (OFFICE, "sent", "local")
    [consignment] = recipient["events"]
    assert consignment["event"] == "ContentConsignment"
    assert consignment["receipt"]["holds"] is True
    assert consignment["position"] > acceptance["position"]


def test_legal_time_stands_beside_the_time_of_each_event(site: Site) -> None:
    """The recipient works again three days from now."""
    later = day_of(SystemClock().now()) + timedelta(days=3)
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[later.weekday()]
    site.write("days.csv", f"date,kind\n{later},work\n")
    settings = (
        "calendar:\n"
        "  exceptions: days.csv\n"
        "  agencies:\n"
        f"    - {{agency: {OFFICE}, hours: [{{open: [09:00-10:00], days: [{weekday}]}}]}}\n"
    )
    site.write("axisd.yaml", site.config.read_text() + settings)
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    tried(site, Sent())
    [found] = traced(site, ID)
    [consignment] = found["recipients"][0]["events"]
    assert consignment["legal_time"] == f"{later}T09:00:00.000+07:00"
    shown = axisd("document", "trace", ID, "--config", site.config).stdout
    assert f"holds  in law {later}T09:00:00.000+07:00\n" in shown


def test_evidence_from_before_legal_time_is_traced_without_it(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    forged(site, "UPDATE entry SET content = json_remove(content, '$.legal_at')")
    [found] = traced(site, ID)
    assert found["events"][0]["legal_time"] is None
    shown = axisd("document", "trace", ID, "--config", site.config)
    assert shown.exit_code == 0
    assert "in law" not in shown.stdout


def test_it_is_found_by_submission_and_by_delivery_too(site: Site) -> None:
    submission = handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    by_document = traced(site, ID)
    assert traced(site, submission) == by_document
    assert traced(site, by_document[0]["recipients"][0]["delivery"]) == by_document


def test_people_read_times_states_and_receipts_but_neither_subject_nor_content(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    tried(site, Failed(refuse("inbox-missing", agency=OFFICE)))
    shown = axisd("document", "trace", ID, "--config", site.config).stdout
    assert "SubmissionAcceptance  receipt to 000.00.11.H53: holds" in shown
    assert f"recipient {OFFICE}  deferred" in shown
    assert "inbox-missing, until" in shown
    assert "value     reference, signature absent" in shown
    assert "warning attachment-none" in shown
    assert "việc riêng" not in shown


def test_a_refused_submission_says_why_in_both_languages(site: Site) -> None:
    submission = handed_in(site, b"<edXML>", account="finance", agency=FINANCE)
    [found] = traced(site, submission)
    assert (found["state"], found["reason"], found["document_id"]) == (
        "refused",
        "not-well-formed",
        None,
    )
    shown = axisd("document", "trace", submission, "--config", site.config).stdout
    assert "SubmissionRejection" in shown
    assert "  vi  " in shown


def test_a_receipt_that_was_changed_in_the_ledger_does_not_hold(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    forged(site, "UPDATE receipt SET body = CAST(replace(body, 'normal', 'urgent') AS BLOB)")
    [found] = traced(site, ID)
    assert found["events"][0]["receipt"]["holds"] is False
    assert found["events"][0]["receipt"]["fault"] == "signature-invalid"


def test_what_nobody_knows_is_said_with_exit_code_65(site: Site) -> None:
    handed_in(site, document(OFFICE), account="finance", agency=FINANCE)
    result = axisd("document", "trace", "nowhere", "--config", site.config)
    assert (result.exit_code, result.stdout) == (65, "")
    assert "knows nothing of nowhere" in result.stderr


def test_without_a_ledger_it_ends_as_a_problem_of_the_configuration(site: Site) -> None:
    result = axisd("document", "trace", ID, "--config", site.config)
    assert result.exit_code == 78
    assert "there is no ledger here" in result.stderr
