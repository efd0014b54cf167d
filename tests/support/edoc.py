"""The eDoc door over the real services and the ledger in memory, and a client of it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from axisd.adapters.clock import SystemClock
from axisd.adapters.edoc.desk import Desk, Rules
from axisd.adapters.edoc.door import PATIENCE, EdocDoor
from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.adapters.upload import Bounds, Uploads
from axisd.core.directory import Channel, Profile
from axisd.core.records import INLINE_LIMIT
from axisd.core.schema import Schemas
from axisd.core.submission import Submission
from axisd.core.view import View
from axisd.service.commit import GroupCommit
from axisd.service.intake import Intake, Settlement
from axisd.service.mailbox import Mailbox
from axisd.simulator.loopback import free_ports
from tests.support.messages import DOCUMENT, STATUS, swap
from tests.support.values import agency, directory, seal, system, view

BASE: Final = 1_000_000_000
FINANCE: Final = "000.00.11.H53"
INFORMATION: Final = "000.00.13.H53"
HUB: Final = "000.A53.000"
MEMBERS: Final = ("001.A53.000", "002.A53.000")
STRANGER: Final = "000.00.15.H53"
BROKER: Final = "000.00.01.H53"
"""Comes over AMQP."""

Answer = dict[str, Any]


def province() -> View:
    """Everybody behind the eDoc door but one; nobody has to sign."""
    codes = (FINANCE, INFORMATION, *MEMBERS, STRANGER, BROKER)
    systems = (
        system("finance", FINANCE, channel=Channel.EDOC, profile=Profile.IF_PRESENT),
        system("information", INFORMATION, channel=Channel.EDOC, profile=Profile.IF_PRESENT),
        system(HUB, *MEMBERS, channel=Channel.EDOC, profile=Profile.IF_PRESENT),
        system("stranger", STRANGER, channel=Channel.EDOC, profile=Profile.IF_PRESENT),
        system("office", BROKER),
    )
    made = view(directory=directory(map(agency, codes), systems), national=False)
    axis = type(made.axis)(made.axis.centre, made.axis.name, frozenset({"H53", "A53"}))
    return type(made)(axis, made.directory, made.trust, national=False)


def letter(
    number: int = 15, *to: str, sender: str = FINANCE, changes: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """A document of its own number; `changes`: what to put in place of what."""
    recipients = "".join(
        f"<edXML:To><edXML:OrganId>{code}</edXML:OrganId></edXML:To>" for code in to[1:]
    )
    text = swap(
        DOCUMENT,
        ("000.00.13.H53</edXML:OrganId", f"{(*to, INFORMATION)[0]}</edXML:OrganId"),
        ("<edXML:DocumentId>", f"{recipients}<edXML:DocumentId>"),
        ("000.00.11.H53</edXML:OrganId", f"{sender}</edXML:OrganId"),
        ("000.00.11.H53,2026/11/20,15/STC-VP", f"{sender},2026/11/20,{number}/STC-VP"),
        ("CodeNumber>15<", f"CodeNumber>{number}<"),
        *changes,
    )
    return text.encode()


@dataclass
class EdocAxis:
    """`rules`, `view` and `before` may be replaced while it runs. `before`: done before each hand-in."""

    url: str = ""
    view: View = field(default_factory=province)
    rules: Rules = field(default_factory=lambda: Rules(BASE))
    telemetry: RecordingTelemetry = field(default_factory=RecordingTelemetry)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    before: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        clock = SystemClock()
        self.secrets = {name: (SecretStr(token(name)),) for name in self.view.directory.systems}
        self.commits = GroupCommit(self.ledger, seal, clock, self.telemetry, ThreadPoolExecutor(1))
        self.mailbox = Mailbox(
            lambda: self.view, self.ledger.mailboxes, self.commits, clock, self.telemetry
        )
        self._intake = Intake(
            lambda: self.view,
            Schemas(),
            self.ledger,
            self.commits,
            clock,
            self.telemetry,
            ThreadPoolExecutor(1),
        )
        self.desk = Desk(
            lambda: self.view,
            lambda: self.secrets,
            lambda: self.rules,
            self.hand_in,
            self.mailbox,
            self.ledger,
            clock,
            self.telemetry,
        )
        self.clock = clock

    async def hand_in(self, size: int, load: Callable[[], Awaitable[Submission]]) -> Settlement:
        if self.before is not None:
            await self.before()
        if size > INLINE_LIMIT:
            return await self._intake.handle_large(load)
        return await self._intake.handle(await load())

    def client(self, organ: str, account: str = "") -> Client:
        found = self.view.directory.system_of(organ)
        return Client(self.url, organ, token(account or (found.account if found else organ)))


def report(
    code: str = "03",
    *,
    sender: str = INFORMATION,
    number: int = 15,
    to: str = FINANCE,
    words: str = "",
) -> bytes:
    """A status of `sender` about the letter with this number of `to`."""
    return swap(
        STATUS,
        ("000.00.13.H53</edXML:OrganId", f"{sender}</edXML:OrganId"),
        ("000.00.11.H53</edXML:OrganId", f"{to}</edXML:OrganId"),
        ("000.00.11.H53,2026/11/20,15/STC-VP", f"{to},2026/11/20,{number}/STC-VP"),
        (">03<", f">{code}<"),
        ("Văn thư đã tiếp nhận", words or f"Báo {code}"),
    ).encode()


def token(account: str) -> str:
    return f"token-of-{account}"


@asynccontextmanager
async def serving(
    folder: Path | None = None,
    *,
    bounds: Bounds | None = None,
    patience: float = PATIENCE,
    **changes: Any,
) -> AsyncIterator[tuple[EdocAxis, EdocDoor]]:
    """The door on a port of its own, the committing task beside it."""
    axis = EdocAxis(**changes)
    uploads = Uploads(folder, bounds or Bounds(limit=400_000, deadline=5.0, silence=5.0))
    door = EdocDoor(axis.desk, uploads, axis.clock, axis.telemetry, patience=patience)
    app = web.Application()
    app.router.add_routes([door.route()])
    async with AsyncExitStack() as stack:
        committing = asyncio.create_task(axis.commits.run())
        stack.push_async_callback(asyncio.wait, [committing])
        stack.callback(committing.cancel)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        (port,) = free_ports(1)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        axis.url = f"http://127.0.0.1:{port}/EdocService"
        yield axis, door


@dataclass(frozen=True)
class Client:
    """Calls as one account; every answer must be HTTP 200 and of the documented shape."""

    url: str
    organ: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"organid": self.organ, "authorization": self.token}

    async def call(
        self, operation: str, body: Any = None, *, method: str = "POST", **headers: str
    ) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        status, kind, answer = await ask(
            method, f"{self.url}/{operation}", self.headers | named, body
        )
        assert (status, kind) == (200, "application/json;charset=UTF-8")
        assert answer["status"] in {"Success", "Fail", "Error"}
        assert isinstance(answer.get("errors", []), list)
        assert isinstance(answer["code"], str)
        return answer

    async def send(self, file: bytes, kind: str = "EDOC", **headers: str) -> Answer:
        return await self.call("sendDocument", file, type=kind, **headers)

    async def pending(self, kind: str = "EDOC") -> list[int]:
        return list((await self.call("getPendingDocIds", type=kind))["docIDs"])

    async def fetch(self, number: int, kind: str = "EDOC") -> bytes:
        answer = await self.call("getDocument", docid=str(number), type=kind)
        assert answer == {"data": answer["data"], "status": "Success", "code": "0"}
        return base64.b64decode(answer["data"], validate=True)

    async def confirm(self, number: int) -> Answer:
        return await self.call("confirmReceived", docid=str(number))


async def ask(
    method: str, url: str, headers: Mapping[str, str], body: Any = None
) -> tuple[int, str, Answer]:
    """One request: status, Content-Type and the JSON object of the answer, which must be ASCII and as long as
    it says."""
    if isinstance(body, bytes):
        body = io.BytesIO(body)
    skipped = [] if isinstance(body, aiohttp.FormData) else ["Content-Type"]
    async with (
        aiohttp.ClientSession(skip_auto_headers=skipped) as session,
        session.request(method, url, headers=headers, data=body) as response,
    ):
        raw = await response.read()
        assert raw.isascii()
        assert response.headers["Content-Length"] == str(len(raw))
        assert "Content-Encoding" not in response.headers
        answer = json.loads(raw)
        assert isinstance(answer, dict)
        return response.status, response.headers["Content-Type"], answer
