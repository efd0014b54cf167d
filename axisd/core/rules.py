"""Step 9 of the inspection: what the regulation and this axis ask beyond form and signature.

What is odd but no cause to refuse is in `warnings`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from axisd.core.codes import is_code
from axisd.core.completeness import lacks_attachment
from axisd.core.envelope import Business, Document, Envelope, Status
from axisd.core.places import BUSINESS, MESSAGE
from axisd.core.reasons import Refusal, refuse
from axisd.core.routing import Leg, advised, plan
from axisd.core.submission import Door, Submission
from axisd.core.view import View
from axisd.core.zone import day_of

ADDED: Final = "1"
"""ReceiverType of a recipient that an update adds."""


def broken_rule(
    envelope: Envelope, submission: Submission, view: View, *, offline: bool = False
) -> Refusal | None:
    """The first rule that the envelope breaks, None if it breaks none."""
    return (
        _sender(envelope, submission, view, offline)
        or _too_many(envelope, submission, view)
        or (_document(envelope, view) if isinstance(envelope, Document) else None)
        or (_status(envelope) if isinstance(envelope, Status) else None)
        or _recipients(envelope, submission, view)
    )


def recipient_codes(envelope: Envelope) -> tuple[str, ...]:
    """The codes an envelope is addressed to, with those that an update adds; a status goes to the organ it
    answers."""
    if isinstance(envelope, Document):
        added = (r.organ_id for r in envelope.business.receivers if r.kind == ADDED)
        written = (recipient.organ_id for recipient in envelope.recipients)
        return (*written, *added) if _has_receivers(envelope) else tuple(written)
    return (envelope.about.organ_id,)


def legs_of(envelope: Envelope, submission: Submission, view: View) -> tuple[Leg, ...]:
    """One leg for each organ that the message goes to, as far as the envelope and its door say.

    Beside the envelope a door may be told for which of its recipients it is handed in, or where a status goes
    (VXP's `to`). What the national axis says beside it is looked at elsewhere (`case`).
    """
    day, late = day_of(submission.received_at), isinstance(envelope, Status)
    named = tuple(
        _placed(leg, envelope) for leg in plan(recipient_codes(envelope), view, day, late=late)
    )
    if not submission.addressed_to or submission.door is Door.NATIONAL:
        return named
    wanted = plan(submission.addressed_to, view, day, late=late)
    if isinstance(envelope, Status):
        return wanted
    by_organ = {leg.organ: leg for leg in named}
    return tuple(by_organ.get(leg.organ) or _unnamed(leg) for leg in wanted)


def _placed(leg: Leg, envelope: Envelope) -> Leg:
    """A leg that goes nowhere says where in the envelope it was asked for."""
    if leg.refusal is None:
        return leg
    at, line = place_of(envelope, leg.addressed[0])
    return replace(leg, refusal=replace(leg.refusal, at=at, line=line))


def _unnamed(leg: Leg) -> Leg:
    """Whoever is not named in what was signed must not get it."""
    code = leg.addressed[0]
    refusal = refuse("recipient-not-named", agency=code) if is_code(code) else leg.refusal
    return Leg(leg.organ, leg.addressed, refusal=refusal)


def place_of(envelope: Envelope, code: str) -> tuple[str, int | None]:
    """Where `envelope` names the recipient `code`: place and line, for a refusal."""
    if isinstance(envelope, Document):
        lines = [found.line for found in envelope.recipients if found.organ_id == code]
        if not lines and _has_receivers(envelope):
            return f"{BUSINESS}/BussinessDocumentInfo/ReceiverList/Receiver/OrganId", None
        return f"{MESSAGE}/To/OrganId", next(iter(lines), None) or None
    return f"{MESSAGE}/ResponseFor/OrganId", (envelope.lines or {}).get("about")


def document_id_of(envelope: Envelope) -> tuple[str, int | None]:
    """Where `envelope` has the DocumentId that it is known by: place and line, for a refusal."""
    lines = envelope.lines or {}
    if isinstance(envelope, Document):
        return f"{MESSAGE}/DocumentId", lines.get("document_id")
    return f"{MESSAGE}/ResponseFor/DocumentId", lines.get("about")


def sender_of(envelope: Envelope) -> tuple[str, int | None]:
    """Where `envelope` names its sender: place and line, for a refusal."""
    return f"{MESSAGE}/From/OrganId", envelope.sender.line or None


def _has_receivers(document: Document) -> bool:
    return document.business.business in {Business.UPDATE, Business.REPLACE}


def _sender(
    envelope: Envelope, submission: Submission, view: View, offline: bool
) -> Refusal | None:
    code, at, line = envelope.sender.organ_id, f"{MESSAGE}/From/OrganId", envelope.sender.line
    if not is_code(code):
        return refuse("code-malformed", at=at, line=line, agency=ascii(code))
    if submission.door is Door.NATIONAL:
        # Who is connected to this axis hands in here, under its signature, never over the national one.
        # A code in small letters is nobody's, and looks like somebody's.
        if any(view.directory.system_of(found) is not None for found in (code, code.upper())):
            return refuse(
                "sender-not-account", at=at, line=line, agency=code, account="national axis"
            )
        return None
    if view.directory.find(code) is None:
        return refuse("sender-unknown", at=at, line=line, agency=code)
    account, day = submission.account or "", day_of(submission.received_at)
    if not offline and view.directory.voice(account, code, day) is None:
        return refuse("sender-not-account", at=at, line=line, agency=code, account=account)
    return closed_sender(envelope, submission, view)


def closed_sender(envelope: Envelope, submission: Submission, view: View) -> Refusal | None:
    """What is to be said of a new document in the name of an agency that does not exist on this day.

    Statuses, and recalls of what was sent in its time, go on under the old code for years.
    """
    if not isinstance(envelope, Document) or envelope.business.business == Business.RECALL:
        return None
    day, sender = day_of(submission.received_at), envelope.sender
    path = view.directory.path(sender.organ_id, day)
    if not path or path[0].open_on(day):
        return None
    at, line, own, last = f"{MESSAGE}/From/OrganId", sender.line, path[0], path[-1]
    if own.valid_to is None or not own.closed_on(day):
        opens = own.valid_from.isoformat() if own.valid_from else ""
        return refuse("sender-not-open", at=at, line=line, agency=own.code, date=opens)
    advice, advice_vi = advised((last.code,) if last.open_on(day) else last.choices)
    return refuse(
        "sender-closed",
        at=at,
        line=line,
        agency=own.code,
        date=own.valid_to.isoformat(),
        advice=advice,
        advice_vi=advice_vi,
    )


def _recipients(envelope: Envelope, submission: Submission, view: View) -> Refusal | None:
    """Refused when nobody at all can be reached; where some can, settlement judges one by one.

    What comes over the national axis names recipients of other provinces too.
    """
    if submission.door is Door.NATIONAL:
        return None
    legs = legs_of(envelope, submission, view)
    refusals = [leg.refusal for leg in legs if leg.refusal is not None]
    return refusals[0] if refusals and len(refusals) == len(legs) else None


def _too_many(envelope: Envelope, submission: Submission, view: View) -> Refusal | None:
    limit = view.limits.recipients
    count = max(len(recipient_codes(envelope)), len(submission.addressed_to))
    if count <= limit:
        return None
    written = envelope.recipients[limit:] if isinstance(envelope, Document) else ()
    surplus = next((to.line or None for to in written), None)
    return refuse(
        "recipients-too-many", at=f"{MESSAGE}/To", line=surplus, count=str(count), limit=str(limit)
    )


def _document(document: Document, view: View) -> Refusal | None:
    if view.policy.attachment_required and lacks_attachment(document):
        return refuse("attachment-required", at="/edXML")
    return None


def _status(status: Status) -> Refusal | None:
    if status.code == "02" and not any(map(str.isalnum, status.description)):
        # QC Điều 5.1d, QĐ 28/2018 Điều 5.4: who refuses answers for it, and says why.
        return refuse(
            "status-reason-missing",
            at=f"{MESSAGE}/Description",
            line=(status.lines or {}).get("code"),
        )
    return None
