"""The story of the demo, chapter by chapter, each step checked against what really happened."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

import aiohttp

from axisd.adapters import keyring
from axisd.adapters.amqp import Received
from axisd.adapters.amqp.client import DeniedError
from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.core.envelope import Organization
from axisd.core.probe import TYPE
from axisd.core.receipts import ReceiptVerdict, verify_receipt
from axisd.simulator.demo.behind_door import vxp_door
from axisd.simulator.demo.desk import Desk, says, status_from
from axisd.simulator.demo.papers import Papers
from axisd.simulator.demo.stage import Stage
from axisd.simulator.national.peer import Peer
from axisd.simulator.province import CENTRE, PEER, PEER_CENTRE, Province

FINANCE: Final = "000.00.11.H53"
ENVIRONMENT: Final = "000.00.12.H53"
JUSTICE: Final = "000.00.14.H53"
HEALTH: Final = "000.00.17.H53"
OFFICE: Final = "000.00.01.H53"
CITY: Final = "000.01.30.H53"
WARD: Final = "000.20.30.H53"
COMMUNE: Final = "000.20.31.H53"
MINISTRY: Final = PEER[0]
NOBODY: Final = "999.99.99.H53"

UNDER_LOAD: Final = 240
"""Documents that are on their way when axisd is killed."""

METRICS: Final = (
    "axisd_submissions_settled_total",
    "axisd_refusals_total",
    "axisd_relayed_total",
    "axisd_ledger_entries_total",
)


class Story:
    """Tells the chapters in order over one running province."""

    def __init__(self, province: Province, stage: Stage) -> None:
        self._province = province
        self._stage = stage
        self._papers = Papers(province)
        agencies = [code for member in province.over_broker for code in member.agencies]
        self._desk = Desk(province, agencies)
        self._trust = keyring.certificates(province.folder / "pki" / "ca.pem")
        self._first: tuple[str, bytes, Received] | None = None

    async def tell(self) -> None:
        """From (a) to (k). Raises FailedCheckError at the first thing that did not happen."""
        clock = SystemClock()
        national = VxpClient(
            self._province.national_url, PEER_CENTRE, self._province.peer_secret, clock
        )
        peer = Peer(national, clock, Organization(MINISTRY, name="Bộ (mô phỏng)"))
        async with national, asyncio.TaskGroup() as group:
            watching = group.create_task(self._desk.watch())
            answering = group.create_task(peer.run(0.2))
            await self._local()
            await self._urgent()
            await self._upward()
            await self._downward(peer)
            await self._refusals()
            await self._again()
            await self._statuses()
            await self._killed()
            await self._evidence()
            await self._interconnection()
            await vxp_door(self._province, stage=self._stage, papers=self._papers, desk=self._desk)
            for task in (watching, answering):
                task.cancel()

    async def _submit(self, agency: str, body: bytes, lane: str = "normal") -> None:
        async with self._province.client(agency) as client:
            await client.submit(body, agency, lane)  # type: ignore[arg-type]

    async def _receipts(self, agency: str, document_id: str, count: int) -> list[Received]:
        return await self._desk.expect(
            agency, "receipts", lambda m: m.correlation_id == document_id, count=count
        )

    def _verified(self, receipts: Sequence[Received]) -> list[ReceiptVerdict]:
        return [verify_receipt(receipt.body, self._trust) for receipt in receipts]

    async def _local(self) -> None:
        stage = self._stage
        stage.chapter("a", "Finance sends a signed document to two departments and a ward")
        recipients = [ENVIRONMENT, JUSTICE, WARD]
        document_id, envelope = self._papers.document(
            FINANCE, recipients, "V/v báo cáo quyết toán ngân sách", pages=12
        )
        body = self._papers.signed(FINANCE, envelope)
        await self._submit(FINANCE, body)
        stage.tell(f"submitted {document_id}, {len(body):,} bytes")
        last: list[Received] = []
        for agency, inbox in ((ENVIRONMENT, ENVIRONMENT), (JUSTICE, JUSTICE), (WARD, CITY)):
            came = last = await self._desk.expect(
                inbox, "inbox", lambda m: m.correlation_id == document_id
            )
            via = "" if agency == inbox else f" in the inbox of {inbox}, its intake office"
            stage.check(
                f"{agency} has the identical bytes{via}",
                len(came) == 1 and came[0].body == body and came[0].headers["axis-to"] == agency,
            )
        stage.check(
            "every copy says original and verified",
            last[0].headers["axis-legal-value"] == "original"
            and last[0].headers["axis-signature"] == "verified",
        )
        receipts = await self._receipts(FINANCE, document_id, 4)
        events = Counter(receipt.type for receipt in receipts)
        stage.check(
            "Finance has one SubmissionAcceptance and three ContentConsignment",
            events == {"SubmissionAcceptance": 1, "ContentConsignment": 3},
        )
        verdicts = self._verified(receipts)
        stage.check("all four receipts verify offline", all(v.valid for v in verdicts))
        for sentence in verdicts[0].proves[:2]:
            stage.tell(f"  {sentence.vi}")
        acceptance = next(r for r in receipts if r.type == "SubmissionAcceptance")
        self._first = (document_id, body, acceptance)

    async def _urgent(self) -> None:
        stage = self._stage
        stage.chapter("b", "The People's Committee's office sends hỏa tốc through the urgent lane")
        document_id, envelope = self._papers.document(
            OFFICE, [COMMUNE], "HỎA TỐC: ứng phó mưa lũ", priority=3
        )
        began = stage.seconds
        await self._submit(OFFICE, self._papers.signed(OFFICE, envelope), "urgent")
        came = await self._desk.expect(COMMUNE, "inbox", lambda m: m.correlation_id == document_id)
        stage.check(
            f"the commune has it after {stage.seconds - began:.2f} s, with priority 3",
            len(came) == 1 and came[0].priority == 3,
        )
        receipts = self._verified(await self._receipts(OFFICE, document_id, 2))
        lanes = {v.facts.of("Submission", "lane") for v in receipts if v.facts}
        stage.check("its receipts name the urgent lane", lanes == {"urgent"})

    async def _upward(self) -> None:
        stage = self._stage
        stage.chapter("c", "A document to a ministry goes over the national axis")
        document_id, envelope = self._papers.document(FINANCE, [MINISTRY], "V/v xin ý kiến dự thảo")
        await self._submit(FINANCE, self._papers.signed(FINANCE, envelope))
        relayed = await self._desk.expect(
            FINANCE,
            "receipts",
            lambda m: m.correlation_id == document_id and m.type == "RelayAcceptance",
        )
        stage.check("the national axis took it: RelayAcceptance", len(relayed) == 1)
        statuses = await self._desk.expect(
            FINANCE,
            "inbox",
            lambda m: m.type == "status" and m.correlation_id == document_id,
            count=2,
        )
        codes = sorted(code for m in statuses for code in ("01", "03") if says(m.body, code))
        stage.check("the ministry's statuses 01 and 03 came back", codes == ["01", "03"])
        handover = await self._desk.expect(
            FINANCE,
            "receipts",
            lambda m: m.correlation_id == document_id and m.type == "ContentHandover",
        )
        stage.check("and are evidence: ContentHandover", len(handover) == 1)

    async def _downward(self, peer: Peer) -> None:
        stage = self._stage
        stage.chapter(
            "d", "A ministry's document for two agencies, one addressed by both its codes"
        )
        codes = [ENVIRONMENT, HEALTH, "H53.17"]
        document_id, envelope = self._papers.document(MINISTRY, codes, "V/v triển khai kế hoạch")
        answer = await peer.send(envelope)
        stage.check(f"the national axis took it as {answer.doc_id}", answer.accepted)
        for agency in (ENVIRONMENT, HEALTH):
            await self._desk.expect(agency, "inbox", lambda m: m.correlation_id == document_id)
        await self._national_empty()
        values = set()
        for agency in (ENVIRONMENT, HEALTH):
            came = [m for m in self._desk.box(agency, "inbox") if m.correlation_id == document_id]
            stage.check(f"{agency} has it exactly once", len(came) == 1)
            values.add(came[0].headers["axis-legal-value"])
        stage.check("as reference copies", values == {"reference"})

    async def _national_empty(self) -> None:
        """Until everything that waited for the province on the national axis was called done."""
        async with VxpClient(
            self._province.national_url, CENTRE, self._province.national_secret, SystemClock()
        ) as ours:
            async with asyncio.timeout(20):
                while await ours.count("document"):
                    await asyncio.sleep(0.1)

    async def _refusals(self) -> None:
        stage = self._stage
        stage.chapter("e", "Refusals, each with its receipt in both languages")
        document_id, envelope = self._papers.document(FINANCE, [ENVIRONMENT], "V/v thanh toán")
        signed = self._papers.signed(FINANCE, envelope)
        changed = signed.replace("V/v thanh toán".encode(), "V/v thanh tóan".encode())
        await self._refused("a changed byte", FINANCE, document_id, changed, "signature-invalid")
        document_id, envelope = self._papers.document(FINANCE, [NOBODY], "V/v lạc địa chỉ")
        body = self._papers.signed(FINANCE, envelope)
        await self._refused("an unknown recipient", FINANCE, document_id, body, "recipient-unknown")
        document_id, envelope = self._papers.document(FINANCE, [ENVIRONMENT], "V/v sai trường")
        wrong = envelope.replace(b"<edXML:Priority>0<", "<edXML:Priority>khẩn<".encode())
        body = self._papers.signed(FINANCE, wrong)
        await self._refused("an invalid field", FINANCE, None, body, "schema-invalid")
        document_id, envelope = self._papers.document(FINANCE, [ENVIRONMENT], "V/v mượn danh")
        body = self._papers.signed(FINANCE, envelope)
        await self._refused(
            "another agency's account", HEALTH, document_id, body, "sender-not-account"
        )
        denied = False
        try:
            async with self._province.client(HEALTH) as client:
                await client.submit(body, FINANCE)
        except DeniedError:
            denied = True
        stage.check("and the broker itself refuses Health the routing key of Finance", denied)
        document_id, envelope = self._papers.document(FINANCE, [ENVIRONMENT], "V/v quên ký")
        await self._refused("an unsigned one", FINANCE, document_id, envelope, "signature-missing")

    async def _refused(
        self, what: str, agency: str, document_id: str | None, body: bytes, reason: str
    ) -> None:
        seen = {m.message_id for m in self._desk.box(agency, "receipts")}
        await self._submit(agency, body)
        fresh = await self._desk.expect(
            agency,
            "receipts",
            lambda m: m.message_id not in seen and m.type == "SubmissionRejection",
        )
        verdict = verify_receipt(fresh[0].body, self._trust) if fresh else None
        facts = verdict.facts if verdict else None
        self._stage.check(
            f"{what}: {reason}",
            facts is not None
            and facts.reason == reason
            and (document_id is None or facts.of("Document", "id") == document_id),
        )
        assert facts is not None, "checked"
        self._stage.tell(f"  en: {facts.reason_text.en}")
        self._stage.tell(f"  vi: {facts.reason_text.vi}")

    async def _again(self) -> None:
        stage = self._stage
        stage.chapter("f", "The same submission again")
        assert self._first is not None, "chapter (a) came first"
        document_id, body, acceptance = self._first
        before = sum(m.correlation_id == document_id for m in self._desk.box(ENVIRONMENT, "inbox"))
        await self._submit(FINANCE, body)
        copies = self._desk.copies
        await self._desk.until(lambda: len(copies(acceptance.message_id)) == 2, 20)
        both = copies(acceptance.message_id)
        stage.check(
            "the same receipt came again, byte for byte",
            len(both) == 2 and both[0].body == both[1].body,
        )
        # A marker behind it in the same lane: when that arrived, nothing of the repetition is on its way.
        marker, envelope = self._papers.document(FINANCE, [ENVIRONMENT], "V/v mốc kiểm tra")
        await self._submit(FINANCE, self._papers.signed(FINANCE, envelope))
        await self._desk.expect(ENVIRONMENT, "inbox", lambda m: m.correlation_id == marker)
        now = sum(m.correlation_id == document_id for m in self._desk.box(ENVIRONMENT, "inbox"))
        stage.check("and nothing was delivered twice", before == now == 1)

    async def _statuses(self) -> None:
        stage = self._stage
        stage.chapter("g", "The recipients' statuses reach the sender")
        assert self._first is not None, "chapter (a) came first"
        document_id = self._first[0]
        for agency, code, words in (
            (ENVIRONMENT, "03", "Văn thư: đã tiếp nhận"),
            (JUSTICE, "06", "Đã hoàn thành"),
        ):
            status = self._papers.status(agency, FINANCE, document_id, code, words)
            await self._submit(agency, self._papers.signed(agency, status))
            came = await self._desk.expect(FINANCE, "inbox", status_from(agency))
            stage.check(
                f"{agency} reported {code}; Finance has it",
                bool(came) and says(came[0].body, code),
            )
        handed = await self._desk.expect(
            FINANCE,
            "receipts",
            lambda m: m.correlation_id == document_id and m.type == "ContentHandover",
            count=2,
        )
        stage.check("both are evidence: two ContentHandover", len(handed) == 2)

    async def _killed(self) -> None:
        stage = self._stage
        stage.chapter("h", "axisd is killed with -9 under load and started again")
        senders = ((FINANCE, ENVIRONMENT), (HEALTH, JUSTICE), (OFFICE, COMMUNE))
        papers = [
            (sender, recipient, *self._papers.document(sender, [recipient], f"V/v tải {n}"))
            for n in range(UNDER_LOAD // len(senders))
            for sender, recipient in senders
        ]
        wanted = {(recipient, document_id) for _, recipient, document_id, _ in papers}
        signed = [(sender, self._papers.signed(sender, body)) for sender, _, _, body in papers]
        repeated = self._desk.repetitions
        async with asyncio.TaskGroup() as group:
            for sender, _ in senders:
                mine = [body for owner, body in signed if owner == sender]
                group.create_task(self._submit_all(sender, mine))
            await self._desk.until(lambda: len(self._arrived(wanted)) >= UNDER_LOAD // 4, 30)
            await self._province.kill_axisd()
        there = len(self._arrived(wanted))
        stage.tell(f"killed with {there} of {UNDER_LOAD} delivered, the others on their way")
        seconds = await self._province.start_axisd()
        stage.tell(f"started again, ready after {seconds:.2f} s")
        complete = await self._desk.until(lambda: len(self._arrived(wanted)) == len(wanted), 60)
        stage.check(f"all {UNDER_LOAD} documents arrived: nothing lost", complete)
        answered = await self._desk.until(lambda: self._answered(papers), 60)
        stage.check("every one has its acceptance and its consignment receipt", answered)
        copies = Counter(
            (agency, m.correlation_id)
            for agency in {recipient for recipient, _ in wanted}
            for m in self._desk.box(agency, "inbox")
            if (agency, m.correlation_id) in wanted
        )
        stage.check("under one message id each: nothing twice", set(copies.values()) == {1})
        stage.tell(
            f"{self._desk.repetitions - repeated} messages were repeated under the id they had, "
            "which receivers ignore"
        )

    async def _submit_all(self, agency: str, bodies: Sequence[bytes]) -> None:
        async with self._province.client(agency) as client:
            for body in bodies:
                await client.submit(body, agency)

    def _arrived(self, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
        agencies = {agency for agency, _ in wanted}
        return wanted & {
            (agency, m.correlation_id)
            for agency in agencies
            for m in self._desk.box(agency, "inbox")
        }

    def _answered(self, papers: Sequence[tuple[str, str, str, bytes]]) -> bool:
        have = {
            (agency, m.correlation_id, m.type)
            for agency in {sender for sender, *_ in papers}
            for m in self._desk.box(agency, "receipts")
        }
        return all(
            (sender, document_id, event) in have
            for sender, _, document_id, _ in papers
            for event in ("SubmissionAcceptance", "ContentConsignment")
        )

    async def _evidence(self) -> None:
        stage = self._stage
        stage.chapter("i", "The evidence")
        assert self._first is not None, "chapter (a) came first"
        document_id = self._first[0]
        trace = await asyncio.to_thread(self._province.axisctl, "document", "trace", document_id)
        stage.check(f"axisd document trace {document_id}", trace.returncode == 0)
        for line in trace.stdout.splitlines():
            stage.tell(f"  {line}")
        verified = await asyncio.to_thread(self._province.axisctl, "ledger", "verify")
        stage.check("axisd ledger verify: the chain holds", verified.returncode == 0)
        for line in verified.stdout.splitlines():
            stage.tell(f"  {line}")
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._province.http}/metrics") as answer,
        ):
            text = await answer.text()
        lines = [
            line
            for line in text.splitlines()
            if line.startswith(METRICS) and not line.endswith(" 0.0")
        ]
        stage.check("metrics are counted", bool(lines))
        for line in lines:
            stage.tell(f"  {line}")

    async def _interconnection(self) -> None:
        stage = self._stage
        stage.chapter("j", "Twice a day it is checked that all are connected")
        checked = await asyncio.to_thread(self._province.axisctl, "check", "--trigger", "timer")
        stage.check("axisd check: documents get through everywhere", checked.returncode == 0)
        for line in checked.stdout.splitlines():
            stage.tell(f"  {line}")
        agencies = [code for member in self._province.over_broker for code in member.agencies]
        stage.check(
            f"all {len(agencies)} inboxes had a probe, which is no document and is ignored",
            await self._desk.until(lambda: all(map(self._probed, agencies)), 20),
        )
        listed = await asyncio.to_thread(self._province.axisctl, "check", "list")
        stage.check("axisd check list: it stands on record", " timer " in listed.stdout)
        for line in listed.stdout.splitlines():
            stage.tell(f"  {line}")

    def _probed(self, agency: str) -> bool:
        return any(message.type == TYPE for message in self._desk.box(agency, "inbox"))
