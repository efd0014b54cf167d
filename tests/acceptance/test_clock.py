"""Under a clock that may be wrong nothing is sealed, and everything goes on afterwards."""

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from axisd.adapters import keyring
from axisd.adapters.clock import SystemClock
from axisd.adapters.ledger import open_ledger, open_reader
from axisd.config.load import load
from axisd.core.evidence import Head
from axisd.core.receipts import Sealer
from axisd.core.records import Records
from axisd.core.view import Axis
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import CENTRE, VHOST, Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    axisd,
    delivered,
    desk,
    once,
    paper,
    receipts,
    submit,
)
from tests.support.evidence import accepted
from tests.support.operators import checks, log_lines, log_size, until_async
from tests.support.trouble import amended

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEDGER = "ledger-of-tomorrow"


async def seal_tomorrow(province: Province) -> None:
    """A ledger whose only entry was sealed by a clock that was a day fast."""
    files = load(province.config).receipts
    sealer = Sealer(Axis(CENTRE, "axis", frozenset()), keyring.load(files.key, files.certificate))
    ledger = await open_ledger(province.folder / LEDGER)
    try:
        at = SystemClock().now() + timedelta(days=1)
        entries, made = sealer.seal_group([replace(accepted(), at=at)], Head())
        async with ledger.transaction() as transaction:
            await transaction.write(Records((), tuple(entries), tuple(made)))
    finally:
        await ledger.close()


async def entries(province: Province) -> int:
    reader = await open_reader(province.folder / LEDGER)
    try:
        newest = await reader.newest()
        return newest.position if newest else 0
    finally:
        await reader.close()


async def test_behind_its_ledger_the_axis_takes_nothing_until_an_operator_says_so(
    site: Province, papers: Papers
) -> None:
    await seal_tomorrow(site)
    (site.folder / "axisd.log").touch()  # where axisd was never started before
    since = log_size(site)
    elsewhere = f"ledger: {{folder: {LEDGER}}}"
    try:
        with amended(
            site, "axisd.yaml", lambda text: text.replace("ledger: {folder: ledger}", elsewhere)
        ):
            async with asyncio.TaskGroup() as group, desk(site) as watched:
                starting = group.create_task(site.start_axisd())

                async def up_but_for_the_clock() -> bool:
                    try:
                        named = await checks(site)
                    except aiohttp.ClientError:
                        return False
                    return {name for name, (ok, _) in named.items() if not ok} == {"clock"}

                await until_async(up_but_for_the_clock)
                assert "behind the last entry" in (await checks(site))["clock"][1]
                document_id, body = paper(papers)
                await submit(site, FINANCE, body)

                async def tried() -> bool:
                    return any(
                        "nothing is sealed" in str(line.get("error"))
                        for line in log_lines(site, since)
                    )

                await until_async(tried)
                assert await entries(site) == 1
                await until_async(lambda: holds(site, 1))
                text = site.config.read_text(encoding="utf-8")
                told = text.replace(
                    "require_synchronised: false",
                    "require_synchronised: false, require_after_ledger: false",
                )
                with amended(site, "axisd.yaml", lambda _: told):
                    await axisd(site, "config", "reload")
                    await starting
                    await delivered(watched, ENVIRONMENT, document_id)
                    await receipts(
                        watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance"
                    )
                    once(watched, ENVIRONMENT, [document_id])
                    await until_async(lambda: holds(site, 0))
        lines = [line for line in log_lines(site, since) if line["event"].startswith("clock ")]
        assert [line["event"] for line in lines] == ["clock unsound", "clock sound"]
        assert lines[0]["cause"] == "behind"
    finally:
        await site.stop_axisd()
        shutil.rmtree(site.folder / LEDGER)


async def holds(province: Province, count: int) -> bool:
    """So many submissions are unacknowledged, as the broker counts them."""
    queue = await province.node.api("GET", f"queues/{VHOST}/axis.intake")
    return bool(queue.get("messages") == count)
