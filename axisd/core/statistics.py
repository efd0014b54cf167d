"""From what the ledger has of a period to the numbers of its report. Pure. What each number means exactly.

*Day.* Everything belongs to Vietnam's day of `received_at` of its submission: the submission, its copies,
and what became of them later. A document that is handed in again for other recipients is counted on the
day on which it was accepted first, so the numbers of days add up to those of any period made of them.

*Whose.* A submission is its sender's: the organ in the envelope where it was accepted, else the agency
that was told (an envelope that is refused proves nothing about who wrote it); for what came over the
national axis the organ in the envelope; "" where nobody can be named. A copy is its recipient's, also
where an intake office received it; for that office it counts as `for-others`, and in nothing else.

*Sides.* `agency`: those that this axis serves; `national`: those on the other side of the national axis. A
sender is on the side whose door the submission came in by, a recipient on the side to which its route leads.

*Copies* are the deliveries of new, updating and replacing documents; deliveries of recalls
(`recall-notices`) and of statuses (`statuses-received`) are apart. Each is in exactly one state at the
cut-off: `waiting` queued, deferred or held; `placed` sent; `taken` handed over; `declined` rejected by its
recipient (02); `failed` rejected on the way; `expired`; `withdrawn`; `recalled`. `received` = placed + taken
+ declined + recalled.

*Overdue.* A deadline that passed before the cut-off: *late* if it was met afterwards, *outstanding* if not;
one met in time or not over yet is neither. A copy for which nothing is awaited has no deadline, and while
a recall of it is unanswered nobody is pressed to register it or to reply. A refusal (02) meets both.

*Times* run from `received_at` to the wire time at which a status said "arrived" or "registered": on the
wire as the clock has it, in law as the office hours that lie between (of the agency in whose inbox it
lies). One before `received_at` counts as 0. *Median* and *p95* are by nearest rank: the smallest value
that half, or 95 %, of the values do not exceed; each is a value that occurred. *Worst* is the largest.

The measures one by one: `axisd.core.measures`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from axisd.core.calendar import Calendar
from axisd.core.envelope import Business, Kind
from axisd.core.history import RecallOutcome
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.measures import Measure
from axisd.core.period import Period, PeriodKind
from axisd.core.records import RouteKind
from axisd.core.submission import Door, Lane
from axisd.core.zone import VIETNAM


class Copy(NamedTuple):
    """One delivery, as far as it is counted. `business` as in `Identity`."""

    recipient: str
    inbox: str
    business: str
    route: RouteKind
    state: DeliveryState
    reason: str
    arrival_due: datetime | None = None
    registration_due: datetime | None = None
    reply_due: datetime | None = None
    recall_due: datetime | None = None
    arrived_at: datetime | None = None
    registered_at: datetime | None = None


class HandIn(NamedTuple):
    """One submission with what belongs to it. `repeated`: its document was accepted before, for other
    recipients. `unmatched`: a status about a document that is not known. `turned_away`: why, for each
    recipient that an acceptance refused. `recalls`: what became of each delivery that it recalls."""

    id: str
    received_at: datetime
    door: Door
    kind: str
    business: str
    sender: str
    reply_to: str
    state: SubmissionState
    reason: str
    lane: Lane
    original: bool
    repeated: bool
    unmatched: bool
    copies: tuple[Copy, ...]
    turned_away: tuple[str, ...]
    recalls: tuple[RecallOutcome, ...]


class Side(StrEnum):
    """Where an organ is."""

    AGENCY = "agency"
    NATIONAL = "national"
    PROBE = "probe"
    """The axis's own probe agency, whose documents to itself are nobody's traffic."""


class Step(StrEnum):
    """Until when a time is taken."""

    ARRIVAL = "arrival"
    REGISTRATION = "registration"


class Spread(NamedTuple):
    """What a number of times come to; None where there is none."""

    number: int = 0
    median: timedelta | None = None
    p95: timedelta | None = None
    worst: timedelta | None = None


class Times(NamedTuple):
    """The same times on the wire and in law."""

    wire: Spread = Spread()
    legal: Spread = Spread()


@dataclass(frozen=True, slots=True)
class Line:
    """All numbers of one organ, or a total. `reasons`: of the measures that are counted by reason too."""

    side: Side | None
    code: str
    counts: Mapping[Measure, int]
    reasons: Mapping[Measure, Mapping[str, int]]
    times: Mapping[Step, Times]

    def __getitem__(self, measure: Measure) -> int:
        return self.counts.get(measure, 0)


class Bucket(NamedTuple):
    """An hour of a day, or a day of a longer period. Copies: to agencies here, and to the national axis."""

    start: datetime
    copies: int
    national: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The numbers of a period, as of `as_of`. `lines` in order of side and code."""

    period: Period
    as_of: datetime
    lines: tuple[Line, ...]
    agencies: Line
    national: Line
    probes: Line
    total: Line
    course: tuple[Bucket, ...]

    def side(self, side: Side) -> Sequence[Line]:
        """The lines of one side."""
        return [line for line in self.lines if line.side is side]


_COPY_STATES: Final[Mapping[DeliveryState, tuple[Measure, Measure]]] = {
    DeliveryState.QUEUED: (Measure.SENT_WAITING, Measure.WAITING),
    DeliveryState.DEFERRED: (Measure.SENT_WAITING, Measure.WAITING),
    DeliveryState.HELD: (Measure.SENT_WAITING, Measure.WAITING),
    DeliveryState.SENT: (Measure.SENT_PLACED, Measure.PLACED),
    DeliveryState.HANDED_OVER: (Measure.SENT_TAKEN, Measure.TAKEN),
    DeliveryState.REJECTED: (Measure.SENT_FAILED, Measure.FAILED),
    DeliveryState.EXPIRED: (Measure.SENT_EXPIRED, Measure.EXPIRED),
    DeliveryState.WITHDRAWN: (Measure.SENT_WITHDRAWN, Measure.WITHDRAWN),
    DeliveryState.RECALLED: (Measure.SENT_RECALLED, Measure.RECALLED),
}
_DECLINED: Final = (Measure.SENT_DECLINED, Measure.DECLINED)
_RECIPIENT_REFUSED: Final = "recipient-refused"
"""The reason of a delivery that was rejected by its recipient's status 02."""
_RECEIVED: Final = frozenset({Measure.PLACED, Measure.TAKEN, Measure.DECLINED, Measure.RECALLED})
_NOT_RECEIVED: Final = frozenset({Measure.FAILED, Measure.EXPIRED})
_BUSINESS: Final[Mapping[str, Measure]] = {
    Business.NEW: Measure.DOCUMENTS,
    Business.UPDATE: Measure.UPDATES,
    Business.REPLACE: Measure.REPLACEMENTS,
    Business.RECALL: Measure.RECALLS,
}
_OF_RECALL: Final[Mapping[RecallOutcome, Measure]] = {
    RecallOutcome.ASKED: Measure.RECALLS_OPEN,
    RecallOutcome.WITHDRAWN: Measure.RECALLS_WITHDRAWN,
    RecallOutcome.AGREED: Measure.RECALLS_AGREED,
    RecallOutcome.REFUSED: Measure.RECALLS_REFUSED,
    RecallOutcome.RETURNED: Measure.RECALLS_RETURNED,
}
_ENDED: Final[Mapping[SubmissionState, Measure]] = {
    SubmissionState.DUPLICATE: Measure.DUPLICATES,
    SubmissionState.REFUSED: Measure.REFUSED,
    SubmissionState.QUARANTINED: Measure.QUARANTINED,
}


@dataclass(slots=True)
class _Account:
    """What was counted so far for one organ."""

    counts: Counter[Measure] = field(default_factory=Counter)
    reasons: Counter[tuple[Measure, str]] = field(default_factory=Counter)
    times: dict[Step, list[tuple[timedelta, timedelta]]] = field(
        default_factory=lambda: {step: [] for step in Step}
    )

    def count_with_reason(self, measure: Measure, reason: str) -> None:
        self.counts[measure] += 1
        self.reasons[measure, reason] += 1


class Tally:
    """Counts the submissions of a period, handed in piece by piece; `traffic` is what they come to. What is
    the probe agency's is counted by itself. `probe`: its code, "" where there is none."""

    def __init__(
        self, period: Period, as_of: datetime, calendar: Calendar, probe: str = ""
    ) -> None:
        self._probe = probe
        self._period = period
        self._as_of = as_of
        self._calendar = calendar
        self._accounts: dict[tuple[Side, str], _Account] = {}
        self._course: dict[datetime, list[int]] = {}

    def take(self, hand_ins: Iterable[HandIn]) -> None:
        """Counts them. Whatever was not received within the period is left out."""
        start, end = self._period.start, self._period.end
        for hand_in in hand_ins:
            if start <= hand_in.received_at < end:
                self._submission(hand_in)

    def _account(self, side: Side, code: str) -> _Account:
        if side is Side.AGENCY and code and code == self._probe:
            side = Side.PROBE
        found = self._accounts.get((side, code))
        if found is None:
            found = self._accounts[side, code] = _Account()
        return found

    def _submission(self, hand_in: HandIn) -> None:
        national = hand_in.door is Door.NATIONAL
        accepted = hand_in.state is SubmissionState.ACCEPTED
        whose = hand_in.sender if accepted or national else hand_in.reply_to
        sender = self._account(Side.NATIONAL if national else Side.AGENCY, whose)
        counts = sender.counts
        counts[Measure.SUBMISSIONS] += 1
        if not accepted:
            measure = _ENDED[hand_in.state]
            counts[measure] += 1
            if measure is Measure.REFUSED:
                sender.reasons[measure, hand_in.reason] += 1
            return
        counts[Measure.ACCEPTED] += 1
        for reason in hand_in.turned_away:
            sender.count_with_reason(Measure.TURNED_AWAY, reason)
        for outcome in hand_in.recalls:
            counts[_OF_RECALL[outcome]] += 1
        if hand_in.kind == Kind.STATUS:
            counts[Measure.STATUSES] += 1
            counts[Measure.UNMATCHED] += hand_in.unmatched
        elif hand_in.repeated:
            counts[Measure.FURTHER] += 1
        else:
            measure = _BUSINESS[hand_in.business]
            counts[measure] += 1
            if measure is Measure.DOCUMENTS:
                counts[Measure.ORIGINALS] += hand_in.original
                counts[Measure.URGENT] += hand_in.lane is Lane.URGENT
        for copy in hand_in.copies:
            self._delivery(hand_in, copy, sender)

    def _delivery(self, hand_in: HandIn, copy: Copy, sender: _Account) -> None:
        outward = copy.route is RouteKind.NATIONAL
        side = Side.NATIONAL if outward else Side.AGENCY
        recipient = self._account(side, copy.recipient)
        if copy.business.startswith("status/"):
            recipient.counts[Measure.STATUSES_RECEIVED] += 1
            return
        if copy.business.startswith(f"{Business.RECALL}/"):
            recipient.counts[Measure.RECALL_NOTICES] += 1
            return
        sent, received = _COPY_STATES[copy.state]
        if copy.state is DeliveryState.REJECTED and copy.reason == _RECIPIENT_REFUSED:
            sent, received = _DECLINED
        sender.counts[Measure.SENT] += 1
        sender.counts[Measure.SENT_NATIONAL] += outward
        sender.counts[sent] += 1
        recipient.counts[Measure.ADDRESSED] += 1
        recipient.counts[received] += 1
        if received in _RECEIVED:
            recipient.counts[Measure.RECEIVED] += 1
        elif received in _NOT_RECEIVED:
            sender.reasons[sent, copy.reason] += 1
            recipient.reasons[received, copy.reason] += 1
        recipient.counts[Measure.FROM_NATIONAL] += hand_in.door is Door.NATIONAL
        # Of an organ elsewhere, what it is reached under is only another of its codes.
        if copy.inbox != copy.recipient and not outward:
            recipient.counts[Measure.THROUGH_INTAKE] += 1
            self._account(side, copy.inbox).counts[Measure.FOR_OTHERS] += 1
        self._deadlines(recipient, copy)
        self._times(recipient, hand_in.received_at, copy)
        if copy.recipient != self._probe or outward:
            counted = self._course.setdefault(self._bucket(hand_in.received_at), [0, 0])
            counted[outward] += 1

    def _deadlines(self, recipient: _Account, copy: Copy) -> None:
        counts, as_of = recipient.counts, self._as_of
        arrival = _missed(copy.arrival_due, copy.arrived_at, as_of)
        registration = _missed(copy.registration_due, copy.registered_at, as_of)
        if copy.recall_due is not None and not registration:
            registration = None
        if arrival is not None:
            counts[Measure.ARRIVAL_LATE if arrival else Measure.ARRIVAL_OUTSTANDING] += 1
        if registration is not None:
            late = Measure.REGISTRATION_LATE if registration else Measure.REGISTRATION_OUTSTANDING
            counts[late] += 1
        if arrival is not None or registration is not None:
            counts[Measure.OVERDUE] += 1
        if copy.recall_due is not None:
            counts[Measure.RECALL_OVERDUE] += copy.recall_due < as_of
        elif copy.reply_due is not None:
            counts[Measure.REPLY_OVERDUE] += copy.reply_due < as_of

    def _times(self, recipient: _Account, since: datetime, copy: Copy) -> None:
        for step, at, measure in (
            (Step.ARRIVAL, copy.arrived_at, Measure.ARRIVED),
            (Step.REGISTRATION, copy.registered_at, Measure.REGISTERED),
        ):
            if at is not None:
                recipient.counts[measure] += 1
                wire = max(at - since, timedelta())
                legal = self._calendar.working_time(since, at, copy.inbox)
                recipient.times[step].append((wire, legal))

    def _bucket(self, at: datetime) -> datetime:
        local = at.astimezone(VIETNAM)
        hour = local.hour if self._period.kind is PeriodKind.DAY else 0
        return local.replace(hour=hour, minute=0, second=0, microsecond=0)

    def traffic(self) -> Traffic:
        """What was counted."""
        accounts = sorted(self._accounts.items())
        return Traffic(
            period=self._period,
            as_of=self._as_of,
            lines=tuple(_line(side, code, [account]) for (side, code), account in accounts),
            agencies=_line(Side.AGENCY, "", [a for (s, _), a in accounts if s is Side.AGENCY]),
            national=_line(Side.NATIONAL, "", [a for (s, _), a in accounts if s is Side.NATIONAL]),
            probes=_line(Side.PROBE, "", [a for (s, _), a in accounts if s is Side.PROBE]),
            total=_line(None, "", [account for _, account in accounts]),
            course=tuple(
                Bucket(start, *self._course.get(start, (0, 0))) for start in self._buckets()
            ),
        )

    def _buckets(self) -> list[datetime]:
        """Every hour of a day, every day of a longer period, whether or not there was anything."""
        step = timedelta(hours=1) if self._period.kind is PeriodKind.DAY else timedelta(days=1)
        start = self._period.start.astimezone(VIETNAM)
        return [start + step * n for n in range((self._period.end - self._period.start) // step)]


def _missed(due: datetime | None, met: datetime | None, as_of: datetime) -> bool | None:
    """None if nothing was missed; True if it was met late, False if it has not been met."""
    if due is None:
        return None
    if met is not None:
        return True if met > due else None
    return False if due < as_of else None


def _line(side: Side | None, code: str, accounts: Sequence[_Account]) -> Line:
    counts: Counter[Measure] = Counter()
    reasons: dict[Measure, Counter[str]] = {}
    for account in accounts:
        counts.update(account.counts)
        for (measure, reason), number in account.reasons.items():
            reasons.setdefault(measure, Counter())[reason] += number
    times = {
        step: Times(
            spread([wire for account in accounts for wire, _ in account.times[step]]),
            spread([legal for account in accounts for _, legal in account.times[step]]),
        )
        for step in Step
    }
    return Line(side, code, counts, reasons, times)


def spread(values: Iterable[timedelta]) -> Spread:
    """Median, 95th percentile and worst of `values`, by nearest rank; exact."""
    ordered = sorted(values)
    if not ordered:
        return Spread()
    number = len(ordered)
    return Spread(
        number, ordered[(number + 1) // 2 - 1], ordered[-(-95 * number // 100) - 1], ordered[-1]
    )
