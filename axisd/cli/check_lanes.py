"""A probe document through each lane, by the real door, with a real account, to the probe agency itself.

Whatever comes into the probe agency's boxes meanwhile is taken and thrown away: nothing there is for
anybody, and what an earlier check left behind must not stay. So only one check goes through the lanes at a
time. Going wrong: every trouble is a finding; nothing is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509

from axisd.adapters import keyring
from axisd.adapters.amqp import AgencyClient, DeniedError, Endpoint, Received
from axisd.adapters.amqp.client import Kind
from axisd.adapters.clock import SystemClock
from axisd.cli.alone import alone
from axisd.cli.check_inboxes import UNSET
from axisd.cli.exits import Exit
from axisd.cli.findings import Finding, failed, good, listed, skipped, told
from axisd.cli.output import visible
from axisd.config.load import Configuration
from axisd.config.model import CheckSettings, with_vhost
from axisd.core.probe import NOTATIONS, probe_document
from axisd.core.reasons import Event, Refusal
from axisd.core.receipts import verify_receipt
from axisd.core.signing import SigningKey, sign_envelope
from axisd.core.submission import Lane
from axisd.core.wording import Phrase
from axisd.errors import AxisError, ConfigError, Problem

NAMES: Final = {Lane.NORMAL: "lane-normal", Lane.URGENT: "lane-urgent"}
_WANTED: Final = frozenset({Event.SUBMISSION_ACCEPTANCE, Event.CONTENT_CONSIGNMENT})
_ENDED: Final = frozenset(
    {Event.SUBMISSION_REJECTION, Event.CONTENT_CONSIGNMENT_FAILURE, Event.CONSIGNMENT_REJECTION}
)
_MEND: Final = Phrase(
    "axisd doctor; then axisd document trace with the DocumentId; journalctl -u axisd",
    "axisd doctor; rồi axisd document trace với DocumentId đó; journalctl -u axisd",
)


@dataclass(slots=True)
class _Trip:
    """One probe on its way. `began` is monotonic; `seconds` until it was back with both receipts."""

    lane: Lane
    document_id: str
    body: bytes = field(repr=False)
    began: float = 0.0
    seconds: float | None = None
    arrived: bool = False
    receipts: set[str] = field(default_factory=set)
    trouble: Phrase | None = None

    @property
    def ended(self) -> bool:
        return bool(self.trouble) or (self.arrived and self.receipts >= _WANTED)

    @property
    def missing(self) -> Phrase:
        lacking = [] if self.arrived else [Phrase("the document", "văn bản")]
        return listed([*lacking, *sorted(_WANTED - self.receipts)])

    def take_document(self, received: Received) -> None:
        if received.body != self.body:
            self.trouble = Phrase(
                f"{self.document_id} did not come back byte for byte",
                f"{self.document_id} quay về không còn nguyên vẹn từng byte",
            )
        self.arrived = True

    def take_receipt(self, received: Received, trust: Sequence[x509.Certificate]) -> None:
        verdict = verify_receipt(received.body, trust)
        if verdict.facts is None:
            wrong = next(check for check in verdict.checks if not check.passed)
            self.trouble = Phrase(
                f"a receipt does not verify: {wrong.detail.en}",
                f"một biên nhận không hợp lệ: {wrong.detail.vi}",
            )
        elif verdict.facts.event in _ENDED:
            event, why = verdict.facts.event, verdict.facts.reason_text
            self.trouble = Phrase(f"{event}: {why.en}", f"{event}: {why.vi}")
        else:
            self.receipts.add(verdict.facts.event)


class _Probing:
    """Both lanes at once, over one connection."""

    def __init__(
        self, client: AgencyClient, agency: str, trips: Sequence[_Trip], trust: _Certificates
    ) -> None:
        self.thrown_away = 0
        self._client = client
        self._agency = agency
        self._trips = {trip.document_id: trip for trip in trips}
        self._trust = trust
        self._clock = SystemClock()
        self._news = asyncio.Condition()
        self._lost: AxisError | None = None

    async def run(self, within: float) -> None:
        """Until everything is back, or `within` seconds are over. Raises AxisError when it cannot go on."""
        async with asyncio.TaskGroup() as group:
            boxes: tuple[Kind, ...] = ("inbox", "receipts")
            readers = [group.create_task(self._read(box)) for box in boxes]
            try:
                async with asyncio.timeout(within):
                    await self._submit_all()
                    async with self._news:
                        await self._news.wait_for(self._over)
            except TimeoutError:
                for trip in self._trips.values():
                    if not trip.ended:
                        trip.trouble = Phrase(
                            f"{trip.document_id}: after {within:g} s there is no {trip.missing.en}",
                            f"{trip.document_id}: sau {within:g} giây chưa có {trip.missing.vi}",
                        )
            finally:
                for reader in readers:
                    reader.cancel()
        if self._lost is not None:
            raise self._lost

    async def _submit_all(self) -> None:
        for trip in self._trips.values():
            trip.began = self._clock.monotonic()
            await self._client.submit(trip.body, self._agency, trip.lane)

    def _over(self) -> bool:
        return self._lost is not None or all(trip.ended for trip in self._trips.values())

    async def _read(self, box: Kind) -> None:
        try:
            async with aclosing(self._client.receive(box, self._agency)) as stream:
                async for received in stream:
                    await self._take(box, received)
        except AxisError as error:
            self._lost = self._lost or error
            async with self._news:
                self._news.notify_all()

    async def _take(self, box: Kind, received: Received) -> None:
        # First of all: when the last one is taken everything ends, and nothing may stay behind.
        await received.ack()
        trip = self._trips.get(received.correlation_id)
        if trip is None:
            self.thrown_away += 1
        elif box == "inbox":
            trip.take_document(received)
        else:
            trip.take_receipt(received, self._trust)
        if trip is not None and trip.ended and trip.seconds is None:
            trip.seconds = self._clock.monotonic() - trip.began
        async with self._news:
            self._news.notify_all()


_Certificates = Sequence[x509.Certificate]


async def look_at_lanes(loaded: Configuration) -> list[Finding]:
    """One finding for each lane."""
    settings = loaded.settings.check
    if settings is None:
        return [skipped(name, UNSET) for name in NAMES.values()]
    try:
        endpoint, key = _account(loaded, settings), keyring.load(settings.key, settings.certificate)
        return await _probed(loaded, settings, endpoint, key)
    except ConfigError as error:
        mend = Phrase("the files that the section check names", "xem các tệp nêu ở mục check")
        return _both(told(error), mend, error.exit_code)
    except DeniedError as error:
        mend = Phrase(
            "axisd broker check, then axisd broker apply",
            "axisd broker check, rồi axisd broker apply",
        )
        return _both(told(error), mend, Exit.UNAVAILABLE)
    except AxisError as error:
        mend = Phrase(
            "is RabbitMQ running, is check.url_file right? axisd doctor",
            "RabbitMQ có chạy không, check.url_file có đúng không? axisd doctor",
        )
        return _both(told(error), mend, Exit.UNAVAILABLE)


async def _probed(
    loaded: Configuration, settings: CheckSettings, endpoint: Endpoint, key: SigningKey
) -> list[Finding]:
    patience = settings.timeout.total_seconds()
    async with (
        alone(loaded.settings.ledger.folder, patience),
        AgencyClient(endpoint, deadline=patience) as client,
    ):
        trips = [_trip(loaded, settings, lane, key) for lane in NAMES]
        probing = _Probing(client, loaded.view.probe, trips, _trust(loaded))
        await probing.run(patience)
    return [_finding(trip, probing.thrown_away) for trip in trips]


def _finding(trip: _Trip, thrown_away: int) -> Finding:
    name = NAMES[trip.lane]
    if trip.trouble:
        return failed(name, trip.trouble, _MEND, Exit.UNAVAILABLE)
    assert trip.seconds is not None, "what ended without trouble is back"
    back = Phrase(
        f"{trip.document_id} and its receipts after {trip.seconds:.2f} s",
        f"{trip.document_id} cùng đủ biên nhận sau {trip.seconds:.2f} giây",
    )
    more = Phrase(f"{thrown_away} old messages taken away", f"đã bỏ {thrown_away} thông điệp cũ")
    return good(name, listed([back, more] if thrown_away else [back], "; "))


def _both(detail: Phrase, mend: Phrase, code: int) -> list[Finding]:
    return [failed(name, detail, mend, code) for name in NAMES.values()]


def _account(loaded: Configuration, settings: CheckSettings) -> Endpoint:
    """Where the broker is, as the probe agency's system. Raises ConfigError for another account."""
    file = settings.url_file
    try:
        url = file.read_text(encoding="utf-8").strip()
        endpoint = Endpoint(with_vhost(url, loaded.settings.amqp.vhost), name="axisd check")
        account = endpoint.account
        named = str(endpoint)
    except (OSError, ValueError) as error:
        raise _problem(
            file, f"no address of the broker can be read from it: {_said(error)}"
        ) from error
    system = loaded.view.directory.system_of(settings.agency)
    assert system is not None, "the configuration was checked"
    if account != system.account:
        told = f"it connects to {named} as {visible(account)}; the system of {settings.agency} is"
        raise _problem(file, f"{told} {system.account}")
    return endpoint


def _said(error: OSError | ValueError) -> str:
    """Never the address itself, which carries a password."""
    return (error.strerror or "") if isinstance(error, OSError) else "it is not one"


def _problem(file: Path, text: str) -> ConfigError:
    return ConfigError((Problem(str(file), 0, text),))


def _trip(loaded: Configuration, settings: CheckSettings, lane: Lane, key: SigningKey) -> _Trip:
    urgent = lane is Lane.URGENT
    document_id, body = probe_document(
        loaded.view.probe, NOTATIONS[lane], SystemClock().now(), urgent=urgent
    )
    signed = sign_envelope(body, key)
    if isinstance(signed, Refusal):
        raise _problem(settings.key, signed.text("en"))
    return _Trip(lane, document_id, signed)


def _trust(loaded: Configuration) -> list[x509.Certificate]:
    settings = loaded.settings
    files = (settings.receipts.certificate, *settings.trust.authorities)
    return [certificate for file in files for certificate in file.certificates]
