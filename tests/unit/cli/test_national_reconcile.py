"""`axisd national reconcile` and `axisd national failed`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import open_ledger
from axisd.adapters.vxp.client import VxpClient
from axisd.core.federation import Untaken
from axisd.core.reconciliation import Difference
from axisd.simulator.national import serve
from axisd.web.control import control_app
from axisd.web.server import serve_socket
from tests.support.cli import axisd, axisd_beside, facts
from tests.support.control import Book, Idle
from tests.support.federation import refused
from tests.support.national import FINANCE, MINISTRY, OFFICE, PROVINCE, SECRETS, SEED, document
from tests.support.settings import Site, joined, small_site

NOWHERE = "http://127.0.0.1:1"
RUN: dict[str, Any] = {
    "outcome": "differences",
    "began": "2026-11-29T02:00:00.000+07:00",
    "since": "2026-11-26T00:00:00.000+07:00",
    "compared": {"sent-document": {"here": 3, "there": 2}},
    "incomplete": {"sent-status": "a page for \x1b[31mpeople"},
    "open": {},
    "healed": {},
    "differences": [
        {"kind": "lost", "healed": False, "number": "n1", "what": "document D1 from A to B"},
        {"kind": "still-listed", "healed": True, "number": "7", "what": "status from B to A"},
    ],
}


@asynccontextmanager
async def running(site: Site, book: Book) -> AsyncIterator[None]:
    async with serve_socket(control_app(Idle(), book), site.folder / "control.sock"):
        yield


def ledger_of(site: Site) -> None:
    """An empty ledger."""

    async def make() -> None:
        await (await open_ledger(site.folder / "ledger")).close()

    asyncio.run(make())


async def test_the_daemon_is_asked_and_its_findings_are_told_with_what_they_mean(
    tmp_path: Path,
) -> None:
    site, book = joined(tmp_path, NOWHERE), Book(run=RUN)
    async with running(site, book):
        words = ("national", "reconcile", "--config", site.config)
        shown = await axisd_beside(*words, "--since", "2026-11-26")
        read = await axisd_beside(*words, "--json")
    assert book.reconciled == ["2026-11-26", None]
    assert (shown.exit_code, read.exit_code) == (65, 65)
    assert facts(read) == RUN
    for said in (
        "lost: 1",
        "n1  document D1 from A to B",
        "still-listed: 1, 1 healed",
        "since 2026",
    ):
        assert said in shown.stdout
    assert "the axis took it" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "docs/how-to/reconcile.md" in shown.stderr


async def test_when_nothing_is_left_it_ends_with_0(tmp_path: Path) -> None:
    site = joined(tmp_path, NOWHERE)
    clean = RUN | {"outcome": "clean", "differences": [], "incomplete": {}}
    async with running(site, Book(run=clean)):
        result = await axisd_beside("national", "reconcile", "--config", site.config)
    assert result.exit_code == 0
    assert "nothing differs" in result.stderr


async def test_a_dry_run_compares_without_a_daemon_and_changes_nothing(tmp_path: Path) -> None:
    async with await serve(tmp_path / "national", seed=SEED) as axis:
        site = joined(tmp_path, axis.url)
        await asyncio.to_thread(ledger_of, site)
        async with VxpClient(axis.url, PROVINCE, SECRETS[PROVINCE], SystemClock()) as somebody:
            body = document(OFFICE, sender=FINANCE)
            await somebody.send(body, kind="document", sender=FINANCE, recipients=[OFFICE])
        async with VxpClient(axis.url, MINISTRY, SECRETS[MINISTRY], SystemClock()) as ministry:
            await ministry.send(
                document(FINANCE, sender=OFFICE), kind="document", sender=OFFICE, recipients=[]
            )
        words = ("national", "reconcile", "--dry-run", "--config", site.config)
        result = await axisd_beside(*words, "--json")
        told = await axisd_beside(*words, "--since", "2026-01-01")
    found = facts(result)
    # Too young to judge: whoever sent it may not have heard the answer yet.
    assert (result.exit_code, found["outcome"]) == (0, "clean")
    assert found["compared"]["sent-document"] == {"here": 0, "there": 1}
    assert found["compared"]["received-document"] == {"here": 0, "there": 1}
    assert "nothing differs" in told.stderr


def test_a_day_that_is_none_an_axis_that_is_away_and_one_that_is_not_joined(
    tmp_path: Path,
) -> None:
    site = joined(tmp_path, NOWHERE)
    words = ("national", "reconcile", "--config", site.config)
    assert axisd(*words, "--since", "yesterday").exit_code == 65
    assert "2026-11-26" in axisd(*words, "--since", "yesterday").stderr
    assert axisd(*words).exit_code == 69
    ledger_of(site)
    dry = axisd(*words, "--dry-run", "--json")
    assert dry.exit_code == 65
    assert facts(dry)["incomplete"].keys() == {
        *(f"{side}-{kind}" for side in ("sent", "received") for kind in ("document", "status"))
    }
    (tmp_path / "alone").mkdir()
    alone = axisd("national", "reconcile", "--config", small_site(tmp_path / "alone").config)
    assert alone.exit_code == 78


@pytest.mark.parametrize("kind", list(Difference))
async def test_each_kind_of_difference_is_told(tmp_path: Path, kind: Difference) -> None:
    site = joined(tmp_path, NOWHERE)
    one = {"kind": str(kind), "healed": False, "number": "n1", "what": "something"}
    async with running(site, Book(run=RUN | {"differences": [one] * 60})):
        result = await axisd_beside("national", "reconcile", "--config", site.config)
    assert f"{kind}: 60" in result.stdout
    assert "and 10 more" in result.stdout


def test_failed_lists_what_was_refused_and_what_cannot_be_taken(tmp_path: Path) -> None:
    site = joined(tmp_path, NOWHERE)

    async def fill() -> None:
        ledger = await open_ledger(site.folder / "ledger")
        now = SystemClock().now()
        await refused(ledger, "document/42", now)
        async with ledger.transaction() as transaction:
            await transaction.record_untaken(
                Untaken("status", "7", now, "G14", FINANCE, now, 12, "code 20: later")
            )
            await transaction.record_untaken(
                Untaken("status", "8", now, tried_at=now, tries=3, listed=False)
            )
        await ledger.close()

    asyncio.run(fill())
    words = ("national", "failed", "--config", site.config)
    found = facts(axisd(*words, "--json"))
    (item,) = found["refused"]
    assert (item["number"], item["reason"], item["line"]) == ("42", "schema-invalid", 7)
    assert item["fault"] == "sender"
    assert [(one["number"], one["tries"], one["listed"]) for one in found["untaken"]] == [
        ("7", 12, True),
        ("8", 3, False),
    ]
    shown = axisd(*words)
    assert shown.exit_code == 0
    for said in ("42", "schema-invalid (/edXML, line 7)", "code 20: later", "no longer"):
        assert said in shown.stdout


def test_failed_says_when_there_is_nothing(tmp_path: Path) -> None:
    site = joined(tmp_path, NOWHERE)
    ledger_of(site)
    result = axisd("national", "failed", "--config", site.config)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing failed" in result.stderr
