"""A trace on the terminal: the document, its recipients, and what happened in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from axisd.cli.output import Role, paint, say, visible
from axisd.core.reasons import Language
from axisd.core.story import Moment, What, story_of
from axisd.core.trace import Kept, Leg, Part, Proof, Told, Trace
from axisd.core.tracewords import (
    DEADLINES,
    ITEMS,
    KEPT,
    NOT_LOOKED_AT,
    RECALLS,
    STATUSES,
    status_words,
)
from axisd.core.zone import wire_time

_STATES: Final[dict[str, Role]] = {
    "accepted": "good",
    "duplicate": "warn",
    "refused": "bad",
    "quarantined": "bad",
    "sent": "good",
    "handed-over": "good",
    "deferred": "warn",
    "held": "warn",
    "rejected": "bad",
    "expired": "bad",
    "withdrawn": "warn",
    "recalled": "warn",
}
_KEPT: Final[dict[Kept, Role]] = {Kept.MET: "good", Kept.LATE: "warn", Kept.OVERDUE: "bad"}


def say_trace(trace: Trace, languages: Sequence[Language]) -> None:
    """Prints all of `trace`. Reasons are told in each of the `languages`; the rest in one, English before
    Vietnamese, and what statuses mean in both."""
    told = _Told(languages)
    for part in trace.documents:
        told.part(part)
    say(paint("what happened", "strong"))
    for moment in story_of(trace):
        told.moment(moment)


class _Told:
    def __init__(self, languages: Sequence[Language]) -> None:
        self._languages = sorted(languages)
        self._main: Language = "en" if "en" in languages else "vi"

    def part(self, part: Part) -> None:
        record, facts = part.record, part.record.facts
        say(f"{paint('submission', 'strong')} {facts.submission_id}  {_state(record.state)}")
        kind = " ".join(filter(None, (facts.kind, facts.business))) or "unread"
        code = (
            f"{record.number}/{record.notation} of {record.promulgation_date}"
            if record.number
            else ""
        )
        _fact("what", f"{kind} {facts.document_id} {code}")
        signed = " ".join(filter(None, (record.position, record.signer)))
        pages = f"{record.pages} pages" if record.pages else ""
        said = ", ".join(filter(None, (record.type_name, record.place, pages)))
        if said:
            _fact("kind", visible(said))
        if signed:
            _fact("signed by", visible(signed))
        account = f", account {facts.account}" if facts.account else ""
        _fact("from", f"{facts.sender or 'unknown'} ({facts.door}{account}, {facts.lane})")
        _fact("bytes", f"{facts.size} {facts.digest}")
        if part.is_signature_known:
            _fact("value", f"{facts.legal_value}, signature {facts.signature.state}")
        else:
            _fact("value", f"signature {NOT_LOOKED_AT.said(self._main)}")
        for one in facts.attachments:
            kind = one.sniffed_type or one.declared_type
            _fact("attached", f"{kind}, {one.size} bytes, {one.digest}")
        if record.due_date:
            _fact("reply by", record.due_date)
        if record.duplicate_of:
            _fact("same as", record.duplicate_of)
        if record.external_id:
            _fact("national", record.external_id)
        for leg in part.legs:
            self._leg(leg)
        say()

    def moment(self, moment: Moment) -> None:
        happened = moment.happened
        at = wire_time(moment.at)
        tone: Role | None = moment.tone or None
        words = self._worded(moment)
        line = f"  {at}  {visible(moment.organ) or 'unknown':<15}  "
        line += paint(visible(words), tone) if tone else visible(words)
        if happened is not None:
            line += f"  {paint(f'{happened.event} #{happened.position}', 'dim')}"
            if happened.receipt:
                line += f"  {_proof(happened.receipt)}"
            if happened.legal_at not in {None, wire_time(happened.at)}:
                line += f"  in law {visible(str(happened.legal_at))}"
        say(line)
        for note in moment.notes:
            say(f"      {visible(note.said(self._main))}")
        if happened is None:
            return
        self._reason(happened.reason, "      ", "bad")
        for warning in happened.warnings:
            self._reason(warning, "      ", "warn", before=paint("warning", "warn") + " ")
        for outcome in happened.outcomes if happened.delivery_id is None else ():
            for reason in (outcome.reason, outcome.note):
                if reason is not None:
                    say(f"      {visible(outcome.organ)}: {outcome.outcome}")
                    self._reason(reason, "        ", "bad" if reason is outcome.reason else "warn")

    def _leg(self, leg: Leg) -> None:
        one = leg.delivery
        status = f", status {one.status}" if one.status else ""
        also = [code for code in one.addressed if code != one.identity.recipient]
        addressed = f", addressed as {', '.join(also)}" if also else ""
        say(
            f"  {paint('recipient', 'strong')} {visible(one.identity.recipient)}"
            f"  {_state(one.state)}{status}  ({one.route} {visible(one.inbox)}{visible(addressed)})"
        )
        if one.state in {"queued", "deferred", "held"}:
            _fact("  reason", f"{one.reason or 'on its way'}, until {wire_time(one.expires_at)}")
        for status_ in leg.statuses:
            said, at = self._status(status_.code), wire_time(status_.at)
            _fact("  status", f"{said}, by {status_.reporter} at {at}")
        for deadline in leg.deadlines:
            kind, kept = DEADLINES[deadline.kind].said(self._main), KEPT[deadline.kept]
            done = f" at {wire_time(deadline.done)}" if deadline.done else ""
            shown = f"{kind} by {wire_time(deadline.due)}: {kept.said(self._main)}{done}"
            _fact("  due", shown, _KEPT.get(deadline.kept))
        if leg.mailbox is not None:
            item = leg.mailbox
            cause = f": {visible(item.cause)}" if item.cause else ""
            shown = f"{ITEMS[item.state].said(self._main)}{cause}"
            _fact("  mailbox", f"{item.state} since {wire_time(item.at)}, {shown}")
        if leg.recall is not None:
            outcome = RECALLS[leg.recall.outcome].said(self._main)
            _fact("  recall", f"{outcome}, asked at {wire_time(leg.recall.asked_at)}")

    def _worded(self, moment: Moment) -> str:
        said = moment.words.said(self._main)
        return said + self._besides(moment.code) if moment.what is What.STATUS else said

    def _status(self, code: str) -> str:
        """`03 registered (đã tiếp nhận)`."""
        return f"{status_words(code).said(self._main)}{self._besides(code)}"

    def _besides(self, code: str) -> str:
        """The word in Vietnamese beside the English one, where both are asked for."""
        both = len(self._languages) > 1 and code in STATUSES
        return f" ({STATUSES[code].vi})" if both else ""

    def _reason(self, told: Told | None, margin: str, role: Role, *, before: str = "") -> None:
        if told is None:
            return
        line = f", line {told.line}" if told.line else ""
        place = f" at {told.at}{line}" if told.at else ""
        say(f"{margin}{before}{paint(told.code, role)}{visible(place)}")
        for language in self._languages:
            if told.text is not None:
                say(f"{margin}{language}  {visible(told.text.said(language))}")


def _proof(receipt: Proof) -> str:
    to = f"receipt to {visible(receipt.to)}: "
    if receipt.holds is None:
        return f"{to}{paint('not verified', 'dim')}"
    return to + (paint("holds", "good") if receipt.holds else paint(receipt.fault, "bad"))


def _fact(name: str, value: str, role: Role | None = None) -> None:
    shown = visible(" ".join(value.split()))
    say(f"  {paint(f'{name:<9}', 'dim')} {paint(shown, role) if role else shown}")


def _state(state: str) -> str:
    role = _STATES.get(state)
    return paint(state, role) if role else state
