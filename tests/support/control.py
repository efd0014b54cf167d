"""The other end of the control socket, for commands that ask the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from axisd.web.control import Answer


@dataclass(slots=True)
class Book:
    """`axisd.web.control.Checks`: keeps what it is given; a national axis that answers as it is told."""

    records: list[Mapping[str, object]] = field(default_factory=list)
    probes: list[str | None] = field(default_factory=list)
    reconciled: list[str | None] = field(default_factory=list)
    run: dict[str, Any] = field(default_factory=dict)
    """What a reconciliation is said to have found."""
    answers: list[dict[str, Any]] = field(default_factory=list)
    """What the probe is said to have come to, one answer after the other; the last one stays."""

    async def record(self, particulars: Mapping[str, object]) -> Answer:
        self.records.append(particulars)
        return {"id": "e-1", "at": "2026-11-29T07:30:00.000+07:00"}

    async def reconcile(self, since: str | None) -> Answer:
        self.reconciled.append(since)
        return self.run

    async def probe_national(self, document_id: str | None) -> Answer:
        self.probes.append(document_id)
        answer = self.answers[0]
        if len(self.answers) > 1:
            self.answers.pop(0)
        return answer


class Idle:
    """`axisd.web.control.Operations` that nobody asks anything of."""

    async def reload(self) -> Answer:
        raise AssertionError("nobody reloads here")

    async def retry(self, destination: str | None) -> Answer:
        raise AssertionError(f"nobody sends again to {destination}")

    async def interrupted(self) -> Answer:
        return {"interrupted": []}

    async def status(self) -> Answer:
        raise AssertionError("nobody asks how it is")
