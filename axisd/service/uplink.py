"""The exit to the national axis: one message per recipient, under the sender's own code.

Its answer decides: taken is taken; codes 20 and 21 are its own trouble and tried again; a wrong account
is ours and pauses the whole exit; everything else is final and the sender is told at once what to do
(spec/vxp.md, codes seen in use).
"""

from __future__ import annotations

from typing import Final

from axisd.core.advance import Attempt, Failed, Sent
from axisd.core.reasons import refuse
from axisd.core.records import Parcel
from axisd.errors import TransientError
from axisd.ports import Clock, NationalAnswer, NationalAxis, Telemetry
from axisd.service.dispatch import Bounds

_AGAIN: Final = frozenset({"20", "21"})
_ACCOUNT: Final = "15"
_FINAL: Final = {
    "10": "national-invalid-file",
    "18": "national-unknown-recipient",
    "19": "national-sender-unregistered",
    "22": "national-not-edxml",
    "23": "national-locked-recipient",
}

BOUNDS: Final = Bounds(window=32, per_destination=16, in_order=True)
"""What is under way to the national axis at once. It keeps no order among requests, so what is about one
document goes one after the other."""


class Uplink:
    """Sends one parcel to the national axis."""

    def __init__(self, national: NationalAxis, clock: Clock, telemetry: Telemetry) -> None:
        self._national = national
        self._clock = clock
        self._telemetry = telemetry

    async def send(self, parcel: Parcel) -> Attempt:
        """Never raises for what the national axis says or does not say."""
        started = self._clock.monotonic()
        agency = parcel.row.destination.partition(":")[2]
        facts = parcel.facts
        try:
            answer = await self._national.send(
                parcel.body, kind=facts.kind, sender=facts.sender, recipients=[agency]
            )
        except TransientError as error:
            self._telemetry.national(
                "send", "failed", self._clock.monotonic() - started, str(error)
            )
            return Failed(refuse("national-failed", detail=str(error)), everywhere=True)
        outcome = "ok" if answer.accepted else f"code {answer.code}"
        if answer.code == _ACCOUNT:
            outcome = "account"
        self._telemetry.national("send", outcome, self._clock.monotonic() - started, answer.text)
        return judged(answer, agency, facts.sender)


def judged(answer: NationalAnswer, agency: str, sender: str) -> Attempt:
    """What the national axis's answer means for the delivery from `sender` to `agency`."""
    if answer.accepted:
        return Sent(answer.doc_id or None)
    if answer.code in _AGAIN:
        return Failed(refuse("national-failed", detail=f"{answer.code} {answer.text}"))
    if answer.code == _ACCOUNT:
        refusal = refuse("national-account", code=answer.code, detail=answer.text)
        return Failed(refusal, everywhere=True)
    code = _FINAL.get(answer.code, "national-refused")
    refusal = refuse(
        code,
        agency=agency,
        sender=sender,
        code=answer.code or "–",
        detail=answer.text.rstrip(" .") or "–",
    )
    return Failed(refusal, final=True)
