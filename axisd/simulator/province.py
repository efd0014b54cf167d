"""A whole province on one machine: broker, national axis, axisd, and the agencies' own credentials.

Everything lives in one folder and on loopback; nothing that runs already is touched, and every process
is stopped by its own pid. The demo, sandboxes, the acceptance tests and the benchmarks stand on it. Keys,
passwords and ports are generated once for each folder: one that was stopped can be built again.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import aiohttp

from axisd.adapters.amqp import AgencyClient, Endpoint, Management, render
from axisd.adapters.amqp.topology import password_hash
from axisd.adapters.clock import SystemClock
from axisd.adapters.vxp.client import VxpClient
from axisd.config.load import read
from axisd.core.codes import derived_twin
from axisd.core.directory import Channel
from axisd.core.zone import day_of
from axisd.errors import UnavailableError
from axisd.resources import config_path
from axisd.simulator.broker import PrivateNode
from axisd.simulator.kept import Kept
from axisd.simulator.loopback import ADDRESS
from axisd.simulator.pki import Pki
from axisd.simulator.process import Process, note, spawn

VHOST: Final = "axis"
DAEMON: Final = "axisd"
EXCEPTIONS: Final = "calendar-exceptions.yaml"
_READY_SECONDS: Final = 30.0
_ELSEWHERE: Final = "elsewhere"


@dataclass(frozen=True, slots=True)
class Member:
    """A system of the province: its account, the agencies that it serves, the first its own, and its channel.

    `password`: its broker password; behind a door its secret or token.
    """

    account: str
    agencies: tuple[str, ...]
    password: str = field(repr=False)
    channel: Channel = Channel.AMQP

    @property
    def agency(self) -> str:
        return self.agencies[0]

    @property
    def secret_file(self) -> str:
        """The name of the file with its secret, of a system behind a door."""
        return f"{self.account}.secret"


class Part(NamedTuple):
    """A system that a province is to have."""

    account: str
    agencies: tuple[str, ...]
    channel: Channel = Channel.AMQP


MEMBERS: Final = (
    Part("finance", ("000.00.11.H53",)),
    Part("environment", ("000.00.12.H53",)),
    Part("justice", ("000.00.14.H53",)),
    Part("health", ("000.00.17.H53",)),
    Part("peoples-committee", ("000.00.01.H53", "000.00.00.H53")),
    Part("tayninh-city", ("000.01.30.H53",)),
    Part("ben-cau", ("000.20.31.H53",)),
    # Its product carries the national axis's SDK.
    Part("information", ("000.00.13.H53",), Channel.VXP),
)
"""Departments, the office of the People's Committee, a city's office, a commune (codes of 2020)."""

PROBE: Final = "000.00.90.H53"
"""The probe agency of the interconnection check. It is no member: nobody but the check reads its boxes."""
PROBE_NAME: Final = "Cơ quan kiểm tra liên thông"

INTAKES: Final = {"000.20.30.H53": "000.01.30.H53"}
"""A ward without a system of its own, and the office that receives for it (QC Điều 6.3)."""

CENTRE: Final = "00.53.W00"
PEER_CENTRE: Final = "00.14.W00"
PEER: Final = ("000.00.00.G14", "G14")


def processes_file(folder: Path) -> Path:
    """The list of what was started in `folder` and outlives its starter; the broker has its own."""
    return folder / "processes"


def forget_elsewhere(folder: Path) -> None:
    """Removes the folder that the control socket lies in when `folder` is too deep for a socket."""
    link = folder / _ELSEWHERE
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()


class Province:
    """Broker, national axis and axisd in `folder`. `build` makes and starts all but axisd.

    `outlives`: what is started stays when this process ends (the demo with KEEP=1).
    """

    def __init__(
        self,
        folder: Path,
        *,
        outlives: bool = False,
        settings: str = "",
        cast: Sequence[Part] = MEMBERS,
    ) -> None:
        self.folder = folder.absolute()
        self.outlives = outlives
        kept = Kept(self.folder / "kept.json")
        self.members = tuple(
            Member(part.account, part.agencies, kept.secret(part.account), part.channel)
            for part in cast
        )
        self.probe = Member("probe", (PROBE,), kept.secret("probe"))
        self.national_secret = kept.secret("national")
        self.peer_secret = kept.secret("national peer")
        self.pki = Pki(self.folder / "pki")
        self.node = PrivateNode(self.folder / "broker", outlives=outlives)
        self.http_port, self.national_port = kept.port("http"), kept.port("national port")
        self.axisd: Process | None = None
        self.national: Process | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._daemon_password = kept.secret(DAEMON)
        self._more_settings = settings

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.outlives:
            await self.stop()

    @property
    def systems(self) -> tuple[Member, ...]:
        """All that are enrolled: the members and the probe agency's."""
        return (*self.members, self.probe)

    @property
    def over_broker(self) -> tuple[Member, ...]:
        """The members who come over the broker."""
        return tuple(member for member in self.members if member.channel is Channel.AMQP)

    @property
    def vxp(self) -> Member:
        """The member behind the VXP door."""
        return next(member for member in self.members if member.channel is Channel.VXP)

    @property
    def config(self) -> Path:
        return self.folder / "axisd.yaml"

    @property
    def http(self) -> str:
        return f"http://{ADDRESS}:{self.http_port}"

    @property
    def national_url(self) -> str:
        return f"http://{ADDRESS}:{self.national_port}"

    @property
    def vxp_url(self) -> str:
        """Where systems with the national axis's SDK call."""
        return f"{self.http}/vxp"

    def vxp_client(self) -> VxpClient:
        """A client for the system behind the VXP door; use it as a context manager."""
        return VxpClient(self.vxp_url, self.vxp.account, self.vxp.password, SystemClock())

    def member(self, agency: str) -> Member:
        """The system that serves `agency`."""
        return next(member for member in self.members if agency in member.agencies)

    def credentials(self, agency: str) -> tuple[Path, Path]:
        """Key and certificate that `agency` signs with."""
        return self.folder / "pki" / f"{agency}.key", self.folder / "pki" / f"{agency}.pem"

    def amqp_url(self, agency: str) -> str:
        """Where and as whom the system behind `agency` connects."""
        member = self.member(agency)
        return self.node.amqp_url(VHOST, member.account, member.password)

    def client(self, agency: str) -> AgencyClient:
        """A client for the system behind `agency`; use it as a context manager."""
        return AgencyClient(Endpoint(self.amqp_url(agency), name=f"{agency}"))

    async def build(self) -> None:
        """Folders, keys, configuration; the broker with its topology; the national axis."""
        self.folder.mkdir(parents=True, exist_ok=True)
        await self.node.start()
        self._write_keys()
        self._write_configuration()
        await self._apply_topology()
        await self.start_national()

    async def start_national(self) -> None:
        """The simulated national axis as a process of its own; its state survives its restart."""
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "axisd.simulator.national",
            self.folder / "national",
        ]
        command += ["--seed", self.folder / "national.json", "--port", str(self.national_port)]
        self.national = self._spawn(command, "national.log")
        await self._answering(f"{self.national_url}/-/state", self.national, "national.log")

    async def start_axisd(
        self, *, module: str = DAEMON, environment: Mapping[str, str] | None = None
    ) -> float:
        """Starts axisd and returns the seconds until it is ready.

        `module`: another program that becomes axisd; `environment` is added to ours.
        """
        clock = SystemClock()
        began = clock.monotonic()
        command: list[str | Path] = [sys.executable, "-m", module, "run", "--config", self.config]
        self.axisd = self._spawn(command, "axisd.log", environment)
        await self._answering(f"{self.http}/-/ready", self.axisd, "axisd.log")
        return clock.monotonic() - began

    async def kill_axisd(self) -> None:
        """Kill -9, as a power cut would."""
        assert self.axisd is not None, "axisd was started"
        self.axisd.send(signal.SIGKILL)
        await self.axisd.gone(10)
        self._reap()

    async def stop_axisd(self, grace: float = 30) -> None:
        """SIGTERM, as an operator would."""
        if self.axisd is not None:
            await self.axisd.end(grace)
            self._reap()

    async def stop_national(self) -> None:
        """Ends the national axis; `start_national` brings it back with its state."""
        if self.national is not None:
            await self.national.end(10)
            self._reap()

    async def ended(self, within: float) -> int | None:
        """The exit code of axisd once it has ended by itself; None if it has not `within` seconds."""
        assert self.axisd is not None, "axisd was started"
        child = next(child for child in self._children if child.pid == self.axisd.pid)
        await self.axisd.gone(within)
        return child.poll()

    async def stop(self) -> None:
        """Everything that `build` and `start_axisd` started, in the reverse order."""
        await self.stop_axisd()
        await self.stop_national()
        await self.node.stop()
        forget_elsewhere(self.folder)

    def axisctl(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs one command of axisd against this province."""
        command = [sys.executable, "-m", "axisd", *map(str, words), "--config", str(self.config)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    # the files

    def _write_keys(self) -> None:
        for member in self.systems:
            for agency in member.agencies:
                if not self.credentials(agency)[0].exists():
                    self.pki.issue(agency, name=member.account)
        if not self.credentials("axis")[0].exists():
            self.pki.issue(CENTRE, name="axis", key_type="ec-p256", file="axis")

    def _write_configuration(self) -> None:
        with config_path("agencies.csv").open(encoding="utf-8", newline="") as source:
            rows = list(csv.DictReader(source))
        with (self.folder / "agencies.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            for row in rows:
                row["intake"] = INTAKES.get(row["code"], row["intake"])
                writer.writerow(row)
            writer.writerow({"code": PROBE, "name": PROBE_NAME})
        systems = [self._row(member) for member in self.systems]
        # JSON is YAML too, and needs no writer of its own.
        self._write("systems.yaml", json.dumps({"systems": systems}, indent=2))
        self._write("national.secret", self.national_secret, secret=True)
        url = self.node.amqp_url("", DAEMON, self._daemon_password).rstrip("/")
        self._write("amqp.url", url, secret=True)
        url = self.node.amqp_url("", self.probe.account, self.probe.password).rstrip("/")
        self._write("probe.url", url, secret=True)
        self._write("management.url", self._management_url(), secret=True)
        shutil.copy(config_path(EXCEPTIONS), self.folder / EXCEPTIONS)
        self._write("axisd.yaml", self._settings())
        self._write("national.json", json.dumps(self._seed(rows), ensure_ascii=False), secret=True)

    def _row(self, member: Member) -> dict[str, Any]:
        """Its row in the file of systems, and the file of its secret where it has one."""
        row = {
            "account": member.account,
            "channel": member.channel,
            "agencies": list(member.agencies),
        }
        if member.channel is not Channel.AMQP:
            self._write(member.secret_file, member.password, secret=True)
            row["secret_file"] = member.secret_file
        return row

    def _management_url(self) -> str:
        account = f"{self.node.admin_user}:{self.node.admin_password}"
        return self.node.management_url.replace("://", f"://{account}@")

    def _settings(self) -> str:
        return f"""\
axis:
  centre: {CENTRE}
  name: Trục liên thông văn bản tỉnh Tây Ninh
  local_level1: [H53, A53]
ledger: {{folder: ledger}}
amqp: {{url_file: amqp.url, vhost: {VHOST}, management_url_file: management.url}}
http: {{listen: "{ADDRESS}:{self.http_port}"}}
control: {{socket: {self.socket()}}}
receipts: {{key: pki/axis.key, certificate: pki/axis.pem}}
trust: {{authorities: [pki/ca.pem]}}
directory: {{agencies: [agencies.csv], systems: systems.yaml}}
national:
  url: {self.national_url}
  system_id: {CENTRE}
  secret_file: national.secret
  poll: {{quick: 200ms, slow: 2s}}
check:
  agency: {PROBE}
  url_file: probe.url
  key: pki/{PROBE}.key
  certificate: pki/{PROBE}.pem
  national_timeout: 60s
calendar: {{exceptions: {EXCEPTIONS}}}
clock: {{require_synchronised: false}} # a sandbox runs where nobody may keep the clock
log: {{format: json}}
{self._more_settings}"""

    def socket(self) -> str:
        """The control socket's path; a deep checkout would make it longer than a socket's may be."""
        inside = self.folder / "control.sock"
        if len(str(inside).encode()) < 100:
            return inside.name
        elsewhere = Path(tempfile.mkdtemp(prefix="axisd-"))
        (self.folder / _ELSEWHERE).symlink_to(elsewhere)
        return str(elsewhere / "control.sock")

    def _seed(self, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        local = {code for member in self.members for code in member.agencies} | set(INTAKES)
        local.add(PROBE)
        names = {row["code"]: row["name"] for row in rows} | {PROBE: PROBE_NAME}
        ours = [
            {"code": code, "centre": CENTRE, "name": names[code], "twin": derived_twin(code) or ""}
            for code in sorted(local)
        ]
        peer = {"code": PEER[0], "twin": PEER[1], "centre": PEER_CENTRE, "name": names[PEER[0]]}
        return {
            "centres": [
                {"system_id": CENTRE, "secret": self.national_secret, "name": "Tây Ninh"},
                {"system_id": PEER_CENTRE, "secret": self.peer_secret, "name": names[PEER[0]]},
            ],
            "agencies": [*ours, peer],
        }

    async def _apply_topology(self) -> None:
        view = read(self.config, day=day_of(SystemClock().now())).view
        over_broker = [member for member in self.systems if member.channel is Channel.AMQP]
        hashes = {member.account: password_hash(member.password) for member in over_broker}
        hashes[DAEMON] = password_hash(self._daemon_password)
        definitions = render(view.directory, vhost=VHOST, daemon_user=DAEMON, hashes=hashes)
        async with Management(self._management_url(), vhost=VHOST) as management:
            await management.apply(definitions)

    def _write(self, name: str, text: str, *, secret: bool = False) -> None:
        path = self.folder / name
        path.touch(mode=0o600 if secret else 0o644)
        path.write_text(text, encoding="utf-8")

    # the processes

    def _spawn(
        self,
        command: Sequence[str | Path],
        log: str,
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        with (self.folder / log).open("ab") as output:
            child = spawn(
                command,
                environment={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
                folder=Path.cwd(),
                output=output,
                outlives=self.outlives,
            )
        self._children.append(child)
        process = Process.of(child.pid)
        if self.outlives:
            note(processes_file(self.folder), process)  # at once: we may be killed any moment
        return process

    def _reap(self) -> None:
        """Lets the system forget the children that have ended."""
        self._children = [child for child in self._children if child.poll() is None]

    async def _answering(self, url: str, process: Process, log: str) -> None:
        """Until `url` answers 200. Raises UnavailableError with the end of the log if it does not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_READY_SECONDS), aiohttp.ClientSession() as session:
                while process.alive():
                    with contextlib.suppress(aiohttp.ClientError):
                        async with session.get(url) as answer:
                            if answer.status == HTTPStatus.OK:
                                return
                    await asyncio.sleep(0.05)
        lines = (self.folder / log).read_text(encoding="utf-8", errors="replace").splitlines()
        raise UnavailableError(
            "\n".join([f"{url} does not answer; {log} ends with:", *lines[-15:]])
        )
