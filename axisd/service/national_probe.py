"""A probe over the national axis and back: sent by the daemon, recognised by the downlink.

It goes from the probe agency to itself, so the national axis puts it into our own mailbox. There it is
answered `done` and goes no further: whatever the probe agency sent to itself over the national axis is a
probe, also one that nobody waits for any more, and never becomes a submission. It carries no signature: the
national axis serialises anew, and nothing of it is ever relied upon.

Going wrong: what the national axis refuses is a value; that it cannot be reached is a TransientError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from axisd.core.probe import NATIONAL, document_id_in, probe_document
from axisd.core.view import View
from axisd.errors import TransientError
from axisd.ports import Clock, NationalAnswer, NationalAxis, NationalItem, Telemetry

_REMEMBERED: Final = 16
"""Probes whose return is waited for, the newest ones."""


@dataclass(frozen=True, slots=True)
class SentProbe:
    """`answer`: what the national axis said to it, None until it did. `seconds`: how long it took to come
    back, None until it does; `began` is monotonic."""

    document_id: str
    began: float
    answer: NationalAnswer | None = None
    seconds: float | None = None


class NationalProbe:
    """Used from the loop of the daemon. `view` names the probe agency; a reload may change it."""

    def __init__(
        self, national: NationalAxis, view: Callable[[], View], clock: Clock, telemetry: Telemetry
    ) -> None:
        self._national = national
        self._view = view
        self._clock = clock
        self._telemetry = telemetry
        self._sent: dict[str, SentProbe] = {}

    async def send(self) -> SentProbe:
        """Sends one. Raises TransientError when there is no probe agency, or no answer."""
        agency = self._view().probe
        if not agency:
            raise TransientError("the running axis has no probe agency: reload it")
        document_id, body = probe_document(agency, NATIONAL, self._clock.now())
        began = self._clock.monotonic()
        # Remembered before: it may be back before the answer is.
        self._remember(SentProbe(document_id, began))
        try:
            answer = await self._national.send(
                body, kind="document", sender=agency, recipients=[agency]
            )
        except TransientError as error:
            self._report("failed", began, str(error))
            raise
        self._report("ok" if answer.accepted else f"code {answer.code}", began, answer.text)
        known = self._sent.get(document_id, SentProbe(document_id, began))
        return self._remember(replace(known, answer=answer))

    def sent(self, document_id: str) -> SentProbe | None:
        """The probe with this DocumentId; None if it is none of the newest."""
        return self._sent.get(document_id)

    def returned(self, item: NationalItem, body: bytes) -> bool:
        """Whether `item` is a probe of ours that came back, which is then remembered."""
        view = self._view()
        organ = view.directory.canonical
        if not view.probe or {organ(item.sender), organ(item.recipient)} != {view.probe}:
            return False
        known = self._sent.get(document_id_in(body, view.limits))
        if known is not None and known.seconds is None:
            self._remember(replace(known, seconds=self._clock.monotonic() - known.began))
        return True

    def _remember(self, probe: SentProbe) -> SentProbe:
        self._sent[probe.document_id] = probe
        while len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]
        return probe

    def _report(self, outcome: str, began: float, text: str) -> None:
        self._telemetry.national("send", outcome, self._clock.monotonic() - began, text)
