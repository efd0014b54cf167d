"""`axisd outbox`: what waits, read from the ledger; and what is asked of the daemon about it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from axisd.core.advance import Failed
from axisd.core.reasons import refuse
from axisd.service.breaker import Circuit, Interrupted
from axisd.web.control import Answer, control_app
from axisd.web.server import serve_socket
from tests.support.cli import axisd, facts
from tests.support.control import Book
from tests.support.settings import Site, small_site
from tests.support.site_ledger import handed_in, tried

FINANCE = "000.00.11.H53"
OFFICE = "000.00.01.H53"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """One delivery that could not leave, and one receipt."""
    site = small_site(tmp_path)
    site.edit("systems.yaml", "[000.00.11.H53]}", "[000.00.11.H53], profile: if-present}")
    body = axisd(
        "envelope", "new", "--from", FINANCE, "--to", OFFICE, "--number", "7", "--notation", "STC",
        "--subject", "x",
    ).stdout_bytes  # fmt: skip
    handed_in(site, body, account="finance", agency=FINANCE)
    tried(site, Failed(refuse("inbox-missing", agency=OFFICE)))
    return site


class Daemon:
    """What a daemon was asked on its socket."""

    def __init__(self) -> None:
        self.retried: list[str | None] = []
        self.broken: list[Interrupted] = []

    async def reload(self) -> Answer:
        return {}

    async def retry(self, destination: str | None) -> Answer:
        self.retried.append(destination)
        return {"rows": 1, "destinations": 1}

    async def interrupted(self) -> Answer:
        return {"interrupted": [one.as_json() for one in self.broken]}

    async def status(self) -> Answer:
        return {}


@contextmanager
def running(site: Site) -> Iterator[Daemon]:
    """A daemon's control socket, served beside the command."""
    daemon, listening, over = Daemon(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serve_socket(control_app(daemon, Book()), site.folder / "control.sock"):
            listening.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert listening.wait(10)
        yield daemon
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def test_list_tells_by_destination_how_much_waits_since_when_and_why(site: Site) -> None:
    local, receipts = facts(axisd("outbox", "list", "--config", site.config, "--json"))
    assert (local["destination"], local["waiting"], local["held"]) == (f"local:{OFFICE}", 1, 0)
    assert local["reasons"] == {"inbox-missing": 1}
    assert local["oldest"].endswith("+07:00")
    assert (receipts["destination"], receipts["waiting"]) == (f"receipts:{FINANCE}", 1)
    shown = axisd("outbox", "list", "--config", site.config).stdout
    assert "inbox-missing (1)" in shown


def test_list_tells_where_the_daemon_holds_back_and_until_when(site: Site) -> None:
    alone = facts(axisd("outbox", "list", "--config", site.config, "--json"))
    assert [(one["circuit"], one["circuit_until"]) for one in alone] == [(None, None)] * 2
    with running(site) as daemon:
        until = datetime(2026, 1, 5, 1, tzinfo=UTC)
        daemon.broken = [
            Interrupted("relay", Circuit.TRYING, 3, None),
            Interrupted(f"local:{OFFICE}", Circuit.OPEN, 2, until, "inbox-missing"),
        ]
        local, receipts = facts(axisd("outbox", "list", "--config", site.config, "--json"))
        shown = axisd("outbox", "list", "--config", site.config)
    assert (local["circuit"], local["circuit_until"]) == ("open", "2026-01-05T08:00:00.000+07:00")
    assert (receipts["circuit"], receipts["circuit_until"]) == ("closed", None)
    assert "open until 2026-01-05T08:00:00.000+07:00" in shown.stdout
    assert "the exit relay is shut (3 tries): trying" in shown.stderr


def test_list_of_a_destination_tells_each_row(site: Site) -> None:
    for destination in (OFFICE, f"local:{OFFICE}"):
        [row] = facts(
            axisd("outbox", "list", "--destination", destination, "--config", site.config, "--json")
        )
        assert (row["kind"], row["attempts"], row["reason"]) == ("delivery", 1, "inbox-missing")
        assert row["bytes"] > 500


def test_without_a_ledger_it_ends_as_a_problem_of_the_configuration(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    result = axisd("outbox", "list", "--config", site.config)
    assert (result.exit_code, result.stdout) == (78, "")


def test_retry_asks_the_daemon_for_each_destination_of_an_agency(site: Site) -> None:
    with running(site) as daemon:
        result = axisd("outbox", "retry", "--destination", OFFICE, "--config", site.config)
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"1 row due now: local:{OFFICE}" in result.stderr
        assert axisd("outbox", "retry", "--all", "--config", site.config).exit_code == 0
    assert daemon.retried == [f"local:{OFFICE}", None]


def test_a_dry_run_asks_nobody(site: Site) -> None:
    result = axisd("outbox", "retry", "--all", "--dry-run", "--json", "--config", site.config)
    assert facts(result) == {
        "tried": False,
        "rows": 2,
        "destinations": [f"local:{OFFICE}", f"receipts:{FINANCE}"],
    }


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 64, "give --destination or --all"),
        (("--all", "--destination", OFFICE), 64, "give --destination or --all"),
        (("--destination", "000.00.99.H53"), 65, "nothing waits for 000.00.99.H53"),
        (("--all",), 69, "start axisd run"),
    ],
)
def test_what_cannot_be_retried_says_why(
    site: Site, options: tuple[str, ...], code: int, said: str
) -> None:
    result = axisd("outbox", "retry", *options, "--config", site.config)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
