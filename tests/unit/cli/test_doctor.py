"""`axisd doctor`: what it finds on this machine, and how it says what to do. With a broker: integration."""

from __future__ import annotations

import asyncio
import math
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from axisd.adapters.clock import SystemClock
from axisd.cli import doctor_files
from axisd.simulator.loopback import free_ports
from axisd.simulator.pki import Pki
from tests.support.cli import axisd, facts
from tests.support.settings import PROBE, Site, small_site, with_probe_agency
from tests.support.site_ledger import forged, handed_in

CENTRE = "00.53.W00"
NOW = SystemClock().now()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with nothing wrong but that nothing runs."""
    site = small_site(tmp_path)
    Pki(tmp_path / "pki").issue(CENTRE, file="axis")
    http, nobody = free_ports(2)
    site.edit("axisd.yaml", "127.0.0.1:5672", f"127.0.0.1:{nobody}")
    site.edit("axisd.yaml", "receipt.key", "pki/axis.key")
    site.edit("axisd.yaml", "receipt.pem", "pki/axis.pem")
    more = f"trust: {{authorities: [pki/ca.pem]}}\nhttp: {{listen: '127.0.0.1:{http}'}}\n"
    site.write("axisd.yaml", site.config.read_text() + more)
    return site


class Visit(NamedTuple):
    code: int
    healthy: bool
    checks: dict[str, dict[str, Any]]

    def outcome(self, name: str) -> str:
        return str(self.checks[name]["outcome"])


def visit(site: Site) -> Visit:
    result = axisd("doctor", "--config", site.config, "--json")
    found = facts(result)
    return Visit(result.exit_code, found["healthy"], {one["name"]: one for one in found["checks"]})


def test_every_failure_and_warning_comes_with_what_to_do(site: Site) -> None:
    found = visit(site)
    assert not found.healthy
    for check in found.checks.values():
        assert (check["mend"] is not None) == (check["outcome"] in {"warning", "failed"}), check
    shown = axisd("doctor", "--config", site.config)
    assert shown.exit_code == found.code
    assert shown.stdout.count("mend:") == sum(1 for one in found.checks.values() if one["mend"])


def test_what_is_right_on_this_machine_is_called_good(site: Site) -> None:
    found = visit(site)
    for name in ("configuration", "secrets", "receipts", "authorities", "disk"):
        assert found.outcome(name) == "good", found.checks[name]
    assert found.outcome("ledger") == "skipped"
    assert found.outcome("national axis") == "skipped"


def test_a_broker_and_a_daemon_that_are_away_end_it_as_unavailable(site: Site) -> None:
    found = visit(site)
    assert found.code == 69
    assert (found.outcome("broker"), found.outcome("daemon")) == ("failed", "failed")


def test_a_bad_configuration_is_told_whole_and_ends_it_with_78(site: Site) -> None:
    site.edit("systems.yaml", "000.00.11.H53", "000.00.77.H53")
    found = visit(site)
    assert found.code == 78
    assert "000.00.77.H53" in found.checks["configuration"]["detail"]
    assert found.outcome("receipts") == "good", "what can still be looked at is"
    site.write("axisd.yaml", "nothing: here\n")
    assert visit(site).checks.keys() == {"configuration"}


def test_a_key_that_everybody_can_read_fails(site: Site) -> None:
    key = site.folder / "pki" / "axis.key"
    key.chmod(0o604)
    found = visit(site)
    assert (found.code, found.outcome("secrets")) == (78, "failed")
    assert str(key) in found.checks["secrets"]["mend"]
    key.chmod(0o640)
    assert visit(site).outcome("secrets") == "good"


def test_a_key_of_the_probe_agency_that_everybody_can_read_fails(site: Site) -> None:
    with_probe_agency(site)
    section = f"check: {{agency: {PROBE}, url_file: url, key: probe.key, certificate: probe.pem}}\n"
    site.write("axisd.yaml", site.config.read_text() + section)
    assert visit(site).outcome("secrets") == "good", "the check says that they are not there"
    for name in ("url", "probe.key"):
        site.write(name, "hush").chmod(0o600)
    assert visit(site).outcome("secrets") == "good"
    (site.folder / "probe.key").chmod(0o644)
    assert visit(site).outcome("secrets") == "failed"


def test_a_password_in_a_configuration_that_everybody_can_read_fails(site: Site) -> None:
    site.edit("axisd.yaml", "amqp://127", "amqp://axisd:hush@127")
    site.config.chmod(0o644)
    found = visit(site)
    assert found.outcome("secrets") == "failed"
    assert str(site.config) in found.checks["secrets"]["detail"]


@pytest.mark.parametrize(("days", "outcome"), [(-1, "failed"), (20, "warning"), (200, "good")])
def test_a_receipt_certificate_that_ends_is_told_in_time(
    site: Site, days: int, outcome: str
) -> None:
    pki = Pki(site.folder / "pki")
    pki.issue(
        CENTRE, file="axis", not_before=NOW - timedelta(days=2), not_after=NOW + timedelta(days)
    )
    assert visit(site).outcome("receipts") == outcome


def test_a_receipt_certificate_of_somebody_else_is_told(site: Site) -> None:
    Pki(site.folder / "pki").issue("000.00.11.H53", file="axis")
    found = visit(site)
    assert found.outcome("receipts") == "warning"
    shutil.copy(site.folder / "receipt.pem", site.folder / "pki" / "axis.pem")
    assert visit(site).outcome("receipts") == "failed", "the two do not belong together"


def test_an_axis_that_trusts_nobody_is_warned(site: Site) -> None:
    site.edit("axisd.yaml", "[pki/ca.pem]", "[]")
    assert visit(site).outcome("authorities") == "warning"


def test_a_ledger_that_was_changed_fails_with_integrity(site: Site) -> None:
    handed_in(site, b"<no>", account="finance", agency="000.00.11.H53")
    assert visit(site).outcome("ledger") == "good"
    forged(site, "UPDATE entry SET content = replace(content, 'amqp', 'edoc')")
    found = visit(site)
    assert found.outcome("ledger") == "failed"
    assert "chain does not hold" in found.checks["ledger"]["detail"]


def test_a_clock_behind_the_newest_evidence_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_in(site, b"<no>", account="finance", agency="000.00.11.H53")
    monkeypatch.setattr(SystemClock, "now", lambda _self: NOW - timedelta(hours=1))
    found = visit(site)
    assert found.outcome("ledger") == "failed"
    assert "the clock says" in found.checks["ledger"]["detail"]


def test_what_waits_for_long_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    handed_in(site, b"<no>", account="finance", agency="000.00.11.H53")
    assert visit(site).outcome("outbox") == "good"
    monkeypatch.setattr(SystemClock, "now", lambda _self: NOW + timedelta(hours=2))
    found = visit(site)
    assert found.outcome("outbox") == "warning"
    assert "receipts:000.00.11.H53 (1)" in found.checks["outbox"]["detail"]


async def test_one_that_answers_but_is_no_axis_is_no_daemon(site: Site) -> None:
    port = int(site.config.read_text().rsplit(":", 1)[1].split("'")[0])

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n42"
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        found = await asyncio.to_thread(visit, site)
    assert "it is no axis" in found.checks["daemon"]["detail"]


@pytest.mark.parametrize(
    ("error", "says"), [(None, "does not say"), (math.inf, "nobody"), (5.5, "off by 5.5 s")]
)
def test_a_clock_that_seals_nothing_fails_and_one_in_a_sandbox_is_a_warning(
    site: Site, monkeypatch: pytest.MonkeyPatch, error: float | None, says: str
) -> None:
    monkeypatch.setattr(doctor_files, "clock_error", lambda: error)
    found = visit(site)
    assert found.outcome("clock") == "warning"
    site.edit("axisd.yaml", "require_synchronised: false", "require_synchronised: true")
    found = visit(site)
    assert found.outcome("clock") == "failed"
    assert says in found.checks["clock"]["detail"]
    assert "nothing is sealed" in found.checks["clock"]["detail"]


def test_a_clock_within_its_bound_is_good(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_files, "clock_error", lambda: 4.9)
    assert visit(site).outcome("clock") == "good"
