"""An axis's topology on a fresh vhost: three agencies with accounts, the daemon's account, clients."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from axisd.adapters.amqp import (
    AgencyClient,
    AmqpIntake,
    AmqpPublisher,
    Bounds,
    Definitions,
    Endpoint,
    LinkState,
    Management,
    render,
)
from axisd.adapters.amqp.connection import close, open_connection
from axisd.adapters.amqp.topology import password_hash
from axisd.adapters.clock import SystemClock
from axisd.adapters.recording import RecordingTelemetry
from axisd.core.directory import Agency, Channel, Directory, System
from axisd.errors import UnavailableError
from axisd.simulator.broker import PrivateNode
from axisd.simulator.broker_files import NodeFolder
from tests.support.broker import Vhost

FINANCE = "000.00.11.H53"
HEALTH = "000.00.13.H53"
COMMUNE = "H26.01"
PASSWORD = "a password for tests"


@dataclass(slots=True)
class BrokerTelemetry(RecordingTelemetry):
    """Remembers the states of connections too."""

    states: list[LinkState] = field(default_factory=list)

    def words(self) -> str:
        return "\n".join(str(error) for _, error in self.troubles)


@dataclass
class Axis:
    """The broker's side of an axis on one vhost. Accounts carry the vhost's name: they are global."""

    vhost: str
    node: PrivateNode
    directory: Directory
    definitions: Definitions
    telemetry: BrokerTelemetry = field(default_factory=BrokerTelemetry)
    clock: SystemClock = field(default_factory=SystemClock)

    @property
    def daemon_user(self) -> str:
        return f"{self.vhost}-axisd"

    def account(self, name: str) -> str:
        return f"{self.vhost}-{name}"

    def endpoint(self, account: str) -> Endpoint:
        return Endpoint(self.node.amqp_url(self.vhost, account, PASSWORD), heartbeat=10)

    def client(self, name: str = "finance") -> AgencyClient:
        return AgencyClient(self.endpoint(self.account(name)))

    def publisher(self, deadline: float = 10.0) -> AmqpPublisher:
        return AmqpPublisher(
            self.endpoint(self.daemon_user),
            clock=self.clock,
            telemetry=self.telemetry,
            deadline=deadline,
            observe=self.telemetry.states.append,
        )

    def intake(self, bounds: Bounds | None = None) -> AmqpIntake:
        return AmqpIntake(
            self.endpoint(self.daemon_user),
            clock=self.clock,
            telemetry=self.telemetry,
            bounds=bounds or Bounds(prefetch=8, look=1.0, beat=0.2),
            observe=self.telemetry.states.append,
        )

    def management(self) -> Management:
        return management_of(self.node, self.vhost)


def management_of(node: PrivateNode, vhost: str) -> Management:
    host = node.management_url.removeprefix("http://")
    user, password = quote(node.admin_user, safe=""), quote(node.admin_password, safe="")
    return Management(f"http://{user}:{password}@{host}", vhost=vhost)


def small_directory(prefix: str = "") -> Directory:
    """Finance with a twin code, Health, and a commune; each with a system on AMQP."""
    agencies = [
        Agency(FINANCE, "Sở Tài chính", twin="H53.11"),
        Agency(HEALTH, "Sở Y tế"),
        Agency(COMMUNE, "Xã"),
    ]
    systems = [
        System(f"{prefix}finance", Channel.AMQP, (FINANCE,)),
        System(f"{prefix}health", Channel.AMQP, (HEALTH,)),
        System(f"{prefix}commune", Channel.AMQP, (COMMUNE,)),
        System(f"{prefix}door", Channel.VXP, ("000.00.99.H53",)),
    ]
    return Directory(
        {agency.code: agency for agency in agencies}, {system.account: system for system in systems}
    )


@asynccontextmanager
async def fresh_axis(vhost: Vhost) -> AsyncIterator[Axis]:
    """The topology of `small_directory`, applied; accounts go with the block."""
    directory = small_directory(f"{vhost.name}-")
    daemon = f"{vhost.name}-axisd"
    accounts = [daemon, *directory.systems]
    hashes = {account: password_hash(PASSWORD) for account in accounts}
    definitions = render(directory, vhost=vhost.name, daemon_user=daemon, hashes=hashes)
    async with management_of(vhost.node, vhost.name) as management:
        await management.apply(definitions)
    try:
        yield Axis(vhost.name, vhost.node, directory, definitions)
    finally:
        for row in definitions["users"]:
            await vhost.node.api("DELETE", f"users/{quote(row['name'], safe='')}")


async def logs_in(endpoint: Endpoint) -> bool:
    """Whether the broker lets this account in."""
    try:
        connection = await open_connection(endpoint, "a try")
    except UnavailableError:
        return False
    await close(connection)
    return True


async def until(holds: Callable[[], bool], within: float = 30.0) -> None:
    """Returns when `holds()`; fails after `within` seconds."""
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.02)


async def until_async(holds: Callable[[], Awaitable[bool]], within: float = 30.0) -> None:
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.1)


async def ctl(folder: Path, *words: str) -> str:
    """Runs `rabbitmqctl` against the private node that lives in `folder`."""
    identity = NodeFolder(folder).identity()
    assert identity is not None, "the node was never started"
    program = shutil.which("rabbitmqctl", path="/usr/lib/rabbitmq/bin")
    assert program is not None, "rabbitmqctl comes with the broker"
    environment = {**os.environ, **NodeFolder(folder).environment(identity)}
    environment.pop("detached")
    done = await asyncio.to_thread(
        subprocess.run,
        [program, "--node", identity.name, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
