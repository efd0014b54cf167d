"""SIGTERM, once and twice, SIGHUP with good and bad files, and what SIGKILL leaves behind."""

import asyncio
import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from axisd.adapters.amqp import Received
from axisd.adapters.amqp.topology import queues_of
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import VHOST, Member, Province
from tests.support.acceptance import (
    COMMUNE,
    ENVIRONMENT,
    FINANCE,
    HEALTH,
    JUSTICE,
    OFFICE,
    axisd,
    delivered,
    desk,
    once,
    paper,
    receipts,
    rejected,
    submit,
)
from tests.support.operators import log_lines, log_size, metric, until_logged
from tests.support.trouble import amended, locked_ledger

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOAD = 120
"""Documents of each of three senders."""


def send(province: Province, number: signal.Signals) -> None:
    assert province.axisd is not None
    province.axisd.send(number)


def among(ids: set[str]) -> Callable[[Received], bool]:
    return lambda message: message.correlation_id in ids


async def test_sigterm_under_load_ends_with_0_in_time_and_nothing_is_lost_or_twice(
    running: Province, papers: Papers
) -> None:
    routes = ((FINANCE, ENVIRONMENT), (HEALTH, JUSTICE), (OFFICE, COMMUNE))
    sent = {s: [paper(papers, r, sender=s) for _ in range(LOAD)] for s, r in routes}
    since = log_size(running)
    async with desk(running, *(code for route in routes for code in route)) as watched:
        async with asyncio.TaskGroup() as group:
            for sender, documents in sent.items():
                group.create_task(submit(running, sender, *(body for _, body in documents)))
            await watched.expect(ENVIRONMENT, "inbox", lambda m: True, count=LOAD // 4)
            send(running, signal.SIGTERM)
            assert await running.ended(20) == 0
        before = sum(len(watched.box(recipient, "inbox")) for _, recipient in routes)
        assert before < 3 * LOAD, "it was to be stopped under load"
        words = [line["event"] for line in log_lines(running, since)]
        assert words[-1] == "stopped"
        assert "stopping" in words
        assert not [word for word in words if "not everything ended in time" in word]

        await running.start_axisd()
        for sender, recipient in routes:
            ids = {document_id for document_id, _ in sent[sender]}
            came = await watched.expect(
                recipient,
                "inbox",
                among(ids),
                count=LOAD,
                within=60,
            )
            assert len(came) == LOAD
            answers = await watched.expect(
                sender,
                "receipts",
                among(ids),
                count=2 * LOAD,
                within=60,
            )
            assert len(answers) == 2 * LOAD
            once(watched, recipient, sorted(ids))
        assert watched.repetitions == 0
    await axisd(running, "ledger", "verify")


async def test_a_second_sigterm_does_not_wait_for_what_cannot_settle(
    running: Province, papers: Papers
) -> None:
    document_id, body = paper(papers)
    async with locked_ledger(running):
        await submit(running, FINANCE, body)
        send(running, signal.SIGTERM)
        assert await running.ended(1.5) is None, "it lets what is in flight settle"
        send(running, signal.SIGTERM)
        assert await running.ended(8) == 0
    await running.start_axisd()
    async with desk(running) as watched:
        await delivered(watched, ENVIRONMENT, document_id)
        await receipts(watched, FINANCE, document_id, "ContentConsignment", "SubmissionAcceptance")


async def test_sighup_with_a_bad_file_keeps_the_good_configuration(
    served: Province, papers: Papers
) -> None:
    bad = await metric(served, "axisd_config_reloads_total", outcome="bad")
    version = await metric(served, "axisd_view_version")
    since = log_size(served)
    with amended(served, "systems.yaml", lambda text: text.replace('"channel"', '"chanel"', 1)):
        send(served, signal.SIGHUP)
        line = await until_logged(served, lambda x: x["event"].startswith("reload refused"), since)
        assert line["level"] == "error"
        assert "systems.yaml:" in line["why"]
        assert "chanel" in line["why"]
        assert await metric(served, "axisd_config_reloads_total", outcome="bad") == bad + 1
        assert await metric(served, "axisd_config_last_reload_successful") == 0
        assert await metric(served, "axisd_view_version") == version
        said = await axisd(served, "config", "reload", code=78)
        assert "systems.yaml:" in said
        assert "chanel" in said
        document_id, body = paper(papers)
        async with desk(served) as watched:
            await submit(served, FINANCE, body)
            await delivered(watched, ENVIRONMENT, document_id)
    since = log_size(served)
    send(served, signal.SIGHUP)
    await until_logged(served, lambda x: x["event"] == "reloaded", since)
    assert await metric(served, "axisd_config_last_reload_successful") == 1
    assert await metric(served, "axisd_view_version") == version + 1


async def test_sighup_brings_in_a_new_agency_suspends_it_and_takes_it_out(
    served: Province, papers: Papers
) -> None:
    code, account = "000.00.77.H53", "heritage"
    served.pki.issue(code, name=account)
    newcomer = Papers(served)
    reload_ = signal.SIGHUP

    def enrolled(text: str, **more: object) -> str:
        known = json.loads(text)
        known["systems"].append({"account": account, "channel": "amqp", "agencies": [code], **more})
        return json.dumps(known)

    async def reloaded() -> None:
        since = log_size(served)
        send(served, reload_)
        await until_logged(served, lambda x: x["event"] == "reloaded", since)

    members = served.members
    async with desk(served) as watched:
        document_id, body = paper(papers, code)
        await submit(served, FINANCE, body)
        reason = await rejected(served, watched, FINANCE, body)
        assert reason.get("code") == "recipient-unknown"
        row = f"{code},,Sở Di sản,department,,,,,,\n"
        with amended(served, "agencies.csv", lambda text: text + row):
            with amended(served, "systems.yaml", enrolled):
                passwords = served.folder / "passwords.json"
                await axisd(served, "broker", "apply", "--yes", "--passwords", passwords)
                word = json.loads(passwords.read_text(encoding="utf-8"))[account]
                passwords.unlink()
                served.members = (*members, Member(account, (code,), word))
                newcomer = Papers(served)
                await reloaded()
                await submit(served, FINANCE, body)  # refused before, it is judged afresh
                async with desk(served, code) as theirs:
                    await delivered(theirs, code, document_id)
                    answer_id, answer = paper(newcomer, ENVIRONMENT, sender=code)
                    await submit(served, code, answer)
                    await delivered(watched, ENVIRONMENT, answer_id)

            with amended(served, "systems.yaml", lambda text: enrolled(text, suspended=True)):
                await reloaded()
                async with desk(served, code) as theirs:
                    _, later = paper(newcomer, ENVIRONMENT, sender=code)
                    await submit(served, code, later)
                    reason = await rejected(served, theirs, code, later)
                    assert reason.get("code") == "account-suspended"
        await reloaded()
        _, body = paper(papers, code)
        await submit(served, FINANCE, body)
        reason = await rejected(served, watched, FINANCE, body)
        assert reason.get("code") == "recipient-unknown"
    served.members = members
    # Others look at the broker as it should be.
    for left in (f"users/{account}", *(f"queues/{VHOST}/{queue}" for queue in queues_of(code))):
        await served.node.api("DELETE", left)


async def test_a_reload_names_what_waits_for_a_restart(served: Province) -> None:
    with amended(served, "axisd.yaml", lambda text: text.replace("vhost: axis", "vhost: axle")):
        said = await axisd(served, "config", "reload")
    assert "amqp.vhost changes with the next restart" in said
    assert "next restart" not in await axisd(served, "config", "reload")


async def test_a_kill_leaves_a_control_socket_that_the_next_start_replaces(
    running: Province,
) -> None:
    socket = next(running.folder.glob("*.sock"))
    await running.kill_axisd()
    assert socket.is_socket()
    said = await axisd(running, "config", "reload", code=69)
    assert "no daemon listens" in said
    await running.start_axisd()
    await axisd(running, "config", "reload")
    await running.stop_axisd()
    assert not socket.exists()


async def test_every_directory_that_is_taken_into_use_is_in_the_ledger_whoever_edited_it(
    served: Province,
) -> None:
    async def history() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(
            await axisd(served, "directory", "history", "--json")
        )
        return found

    before = await history()
    assert before, "the daemon notes the directory that it starts with"
    await axisd(served, "config", "reload")
    assert await history() == before
    row = "000.00.78.H53,,Sở Mới,department,,2030-01-01,,,,\n"
    with amended(served, "agencies.csv", lambda text: text + row):
        await axisd(served, "config", "reload")
        (change, *rest) = await history()
        assert rest == before
        assert (change["added"], change["removed"], change["changed"]) == (1, 0, 0)
        assert change["before"] == before[0]["after"]
        assert change["rows"][0]["new"][0]["valid_from"] == "2030-01-01"
    with amended(served, "agencies.csv", lambda text: text + "\u200b,,x,,,,,,,\n"):
        await axisd(served, "config", "reload", code=78)
        assert (await history())[0] == change
    await axisd(served, "config", "reload")
    assert (await history())[0]["after"] == before[0]["after"]
    assert "holds" in await axisd(served, "ledger", "verify", "--skip-payloads")
