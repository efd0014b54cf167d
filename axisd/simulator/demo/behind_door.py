"""The chapter on an agency that comes through a door instead of the broker."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from axisd.adapters.vxp.client import VxpClient
from axisd.errors import TransientError
from axisd.ports import NationalItem, TransportStatus
from axisd.simulator.demo.desk import Desk, says, status_from
from axisd.simulator.demo.papers import Papers
from axisd.simulator.demo.stage import Stage
from axisd.simulator.province import Province

FINANCE: Final = "000.00.11.H53"


async def vxp_door(province: Province, *, stage: Stage, papers: Papers, desk: Desk) -> None:
    """Chapter (k). Raises FailedCheckError at the first thing that did not happen."""
    stage.chapter("k", "A product with the national axis's SDK comes through the VXP door")
    async with province.vxp_client() as vxp, province.client(FINANCE) as finance:
        agency = province.vxp.agency
        document_id, envelope = papers.document(FINANCE, [agency], "V/v cổng VXP")
        body = papers.signed(FINANCE, envelope)
        await finance.submit(body, FINANCE)
        item = await _listed(vxp, "document")
        stage.check(f"{agency} is listed what Finance sent", item.sender == FINANCE)
        stage.check("and fetches the identical bytes", await vxp.fetch(item) == body)
        await vxp.report(item, TransportStatus.DONE)
        stage.check("done with, it is listed no more", await vxp.count("document") == 0)
        word = papers.signed(
            agency, papers.status(agency, FINANCE, document_id, "03", "Đã tiếp nhận")
        )
        await vxp.send(word, kind="status", sender=agency, recipients=[])
        came = await desk.expect(FINANCE, "inbox", status_from(agency))
        stage.check("its status 03 reaches Finance", bool(came) and says(came[0].body, "03"))

        document_id, envelope = papers.document(agency, [FINANCE], "V/v trả lời qua cổng VXP")
        body = papers.signed(agency, envelope)
        answer = await vxp.send(body, kind="document", sender=agency, recipients=[])
        stage.check(f"what it sends is taken as {answer.doc_id}", answer.accepted)
        again = await vxp.send(body, kind="document", sender=agency, recipients=[])
        stage.check("a repetition is answered the same", again == answer)
        came = await desk.expect(FINANCE, "inbox", lambda m: m.correlation_id == document_id)
        stage.check("Finance has the identical bytes", len(came) == 1 and came[0].body == body)
        word = papers.signed(FINANCE, papers.status(FINANCE, agency, document_id, "01", "Đã đến"))
        await finance.submit(word, FINANCE)
        item = await _listed(vxp, "status")
        stage.check("and its status 01 waits at the door", says(await vxp.fetch(item), "01"))
        await vxp.report(item, TransportStatus.DONE)


async def _listed(vxp: VxpClient, kind: str) -> NationalItem:
    """The first item that the door lists."""
    async with asyncio.timeout(20):
        while True:
            # What comes in between the list and the count makes the client doubt an empty list.
            with suppress(TransientError):
                if items := await vxp.waiting(kind):
                    return items[0]
            await asyncio.sleep(0.05)
