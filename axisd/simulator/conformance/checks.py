"""What is asked of an agency's system: one row for each check, with its rule and how to mend it.

Pure words. A check has an outcome: passed; failed; not tried, when what it needs was not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from axisd.core.wording import Phrase


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not-tried"


@dataclass(frozen=True, slots=True)
class Check:
    """`expected`: what a right system does. `rule`: who says so. `mend`: what to change in one that does not."""

    title: Phrase
    expected: Phrase
    rule: str
    mend: Phrase


@dataclass(frozen=True, slots=True)
class Result:
    """How one check came out. `came`: what was seen, as a sentence."""

    name: str
    outcome: Outcome
    came: Phrase

    @property
    def check(self) -> Check:
        return CHECKS[self.name]


CHECKS: Final[Mapping[str, Check]] = {
    "arrival": Check(
        Phrase("a document arrives", "nhận văn bản"),
        Phrase(
            "status 01 about it, by the system itself, within the time given",
            "hệ thống tự gửi trạng thái 01 về văn bản đó trong thời gian cho phép",
        ),
        "NĐ 30/2020 Điều 21.2; QCVN 102:2016 (01)",
        Phrase(
            "read the inbox all the time, and send 01 as soon as the document is on your disk",
            "đọc hộp nhận liên tục, và gửi 01 ngay khi văn bản đã lưu vào đĩa",
        ),
    ),
    "registration": Check(
        Phrase("it is registered or refused", "tiếp nhận hoặc từ chối"),
        Phrase(
            "status 03, or status 02 with the reason in Description",
            "trạng thái 03, hoặc 02 kèm lý do trong Description",
        ),
        "QC Điều 5.1d, 5.2b; QĐ 28/2018 Điều 5.4",
        Phrase(
            "let the clerk take it into the register (03), or refuse it and say why (02)",
            "để văn thư vào sổ (03), hoặc từ chối và nêu lý do (02)",
        ),
    ),
    "vietnamese": Check(
        Phrase("Vietnamese is read and written", "đọc và ghi được tiếng Việt"),
        Phrase(
            "number, notation and DocumentId come back letter for letter, Đ among them",
            "số, ký hiệu và DocumentId được trả lại đúng từng chữ, kể cả chữ Đ",
        ),
        "QCVN 102:2016 (UTF-8); TCVN 6909:2001",
        Phrase(
            "read and write the XML as UTF-8 with an XML library; change no letter of what you repeat",
            "đọc và ghi XML bằng UTF-8 qua thư viện XML; không đổi chữ nào trong những gì nhắc lại",
        ),
    ),
    "urgent": Check(
        Phrase("an urgent document", "văn bản khẩn"),
        Phrase(
            "status 01 about a document with Priority 3 (hỏa tốc)",
            "trạng thái 01 về văn bản có Priority 3 (hỏa tốc)",
        ),
        "QĐ 28/2018 Điều 6.2",
        Phrase(
            "take Priority 0 to 4; show the urgent ones first",
            "nhận Priority từ 0 đến 4; đưa văn bản khẩn lên trước",
        ),
    ),
    "update": Check(
        Phrase("an update", "văn bản cập nhật"),
        Phrase(
            "status 01 under the DocumentId of the update",
            "trạng thái 01 theo DocumentId của văn bản cập nhật",
        ),
        "QCVN 102:2016, BussinessDocType 2",
        Phrase(
            "read Bussiness: type 2 changes the document in Bussiness/DocumentId and is itself answered",
            "đọc Bussiness: loại 2 thay đổi văn bản nêu ở Bussiness/DocumentId, và cũng phải được trả lời",
        ),
    ),
    "replacement": Check(
        Phrase("a replacement", "văn bản thay thế"),
        Phrase(
            "status 01 under the DocumentId of the replacement",
            "trạng thái 01 theo DocumentId của văn bản thay thế",
        ),
        "QCVN 102:2016, BussinessDocType 3",
        Phrase(
            "read ReplacementInfoList: type 3 takes the place of the documents named there",
            "đọc ReplacementInfoList: loại 3 thay cho các văn bản nêu ở đó",
        ),
    ),
    "recall": Check(
        Phrase("a recall", "văn bản thu hồi"),
        Phrase(
            "status 15 (agreed) or 16 (refused) about the document that is recalled",
            "trạng thái 15 (đồng ý) hoặc 16 (từ chối) về văn bản bị thu hồi",
        ),
        "QC Điều 8.3; QĐ 28/2018 Điều 9.2",
        Phrase(
            "read BussinessDocType 1: its DocumentId is the recalled document's; cancel that and answer 15",
            "đọc BussinessDocType 1: DocumentId là của văn bản bị thu hồi; hủy văn bản đó và gửi 15",
        ),
    ),
    "taking-back": Check(
        Phrase("a document asked back by status 13", "lấy lại bằng trạng thái 13"),
        Phrase("status 15 or 16 to who asked", "trạng thái 15 hoặc 16 gửi cho cơ quan lấy lại"),
        "QC Điều 8.3; QCVN 102:2016 (13)",
        Phrase(
            "read statuses too: 13 comes from the sender; answer 15 or 16 with ResponseFor/OrganId = its From",
            "đọc cả trạng thái: 13 do bên gửi gửi; trả lời 15 hoặc 16 với ResponseFor/OrganId là From của nó",
        ),
    ),
    "statuses": Check(
        Phrase("statuses are right", "trạng thái đúng mẫu"),
        Phrase(
            "ResponseFor repeats OrganId, Code, DocumentId and PromulgationDate of the document; Timestamp readable",
            "ResponseFor nhắc lại OrganId, Code, DocumentId và PromulgationDate của văn bản; Timestamp đọc được",
        ),
        "QCVN 102:2016",
        Phrase(
            "copy the four fields from the document: Code is CodeNumber/CodeNotation; times as yyyy/MM/dd HH:mm:ss",
            "chép bốn trường từ văn bản: Code là CodeNumber/CodeNotation; thời gian theo yyyy/MM/dd HH:mm:ss",
        ),
    ),
    "reply": Check(
        Phrase("a reply is sent", "gửi văn bản trả lời"),
        Phrase(
            "a document whose ResponseFor names ours, which asked for a reply (DueDate)",
            "văn bản có ResponseFor nêu văn bản đề nghị trả lời (DueDate)",
        ),
        "QC Điều 9.2b-d",
        Phrase(
            "send a document that answers it; if yours was refused, its receipt says why (axisd receipt verify)",
            "gửi văn bản trả lời; nếu bị trục từ chối thì xem lý do trong biên nhận (axisd receipt verify)",
        ),
    ),
    "signature": Check(
        Phrase("its signature counts", "chữ ký có giá trị"),
        Phrase(
            "signed over the whole envelope, by a certificate that names your agency",
            "ký trên toàn bộ gói tin, bằng chứng thư ghi mã cơ quan",
        ),
        "QC Điều 4; XMLDSig, docs/explanation/trust.md",
        Phrase(
            'sign last, enveloped, in edXMLHeader, URI="", with the agency\'s own key; change nothing afterwards',
            'ký sau cùng, kiểu enveloped, trong edXMLHeader, URI="", bằng khóa của cơ quan; sau đó không sửa gì',
        ),
    ),
    "manifest": Check(
        Phrase("its files and its manifest agree", "tệp và danh mục khớp nhau"),
        Phrase(
            "one Reference for each Attachment, same ContentId and name, the type that the file has",
            "mỗi Attachment có một Reference, cùng ContentId và tên, đúng loại tệp",
        ),
        "QC Điều 8.1",
        Phrase(
            "write the manifest from the list of files that you attach",
            "lập danh mục từ chính danh sách tệp đính kèm",
        ),
    ),
    "form": Check(
        Phrase("its fields are right", "các trường đúng thể thức"),
        Phrase(
            "dates, lengths and the type's name as NĐ 30/2020 has them; no warning of the axis",
            "ngày, độ dài và tên loại theo NĐ 30/2020; trục không cảnh báo gì",
        ),
        "NĐ 30/2020 Điều 7, phụ lục VI",
        Phrase(
            "mend what the warning names; axisd envelope inspect shows the same offline",
            "sửa điều mà cảnh báo nêu; axisd envelope inspect cho thấy điều tương tự",
        ),
    ),
    "attachment": Check(
        Phrase("a file of 10 MB survives", "tệp 10 MB còn nguyên vẹn"),
        Phrase(
            "a reply that carries the very file back, byte for byte",
            "văn bản trả lời đính kèm lại đúng tệp đó, giống từng byte",
        ),
        "QC Điều 8.1",
        Phrase(
            "decode base64 whatever its length; raise your parser's limit on text (libxml2: huge_tree) and your own",
            "giải mã base64 dù dài bao nhiêu; nâng giới hạn của bộ phân tích XML (libxml2: huge_tree) và của mình",
        ),
    ),
    "once": Check(
        Phrase("what is sent is sent once", "gửi một lần"),
        Phrase(
            "one document under one DocumentId for each letter that asked for a reply",
            "mỗi văn bản đề nghị chỉ có một văn bản trả lời, một DocumentId",
        ),
        "docs/reference/amqp.md#submit",
        Phrase(
            "keep the signed bytes until they are confirmed; repeat those, never compose them anew",
            "giữ các byte đã ký cho tới khi được xác nhận; gửi lại đúng các byte đó, không soạn lại",
        ),
    ),
    "duplicate": Check(
        Phrase("a message that comes twice is ignored", "bỏ qua thông điệp lặp"),
        Phrase(
            "no second answer to a message_id that was taken before, and the next one is handled",
            "không trả lời lần hai cho message_id đã nhận, và vẫn xử lý thông điệp sau",
        ),
        "docs/reference/amqp.md#inbox",
        Phrase(
            "keep the ids; acknowledge what comes again, and do nothing else with it",
            "lưu message_id; thông điệp lặp thì chỉ ack",
        ),
    ),
    "probe": Check(
        Phrase("a probe is ignored", "bỏ qua thông điệp thử"),
        Phrase(
            "acknowledged, not rejected, nothing said about it, and the next one is handled",
            "được ack, không reject, không trả lời, và vẫn xử lý thông điệp sau",
        ),
        "QC Điều 12.6; docs/reference/amqp.md#probes",
        Phrase(
            "acknowledge whatever has a type other than document and status",
            "ack mọi thông điệp có type khác document và status",
        ),
    ),
    "reconnection": Check(
        Phrase("it comes back after a lost connection", "tự kết nối lại"),
        Phrase(
            "status 01 about a document that was sent after its connections were closed",
            "trạng thái 01 về văn bản gửi sau khi mọi kết nối của hệ thống bị ngắt",
        ),
        "docs/reference/amqp.md",
        Phrase(
            "connect again by yourself, after a pause that grows; consume anew",
            "tự kết nối lại sau thời gian chờ tăng dần; đăng ký nhận lại",
        ),
    ),
}
"""In the order in which they are told."""
