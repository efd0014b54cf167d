"""`axisd ledger verify`: what holds, and what somebody changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import axisd, facts
from tests.support.settings import Site, small_site
from tests.support.site_ledger import forged, handed_in

FINANCE = "000.00.11.H53"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Three submissions that were refused because nobody signed them."""
    site = small_site(tmp_path)
    for number in range(3):
        handed_in(site, document(number), account="finance", agency=FINANCE)
    return site


def document(number: int) -> bytes:
    return axisd(
        "envelope", "new", "--from", FINANCE, "--to", "000.00.01.H53", "--number", str(number),
        "--notation", "STC", "--subject", f"V/v số {number}", "--date", "2026/01/05",
    ).stdout_bytes  # fmt: skip


def verify(site: Site, *options: str) -> tuple[int, dict[str, object]]:
    result = axisd("ledger", "verify", "--config", site.config, "--json", *options)
    return result.exit_code, facts(result)


def test_a_ledger_that_nobody_touched_holds_and_its_head_is_told(site: Site) -> None:
    code, found = verify(site)
    assert (code, found["holds"], found["faults"]) == (0, True, [])
    assert (found["entries"], found["receipts"], found["payloads"]) == (3, 3, 3)
    head = found["head"]
    assert isinstance(head, dict)
    assert head["position"] == 3
    assert len(head["hash"]) == 64


def test_a_changed_entry_is_a_fault_and_ends_with_70(site: Site) -> None:
    forged(site, "UPDATE entry SET content = replace(content, 'amqp', 'edoc') WHERE position = 2")
    code, found = verify(site)
    assert (code, found["holds"]) == (70, False)
    shown = axisd("ledger", "verify", "--config", site.config)
    assert shown.exit_code == 70
    assert "entry 2: its hash does not follow" in shown.stdout
    assert "the ledger does not hold" in shown.stderr


def test_payloads_can_be_left_out(site: Site) -> None:
    forged(
        site,
        "UPDATE payload SET body = CAST(replace(CAST(body AS TEXT), 'V/v số 0', 'V/v số 9') AS BLOB)",
    )
    assert verify(site)[0] == 70
    code, found = verify(site, "--skip-payloads")
    assert (code, found["payloads"]) == (0, 0)


def test_nothing_but_facts_is_on_stdout_and_no_bar_where_nobody_watches(site: Site) -> None:
    result = axisd("ledger", "verify", "--config", site.config)
    assert "everything holds" in result.stdout
    assert result.stderr == ""
