"""Systems to examine: our own scripted agency, and one that does wrong what can be done wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from axisd.adapters import keyring
from axisd.client import AxisClient, File
from axisd.client.writing import answered
from axisd.core.carried import CarriedFile, carried_files
from axisd.core.envelope import Business, Document
from axisd.simulator.agency.post import AmqpPost, Arrival, Post
from axisd.simulator.agency.script import ScriptedAgency
from axisd.simulator.conformance.checks import Outcome, Result
from axisd.simulator.conformance.exam import Exam, Patience
from axisd.simulator.conformance.heard import Heard
from axisd.simulator.conformance.laboratory import Laboratory
from axisd.simulator.conformance.letters import Letters
from axisd.simulator.conformance.notes import Notes
from axisd.simulator.province import Province


@dataclass(slots=True)
class CarelessAgency(ScriptedAgency):
    """It loses the Đ, ignores recalls, statuses and updates, answers everything whenever it comes, cuts off large files,
    attaches a file that its manifest does not name, and writes each reply twice."""

    async def take(self, arrival: Arrival) -> None:
        for body in list(self.answers(arrival)):
            await self.post.send(body)

    def answers(self, arrival: Arrival) -> Iterator[bytes]:
        document = arrival.document
        if document is None or document.business.business is not Business.NEW:
            return
        garbled = replace(document, notation=document.notation.replace("Đ", "?"))
        yield self.status(garbled, "01")
        yield self.status(garbled, "03")
        if document.due_date:
            for _ in range(2):
                yield self.reply(document, arrival.body)

    def reply(self, document: Document, body: bytes) -> bytes:
        letter = self.letter(document.sender.organ_id, "Trả lời", type_name="Lá thư")
        letter = replace(letter, responses_for=(answered(document),))
        files = carried_files(body)
        assert isinstance(files, tuple)
        return self.writer.document(letter, [_cut(one) for one in files])


def _cut(file: CarriedFile) -> File:
    return File(file.name, file.content[:1_000_000], "image/png")


@asynccontextmanager
async def post_of(province: Province, code: str) -> AsyncIterator[tuple[AmqpPost, AxisClient]]:
    """The way to the axis of an agency's system, which is its pen too."""
    async with AxisClient(
        province.amqp_url(code), code, key=keyring.load(*province.credentials(code))
    ) as client:
        yield AmqpPost(client), client


def exam_of(
    province: Province, post: Post, client: AxisClient, code: str, patience: Patience
) -> Exam:
    """An examination of the system behind `code`, with everything that a sandbox allows."""
    return Exam(
        post,
        Letters(client, code),
        Heard(code),
        code,
        patience,
        Notes(),
        trust=keyring.certificates(province.folder / "pki" / "ca.pem"),
        laboratory=Laboratory(province.folder, province.member(code).account, code),
    )


def outcomes(results: list[Result]) -> dict[str, Outcome]:
    return {result.name: result.outcome for result in results}
