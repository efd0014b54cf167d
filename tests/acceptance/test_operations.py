"""What an operator relies on: systemd's protocol, health, metrics, the log, and refusals to start."""

import asyncio
import base64
import json
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiohttp
import pytest

from axisd.core.lifecycle import SubmissionState
from axisd.core.reasons import REASONS
from axisd.errors import UnavailableError
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import VHOST, Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    axisd,
    delivered,
    desk,
    digest,
    once,
    paper,
    receipts,
    rejected,
    submit,
)
from tests.support.operators import (
    Systemd,
    checks,
    fetch,
    log_lines,
    log_size,
    openmetrics_families,
    prometheus_families,
    until_async,
)
from tests.support.trouble import amended, no_space

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_systemd_is_told_of_readiness_life_reload_and_end(
    site: Province, tmp_path: Path
) -> None:
    """And readiness only when there is a consumer."""
    systemd = Systemd(tmp_path / "notify")
    await site.node.api("DELETE", f"queues/{VHOST}/axis.intake")
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(systemd.listen())
        starting = group.create_task(site.start_axisd(environment=systemd.environment))

        async def up_but_not_ready() -> bool:
            try:
                named = await checks(site)
            except aiohttp.ClientError:
                return False
            assert (await fetch(site, "/-/healthy"))[0] == 200
            return not named["started"][0] and bool(named["started"][1])

        await until_async(up_but_not_ready)
        await systemd.until("WATCHDOG")
        await axisd(site, "config", "reload")
        assert systemd.count("READY") == systemd.count("RELOADING") == 0
        await axisd(site, "broker", "apply", "--yes")
        ready = await systemd.until("READY")
        assert ready["READY"] == "1"
        assert f"{len(site.systems)} systems" in ready["STATUS"]
        await starting

        pings = systemd.count("WATCHDOG")
        await systemd.until("WATCHDOG", pings + 3, within=3)

        assert site.axisd is not None
        site.axisd.send(signal.SIGHUP)
        reloading = await systemd.until("RELOADING")
        assert int(reloading["MONOTONIC_USEC"]) > 0
        await systemd.until("READY", 2)
        site.axisd.send(signal.SIGTERM)
        await systemd.until("STOPPING")
        assert await site.ended(10) == 0
        listening.cancel()
    words = [next(iter(message)) for message in systemd.said if "WATCHDOG" not in message]
    assert words[:3] == ["READY", "RELOADING", "READY"]
    assert set(words[3:]) == {"STOPPING"}


async def test_who_waits_for_the_broker_still_stops_when_told(site: Province) -> None:
    await site.node.api("DELETE", f"queues/{VHOST}/axis.intake.urgent")
    try:
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(failing_start(site))
            since = log_size(site)

            async def missed() -> bool:
                lines = log_lines(site, since)
                return any("axis.intake.urgent" in str(line.get("error")) for line in lines)

            await until_async(missed)
            assert site.axisd is not None
            site.axisd.send(signal.SIGTERM)
            assert await site.ended(5) == 0
            assert "does not answer" in await starting
    finally:
        await axisd(site, "broker", "apply", "--yes")


async def failing_start(province: Province) -> str:
    """What the province says of an axisd that ended before it was ready."""
    with pytest.raises(UnavailableError) as told:
        await province.start_axisd()
    return str(told.value)


async def test_ready_names_its_checks_and_healthy_is_healthy(served: Province) -> None:
    assert await fetch(served, "/-/healthy") == (200, '{"healthy": true}')
    named = await checks(served)
    assert {"started", "intake", "ledger", "parts", "broker", "consumers"} <= named.keys()
    assert all(ok for ok, _ in named.values())
    assert (await fetch(served, "/"))[0] == 404


async def test_metrics_are_prometheus_text_with_everything_there_at_0(site: Province) -> None:
    await site.start_axisd()
    _, text = await fetch(site, "/metrics")
    samples = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in prometheus_families(text)
        for sample in family.samples
    }
    expected = [
        *(
            ("axisd_refusals_total", {"reason": code})
            for code, reason in REASONS.items()
            if not reason.is_warning
        ),
        *(
            ("axisd_deadlines_overdue", {"kind": kind})
            for kind in ("arrival", "registration", "reply", "recall-answer", "consignment")
        ),
        ("axisd_deadline_notices_total", {"reason": "arrival-overdue"}),
        *(
            ("axisd_submissions_settled_total", {"door": "amqp", "state": state})
            for state in SubmissionState
        ),
        *(
            ("axisd_submissions_taken_total", {"door": "amqp", "lane": lane})
            for lane in ("urgent", "normal")
        ),
        *(
            ("axisd_relayed_total", {"route": route, "outcome": outcome})
            for route in ("local", "receipts", "national")
            for outcome in ("sent", "failed")
        ),
        *(
            ("axisd_relay_failures_total", {"reason": code})
            for code in ("inbox-missing", "expired")
        ),
        *(("axisd_stage_seconds_count", {"stage": stage}) for stage in ("intake", "uplink")),
        ("axisd_outbox_waiting", {"destination": f"local:{ENVIRONMENT}"}),
        ("axisd_outbox_held", {"destination": f"receipts:{FINANCE}"}),
        ("axisd_outbox_oldest_timestamp_seconds", {"destination": f"local:{ENVIRONMENT}"}),
        ("axisd_submissions_in_progress", {}),
        ("axisd_submissions_redelivered_total", {}),
        ("axisd_broker_blocked", {}),
        ("axisd_config_reloads_total", {"outcome": "bad"}),
        ("axisd_trouble_total", {"part": "inspection", "family": "unexpected"}),
    ]
    missing = [(n, x) for n, x in expected if (n, frozenset(x.items())) not in samples]
    assert missing == []
    assert [(n, x) for n, x in expected if samples[n, frozenset(x.items())] != 0] == []
    # That the directory was taken into use is evidence, sealed about now.
    for name in ("axisd_ledger_entries_total", "axisd_ledger_group_changes_count"):
        assert samples[name, frozenset()] >= 0
    for name, labels in (
        ("axisd_broker_connected", {"connection": "consume"}),
        ("axisd_broker_connected", {"connection": "publish"}),
        ("axisd_config_last_reload_successful", {}),
        ("axisd_config_last_reload_success_timestamp_seconds", {}),
        ("axisd_certificate_expiry_timestamp_seconds", {"certificate": "receipts"}),
        ("axisd_directory_entries", {"kind": "agency"}),
        ("axisd_ledger_verified", {}),
        ("process_resident_memory_bytes", {}),
    ):
        assert samples[name, frozenset(labels.items())] > 0, name


async def test_exemplars_are_given_in_openmetrics(served: Province, papers: Papers) -> None:
    document_id, body = paper(papers)
    async with desk(served) as watched:
        await submit(served, FINANCE, body)
        (came,) = await delivered(watched, ENVIRONMENT, document_id)
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    async with (
        aiohttp.ClientSession(headers=accept) as session,
        session.get(f"{served.http}/metrics") as answer,
    ):
        families = openmetrics_families(await answer.text())
    exemplars = {
        sample.exemplar.labels["submission"]
        for family in families
        for sample in family.samples
        if sample.exemplar is not None and "submission" in sample.exemplar.labels
    }
    assert came.headers["axis-submission"] in exemplars


async def test_a_second_daemon_on_the_same_ledger_ends_with_78_and_a_sentence(
    served: Province,
) -> None:
    done = await asyncio.to_thread(served.axisctl, "run")
    assert done.returncode == 78
    assert served.axisd is not None
    assert f"the ledger is in use by process {served.axisd.pid}" in done.stderr
    assert "Traceback" not in done.stderr
    assert all(ok for ok, _ in (await checks(served)).values())
    await axisd(served, "config", "reload")


@contextmanager
def copied_ledger(province: Province) -> Iterator[sqlite3.Connection]:
    """An axisd that starts has a copy of the ledger, which gives way to a shell."""
    folder = province.folder / "copy"
    shutil.copytree(province.folder / "ledger", folder)
    with (
        amended(
            province, "axisd.yaml", lambda text: text.replace("folder: ledger", "folder: copy")
        ),
        closing(sqlite3.connect(folder / "ledger.db", isolation_level=None)) as shell,
    ):
        for (name,) in shell.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            shell.execute(f"DROP TRIGGER {name}")
        yield shell
    shutil.rmtree(folder)


async def test_a_ledger_that_was_tampered_with_keeps_the_axis_from_starting(
    site: Province,
) -> None:
    with copied_ledger(site) as shell:
        shell.execute(
            "UPDATE entry SET content = replace(content, '2026', '2025')"
            " WHERE position = (SELECT max(position) FROM entry)"
        )
        done = await asyncio.to_thread(site.axisctl, "run")
    assert done.returncode == 70
    assert "the ledger's chain does not hold" in done.stderr
    assert "axisd ledger verify" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_ledger_that_breaks_meanwhile_stops_the_intake_and_nothing_else(
    site: Province, papers: Papers
) -> None:
    document_id, body = paper(papers)
    with copied_ledger(site) as shell:
        await site.start_axisd()
        shell.execute("ALTER TABLE entry RENAME TO elsewhere")
        since = log_size(site)
        await submit(site, FINANCE, body)

        async def taking_nothing() -> bool:
            return not (await checks(site))["intake"][0]

        await until_async(taking_nothing)
        assert (await checks(site))["intake"][1]
        assert (await fetch(site, "/-/healthy"))[0] == 200
        assert (await fetch(site, "/metrics"))[0] == 200
        (line,) = [x for x in log_lines(site, since) if x["level"] == "critical"]
        assert "axisd ledger verify" in line["event"]
        await axisd(site, "config", "reload")
        assert site.axisd is not None
        site.axisd.send(signal.SIGTERM)
        assert await site.ended(10) == 0
    await site.start_axisd()
    async with desk(site) as watched:
        await delivered(watched, ENVIRONMENT, document_id)


async def test_a_full_disk_is_named_waited_out_and_loses_nothing(
    served: Province, papers: Papers
) -> None:
    documents = [paper(papers) for _ in range(20)]
    async with desk(served) as watched, no_space(served):
        await submit(served, FINANCE, *(body for _, body in documents))

        async def named() -> bool:
            return not (await checks(served))["ledger"][0]

        await until_async(named)
        assert "disk" in (await checks(served))["ledger"][1]
        assert (await fetch(served, "/-/healthy"))[0] == 200
        ids = {document_id for document_id, _ in documents}
        assert not [m for m in watched.box(ENVIRONMENT, "inbox") if m.correlation_id in ids]
    async with desk(served) as watched:
        for document_id, _ in documents:
            await delivered(watched, ENVIRONMENT, document_id)
            await receipts(
                watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
            )
        once(watched, ENVIRONMENT, [document_id for document_id, _ in documents])
    assert (await checks(served))["ledger"] == (True, "")
    await axisd(served, "ledger", "verify")


WORDS = ("ZXCHUDE", "ZXTRICHYEU", "ZXNOIDUNG")


async def test_the_log_is_json_with_one_wide_event_a_submission_and_no_secret_in_it(
    site: Province, papers: Papers
) -> None:
    """At level debug, and in everything that was logged before."""
    since = log_size(site)
    loud = "log: {format: json, level: debug}"
    with amended(site, "axisd.yaml", lambda t: t.replace("log: {format: json}", loud)):
        await site.start_axisd()
        async with desk(site) as watched:
            document_id, envelope = papers.document(FINANCE, [ENVIRONMENT], f"V/v {WORDS[0]}")
            good = papers.signed(FINANCE, envelope)
            status = papers.signed(
                ENVIRONMENT,
                papers.status(ENVIRONMENT, FINANCE, document_id, "02", f"Vì {WORDS[2]}"),
            )
            spoilt = good.replace(WORDS[0].encode(), WORDS[1].encode())
            cut = good[:-30]
            bodies = [good, spoilt, cut, status]
            await submit(site, FINANCE, good)
            await delivered(watched, ENVIRONMENT, document_id)
            await submit(site, FINANCE, good, spoilt, cut)
            await rejected(site, watched, FINANCE, spoilt)
            await rejected(site, watched, FINANCE, cut)
            await submit(site, ENVIRONMENT, status)
            await receipts(
                watched,
                ENVIRONMENT,
                document_id,
                "ContentConsignment",
                "SubmissionAcceptance",
            )
    lines = log_lines(site, since)
    for body, count in zip(bodies, (2, 1, 1, 1), strict=True):
        wide = [line for line in lines if line.get("digest") == digest(body)]
        assert len(wide) == count
        assert {line["event"] for line in wide} == {"submission"}
    first = next(line for line in lines if line.get("digest") == digest(good))
    assert first["document_id"] == document_id
    assert (first["state"], first["deliveries"], first["account"]) == ("accepted", 1, "finance")
    assert (first["bytes"], first["signature"]) == (len(good), "verified")
    assert {"inspect_seconds", "commit_seconds", "seconds", "submission", "lane"} <= first.keys()

    everything = (site.folder / "axisd.log").read_text(encoding="utf-8")
    for line in everything.splitlines():
        assert json.loads(line)["event"]
    shown = everything + (await fetch(site, "/metrics"))[1] + (await fetch(site, "/-/ready"))[1]
    found = [name for name, secret in secrets_of(site) if secret in shown]
    assert found == []
    assert [word for word in WORDS if word in shown] == []
    assert base64.b64encode(b"%PDF-1.4\n1 0 obj<<").decode()[:20] not in shown


def secrets_of(province: Province) -> Iterator[tuple[str, str]]:
    """Everything that must be told to nobody, with its name."""
    for member in province.members:
        yield f"password of {member.account}", member.password
    for name in ("amqp.url", "management.url"):
        url = (province.folder / name).read_text(encoding="utf-8").strip()
        yield f"password in {name}", url.partition("@")[0].rpartition(":")[2]
    yield "secret of the national axis", province.national_secret
    for file in sorted((province.folder / "pki").glob("*.key")):
        lines = file.read_text(encoding="ascii").splitlines()
        yield f"key {file.name}", lines[1]
        yield f"key {file.name}", lines[-2]
