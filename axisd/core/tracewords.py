"""The words of a trace, in English and Vietnamese: events, statuses, states, deadlines, links.

They stand beside the organ that they speak of, so none of them names it. Codes that are not in a table read as
themselves: a ledger may be older or newer than this version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axisd.core.envelope import Business
from axisd.core.history import LinkKind, RecallOutcome
from axisd.core.lifecycle import DeliveryState, SubmissionState
from axisd.core.mailbox import ItemState
from axisd.core.policy import DeadlineKind
from axisd.core.reasons import Event
from axisd.core.records import RouteKind
from axisd.core.submission import Door, Lane
from axisd.core.wording import Phrase

STATUSES: Final[Mapping[str, Phrase]] = {
    "01": Phrase("arrived", "đã đến"),
    "02": Phrase("refused", "từ chối tiếp nhận"),
    "03": Phrase("registered", "đã tiếp nhận"),
    "04": Phrase("assigned", "phân công (đã chuyển xử lý)"),
    "05": Phrase("being handled", "đang xử lý"),
    "06": Phrase("done", "hoàn thành"),
    "13": Phrase("asks for it back", "lấy lại (thu hồi)"),
    "15": Phrase("agrees to the recall or update", "đồng ý lấy lại / cập nhật"),
    "16": Phrase("refuses the recall or update", "từ chối lấy lại / cập nhật"),
}
"""QC Điều 7.2h and the codes of QCVN 102."""

BUSINESS: Final[Mapping[str, Phrase]] = {
    Business.NEW: Phrase("document", "văn bản"),
    Business.RECALL: Phrase("recall", "văn bản thu hồi"),
    Business.UPDATE: Phrase("update", "văn bản cập nhật"),
    Business.REPLACE: Phrase("replacement", "văn bản thay thế"),
}
UNREAD: Final = Phrase("unread message", "gói tin không đọc được")

SUBMISSIONS: Final[Mapping[str, Phrase]] = {
    SubmissionState.ACCEPTED: Phrase("accepted", "đã nhận"),
    SubmissionState.REFUSED: Phrase("refused", "bị từ chối"),
    SubmissionState.DUPLICATE: Phrase("duplicate", "gửi trùng"),
    SubmissionState.QUARANTINED: Phrase("quarantined", "bị cách ly"),
}

DELIVERIES: Final[Mapping[str, Phrase]] = {
    DeliveryState.QUEUED: Phrase("queued", "chờ chuyển"),
    DeliveryState.DEFERRED: Phrase("deferred", "hoãn chuyển"),
    DeliveryState.HELD: Phrase("held", "bị giữ lại"),
    DeliveryState.SENT: Phrase("sent", "đã chuyển tới"),
    DeliveryState.HANDED_OVER: Phrase("handed over", "nơi nhận đã lấy"),
    DeliveryState.REJECTED: Phrase("rejected", "bị từ chối"),
    DeliveryState.EXPIRED: Phrase("expired", "hết hạn chuyển"),
    DeliveryState.WITHDRAWN: Phrase("withdrawn", "đã rút về"),
    DeliveryState.RECALLED: Phrase("recalled", "đã thu hồi"),
}

STEPS: Final[Mapping[str, Phrase]] = {
    "size": Phrase("size", "kích thước"),
    "account": Phrase("account", "tài khoản"),
    "well-formed": Phrase("well-formed", "đúng dạng XML"),
    "kind": Phrase("kind", "loại gói tin"),
    "schema": Phrase("schema", "lược đồ"),
    "signature": Phrase("signature", "chữ ký"),
    "signer": Phrase("signer", "người ký"),
    "coverage": Phrase("coverage", "phạm vi ký"),
    "rules": Phrase("rules", "quy tắc"),
}
"""The steps of the inspection; in English by the names that they have everywhere."""

EVENTS: Final[Mapping[str, Phrase]] = {
    Event.SUBMISSION_ACCEPTANCE: Phrase("accepted by the axis", "trục đã nhận"),
    Event.SUBMISSION_REJECTION: Phrase("refused by the axis", "trục từ chối"),
    Event.CONTENT_CONSIGNMENT: Phrase("placed in the inbox", "đã đặt vào hộp nhận"),
    Event.CONTENT_CONSIGNMENT_FAILURE: Phrase(
        "not placed in the inbox", "không đặt được vào hộp nhận"
    ),
    Event.CONTENT_HANDOVER: Phrase("taken by the recipient's system", "hệ thống nơi nhận đã lấy"),
    Event.CONTENT_HANDOVER_FAILURE: Phrase(
        "not taken by the recipient's system", "hệ thống nơi nhận không lấy"
    ),
    Event.RELAY_ACCEPTANCE: Phrase("taken by the national axis", "trục quốc gia đã nhận"),
    Event.RELAY_REJECTION: Phrase("refused by the national axis", "trục quốc gia từ chối"),
    Event.RELAY_FAILURE: Phrase(
        "not given to the national axis", "không chuyển được cho trục quốc gia"
    ),
    Event.RECEIVED_FROM_NON_ERDS: Phrase(
        "received from the national axis", "nhận từ trục quốc gia"
    ),
    Event.CONSIGNMENT_REJECTION: Phrase("refused by the recipient", "nơi nhận từ chối"),
    Event.CONSIGNMENT_NOTIFICATION: Phrase("notice", "thông báo"),
}

DEADLINES: Final[Mapping[str, Phrase]] = {
    DeadlineKind.ARRIVAL: Phrase("arrival", "xác nhận đã đến"),
    DeadlineKind.REGISTRATION: Phrase("registration", "tiếp nhận"),
    DeadlineKind.REPLY: Phrase("reply", "trả lời"),
    DeadlineKind.RECALL_ANSWER: Phrase("answer to the recall", "trả lời yêu cầu thu hồi"),
}
KEPT: Final[Mapping[str, Phrase]] = {
    "met": Phrase("met", "đúng hạn"),
    "late": Phrase("done late", "trễ hạn"),
    "running": Phrase("still running", "chưa đến hạn"),
    "overdue": Phrase("overdue", "quá hạn"),
    "suspended": Phrase("suspended by the recall", "tạm dừng do thu hồi"),
}

RECALLS: Final[Mapping[str, Phrase]] = {
    RecallOutcome.ASKED: Phrase("asked back, no answer yet", "đã yêu cầu thu hồi, chưa trả lời"),
    RecallOutcome.WITHDRAWN: Phrase("withdrawn before it arrived", "đã rút về trước khi đến"),
    RecallOutcome.AGREED: Phrase("recall agreed", "đồng ý thu hồi"),
    RecallOutcome.REFUSED: Phrase("recall refused", "từ chối thu hồi"),
    RecallOutcome.RETURNED: Phrase(
        "the document itself refused", "đã từ chối tiếp nhận chính văn bản"
    ),
}

EARLIER: Final[Mapping[str, Phrase]] = {
    LinkKind.REPLY: Phrase("replies to", "trả lời văn bản"),
    LinkKind.RECALL: Phrase("recalls", "thu hồi văn bản"),
    LinkKind.UPDATE: Phrase("updates", "cập nhật văn bản"),
    LinkKind.REPLACE: Phrase("replaces", "thay thế văn bản"),
}
"""What this document is to an earlier one."""

LATER: Final[Mapping[str, Phrase]] = {
    LinkKind.REPLY: Phrase("replied to by", "được trả lời bằng"),
    LinkKind.RECALL: Phrase("recalled by", "bị thu hồi bằng"),
    LinkKind.UPDATE: Phrase("updated by", "được cập nhật bằng"),
    LinkKind.REPLACE: Phrase("replaced by", "được thay thế bằng"),
}
"""What a later document is to this one."""

DOORS: Final[Mapping[str, Phrase]] = {
    Door.AMQP: Phrase("over AMQP", "qua AMQP"),
    Door.VXP: Phrase("through the VXP door", "qua cổng VXP"),
    Door.EDOC: Phrase("through the eDoc door", "qua cổng eDoc"),
    Door.NATIONAL: Phrase("over the national axis", "qua trục quốc gia"),
    Door.AXIS: Phrase("by the axis itself", "do chính trục"),
}
FETCHED: Final = Phrase("fetched from its mailbox", "đã được lấy khỏi hộp thư")
ITEMS: Final[Mapping[str, Phrase]] = {
    ItemState.INITIAL: Phrase("nobody has fetched it", "chưa có ai lấy"),
    ItemState.PROCESSING: Phrase("fetched, not confirmed yet", "đã lấy, chưa xác nhận"),
    ItemState.FAIL: Phrase("its system could not take it", "hệ thống không nhận được"),
    ItemState.DONE: Phrase("its system took it", "hệ thống đã nhận"),
    ItemState.WITHDRAWN: Phrase("taken out again", "đã rút khỏi hộp thư"),
}
"""How an item of a mailbox stands."""
ROUTES: Final[Mapping[str, Phrase]] = {
    RouteKind.LOCAL: Phrase("inbox", "hộp nhận"),
    RouteKind.MAILBOX: Phrase("mailbox", "hộp thư"),
    RouteKind.NATIONAL: Phrase("national axis", "trục quốc gia"),
}
LANES: Final[Mapping[str, Phrase]] = {
    Lane.NORMAL: Phrase("normal", "thường"),
    Lane.URGENT: Phrase("urgent", "khẩn"),
}
PRIORITIES: Final[Mapping[int, Phrase]] = {
    0: Phrase("normal", "thường"),
    1: Phrase("urgent", "khẩn"),
    2: Phrase("very urgent", "thượng khẩn"),
    3: Phrase("express", "hỏa tốc"),
    4: Phrase("express at a set time", "hỏa tốc hẹn giờ"),
}
VALUES: Final[Mapping[str, Phrase]] = {
    "original": Phrase("original", "bản gốc"),
    "reference": Phrase("for reference", "để biết, tham khảo"),
}
SIGNATURES: Final[Mapping[str, Phrase]] = {
    "verified": Phrase("verified", "hợp lệ"),
    "absent": Phrase("absent", "không có"),
    "decorative": Phrase("decorative, cannot be verified", "hình thức, không kiểm tra được"),
    "invalid": Phrase("invalid", "không hợp lệ"),
}
NOT_LOOKED_AT: Final = Phrase("not looked at: refused before", "chưa kiểm tra: bị từ chối trước đó")
"""Of the signature on what was refused at an earlier step."""


def worded(table: Mapping[str, Phrase], code: str) -> Phrase:
    """The words for `code`, or itself."""
    return table.get(code) or Phrase(code, code)


def status_words(code: str) -> Phrase:
    """`03 registered`; of a recall that waited for its document, `recall`."""
    phrase = STATUSES.get(code)
    if phrase is None:
        return worded(BUSINESS, code)
    return Phrase(f"{code} {phrase.en}", f"{code} {phrase.vi}")


def behind(phrase: Phrase, text: str) -> Phrase:
    """The same text behind both."""
    return Phrase(phrase.en + text, phrase.vi + text)
