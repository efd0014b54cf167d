"""The VXP door over the ledger in memory, answering over HTTP: what tests of it stand on.

Three agencies: DOOR and STRANGER behind the door, each with its own system, HEALTH on the broker. Signatures are
not asked for; everything else is real, the intake, its inspection and the mailbox.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from axisd.adapters.clock import SystemClock
from axisd.adapters.memory import MemoryLedger
from axisd.adapters.recording import RecordingTelemetry
from axisd.adapters.upload import Uploads
from axisd.adapters.vxp.client import VxpClient
from axisd.adapters.vxp.door import VxpDoor
from axisd.adapters.vxp.front import HEADER_LIMIT, Bounds, routes
from axisd.adapters.vxp.protocol import Answer, Credentials, signed_headers, unpadded_hash
from axisd.core.compose import compose_document, compose_status
from axisd.core.directory import Channel, Directory, Profile
from axisd.core.envelope import Envelope, ManifestItem, Status
from axisd.core.records import INLINE_LIMIT
from axisd.core.registration import Decide, Denial, Rows
from axisd.core.view import View
from axisd.errors import TransientError
from axisd.service.commit import GroupCommit
from axisd.service.intake import Intake, Settlement
from axisd.service.mailbox import Mailbox
from axisd.service.registration import Registration
from axisd.simulator.loopback import free_ports
from tests.support.reading import SCHEMAS
from tests.support.values import (
    CLOSED,
    DOOR,
    FINANCE,
    HEALTH,
    agency,
    directory,
    seal,
    submission,
    system,
    view,
)
from tests.support.virtual import Inline

STRANGER: Final = "000.00.43.H53"
SECRETS: Final = {"door": ("old secret", "secret"), "stranger": ("another secret",)}


def province() -> View:
    """Signatures are looked at where there are any."""
    agencies = (
        agency(FINANCE, twin="H53.11", name="Sở Tài chính"),
        agency(HEALTH, parent=FINANCE),
        agency(DOOR),
        agency(STRANGER),
        agency(CLOSED, valid_to=date(2025, 7, 1), successor=FINANCE),
    )
    loose = Profile.IF_PRESENT
    systems = (
        system("health", HEALTH, profile=loose),
        system("door", DOOR, channel=Channel.VXP, profile=loose, registers=True),
        system("stranger", STRANGER, channel=Channel.VXP, profile=loose),
    )
    return view(directory=directory(agencies, systems), national=False)


def bytes_of(envelope: Envelope, content: bytes = b"%PDF-1.4") -> bytes:
    """An unsigned envelope; a document has one attachment."""
    if isinstance(envelope, Status):
        return compose_status(envelope)
    item = ManifestItem("cid:1", "application/pdf", "van-ban.pdf")
    return compose_document(envelope, [(item, content)])


@dataclass
class Site:
    """The door and everything behind it. `down`: nothing can be settled now."""

    url: str
    view: View
    ledger: MemoryLedger
    telemetry: RecordingTelemetry
    intake: Intake
    door: VxpDoor = field(init=False)
    down: bool = False
    registered: Rows = ()

    async def change(
        self, decide: Decide, confirm: Callable[[View], Denial | None]
    ) -> Denial | None:
        """What systems register, without files: the directory with it, or the ledger's trouble."""
        if self.down:
            raise TransientError("the disk is full")
        wanted = decide(self.view, self.registered)
        if isinstance(wanted, Denial):
            return wanted
        entered = [row for row in self.view.directory.rows() if not row.registered_by]
        systems = [
            replace(each, agencies=tuple(dict.fromkeys((*each.agencies, *codes))))
            for each in self.view.directory.systems.values()
            for codes in [[row.code for row in wanted if row.registered_by == each.account]]
        ]
        fresh = replace(self.view, directory=Directory.of((*entered, *wanted), systems))
        if (denial := confirm(fresh)) is None:
            self.view, self.registered = fresh, wanted
        return denial

    async def hand_in(self, size: int, load: Any) -> Settlement:
        if self.down:
            raise TransientError("the disk is full")
        if size > INLINE_LIMIT:
            return await self.intake.handle_large(load)
        return await self.intake.handle(await load())

    async def came(self, body: bytes, account: str = "health") -> Settlement:
        """Handed in over the broker."""
        agency_code = self.view.directory.systems[account].agencies[0]
        key = f"normal.{agency_code}"
        return await self.intake.handle(submission(body, account=account, routing_key=key))

    def client(self, account: str = "door", secret: str = "secret") -> VxpClient:
        if account != "door" and secret == "secret":
            secret = SECRETS[account][0]
        return VxpClient(self.url, account, secret, SystemClock())

    async def call(self, operation: str, account: str = "door", **parameters: str) -> Answer:
        async with self.client(account) as vxp:
            return await vxp.call(operation, parameters)

    async def register(self, account: str = "door", **form: object) -> Answer:
        async with self.client(account) as vxp:
            return await vxp.call("registerAgency", {}, json.dumps(form).encode())


@asynccontextmanager
async def site(folder: Path, bounds: Bounds | None = None) -> AsyncIterator[Site]:
    """A door that answers; what it holds is gone afterwards."""
    clock, ledger, telemetry = SystemClock(), MemoryLedger(), RecordingTelemetry()
    commits = GroupCommit(ledger, seal, clock, telemetry, Inline())
    here = province()
    with ThreadPoolExecutor(1) as pool:
        intake = Intake(lambda: made.view, SCHEMAS, ledger, commits, clock, telemetry, pool)
        made = Site("", here, ledger, telemetry, intake)
        mailbox = Mailbox(lambda: made.view, ledger.mailboxes, commits, clock, telemetry)
        secrets = {name: tuple(map(SecretStr, texts)) for name, texts in SECRETS.items()}
        made.door = door = VxpDoor(
            lambda: made.view,
            lambda: secrets,
            made.hand_in,
            mailbox,
            clock,
            telemetry,
            Registration(lambda: made.view, made.change, clock),
            registrar="Sở Thông tin và Truyền thông",
        )
        bounds = bounds or Bounds(file=4 * 1024 * 1024, deadline=5.0, silence=0.3)
        app = web.Application()
        uploads = Uploads(folder, bounds.upload)
        app.router.add_routes(
            [routes(door, bounds, prefix="/vxp", uploads=uploads, told=door.told)]
        )
        runner = web.AppRunner(app, max_field_size=HEADER_LIMIT, shutdown_timeout=0.1)
        await runner.setup()
        (port,) = free_ports(1)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        made.url = f"http://127.0.0.1:{port}/vxp"
        committing = asyncio.create_task(commits.run())
        try:
            yield made
        finally:
            await runner.cleanup()
            committing.cancel()
            await asyncio.wait([committing])


def sending(
    body: bytes,
    *,
    sender: str = DOOR,
    kind: str = "edoc",
    account: str = "door",
    secret: str = "secret",
    **more: str,
) -> dict[str, str]:
    """The headers of a `sendEdoc`."""
    parameters = {
        "servicetype": "eDoc",
        "messagetype": kind,
        "from": sender,
        **more,
        "hash-file": unpadded_hash(body),
    }
    return signed_headers(
        Credentials(account, secret),
        parameters,
        moment=SystemClock().now(),
        content_type="application/octet-stream",
    )


async def post(url: str, headers: Mapping[str, str], body: bytes = b"") -> dict[str, Any]:
    """One request as any client might make it; the answer, which must be HTTP 200, JSON and ASCII."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, headers=headers, data=io.BytesIO(body)) as response,
    ):
        assert response.status == 200
        assert response.content_type == "application/json"
        text = await response.read()
    assert text.isascii()
    answer = json.loads(text)
    assert answer.keys() >= {"status", "ErrorCode", "ErrorDesc"}
    assert isinstance(answer, dict)
    if answer["status"] == "FAIL":
        vietnamese, _, english = answer["ErrorDesc"].partition(" / ")
        assert (vietnamese.isascii(), english != "") == (False, True)
    return answer
