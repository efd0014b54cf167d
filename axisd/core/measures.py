"""What reports count: one table of measures, with their names and meanings in both languages.

The report, its text, CSV and page, and the reference in docs/reference/report.md are all made from this
table. *Which day* a number belongs to: Vietnam's day of `received_at` of the submission, for everything,
so that the numbers of days add up to those of months. *Whose* it is: the organ's canonical code, as the
ledger has it. States are those at the cut-off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from axisd.core.wording import Phrase


class Measure(StrEnum):
    """Codes of the measures; never change what one means."""

    SUBMISSIONS = "submissions"
    ACCEPTED = "accepted"
    DUPLICATES = "duplicates"
    REFUSED = "refused"
    QUARANTINED = "quarantined"
    DOCUMENTS = "documents"
    UPDATES = "updates"
    REPLACEMENTS = "replacements"
    RECALLS = "recalls"
    FURTHER = "further"
    STATUSES = "statuses"
    UNMATCHED = "unmatched"
    ORIGINALS = "originals"
    URGENT = "urgent"
    TURNED_AWAY = "turned-away"
    RECALLS_OPEN = "recalls-open"
    RECALLS_WITHDRAWN = "recalls-withdrawn"
    RECALLS_AGREED = "recalls-agreed"
    RECALLS_REFUSED = "recalls-refused"
    RECALLS_RETURNED = "recalls-returned"
    SENT = "sent"
    SENT_NATIONAL = "sent-national"
    SENT_WAITING = "sent-waiting"
    SENT_PLACED = "sent-placed"
    SENT_TAKEN = "sent-taken"
    SENT_DECLINED = "sent-declined"
    SENT_FAILED = "sent-failed"
    SENT_EXPIRED = "sent-expired"
    SENT_WITHDRAWN = "sent-withdrawn"
    SENT_RECALLED = "sent-recalled"
    ADDRESSED = "addressed"
    RECEIVED = "received"
    FROM_NATIONAL = "from-national"
    THROUGH_INTAKE = "through-intake"
    FOR_OTHERS = "for-others"
    WAITING = "waiting"
    PLACED = "placed"
    TAKEN = "taken"
    DECLINED = "declined"
    FAILED = "failed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"
    RECALL_NOTICES = "recall-notices"
    STATUSES_RECEIVED = "statuses-received"
    ARRIVED = "arrived"
    REGISTERED = "registered"
    OVERDUE = "overdue"
    ARRIVAL_LATE = "arrival-late"
    ARRIVAL_OUTSTANDING = "arrival-outstanding"
    REGISTRATION_LATE = "registration-late"
    REGISTRATION_OUTSTANDING = "registration-outstanding"
    REPLY_OVERDUE = "reply-overdue"
    RECALL_OVERDUE = "recall-overdue"


class Group(StrEnum):
    """Whose doing a measure is about."""

    HANDED_IN = "handed-in"
    COPIES_SENT = "copies-sent"
    COPIES_RECEIVED = "copies-received"
    DEADLINES = "deadlines"


GROUPS: Final[Mapping[Group, Phrase]] = {
    Group.HANDED_IN: Phrase("Handed in", "Gửi lên trục"),
    Group.COPIES_SENT: Phrase(
        "Copies sent, one for each recipient", "Bản gửi, tính theo từng nơi nhận"
    ),
    Group.COPIES_RECEIVED: Phrase("Copies received", "Bản đến"),
    Group.DEADLINES: Phrase("Deadlines", "Thời hạn"),
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """`name`: its heading; `exactly`: what is counted. `reasons`: whether it is counted by reason too."""

    group: Group
    name: Phrase
    exactly: Phrase
    reasons: bool = False


_H, _S, _R, _D = Group


def _is(
    group: Group, name: tuple[str, str], exactly: tuple[str, str], *, reasons: bool = False
) -> Meaning:
    return Meaning(group, Phrase(*name), Phrase(*exactly), reasons)


MEASURES: Final[Mapping[Measure, Meaning]] = {
    Measure.SUBMISSIONS: _is(
        _H,
        ("Hand-ins", "Lượt gửi lên trục"),
        (
            "all submissions: accepted + duplicates + refused + quarantined",
            "mọi lượt gửi: được nhận + gửi trùng + bị từ chối + bị cách ly",
        ),
    ),
    Measure.ACCEPTED: _is(
        _H,
        ("Accepted", "Được nhận"),
        (
            "documents + updates + replacements + recalls + further + statuses",
            "văn bản + cập nhật + thay thế + thu hồi + gửi thêm + trạng thái",
        ),
    ),
    Measure.DUPLICATES: _is(
        _H,
        ("Duplicates", "Gửi trùng"),
        (
            "the same submission again, answered with the same receipt",
            "gửi lại y nguyên, trục trả lại biên nhận cũ",
        ),
    ),
    Measure.REFUSED: _is(
        _H,
        ("Refused", "Bị trục từ chối"),
        (
            "refused as a whole, for the agency that was told so; without an agency where nobody could be named",
            "cả lượt gửi bị từ chối, tính cho cơ quan được báo; không ghi cơ quan nếu không xác định được",
        ),
        reasons=True,
    ),
    Measure.QUARANTINED: _is(
        _H,
        ("Quarantined", "Bị cách ly"),
        ("set aside because inspecting it failed", "để riêng vì không kiểm tra được"),
    ),
    Measure.DOCUMENTS: _is(
        _H,
        ("Documents", "Văn bản gửi"),
        (
            "new documents, each once: on the day of its first accepted submission",
            "văn bản mới, mỗi văn bản tính một lần, vào ngày được nhận lần đầu",
        ),
    ),
    Measure.UPDATES: _is(
        _H,
        ("Updates", "Cập nhật"),
        ("updates of documents, each once", "bản cập nhật, mỗi bản tính một lần"),
    ),
    Measure.REPLACEMENTS: _is(
        _H,
        ("Replacements", "Thay thế"),
        ("documents that replace others, each once", "văn bản thay thế, mỗi văn bản tính một lần"),
    ),
    Measure.RECALLS: _is(
        _H,
        ("Recalls", "Thu hồi"),
        ("recalls of documents, each once", "thông báo thu hồi, mỗi thông báo tính một lần"),
    ),
    Measure.FURTHER: _is(
        _H,
        ("Sent to further recipients", "Gửi thêm nơi nhận"),
        (
            "accepted submissions of what was counted before, for other recipients",
            "lượt gửi được nhận của văn bản đã tính, đến nơi nhận khác",
        ),
    ),
    Measure.STATUSES: _is(
        _H,
        ("Statuses", "Trạng thái gửi"),
        ("status messages accepted", "thông điệp trạng thái được nhận"),
    ),
    Measure.UNMATCHED: _is(
        _H,
        ("Unmatched statuses", "Trạng thái không khớp"),
        (
            "of the statuses: those about a document that is not known here",
            "trong số trạng thái: về văn bản mà trục không biết",
        ),
    ),
    Measure.ORIGINALS: _is(
        _H,
        ("Signed", "Có ký số"),
        (
            "of the documents: those with the value of an original",
            "trong số văn bản: có giá trị như bản gốc",
        ),
    ),
    Measure.URGENT: _is(
        _H,
        ("Urgent", "Khẩn"),
        ("of the documents: those of the urgent lane", "trong số văn bản: đi luồng khẩn"),
    ),
    Measure.TURNED_AWAY: _is(
        _H,
        ("Recipients refused", "Nơi nhận bị từ chối"),
        (
            "recipients of accepted submissions to whom it could not go",
            "nơi nhận mà lượt gửi được nhận không thể chuyển đến",
        ),
        reasons=True,
    ),
    Measure.RECALLS_OPEN: _is(
        _H,
        ("Recalls unanswered", "Thu hồi chưa trả lời"),
        ("recipients asked, without an answer yet", "nơi nhận đã được yêu cầu, chưa trả lời"),
    ),
    Measure.RECALLS_WITHDRAWN: _is(
        _H,
        ("Withdrawn at the axis", "Rút lại tại trục"),
        ("recalled before they were handed over", "thu hồi trước khi giao cho nơi nhận"),
    ),
    Measure.RECALLS_AGREED: _is(
        _H,
        ("Recalls agreed to", "Đồng ý thu hồi"),
        ("recipients that agreed", "nơi nhận đồng ý thu hồi"),
    ),
    Measure.RECALLS_REFUSED: _is(
        _H,
        ("Recalls refused", "Không đồng ý thu hồi"),
        ("recipients that did not agree", "nơi nhận không đồng ý thu hồi"),
    ),
    Measure.RECALLS_RETURNED: _is(
        _H,
        ("Refused instead", "Từ chối tiếp nhận"),
        (
            "recipients that answered a recall by refusing the document itself (02)",
            "nơi nhận trả lời yêu cầu thu hồi bằng cách từ chối chính văn bản (02)",
        ),
    ),
    Measure.SENT: _is(
        _S,
        ("Copies sent", "Bản gửi"),
        (
            "one for each recipient of documents, updates and replacements; the sum of the eight below",
            "mỗi nơi nhận một bản của văn bản, cập nhật, thay thế; tổng của tám dòng dưới",
        ),
    ),
    Measure.SENT_NATIONAL: _is(
        _S,
        ("Over the national axis", "Qua trục quốc gia"),
        ("of the copies sent: those to other axes", "trong số bản gửi: đi qua trục quốc gia"),
    ),
    Measure.SENT_WAITING: _is(
        _S, ("Waiting", "Chờ chuyển"), ("not yet left the axis", "chưa rời trục")
    ),
    Measure.SENT_PLACED: _is(
        _S,
        ("Delivered", "Đã chuyển"),
        (
            "in the recipient's inbox, or taken by the national axis",
            "đã vào hộp của nơi nhận, hoặc trục quốc gia đã nhận",
        ),
    ),
    Measure.SENT_TAKEN: _is(
        _S,
        ("Taken", "Nơi nhận đã nhận"),
        ("the recipient's system has it", "hệ thống của nơi nhận đã nhận"),
    ),
    Measure.SENT_DECLINED: _is(
        _S,
        ("Refused by recipients", "Nơi nhận từ chối"),
        ("turned down with status 02", "nơi nhận trả lại bằng trạng thái 02"),
    ),
    Measure.SENT_FAILED: _is(
        _S,
        ("Not deliverable", "Không chuyển được"),
        ("refused on the way", "bị từ chối trên đường chuyển"),
        reasons=True,
    ),
    Measure.SENT_EXPIRED: _is(
        _S,
        ("Expired", "Hết hạn chuyển"),
        ("tried until the time was up", "đã thử cho đến hết hạn"),
        reasons=True,
    ),
    Measure.SENT_WITHDRAWN: _is(
        _S,
        ("Withdrawn", "Đã rút"),
        ("withdrawn before they were taken", "rút lại trước khi nơi nhận lấy"),
    ),
    Measure.SENT_RECALLED: _is(
        _S,
        ("Recalled", "Đã thu hồi"),
        ("the recipient agreed to the recall", "nơi nhận đã đồng ý thu hồi"),
    ),
    Measure.ADDRESSED: _is(
        _R,
        ("Copies addressed", "Bản gửi đến"),
        ("copies for this organ, whatever became of them", "mọi bản gửi cho cơ quan này"),
    ),
    Measure.RECEIVED: _is(
        _R,
        ("Received", "Đã đến"),
        ("delivered + taken + refused + recalled", "đã chuyển + đã nhận + từ chối + đã thu hồi"),
    ),
    Measure.FROM_NATIONAL: _is(
        _R,
        ("From the national axis", "Từ trục quốc gia"),
        (
            "of the copies addressed: those from other axes",
            "trong số bản gửi đến: từ trục quốc gia",
        ),
    ),
    Measure.THROUGH_INTAKE: _is(
        _R,
        ("Through an intake office", "Qua đầu mối"),
        (
            "of the copies addressed: received by another office on its behalf",
            "trong số bản gửi đến: cơ quan khác nhận thay",
        ),
    ),
    Measure.FOR_OTHERS: _is(
        _R,
        ("Received for others", "Nhận thay"),
        (
            "copies for other organs in this one's inbox; counted for those organs",
            "bản gửi cho cơ quan khác, vào hộp của cơ quan này; đã tính cho các cơ quan đó",
        ),
    ),
    Measure.WAITING: _is(_R, ("Waiting", "Chờ chuyển"), ("not yet left the axis", "chưa rời trục")),
    Measure.PLACED: _is(
        _R,
        ("Delivered", "Đã chuyển"),
        ("in its inbox, not known to be taken", "đã vào hộp, chưa biết đã lấy"),
    ),
    Measure.TAKEN: _is(_R, ("Taken", "Đã nhận"), ("its system has them", "hệ thống đã nhận")),
    Measure.DECLINED: _is(
        _R,
        ("Turned down", "Từ chối nhận"),
        ("turned down with status 02", "trả lại bằng trạng thái 02"),
    ),
    Measure.FAILED: _is(
        _R,
        ("Not deliverable", "Không chuyển được"),
        ("refused on the way", "bị từ chối trên đường chuyển"),
        reasons=True,
    ),
    Measure.EXPIRED: _is(
        _R,
        ("Expired", "Hết hạn chuyển"),
        ("tried until the time was up", "đã thử cho đến hết hạn"),
        reasons=True,
    ),
    Measure.WITHDRAWN: _is(
        _R,
        ("Withdrawn", "Đã rút"),
        ("withdrawn by the sender before it was taken", "bên gửi rút trước khi lấy"),
    ),
    Measure.RECALLED: _is(
        _R, ("Recalled", "Đã thu hồi"), ("cancelled on a recall", "đã hủy theo yêu cầu thu hồi")
    ),
    Measure.RECALL_NOTICES: _is(
        _R,
        ("Recall notices", "Yêu cầu thu hồi"),
        ("recalls addressed to it", "thông báo thu hồi gửi đến"),
    ),
    Measure.STATUSES_RECEIVED: _is(
        _R,
        ("Statuses", "Trạng thái đến"),
        ("status messages addressed to it", "thông điệp trạng thái gửi đến"),
    ),
    Measure.ARRIVED: _is(
        _D,
        ("Arrival reported", "Đã báo đến"),
        ("its system said that they are there", "hệ thống đã báo đến"),
    ),
    Measure.REGISTERED: _is(
        _D,
        ("Registered", "Đã tiếp nhận"),
        (
            "registered by the recipient, or refused (02)",
            "nơi nhận đã tiếp nhận, hoặc đã từ chối (02)",
        ),
    ),
    Measure.OVERDUE: _is(
        _D,
        ("Overdue", "Quá hạn"),
        ("copies with any of the four below", "số bản có ít nhất một trong bốn dòng dưới"),
    ),
    Measure.ARRIVAL_LATE: _is(
        _D,
        ("Arrived late", "Đến muộn"),
        ("arrived after the end of the working day", "đến sau khi hết ngày làm việc"),
    ),
    Measure.ARRIVAL_OUTSTANDING: _is(
        _D,
        ("Arrival outstanding", "Quá hạn chưa đến"),
        ("that time is over, and nothing was said", "đã quá hạn mà chưa báo đến"),
    ),
    Measure.REGISTRATION_LATE: _is(
        _D,
        ("Registered late", "Tiếp nhận muộn"),
        (
            "registered after the end of the next working day",
            "tiếp nhận sau khi hết ngày làm việc tiếp theo",
        ),
    ),
    Measure.REGISTRATION_OUTSTANDING: _is(
        _D,
        ("Registration outstanding", "Quá hạn chưa tiếp nhận"),
        ("that time is over, and nothing was said", "đã quá hạn mà chưa tiếp nhận"),
    ),
    Measure.REPLY_OVERDUE: _is(
        _D,
        ("Replies overdue", "Quá hạn trả lời"),
        (
            "a reply was asked for, is due and not there",
            "đã đến hạn trả lời mà chưa có văn bản trả lời",
        ),
    ),
    Measure.RECALL_OVERDUE: _is(
        _D,
        ("Recall answers overdue", "Quá hạn trả lời thu hồi"),
        ("an answer to a recall is due and not there", "đã đến hạn trả lời thu hồi mà chưa có"),
    ),
}
