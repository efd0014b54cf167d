"""Agencies that a system registers and closes over the VXP door of the running daemon."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from axisd.adapters.vxp.protocol import Answer
from axisd.errors import TransientError
from axisd.ports import NationalItem, TransportStatus
from axisd.simulator.demo.papers import Papers
from axisd.simulator.province import Province
from tests.support.acceptance import (
    ENVIRONMENT,
    FINANCE,
    INFORMATION,
    axisd,
    delivered,
    desk,
    paper,
    submit,
)
from tests.support.trouble import amended, locked_ledger

pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE, NAME = "000.78.13.H53", "Trung tâm Giám sát"


def _registers(text: str) -> str:
    known = json.loads(text)
    for row in known["systems"]:
        if INFORMATION in row["agencies"]:
            row["registers"] = True
    return json.dumps(known)


@asynccontextmanager
async def registering(province: Province) -> AsyncIterator[Papers]:
    """The system behind the door may register agencies, and has what CODE signs with; afterwards all is as it was."""
    members = province.members
    setting = (
        "systems: systems.yaml}",
        "systems: systems.yaml, registered: ledger/registered.csv}",
    )
    province.pki.issue(CODE, name=province.vxp.account)
    with (
        amended(province, "systems.yaml", _registers),
        amended(province, "axisd.yaml", lambda text: text.replace(*setting)),
    ):
        await axisd(province, "config", "reload")
        widened = replace(province.vxp, agencies=(INFORMATION, CODE))
        province.members = tuple(widened if one is province.vxp else one for one in members)
        try:
            yield Papers(province)
        finally:
            province.members = members
            (province.folder / "ledger" / "registered.csv").unlink(missing_ok=True)
    await axisd(province, "config", "reload")


async def register(province: Province, **form: str) -> Answer:
    async with province.vxp_client() as vxp:
        return await vxp.call("registerAgency", {}, json.dumps(form).encode())


async def delete(province: Province, code: str) -> Answer:
    async with province.vxp_client() as vxp:
        return await vxp.call("deleteAgency", {"AgencyCode": code})


async def unit(province: Province, code: str) -> dict[str, str] | None:
    """The agency as the door lists it to whoever keeps a copy of the directory."""
    async with province.vxp_client() as vxp:
        rows = (await vxp.call("getSynchronizeUnit", {})).fields["data"]
    return next((row for row in rows if row["code"] == code), None)


async def waiting(province: Province, body: bytes) -> NationalItem:
    """The item of the door's list that is this envelope."""
    async with province.vxp_client() as vxp, asyncio.timeout(20):
        while True:
            # What comes in between the list and the count makes the client doubt an empty list.
            with suppress(TransientError):
                for item in await vxp.waiting("document"):
                    if await vxp.fetch(item) == body:
                        return item
            await asyncio.sleep(0.05)


async def test_an_agency_is_registered_takes_part_is_closed_and_stays_on_record(
    running: Province, papers: Papers
) -> None:
    account = running.vxp.account
    async with registering(running) as theirs:
        assert await register(running, code=CODE, name=NAME, mail="a@b.vn") == Answer()
        known = await unit(running, CODE)
        assert known is not None
        assert (known["name"], known["deleted"]) == (NAME, "false")
        sent_id, sent = paper(theirs, ENVIRONMENT, sender=CODE)
        async with desk(running) as watched, running.vxp_client() as vxp:
            answer = await vxp.send(sent, kind="document", sender=CODE, recipients=[])
            assert answer.accepted, answer.text
            (came,) = await delivered(watched, ENVIRONMENT, sent_id)
            assert came.body == sent

        await running.kill_axisd()
        await running.start_axisd()
        assert await unit(running, CODE) == known
        _, body = paper(papers, CODE)
        await submit(running, FINANCE, body)
        item = await waiting(running, body)
        for _ in range(2):
            assert await delete(running, CODE) == Answer()
        closed = await unit(running, CODE)
        assert closed is not None
        assert closed["deleted"] == "true"
        async with running.vxp_client() as vxp:
            assert await vxp.fetch(item) == body, "what waited for it is still there"
            await vxp.report(item, TransportStatus.DONE)

        shown = json.loads(await axisd(running, "directory", "show", CODE, "--json"))
        assert (shown["state"], shown["registered_by"]) == ("closed", account)
        shown = json.loads(await axisd(running, "system", "show", account, "--json"))
        (one,) = shown["registered"]
        assert (one["code"], one["valid_to"]) == (CODE, closed["modifyDate"].replace("/", "-"))
        history = json.loads(await axisd(running, "directory", "history", "--json"))
        second, first = (
            row for record in history for row in record["rows"] if row.get("agency") == CODE
        )
        assert first["old"] is None
        assert first["new"][0]["registered_by"] == account
        assert (second["old"], second["new"][0]["valid_to"]) == (first["new"], one["valid_to"])


async def test_what_is_not_allowed_is_answered_in_words_and_changes_nothing(
    served: Province,
) -> None:
    async with registering(served):
        for form in (
            {"code": "000.78.11.H53", "name": NAME},
            {"code": "000.78.11.H53", "name": NAME, "pcode": INFORMATION},
            {"code": FINANCE, "name": NAME},
            {"code": "000.00.78.G14", "name": NAME, "pcode": INFORMATION},
            {"code": CODE, "name": ""},
            {"code": "x" * 60_000, "name": NAME},
            {},
        ):
            answer = await register(served, **form)
            assert (form, answer.code) == (form, "10")
            assert " / " in answer.text
        assert (await delete(served, FINANCE)).code == "10"
        assert not (served.folder / "ledger" / "registered.csv").exists()
    answer = await register(served, code=CODE, name=NAME)
    assert (answer.code, "not by this system" in answer.text) == ("10", True)


async def test_many_calls_at_once_are_each_carried_out(served: Province) -> None:
    codes = [f"0{number}.78.13.H53" for number in range(10, 16)]
    async with registering(served):
        answers = await asyncio.gather(*(register(served, code=code, name=NAME) for code in codes))
        assert answers == [Answer()] * len(codes)
        listed = await axisd(served, "directory", "list", "--registered", "--json")
        assert sorted(row["code"] for row in json.loads(listed)) == codes


async def test_what_cannot_be_put_on_record_is_answered_20_and_undone(served: Province) -> None:
    file = served.folder / "ledger" / "registered.csv"
    async with registering(served):
        async with locked_ledger(served):
            answer = await register(served, code=CODE, name=NAME)
        assert answer.code == "20"
        assert not file.exists()
        assert await unit(served, CODE) is None
        assert await register(served, code=CODE, name=NAME) == Answer()
