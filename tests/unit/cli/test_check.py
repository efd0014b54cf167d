"""`axisd check` where nothing runs but the daemon's socket: every failure is a finding, and all is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from lxml import etree

from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import open_ledger
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.interconnection import ITEMS, CheckRun, Item, Outcome, Trigger, run_of
from axisd.core.reconciliation import Difference, Found, Reconciliation, evidence_of
from axisd.core.records import Change
from axisd.core.wording import Phrase
from axisd.service.check_book import CheckBook
from axisd.service.commit import GroupCommit
from axisd.simulator.loopback import free_ports
from axisd.simulator.pki import Pki
from axisd.web.control import control_app
from axisd.web.server import serve_socket
from tests.support.cli import axisd, axisd_beside, facts
from tests.support.control import Book, Idle
from tests.support.settings import PROBE, Site, small_site, with_probe_agency
from tests.support.site_ledger import forged, handed_in, written
from tests.support.values import seal
from tests.support.virtual import Inline

CENTRE = "00.53.W00"
FINANCE, OFFICE = "000.00.11.H53", "000.00.01.H53"
NOW = SystemClock().now()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with a probe agency, and nobody at the broker's address."""
    site = small_site(tmp_path)
    pki = Pki(tmp_path / "pki")
    pki.issue(CENTRE, file="axis")
    pki.issue(PROBE, file="probe")
    http, nobody = free_ports(2)
    site.edit("axisd.yaml", "127.0.0.1:5672", f"127.0.0.1:{nobody}")
    site.edit("axisd.yaml", "receipt.key", "pki/axis.key")
    site.edit("axisd.yaml", "receipt.pem", "pki/axis.pem")
    site.write("probe-url", f"amqp://probe:hush@127.0.0.1:{nobody}\n")
    with_probe_agency(site)
    more = (
        f"trust: {{authorities: [pki/ca.pem]}}\nhttp: {{listen: '127.0.0.1:{http}'}}\n"
        f"check: {{agency: {PROBE}, url_file: probe-url, key: pki/probe.key,"
        " certificate: pki/probe.pem, national_timeout: 2s}\n"
    )
    site.write("axisd.yaml", site.config.read_text(encoding="utf-8") + more)
    return site


def look(site: Site, *words: str | Path) -> Result:
    return axisd("check", "--config", site.config, *words)


def items(result: Result) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in facts(result)["items"]}


@asynccontextmanager
async def daemon(site: Site, book: Book) -> AsyncIterator[None]:
    async with serve_socket(control_app(Idle(), book), site.folder / "control.sock"):
        yield


def test_without_a_daemon_the_result_is_told_and_that_nothing_was_recorded(site: Site) -> None:
    result = look(site, "--json")
    assert result.exit_code == 69
    found = facts(result)
    assert (found["outcome"], found["trigger"], found["recorded"]) == ("failed", "operator", None)
    assert [item["name"] for item in found["items"]] == list(ITEMS)
    assert "nothing could be recorded" in result.stderr
    assert "start axisd run" in result.stderr


def test_every_failure_and_warning_comes_with_what_to_do(site: Site) -> None:
    for item in items(look(site, "--json")).values():
        assert (item["mend"] is not None) == (item["outcome"] in {"warned", "failed"}), item
    shown = look(site, "--language", "en")
    assert shown.stdout.count("mend:") == sum(
        1 for item in items(look(site, "--json")).values() if item["mend"]
    )
    assert "hush" not in shown.output


def test_every_sentence_is_in_vietnamese_too(site: Site) -> None:
    for item in items(look(site, "--json")).values():
        assert item["detail_vi"] != item["detail"], item
        assert item["detail_vi"], item
        assert (item["mend_vi"] is None) == (item["mend"] is None), item


def test_a_broker_that_is_away_fails_lanes_and_inboxes_and_nothing_else_of_the_machine(
    site: Site,
) -> None:
    found = items(look(site, "--json"))
    assert {name for name, one in found.items() if one["outcome"] == "failed"} == {
        "lane-normal",
        "lane-urgent",
        "inboxes",
        "daemon",
    }
    assert "connecting to 127.0.0.1" in found["lane-normal"]["detail"]
    for name in ("certificates", "disk"):
        assert found[name]["outcome"] == "passed", found[name]
    for name in ("topology", "intake", "consumers", "dead-letters"):
        assert found[name]["outcome"] == "skipped"
        assert "management_url" in found[name]["detail"]


async def test_the_result_is_handed_to_the_daemon_with_who_asked(site: Site) -> None:
    book = Book()
    async with daemon(site, book):
        result = await axisd_beside(
            "check", "--config", site.config, "--trigger", "timer", "--json"
        )
    assert result.exit_code == 69, "recorded or not, it failed"
    assert facts(result)["recorded"] == {"id": "e-1", "at": "2026-11-29T07:30:00.000+07:00"}
    (particulars,) = book.records
    run = run_of(particulars)
    assert (run.trigger, run.passed) == (Trigger.TIMER, False)
    assert {one.name: one.outcome for one in run.items} == {
        name: one["outcome"] for name, one in items(result).items()
    }


def test_without_a_section_what_needs_no_probe_is_looked_at_and_the_rest_is_named(
    site: Site,
) -> None:
    text = site.config.read_text(encoding="utf-8")
    site.write("axisd.yaml", "\n".join(line for line in text.splitlines() if "check:" not in line))
    found = items(look(site, "--json"))
    for name in ("lane-normal", "lane-urgent"):
        assert found[name]["outcome"] == "skipped"
        assert "section check" in found[name]["detail"]
    assert found["disk"]["outcome"] == "passed"
    assert found["inboxes"]["outcome"] == "failed", "these need no probe agency"


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("pki/probe.key", None, "cannot be read"),
        ("pki/probe.key", "no key", "no private key"),
        ("pki/probe.pem", "no certificate", "no PEM certificate"),
        ("probe-url", None, "No such file"),
        ("probe-url", "amqp://finance:hush@127.0.0.1:1", "connects to 127.0.0.1:1"),
        ("probe-url", "amqp://probe:hush@127.0.0.1:port", "no address of the broker"),
    ],
)
def test_what_the_probe_agency_lacks_is_named_and_fails_both_lanes(
    site: Site, file: str, content: str | None, says: str
) -> None:
    path = site.folder / file
    path.unlink()
    if content is not None:
        site.write(file, content)
    result = look(site, "--json")
    found = items(result)
    for name in ("lane-normal", "lane-urgent"):
        assert found[name]["outcome"] == "failed"
        assert says in found[name]["detail"], found[name]
        assert path.name in found[name]["detail"]
    if path.suffix == ".pem":
        assert found["certificates"]["outcome"] == "failed"
    assert "hush" not in result.output


@pytest.mark.parametrize(("days", "outcome"), [(-1, "failed"), (20, "warned"), (200, "passed")])
@pytest.mark.parametrize("whose", ["axis", "probe"])
def test_a_certificate_that_ends_is_told_in_time(
    site: Site, whose: str, days: int, outcome: str
) -> None:
    Pki(site.folder / "pki").issue(
        CENTRE if whose == "axis" else PROBE,
        file=whose,
        not_before=NOW - timedelta(days=2),
        not_after=NOW + timedelta(days),
    )
    assert items(look(site, "--json"))["certificates"]["outcome"] == outcome


@pytest.mark.parametrize(("days", "outcome"), [(-1, "failed"), (20, "warned")])
def test_a_pinned_certificate_that_ends_is_told(site: Site, days: int, outcome: str) -> None:
    Pki(site.folder / "pki").issue(
        FINANCE,
        file="finance",
        not_before=NOW - timedelta(days=2),
        not_after=NOW + timedelta(days),
    )
    site.edit(
        "systems.yaml", f"[{FINANCE}]", f"[{{code: {FINANCE}, certificates: [pki/finance.pem]}}]"
    )
    found = items(look(site, "--json"))["certificates"]
    assert found["outcome"] == outcome
    assert FINANCE in found["detail"]


def test_a_ledger_that_was_changed_ends_it_with_70(site: Site) -> None:
    handed_in(site, b"<no>", account="finance", agency=FINANCE)
    found = items(look(site, "--json"))
    assert [found[name]["outcome"] for name in ("chain", "reconciliation")] == ["passed"] * 2
    forged(site, "UPDATE entry SET content = replace(content, 'amqp', 'edoc')")
    result = look(site, "--json")
    assert result.exit_code == 70
    assert items(result)["chain"]["outcome"] == "failed"
    assert "ledger verify" in items(result)["chain"]["mend"]


@pytest.mark.parametrize(
    ("age", "found", "incomplete", "outcome", "said"),
    [
        (None, (), {}, "passed", "not been compared yet"),
        (timedelta(hours=5), (), {}, "passed", "agree, compared at"),
        (timedelta(hours=40), (), {}, "warned", "last compared at"),
        (timedelta(hours=5), (Found(Difference.LOST, "n1", "x"),), {}, "warned", "1 lost"),
        (timedelta(hours=5), (), {"sent-status": "no"}, "warned", "sent-status not compared"),
    ],
)
def test_what_the_last_reconciliation_with_the_national_axis_left_is_told(
    site: Site,
    age: timedelta | None,
    found: tuple[Found, ...],
    incomplete: dict[str, str],
    outcome: str,
    said: str,
) -> None:
    site.write("national.secret", "hush\n")
    national = "{url: 'http://127.0.0.1:1', system_id: x, secret_file: national.secret}"
    site.write("axisd.yaml", site.config.read_text(encoding="utf-8") + f"national: {national}\n")
    handed_in(site, b"<no>", account="finance", agency=FINANCE)
    if age is not None:
        at = NOW - age
        run = Reconciliation(Trigger.TIMER, at, at, found=found, incomplete=incomplete)
        written(site, [Change(evidence=(evidence_of(run, "r-1", at),))])
    told = items(look(site, "--json"))["reconciliation"]
    assert told["outcome"] == outcome
    assert said in told["detail"]


def test_an_outbox_that_sends_nothing_ends_it_with_70(site: Site) -> None:
    handed_in(site, b"<no>", account="finance", agency=FINANCE)
    forged(site, "UPDATE outbox SET id = 'nobody'")
    result = look(site, "--json")
    assert result.exit_code == 70
    assert "nobody" in items(result)["reconciliation"]["detail"]


def test_what_we_still_have_past_its_deadline_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.edit("systems.yaml", "[000.00.11.H53]}", "[000.00.11.H53], profile: if-present}")
    handed_in(site, document(), account="finance", agency=FINANCE)
    assert items(look(site, "--json"))["outbox"]["outcome"] == "passed"
    monkeypatch.setattr(SystemClock, "now", lambda _self: NOW + timedelta(hours=2))
    assert items(look(site, "--json"))["outbox"]["outcome"] in {"warned", "failed"}
    monkeypatch.setattr(SystemClock, "now", lambda _self: NOW + timedelta(days=21))
    found = items(look(site, "--json"))["outbox"]
    assert found["outcome"] == "failed"
    assert f"{OFFICE} (1)" in found["detail"]


def document() -> bytes:
    return axisd(
        "envelope", "new", "--from", FINANCE, "--to", OFFICE, "--number", "7", "--notation", "STC",
        "--subject", "V/v kiểm tra", "--date", f"{NOW:%Y/%m/%d}",
    ).stdout_bytes  # fmt: skip


async def kept(site: Site, *runs: CheckRun) -> None:
    """Records in the ledger of the site, as the daemon makes them."""
    ledger = await open_ledger(site.folder / "ledger")
    telemetry, clock = RecordingTelemetry(), SystemClock()
    commits = GroupCommit(ledger, seal, clock, telemetry, Inline())
    async with asyncio.TaskGroup() as group:
        committing = group.create_task(commits.run())
        for run in runs:
            await CheckBook(commits, clock, telemetry).record(run.particulars())
        committing.cancel()
    await ledger.close()


def a_run(outcome: Outcome, trigger: Trigger = Trigger.TIMER) -> CheckRun:
    return CheckRun(
        trigger,
        NOW,
        (
            Item("clock", outcome, Phrase("ticks", "chạy")),
            Item("disk", outcome, Phrase("full", "đầy")),
        ),
    )


async def test_records_are_listed_newest_first(site: Site) -> None:
    await kept(site, a_run(Outcome.PASSED), a_run(Outcome.FAILED, Trigger.OPERATOR))
    result = await axisd_beside("check", "list", "--config", site.config, "--language", "en")
    assert result.exit_code == 0
    _, newest, oldest = result.stdout.splitlines()
    assert "operator" in newest
    assert newest.endswith("clock, disk")
    assert "timer" in oldest
    found = facts(
        await axisd_beside("check", "list", "--config", site.config, "--count", "1", "--json")
    )
    assert [one["outcome"] for one in found] == ["failed"]
    assert {item["name"] for item in found[0]["items"]} == {"clock", "disk"}


async def test_records_are_listed_in_vietnamese_too(site: Site) -> None:
    await kept(site, a_run(Outcome.PASSED), a_run(Outcome.FAILED, Trigger.OPERATOR))
    result = await axisd_beside("check", "list", "--config", site.config, "--language", "both")
    vietnamese, english = result.stdout.split("\n\n")
    headers, newest, oldest = vietnamese.splitlines()
    assert headers.split("  ")[0] == "ghi lúc"
    assert " ".join(newest.split()).endswith("người vận hành không đạt clock, disk")
    assert " ".join(oldest.split()).endswith("hẹn giờ tự động đạt –")
    assert english.startswith("recorded")


async def test_a_record_that_was_forged_fails_the_chain(site: Site) -> None:
    await kept(site, a_run(Outcome.FAILED))
    forged(site, "UPDATE entry SET content = replace(content, 'failed ticks', 'passed ticks')")
    result = await axisd_beside("check", "--config", site.config, "--json")
    assert result.exit_code == 70
    assert items(result)["chain"]["outcome"] == "failed"


async def test_over_the_national_axis_the_daemon_is_asked_until_the_probe_is_back(
    site: Site,
) -> None:
    joined(site)
    probe = {"document_id": "D1", "code": "0", "text": "", "doc_id": "N1", "seconds": None}
    book = Book(answers=[probe, probe, {**probe, "seconds": 61.0}])
    async with daemon(site, book):
        result = await axisd_beside("check", "--config", site.config, "--json")
    found = items(result)["national"]
    assert (found["outcome"], found["detail"]) == ("passed", "D1 came back after 61.0 s")
    assert book.probes == [None, "D1", "D1"]


@pytest.mark.parametrize(
    ("answer", "outcome", "says"),
    [
        ({"code": "0", "text": "", "doc_id": "N1"}, "failed", "taken as N1 and is not back"),
        ({"code": "19", "text": "not registered", "doc_id": ""}, "warned", "code 19"),
        ({"code": "20", "text": "broken", "doc_id": ""}, "failed", "code 20, broken"),
    ],
)
async def test_what_the_national_axis_does_with_a_probe_is_told(
    site: Site, answer: dict[str, Any], outcome: str, says: str
) -> None:
    joined(site)
    book = Book(answers=[{"document_id": "D1", "seconds": None, **answer}])
    async with daemon(site, book):
        result = await axisd_beside("check", "--config", site.config, "--json")
    found = items(result)["national"]
    assert found["outcome"] == outcome
    assert says in found["detail"]


async def test_the_national_axis_is_left_out_where_the_configuration_says_so(site: Site) -> None:
    joined(site)
    site.edit("axisd.yaml", "national_timeout: 2s", "national: false")
    book = Book()
    async with daemon(site, book):
        result = await axisd_beside("check", "--config", site.config, "--json")
    assert items(result)["national"]["outcome"] == "skipped"
    assert book.probes == []


def joined(site: Site) -> None:
    site.write("national.secret", "hush")
    text = site.config.read_text(encoding="utf-8")
    national = "{url: 'http://127.0.0.1:1', system_id: 00.53.W00, secret_file: national.secret}"
    site.write("axisd.yaml", f"{text}national: {national}\n")


def test_the_page_says_the_same_in_both_languages(site: Site) -> None:
    file = site.folder / "check.html"
    result = look(site, "--html", file)
    assert result.exit_code == 69
    root = etree.fromstring(file.read_bytes())
    spaces = {"h": "http://www.w3.org/1999/xhtml"}
    english, vietnamese = (
        root.xpath(f"//h:section[@lang='{language}']", namespaces=spaces)[0]
        for language in ("en", "vi")
    )
    for section, words in ((english, "failed"), (vietnamese, "không đạt")):
        rows = section.xpath(".//h:tbody/h:tr", namespaces=spaces)
        assert len(rows) == len(ITEMS)
        texts = ["".join(row.itertext()) for row in rows]
        assert words in texts[0]
        assert "connecting to 127.0.0.1" in texts[0]
        assert "hush" not in "".join(section.itertext())
    for section, language in ((english, "en"), (vietnamese, "vi")):
        titles = section.xpath(".//h:tbody//h:td[1]/h:strong/text()", namespaces=spaces)
        findings = [
            "".join(cell.itertext())
            for cell in section.xpath(".//h:tbody//h:td[3]", namespaces=spaces)
        ]
        room = {"en": "GiB free of", "vi": "còn trống"}[language]
        assert room in findings[list(ITEMS).index("disk")]
        assert titles == [words.title.said(language) for words in ITEMS.values()]  # type: ignore[arg-type]


def test_the_text_is_in_the_language_of_the_operator(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    vietnamese = look(site)
    assert "không đạt      lane-normal" in vietnamese.stdout
    assert "cần làm:" in vietnamese.stdout
    assert "không ghi được vào sổ" in vietnamese.stderr
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    english = look(site)
    assert "failed  lane-normal" in english.stdout
    assert "cần làm:" not in english.stdout
    assert "nothing could be recorded" in english.stderr
    asked = look(site, "--language", "vi")
    assert "không đạt      lane-normal" in asked.stdout, "whatever the environment says"


async def test_what_is_on_record_is_told_in_the_language_of_the_operator(site: Site) -> None:
    async with daemon(site, Book()):
        result = await axisd_beside("check", "--config", site.config, "--language", "vi")
    assert "đã ghi vào sổ lúc 2026-11-29T07:30:00.000+07:00, mã e-1" in result.stderr


def test_the_page_is_in_one_language_where_one_is_asked_for(site: Site) -> None:
    root = etree.fromstring(look(site, "--html", "-", "--language", "vi").stdout.encode())
    assert root.xpath("//@lang") == ["vi", "vi"]


def test_the_page_tells_a_warning_from_a_failure(site: Site) -> None:
    found = items(look(site, "--json"))
    root = etree.fromstring(look(site, "--html", "-", "--language", "en").stdout.encode())
    marks = root.xpath("//*[local-name()='tbody']/*/*[2]/*/@class")
    classes = {"passed": "good", "warned": "warn", "failed": "bad", "skipped": ""}
    assert marks == [classes[found[name]["outcome"]] for name in ITEMS]
    assert "warn" in marks


def test_a_page_that_cannot_be_written_hides_nothing_of_what_was_found(site: Site) -> None:
    result = look(site, "--html", site.folder / "nowhere" / "check.html", "--language", "en")
    assert result.exit_code == 69, "that of the check, not that of the page"
    assert f"{len(ITEMS)} looked at" in result.stdout
    assert "nothing could be recorded" in result.stderr
    assert "it cannot be written" in result.stderr


def test_a_page_on_stdout_stands_alone(site: Site) -> None:
    result = look(site, "--html", "-")
    etree.fromstring(result.stdout.encode())
    refused = look(site, "--html", "-", "--json")
    assert refused.exit_code == 64
