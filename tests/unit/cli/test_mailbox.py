"""`axisd mailbox`, and what the check and a trace say of mailboxes: from the ledger alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from axisd.adapters.memory import MemoryLedger
from axisd.cli.findings import Outcome
from axisd.cli.mailbox_look import look_at_mailboxes
from axisd.core.directory import Channel
from axisd.core.mailbox import ItemState
from axisd.core.records import Change, RouteKind
from axisd.core.view import View
from tests.support.cli import axisd, facts
from tests.support.ledger import NOW, case, commit
from tests.support.settings import Site, small_site
from tests.support.site_ledger import forged, handed_in, marked
from tests.support.values import DOOR, FINANCE, agency, directory, system, view

OFFICE = "000.00.01.H53"
SUBJECT = "V/v việc riêng của ông A"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The office comes through the VXP door."""
    site = small_site(tmp_path)
    site.edit("systems.yaml", "[000.00.11.H53]}", "[000.00.11.H53], profile: if-present}")
    (tmp_path / "office.secret").write_text("a-secret-that-is-long-enough-for-it\n")
    site.edit(
        "systems.yaml",
        "account: office, channel: amqp",
        "account: office, channel: vxp, secret_file: office.secret",
    )
    return site


def sent(site: Site, number: str = "7") -> str:
    made = axisd(
        "envelope", "new", "--from", FINANCE, "--to", OFFICE, "--number", number,
        "--notation", "STC", "--subject", SUBJECT, "--date", "2026/01/05",
    )  # fmt: skip
    return handed_in(site, made.stdout_bytes, account="finance", agency=FINANCE)


def run(site: Site, *words: str) -> str:
    result = axisd("mailbox", *words, "--config", site.config)
    assert result.exit_code == 0, result.stderr
    assert SUBJECT not in result.output
    return result.stdout


def asked(site: Site, *words: str) -> Any:
    result = axisd("mailbox", *words, "--config", site.config, "--json")
    assert result.exit_code == 0, result.stderr
    assert SUBJECT not in result.output
    return facts(result)


def test_the_list_counts_by_agency_and_state_and_names_the_items_of_one(site: Site) -> None:
    for number in ("7", "8"):
        sent(site, number)
    marked(site, "office", ItemState.FAIL, "đầy đĩa")
    counted = {(one["agency"], one["state"]): one["items"] for one in asked(site, "list")}
    assert counted == {(OFFICE, "initial"): 1, (OFFICE, "fail"): 1}
    assert [one["state"] for one in asked(site, "list", OFFICE)] == ["fail", "initial"], "by age"
    shown = run(site, "list")
    assert [line.split()[:3] for line in shown.splitlines()[1:]] == [
        [OFFICE, "fail", "1"], [OFFICE, "initial", "1"],
    ]  # fmt: skip
    assert asked(site, "list", FINANCE) == []


def test_what_failed_is_listed_with_its_cause_and_whose_it_is(site: Site) -> None:
    sent(site)
    assert asked(site, "list", "--failed") == []
    key = marked(site, "office", ItemState.FAIL, "không mở được\x1b[31m tệp")
    (item,) = asked(site, "list", "--failed")
    assert (item["id"], item["agency"], item["from"]) == (key, OFFICE, FINANCE)
    shown = run(site, "list", "--failed")
    assert OFFICE in shown
    assert "không mở được" in shown
    assert "\x1b" not in shown, "a recipient's words do not colour the terminal"


def test_an_item_is_shown_by_its_id_its_submission_and_its_number_also_when_it_is_done(
    site: Site,
) -> None:
    submission = sent(site)
    key = marked(site, "office", ItemState.DONE)
    (item,) = asked(site, "show", key)
    assert (item["state"], item["submission"], item["addressed"]) == ("done", submission, [OFFICE])
    assert item["fetched"] is not None
    assert asked(site, "show", submission) == asked(site, "show", str(item["number"])) == [item]
    shown = run(site, "show", key)
    assert f"state        done since {item['since'][:19]}" in shown


@pytest.mark.parametrize("key", ["nobody", "0", "9" * 30, "٣"])
def test_what_no_mailbox_has_is_bad_input_with_what_to_do(site: Site, key: str) -> None:
    sent(site)
    result = axisd("mailbox", "show", key, "--config", site.config)
    assert result.exit_code == 65
    assert "axisd document trace" in result.stderr


def test_a_trace_tells_that_it_was_fetched_and_what_came_of_it(site: Site) -> None:
    submission = sent(site)
    marked(site, "office", ItemState.FAIL, "đầy đĩa")
    traced = axisd("document", "trace", submission, "--config", site.config, "--json")
    (leg,) = facts(traced)["submissions"][0]["recipients"]
    assert (leg["mailbox"]["state"], leg["mailbox"]["cause"]) == ("fail", "đầy đĩa")
    story = [one["code"] for one in facts(traced)["story"] if one["what"] == "delivery"]
    assert story == ["ContentConsignment", "fetched", "ContentHandoverFailure"]
    shown = axisd("document", "trace", submission, "--config", site.config).stdout
    assert "fetched from its mailbox" in shown
    assert "its system could not take it: đầy đĩa" in shown
    page = axisd("document", "trace", submission, "--config", site.config, "--html", "-").stdout
    assert "hệ thống không nhận được" in page


def test_the_check_knows_an_item_that_contradicts_its_delivery(site: Site) -> None:
    sent(site)
    forged(site, "DELETE FROM mailbox")
    result = axisd("check", "--config", site.config, "--json")
    items = {one["name"]: one for one in facts(result)["items"]}
    assert items["reconciliation"]["outcome"] == "failed"
    assert "no item shows it there" in items["reconciliation"]["detail"]


# what the check finds


BEHIND = system("door", DOOR, channel=Channel.VXP)


def seen(*systems: Any) -> View:
    return view(directory=directory((agency(FINANCE), agency(DOOR)), systems))


async def look(state: ItemState | None, days: float, where: View) -> tuple[Outcome, str]:
    ledger = MemoryLedger()
    if state is not None:
        made = case(recipients=(DOOR,), route=RouteKind.MAILBOX)
        await commit(ledger, made.change)
        if state is not ItemState.INITIAL:
            (item,) = await ledger.mailboxes.items([made.delivery.id])
            await commit(ledger, Change(mailbox=(replace(item.mark, state=state),)))
    found = await look_at_mailboxes(ledger.mailboxes, where, NOW + timedelta(days=days))
    return found.outcome, found.detail.en


@pytest.mark.parametrize(
    ("state", "days", "outcome", "says"),
    [
        (None, 1.0, Outcome.GOOD, "0 items wait"),
        (ItemState.INITIAL, 0.9, Outcome.GOOD, "1 items wait"),
        (ItemState.INITIAL, 1.1, Outcome.WARNING, f"more than a day: {DOOR} (1)"),
        (ItemState.PROCESSING, 9.0, Outcome.GOOD, "1 items wait"),
        (ItemState.FAIL, 0.1, Outcome.WARNING, f"could not be taken: {DOOR} (1)"),
        (ItemState.DONE, 9.0, Outcome.GOOD, "0 items wait"),
    ],
)
async def test_the_check_warns_of_what_is_not_fetched_or_not_taken(
    state: ItemState | None, days: float, outcome: Outcome, says: str
) -> None:
    found, detail = await look(state, days, seen(BEHIND))
    assert (found, says in detail) == (outcome, True), detail


async def test_what_nobody_can_fetch_fails_the_check() -> None:
    found, detail = await look(ItemState.INITIAL, 0.0, seen(system("amqp", DOOR)))
    assert found is Outcome.FAILED
    assert DOOR in detail


async def test_without_doors_there_is_nothing_to_look_at() -> None:
    found, _ = await look(None, 0.0, seen(system("amqp", DOOR)))
    assert found is Outcome.SKIPPED
