"""What a receipt proves, in words: one row per event, in English and Vietnamese.

The sentences state what the axis attests and nothing beyond it; the last ones say what follows from the
signature, and what does not. Particulars that a receipt does not have read as a dash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from axisd.core.reasons import Event


class Sentence(NamedTuple):
    en: str
    vi: str


FAULTS: Final[Mapping[str, Sentence]] = {
    "empty": Sentence("There is nothing in it.", "Biên nhận không có nội dung."),
    "too-large": Sentence("It is larger than any receipt.", "Nội dung này lớn hơn mọi biên nhận."),
    "not-well-formed": Sentence(
        "The receipt is not well-formed XML: {detail}.",
        "Biên nhận không phải XML đúng cú pháp: {detail}.",
    ),
    "encoding": Sentence(
        "The receipt is not UTF-8: {detail}.", "Biên nhận không dùng UTF-8: {detail}."
    ),
    "forbidden-markup": Sentence(
        "The receipt contains {detail}, which is not allowed.",
        "Biên nhận có {detail}, không được phép.",
    ),
    "structure-limit": Sentence(
        "There is more in it than in any receipt.", "Nội dung này nhiều hơn mọi biên nhận."
    ),
    "kind-unknown": Sentence(
        "This is not a receipt of a document axis: the root is {detail}.",
        "Đây không phải biên nhận của trục liên thông: phần tử gốc là {detail}.",
    ),
    "schema-invalid": Sentence(
        "The receipt breaks its schema: {detail}",
        "Biên nhận không hợp lệ theo lược đồ: {detail}",
    ),
    "signature-missing": Sentence(
        "The receipt carries no signature.", "Biên nhận không có chữ ký số."
    ),
    "signature-place": Sentence(
        "The signature must be the one Signature, last in the receipt: {detail}.",
        "Chữ ký phải là phần tử Signature duy nhất, đứng cuối biên nhận: {detail}.",
    ),
    "signature-invalid": Sentence(
        "The signature does not match: the receipt was changed after it was signed, or made up.",
        "Chữ ký không khớp: biên nhận đã bị thay đổi sau khi ký hoặc bị giả mạo.",
    ),
}
"""Failures whose sentence in the table of reasons speaks of an envelope."""

_EVENTS: Final[Mapping[Event, Sentence]] = {
    Event.SUBMISSION_ACCEPTANCE: Sentence(
        "The axis {axis} took submission {submission} of {sender} at {received}, with {document},"
        " and answers for its delivery to: {accepted}.",
        "Trục {axis} đã nhận bản gửi {submission} của {sender} lúc {received}, mang {document_vi},"
        " và chịu trách nhiệm chuyển tới: {accepted}.",
    ),
    Event.SUBMISSION_REJECTION: Sentence(
        "The axis {axis} refused submission {submission} of {sender}, received at {received} with"
        " {document}; none of it was delivered. {reason}",
        "Trục {axis} đã từ chối bản gửi {submission} của {sender}, nhận lúc {received} với"
        " {document_vi}; không nội dung nào được chuyển đi. {reason_vi}",
    ),
    Event.CONTENT_CONSIGNMENT: Sentence(
        "The axis {axis} placed {document} of {sender} in the inbox of {recipients} at {at}.",
        "Trục {axis} đã đặt {document_vi} của {sender} vào hộp nhận của {recipients} lúc {at}.",
    ),
    Event.CONTENT_CONSIGNMENT_FAILURE: Sentence(
        "The axis {axis} could not place {document} of {sender} in the inbox of {recipients}."
        " {reason}",
        "Trục {axis} không đặt được {document_vi} của {sender} vào hộp nhận của {recipients}."
        " {reason_vi}",
    ),
    Event.CONTENT_HANDOVER: Sentence(
        "The system of {recipients} took {document} of {sender} at {at}.",
        "Hệ thống của {recipients} đã nhận {document_vi} của {sender} lúc {at}.",
    ),
    Event.CONTENT_HANDOVER_FAILURE: Sentence(
        "The system of {recipients} did not take {document} of {sender}. {reason}",
        "Hệ thống của {recipients} không nhận {document_vi} của {sender}. {reason_vi}",
    ),
    Event.RELAY_ACCEPTANCE: Sentence(
        "The national axis took {document} of {sender} for {recipients} at {at}, under number"
        " {external}.",
        "Trục quốc gia đã nhận {document_vi} của {sender} gửi {recipients} lúc {at}, với số hiệu"
        " {external}.",
    ),
    Event.RELAY_REJECTION: Sentence(
        "The national axis refused {document} of {sender} for {recipients}. {reason}",
        "Trục quốc gia đã từ chối {document_vi} của {sender} gửi {recipients}. {reason_vi}",
    ),
    Event.RELAY_FAILURE: Sentence(
        "The axis {axis} could not give {document} of {sender} for {recipients} to the national axis."
        " {reason}",
        "Trục {axis} không chuyển được {document_vi} của {sender} gửi {recipients} cho trục quốc gia."
        " {reason_vi}",
    ),
    Event.RECEIVED_FROM_NON_ERDS: Sentence(
        "The axis {axis} received {document} of {sender} from the national axis at {received}.",
        "Trục {axis} đã nhận {document_vi} của {sender} từ trục quốc gia lúc {received}.",
    ),
    Event.CONSIGNMENT_REJECTION: Sentence(
        "{recipients} refused {document} of {sender} at {at}. {reason}",
        "{recipients} đã từ chối tiếp nhận {document_vi} của {sender} lúc {at}. {reason_vi}",
    ),
    Event.CONSIGNMENT_NOTIFICATION: Sentence(
        "The axis {axis} tells about {document} of {sender} to {recipients}, at {at}: {reason}",
        "Trục {axis} thông báo về {document_vi} của {sender} gửi {recipients}, lúc {at}: {reason_vi}",
    ),
}

_REFUSED: Final = Sentence(
    "It was refused for: {refused}.", "Bản gửi bị từ chối đối với: {refused}."
)
_BYTES: Final = Sentence(
    "What was handed in has {size} bytes with the digest {digest}; a file with this digest is that very one.",
    "Nội dung được gửi có {size} byte với mã băm {digest}; tệp có mã băm này chính là nội dung đó.",
)
_LEGAL_VALUE: Final[Mapping[str, Sentence]] = {
    "original": Sentence(
        "The envelope was signed by {signer}, and has the value of an original.",
        "Gói tin được ký số bởi {signer}, có giá trị như bản gốc.",
    ),
    "reference": Sentence(
        "The envelope carried no signature that counts: it is for information and reference.",
        "Gói tin không có chữ ký số có giá trị: chỉ để biết, tham khảo.",
    ),
    "not-examined": Sentence(
        "Whether the envelope carries a signature was not examined: it was refused before that.",
        "Chưa kiểm tra gói tin có chữ ký số hay không: gói tin bị từ chối trước bước đó.",
    ),
}
_SENT: Final = Sentence(
    "Its time of sending is {at}: from then on this acknowledgement exists (QC Điều 10.1).",
    "Thời điểm gửi là {at}: từ khi có thông báo gửi thành công này (QC Điều 10.1).",
)
_IN_HOURS: Final = Sentence(
    "{at} lies in office hours: it is the legal time too (QC Điều 10.2).",
    "{at} thuộc giờ làm việc, đồng thời là thời điểm pháp lý (QC Điều 10.2).",
)
_OUT_OF_HOURS: Final = Sentence(
    "{at} lies outside office hours: in law it counts for {legal_at}, the start of the next ones"
    " (QC Điều 10.2).",
    "{at} ngoài giờ làm việc: về pháp lý được tính là {legal_at}, thời điểm bắt đầu giờ làm việc tiếp"
    " theo (QC Điều 10.2).",
)
_WARNED: Final = Sentence(
    "It was accepted with a warning ({code}): {text}",
    "Bản gửi được chấp nhận kèm cảnh báo ({code}): {text}",
)
_LEDGER: Final = Sentence(
    "It is entry {position} of the axis's ledger, after the entry with the hash {previous}.",
    "Đây là mục số {position} trong sổ của trục, sau mục có mã băm {previous}.",
)
_LIMITS: Final = Sentence(
    "Nothing in it was changed since the axis signed it; its times are those of the axis's own clock.",
    "Không nội dung nào bị thay đổi từ khi trục ký; thời gian là theo đồng hồ của chính trục.",
)


class _Dash(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def proofs(
    event: str, particulars: Mapping[str, str], warnings: Sequence[tuple[str, Sentence]] = ()
) -> Iterator[Sentence]:
    """What a valid receipt about `event` proves; particulars that are "" read as a dash.

    `warnings`: code and words of each.
    """
    known = _Dash({key: value for key, value in particulars.items() if value})
    sentences = [_EVENTS[Event(event)]]
    if known.get("refused"):
        sentences.append(_REFUSED)
    if event == Event.SUBMISSION_ACCEPTANCE:
        sentences.append(_SENT)
    if "legal_at" in known:
        sentences.append(_IN_HOURS if known["legal_at"] == known["at"] else _OUT_OF_HOURS)
    sentences.append(_BYTES)
    value = known.get("legal_value", "")
    if value in _LEGAL_VALUE and (event != Event.SUBMISSION_REJECTION or value == "not-examined"):
        sentences.append(_LEGAL_VALUE[value])
    yield from (_filled(sentence, known, known) for sentence in sentences)
    for code, text in warnings:
        yield _filled(_WARNED, {"code": code, "text": text.en}, {"code": code, "text": text.vi})
    yield from (_filled(sentence, known, known) for sentence in (_LEDGER, _LIMITS))


def _filled(sentence: Sentence, en: Mapping[str, str], vi: Mapping[str, str]) -> Sentence:
    return Sentence(sentence.en.format_map(en), sentence.vi.format_map(vi))
