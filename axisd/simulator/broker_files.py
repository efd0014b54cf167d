"""What a private RabbitMQ node keeps in its folder: identity, configuration, environment.

    node.json         who it is: name, ports, administrator (kept from start to start)
    running.json      which processes make it up (there only while somebody believes it runs)
    rabbitmq.conf     advanced.config   enabled_plugins   data/   log/   home/ (its Erlang cookie)

Nothing outside the folder is read, neither the machine's broker configuration nor the caller's
home. All of it is readable by the owner only: it holds the administrator's password.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from axisd.simulator.loopback import ADDRESS, free_ports
from axisd.simulator.process import Process


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a node is. Its stored data belongs to this name, its clients know these ports."""

    amqp_port: int
    management_port: int
    distribution_port: int
    epmd_port: int
    user: str
    password: str

    @property
    def name(self) -> str:
        """The Erlang node name; unlike every other on the machine, because its port is."""
        return f"axis-{self.amqp_port}@localhost"

    @classmethod
    def new(cls) -> "Identity":
        """Draw free ports and a password."""
        amqp, management, distribution, epmd = free_ports(4)
        return cls(amqp, management, distribution, epmd, "axis-admin", secrets.token_urlsafe(24))


@dataclass(frozen=True, slots=True)
class Running:
    """The processes of a node that runs: the broker and the port mapper it registers with."""

    broker: Process
    epmd: Process


@dataclass(frozen=True, slots=True)
class NodeFolder:
    """The folder of one node."""

    path: Path

    @property
    def log(self) -> Path:
        """The folder of the node's logs."""
        return self.path / "log"

    @property
    def database(self) -> Path:
        """The folder of the node's database."""
        return self.path / "data"

    @property
    def output(self) -> Path:
        """What the processes printed."""
        return self.log / "output.txt"

    def identity(self) -> Identity | None:
        """Who lives here, if anybody ever did."""
        stored = _read(self.path / "node.json")
        return None if stored is None else Identity(**stored)

    def running(self) -> Running | None:
        """The processes that were started here and not stopped; they may be dead."""
        stored = _read(self.path / "running.json")
        if stored is None:
            return None
        return Running(broker=Process(**stored["broker"]), epmd=Process(**stored["epmd"]))

    def started(self, running: Running) -> None:
        """Remember the processes."""
        _write(self.path / "running.json", json.dumps(asdict(running)))

    def stopped(self) -> None:
        """Forget the processes."""
        (self.path / "running.json").unlink(missing_ok=True)

    def lay(
        self, identity: Identity, settings: Mapping[str, str], plugins: Sequence[str] = ()
    ) -> None:
        """Write everything that a start reads."""
        for folder in (self.path, self.log, self.database, self.path / "home"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self.path / "node.json", json.dumps(asdict(identity), indent=1))
        enabled = ",".join(("rabbitmq_management", *plugins))
        _write(self.path / "enabled_plugins", f"[{enabled}].\n")
        _write(self.path / "rabbitmq.conf", _configuration(identity, settings))
        # How often a quorum queue tells its totals; by default so seldom that watchers wait.
        _write(self.path / "advanced.config", "[{rabbit, [{quorum_tick_interval, 1000}]}].\n")

    def environment(self, identity: Identity) -> dict[str, str]:
        """Everything that the node's processes see of the world."""
        # epmd and Erlang read these two; both sides must mean our own port mapper.
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.path / "home"),
            # Erlang then passes file names on byte by byte; decoded ones outside Latin-1 break the
            # management agent, and with it every checkout in a folder with a Vietnamese name.
            "LC_ALL": "C",
            "ERL_EPMD_PORT": str(identity.epmd_port),
            "ERL_EPMD_ADDRESS": ADDRESS,
            "RABBITMQ_NODENAME": identity.name,
            "RABBITMQ_DIST_PORT": str(identity.distribution_port),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(self.path / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.path / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.path / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.path / "generated"),
            "RABBITMQ_MNESIA_BASE": str(self.database),
            "RABBITMQ_LOG_BASE": str(self.log),
            "RABBITMQ_PID_FILE": str(self.path / "rabbitmq.pid"),
            "RABBITMQ_SERVER_ERL_ARGS": _EMULATOR,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ("-kernel inet_dist_use_interface {127,0,0,1}"),
            # Makes the start script *become* the emulator, so that the pid we have is the node's.
            "detached": "true",
        }


# Two schedulers, no spinning for work: the node shares the machine with what it is there for.
_EMULATOR = "+P 65536 +t 1048576 +S 2:2 +SDcpu 2:2 +SDio 4 +sbwt none +sbwtdcpu none +sbwtdio none"


def _configuration(identity: Identity, settings: Mapping[str, str]) -> str:
    lines = {
        "listeners.tcp.1": f"{ADDRESS}:{identity.amqp_port}",
        "management.tcp.ip": ADDRESS,
        "management.tcp.port": str(identity.management_port),
        "default_user": identity.user,
        "default_pass": identity.password,
        "default_user_tags.administrator": "true",
        # Without statistics the management API would not tell a queue's consumers. Totals only:
        # no rates, no history.
        "management.rates_mode": "none",
        "collect_statistics_interval": "1000",
        # The write-ahead log is held in memory too; its default is 512 MB.
        "raft.wal_max_size_bytes": str(64 * 1024 * 1024),
        "disk_free_limit.absolute": "50MB",
        "log.console": "false",
        "log.file": "node.log",
        "log.file.level": "info",
        **settings,
    }
    return "".join(f"{key} = {value}\n" for key, value in lines.items())


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
