"""The protocol with systemd: one datagram, the right words, and nothing without a socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from axisd.adapters.systemd import Notifier


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(path)
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield listening


def heard(listening: socket.socket) -> list[str]:
    return listening.recv(4096).decode().split("\n")


def test_ready_comes_with_its_status_in_one_datagram(systemd: socket.socket) -> None:
    Notifier().ready("serving 3 systems")
    assert heard(systemd) == ["READY=1", "STATUS=serving 3 systems"]


def test_a_reload_carries_the_monotonic_time_in_the_same_datagram(systemd: socket.socket) -> None:
    Notifier().reloading()
    first, second = heard(systemd)
    assert first == "RELOADING=1"
    name, _, value = second.partition("=")
    assert name == "MONOTONIC_USEC"
    assert int(value) > 0


def test_stopping_watchdog_and_status_have_their_words(systemd: socket.socket) -> None:
    notifier = Notifier()
    notifier.stopping()
    notifier.watchdog()
    notifier.status("12 waiting")
    assert [heard(systemd) for _ in range(3)] == [
        ["STOPPING=1"],
        ["WATCHDOG=1"],
        ["STATUS=12 waiting"],
    ]


def test_a_status_is_one_short_line_whatever_is_in_it(systemd: socket.socket) -> None:
    Notifier().status("a\nREADY=1\n" + "x" * 1000)
    (line,) = heard(systemd)
    assert line.startswith("STATUS=a READY=1 x")
    assert len(line) < 250


def test_an_abstract_socket_is_reached_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"axisd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(b"\0" + name.encode())
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        Notifier().ready()
        assert heard(listening) == ["READY=1"]


@pytest.mark.parametrize("address", [None, "", "vsock:2:1", "/nowhere/at/all"])
def test_without_somebody_to_tell_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notifier = Notifier()
    notifier.ready("x")
    notifier.watchdog()
    assert notifier.watchdog_interval() is None


def test_a_full_socket_does_not_hold_the_daemon_up(systemd: socket.socket) -> None:
    notifier = Notifier()
    for _ in range(5000):
        notifier.watchdog()
    assert heard(systemd) == ["WATCHDOG=1"]


@pytest.mark.parametrize(
    ("pid", "expected"),
    [(str(os.getpid()), 30.0), ("1", None), (None, 30.0)],
    ids=["ours", "another's", "nobody's"],
)
def test_the_watchdog_interval_is_ours_only_if_the_pid_is(
    monkeypatch: pytest.MonkeyPatch, pid: str | None, expected: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid is not None:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert Notifier().watchdog_interval() == expected


def test_children_do_not_inherit_the_socket(systemd: socket.socket) -> None:
    Notifier()
    assert "NOTIFY_SOCKET" not in os.environ
