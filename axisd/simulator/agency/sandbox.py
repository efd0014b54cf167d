"""A province on a laptop, around the one system that is being built: broker, axis, national axis, counterparts.

The integrator's own agency is enrolled on the channel that he asks for, with account, secret, key and
certificate; nobody plays it. Two departments are played by scripts, and a ministry over the national axis.
One more is enrolled for `axisd conformance`. Everything lies in one folder and on loopback; what was
drawn is kept, so the same folder has the same accounts at the same addresses next time.

What can go wrong: RabbitMQ is not installed, somebody uses the folder, a part ends by itself
(UnavailableError in each case).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

from axisd.adapters import keyring
from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.client import AxisClient
from axisd.config.shipped import shipped_agencies
from axisd.core.directory import Channel
from axisd.core.envelope import Organization
from axisd.errors import UnavailableError
from axisd.simulator.agency.post import AmqpPost
from axisd.simulator.agency.script import Habits, ScriptedAgency
from axisd.simulator.alone import alone
from axisd.simulator.broker import installed
from axisd.simulator.loopback import ADDRESS
from axisd.simulator.national.peer import Peer
from axisd.simulator.province import PEER, PEER_CENTRE, VHOST, Part, Province

OWN: Final = "000.00.13.H53"
"""The integrator's agency unless he names another."""
COUNTERPART: Final = "000.00.11.H53"
PLAYED: Final = (("finance", COUNTERPART), ("health", "000.00.17.H53"))
EXAMINER: Final = ("examiner", "000.00.12.H53")
ACCOUNT: Final = "partner"
FACTS: Final = "sandbox.json"
"""Everything that whoever works with the sandbox needs to know, for its owner only."""

_WATCH_SECONDS: Final = 0.5
_DOORS: Final = {Channel.VXP: "/vxp", Channel.EDOC: "/EdocService"}

Observe = Callable[[str], None]


class Sandbox:
    """One sandbox in `folder`. Use `opened`."""

    def __init__(self, folder: Path, *, agency: str = OWN, channel: Channel = Channel.AMQP) -> None:
        self.agency = agency
        self.channel = channel
        played = [Part(account, (code,)) for account, code in (*PLAYED, EXAMINER)]
        self.province = Province(folder, cast=(Part(ACCOUNT, (agency,), channel), *played))
        self._names = {one.code: one.name for one in shipped_agencies()}

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(
        cls, folder: Path, *, agency: str = OWN, channel: Channel = Channel.AMQP
    ) -> AsyncIterator[Sandbox]:
        """Everything up but the scripts; taken down at the end, its state kept.

        Raises UnavailableError: RabbitMQ is not installed, somebody uses the folder, a part does not come up.
        """
        if not installed():
            raise UnavailableError(
                "RabbitMQ is not installed, and the sandbox runs a node of its own: "
                "apt-get install rabbitmq-server (it need not be started)"
            )
        with alone(folder):
            sandbox = cls(folder, agency=agency, channel=channel)
            async with sandbox.province as province:
                await province.build()
                await province.start_axisd()
                sandbox._write_facts()
                yield sandbox

    async def play(self, habits: Habits, observe: Observe, *, every: float = 0.0) -> None:
        """Plays the counterparts until cancelled. `every`: seconds between documents to the integrator's
        agency; 0: one at the start. `observe` is told what they do."""
        async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            for account, code in PLAYED:
                client = await stack.enter_async_context(self.client(code))
                post = AmqpPost(client)
                scripted = ScriptedAgency(post, client, habits, _as(observe, f"{account} {code}"))
                group.create_task(scripted.run())
                group.create_task(_tell(post.troubles, _as(observe, f"{account} {code}")))
                if code == COUNTERPART:
                    group.create_task(self._write(scripted, every))
            group.create_task(self._play_ministry(_as(observe, f"ministry {PEER[0]}")))
            await self._watch()

    def client(self, code: str) -> AxisClient:
        """A client for an agency of the sandbox whose system is on AMQP; use it as a context manager."""
        province = self.province
        return AxisClient(
            province.amqp_url(code),
            code,
            key=keyring.load(*province.credentials(code)),
            trust=keyring.certificates(province.folder / "pki" / "ca.pem"),
            name=self._names.get(code, ""),
        )

    async def _write(self, scripted: ScriptedAgency, every: float) -> None:
        number = 0
        while True:
            number += 1
            await scripted.write(self.agency, f"V/v thử liên thông, văn bản thứ {number}")
            if not every:
                return
            await asyncio.sleep(every)

    async def _play_ministry(self, observe: Observe) -> None:
        province, clock = self.province, SystemClock()
        async with VxpClient(
            province.national_url, PEER_CENTRE, province.peer_secret, clock
        ) as client:
            peer = Peer(client, clock, Organization(PEER[0], name="Bộ (mô phỏng)"))
            while True:
                if taken := await peer.look():
                    observe(f"took and answered {taken} items over the national axis")
                for trouble in peer.troubles:
                    observe(trouble)
                peer.troubles.clear()
                peer.heard.clear()
                await asyncio.sleep(_WATCH_SECONDS)

    async def _watch(self) -> None:
        """Until a part ends by itself. Raises UnavailableError."""
        province = self.province
        while True:
            for name, process in (("axisd", province.axisd), ("national", province.national)):
                if process is None or not process.alive():
                    raise UnavailableError(f"{name} ended; see {province.folder / name}.log")
            if province.node.pid is None:
                raise UnavailableError(f"the broker ended; see {province.node.log_folder}")
            await asyncio.sleep(_WATCH_SECONDS)

    # what there is, for people and programs

    def facts(self) -> dict[str, Any]:
        """Addresses, accounts, secrets and files; paths are absolute."""
        province = self.province
        pki = province.folder / "pki"
        own: dict[str, Any] = {"channel": self.channel.value, **self._agency(self.agency, ACCOUNT)}
        secret = province.member(self.agency).password
        if self.channel is Channel.AMQP:
            own |= {"password": secret, "url_file": str(self._url_file(self.agency, ACCOUNT))}
        else:
            file = province.folder / province.member(self.agency).secret_file
            own |= {"secret": secret, "secret_file": str(file)}
            own["url"] = province.http + _DOORS[self.channel]
            own["systemid" if self.channel is Channel.VXP else "organid"] = (
                ACCOUNT if self.channel is Channel.VXP else self.agency
            )
        return {
            "pid": os.getpid(),
            "folder": str(province.folder),
            "config": str(province.config),
            "http": province.http,
            "amqp": {"host": ADDRESS, "port": province.node.amqp_port, "vhost": VHOST},
            "own": own,
            "counterparts": [self._agency(code, account) for account, code in PLAYED],
            "ministry": {"agency": PEER[0]},
            "examiner": {
                **self._agency(EXAMINER[1], EXAMINER[0]),
                "url_file": str(self._url_file(EXAMINER[1], EXAMINER[0])),
            },
            "national": {"url": province.national_url},
            "trust": str(pki / "ca.pem"),
            "receipt_certificate": str(pki / "axis.pem"),
        }

    def _agency(self, code: str, account: str) -> dict[str, str]:
        key, certificate = self.province.credentials(code)
        return {
            "agency": code,
            "name": self._names.get(code, ""),
            "account": account,
            "key": str(key),
            "certificate": str(certificate),
        }

    def _url_file(self, code: str, account: str) -> Path:
        """The file with the address, account and password of a system on AMQP."""
        file = self.province.folder / f"{account}.url"
        _write_secret(file, self.province.amqp_url(code))
        return file

    def _write_facts(self) -> None:
        text = json.dumps(self.facts(), ensure_ascii=False, indent=2)
        _write_secret(self.province.folder / FACTS, text)


def _as(observe: Observe, who: str) -> Observe:
    return lambda text: observe(f"{who}: {text}")


async def _tell(troubles: deque[str], observe: Observe) -> None:
    """Whatever a counterpart had trouble with, as it comes."""
    while True:
        while troubles:
            observe(troubles.popleft())
        await asyncio.sleep(_WATCH_SECONDS)


def _write_secret(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
