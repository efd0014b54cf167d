"""Reconciliation with the national axis as a value: what differs between its lists and the ledger, and on record.

`differences` of what was sent compares the axis's list with the ledger's acceptances; of what was received, the
axis's list with what was settled. Each difference has a kind, which says what it means and whether it can be
healed; nothing is changed here. A `Reconciliation` is one run; its `particulars` are what the ledger keeps of it.
Times on the axis are its own, in seconds and without a zone, and its clock is not ours: what happened within `GRACE`
of the run is left to the next one, and acceptances are looked for from a day earlier on. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from axisd.core.evidence import Entry, Evidence, own_facts, particulars_of
from axisd.core.federation import Relayed
from axisd.core.interconnection import Trigger
from axisd.core.lifecycle import OPEN, DeliveryState
from axisd.core.reasons import Event
from axisd.core.zone import VIETNAM, wire_time

SUBJECT: Final = "national-reconciliation"
"""What the entries about reconciliations are about, as the ledger's index has it."""
GRACE: Final = timedelta(minutes=15)
"""How long before the run something may have happened that only one side knows yet."""
EARLIER: Final = timedelta(days=1)
"""How much earlier than asked for the ledger is read, for an axis whose clock is not ours."""
ON_RECORD: Final = 100
"""Differences that stand on record one by one at most; the others are counted."""
SENTENCE: Final = 300
"""Characters of one difference on record."""
NOT_TAKEN: Final = "national-not-taken"
"""The reason of a delivery whose recipient's system called it `fail`."""


class Difference(StrEnum):
    """What a difference is. All are labels of a metric."""

    LOST = "lost"
    """The axis took it from us, and does not list it, or says that it could not send it on."""
    UNKNOWN = "unknown"
    """The axis lists it as sent from here, and nothing here is like it."""
    TWICE = "twice"
    """The axis lists it as sent from here, and we sent the same under another number."""
    UNMARKED = "unmarked"
    """The axis lists it as sent from here; here it still waits, or ended as failed."""
    REFUSED_LATER = "refused-later"
    """The recipient's system called it `fail` after the axis had taken it."""
    STILL_LISTED = "still-listed"
    """Settled here, and still waiting there."""
    MISSING = "missing"
    """Done or failed there in our name, and unknown here."""
    UNTAKEN = "untaken"
    """Waiting there, and it could not be taken again and again."""
    VANISHED = "vanished"
    """It could not be taken, and is not listed any more."""
    MISCOUNTED = "miscounted"
    """The axis's count and its list disagree."""


MEANING: Final[Mapping[Difference, str]] = {
    Difference.LOST: "the axis took it, and does not have it or could not send it on: ask its operator; the"
    " sender can send it again under a new DocumentId",
    Difference.UNKNOWN: "the axis lists it as sent from here, and nothing here knows it: did somebody else use our"
    " credentials? Change the secret, and ask its operator where it came from",
    Difference.TWICE: "the answer to the first try was lost, and the second made another copy: recipients know"
    " them by their DocumentId; nothing to do",
    Difference.UNMARKED: "the answer of the axis was lost: if it still waits here it will be sent once more, which"
    " recipients recognise; if it ended as failed its sender was told that it did not go",
    Difference.REFUSED_LATER: "the recipient's system called it fail: the sender is told",
    Difference.STILL_LISTED: "it was settled here, and the axis did not hear it or forgot: it is told again",
    Difference.MISSING: "the axis says that we have it, and the ledger does not know it: it is fetched again",
    Difference.UNTAKEN: "the axis lists it and does not give it, or gives what nobody can read: ask its operator",
    Difference.VANISHED: "it was listed for us, never came, and is not listed any more: ask its operator, and the"
    " sender, to send it again",
    Difference.MISCOUNTED: "its count and its list disagree: what the list leaves out comes later, or not at all",
}
"""What each kind means, and what becomes of it."""

EXPLAINED: Final = frozenset({Difference.TWICE})
"""Kinds that are told and need nothing: both copies are where they are, and their recipients know them apart."""

HEALED: Final = frozenset({Difference.REFUSED_LATER, Difference.STILL_LISTED, Difference.MISSING})
"""Kinds that a run heals: telling a sender what is so, saying `done` for what is on our disk, and fetching into an
intake that knows what it has seen. Each may be repeated any number of times and changes nothing the second time."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """One message as the axis lists what we sent: one row for each recipient. `at`: None where it is unreadable.

    `notation`: number and notation, as in `7/STC-VP`. The title is not kept."""

    number: str
    sender: str
    recipient: str
    kind: str
    notation: str = ""
    at: datetime | None = None
    send_status: str = ""
    send_words: str = ""
    receive_status: str = ""
    receive_words: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One difference. `number`: the axis's. `sentence`: who, to whom, and what is known; no content."""

    kind: Difference
    number: str
    sentence: str
    of: str = ""
    """The kind of message: document, status, or ""."""
    delivery_id: str = ""
    document_id: str = ""
    healed: bool = False
    words: str = ""
    """What the axis or the recipient's system said."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How much was on either side: `here` in the ledger, `there` on the axis's list."""

    here: int
    there: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One run. `compared`: by list, such as `sent-document`. `incomplete`: what could not be compared, and why."""

    trigger: Trigger
    began: datetime
    since: datetime
    compared: Mapping[str, Compared] = field(default_factory=dict)
    found: tuple[Found, ...] = ()
    incomplete: Mapping[str, str] = field(default_factory=dict)

    def counts(self, *, healed: bool) -> dict[Difference, int]:
        """Differences by kind, every kind, of those that were healed or of those that stand."""
        counted = Counter(found.kind for found in self.found if found.healed is healed)
        return {kind: counted[kind] for kind in Difference}

    @property
    def open(self) -> int:
        """How many differences stand and ask for somebody."""
        return sum(not found.healed and found.kind not in EXPLAINED for found in self.found)

    @property
    def outcome(self) -> str:
        """`clean`, `differences`, or `incomplete` where not everything could be compared."""
        return "incomplete" if self.incomplete else "differences" if self.open else "clean"

    def particulars(self) -> dict[str, str]:
        """What the ledger keeps of it."""
        kept = {
            "outcome": self.outcome,
            "trigger": self.trigger.value,
            "began": wire_time(self.began),
            "since": wire_time(self.since),
        }
        kept |= {
            f"compared:{k}": f"{c.here} here, {c.there} there" for k, c in self.compared.items()
        }
        kept |= {f"incomplete:{k}": _cut(why) for k, why in self.incomplete.items()}
        for name, healed in (("open", False), ("healed", True)):
            counts = self.counts(healed=healed)
            kept |= {f"{name}:{kind}": str(count) for kind, count in counts.items() if count}
        for place, found in enumerate(self.found[:ON_RECORD], 1):
            state = "healed" if found.healed else "open"
            kept[f"difference:{place:03}"] = _cut(
                f"{found.kind} {state} {found.number}: {found.sentence}"
            )
        if (left_out := len(self.found) - ON_RECORD) > 0:
            kept["differences_left_out"] = str(left_out)
        return kept


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run as the ledger has it. `open`: by kind, what stood then; `differences`: as sentences."""

    at: datetime
    outcome: str
    trigger: str
    since: datetime
    open: Mapping[Difference, int]
    healed: Mapping[Difference, int]
    incomplete: Mapping[str, str]
    differences: tuple[str, ...]


def evidence_of(run: Reconciliation, key: str, at: datetime) -> Evidence:
    """The entry of the ledger about `run`; nobody gets a receipt about it. `key`: a new id."""
    return Evidence(
        id=key,
        event=Event.NATIONAL_RECONCILIATION,
        at=at,
        facts=own_facts(SUBJECT, at),
        particulars=run.particulars(),
    )


def recorded(entry: Entry) -> Recorded:
    """The run that `entry` is about. Raises ValueError, with a sentence, where it is about none."""
    told = particulars_of(entry, "reconciliation")
    try:
        return Recorded(
            at=entry.at,
            outcome=told["outcome"],
            trigger=told["trigger"],
            since=datetime.fromisoformat(told["since"]),
            open=_counted(told, "open:"),
            healed=_counted(told, "healed:"),
            incomplete={k[11:]: v for k, v in told.items() if k.startswith("incomplete:")},
            differences=tuple(v for k, v in sorted(told.items()) if k.startswith("difference:")),
        )
    except KeyError as missing:
        raise ValueError(f"this is no reconciliation: {missing} is missing") from missing


def _counted(told: Mapping[str, str], prefix: str) -> dict[Difference, int]:
    return {kind: int(told.get(f"{prefix}{kind}", 0)) for kind in Difference}


def sent_differences(
    relayed: Iterable[Relayed], listed: Iterable[SentRow], *, since: datetime, began: datetime
) -> Iterator[Found]:
    """What differs in what was sent: of the ledger's acceptances those since `since`, and of the list likewise.

    What is not listed is a suspicion: lists are cut short, so ask for each of these by its number."""
    by_number = {row.number: row for row in listed}
    ours = {one.number: one for one in relayed if one.number}
    for one in ours.values():
        row = by_number.get(one.number)
        # What both sides know by its number cannot be too young.
        if since <= one.at and (row is not None or one.at < began - GRACE):
            yield from _about(one, row)
    for row in by_number.values():
        if row.number not in ours and row.at is not None and since <= row.at < began - GRACE:
            yield Found(Difference.UNKNOWN, row.number, between(row), row.kind)


def _about(one: Relayed, row: SentRow | None) -> Iterator[Found]:
    said = f"{one.kind} {one.document_id} from {one.sender} to {one.inbox}"
    found = Found(Difference.LOST, one.number, said, one.kind, one.delivery_id, one.document_id)
    if row is None:
        yield found
    elif row.send_status == "fail":
        yield replace(found, sentence=f"{said}: {row.send_words or 'not sent on'}")
    elif (
        row.receive_status == "fail" and one.state is DeliveryState.SENT and one.reason != NOT_TAKEN
    ):
        words = " ".join(row.receive_words.split())[:SENTENCE]
        yield replace(
            found, kind=Difference.REFUSED_LATER, sentence=f"{said}: {words or '–'}", words=words
        )


def explained(
    unknown: Found, row: SentRow, state: DeliveryState | None, *, sent_before: bool
) -> Found:
    """What a message of ours that the ledger does not know by its number is. `state`: of the delivery that is
    like it, None if there is none; `sent_before`: whether that went under another number."""
    if sent_before:
        return replace(unknown, kind=Difference.TWICE)
    if state is None:
        return unknown
    if state in OPEN or state in {DeliveryState.EXPIRED, DeliveryState.REJECTED}:
        return replace(
            unknown, kind=Difference.UNMARKED, sentence=f"{between(row)}: here it is {state}"
        )
    return replace(unknown, kind=Difference.TWICE)


def between(row: SentRow) -> str:
    """Who sent what to whom, in words, without a title."""
    when = f" at {wire_time(row.at, unit='seconds')}" if row.at is not None else ""
    number = f" {row.notation}" if row.notation else ""
    return f"{row.kind}{number} from {row.sender} to {row.recipient}{when}"


_FORMS: Final = ("%Y/%m/%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S")


def moment_of(text: str) -> datetime | None:
    """A time as the axis writes it, Vietnam's where it has no zone; None where it cannot be read."""
    text = text.strip()
    forms: list[Callable[[str], datetime]] = [partial(_read, form) for form in _FORMS]
    for read in (datetime.fromisoformat, *forms):
        try:
            moment = read(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)).astimezone(UTC)
        except (ValueError, OverflowError):  # the latter at the ends of the calendar
            continue
    return None


def _read(form: str, text: str) -> datetime:
    return datetime.strptime(text[:19], form)  # noqa: DTZ007 - the zone is added by the caller


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SENTENCE else line[: SENTENCE - 1] + "…"
