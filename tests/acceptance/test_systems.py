"""Systems from enrolment to removal under a running daemon, and the limits that each of them has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiormq
import pytest
from aiormq.exceptions import ChannelInvalidStateError

from axisd.adapters.amqp import DeniedError
from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Member, Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    axisd,
    delivered,
    desk,
    paper,
    queued,
    receipts,
    rejected,
    submit,
)
from tests.support.operators import metric, until_async
from tests.support.trouble import amended, without_inbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE, ACCOUNT = "000.00.78.H53", "archives"


async def system(province: Province, *words: str) -> Any:
    said = await axisd(province, "system", *words, "--yes", "--json")
    return json.loads(said)


@asynccontextmanager
async def enrolled(province: Province) -> AsyncIterator[Papers]:
    """A new agency whose system was enrolled while the daemon runs; afterwards both are gone."""
    province.pki.issue(CODE, name=ACCOUNT)
    members = province.members
    row = f"{CODE},,Trung tâm Lưu trữ,department,,,,,,\n"
    with (
        amended(province, "systems.yaml", lambda text: text),
        amended(province, "agencies.csv", lambda text: text + row),
    ):
        words = ("add", ACCOUNT, "--channel", "amqp", "--agency", CODE, "--apply")
        found = await system(province, *words)
        assert found["reloaded"], found["why"]
        member = Member(ACCOUNT, (CODE,), found["handout"]["password"])
        province.members = (*members, member)
        try:
            yield Papers(province)
        finally:
            province.members = members
            found = await system(province, "remove", ACCOUNT)
            assert found["reloaded"]
            for queue in found["queues_kept"]:
                await province.node.api("DELETE", f"queues/axis/{queue}")
    await axisd(province, "config", "reload")


async def test_an_enrolled_system_takes_part_at_once_and_a_suspended_one_is_shut_out_at_once(
    served: Province, papers: Papers
) -> None:
    async with enrolled(served) as newcomer, desk(served) as watched:
        answer_id, answer = paper(newcomer, ENVIRONMENT, sender=CODE)
        await submit(served, CODE, answer)
        await delivered(watched, ENVIRONMENT, answer_id)

        inbox = f"agency.{CODE}.inbox"
        connection = await aiormq.connect(served.amqp_url(CODE))
        channel = await connection.channel()
        # The broker now remembers that this connection may do both.
        await channel.basic_get(f"agency.{CODE}.receipts", no_ack=True)
        try:
            shut = await system(served, "suspend", ACCOUNT)
            assert shut["reloaded"]
            assert shut["connections_closed"] >= 1
            with pytest.raises((aiormq.AMQPError, ChannelInvalidStateError)):
                await channel.basic_get(inbox, no_ack=True)
        finally:
            await connection.close()
        async with served.client(CODE) as client:
            with pytest.raises(DeniedError):
                await client.submit(answer, CODE)
        async with served.client(CODE) as client:
            with pytest.raises(DeniedError):
                await client.get("inbox", CODE)

        document_id, body = paper(papers, CODE)
        await submit(served, FINANCE, body)

        async def waits() -> bool:
            return await queued(served, inbox) == 1

        await until_async(waits)
        shown = json.loads(await axisd(served, "system", "show", ACCOUNT, "--json"))
        assert (shown["suspended"], shown["connections"]) == (True, 0)
        assert shown["last_hand_in"]

        assert (await system(served, "resume", ACCOUNT))["reloaded"]
        async with desk(served, CODE) as theirs:
            await delivered(theirs, CODE, document_id)


async def test_a_system_behind_a_door_calls_at_once_and_its_secret_changes_with_an_overlap(
    served: Province,
) -> None:
    row = f"{CODE},,Trung tâm Lưu trữ,department,,,,,,\n"
    with (
        amended(served, "systems.yaml", lambda text: text),
        amended(served, "agencies.csv", lambda text: text + row),
    ):
        found = await system(served, "add", ACCOUNT, "--channel", "vxp", "--agency", CODE)
        address, old = found["handout"]["address"], found["handout"]["secret"]

        async def answered(secret: str) -> str:
            """The code that a call is answered, "0" if it is served."""
            async with VxpClient(address, ACCOUNT, secret, SystemClock()) as client:
                return (await client.call("countReceiveEdoc", {})).code

        try:
            assert (await answered(old), await answered("another")) == ("0", "15")
            found = await system(served, "rotate", ACCOUNT, "--overlap")
            new = found["handout"]["secret"]
            assert (await answered(old), await answered(new)) == ("0", "0")
            await system(served, "rotate", ACCOUNT, "--finish")
            assert (await answered(old), await answered(new)) == ("15", "0")
            await system(served, "suspend", ACCOUNT)
            assert await answered(new) == "15"
            await system(served, "resume", ACCOUNT)
            assert await answered(new) == "0"
        finally:
            await system(served, "remove", ACCOUNT)
        assert await answered(new) == "15"
    await axisd(served, "config", "reload")


def _limits_of(account: str, **limits: object) -> Callable[[str], str]:
    """Changes the file of systems."""

    def change(text: str) -> str:
        known = json.loads(text)
        for row in known["systems"]:
            if row["account"] == account:
                row["limits"] = limits
        return json.dumps(known)

    return change


@asynccontextmanager
async def limited(province: Province, account: str, **limits: object) -> AsyncIterator[None]:
    """A system has limits."""
    with amended(province, "systems.yaml", _limits_of(account, **limits)):
        await axisd(province, "config", "reload")
        yield
    await axisd(province, "config", "reload")


async def test_what_comes_too_fast_is_refused_by_name_and_taken_when_it_comes_again(
    served: Province, papers: Papers
) -> None:
    account = served.member(FINANCE).account
    before = await metric(served, "axisd_refusals_total", reason="allowance-rate")
    first_id, first = paper(papers)
    second_id, second = paper(papers)
    async with desk(served) as watched:
        async with limited(served, account, rate=0.001, burst=1):
            await submit(served, FINANCE, first)
            await delivered(watched, ENVIRONMENT, first_id)
            await submit(served, FINANCE, second)
            reason = await rejected(served, watched, FINANCE, second)
            assert (reason.get("code"), reason.get("retryable")) == ("allowance-rate", "true")
            await receipts(watched, FINANCE, second_id, "SubmissionRejection")
        assert await metric(served, "axisd_refusals_total", reason="allowance-rate") == before + 1
        await submit(served, FINANCE, second)
        await delivered(watched, ENVIRONMENT, second_id)


async def test_an_envelope_beyond_its_system_s_size_is_refused_and_another_system_s_is_not(
    served: Province, papers: Papers
) -> None:
    _, body = paper(papers)
    document_id, other = paper(papers, FINANCE, sender=ENVIRONMENT)
    async with (
        limited(served, served.member(FINANCE).account, size="1KiB"),
        desk(served) as watched,
    ):
        await submit(served, FINANCE, body)
        reason = await rejected(served, watched, FINANCE, body)
        assert (reason.get("code"), reason.get("retryable")) == ("allowance-size", "false")
        await submit(served, ENVIRONMENT, other)
        await delivered(watched, FINANCE, document_id)


async def test_as_many_outstanding_as_allowed_stop_a_system_until_they_have_left(
    served: Province, papers: Papers
) -> None:
    account = served.member(FINANCE).account
    stuck_id, stuck = paper(papers, HEALTH)
    _, next_one = paper(papers)

    async def outstanding(count: int) -> bool:
        try:
            return await metric(served, "axisd_system_outstanding", account=account) == count
        except AssertionError:  # the first look is yet to come
            return False

    async with limited(served, account, outstanding=1), desk(served) as watched:
        async with without_inbox(served, HEALTH):
            await submit(served, FINANCE, stuck)
            await until_async(lambda: outstanding(1), within=30)
            await submit(served, FINANCE, next_one)
            reason = await rejected(served, watched, FINANCE, next_one)
            assert (reason.get("code"), reason.get("retryable")) == (
                "allowance-outstanding",
                "true",
            )
        async with desk(served, HEALTH) as theirs:
            await delivered(theirs, HEALTH, stuck_id)
        await until_async(lambda: outstanding(0), within=30)
        last_id, last = paper(papers)
        await submit(served, FINANCE, last)
        await delivered(watched, ENVIRONMENT, last_id)


async def test_what_waited_for_an_axis_that_was_away_does_not_count_as_too_fast(
    site: Province, papers: Papers
) -> None:
    account = site.member(FINANCE).account
    waited = dict(paper(papers) for _ in range(4))
    with amended(site, "systems.yaml", _limits_of(account, rate=0.001, burst=1)):
        await submit(site, FINANCE, *waited.values())
        await site.start_axisd()
        async with desk(site) as watched:
            for document_id in waited:
                await delivered(watched, ENVIRONMENT, document_id)
            document_id, body = paper(papers)
            _, too_fast = paper(papers)
            await submit(site, FINANCE, body)
            await delivered(watched, ENVIRONMENT, document_id)
            await submit(site, FINANCE, too_fast)
            reason = await rejected(site, watched, FINANCE, too_fast)
            assert reason.get("code") == "allowance-rate"
