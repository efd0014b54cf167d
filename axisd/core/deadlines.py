"""What a recipient owes, and by when: the watch over one delivery.

A document has to arrive by the end of the working day on which the axis took it, and to be registered by
the end of the next one (QC Điều 5.2b, NĐ 30/2020 Điều 21.2); a reply is due on the document's DueDate (QC
Điều 9.2b), the answer to a recall some working days after it was asked for (QC Điều 8.3). Days are those of
the inbox that receives. Statuses say when something was done, in whatever order they come: what was done
after its deadline is late, and is told as such. Somebody's time begins anew when our own outbox was late.

Everything here is a pure step from one `Watch` to the next; what is said when a deadline lapses is in
`axisd.core.lapses`. `next_due` is the earliest reminder or deadline that nobody was told of.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Final

from axisd.core.envelope import Kind
from axisd.core.history import UNWATCHED, Watch
from axisd.core.policy import DeadlineKind
from axisd.core.view import View
from axisd.core.writtentime import day_in, moment_in
from axisd.core.zone import VIETNAM, day_of

_ARRIVED: Final = frozenset({"01", "02", "03", "04", "05", "06"})
_REGISTERED: Final = _ARRIVED - {"01"}
_ASKED_BACK: Final = frozenset({DeadlineKind.REGISTRATION, DeadlineKind.REPLY})
"""What nobody is pressed for while a recall is unanswered."""


def begin(view: View, *, created_at: datetime, inbox: str, due_date: str, kind: str) -> Watch:
    """What is awaited of a recipient from the moment that a document is settled.

    `inbox`: whose office hours count. `due_date`: as the document writes it, a day (yyyy/MM/dd) or a moment
    (yyyy/MM/dd HH:mm:ss, or ISO 8601 with a zone; hỏa tốc hẹn giờ); anything else asks for no reply, nor does
    what was over before. Nothing is awaited for a status, and nothing of
    the probe agency, which is nobody.
    """
    if kind != Kind.DOCUMENT or (view.probe and inbox == view.probe):
        return UNWATCHED
    calendar, watches = view.calendar, view.deadlines.watches
    return _started(
        Watch(
            arrival_due=calendar.end_of_day(created_at, inbox)
            if watches(DeadlineKind.ARRIVAL)
            else None,
            registration_due=calendar.end_of_next_day(created_at, inbox)
            if watches(DeadlineKind.REGISTRATION)
            else None,
            reply_due=_reply_due(view, created_at, inbox, due_date)
            if watches(DeadlineKind.REPLY)
            else None,
        ),
        frozenset(DeadlineKind),
        created_at,
        view,
        inbox,
    )


def placed(watch: Watch, at: datetime, view: View, inbox: str) -> Watch:
    """It left our outbox at `at`. If that took so long that less than the usual time is left, the
    recipient's time runs from now, and a reply that was due before is not awaited: that was not its fault."""
    calendar = view.calendar
    arrival, registration, reply = watch.arrival_due, watch.registration_due, watch.reply_due
    if arrival is not None and watch.arrived_at is None:
        arrival = max(arrival, calendar.end_of_day(at, inbox))
    if registration is not None and watch.registered_at is None:
        registration = max(registration, calendar.end_of_next_day(at, inbox))
    if reply is not None and reply < at:
        reply = None
    later = replace(watch, arrival_due=arrival, registration_due=registration, reply_due=reply)
    moved = frozenset(k for k in DeadlineKind if due_of(later, k) != due_of(watch, k))
    return _started(later, moved, at, view, inbox)


def reported(watch: Watch, code: str, at: datetime, view: View, inbox: str) -> Watch:
    """A status came in with wire time `at`. 01 and later words mean that it arrived, 03 and later that it
    was registered; 02 answers both, and after it neither a reply nor the answer to a recall is awaited. The
    door's handing over counts as 01. Other codes change nothing."""
    if code not in _ARRIVED:
        return watch
    watch = replace(watch, arrived_at=_earlier(watch.arrived_at, at))
    if code in _REGISTERED:
        watch = replace(watch, registered_at=_earlier(watch.registered_at, at))
    if code == "02":
        watch = replace(watch, reply_due=None, recall_due=None)
    return _ahead(watch, view, inbox)


def replied(watch: Watch, view: View, inbox: str) -> Watch:
    """The recipient sent its reply: nobody waits for it any more."""
    return _ahead(replace(watch, reply_due=None), view, inbox)


def asked_back(watch: Watch, at: datetime, view: View, inbox: str) -> Watch:
    """A recall was asked at `at`. Until it is answered nobody is pressed to register or to reply."""
    if not view.deadlines.watches(DeadlineKind.RECALL_ANSWER):
        return watch
    due = view.calendar.add_working_days(at, view.deadlines.recall_days, inbox)
    kind = DeadlineKind.RECALL_ANSWER
    told = watch.told - {reminder_of(kind), record_of(kind)}
    watch = replace(watch, recall_due=due, told=told)
    return _started(watch, frozenset({kind}), at, view, inbox)


def answered(watch: Watch, view: View, inbox: str) -> Watch:
    """The recall was answered. Where the recipient keeps the document, the rest is awaited as before."""
    return _ahead(replace(watch, recall_due=None), view, inbox)


def ended(watch: Watch) -> Watch:
    """Nothing is awaited any more: withdrawn, rejected, expired, recalled. What was done stays noted, and
    what was done late is still told."""
    watch = replace(
        watch,
        arrival_due=watch.arrival_due if watch.arrived_at else None,
        registration_due=watch.registration_due if watch.registered_at else None,
        reply_due=None,
        recall_due=None,
    )
    late = [due for kind in DeadlineKind if (due := _late(watch, kind)) is not None]
    return replace(watch, next_due=min(late, default=None))


# what `lapses` asks


def reminder_of(kind: DeadlineKind) -> str:
    """The reason, and the mark in `Watch.told`, of a reminder."""
    return f"{kind}-due"


def record_of(kind: DeadlineKind) -> str:
    """The reason, and the mark in `Watch.told`, of a deadline that passed."""
    return f"{kind}-overdue"


def due_of(watch: Watch, kind: DeadlineKind) -> datetime | None:
    """By when, None where nothing is awaited. It stays when what was awaited is done."""
    match kind:
        case DeadlineKind.ARRIVAL:
            return watch.arrival_due
        case DeadlineKind.REGISTRATION:
            return watch.registration_due
        case DeadlineKind.REPLY:
            return watch.reply_due
        case DeadlineKind.RECALL_ANSWER:
            return watch.recall_due


def first_due(watch: Watch) -> datetime | None:
    """The first deadline of all: by then it had to leave our own outbox at the latest."""
    dues = (due_of(watch, kind) for kind in DeadlineKind)
    return next((due for due in dues if due is not None), None)


def is_awaited(watch: Watch, kind: DeadlineKind) -> bool:
    """Whether somebody waits for it, overdue or not."""
    pressed = watch.recall_due is None or kind not in _ASKED_BACK
    return due_of(watch, kind) is not None and _done_at(watch, kind) is None and pressed


def moment_of(watch: Watch, kind: DeadlineKind, view: View, inbox: str) -> datetime | None:
    """When there is next something to say about `kind`: the reminder, else the deadline; None if never."""
    due = due_of(watch, kind)
    if due is None or record_of(kind) in watch.told or not view.deadlines.watches(kind):
        return None
    if _done_at(watch, kind) is not None:
        return _late(watch, kind)
    if not is_awaited(watch, kind):
        return None
    lead = view.deadlines.lead(kind)
    if lead is None or reminder_of(kind) in watch.told:
        return due
    return view.calendar.before(due, lead, inbox)


def next_due(watch: Watch, view: View, inbox: str) -> datetime | None:
    """The earliest of these moments."""
    moments = (moment_of(watch, kind, view, inbox) for kind in DeadlineKind)
    return min((moment for moment in moments if moment is not None), default=None)


def _ahead(watch: Watch, view: View, inbox: str) -> Watch:
    return replace(watch, next_due=next_due(watch, view, inbox))


def _started(
    watch: Watch, kinds: frozenset[DeadlineKind], at: datetime, view: View, inbox: str
) -> Watch:
    """The deadlines of `kinds` run from `at` on. A reminder that would have been due by then stays unsaid:
    whoever has just been given something need not be reminded of it."""
    told = set(watch.told)
    for kind in kinds:
        due, lead = due_of(watch, kind), view.deadlines.lead(kind)
        told.discard(reminder_of(kind))
        if due is not None and lead is not None and view.calendar.before(due, lead, inbox) <= at:
            told.add(reminder_of(kind))
    return _ahead(replace(watch, told=frozenset(told)), view, inbox)


def _reply_due(view: View, created_at: datetime, inbox: str, text: str) -> datetime | None:
    day, moment = day_in(text), moment_in(text)
    # Asked for on a day off, or after hours: whoever receives it then has the next working day.
    calendar, soonest = view.calendar, view.calendar.end_of_day(created_at, inbox)
    if moment is not None:
        # Many a producer writes a day as its first second, and means the day.
        if moment.astimezone(VIETNAM).time() == time():
            day = day_of(moment)
        elif moment > calendar.legal_time(created_at, inbox):
            return moment.astimezone(UTC)
        else:
            return soonest if moment > created_at else None
    if day is None or day < day_of(created_at):
        return None
    return max(calendar.end_of_date(day, inbox), soonest)


def _done_at(watch: Watch, kind: DeadlineKind) -> datetime | None:
    """When it was done, of what stays noted; what else is done is no longer awaited at all."""
    match kind:
        case DeadlineKind.ARRIVAL:
            return watch.arrived_at
        case DeadlineKind.REGISTRATION:
            return watch.registered_at
        case _:
            return None


def _late(watch: Watch, kind: DeadlineKind) -> datetime | None:
    """The deadline, if it was met too late and nobody was told."""
    due, done = due_of(watch, kind), _done_at(watch, kind)
    if due is None or done is None or done <= due or record_of(kind) in watch.told:
        return None
    return due


def _earlier(noted: datetime | None, at: datetime) -> datetime:
    return at if noted is None else min(noted, at)
