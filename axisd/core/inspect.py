"""The inspection of one submission: nine steps in a fixed order, the first refusal ends it.

 1 size         bytes and content type, before anything is parsed
 2 account      the door's word for who hands in, for which agency, and how much it may hand in
 3 well-formed  the hardened parser (`xmlsafe`)
 4 kind         a document or a status of QCVN 102:2016
 5 schema       libxml2 decides, `xmlschema` explains
 6 signature    by the sender's profile: one signature, in the one place, permitted algorithms
 7 signer       a certificate that may sign for this sender at this time
 8 coverage     what is signed is what is read
 9 rules        secrecy, From = signer = account, recipients, reasons; what is odd but no cause to refuse

Pure and heavy: it is called in a worker thread, with one parser per call. It never raises for anything
a sender wrote; an exception here is our own fault and quarantines the submission.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from lxml import etree

from axisd.core import edxml, signature, trust, xmlsafe
from axisd.core.directory import Agency, Channel, Profile, System
from axisd.core.elision import NOTHING, Elided, elide
from axisd.core.envelope import Document, Envelope, Kind
from axisd.core.inspection import (
    ABSENT,
    STEPS,
    Inspection,
    LegalValue,
    Outcome,
    SignatureFinding,
    SignatureState,
    Step,
    Verdict,
    Verified,
)
from axisd.core.reasons import Refusal, refuse
from axisd.core.rules import broken_rule, closed_sender
from axisd.core.schema import Schemas
from axisd.core.secrecy import marked_element
from axisd.core.submission import Door, Submission
from axisd.core.syntax import path_of
from axisd.core.view import View
from axisd.core.warnings import warnings_of
from axisd.core.xmltree import text_fault
from axisd.core.zone import day_of

CONTENT_TYPES: Final = frozenset({"", "application/xml", "text/xml", "application/octet-stream"})

Noted = str
"""A step that passes but leaves a remark."""


def inspect(
    submission: Submission,
    view: View,
    schemas: Schemas,
    *,
    profile: Profile | None = None,
    offline: bool = False,
) -> Inspection:
    """Inspects `submission` as the view stands. `profile` overrides the sender's; `offline` leaves out
    what only a door can know (the account)."""
    digest = "sha256:" + hashlib.sha256(submission.body).hexdigest()
    try:
        return _Walk(submission, view, schemas, profile, offline, digest, light=True).run()
    except _UnusualError:
        # Whatever is to be said of it is said of the envelope as it is.
        return _Walk(submission, view, schemas, profile, offline, digest, light=False).run()


class _UnusualError(Exception):
    """An envelope from which large content was taken out is not plainly in order. Never leaves this module."""


def crashed(
    submission: Submission, view: View, what: str, *, keep_payload: bool = True
) -> Inspection:
    """The inspection of a submission that crashed us: nothing that it says can be relied on."""
    return Inspection(
        submission=submission,
        digest="sha256:" + hashlib.sha256(submission.body).hexdigest(),
        verdict=Verdict.QUARANTINED,
        steps=(Step(STEPS[0], Outcome.NOTED, what),),
        sender=_named_sender(submission, view),
        keep_payload=keep_payload,
    )


class _Walk:
    """The state of one walk through the steps: what has been read so far."""

    def __init__(
        self,
        submission: Submission,
        view: View,
        schemas: Schemas,
        profile: Profile | None,
        offline: bool,
        digest: str,
        *,
        light: bool,
    ) -> None:
        self._submission = submission
        self._digest = digest
        self._light = light
        self._elided = NOTHING
        self._view = view
        self._schemas = schemas
        self._override = profile
        self._offline = offline
        self._sender: str | None = None
        self._root: etree._Element | None = None
        self._kind = Kind.DOCUMENT
        self._marked: etree._Element | None = None
        self._envelope: Envelope | None = None
        self._check: signature.SignatureCheck | None = None
        self._finding: SignatureFinding = ABSENT
        # What could not be read may carry a mark of secrecy, and a stranger may not fill our disk.
        self._keep_payload = False
        self._warnings: tuple[Refusal, ...] = ()

    def run(self) -> Inspection:
        steps: list[Step] = []
        refusal: Refusal | None = None
        for name, result in self._results():
            if isinstance(result, Refusal):
                refusal = result
                steps.append(Step(name, Outcome.REFUSED, result.code))
                break
            steps.append(Step(name, Outcome.NOTED if result else Outcome.PASSED, result or ""))
        steps.extend(Step(name, Outcome.SKIPPED) for name in STEPS[len(steps) :])
        envelope = self._envelope
        verified = None
        if refusal is None and envelope is not None:
            verified = Verified(envelope, self._finding, self._legal_value())
        return Inspection(
            submission=self._submission,
            digest=self._digest,
            verdict=Verdict.REFUSED if refusal else Verdict.ACCEPTED,
            steps=tuple(steps),
            refusal=refusal,
            verified=verified,
            envelope=envelope,
            signature=self._finding,
            attachments=envelope.attachments if isinstance(envelope, Document) else (),
            sender=self._sender,
            warnings=self._warnings,
            keep_payload=self._keep_payload,
        )

    def _results(self) -> Iterator[tuple[str, Refusal | Noted | None]]:
        steps: tuple[Callable[[], Refusal | Noted | None], ...] = (
            self._size,
            self._account,
            self._well_formed,
            self._recognised,
            self._schema,
            self._signature,
            self._signer,
            self._coverage,
            self._rules,
        )
        for name, step in zip(STEPS, steps, strict=True):
            yield name, step()

    def _legal_value(self) -> LegalValue:
        verified = self._finding.state is SignatureState.VERIFIED
        return LegalValue.ORIGINAL if verified else LegalValue.REFERENCE

    @property
    def _profile(self) -> Profile:
        if self._override is not None:
            return self._override
        if self._submission.door is Door.NATIONAL:
            return Profile.RECORDED
        agency = self._agency()
        if agency is not None and agency.profile is not None:
            return agency.profile
        directory = self._view.directory
        account = self._submission.account
        system = directory.systems.get(account) if account else None
        if system is None and agency is not None:
            system = directory.system_of(agency.code)
        return system.profile if system is not None else Profile.REQUIRED

    def _agency(self) -> Agency | None:
        if self._envelope is None:
            return None
        return self._view.directory.at(self._envelope.sender.organ_id, day_of(self._now()))

    def _now(self) -> datetime:
        return self._submission.received_at

    # 1
    def _size(self) -> Refusal | None:
        body, limit = self._submission.body, self._view.limits.envelope
        self._sender = _named_sender(self._submission, self._view)
        if not body:
            return refuse("empty")
        if len(body) > limit:
            return refuse("too-large", size=str(len(body)), limit=str(limit))
        found = self._submission.content_type.split(";", 1)[0].strip().lower()
        return None if found in CONTENT_TYPES else refuse("content-type", found=ascii(found))

    # 2
    def _account(self) -> Refusal | Noted | None:
        if self._offline:
            return "offline: nobody vouches for an account"
        submission = self._submission
        if submission.door is Door.NATIONAL:
            return "national axis"
        if not submission.account:
            return refuse("account-missing")
        system = self._view.directory.systems.get(submission.account)
        if system is None:
            return refuse("account-unknown", account=ascii(submission.account))
        if system.suspended:
            return refuse("account-suspended", account=system.account)
        return self._routing_key(system) or self._allowance(system)

    def _routing_key(self, system: System) -> Refusal | None:
        submission = self._submission
        if submission.door is not Door.AMQP:
            return None
        if system.channel is not Channel.AMQP:
            # The broker may still have the account of a system that moved behind a door.
            return refuse("account-channel", account=system.account, channel=system.channel)
        lane, _, agency = submission.routing_key.partition(".")
        if lane not in {"urgent", "normal"} or not agency:
            return refuse("routing-key", key=ascii(submission.routing_key))
        if not self._view.directory.serves(system.account, agency):
            return refuse("account-not-for-agency", account=system.account, agency=ascii(agency))
        return None

    def _allowance(self, system: System) -> Refusal | None:
        """What goes beyond the limits of its system. The answer names the document, so that its system knows
        what to hand in again; nothing more is read of it, and nothing of it is kept."""
        size, limit = len(self._submission.body), system.allowance.size
        if limit is not None and size > limit:
            return refuse(
                "allowance-size", account=system.account, size=str(size), limit=str(limit)
            )
        if self._submission.exceeded is None:
            return None
        parsed = xmlsafe.parse(self._submission.body, self._view.limits)
        kind = parsed if isinstance(parsed, Refusal) else edxml.recognise(parsed.root)
        if not isinstance(parsed, Refusal) and not isinstance(kind, Refusal):
            self._marked = marked_element(parsed.root)
            self._take(edxml.glimpse(parsed.root, kind))
            self._keep_payload = False
        return self._secrecy() or self._submission.exceeded

    # 3
    def _well_formed(self) -> Refusal | None:
        body, limits = self._submission.body, self._view.limits
        elided = elide(body, self._digest, edxml.CONTENT) if self._light else None
        parsed = xmlsafe.parse(elided.body if elided else body, limits)
        if isinstance(parsed, Refusal):
            return self._said(parsed, elided)
        self._root = parsed.root
        if elided is not None:
            if not elided.stands_in(parsed.root, edxml.CONTENT):
                raise _UnusualError
            self._elided = elided
        return self._said(text_fault(parsed.root, edxml.CONTENT), elided)

    @staticmethod
    def _said(refusal: Refusal | None, elided: Elided | None) -> Refusal | None:
        """A sentence about the bytes must be about those that were sent."""
        if refusal is not None and elided is not None:
            raise _UnusualError
        return refusal

    @property
    def _tree(self) -> etree._Element:
        assert self._root is not None, "step 3 passed"
        return self._root

    # 4
    def _recognised(self) -> Refusal | None:
        kind = edxml.recognise(self._tree)
        if isinstance(kind, Refusal):
            return self._said(kind, self._elided if self._elided.runs else None)
        self._kind = kind
        return None

    # 5
    def _schema(self) -> Refusal | None:
        invalid = self._schemas.validate(self._tree, self._kind)
        envelope = invalid or edxml.read(self._tree, self._kind, self._elided)
        if isinstance(envelope, Refusal) and self._elided.runs:
            raise _UnusualError
        self._marked = marked_element(self._tree)
        if isinstance(envelope, Refusal):
            self._take(edxml.glimpse(self._tree, self._kind))
            # A sentence about what is wrong may quote it: about this envelope only one thing is said.
            return self._secrecy() or envelope
        self._take(envelope)
        return None

    def _take(self, envelope: Envelope | None) -> None:
        """What was read, from now on; of an invalid envelope only to name it in the refusal."""
        if envelope is None:
            return
        self._envelope = envelope
        # Of what is marked secret nothing is kept but its refusal, for whatever reason it is refused
        # (QC Điều 1.2, 6.1a).
        self._keep_payload = self._marked is None
        account, code = self._submission.account, envelope.sender.organ_id
        if account and (voice := self._view.directory.voice(account, code, day_of(self._now()))):
            self._sender = voice

    # 6
    def _signature(self) -> Refusal | Noted | None:
        self._check = check = signature.check(self._tree, self._elided)
        self._finding = check.finding
        profile = self._profile
        if check.refusal is not None:
            return self._doubted(check, check.refusal)
        if check.certificate is None:
            if profile is Profile.REQUIRED:
                assert self._envelope is not None, "step 5 passed"
                header = edxml.find_header(self._tree)
                return refuse(
                    "signature-missing",
                    at="/edXML/edXMLEnvelope/edXMLHeader",
                    line=header.sourceline if header is not None else None,
                    agency=self._envelope.sender.organ_id,
                )
            return str(check.finding.state)
        return None

    # 7
    def _signer(self) -> Refusal | Noted | None:
        check = self._check
        assert check is not None, "step 6 passed"
        assert self._envelope is not None, "step 5 passed"
        if check.refusal is not None or check.certificate is None:
            return "nothing to judge"
        code, now = self._envelope.sender.organ_id, self._now()
        # Whoever took over from a closed agency signs what still goes out in its name; never the reverse.
        speaking = self._view.directory.path(code, day_of(now)) or (Agency(code, code),)
        doubts = [
            trust.judge(check.certificate, each, trust=self._view.trust, now=now, chain=check.chain)
            for each in speaking
        ]
        doubt = doubts[0]
        return None if doubt is None or None in doubts else self._doubted(check, doubt)

    def _doubted(self, check: signature.SignatureCheck, doubt: Refusal) -> Refusal | Noted:
        """The signature does not hold: a refusal, or a note where its state is only recorded."""
        self._finding = _invalid(check.finding)
        return doubt.code if self._profile is Profile.RECORDED else doubt

    # 8
    def _coverage(self) -> Refusal | Noted | None:
        check = self._check
        assert check is not None, "step 6 passed"
        if self._finding.state is not SignatureState.VERIFIED:
            return "nothing signed"
        doubt = signature.uncovered(self._tree, check)
        return self._doubted(check, doubt) if doubt is not None else None

    # 9
    def _rules(self) -> Refusal | None:
        envelope = self._envelope
        assert envelope is not None, "step 5 passed"
        broken = self._secrecy() or broken_rule(
            envelope, self._submission, self._view, offline=self._offline
        )
        if broken is not None:
            return broken
        self._warnings = warnings_of(envelope, self._now())
        if closed := closed_sender(envelope, self._submission, self._view):
            # Only of what came over the national axis: what another axis vouches for is not stopped here.
            self._warnings = (*self._warnings, closed)
        return None

    def _secrecy(self) -> Refusal | None:
        if self._marked is None:
            return None
        return refuse("secrecy-mark", at=path_of(self._marked), line=self._marked.sourceline)


def _invalid(finding: SignatureFinding) -> SignatureFinding:
    return SignatureFinding(
        SignatureState.INVALID, finding.signer, finding.certificate, finding.algorithm
    )


def _named_sender(submission: Submission, view: View) -> str | None:
    """The agency that an answer goes to before the envelope is read: the routing key's where the
    account serves it, else the account's first.

    Without an account the routing key alone says whom to tell: the broker's topic permissions let
    nobody use it but the accounts that serve that agency. Nothing but the refusal rests on it.
    """
    directory = view.directory
    agency = submission.routing_key.partition(".")[2]
    if not submission.account:
        return directory.canonical(agency) if directory.system_of(agency) else None
    system = directory.systems.get(submission.account)
    if system is None:
        return None
    if agency and directory.serves(system.account, agency):
        return directory.canonical(agency)
    return directory.canonical(system.agencies[0]) if system.agencies else None
