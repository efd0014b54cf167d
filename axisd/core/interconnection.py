"""The interconnection check as a value: what was looked at, how it went, and how that stands on record.

At least twice a day it is checked that documents get through (QC Điều 12.6). A `CheckRun` is one such check;
its `particulars` are what the ledger keeps of it, so that a record can be read alone, years later, and
`run_of` reads them again. What is looked at is a fixed list: its names are labels of metrics. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from axisd.core.evidence import GENESIS, Entry, Evidence, Head, own_facts, particulars_of
from axisd.core.reasons import Event
from axisd.core.wording import Phrase
from axisd.core.zone import wire_time

SUBJECT: Final = "interconnection"
"""What the entries about checks are about, as the ledger's index has it."""
SENTENCE: Final = 400
"""Characters of one item's sentence on record; longer ones are cut."""
_ITEM: Final = "item:"
_VIETNAMESE: Final = "vi:"
"""Before an item's name: its sentence in Vietnamese, where that differs from the English one."""


class Outcome(StrEnum):
    """`warned`: it works, but not as it should, or not for long. `skipped`: not looked at."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"


class Trigger(StrEnum):
    """Who asked for the check."""

    TIMER = "timer"
    OPERATOR = "operator"


OUTCOMES: Final[Mapping[Outcome, Phrase]] = {
    Outcome.PASSED: Phrase("passed", "đạt"),
    Outcome.WARNED: Phrase("passed, but look", "đạt, cần lưu ý"),
    Outcome.FAILED: Phrase("failed", "không đạt"),
    Outcome.SKIPPED: Phrase("not looked at", "không kiểm tra"),
}
TRIGGERS: Final[Mapping[Trigger, Phrase]] = {
    Trigger.TIMER: Phrase("the timer", "hẹn giờ tự động"),
    Trigger.OPERATOR: Phrase("an operator", "người vận hành"),
}


class Words(NamedTuple):
    """What an item is called, and what is looked at."""

    title: Phrase
    meaning: Phrase


ITEMS: Final[Mapping[str, Words]] = {
    "lane-normal": Words(
        Phrase("Normal lane", "Làn thường"),
        Phrase(
            "A signed document goes from the probe agency to itself, with both receipts.",
            "Một văn bản ký số đi từ cơ quan kiểm tra về chính nó, đủ hai biên nhận.",
        ),
    ),
    "lane-urgent": Words(
        Phrase("Urgent lane", "Làn khẩn"),
        Phrase(
            "The same through the lane of urgent documents.",
            "Như trên, qua làn dành cho văn bản khẩn.",
        ),
    ),
    "inboxes": Words(
        Phrase("Inboxes of the agencies", "Hộp nhận của các cơ quan"),
        Phrase(
            "A probe that is no document is placed in every connected system's inbox.",
            "Một thông điệp thử, không phải văn bản, được đặt vào hộp nhận của từng hệ thống.",
        ),
    ),
    "national": Words(
        Phrase("National axis", "Trục quốc gia"),
        Phrase(
            "A probe document goes over the national axis and comes back.",
            "Một văn bản thử đi qua trục quốc gia và quay về.",
        ),
    ),
    "consumers": Words(
        Phrase("Reading of the inboxes", "Việc đọc hộp nhận"),
        Phrase(
            "Whether the agencies' systems take what waits for them.",
            "Hệ thống của các cơ quan có lấy văn bản đang chờ hay không.",
        ),
    ),
    "mailboxes": Words(
        Phrase("Mailboxes behind doors", "Hộp thư sau các cổng"),
        Phrase(
            "Whether the systems behind doors fetch what is for them, and take it.",
            "Hệ thống sau các cổng có lấy và nhận được văn bản gửi cho mình hay không.",
        ),
    ),
    "intake": Words(
        Phrase("Intake", "Tiếp nhận"),
        Phrase("Whether the axis takes what is submitted.", "Trục có lấy các bản gửi hay không."),
    ),
    "topology": Words(
        Phrase("Queues and permissions", "Hàng đợi và quyền"),
        Phrase(
            "Whether the broker is what the directory asks for.",
            "Máy chủ hàng đợi có khớp với danh mục hay không.",
        ),
    ),
    "dead-letters": Words(
        Phrase("Dead letters", "Thông điệp chết"),
        Phrase("What was returned too often.", "Thông điệp bị trả lại quá nhiều lần."),
    ),
    "daemon": Words(
        Phrase("The axis itself", "Tiến trình của trục"),
        Phrase("Whether the axis says that it is ready.", "Trục có báo sẵn sàng hay không."),
    ),
    "certificates": Words(
        Phrase("Certificates", "Chứng thư số"),
        Phrase(
            "Whether the certificates that the axis relies on are valid, and for how long.",
            "Các chứng thư mà trục dựa vào còn hiệu lực hay không, đến bao giờ.",
        ),
    ),
    "clock": Words(
        Phrase("Clock", "Đồng hồ"),
        Phrase("Whether the clock is kept right.", "Đồng hồ có được đồng bộ hay không."),
    ),
    "disk": Words(
        Phrase("Disk", "Đĩa"),
        Phrase("Room for the ledger.", "Dung lượng còn lại cho sổ chứng cứ."),
    ),
    "chain": Words(
        Phrase("Chain of evidence", "Chuỗi chứng cứ"),
        Phrase(
            "Whether what was recorded since the last check is unchanged.",
            "Những gì đã ghi từ lần kiểm tra trước có còn nguyên vẹn hay không.",
        ),
    ),
    "reconciliation": Words(
        Phrase("Reconciliation", "Đối soát"),
        Phrase(
            "Whether every document that still has to leave is on its way, and nothing else is; and what the last"
            " comparison with the national axis's lists left.",
            "Mọi văn bản chưa chuyển xong đều đang chờ gửi, và không có gì thừa; kết quả lần đối soát gần nhất với"
            " danh sách của trục quốc gia.",
        ),
    ),
    "outbox": Words(
        Phrase("Outbox", "Hàng chờ gửi"),
        Phrase(
            "Whether anything waits longer than the regulation allows.",
            "Có văn bản nào chờ quá thời hạn của quy chế hay không.",
        ),
    ),
}
"""Everything that is looked at, in the order in which people read it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing looked at. `mend`: what to do, None where there is nothing to do; not kept on record."""

    name: str
    outcome: Outcome
    detail: Phrase
    mend: Phrase | None = None


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One check. `proved`: up to where the chain was verified, None where it was not, or did not hold."""

    trigger: Trigger
    began: datetime
    items: tuple[Item, ...]
    proved: Head | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing failed; what was not looked at has not failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.outcome is Outcome.FAILED)

    @property
    def outcome(self) -> Outcome:
        return Outcome.PASSED if self.passed else Outcome.FAILED

    def particulars(self) -> dict[str, str]:
        """What the ledger keeps of it."""
        kept = {
            "outcome": self.outcome.value,
            "trigger": self.trigger.value,
            "began": wire_time(self.began),
        }
        if self.proved is not None:
            kept["proved"] = f"{self.proved.position} {self.proved.hash}"
        for item in self.items:
            en, vi = map(_cut, item.detail)
            kept[f"{_ITEM}{item.name}"] = f"{item.outcome} {en}"
            if vi != en:
                kept[f"{_VIETNAMESE}{item.name}"] = vi
        return kept


@dataclass(frozen=True, slots=True)
class RecordedCheck:
    """A check as the ledger has it: `at` is when it was recorded, `position` where in the chain."""

    position: int
    at: datetime
    run: CheckRun


def run_of(particulars: Mapping[str, object]) -> CheckRun:
    """The check that `particulars` tell of. Raises ValueError, with a sentence, where they tell of none."""
    texts = {key: text for key, text in particulars.items() if isinstance(text, str)}
    try:
        run = CheckRun(
            trigger=Trigger(texts["trigger"]),
            began=_instant(texts["began"]),
            items=tuple(
                _item(name, texts[_ITEM + name], texts.get(_VIETNAMESE + name))
                for name in ITEMS
                if _ITEM + name in texts
            ),
            proved=_head(texts["proved"]) if "proved" in texts else None,
        )
    except KeyError as error:
        raise ValueError(f"this is no interconnection check: {error} is missing") from error
    known = run.particulars()
    if odd := sorted(key for key in particulars if known.get(key) != particulars[key]):
        raise ValueError(f"this is no interconnection check: {', '.join(odd)[:SENTENCE]}")
    return run


def evidence_of(run: CheckRun, key: str, at: datetime) -> Evidence:
    """The entry of the ledger about `run`; nobody gets a receipt about it. `key`: a new id."""
    return Evidence(
        id=key,
        event=Event.INTERCONNECTION_CHECK,
        at=at,
        facts=own_facts(SUBJECT, at),
        particulars=run.particulars(),
    )


def recorded(entry: Entry) -> RecordedCheck:
    """The check that `entry` is about. Raises ValueError, with a sentence, where it is about none."""
    particulars = particulars_of(entry, "interconnection check")
    return RecordedCheck(entry.position, entry.at, run_of(particulars))


def in_order(items: Sequence[Item]) -> tuple[Item, ...]:
    """`items` as people read them."""
    places = {name: place for place, name in enumerate(ITEMS)}
    return tuple(sorted(items, key=lambda item: places[item.name]))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SENTENCE else line[: SENTENCE - 1] + "…"


def _item(name: str, text: str, vietnamese: str | None) -> Item:
    """Checks on record from before there were two languages have the English sentence alone."""
    outcome, _, detail = text.partition(" ")
    return Item(
        name, Outcome(outcome), Phrase(detail, detail if vietnamese is None else vietnamese)
    )


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!a} has no zone")
    return at


def _head(text: str) -> Head:
    position, _, link = text.partition(" ")
    if not (position.isascii() and position.isdecimal() and len(link) == len(GENESIS)):
        raise ValueError(f"{text[:100]!a} is no place in a chain")
    return Head(int(position), link)
