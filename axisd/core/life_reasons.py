"""The reasons that come of what the ledger knows of a document: who may report, recall, update, replace.

Rows of the table `reasons`, which is where they are looked up.
"""

from __future__ import annotations

from typing import Final

from axisd.core.reason import Event, Fault, Reason, notice, sender_fault, warning

LIFE: Final = (
    # what the ledger knows of the document
    sender_fault(
        "status-not-recipient",
        "19",
        "{agency} is neither a recipient of this document nor the office that received it, and cannot report on it.",
        "{agency} không phải nơi nhận văn bản này, cũng không phải văn phòng nhận thay, nên không thể báo trạng thái.",
    ),
    sender_fault(
        "recall-not-sender",
        "19",
        "The document was sent to {agency} by somebody else; only its sender can recall it.",
        "Văn bản gửi {agency} là của bên gửi khác; chỉ bên gửi văn bản mới được thu hồi.",
    ),
    sender_fault(
        "recall-closed",
        "10",
        "The document to {agency} cannot be recalled any more: it is {state}.",
        "Không thể thu hồi văn bản gửi {agency} nữa: văn bản {state_vi}.",
    ),
    sender_fault(
        "recall-not-asked",
        "10",
        "Nobody asked {agency} to give this document back, or to take a change of it: 15 and 16 answer nothing.",
        "Không có yêu cầu lấy lại hay cập nhật văn bản này gửi {agency}: trạng thái 15, 16 không trả lời điều gì.",
    ),
    sender_fault(
        "document-recalled",
        "10",
        "Document {document} was recalled; it is not changed or sent any further.",
        "Văn bản {document} đã được thu hồi; không được thay đổi hay gửi tiếp.",
    ),
    sender_fault(
        "update-unknown",
        "10",
        "This axis knows no document {document} of yours; there is nothing to {business}.",
        "Trục không có văn bản {document} của cơ quan gửi; không có gì để {business_vi}.",
    ),
    sender_fault(
        "update-not-sender",
        "19",
        "Document {document} was sent by somebody else; only its sender can {business} it.",
        "Văn bản {document} là của bên gửi khác; chỉ bên gửi mới được {business_vi}.",
    ),
    sender_fault(
        "update-id-reused",
        "10",
        "Another change of a document went out under this DocumentId at {time}. Give this one a DocumentId of its own, and name the document that it changes inside Bussiness.",
        "DocumentId này đã được dùng lúc {time} cho một văn bản cập nhật, thay thế khác. Hãy đặt DocumentId riêng cho văn bản này và nêu văn bản được thay đổi trong Bussiness.",
    ),
    # what is accepted and said on the receipt
    warning(
        "unmatched",
        "Document {document} is not known here, or not yet; the message was forwarded all the same.",
        "Trục chưa biết văn bản {document}; thông điệp vẫn được chuyển tiếp.",
    ),
    warning(
        "recall-early",
        "This axis knows no document {document} of yours to {agency}, or not yet. The recall was forwarded; the document is taken back if it comes until {until}.",
        "Trục không có, hoặc chưa có, văn bản {document} của cơ quan gửi tới {agency}. Yêu cầu thu hồi vẫn được chuyển tiếp; văn bản sẽ được rút về nếu đến trước {until}.",
    ),
    warning(
        "number-repeated",
        "Number {number} was already used this year, by document {document} of {time}.",
        "Số, ký hiệu {number} đã được dùng trong năm, cho văn bản {document} lúc {time}.",
    ),
    warning(
        "recipient-untold",
        "{agency} is dropped from the recipients and not named in To; the axis has no way to tell it.",
        "{agency} bị bỏ khỏi danh sách nơi nhận và không có trong To; trục không có cách báo cho cơ quan này.",
    ),
    # taking back and changing
    Reason(
        "withdrawn",
        Fault.SENDER,
        False,
        Event.CONTENT_CONSIGNMENT_FAILURE,
        "10",
        "The sender took the document back before {agency} had it.",
        "Bên gửi đã rút văn bản về trước khi {agency} nhận được.",
    ),
    notice(
        "recall-asked",
        "{agency} was asked to give the document back.",
        "{agency} được yêu cầu trả lại văn bản.",
    ),
    notice(
        "recall-agreed",
        "{agency} gave the document back: {detail}",
        "{agency} đồng ý trả lại văn bản: {detail_vi}",
    ),
    notice(
        "recall-refused",
        "{agency} does not give the document back: {detail}",
        "{agency} không đồng ý trả lại văn bản: {detail_vi}",
    ),
    notice(
        "change-agreed",
        "{agency} took the change of the document: {detail}",
        "{agency} đồng ý cập nhật văn bản: {detail_vi}",
    ),
    notice(
        "change-refused",
        "{agency} does not take the change of the document: {detail}",
        "{agency} không đồng ý cập nhật văn bản: {detail_vi}",
    ),
    notice(
        "recipient-dropped",
        "{sender} dropped {agency} from the recipients of this document; nothing is expected of it any more.",
        "{sender} đã bỏ {agency} khỏi danh sách nơi nhận văn bản này; không còn yêu cầu gì với cơ quan này.",
        fault=Fault.SENDER,
    ),
)
