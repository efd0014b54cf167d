"""Ports for private servers are free, different, and below the ephemeral range."""

import socket
from pathlib import Path

import pytest

from axisd.errors import UnavailableError
from axisd.simulator import loopback
from axisd.simulator.loopback import HIGHEST_PORT, LOWEST_PORT, free_ports, is_free


def test_free_ports_are_different_and_can_be_bound_together() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    servers = [socket.create_server(("127.0.0.1", port)) for port in ports]
    for server in servers:
        server.close()


def test_the_range_ends_below_this_machines_ephemeral_ports() -> None:
    text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
    assert all(LOWEST_PORT <= port <= HIGHEST_PORT for port in free_ports(50))
    assert int(text.split()[0]) > HIGHEST_PORT


def test_a_port_in_use_is_not_free_and_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    low, high = sorted(_two_neighbours())
    monkeypatch.setattr(loopback, "LOWEST_PORT", low)
    monkeypatch.setattr(loopback, "HIGHEST_PORT", high)
    with socket.create_server(("127.0.0.1", low)):
        assert not is_free(low)
        assert free_ports(1) == (high,)
        with pytest.raises(UnavailableError, match="no 2 free ports"):
            free_ports(2)
    assert is_free(low)


def _two_neighbours() -> tuple[int, int]:
    for port in free_ports(50):
        if port < HIGHEST_PORT and is_free(port + 1):
            return port, port + 1
    raise AssertionError("no two free ports side by side among 50")
