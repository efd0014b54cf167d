"""What a reason is, and a refusal: the values that the table `reasons` is made of.

A `Reason` says whose fault it is, whether trying again can help, which evidence event it leads to,
which code the VXP door answers, and the sentence in English and Vietnamese. A `Refusal` is a reason
that happened: with the place in the envelope and the particulars filled in. Refusals are values;
nothing here raises. Texts never carry the subject or the payload of a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

Language = Literal["en", "vi"]


class Event(StrEnum):
    """Evidence events; names from ETSI EN 319 522-1 clause 6 (registered electronic delivery)."""

    SUBMISSION_ACCEPTANCE = "SubmissionAcceptance"
    SUBMISSION_REJECTION = "SubmissionRejection"
    CONTENT_CONSIGNMENT = "ContentConsignment"
    CONTENT_CONSIGNMENT_FAILURE = "ContentConsignmentFailure"
    CONTENT_HANDOVER = "ContentHandover"
    CONTENT_HANDOVER_FAILURE = "ContentHandoverFailure"
    RELAY_ACCEPTANCE = "RelayAcceptance"
    RELAY_REJECTION = "RelayRejection"
    RELAY_FAILURE = "RelayFailure"
    RECEIVED_FROM_NON_ERDS = "ReceivedFromNonERDS"
    CONSIGNMENT_REJECTION = "ConsignmentRejection"
    CONSIGNMENT_NOTIFICATION = "ConsignmentNotification"
    DIRECTORY_CHANGE = "DirectoryChange"
    INTERCONNECTION_CHECK = "InterconnectionCheck"
    NATIONAL_RECONCILIATION = "NationalReconciliation"


FAILURE_EVENTS: Final = frozenset(
    {
        Event.CONTENT_CONSIGNMENT_FAILURE,
        Event.CONTENT_HANDOVER_FAILURE,
        Event.CONSIGNMENT_REJECTION,
        Event.RELAY_REJECTION,
        Event.RELAY_FAILURE,
    }
)
"""By which one recipient does not get what was accepted."""
OWN_EVENTS: Final = frozenset(
    {Event.DIRECTORY_CHANGE, Event.INTERCONNECTION_CHECK, Event.NATIONAL_RECONCILIATION}
)
"""Events that are about the axis itself: entries of the ledger without a receipt."""


class Fault(StrEnum):
    """Whose turn it is to act."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    AXIS = "axis"
    NATIONAL = "national"


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of the table. `vxp` is the `ErrorCode` of the national protocol (spec/vxp.md).

    A warning is a row that leads to an acceptance: nothing is refused, and its `ErrorCode` is 0.
    """

    code: str
    fault: Fault
    retryable: bool
    event: Event
    vxp: str
    en: str
    vi: str

    @property
    def is_warning(self) -> bool:
        return self.event is Event.SUBMISSION_ACCEPTANCE


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason that happened: `at` is an XPath-like place, `line` is 1-based, `particulars` fill the text."""

    reason: Reason
    at: str | None = None
    line: int | None = None
    particulars: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.reason.code

    def text(self, language: Language) -> str:
        """The sentence for people, with the particulars in it."""
        template = self.reason.en if language == "en" else self.reason.vi
        return template.format_map(_Blank(self.particulars)).rstrip()


class _Blank(dict[str, str]):
    """A missing particular reads as a dash: a sentence for people must never fail to be written.

    `{detail_vi}` falls back to `{detail}` where both languages say the same.
    """

    def __missing__(self, key: str) -> str:
        return self.get(key.removesuffix("_vi"), "–")


def sender_fault(code: str, vxp: str, en: str, vi: str, *, retryable: bool = False) -> Reason:
    """The sender's fault, found before anything was accepted."""
    return Reason(code, Fault.SENDER, retryable, Event.SUBMISSION_REJECTION, vxp, en, vi)


def warning(code: str, en: str, vi: str) -> Reason:
    """What was accepted all the same, and is said on the receipt."""
    return Reason(code, Fault.SENDER, False, Event.SUBMISSION_ACCEPTANCE, "0", en, vi)


def notice(code: str, en: str, vi: str, *, fault: Fault = Fault.RECIPIENT) -> Reason:
    """What somebody is told of: nothing was refused, and there is nothing to send again."""
    return Reason(code, fault, False, Event.CONSIGNMENT_NOTIFICATION, "20", en, vi)
