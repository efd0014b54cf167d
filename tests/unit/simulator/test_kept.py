"""What was drawn once is there again, for its owner only."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

from axisd.simulator.kept import Kept
from axisd.simulator.loopback import ADDRESS


def test_a_secret_and_a_port_are_the_same_for_the_next_one(tmp_path: Path) -> None:
    file = tmp_path / "new" / "kept.json"
    first = Kept(file)
    secret, port = first.secret("finance"), first.port("http")
    again = Kept(file)
    assert (again.secret("finance"), again.port("http")) == (secret, port)
    assert again.secret("health") != secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_port_that_somebody_holds_is_drawn_anew_and_kept(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept.json")
    port = kept.port("http")
    with socket.create_server((ADDRESS, port)):
        other = kept.port("http")
        assert other != port
    assert Kept(tmp_path / "kept.json").port("http") == other
