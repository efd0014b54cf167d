"""The broker goes away, blocks, cancels, refuses, or lacks a queue: everything arrives all the same."""

import asyncio
import json
from collections.abc import Iterable

import pytest

from axisd.errors import TransientError
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import VHOST, Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    JUSTICE,
    axisd,
    delivered,
    desk,
    once,
    paper,
    receipts,
    settled,
    submit,
)
from tests.support.operators import (
    checks,
    fetch,
    log_lines,
    log_size,
    metric,
    until_async,
    until_logged,
)
from tests.support.trouble import amended, full_inbox, memory_alarm, power_cut, without_inbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOAD = 90


async def submit_stubbornly(province: Province, bodies: Iterable[bytes]) -> None:
    """Each again until the broker confirmed it, as an agency's system does."""
    left = list(bodies)
    async with asyncio.timeout(60):
        while left:
            try:
                async with province.client(FINANCE) as client:
                    while left:
                        await client.submit(left[-1], FINANCE)
                        left.pop()
            except TransientError:
                await asyncio.sleep(0.2)


async def ready(province: Province) -> bool:
    return (await fetch(province, "/-/ready"))[0] == 200


async def test_a_power_cut_of_the_broker_under_load_loses_nothing_and_counts_nothing_twice(
    served: Province, papers: Papers
) -> None:
    documents = [paper(papers, ENVIRONMENT, JUSTICE) for _ in range(LOAD)]
    async with asyncio.TaskGroup() as group:
        group.create_task(submit_stubbornly(served, (body for _, body in documents)))
        last = documents[LOAD * 2 // 3][0]  # they are handed in from the end

        async def under_way() -> bool:
            return bool(await settled(served, last))

        await until_async(under_way)
        await power_cut(served)
        try:

            async def noticed() -> bool:
                found = await checks(served)
                return not found["broker"][0] and not found["consumers"][0]

            await until_async(noticed)
            named = await checks(served)
            assert all(detail for ok, detail in named.values() if not ok)
            assert (await fetch(served, "/-/healthy"))[0] == 200
            assert await metric(served, "axisd_broker_connected", connection="consume") == 0
            assert await metric(served, "axisd_broker_connected", connection="publish") == 0
        finally:
            await served.node.start()
    await until_async(lambda: ready(served))
    async with desk(served, FINANCE, ENVIRONMENT, JUSTICE) as watched:
        for document_id, _ in documents:
            for inbox in (ENVIRONMENT, JUSTICE):
                await delivered(watched, inbox, document_id)
            await receipts(
                watched,
                FINANCE,
                document_id,
                *["ContentConsignment"] * 2,
                "SubmissionAcceptance",
            )

    async def shown() -> bool:
        return await metric(served, "axisd_broker_connected", connection="consume") == 1

    await until_async(shown)
    await axisd(served, "ledger", "verify")


async def test_a_consumer_that_is_cancelled_is_missed_and_comes_back_with_its_queue(
    served: Province, papers: Papers
) -> None:
    since = log_size(served)
    await served.node.api("DELETE", f"queues/{VHOST}/axis.intake")

    async def missed() -> bool:
        return not (await checks(served))["consumers"][0]

    await until_async(missed)
    line = await until_logged(served, lambda x: "broker apply" in str(x.get("error")), since)
    assert line["part"] == "intake.normal"
    async with desk(served) as watched:
        urgent_id, urgent = paper(papers)
        await submit(served, FINANCE, urgent, lane="urgent")
        await delivered(watched, ENVIRONMENT, urgent_id)
        said = await axisd(served, "broker", "apply", "--yes")
        assert "axis.intake" in said
        document_id, body = paper(papers)
        await submit(served, FINANCE, body)
        await delivered(watched, ENVIRONMENT, document_id)
    await until_async(lambda: ready(served))


async def test_a_missing_inbox_delays_nobody_else_and_is_filled_when_it_is_there(
    served: Province, papers: Papers
) -> None:
    dead = [paper(papers, ENVIRONMENT) for _ in range(60)]
    alive = [paper(papers, JUSTICE) for _ in range(20)]
    destination = f"local:{ENVIRONMENT}"
    failures = await metric(served, "axisd_relay_failures_total", reason="inbox-missing")
    async with desk(served, ENVIRONMENT):
        pass
    await served.node.api("DELETE", f"queues/{VHOST}/agency.{ENVIRONMENT}.inbox")
    async with desk(served, FINANCE, JUSTICE) as watched:
        await submit(served, FINANCE, *(body for _, body in dead))
        await submit(served, FINANCE, *(body for _, body in alive))
        ids = {document_id for document_id, _ in alive}
        came = await watched.expect(
            JUSTICE, "inbox", lambda m: m.correlation_id in ids, count=len(ids), within=5
        )
        assert len(came) == len(ids)

        async def counted() -> bool:
            waiting = await metric(served, "axisd_outbox_waiting", destination=destination)
            return waiting == len(dead)

        await until_async(counted)
        assert await metric(
            served, "axisd_outbox_oldest_timestamp_seconds", destination=destination
        )
        failed = await metric(served, "axisd_relay_failures_total", reason="inbox-missing")
        assert failures < failed <= failures + len(dead) + 10, "a dead inbox is not hammered"
        listed = json.loads(await axisd(served, "outbox", "list", "--json"))
        (item,) = [item for item in listed if item["destination"] == destination]
        assert item["waiting"] == len(dead)
        assert item["reasons"]["inbox-missing"] > 0
        assert "inbox-missing" in await axisd(served, "outbox", "list")
        trace = await axisd(served, "document", "trace", dead[0][0])
        assert "SubmissionAcceptance" in trace

        said = await axisd(served, "broker", "apply", "--yes")
        assert f"agency.{ENVIRONMENT}.inbox" in said
        await axisd(served, "outbox", "retry", "--destination", destination)
        async with desk(served, ENVIRONMENT) as theirs:
            ids = {document_id for document_id, _ in dead}
            came = await theirs.expect(
                ENVIRONMENT, "inbox", lambda m: m.correlation_id in ids, count=len(ids)
            )
            assert len(came) == len(ids)
            once(theirs, ENVIRONMENT, sorted(ids))
        for document_id in ids:
            await receipts(
                watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
            )
    listed = json.loads(await axisd(served, "outbox", "list", "--json"))
    assert destination not in [item["destination"] for item in listed]


async def test_a_full_inbox_takes_the_rest_when_it_has_room(
    served: Province, papers: Papers
) -> None:
    async with desk(served, ENVIRONMENT):
        pass
    documents = []
    since = log_size(served)
    async with full_inbox(served, ENVIRONMENT):

        async def refused() -> bool:
            """Hands in another one; the broker needs a moment to mind its new policy."""
            documents.append(paper(papers))
            await submit(served, FINANCE, documents[-1][1])
            return any(x.get("reason") == "broker-refused" for x in log_lines(served, since))

        await until_async(refused)
    async with desk(served) as watched:
        for document_id, body in documents:
            (came,) = await delivered(watched, ENVIRONMENT, document_id)
            assert came.body == body
            await receipts(
                watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
            )


async def test_an_alarm_of_the_broker_is_waited_out(site: Province, papers: Papers) -> None:
    patient = "vhost: axis, publish_deadline: 1s"
    with amended(site, "axisd.yaml", lambda text: text.replace("vhost: axis", patient, 1)):
        await site.start_axisd()
    document_id, body = paper(papers)
    since = log_size(site)
    async with without_inbox(site, ENVIRONMENT):
        await submit(site, FINANCE, body)
        await until_logged(site, lambda x: x.get("reason") == "inbox-missing", since)
        async with memory_alarm(site):
            # The broker tells who publishes of the alarm, and that is whoever tries first.
            arguments = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
            inbox = f"queues/{VHOST}/agency.{ENVIRONMENT}.inbox"
            await site.node.api("PUT", inbox, arguments)

            async def blocked() -> bool:
                return not (await checks(site))["broker"][0]

            await until_async(blocked)
            assert "blocked" in (await checks(site))["broker"][1]

            async def shown() -> bool:
                return await metric(site, "axisd_broker_blocked") == 1

            await until_async(shown)
    await until_async(lambda: ready(site))
    async with desk(site) as watched:
        (came,) = await delivered(watched, ENVIRONMENT, document_id)
        await receipts(watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance")
        # What was under way when the alarm came may arrive as well, under the same message id.
        assert {copy.body for copy in watched.copies(came.message_id)} == {body}
    assert not [line for line in log_lines(site, since) if line["level"] == "critical"]
