"""What a private server drew once and goes on with: secrets and ports, in one file for its owner only.

A folder that was stopped and is started again has the same accounts at the same addresses. A port that
somebody else holds by then is drawn anew, and kept.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from axisd.simulator.loopback import free_ports, is_free


class Kept:
    """The facts in `file`, which is made at the first one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._facts: dict[str, str] = {}
        if file.exists():
            self._facts = json.loads(file.read_text(encoding="utf-8"))

    def secret(self, name: str, octets: int = 18) -> str:
        """The secret called `name`: letters, digits, `-` and `_`."""
        return self._facts.get(name) or self._keep(name, secrets.token_urlsafe(octets))

    def port(self, name: str) -> int:
        """The port called `name`, free right now on loopback."""
        known = self._facts.get(name)
        if known is not None and is_free(int(known)):
            return int(known)
        # One more than the folder can know already: nobody holds those while they are drawn.
        drawn = free_ports(len(self._facts) + 1)
        port = next(one for one in drawn if str(one) not in self._facts.values())
        self._keep(name, str(port))
        return port

    def _keep(self, name: str, value: str) -> str:
        self._facts[name] = value
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._facts, file, indent=1)
        return value
