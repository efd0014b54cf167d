"""The reasons that come after acceptance: what kept a delivery from leaving, what somebody owes, what the
national axis said; and our own failures.

Rows of the table `reasons`, which is where they are looked up.
"""

from __future__ import annotations

from typing import Final

from axisd.core.reason import Event, Fault, Reason, notice

DELIVERY: Final = (
    # ourselves
    Reason(
        "quarantined",
        Fault.AXIS,
        True,
        Event.SUBMISSION_REJECTION,
        "20",
        "The axis failed while inspecting the envelope; it is kept and an operator was told.",
        "Trục gặp lỗi khi kiểm tra gói tin; gói tin được giữ lại và đã báo người vận hành.",
    ),
    # delivery to an inbox
    Reason(
        "inbox-missing",
        Fault.AXIS,
        True,
        Event.CONTENT_CONSIGNMENT_FAILURE,
        "18",
        "The inbox of {agency} does not exist on the broker.",
        "Hộp nhận của {agency} chưa tồn tại trên máy chủ hàng đợi.",
    ),
    Reason(
        "broker-refused",
        Fault.AXIS,
        True,
        Event.CONTENT_CONSIGNMENT_FAILURE,
        "20",
        "The broker did not take the message for {agency}.",
        "Máy chủ hàng đợi không nhận thông điệp cho {agency}.",
    ),
    Reason(
        "broker-silent",
        Fault.AXIS,
        True,
        Event.CONTENT_CONSIGNMENT_FAILURE,
        "20",
        "The broker did not confirm the message for {agency} in time.",
        "Máy chủ hàng đợi không xác nhận thông điệp cho {agency} kịp thời.",
    ),
    Reason(
        "expired",
        Fault.AXIS,
        False,
        Event.CONTENT_CONSIGNMENT_FAILURE,
        "20",
        "The document could not be delivered to {agency} before {date}.",
        "Không thể chuyển văn bản tới {agency} trước {date}.",
    ),
    Reason(
        "recipient-refused",
        Fault.RECIPIENT,
        False,
        Event.CONSIGNMENT_REJECTION,
        "10",
        "{agency} refused the document: {detail}",
        "{agency} từ chối tiếp nhận văn bản: {detail}",
    ),
    Reason(
        "handover-failed",
        Fault.RECIPIENT,
        False,
        Event.CONTENT_HANDOVER_FAILURE,
        "20",
        "The system of {agency} could not take the document: {detail}",
        "Hệ thống của {agency} không nhận được văn bản: {detail_vi}",
    ),
    # deadlines
    notice(
        "arrival-due",
        "The document is waiting for {agency}; confirm by {due} that it arrived (status 01).",
        "Văn bản đang chờ {agency}; hãy xác nhận đã đến (trạng thái 01) trước {due}.",
    ),
    notice(
        "arrival-overdue",
        "{agency} did not confirm by {due} that the document arrived.",
        "{agency} không xác nhận văn bản đã đến trước {due}.",
    ),
    notice(
        "registration-due",
        "The document is to be registered by {agency} by {due} (status 03), or refused (status 02).",
        "{agency} cần tiếp nhận văn bản (trạng thái 03) hoặc từ chối (trạng thái 02) trước {due}.",
    ),
    notice(
        "registration-overdue",
        "{agency} neither registered nor refused the document by {due}.",
        "{agency} không tiếp nhận và cũng không từ chối văn bản trước {due}.",
    ),
    notice(
        "reply-due",
        "The sender asks {agency} for a reply by {due}.",
        "Nơi gửi đề nghị {agency} trả lời trước {due}.",
    ),
    notice(
        "reply-overdue",
        "{agency} did not reply by {due}.",
        "{agency} không trả lời trước {due}.",
    ),
    notice(
        "recall-answer-due",
        "The sender recalled the document; {agency} is to agree (15) or refuse (16) by {due}.",
        "Nơi gửi đã thu hồi văn bản; {agency} cần đồng ý (15) hoặc từ chối (16) trước {due}.",
    ),
    notice(
        "recall-answer-overdue",
        "{agency} did not answer the recall by {due}.",
        "{agency} không trả lời yêu cầu thu hồi trước {due}.",
    ),
    notice(
        "consignment-overdue",
        "The axis could not hand the document over to {agency} by {due}, and goes on trying.",
        "Trục chưa chuyển được văn bản tới {agency} trước {due} và vẫn đang tiếp tục.",
        fault=Fault.AXIS,
    ),
    # the national axis
    Reason(
        "national-refused",
        Fault.SENDER,
        False,
        Event.RELAY_REJECTION,
        "10",
        "The national axis refused the document for {agency}: code {code}, {detail}."
        " Ask the operator of the axis before sending it again.",
        "Trục quốc gia từ chối văn bản gửi {agency}: mã {code}, {detail}."
        " Hãy liên hệ đơn vị vận hành trục trước khi gửi lại.",
    ),
    Reason(
        "national-invalid-file",
        Fault.SENDER,
        False,
        Event.RELAY_REJECTION,
        "10",
        "The national axis calls the file for {agency} invalid: code {code}, {detail}."
        " Mend what it names, and send the document under a new DocumentId.",
        "Trục quốc gia báo tệp gửi {agency} không hợp lệ: mã {code}, {detail}."
        " Hãy sửa lỗi được nêu và gửi văn bản với DocumentId mới.",
    ),
    Reason(
        "national-not-edxml",
        Fault.SENDER,
        False,
        Event.RELAY_REJECTION,
        "22",
        "The national axis does not take the message for {agency} for edXML: code {code}, {detail}."
        " Have the software that made it corrected, and send the document under a new DocumentId.",
        "Trục quốc gia không nhận dạng được gói tin gửi {agency} là edXML: mã {code}, {detail}."
        " Hãy sửa phần mềm tạo gói tin và gửi văn bản với DocumentId mới.",
    ),
    Reason(
        "national-sender-unregistered",
        Fault.AXIS,
        False,
        Event.RELAY_REJECTION,
        "19",
        "The national axis does not know {sender} as a sender: code {code}, {detail}."
        " Ask the operator of the axis to register the agency there; then send it under a new DocumentId.",
        "Trục quốc gia chưa đăng ký cơ quan gửi {sender}: mã {code}, {detail}."
        " Hãy đề nghị đơn vị vận hành trục đăng ký cơ quan; sau đó gửi lại với DocumentId mới.",
    ),
    Reason(
        "national-unknown-recipient",
        Fault.SENDER,
        False,
        Event.RELAY_REJECTION,
        "18",
        "The national axis does not know {agency}."
        " Look the recipient's code up in the national directory, and send to that code.",
        "Trục quốc gia không có mã cơ quan {agency}."
        " Hãy tra mã cơ quan nhận trong danh mục quốc gia và gửi theo mã đó.",
    ),
    Reason(
        "national-locked-recipient",
        Fault.RECIPIENT,
        False,
        Event.RELAY_REJECTION,
        "23",
        "The national axis has locked {agency}."
        " Send the document another way until the recipient is unlocked there.",
        "Cơ quan {agency} đang bị khóa trên trục quốc gia."
        " Hãy gửi văn bản bằng cách khác cho đến khi cơ quan nhận được mở khóa.",
    ),
    Reason(
        "national-account",
        Fault.AXIS,
        True,
        Event.RELAY_FAILURE,
        "15",
        "The national axis does not accept this axis's account: code {code}, {detail}",
        "Trục quốc gia không chấp nhận tài khoản của trục này: mã {code}, {detail}",
    ),
    Reason(
        "national-failed",
        Fault.NATIONAL,
        True,
        Event.RELAY_FAILURE,
        "20",
        "The national axis failed: {detail}",
        "Trục quốc gia gặp lỗi: {detail}",
    ),
    Reason(
        "national-not-taken",
        Fault.RECIPIENT,
        False,
        Event.CONTENT_HANDOVER_FAILURE,
        "21",
        "The recipient's system could not take what the national axis brought to {agency}: {detail}."
        " Ask the recipient what it could not read; if it needs another copy, send it under a new DocumentId.",
        "Hệ thống của nơi nhận không tiếp nhận được bản do trục quốc gia chuyển tới {agency}: {detail}."
        " Hãy hỏi nơi nhận về lỗi; nếu cần bản khác, hãy gửi lại với DocumentId mới.",
    ),
    Reason(
        "national-expired",
        Fault.NATIONAL,
        False,
        Event.RELAY_FAILURE,
        "20",
        "The national axis could not be reached for {agency} before {date}.",
        "Không thể chuyển tới {agency} qua trục quốc gia trước {date}.",
    ),
)
