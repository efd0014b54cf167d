"""What the running daemon says of circuit breakers, for the commands that show what waits.

They live in the daemon's memory alone. Where no daemon runs nothing leaves anyway, and nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from axisd.cli.output import note, visible
from axisd.errors import TransientError, UnavailableError
from axisd.web.control import ControlClient

Broken = Mapping[str, Mapping[str, Any]] | None
"""By destination; None where no daemon answers."""

_CLOSED: Final[Mapping[str, Any]] = {"circuit": "closed", "until": None}


async def interrupted(socket: Path) -> Broken:
    """What is not closed, whole exits (`relay`, `uplink`) among it."""
    try:
        answer = await ControlClient(socket).ask("interrupted")
    except (UnavailableError, TransientError):
        return None
    return {one["destination"]: one for one in answer["interrupted"]}


def circuit_of(broken: Broken, destination: str) -> dict[str, Any]:
    """For machines: `circuit` and `circuit_until`, both null where no daemon answers."""
    if broken is None:
        return {"circuit": None, "circuit_until": None}
    found = broken.get(destination, _CLOSED)
    return {"circuit": found["circuit"], "circuit_until": found["until"]}


def in_words(broken: Broken, destination: str) -> str:
    """For people, such as `open until 2026-11-29T08:00:00.000+07:00`."""
    found = circuit_of(broken, destination)
    if found["circuit"] is None:
        return "–"
    until = f" until {found['circuit_until']}" if found["circuit"] == "open" else ""
    return f"{found['circuit']}{until}"


def say_exits(broken: Mapping[str, Mapping[str, Any]], as_json: bool) -> None:
    """That a whole exit is shut, which no destination can be blamed for."""
    for name, one in broken.items():
        if ":" not in name and not as_json:
            note(
                f"the exit {visible(name)} is shut ({one['failures']} tries): {one['circuit']}",
                "bad",
            )
