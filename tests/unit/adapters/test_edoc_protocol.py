"""The eDoc API without I/O: every dialect is read, and every answer has the shape that old clients know."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.adapters.edoc.protocol.answers import (
    Answer,
    around_file,
    failure,
    nameless_caller,
    success,
    unknown_caller,
)
from axisd.adapters.edoc.protocol.faults import NO_ITEM, Fault, fault_of, outage
from axisd.adapters.edoc.protocol.numbers import MOST, Numbers
from axisd.adapters.edoc.protocol.operations import (
    OPERATIONS,
    Operation,
    Question,
    operation_of,
    read_question,
)
from axisd.adapters.edoc.protocol.parameters import read_parameters
from axisd.core.envelope import Kind
from axisd.core.reasons import REASONS, Refusal, refuse
from axisd.errors import IntegrityError
from tests.support.messages import DOCUMENT, STATUS, swap
from tests.support.reading import SCHEMAS, root_of

FROM = "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/From/OrganId"
TO = "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/To[2]/OrganId"


def spoken(answer: Answer) -> dict[str, Any]:
    body = answer.encode()
    assert body.isascii()
    found = json.loads(body)
    assert isinstance(found, dict)
    return found


# --- parameters


def test_headers_are_read_in_any_case_and_trimmed() -> None:
    asked = read_parameters(
        [
            ("OrganID", " 000.00.11.H53\t"),
            ("AUTHORIZATION", " secret "),
            ("DocId", " 1000000007 "),
            ("TYPE", " edoc "),
            ("Hash-EDoc", "ab"),
        ]
    )
    assert (asked.organ, asked.tokens) == ("000.00.11.H53", ("secret",))
    assert (asked.number, asked.kind, asked.digest) == (1_000_000_007, Kind.DOCUMENT, "ab")


def test_older_names_of_headers_mean_the_same() -> None:
    asked = read_parameters([("organid", "A"), ("token", "t"), ("messageType", "STATUS")])
    assert (asked.tokens, asked.kind) == (("t",), Kind.STATUS)


def test_a_caller_may_send_a_token_under_both_names() -> None:
    assert read_parameters([("token", "old"), ("authorization", "new")]).tokens == ("new", "old")


@pytest.mark.parametrize(
    "text", ["", "0", "-5", "1.5", "1e3", "١٢", "2147483648", "9" * 400, "1 2"]
)
def test_what_cannot_be_a_doc_id_is_none(text: str) -> None:
    assert read_parameters([("docid", text)]).number is None


def test_a_header_with_two_values_says_nothing() -> None:
    asked = read_parameters([("docid", "7"), ("docid", "8"), ("type", "EDOC"), ("Type", "EDOC")])
    assert asked.number is None
    assert asked.kind is Kind.DOCUMENT, "the same value twice is no contradiction"


def test_a_kind_that_does_not_exist_is_told_from_one_that_is_missing() -> None:
    wrong, missing = read_parameters([("type", "FAX")]), read_parameters([])
    assert (wrong.kind, wrong.kind_text) == (None, "FAX")
    assert (missing.kind, missing.kind_text) == (None, "")


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_header_can_break_the_reading(name: str, value: str) -> None:
    asked = read_parameters([(name, value.encode("utf-8", "surrogatepass").decode("latin-1"))])
    assert asked.number is None or 0 < asked.number <= MOST


# --- operations


@pytest.mark.parametrize(
    "path", ["/getPendingDocIds", "//getPendingDocIds/", "/getPendingDocIds//"]
)
def test_a_path_may_have_too_many_slashes(path: str) -> None:
    found = operation_of(path, "GET")
    assert isinstance(found, Operation)
    assert found.name == "getPendingDocIds"


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/getpendingdocids", "GET"),
        ("/", "GET"),
        ("/sendDocument", "GET"),
        ("/getDocument", "PUT"),
        ("/sendDocument/x", "POST"),
        ("/send\x00Document\r\n", "POST"),
    ],
)
def test_anything_else_is_a_bad_request_in_one_printable_line(path: str, method: str) -> None:
    found = operation_of(path, method)
    assert isinstance(found, Fault)
    assert found.code == "BadRequest"
    assert found.description.isprintable()


def test_lists_may_be_asked_for_by_get_and_by_post() -> None:
    both = {name for name, each in OPERATIONS.items() if each.methods == ("GET", "POST")}
    assert both == {"getPendingDocIds", "getOrganizations"}


def test_a_question_is_read_with_number_and_notation_apart() -> None:
    body = {"fromOrgan": " A ", "toOrgan": "B", "docCode": "2491/STC-BCTC/x", "more": [1]}
    assert read_question(json.dumps(body).encode()) == Question("A", "B", "2491", "STC-BCTC/x")


def test_a_code_without_a_notation_is_a_number_alone() -> None:
    body = b'{"fromOrgan":"A","toOrgan":"B","docCode":2491}'
    assert read_question(body) == Question("A", "B", "2491", "")


def test_a_question_that_lacks_something_names_it() -> None:
    found = read_question(b'{"fromOrgan":"A","toOrgan":null,"docCode":"1/X"}')
    assert isinstance(found, Fault)
    assert found.code == "N.toOrgan"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'"A"'])
def test_a_question_that_is_no_object_is_a_bad_request(body: bytes) -> None:
    found = read_question(body)
    assert isinstance(found, Fault)
    assert found.code == "BadRequest"


# --- numbers


def test_a_number_leads_back_to_its_position() -> None:
    numbers = Numbers(1_000_000_000)
    assert numbers.number(7) == 1_000_000_007
    assert numbers.position(1_000_000_007) == 7


@pytest.mark.parametrize("number", [16_621_371, 1_000_000_000, MOST + 1])
def test_a_number_of_the_older_axis_is_none_of_ours(number: int) -> None:
    assert Numbers(1_000_000_000).position(number) is None


def test_no_number_is_issued_that_clients_cannot_keep() -> None:
    numbers = Numbers(MOST - 1)
    assert numbers.number(1) == MOST
    with pytest.raises(IntegrityError, match="docId"):
        numbers.number(2)


# --- answers


def test_a_success_has_exactly_the_documented_fields() -> None:
    answer = success(docId=16_621_371)
    assert spoken(answer) == {"docId": 16_621_371, "status": "Success", "code": "0", "errors": []}
    assert answer.http_status == 200


def test_a_file_stands_on_one_line_between_documented_fields() -> None:
    head, tail = around_file()
    file = "Công văn".encode() * 100
    found = json.loads(head + base64.b64encode(file) + tail)
    assert found == {"data": base64.b64encode(file).decode(), "status": "Success", "code": "0"}


def test_a_failure_keeps_the_fields_of_its_operation_and_is_no_http_error() -> None:
    answer = failure((NO_ITEM,), OPERATIONS["getPendingDocIds"].empty)
    found = spoken(answer)
    assert (found["docId"], found["docIDs"], found["data"]) == (0, [], [])
    assert (found["status"], found["code"], found["errors"][0]["code"]) == ("Fail", "9999", "DocID")
    assert answer.http_status == 200


def test_an_outage_of_ours_is_an_error_with_http_200() -> None:
    answer = failure((outage("GetPending"),), {}, ours=True)
    assert (answer.http_status, spoken(answer)["status"], spoken(answer)["code"]) == (
        200,
        "Error",
        "9999",
    )


def test_a_wrong_token_is_answered_to_the_letter() -> None:
    answer = unknown_caller()
    assert answer.http_status == 401
    assert answer.encode() == (
        b'{"status":"False","code":"9999",'
        b'"errors":[{"code":"Unauthorized","description":"Unauthorized !"}]}'
    )


@pytest.mark.parametrize(
    ("organ", "token", "count"), [(False, False, 2), (True, False, 1), (False, True, 1)]
)
def test_each_missing_header_is_one_error(organ: bool, token: bool, count: int) -> None:
    answer = nameless_caller(organ=organ, token=token)
    missing = {
        "code": "Invalid Credentials",
        "description": "Invalid Credentials. Make sure you have provided the correct security credentials",
    }
    assert answer.http_status == 401
    assert spoken(answer) == {"status": "False", "code": "9999", "errors": [missing] * count}


def test_vietnamese_is_escaped() -> None:
    answer = failure((Fault("X", "Thiếu"),), {})
    assert b"Thi\\u1ebfu" in answer.encode()


# --- faults


def invalid(body: str, kind: Kind = Kind.DOCUMENT) -> Refusal:
    found = SCHEMAS.validate(root_of(body), kind)
    assert isinstance(found, Refusal)
    return found


def lacking(name: str) -> str:
    """The document without its first element of this name."""
    before, _, rest = DOCUMENT.partition(f"<edXML:{name}>")
    return before + rest.partition(f"</edXML:{name}>")[2]


def test_a_sender_without_a_code_is_told_in_the_older_axis_s_words() -> None:
    fault = fault_of(invalid(lacking("OrganId")), Kind.DOCUMENT)
    assert fault.code == "N.MessageHeaderFromOrganId"
    assert fault.description.startswith("OrganId is required. [schema-invalid]")


def test_an_empty_code_is_a_missing_one() -> None:
    fault = fault_of(invalid(swap(DOCUMENT, ("000.00.11.H53</edXML:OrganId", "</edXML:OrganId"))))
    assert fault.code == "N.MessageHeaderFromOrganId"
    assert fault.description.startswith("OrganId is required. [schema-invalid]")


def test_a_document_without_a_sender_lacks_that() -> None:
    assert fault_of(invalid(lacking("From"))).code == "N.MessageHeaderFrom"


def test_a_subject_that_is_missing_or_too_long_has_its_old_code() -> None:
    assert fault_of(invalid(lacking("Subject"))).code == "MessageHeader.Subject"
    long = swap(DOCUMENT, ("V/v lập dự toán", "V/v lập dự toán " + "x" * 100_000))
    assert fault_of(invalid(long)).code == "MessageHeader.Subject"


def test_a_missing_date_of_promulgation_has_its_old_code_and_words() -> None:
    fault = fault_of(invalid(lacking("PromulgationDate")))
    assert fault.code == "PromulgationDate"
    assert fault.description.startswith(
        "PromulgationDate is match type yyyy/MM/dd [schema-invalid]"
    )


def test_a_value_out_of_range_is_named_by_its_place() -> None:
    fault = fault_of(invalid(swap(STATUS, ("StatusCode>03<", "StatusCode>99<")), Kind.STATUS))
    assert fault.code == "R.MessageHeaderStatusCode"


def test_a_sender_that_the_account_does_not_serve_is_not_allowed() -> None:
    fault = fault_of(refuse("sender-not-account", at=FROM, line=7, agency="B", account="a"))
    assert fault.code == "M.MessageHeaderFromOrganId"
    assert "[sender-not-account]" in fault.description
    assert "line 7" in fault.description


def test_an_unknown_recipient_is_out_of_range_whichever_of_them_it_is() -> None:
    fault = fault_of(refuse("recipient-unknown", at=TO, line=9, agency="B"))
    assert fault.code == "R.MessageHeaderToOrganId"


def test_other_bytes_under_a_known_id_are_exist_doc() -> None:
    assert fault_of(refuse("document-id-reused", time="t", digest="d")).code == "ExistDoc"


def test_a_status_of_a_stranger_is_an_update_that_is_not_allowed() -> None:
    fault = fault_of(refuse("status-not-recipient", at=FROM, line=7, agency="B"), Kind.STATUS)
    assert fault.code == "M.UpdateStatusDoc"


def test_what_the_older_axis_had_no_code_for_is_told_under_that_of_the_operation() -> None:
    assert fault_of(refuse("empty")).code == "SendDocument"


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_told_with_its_name_in_both_languages(code: str) -> None:
    refusal = refuse(code, at=FROM, line=1)
    fault = fault_of(refusal)
    assert f"[{code}]" in fault.description
    assert refusal.text("en") in fault.description
    assert refusal.text("vi") in fault.description
    assert fault.code
