"""A private RabbitMQ node: one folder, its own ports, its own port mapper, gone when we are.

For tests, the demo, benchmarks and sandboxes. It never touches a broker or an ``epmd`` that runs
already: node name, ports, cookie, configuration and data are its own, and everything listens on
loopback only. Its two processes are known by pid and start time and stopped by nothing else.

    async with PrivateNode(folder) as node:        the block's end is a power cut: quick
        async with node.vhost("t1"):
            connect(node.amqp_url("t1"))

    python -m axisd.simulator.broker start FOLDER      returns when it is ready; it stays
    python -m axisd.simulator.broker stop FOLDER

A node started by ``async with`` or ``start()`` dies with the thread that started it, even when
that is killed; one made with ``outlives=True`` stays until ``stop()``, from any process. Stopped
and started again in the same folder it has the same ports, accounts and messages.

What can go wrong: RabbitMQ is not installed (ConfigError), it does not come up in time or its
ports were taken in the meantime (UnavailableError, with the end of what it printed).
"""

import argparse
import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from axisd.errors import AxisError, ConfigError, Problem, UnavailableError
from axisd.simulator.broker_files import Identity, NodeFolder, Running
from axisd.simulator.loopback import ADDRESS, is_free
from axisd.simulator.process import Process, program, spawn

# The script itself: the one on PATH changes to the system broker's account first.
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_READY_SECONDS = 90.0
_GRACE_SECONDS = 15.0
_POLL_SECONDS = 0.1
_TRIES = 3  # with other ports, when somebody was quicker


def installed() -> bool:
    """Whether there is a RabbitMQ to run a node with."""
    return _SERVER.is_file()


class PrivateNode:
    """One private node, living in ``folder``, which is made if it is not there.

    ``settings`` are lines of ``rabbitmq.conf`` that replace or extend ours, ``plugins`` what is enabled
    beside the management.
    """

    def __init__(
        self,
        folder: Path,
        *,
        outlives: bool = False,
        settings: Mapping[str, str] | None = None,
        plugins: Sequence[str] = (),
    ) -> None:
        self._folder = NodeFolder(folder.absolute())
        self._outlives = outlives
        self._settings = dict(settings or {})
        self._plugins = tuple(plugins)
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def amqp_port(self) -> int:
        """The AMQP port on 127.0.0.1."""
        return self._identity.amqp_port

    @property
    def management_port(self) -> int:
        """The port of the management API on 127.0.0.1."""
        return self._identity.management_port

    @property
    def management_url(self) -> str:
        """Where the management API is, without a slash at the end."""
        return f"http://{ADDRESS}:{self.management_port}"

    @property
    def admin_user(self) -> str:
        """The administrator, who may do everything in every vhost made by ``create_vhost``."""
        return self._identity.user

    @property
    def admin_password(self) -> str:
        """The administrator's password, drawn when the folder was made."""
        return self._identity.password

    @property
    def pid(self) -> int | None:
        """The broker's pid, if it runs."""
        running = self._folder.running()
        return running.broker.pid if running is not None and running.broker.alive() else None

    @property
    def log_folder(self) -> Path:
        """Where its logs are."""
        return self._folder.log

    @property
    def ports(self) -> tuple[int, int, int, int]:
        """Every port it listens on while it runs."""
        known = self._identity
        return (known.amqp_port, known.management_port, known.distribution_port, known.epmd_port)

    def amqp_url(self, vhost: str, user: str | None = None, password: str | None = None) -> str:
        """The URL for a client, as the administrator unless an account is given."""
        account = quote(self.admin_user if user is None else user, safe="")
        secret = quote(self.admin_password if password is None else password, safe="")
        return f"amqp://{account}:{secret}@{ADDRESS}:{self.amqp_port}/{quote(vhost, safe='')}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start it and return when clients can connect; nothing to do if it runs.

        Raises:
            ConfigError: RabbitMQ is not installed.
            UnavailableError: it did not come up.
        """
        if self.pid is not None:
            return
        await self.stop()  # half of a node may have been left by somebody who was killed
        identity = self._folder.identity()
        if identity is not None:
            await self._come_up(identity)
            return
        for left in reversed(range(_TRIES)):
            try:
                await self._come_up(Identity.new())
            except UnavailableError:
                if not left:
                    raise
                shutil.rmtree(self._folder.database, ignore_errors=True)
            else:
                return

    async def stop(self) -> None:
        """Shut it down in order, from whatever process; returns when nothing of it is left.

        Takes about six seconds, five of which RabbitMQ waits for a part of its own.
        """
        await self._end(_GRACE_SECONDS)

    async def kill(self) -> None:
        """End it as a power cut would: at once.

        What it had confirmed is there after the next start, with one exception: RabbitMQ 3.10
        writes the *existence* of a quorum queue with a delay of about three seconds, and a queue
        cut off within it never gets a leader again.
        """
        running = self._folder.running()
        if running is not None:
            running.broker.send(signal.SIGKILL)
        await self.stop()

    async def create_vhost(self, name: str) -> None:
        """Make a vhost in which the administrator may do everything."""
        await self.api("PUT", f"vhosts/{quote(name, safe='')}", {})
        await self.api(
            "PUT",
            f"permissions/{quote(name, safe='')}/{quote(self.admin_user, safe='')}",
            {"configure": ".*", "write": ".*", "read": ".*"},
        )

    async def delete_vhost(self, name: str) -> None:
        """Remove a vhost with all that is in it; its clients are disconnected."""
        await self.api("DELETE", f"vhosts/{quote(name, safe='')}")

    @asynccontextmanager
    async def vhost(self, name: str) -> AsyncIterator[str]:
        """A vhost for as long as the block lasts; gives its name."""
        await self.create_vhost(name)
        try:
            yield name
        finally:
            await self.delete_vhost(name)

    async def api(self, method: str, path: str, body: object = None) -> Any:
        """Call the management API as administrator; ``path`` is what follows ``/api/``.

        Returns the parsed JSON, or None for an empty answer. ``consumers`` and ``messages`` of a
        queue are up to five seconds old.

        Raises:
            UnavailableError: no answer, or one that says no.
        """
        url = f"{self.management_url}/api/{path}"
        account = aiohttp.encode_basic_auth(self.admin_user, self.admin_password)
        proof = {"Authorization": account}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
                session.request(method, url, json=body, headers=proof) as answer,
            ):
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as failure:
            raise UnavailableError(f"{method} {url}: {failure!r}") from failure
        if answer.status >= HTTPStatus.BAD_REQUEST:
            said = content.decode(errors="replace")
            raise UnavailableError(f"{method} {url}: {answer.status} {said}")
        return json.loads(content) if content else None

    @property
    def _identity(self) -> Identity:
        identity = self._folder.identity()
        if identity is None:
            raise UnavailableError(f"no broker node was ever started in {self._folder.path}")
        return identity

    async def _come_up(self, identity: Identity) -> None:
        self._folder.lay(identity, self._settings, self._plugins)
        try:
            await self._spawn_and_wait(identity)
        except BaseException:
            await self._end(grace=1.0)
            raise

    async def _spawn_and_wait(self, identity: Identity) -> None:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                epmd = await self._start_epmd(identity)
                broker = self._start_broker(identity)
                self._folder.started(Running(broker=broker, epmd=epmd))
                while not await self._answers():
                    if not (broker.alive() and epmd.alive()):
                        raise UnavailableError(f"the broker node ended:\n{self._last_words()}")
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as late:
            raise UnavailableError(f"the broker node is not up:\n{self._last_words()}") from late

    async def _start_epmd(self, identity: Identity) -> Process:
        # In the foreground and first, or the node would start one that detaches from everybody.
        mapper = program("epmd", package="erlang-base")
        epmd = self._spawn(
            [mapper, "-port", str(identity.epmd_port), "-address", ADDRESS], identity
        )
        while is_free(identity.epmd_port) and epmd.alive():
            await asyncio.sleep(_POLL_SECONDS / 5)
        if not epmd.alive():  # what holds the port is somebody else's, and not to be used
            raise UnavailableError(f"the port mapper ended:\n{self._last_words()}")
        return epmd

    def _start_broker(self, identity: Identity) -> Process:
        if not installed():
            missing = "is not installed; `apt-get install rabbitmq-server` brings it"
            raise ConfigError((Problem(str(_SERVER), 0, missing),))
        return self._spawn([_SERVER], identity)

    def _spawn(self, command: Sequence[str | Path], identity: Identity) -> Process:
        with self._folder.output.open("ab") as output:
            child = spawn(
                command,
                environment=self._folder.environment(identity),
                folder=self._folder.path,
                output=output,
                outlives=self._outlives,
            )
        self._children.append(child)
        return Process.of(child.pid)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(ADDRESS, self.amqp_port)
            writer.close()
            await self.api("GET", "whoami")
        except (OSError, UnavailableError):
            return False
        return True

    async def _end(self, grace: float) -> None:
        children = [Process.of(child.pid) for child in self._children if child.poll() is None]
        running = self._folder.running()
        recorded = [] if running is None else [running.epmd, running.broker]
        # The broker before its port mapper, which it tells goodbye.
        for process in reversed(list(dict.fromkeys([*recorded, *children]))):
            await process.end(grace)
        for child in self._children:
            child.wait()
        self._children.clear()
        self._folder.stopped()

    def _last_words(self) -> str:
        try:
            text = self._folder.output.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "(it printed nothing)"
        return "\n".join(text.splitlines()[-30:])


async def _command(action: str, folder: Path) -> None:
    node = PrivateNode(folder, outlives=True)
    if action == "stop":
        await node.stop()
        return
    await node.start()
    facts = {"pid": node.pid, "amqp_port": node.amqp_port, "management_url": node.management_url}
    sys.stdout.write(json.dumps(facts) + "\n")


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m axisd.simulator.broker", description="A private RabbitMQ node in FOLDER."
    )
    parser.add_argument("action", choices=("start", "stop"))
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    words = parser.parse_args()
    try:
        asyncio.run(_command(words.action, words.folder))
    except AxisError as failure:
        sys.stderr.write(f"{failure}\n")
        return failure.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
