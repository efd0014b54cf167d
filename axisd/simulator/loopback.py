"""Free ports on loopback for private servers.

Ports are drawn below the ephemeral range: a client that keeps retrying a dead port *inside* that
range can be given the very port as its own end and connect to itself. Each port is tested by
binding it; nobody holds it afterwards, so a server that finds it taken must ask again.
"""

import contextlib
import errno
import random
import socket

from axisd.errors import UnavailableError

ADDRESS = "127.0.0.1"
LOWEST_PORT = 20_000
HIGHEST_PORT = 31_999


def free_ports(count: int) -> tuple[int, ...]:
    """Return ``count`` different ports that nothing is bound to on loopback right now.

    Raises:
        UnavailableError: the range is exhausted.
    """
    candidates = random.sample(range(LOWEST_PORT, HIGHEST_PORT + 1), HIGHEST_PORT - LOWEST_PORT + 1)
    found: list[int] = []
    with contextlib.ExitStack() as held:  # held until all are found, so that they differ
        for port in candidates:
            if len(found) == count:
                break
            probe = _bound(port)
            if probe is not None:
                held.enter_context(probe)
                found.append(port)
    if len(found) < count:
        raise UnavailableError(f"no {count} free ports between {LOWEST_PORT} and {HIGHEST_PORT}")
    return tuple(found)


def is_free(port: int) -> bool:
    """Whether ``port`` can be bound on loopback right now."""
    probe = _bound(port)
    if probe is None:
        return False
    probe.close()
    return True


def _bound(port: int) -> socket.socket | None:
    probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # As servers do: what lingers in TIME_WAIT does not count as taken.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((ADDRESS, port))
    except OSError as failure:
        probe.close()
        if failure.errno in {errno.EADDRINUSE, errno.EACCES}:
            return None
        raise
    return probe
