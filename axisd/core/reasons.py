"""Why something was refused or failed: one table, one row per reason.

A `Reason` says whose fault it is, whether trying again can help, which evidence event it leads to,
which code the VXP door answers, and the sentence in English and Vietnamese. A `Refusal` is a reason
that happened: with the place in the envelope and the particulars filled in. Refusals are values;
nothing here raises. Texts never carry the subject or the payload of a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from axisd.core.delivery_reasons import DELIVERY
from axisd.core.life_reasons import LIFE
from axisd.core.reason import (
    FAILURE_EVENTS,
    OWN_EVENTS,
    Event,
    Fault,
    Language,
    Reason,
    Refusal,
)
from axisd.core.reason import sender_fault as _sender
from axisd.core.reason import warning as _warning

__all__ = [
    "FAILURE_EVENTS",
    "OWN_EVENTS",
    "REASONS",
    "Event",
    "Fault",
    "Language",
    "Reason",
    "Refusal",
    "refuse",
]


def _table(*rows: Reason) -> Mapping[str, Reason]:
    table = {row.code: row for row in rows}
    assert len(table) == len(rows), "two reasons share a code"
    return table


REASONS: Final[Mapping[str, Reason]] = _table(
    # (1) size and content type
    _sender("empty", "21", "The submission has no content.", "Bản gửi không có nội dung."),
    _sender(
        "too-large",
        "21",
        "The envelope has {size} bytes; at most {limit} are accepted.",
        "Gói tin có {size} byte; trục chỉ nhận tối đa {limit} byte.",
    ),
    _sender(
        "content-type",
        "10",
        "Content type {found} is not accepted; send the envelope as application/xml.",
        "Kiểu nội dung {found} không được chấp nhận; hãy gửi gói tin dạng application/xml.",
    ),
    # (2) the account
    _sender(
        "account-missing",
        "15",
        "The submission does not say which account sent it; set the user_id property.",
        "Bản gửi không cho biết tài khoản gửi; hãy đặt thuộc tính user_id.",
    ),
    _sender(
        "account-unknown",
        "15",
        "Account {account} is not enrolled with this axis.",
        "Tài khoản {account} chưa được đăng ký với trục.",
    ),
    _sender(
        "account-suspended",
        "15",
        "Account {account} is suspended; ask the operator of the axis.",
        "Tài khoản {account} đang bị tạm ngưng; hãy liên hệ đơn vị vận hành trục.",
    ),
    _sender(
        "account-channel",
        "15",
        "Account {account} is enrolled for the channel {channel}, and hands in there, not over AMQP.",
        "Tài khoản {account} được đăng ký cho kênh {channel}; hãy gửi qua kênh đó, không qua AMQP.",
    ),
    _sender(
        "account-not-for-agency",
        "19",
        "Account {account} may not submit for agency {agency}.",
        "Tài khoản {account} không được phép gửi thay cho cơ quan {agency}.",
    ),
    _sender(
        "routing-key",
        "19",
        "Routing key {key} is not <lane>.<agency> with lane normal or urgent.",
        "Khóa định tuyến {key} không có dạng <làn>.<mã cơ quan> với làn normal hoặc urgent.",
    ),
    _sender(
        "allowance-size",
        "21",
        "The envelope has {size} bytes; account {account} may hand in at most {limit}.",
        "Gói tin có {size} byte; tài khoản {account} chỉ được gửi tối đa {limit} byte.",
    ),
    _sender(
        "allowance-rate",
        "20",
        "Account {account} hands in more than {limit} submissions a second; hand this one in again later,"
        " more slowly.",
        "Tài khoản {account} gửi quá {limit} lượt mỗi giây; hãy gửi lại gói tin này sau, với tốc độ chậm hơn.",
        retryable=True,
    ),
    _sender(
        "allowance-outstanding",
        "20",
        "{count} deliveries of account {account} have not left yet, and {limit} may wait; hand this one in"
        " again when they have.",
        "Tài khoản {account} đang có {count} lượt chuyển chưa đi khỏi trục, giới hạn là {limit}; hãy gửi lại"
        " gói tin này sau khi các lượt đó đã được chuyển.",
        retryable=True,
    ),
    # (3) well-formed
    _sender(
        "not-well-formed",
        "22",
        "The envelope is not well-formed XML: {detail}. {hint}",
        "Gói tin không phải XML đúng cú pháp: {detail_vi}. {hint_vi}",
    ),
    _sender(
        "encoding",
        "22",
        "The envelope is not UTF-8: {detail}.",
        "Gói tin không được mã hóa UTF-8: {detail_vi}.",
    ),
    _sender(
        "forbidden-markup",
        "22",
        "The envelope contains {found}, which is not allowed.",
        "Gói tin chứa {found_vi}, là thành phần không được phép.",
    ),
    _sender(
        "structure-limit",
        "22",
        "The envelope has more {what} than the {limit} allowed.",
        "Gói tin có {what_vi} vượt quá giới hạn {limit}.",
    ),
    # (4) kind
    _sender(
        "kind-unknown",
        "22",
        "This is not an edXML message of QCVN 102:2016: {found}.",
        "Đây không phải thông điệp edXML theo QCVN 102:2016: {found_vi}.",
    ),
    # (5) schema
    _sender(
        "schema-invalid",
        "22",
        "The envelope breaks the schema: {detail}",
        "Gói tin không hợp lệ theo lược đồ: {detail_vi}",
    ),
    # (6) signature
    _sender(
        "signature-missing",
        "10",
        "Agency {agency} must sign its envelopes; this one carries no signature that counts.",
        "Cơ quan {agency} phải ký số gói tin; gói tin này không có chữ ký số có giá trị.",
    ),
    _sender(
        "signature-place",
        "10",
        "The signature must be the one Signature that is the last child of edXMLHeader: {detail}.",
        "Chữ ký phải là phần tử Signature duy nhất, đứng cuối edXMLHeader: {detail_vi}.",
    ),
    _sender(
        "signature-reference",
        "10",
        'The signature must have exactly one Reference with URI="" over the whole document: {detail}.',
        'Chữ ký phải có đúng một Reference với URI="" trên toàn bộ tài liệu: {detail_vi}.',
    ),
    _sender(
        "signature-algorithm",
        "10",
        "The signature uses {found}, which is not permitted.",
        "Chữ ký dùng {found}, là thuật toán không được phép.",
    ),
    _sender(
        "signature-malformed",
        "10",
        "The signature cannot be read: {detail}.",
        "Không đọc được chữ ký: {detail_vi}.",
    ),
    _sender(
        "signature-invalid",
        "10",
        "The signature does not match the content: the envelope was changed after signing.",
        "Chữ ký không khớp với nội dung: gói tin đã bị thay đổi sau khi ký.",
    ),
    # (7) signer
    _sender(
        "signer-unknown",
        "10",
        "The signing certificate ({signer}) is neither pinned for {agency} nor issued under a trusted authority.",
        "Chứng thư ký ({signer}) không được ghim cho {agency} và không do cơ quan chứng thực tin cậy cấp.",
    ),
    _sender(
        "signer-not-sender",
        "10",
        "The signing certificate ({signer}) does not belong to agency {agency}.",
        "Chứng thư ký ({signer}) không thuộc cơ quan {agency}.",
    ),
    _sender(
        "signer-expired",
        "10",
        "The signing certificate ({signer}) expired on {date}.",
        "Chứng thư ký ({signer}) đã hết hạn ngày {date}.",
    ),
    _sender(
        "signer-not-yet-valid",
        "10",
        "The signing certificate ({signer}) is valid only from {date}.",
        "Chứng thư ký ({signer}) chỉ có hiệu lực từ ngày {date}.",
    ),
    _sender(
        "signer-key",
        "10",
        "The key of the signing certificate ({signer}) is not permitted: {detail}.",
        "Khóa của chứng thư ký ({signer}) không được phép: {detail_vi}.",
    ),
    # (8) what is signed is what is read
    _sender(
        "not-covered",
        "10",
        "Part of the envelope is not covered by its signature: {detail}.",
        "Một phần gói tin không được chữ ký bảo vệ: {detail_vi}.",
    ),
    # (9) rules
    _sender(
        "sender-not-account",
        "19",
        "From names agency {agency}, which account {account} does not serve.",
        "Phần tử From ghi cơ quan {agency}, không thuộc phạm vi của tài khoản {account}.",
    ),
    _sender(
        "sender-unknown",
        "19",
        "The sender's agency {agency} is not in the directory.",
        "Cơ quan gửi {agency} không có trong danh mục.",
    ),
    _sender(
        "sender-closed",
        "19",
        "Agency {agency} was closed on {date} and sends no new documents; {advice}.",
        "Cơ quan {agency} đã đóng mã từ ngày {date}, không gửi văn bản mới; {advice_vi}.",
    ),
    _sender(
        "sender-not-open",
        "19",
        "Agency {agency} holds from {date} on and sends nothing before.",
        "Mã cơ quan gửi {agency} có hiệu lực từ ngày {date}, trước ngày đó chưa được gửi.",
    ),
    _sender(
        "code-malformed",
        "18",
        "{agency} is not an agency code: only visible letters, digits and dots are allowed.",
        "{agency} không phải mã cơ quan: chỉ được dùng chữ, số và dấu chấm.",
    ),
    _sender(
        "recipients-too-many",
        "18",
        "The envelope names {count} recipients; at most {limit} are accepted.",
        "Gói tin ghi {count} nơi nhận; trục chỉ nhận tối đa {limit}.",
    ),
    _sender(
        "recipient-unknown",
        "18",
        "Recipient {agency} is not in the directory.",
        "Nơi nhận {agency} không có trong danh mục.",
    ),
    _sender(
        "recipient-closed",
        "18",
        "Recipient {agency} was closed on {date}; {advice}.",
        "Nơi nhận {agency} đã đóng mã từ ngày {date}; {advice_vi}.",
    ),
    _sender(
        "recipient-not-open",
        "18",
        "Recipient {agency} holds from {date} on; nothing can be sent to it before.",
        "Mã nơi nhận {agency} có hiệu lực từ ngày {date}, trước ngày đó chưa nhận được văn bản.",
    ),
    _sender(
        "recipient-not-named",
        "18",
        "{agency} was named beside the envelope, and the envelope itself does not name it as a recipient.",
        "{agency} được nêu kèm theo gói tin, nhưng bản thân gói tin không ghi là nơi nhận.",
    ),
    _sender(
        "recipient-unreachable",
        "18",
        "Nobody receives for {agency}: it has no system of its own and no office receives for it.",
        "Chưa có nơi tiếp nhận cho {agency}: cơ quan chưa có hệ thống và chưa có văn phòng nhận thay.",
    ),
    _sender(
        "national-closed",
        "18",
        "Recipient {agency} is reached over the national axis, which is not configured here.",
        "Nơi nhận {agency} thuộc trục quốc gia, hiện chưa được cấu hình kết nối.",
    ),
    _sender(
        "secrecy-mark",
        "10",
        "The envelope carries a mark of secrecy; state secrets must not be sent over this axis.",
        "Gói tin có dấu chỉ độ mật; không được gửi bí mật nhà nước qua trục.",
    ),
    _sender(
        "attachment-malformed",
        "21",
        "Attachment {name} is not base64: {detail}.",
        "Tệp đính kèm {name} không phải base64: {detail_vi}.",
    ),
    _sender(
        "attachment-name",
        "21",
        "Attachment name {name} contains a path or control characters.",
        "Tên tệp đính kèm {name} chứa đường dẫn hoặc ký tự điều khiển.",
    ),
    _sender(
        "attachments-repeated",
        "21",
        "Two attachments share the ContentId {name}.",
        "Hai tệp đính kèm dùng chung ContentId {name}.",
    ),
    _sender(
        "status-reason-missing",
        "10",
        "Status 02 refuses a document: its Description must give the reason.",
        "Trạng thái 02 từ chối văn bản: phần Description phải nêu lý do.",
    ),
    _sender(
        "document-id-reused",
        "10",
        "DocumentId was already used at {time} for other content ({digest}).",
        "DocumentId đã được dùng lúc {time} cho nội dung khác ({digest}).",
    ),
    _sender(
        "attachment-required",
        "21",
        "The document carries no attachment; this axis accepts none without.",
        "Văn bản không có tệp đính kèm; trục này không nhận văn bản như vậy.",
    ),
    # warnings: accepted all the same
    _warning(
        "date-invalid",
        "{field} is not a possible date of the form yyyy/MM/dd: {found}.",
        "{field} không phải ngày có thật dạng yyyy/MM/dd: {found}.",
    ),
    _warning(
        "date-in-future",
        "{field} lies in the future: {found}.",
        "{field} là ngày trong tương lai: {found}.",
    ),
    _warning(
        "due-before-promulgation",
        "DueDate {due} lies before the promulgation on {date}.",
        "Hạn trả lời DueDate {due} sớm hơn ngày ban hành {date}.",
    ),
    _warning(
        "time-invalid",
        "{field} is not a possible time of the form yyyy/MM/dd HH:mm:ss: {found}.",
        "{field} không phải thời điểm có thật dạng yyyy/MM/dd HH:mm:ss: {found}.",
    ),
    _warning(
        "time-in-future",
        "{field} lies in the future: {found}; set the clock by a time server.",
        "{field} là thời điểm trong tương lai: {found}; hãy đồng bộ đồng hồ với máy chủ thời gian.",
    ),
    _warning(
        "type-name-unknown",
        "TypeName {found} is none of the 29 types of documents of Decree 30/2020/ND-CP, article 7.",
        "TypeName {found_vi} không thuộc 29 loại văn bản hành chính tại Điều 7 Nghị định 30/2020/NĐ-CP.",
    ),
    _warning(
        "length-exceeded",
        "{field} has {length} characters; Decree 30/2020/ND-CP, appendix VI, allows {limit}.",
        "{field} có {length} ký tự; Phụ lục VI Nghị định 30/2020/NĐ-CP cho phép {limit}.",
    ),
    _warning(
        "reply-unreadable",
        "ResponseFor does not say which document is answered: give its DocumentId, or OrganId, Code"
        " (number/notation) and PromulgationDate.",
        "ResponseFor không cho biết trả lời văn bản nào: hãy ghi DocumentId, hoặc OrganId, Code"
        " (số/ký hiệu) và PromulgationDate.",
    ),
    _warning(
        "attachment-none",
        "The document carries no attachment.",
        "Văn bản không có tệp đính kèm.",
    ),
    _warning(
        "attachment-missing",
        "The manifest names {name}; no such attachment is carried.",
        "Danh mục (manifest) có ghi {name} nhưng gói tin không có tệp đính kèm này.",
    ),
    _warning(
        "attachment-unlisted",
        "Attachment {name} is not named in the manifest.",
        "Tệp đính kèm {name} không được ghi trong danh mục (manifest).",
    ),
    _warning(
        "attachment-name-differs",
        "Attachment {name} is called {listed} in the manifest.",
        "Tệp đính kèm {name} lại được ghi là {listed} trong danh mục (manifest).",
    ),
    _warning(
        "attachment-empty",
        "Attachment {name} has no content.",
        "Tệp đính kèm {name} không có nội dung.",
    ),
    _warning(
        "attachment-type-differs",
        "Attachment {name} is declared as {declared}; its first bytes say {found}.",
        "Tệp đính kèm {name} khai báo kiểu {declared} nhưng các byte đầu cho thấy {found_vi}.",
    ),
    _warning(
        "warnings-more",
        "{count} more warnings are not listed.",
        "Còn {count} cảnh báo khác không được liệt kê.",
    ),
    *LIFE,
    *DELIVERY,
)


def refuse(
    code: str, /, *, at: str | None = None, line: int | None = None, **particulars: str
) -> Refusal:
    """A refusal by its code; an unknown code is a programming error and raises KeyError."""
    return Refusal(REASONS[code], at, line, particulars)
