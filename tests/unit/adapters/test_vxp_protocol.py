"""The protocol without I/O: what is signed is what counts, and only the documented shape is believed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axisd.adapters.vxp.protocol import (
    OPERATIONS,
    Answer,
    Claim,
    Code,
    Credentials,
    Refused,
    Signed,
    hash_forms,
    header_text,
    intact_file,
    read_answer,
    read_claim,
    read_file,
    read_rows,
    select,
    signed_headers,
    timestamp,
    unpadded_hash,
)
from axisd.errors import TransientError

MOMENT = datetime(2025, 10, 23, 9, 28, 42, 7000, UTC)
CREDENTIALS = Credentials("00.53.W00", "bí mật")


def headers_of(parameters: Mapping[str, str]) -> dict[str, str]:
    return signed_headers(
        CREDENTIALS, parameters, moment=MOMENT, content_type="application/octet-stream"
    )


def by_hand(sign_header: str, own: Mapping[str, str]) -> list[tuple[str, str]]:
    """Headers with a right HMAC over an arbitrary sign-header."""
    mac = hmac.new(CREDENTIALS.secret.encode(), sign_header.encode(), hashlib.sha256).hexdigest()
    own_headers = [(f"XroadVnpt-{name}", value) for name, value in own.items()]
    return [
        *own_headers,
        ("XroadVnpt-sign-header", sign_header),
        ("XroadVnpt-hash-header", mac),
    ]


def prove(headers: list[tuple[str, str]], secret: str | None = "bí mật") -> Signed | Refused:
    claim = read_claim(headers)
    return claim.prove(secret) if isinstance(claim, Claim) else claim


def proved(parameters: Mapping[str, str]) -> Signed:
    signed = prove(list(headers_of(parameters).items()))
    assert isinstance(signed, Signed)
    return signed


def test_headers_are_those_that_the_sdk_sends() -> None:
    headers = headers_of({"servicetype": "eDoc", "to": '["a=b","<c>"]', "from": "it's & H53"})
    sign_header = (
        '{"XroadVnpt-systemid":"00.53.W00","XroadVnpt-servicetype":"eDoc",'
        r'"XroadVnpt-to":"[\"a\u003db\",\"\u003cc\u003e\"]",'
        r'"XroadVnpt-from":"it\u0027s \u0026 H53",'
        '"XroadVnpt-timestamp":"23102025T162842+0007",'
        '"XroadVnpt-Content-Type":"application/octet-stream"}'
    )
    mac = hmac.new("bí mật".encode(), sign_header.encode(), hashlib.sha256).hexdigest()
    assert headers == {
        "XroadVnpt-systemid": "00.53.W00",
        "XroadVnpt-servicetype": "eDoc",
        "XroadVnpt-to": '["a=b","<c>"]',
        "XroadVnpt-from": "it's & H53",
        "XroadVnpt-timestamp": "23102025T162842+0007",
        "XroadVnpt-Content-Type": "application/octet-stream",
        "Content-Type": "application/octet-stream",
        "XroadVnpt-version": "3.0.201608",
        "XroadVnpt-sign-header-key": "systemid;servicetype;to;from;timestamp;Content-Type",
        "XroadVnpt-sign-header": sign_header,
        "XroadVnpt-hash-header": mac,
    }


def test_timestamp_is_vietnams_time_with_four_digits_of_milliseconds() -> None:
    assert timestamp(datetime(2025, 12, 31, 17, 0, 0, 999_999, UTC)) == "01012026T000000+0999"


@given(
    st.dictionaries(
        st.from_regex(r"[a-zA-Z]{1,12}", fullmatch=True).filter(
            lambda name: name.lower() not in {"version", "systemid", "timestamp"}
        ),
        st.text().map(header_text),
        max_size=6,
    ).filter(lambda values: len({name.lower() for name in values}) == len(values))
)
def test_what_was_signed_is_what_is_read(parameters: dict[str, str]) -> None:
    signed = proved(parameters)
    for name, value in parameters.items():
        assert signed.values[name.lower()] == value
    assert signed.system_id == "00.53.W00"
    assert signed.unsigned.isdisjoint(name.lower() for name in parameters)


def test_header_names_are_read_whatever_their_case() -> None:
    headers = [(name.upper(), value) for name, value in headers_of({"docId": "7"}).items()]
    signed = prove(headers)
    assert isinstance(signed, Signed)
    assert signed.values["docid"] == "7"


@pytest.mark.parametrize("value", ["ngày\r\nXroadVnpt-from: x", "tab\t", "Sở", "nul\0", "a  b"])
def test_a_value_that_a_header_would_change_is_not_signed(value: str) -> None:
    with pytest.raises(ValueError, match="parameter description"):
        headers_of({"description": value})


def test_header_text_keeps_vietnamese_readable_on_one_line() -> None:
    assert header_text(" Đã nhận\r\nvăn bản: số №1 \x00 ") == "Da nhan van ban: so ?1"


def test_a_secret_is_not_in_the_repr() -> None:
    assert "mật" not in repr(CREDENTIALS)


def test_a_wrong_secret_and_an_unknown_system_get_the_same_answer() -> None:
    headers = list(headers_of({}).items())
    wrong = prove(headers, "other")
    assert wrong == prove(headers, None) == prove(headers, "")
    assert isinstance(wrong, Refused)
    assert wrong.code == Code.ACCOUNT


@pytest.mark.parametrize("gone", ["systemid", "sign-header", "hash-header", "docId", "timestamp"])
def test_a_missing_header_is_refused(gone: str) -> None:
    headers = headers_of({"docId": "7"})
    del headers[f"XroadVnpt-{gone}"]
    refused = prove(list(headers.items()))
    assert isinstance(refused, Refused)
    assert refused.code == Code.ACCOUNT


def test_a_header_that_differs_from_what_was_signed_is_refused() -> None:
    headers = headers_of({"from": "H53.1"}) | {"XroadVnpt-from": "H53.2"}
    refused = prove(list(headers.items()))
    assert isinstance(refused, Refused)
    assert refused.code == Code.ACCOUNT
    assert "'from'" in refused.text


def test_another_systems_id_in_the_header_is_refused_even_with_the_secret() -> None:
    headers = headers_of({}) | {"XroadVnpt-systemid": "00.14.W00"}
    assert isinstance(prove(list(headers.items())), Refused)


def test_a_header_sent_twice_differently_is_refused() -> None:
    headers = [*headers_of({"from": "H53.1"}).items(), ("xroadvnpt-FROM", "H53.2")]
    refused = prove(headers)
    assert isinstance(refused, Refused)
    assert "twice" in refused.text


@pytest.mark.parametrize(
    "sign_header",
    [
        "not json",
        "[]",
        '"text"',
        "[" * 100_000,
        '{"XroadVnpt-systemid":1}',
        '{"XroadVnpt-systemid":"00.53.W00","XroadVnpt-Systemid":"00.53.W00"}',
        '{"XroadVnpt-systemid":"00.53.W00","XroadVnpt-systemid":"00.53.W00"}',
        '{"XroadVnpt-systemid":"00.53.W00","XroadVnpt-hash-header":"x"}',
        "{}",
    ],
)
def test_an_odd_sign_header_is_refused_even_with_a_right_hmac(sign_header: str) -> None:
    refused = prove(by_hand(sign_header, {"systemid": "00.53.W00"}))
    assert isinstance(refused, Refused)
    assert refused.code == Code.ACCOUNT


def test_a_hash_header_that_is_not_ascii_is_only_wrong() -> None:
    headers = headers_of({}) | {"XroadVnpt-hash-header": "ă" * 64}
    assert isinstance(prove(list(headers.items())), Refused)


def test_latin_1_in_a_header_is_read_as_its_sender_meant_it() -> None:
    """Java signs the UTF-8 of a text and sends its Latin-1; aiohttp shows such bytes as surrogates."""
    sign_header = '{"XroadVnpt-systemid":"00.53.W00","XroadVnpt-description":"à"}'
    as_received = sign_header.encode("latin-1").decode("utf-8", "surrogateescape")
    headers = [
        (name, as_received if name.endswith("sign-header") else value)
        for name, value in by_hand(sign_header, {"systemid": "00.53.W00", "description": "\udce0"})
    ]
    signed = prove(headers)
    assert isinstance(signed, Signed)
    assert signed.values["description"] == "à"


def test_stale_parameters_of_an_earlier_call_are_ignored() -> None:
    signed = proved({"servicetype": "eDoc", "messagetype": "edoc", "docId": "stale"})
    assert select(OPERATIONS["getReceivedEdocList"], signed) == {
        "servicetype": "eDoc",
        "messagetype": "edoc",
    }


def test_a_parameter_beside_the_signed_ones_is_refused_where_it_would_count() -> None:
    listing = {"servicetype": "eDoc", "messagetype": "edoc"}
    headers = [*headers_of(listing).items(), ("XroadVnpt-docId", "added by somebody else")]
    signed = prove(headers)
    assert isinstance(signed, Signed)
    assert select(OPERATIONS["getReceivedEdocList"], signed) == listing
    refused = select(OPERATIONS["getSentEdocList"], signed)
    assert isinstance(refused, Refused)
    assert refused.code == Code.ACCOUNT


def test_a_missing_parameter_is_named() -> None:
    refused = select(OPERATIONS["sendEdoc"], proved({"servicetype": "eDoc"}))
    assert isinstance(refused, Refused)
    assert refused.code == Code.INVALID
    assert refused.text.endswith(" / sendEdoc needs the parameter messagetype.")


def test_hash_file_is_sent_without_zero_padding() -> None:
    padded = "2c624232cdd221771294dfbb310aca000a0df6ac8b66b696d90ef06fdefb64a3"
    unpadded = "2c624232cdd221771294dfbb31aca0adf6ac8b66b696d9ef06fdefb64a3"
    assert unpadded_hash(b"8") == unpadded
    assert hash_forms(b"8") == {padded, unpadded}


@given(st.binary(min_size=1))
def test_a_file_survives_with_and_without_the_sdks_line_end(file: bytes) -> None:
    padded = hashlib.sha256(file).hexdigest()
    for hash_file in (unpadded_hash(file), padded, padded.upper()):
        assert intact_file(file, hash_file) == file
        assert intact_file(file + b"\r\n", hash_file) == file


@pytest.mark.parametrize(
    "body", [b"<a/>\n", b"<a/> \r\n", b"<a/>\r\n\r\n", b"<b/>\r\n", b"<b/>", b"", b"\r\n"]
)
def test_nothing_else_than_one_line_end_is_dropped(body: bytes) -> None:
    refused = intact_file(body, unpadded_hash(b"<a/>"))
    assert isinstance(refused, Refused)
    assert refused.code == Code.FILE


def test_a_files_own_line_end_is_kept() -> None:
    assert intact_file(b"<a/>\r\n", unpadded_hash(b"<a/>\r\n")) == b"<a/>\r\n"


def test_an_answer_is_the_documented_shape() -> None:
    assert json.loads(Answer(fields={"DocId": "1"}).encode()) == {
        "status": "OK",
        "ErrorCode": "0",
        "ErrorDesc": "",
        "DocId": "1",
    }
    assert json.loads(Answer.of(Refused(Code.RECIPIENT, "không có")).encode()) == {
        "status": "FAIL",
        "ErrorCode": "18",
        "ErrorDesc": "không có",
    }


def carrying(data: object) -> bytes:
    """An answer with this `data`, as another server might write it."""
    return json.dumps({"status": "OK", "data": data, "ErrorCode": "0", "ErrorDesc": ""}).encode()


@given(st.binary(min_size=1), st.text())
def test_a_file_travels_in_an_answer(file: bytes, text: str) -> None:
    written = Answer(text=text, fields={"other": text, "data": file}).encode()
    assert json.loads(written) == {
        "status": "OK",
        "ErrorCode": "0",
        "ErrorDesc": text,
        "other": text,
        "data": base64.b64encode(file).decode(),
    }
    answer = read_file(written)
    assert answer.fields == {"other": text, "data": file}
    assert read_file(carrying(base64.b64encode(file).decode())).fields == {"data": file}


@pytest.mark.parametrize("size", [196_607, 196_608, 196_609, 1_000_000])
def test_a_file_of_many_slices_travels_in_an_answer(size: int) -> None:
    file = bytes(number % 251 for number in range(size))
    assert read_file(Answer(fields={"data": file}).encode()).fields["data"] == file
    assert json.loads(Answer(fields={"data": file}).encode())["data"] == (
        base64.b64encode(file).decode()
    )


@pytest.mark.parametrize(
    "body",
    [
        carrying("PGEv\r\nPg==\n"),
        carrying("PGEvPg==").replace(b"=", b"\\u003d"),
        carrying("PGEvPg==").replace(b'"data"', b'"\\u0064ata"'),
        carrying("PGEvPg==").replace(b'"ErrorDesc": ""', b'"ErrorDesc": "\\"data\\":\\"AAAA"'),
        b'{"x\\"data":"AAAA", ' + carrying("PGEvPg==")[1:],
        b'{"x":{"data":"AAAA"}, ' + carrying("PGEvPg==")[1:],
        b'{"data":"AAAA", ' + carrying("PGEvPg==")[1:],
    ],
)
def test_a_file_is_read_however_its_answer_is_laid_out(body: bytes) -> None:
    assert read_file(body).fields["data"] == b"<a/>"


@pytest.mark.parametrize(
    "data",
    [
        7,
        True,
        [],
        {"data": "PGEvPg=="},
        "",
        " ",
        "PGEvP",
        "PGEv*g==",
        "PGEvPg==ă",
        "PGE=PGEv",
        pytest.param("A" * 262_143 + "=AAAA", id="one sign of padding between slices"),
        pytest.param("A" * 262_142 + "==AAAA", id="two signs of padding between slices"),
    ],
)
def test_data_that_is_not_base64_is_not_believed(data: object) -> None:
    with pytest.raises(TransientError, match="data"):
        read_file(carrying(data))


def test_a_refusal_instead_of_a_file_is_a_refusal() -> None:
    assert read_file(Answer("20", "later").encode()) == Answer("20", "later")


def test_half_a_surrogate_pair_never_comes_in() -> None:
    body = rb'{"status":"OK","ErrorCode":"0","ErrorDesc":"\ud800","data":[{"docId":"7\udfff"}]}'
    answer = read_answer(body)
    assert answer.text == "?"
    assert read_rows(answer) == [{"docId": "7?"}]


def test_a_list_is_read_as_text_whatever_the_types_of_its_fields() -> None:
    answer = Answer(fields={"data": [{"docId": 7, "from": None, "to": " H53 "}]})
    assert read_rows(answer) == [{"docId": "7", "from": "", "to": "H53"}]


@pytest.mark.parametrize("data", [None, {}, "[]", [1], ["a"]])
def test_a_list_of_anything_but_objects_is_not_believed(data: object) -> None:
    with pytest.raises(TransientError, match="list of objects"):
        read_rows(Answer(fields={"data": data}))


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "is not JSON"),
        (b"<html>502 Bad Gateway</html>", "begins with '<html>502 Bad Gateway</html>'"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b"{}", "has the status ''"),
        (b'{"status":"MAYBE","ErrorCode":"0"}', "has the status 'MAYBE'"),
        (b'{"status":"OK"}', "says OK with ErrorCode ''"),
        (b'{"status":"OK","ErrorCode":"20"}', "says OK with ErrorCode '20'"),
        (b'{"status":"OK","ErrorCode":"0"}', "says OK without DocId"),
        (b'{"status":"OK","ErrorCode":"0","DocId":""}', "says OK without DocId"),
        (b'{"status":"FAIL","ErrorCode":"0","ErrorDesc":""}', "says FAIL with ErrorCode '0'"),
        (b'{"status":"FAIL"}', "says FAIL with ErrorCode ''"),
    ],
)
def test_an_answer_of_another_shape_is_not_believed(body: bytes, what: str) -> None:
    with pytest.raises(TransientError) as caught:
        read_answer(body, needs="DocId")
    assert what in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_refusal_is_read_with_its_code_and_sentence() -> None:
    answer = read_answer(b'{"status":"FAIL","ErrorCode":18,"ErrorDesc":null}', needs="DocId")
    assert (answer.accepted, answer.code, answer.text) == (False, "18", "")
