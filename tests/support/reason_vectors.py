"""For every Reason something that really leads to it, through the code that a submission goes through.

`LEADS` maps a code to a function that returns every refusal that came of its vector. Those about the XML
are checked in under tests/vectors/bad/ (scripts/make_vectors.py); what needs a signature, an account, a
directory, a broker or the national axis is made here, because keys are never kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from axisd.adapters.recording import RecordingTelemetry
from axisd.core.advance import Failed, Means, advance
from axisd.core.allowance import Allowance
from axisd.core.deadlines import asked_back, begin, ended
from axisd.core.directory import Channel, Directory, Profile
from axisd.core.handover import marked, said_cause
from axisd.core.inspect import crashed, inspect
from axisd.core.inspection import Inspection
from axisd.core.lapses import lapse
from axisd.core.lifecycle import DeliveryState
from axisd.core.mailbox import ItemState
from axisd.core.not_taken import not_taken
from axisd.core.reasons import REASONS, Refusal, refuse
from axisd.core.records import Known, KnownDelivery, RouteKind, updated
from axisd.core.retry import Backoff
from axisd.core.signature import check, uncovered
from axisd.core.submission import Door
from axisd.core.view import Limits, Policy, View
from axisd.ports import Delivered, Message, NationalAnswer
from axisd.service.allowances import Allowances
from axisd.service.relay import Relay
from axisd.service.uplink import judged
from tests.support.book import Book
from tests.support.good_vectors import RECEIVED
from tests.support.life_vectors import LIVES, told
from tests.support.messages import ATTACHED, DOCUMENT, STATUS, swap
from tests.support.reading import SCHEMAS, root_of, vectors
from tests.support.signed_vectors import BAD as BAD_SIGNATURES
from tests.support.signed_world import NOW, OTHER, SENDER, signed, world
from tests.support.values import (
    DOOR,
    agency,
    delivery,
    directory,
    facts,
    minter,
    parcel,
    submission,
    system,
    view,
)
from tests.support.virtual import LoopClock, virtually

Lead = Callable[[], Iterator[Refusal]]

_RESTING: Final = "000.00.12.H53"
_BEHIND: Final = "000.00.16.H53"
_FROM: Final = f"<edXML:From>\n          <edXML:OrganId>{SENDER}<"
_REFUSES: Final = ("StatusCode>03<", "StatusCode>02<")
_BY_OTHER: Final[Mapping[str, Any]] = {"account": "science", "routing_key": f"normal.{OTHER}"}
_TO: Final = f"<edXML:To>\n          <edXML:OrganId>{OTHER}<"


def province(*, profile: Profile = Profile.REQUIRED, **changes: Any) -> View:
    """Two agencies that sign, one whose account is suspended, one closed,
    one that is yet to come, one without a system, one whose system is behind a door."""
    agencies = (
        agency(SENDER, twin="H53.11"),
        agency(OTHER),
        agency(_RESTING),
        agency("000.00.20.H53", valid_to=date(2025, 7, 1)),
        agency("000.00.22.H53", valid_from=date(2030, 1, 1)),
        agency("002.02.01.H53"),
        agency(_BEHIND),
    )
    systems = (
        system("finance", SENDER, profile=profile),
        system("science", OTHER, profile=profile),
        system("resting", _RESTING, suspended=True),
        system("behind", _BEHIND, channel=Channel.VXP),
    )
    changes = {"directory": directory(agencies, systems), "trust": world().trust} | changes
    return view(**changes)


def _sender_row(**changes: Any) -> Directory:
    """A directory in which the sender's code does not hold on every day."""
    agencies = (agency(SENDER, twin="H53.11", **changes), agency(OTHER))
    return directory(agencies, (system("finance", SENDER), system("science", OTHER)))


def _inspected(body: bytes, where: View, **changes: Any) -> Inspection:
    changes = {"received_at": NOW, "routing_key": f"normal.{SENDER}"} | changes
    return inspect(submission(body, **changes), where, SCHEMAS)


def _handed_in(
    body: bytes | Callable[[], bytes], *, where: Mapping[str, Any] | None = None, **changes: Any
) -> Lead:
    """Inspected and settled; `where` changes the view, `changes` the submission."""

    def lead() -> Iterator[Refusal]:
        here = province(**(where or {}))
        octets = body if isinstance(body, bytes) else body()
        return told(Book(here).settle(_inspected(octets, here, **changes)))

    return lead


def _document(*changes: tuple[str, str], by: str = "sender", **handing: Any) -> Lead:
    """A document with `changes`, signed by one of `signed_world.CREDENTIALS`."""
    return _handed_in(
        lambda: signed(swap(DOCUMENT, *changes).encode(), world().credential(by)), **handing
    )


def _checked_in(code: str) -> Lead:
    """Of the vectors under tests/vectors/bad/`code`, unsigned as they are."""

    def lead() -> Iterator[Refusal]:
        for name, body, _ in vectors("bad"):
            if name.startswith(f"{code}/"):
                yield from _handed_in(body)()

    return lead


def _warned(code: str) -> Lead:
    """Of the vectors under tests/vectors/good/ that are accepted with this warning, unsigned as they are."""

    def lead() -> Iterator[Refusal]:
        where = {"profile": Profile.IF_PRESENT}
        for _, body, found in vectors("good"):
            if code in found["warnings"]:
                by = _BY_OTHER if found["kind"] == "status" else {}
                yield from _handed_in(body, where=where, received_at=RECEIVED, **by)()

    return lead


def _signature(code: str) -> Lead:
    def lead() -> Iterator[Refusal]:
        for vector in BAD_SIGNATURES.values():
            if vector.reason == code:
                yield from _handed_in(vector.make)()

    return lead


def _status(*changes: tuple[str, str]) -> bytes:
    return signed(swap(STATUS, *changes).encode(), world().credential("another agency"))


def _split_code() -> Iterator[Refusal]:
    """Step 8 by itself: the reader refuses such a comment before it comes to that."""
    text = signed(DOCUMENT.encode()).decode()
    root = root_of(swap(text, (_FROM, _FROM.replace("000.00", "000<!-- -->.00"))))
    refusal = uncovered(root, check(root))
    assert refusal is not None
    yield refusal


def _to(code: str, **handing: Any) -> Lead:
    return _document((_TO, _TO.replace(OTHER, code)), **handing)


def _other_content_under_the_same_id() -> Iterator[Refusal]:
    book = Book(province())
    other = swap(DOCUMENT, ("V/v lập dự toán năm 2027", "V/v lập dự toán năm 2028"))
    for text in (DOCUMENT, other):
        yield from told(book.settle(_inspected(signed(text.encode()), book.view)))


def _refused_by_recipient() -> Iterator[Refusal]:
    book = Book(province())
    book.settle(_inspected(signed(DOCUMENT.encode()), book.view))
    return told(book.settle(_inspected(_status(_REFUSES), book.view, **_BY_OTHER)))


def _limited(allowance: Allowance) -> Directory:
    """The sender's system has limits."""
    limited = system("finance", SENDER, allowance=allowance)
    return directory(
        (agency(SENDER, twin="H53.11"), agency(OTHER)), (limited, system("science", OTHER))
    )


def _beyond(allowance: Allowance, *, before: int = 0, waiting: int = 0) -> Lead:
    """A document that is handed in after `before` others while `waiting` deliveries have not left."""

    def lead() -> Iterator[Refusal]:
        here = province(directory=_limited(allowance))

        async def counted() -> Mapping[str, int]:
            return {SENDER: waiting}

        allowances = Allowances(lambda: here, counted, LoopClock(), RecordingTelemetry())

        async def last() -> Refusal | None:
            await allowances.look()
            for _ in range(before):
                assert allowances.exceeded(submission()) is None
            return allowances.exceeded(submission())

        body = signed(DOCUMENT.encode())
        return told(Book(here).settle(_inspected(body, here, exceeded=virtually(last()))))

    return lead


def _crashed() -> Iterator[Refusal]:
    here = province()
    handed = submission(b"<poison/>", received_at=NOW)
    return told(Book(here).settle(crashed(handed, here, "RecursionError")))


@dataclass(frozen=True)
class _Broker:
    """Says the same of everything."""

    said: Delivered

    async def publish(self, _: Message) -> Delivered:
        return self.said


def _broker(said: Delivered) -> Lead:
    def lead() -> Iterator[Refusal]:
        attempt = asyncio.run(Relay(_Broker(said)).send(parcel()))
        assert isinstance(attempt, Failed)
        yield attempt.refusal

    return lead


def _national(code: str) -> Lead:
    def lead() -> Iterator[Refusal]:
        attempt = judged(NationalAnswer(code, "câu trả lời"), "G14", SENDER)
        assert isinstance(attempt, Failed)
        yield attempt.refusal

    return lead


def _not_taken() -> Iterator[Refusal]:
    of = delivery(route=RouteKind.NATIONAL, state=DeliveryState.SENT)
    known = KnownDelivery(of, facts(), None)
    return told(not_taken(known, "n1", "lỗi đọc tệp", view(), mint=minter(), now=NOW))


def _too_late(route: RouteKind) -> Lead:
    def lead() -> Iterator[Refusal]:
        of = delivery(route=route)
        late = Means(Backoff(), 0.0, minter(), of.expires_at + timedelta(seconds=1), view())
        waits = Failed(refuse("broker-silent", agency=of.inbox))
        return told(advance(parcel(of), waits, Known(), late))

    return lead


def _lapsed(
    code: str, days: int, state: DeliveryState = DeliveryState.SENT, *, asked: bool = False
) -> Lead:
    """The last that is told within `days` of a document that asks for a reply by the end of its fourth day."""

    def lead() -> Iterator[Refusal]:
        here = view()
        of = delivery(state=state)
        inbox, at, day = of.inbox, of.created_at, "2026/01/08"
        watch = begin(here, created_at=at, inbox=inbox, due_date=day, kind="document")
        if asked:
            watch = asked_back(ended(watch), at, here, inbox)
        known = KnownDelivery(replace(of, watch=watch), facts(), None)
        for hour in range(24 * days):
            now = at + timedelta(hours=hour)
            change = lapse(known, here, now, mint=minter(hour * 100))
            for update in change.updates:
                known = replace(known, delivery=updated(known.delivery, update))
            yield from (refusal for refusal in told(change) if refusal.code == code)

    return lead


def _could_not_be_taken() -> Iterator[Refusal]:
    of = delivery(inbox=DOOR, route=RouteKind.MAILBOX, state=DeliveryState.SENT)
    known = KnownDelivery(of, facts(), None, mailbox=of.first_mark)
    cause = said_cause("Không mở được tệp")
    now = of.created_at
    return told(marked([known], ItemState.FAIL, cause, view=view(), mint=minter(), now=now))


LEADS: Final[Mapping[str, Lead]] = {
    **{
        code: _checked_in(code)
        for code in sorted({name.partition("/")[0] for name, _, _ in vectors("bad")})
    },
    # size and content type
    "too-large": _document(where={"limits": replace(Limits(), envelope=100)}),
    "content-type": _document(content_type="application/json"),
    # the account
    "account-missing": _document(account=None),
    "account-unknown": _document(account="nobody"),
    "account-suspended": _document(account="resting", routing_key=f"normal.{_RESTING}"),
    "account-channel": _document(account="behind", routing_key=f"normal.{_BEHIND}"),
    "account-not-for-agency": _document(routing_key=f"normal.{OTHER}"),
    "routing-key": _document(routing_key="slow"),
    "allowance-size": _document(where={"directory": _limited(Allowance(size=1024))}),
    "allowance-rate": _beyond(Allowance(rate=0.5, burst=1), before=1),
    "allowance-outstanding": _beyond(Allowance(outstanding=1), waiting=1),
    # the signature
    "signature-missing": _handed_in(DOCUMENT.encode()),
    **{
        code: _signature(code)
        for code in (
            "signature-place",
            "signature-reference",
            "signature-algorithm",
            "signature-malformed",
            "signature-invalid",
        )
    },
    "signer-unknown": _document(by="strange authority"),
    "signer-not-sender": _document(by="another agency"),
    "signer-expired": _document(by="expired"),
    "signer-not-yet-valid": _document(by="not yet valid"),
    "signer-key": _document(by="encryption only"),
    "not-covered": _split_code,
    # the rules
    "sender-not-account": _document(**_BY_OTHER),
    "sender-unknown": _handed_in(
        swap(DOCUMENT, (_FROM, _FROM.replace(SENDER, "000.00.99.H53"))).encode(),
        where={"profile": Profile.IF_PRESENT},
    ),
    "sender-closed": _document(
        where={"directory": _sender_row(valid_to=date(2025, 7, 1), successor=OTHER)}
    ),
    "sender-not-open": _document(where={"directory": _sender_row(valid_from=date(2030, 1, 1))}),
    "code-malformed": _to("000.00\u200b.13.H53"),
    "recipients-too-many": _document(where={"limits": replace(Limits(), recipients=0)}),
    "recipient-unknown": _to("000.00.99.H53"),
    "recipient-closed": _to("000.00.20.H53"),
    "recipient-not-open": _to("000.00.22.H53"),
    "recipient-not-named": _document(door=Door.VXP, addressed_to=(_RESTING,)),
    "recipient-unreachable": _to("002.02.01.H53"),
    "national-closed": _to("000.00.00.G14", where={"national": False}),
    "secrecy-mark": _document(("V/v lập dự toán năm 2027", "(Tuyệt mật) V/v lập dự toán")),
    "attachment-required": _document(
        (ATTACHED, ""), where={"policy": Policy(attachment_required=True)}
    ),
    **{code: _warned(code) for code, reason in REASONS.items() if reason.is_warning},
    "status-reason-missing": _handed_in(
        lambda: _status(_REFUSES, (">Văn thư đã tiếp nhận<", "> - <")), **_BY_OTHER
    ),
    "document-id-reused": _other_content_under_the_same_id,
    "recipient-refused": _refused_by_recipient,
    "handover-failed": _could_not_be_taken,
    # the life of a document
    **LIVES,
    # ourselves and the broker
    "quarantined": _crashed,
    "inbox-missing": _broker(Delivered.RETURNED),
    "broker-refused": _broker(Delivered.NACKED),
    "broker-silent": _broker(Delivered.SILENT),
    "expired": _too_late(RouteKind.LOCAL),
    # deadlines
    **{
        code: _lapsed(code, 5)
        for code in (
            "arrival-due",
            "arrival-overdue",
            "registration-due",
            "registration-overdue",
            "reply-due",
            "reply-overdue",
        )
    },
    "recall-answer-due": _lapsed("recall-answer-due", 3, asked=True),
    "recall-answer-overdue": _lapsed("recall-answer-overdue", 3, asked=True),
    "consignment-overdue": _lapsed("consignment-overdue", 3, DeliveryState.DEFERRED),
    # the national axis
    "national-refused": _national("999"),
    "national-invalid-file": _national("10"),
    "national-sender-unregistered": _national("19"),
    "national-not-edxml": _national("22"),
    "national-unknown-recipient": _national("18"),
    "national-locked-recipient": _national("23"),
    "national-account": _national("15"),
    "national-failed": _national("20"),
    "national-not-taken": _not_taken,
    "national-expired": _too_late(RouteKind.NATIONAL),
}
