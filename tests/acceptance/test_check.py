"""`axisd check` against the running axis: what is right passes, what is broken is found, both stand on record."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from axisd.adapters.ledger import open_reader
from axisd.core.interconnection import ITEMS
from axisd.core.probe import NAMESPACE, TYPE
from axisd.service.check_book import last_checks
from axisd.simulator.demo.desk import Desk
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import CENTRE, PROBE, VHOST, Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    axisd,
    delivered,
    desk,
    paper,
    queued,
    submit,
)
from tests.support.cli import axisd_beside
from tests.support.operators import metric, until_async
from tests.support.trouble import amended, without_inbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_A_SANDBOX = {"clock"}
"""What a machine for tests is warned of."""


class Checked(NamedTuple):
    code: int
    facts: dict[str, Any]

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        return {item["name"]: item for item in self.facts["items"]}

    @property
    def failed(self) -> set[str]:
        return {name for name, item in self.items.items() if item["outcome"] == "failed"}


async def check(province: Province, *words: str) -> Checked:
    done = await axisd_beside("check", "--config", province.config, "--json", *words)
    return Checked(done.exit_code, json.loads(done.stdout))


@asynccontextmanager
async def everybody(province: Province, *, but: str = "") -> AsyncIterator[Desk]:
    """All agencies' systems read what is for them, but one; and the broker's statistics say so."""
    agencies = [code for m in province.over_broker for code in m.agencies if code != but]
    async with desk(province, *agencies) as watched:

        async def counted() -> bool:
            rows = await province.node.api("GET", f"queues/{VHOST}?columns=name,messages,consumers")
            queues = {row["name"]: row for row in rows}
            inboxes = [queues[f"agency.{code}.inbox"] for code in agencies]
            return all(one.get("consumers") and not one.get("messages") for one in inboxes)

        await until_async(counted)
        yield watched


def probes(watched: Desk, agency: str) -> int:
    return sum(message.type == TYPE for message in watched.box(agency, "inbox"))


async def left_behind(province: Province) -> int:
    """Messages in the probe agency's boxes and among the dead letters, as the broker has them now."""
    boxes = [f"agency.{PROBE}.{box}" for box in ("inbox", "receipts")]
    return sum([await queued(province, queue) for queue in (*boxes, "axis.dead")])


async def emptied(province: Province) -> None:
    """The broker counts late."""

    async def holds() -> bool:
        return await left_behind(province) == 0

    await until_async(holds)


async def newest(province: Province) -> dict[str, Any]:
    listed = json.loads(await axisd(province, "check", "list", "--count", "1", "--json"))
    found: dict[str, Any] = listed[0]
    return found


async def test_where_all_is_well_every_item_passes_and_stands_on_record(
    served: Province, papers: Papers
) -> None:
    async with everybody(served) as watched:
        document_id, body = paper(papers)
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
        found = await check(served, "--trigger", "timer")
        assert (found.code, found.failed) == (0, set()), found.facts
        assert {n for n, one in found.items.items() if one["outcome"] != "passed"} <= IN_A_SANDBOX
        assert list(found.items) == list(ITEMS)
        agencies = [code for member in served.over_broker for code in member.agencies]
        for agency in agencies:
            (probe,) = await watched.expect(agency, "inbox", lambda m: m.type == TYPE)
            assert f'xmlns="{NAMESPACE}" agency="{agency}"'.encode() in probe.body
            assert "axis-submission" not in probe.headers
    await emptied(served)
    record = await newest(served)
    assert (record["outcome"], record["trigger"]) == ("passed", "timer")
    assert [item["name"] for item in record["items"]] == list(ITEMS)
    assert record["at"].startswith(found.facts["recorded"]["at"])
    assert record["verified_up_to"] > 0
    assert await metric(served, "axisd_check_outcome", item="national") == 2
    assert await metric(served, "axisd_checks_total", trigger="timer", outcome="passed") == 1
    await axisd(served, "ledger", "verify")


async def test_the_probe_over_the_national_axis_leaves_no_trace_but_that_it_came_back(
    served: Province,
) -> None:
    async with everybody(served):
        found = await check(served)
    document_id = found.items["national"]["detail"].partition(" ")[0]
    assert document_id.endswith("/KTLT-TQ")
    reader = await open_reader(served.folder / "ledger")
    try:
        assert (await reader.timeline(document_id)).submissions == ()
        lane = found.items["lane-normal"]["detail"].partition(" ")[0]
        (submission,) = (await reader.timeline(lane)).submissions
        assert submission.facts.account == "probe"
    finally:
        await reader.close()
    status = json.loads(await axisd(served, "national", "status", "--json"))
    assert status["waiting_for_us"] == {"document": 0, "status": 0}
    assert status["system_id"] == CENTRE


async def test_two_checks_at_once_both_pass(served: Province) -> None:
    # Processes of their own: that is what the timer and an operator are.
    words = ("check", "--json")
    async with everybody(served), asyncio.TaskGroup() as group:
        tasks = [group.create_task(asyncio.to_thread(served.axisctl, *words)) for _ in range(2)]
    found = [Checked(task.result().returncode, json.loads(task.result().stdout)) for task in tasks]
    assert [(one.code, one.failed) for one in found] == [(0, set())] * 2


async def test_old_probes_in_the_probe_agencys_boxes_are_taken_away(
    served: Province, papers: Papers
) -> None:
    async with everybody(served) as watched:
        old, body = paper(papers, PROBE)
        await submit(served, FINANCE, body)
        await watched.expect(
            FINANCE,
            "receipts",
            lambda m: m.correlation_id == old and m.type == "ContentConsignment",
        )
        found = await check(served)
        assert found.code == 0
        assert "1 old messages taken away" in found.items["lane-normal"]["detail"]
    await emptied(served)


async def test_a_missing_inbox_is_found_by_name_and_the_rest_passes(served: Province) -> None:
    async with everybody(served, but=HEALTH), without_inbox(served, HEALTH):
        found = await check(served)
        assert found.code == 69
        assert found.failed == {"inboxes", "topology"}
        assert f"{HEALTH} (missing)" in found.items["inboxes"]["detail"]
    assert (await newest(served))["outcome"] == "failed"
    assert await metric(served, "axisd_check_outcome", item="inboxes") == 0


async def test_an_inbox_that_nobody_reads_is_told_and_gets_no_second_probe(
    served: Province, papers: Papers
) -> None:
    _, body = paper(papers, HEALTH)
    await submit(served, FINANCE, body)

    async def waits() -> bool:
        return await queued(served, f"agency.{HEALTH}.inbox") > 0

    await until_async(waits)
    async with everybody(served, but=HEALTH):
        found = await check(served)
        assert found.code == 0
        assert found.items["consumers"]["outcome"] == "warned"
        assert HEALTH in found.items["consumers"]["detail"]
        assert f"nobody reads: {HEALTH}" in found.items["inboxes"]["detail"]
        assert found.items["inboxes"]["outcome"] == "warned"
        before = await queued(served, f"agency.{HEALTH}.inbox")
        await check(served)
        assert await queued(served, f"agency.{HEALTH}.inbox") == before


async def test_a_system_that_takes_no_probes_gets_none(served: Province) -> None:
    quiet = '"account": "health", "channel": "amqp", "probe": false'

    def without(text: str) -> str:
        told = " ".join(text.split()).replace('"account": "health", "channel": "amqp"', quiet)
        assert quiet in told
        return told

    async with everybody(served) as watched:
        await check(served)
        await watched.expect(HEALTH, "inbox", lambda m: m.type == TYPE)
        before = probes(watched, HEALTH)
        with amended(served, "systems.yaml", without):
            found = await check(served)
        assert "1 systems are left out" in found.items["inboxes"]["detail"]
        await watched.until(lambda: probes(watched, FINANCE) > before, 20)
        assert probes(watched, HEALTH) == before


async def test_a_national_axis_that_is_down_is_found(served: Province) -> None:
    await served.stop_national()
    try:
        async with everybody(served):
            found = await check(served)
        assert found.code == 69
        assert found.failed == {"national"}
        assert "cannot connect" in found.items["national"]["detail"]
    finally:
        await served.start_national()


async def test_a_signer_that_is_not_the_probe_agency_fails_both_lanes_with_the_axiss_reason(
    served: Province,
) -> None:
    others = f"pki/{FINANCE}"

    def signed_by_another(text: str) -> str:
        return text.replace(f"pki/{PROBE}", others)

    async with everybody(served):
        with amended(served, "axisd.yaml", signed_by_another):
            found = await check(served)
    assert found.failed == {"lane-normal", "lane-urgent"}
    assert "SubmissionRejection" in found.items["lane-urgent"]["detail"]
    await emptied(served)


async def test_after_a_restart_the_last_check_is_still_shown(running: Province) -> None:
    async with everybody(running):
        assert (await check(running)).code == 0
    at = await metric(running, "axisd_check_last_timestamp_seconds")
    await running.stop_axisd()
    await running.start_axisd()
    again = await metric(running, "axisd_check_last_timestamp_seconds")
    assert again == pytest.approx(at, abs=0.001), "the ledger keeps milliseconds"
    assert await metric(running, "axisd_check_outcome", item="lane-urgent") == 2


async def test_without_a_daemon_the_lanes_fail_and_nothing_is_recorded(site: Province) -> None:
    def impatient(text: str) -> str:
        return text.replace("national_timeout: 60s", "national_timeout: 60s\n  timeout: 2s")

    async def idle() -> bool:  # the broker counts late
        row = await site.node.api("GET", f"queues/{VHOST}/axis.intake")
        return not row.get("consumers")

    await until_async(idle)
    reader = await open_reader(site.folder / "ledger")
    try:
        before = await last_checks(reader, 1)
        with amended(site, "axisd.yaml", impatient):
            found = await check(site)
        assert found.code == 69
        assert found.failed >= {"lane-normal", "lane-urgent", "daemon", "intake", "national"}
        assert found.facts["recorded"] is None
        assert await last_checks(reader, 1) == before
    finally:
        await reader.close()
    # What was submitted meanwhile goes through when the axis is back, and the next check takes it away.
    await site.start_axisd()
    async with everybody(site):
        assert (await check(site)).failed == set()
    await emptied(site)
