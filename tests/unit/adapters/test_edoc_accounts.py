"""Who calls the eDoc door, what habits its clients have, and which organizations it lists."""

from datetime import date

from pydantic import SecretStr

from axisd.adapters.edoc.accounts import caller
from axisd.adapters.edoc.habits import PATIENCE, Repetition
from axisd.adapters.edoc.organizations import organizations
from axisd.adapters.edoc.protocol.answers import Answer
from axisd.adapters.edoc.protocol.parameters import Parameters
from axisd.core.directory import Agency, Channel, Directory, System

FINANCE = System("finance", Channel.EDOC, ("000.00.11.H53",))
HUB = System("000.A53.000", Channel.EDOC, ("001.A53.000", "002.A53.000"))
BROKER = System("broker", Channel.AMQP, ("000.00.13.H53",))
DIRECTORY = Directory.of(
    [
        Agency("000.00.00.H53", "UBND tỉnh"),
        Agency("000.00.11.H53", "Sở Tài chính", parent="000.00.00.H53"),
        Agency("000.00.13.H53", "Sở Thông tin"),
        Agency("001.A53.000", "Ban Tổ chức"),
        Agency("002.A53.000", "Ban Tuyên giáo"),
        Agency("000.00.20.H53", "Cũ", valid_to=date(2026, 1, 1), successor="000.00.11.H53"),
        Agency("000.00.21.H53", "Sắp lập", valid_from=date(2027, 1, 1)),
    ],
    [FINANCE, HUB, BROKER],
)
SECRETS = {
    "finance": (SecretStr("new-token"), SecretStr("old-token")),
    "000.A53.000": (SecretStr("hub-token"),),
}
TODAY = date(2026, 11, 29)


def call(organ: str = "", token: str = "", older: str = "") -> System | Answer:
    headers = {"organid": organ, "authorization": token, "token": older}
    return caller(Parameters(headers), DIRECTORY, SECRETS)


def test_an_organ_with_its_token_is_its_system() -> None:
    assert call("000.00.11.H53", "new-token") is FINANCE


def test_both_tokens_hold_while_one_replaces_the_other() -> None:
    assert call("000.00.11.H53", "old-token") is FINANCE


def test_an_organ_may_call_itself_by_its_code_of_the_other_style() -> None:
    assert call("H53.11", "new-token") is FINANCE


def test_a_hub_calls_itself_by_its_account_or_by_any_member() -> None:
    assert call("000.A53.000", "hub-token") is HUB
    assert call("002.A53.000", "hub-token") is HUB


def test_the_older_header_counts_where_the_newer_one_is_stale() -> None:
    assert call("000.00.11.H53", "stale", older="old-token") is FINANCE


def refused(organ: str, token: str) -> tuple[int, list[str]]:
    found = call(organ, token)
    assert isinstance(found, Answer)
    return found.http_status, [fault.code for fault in found.errors or ()]


def test_whoever_is_wrong_is_answered_alike() -> None:
    wrong = (401, ["Unauthorized"])
    assert refused("000.00.11.H53", "hub-token") == wrong, "another's token"
    assert refused("000.00.99.H53", "new-token") == wrong, "nobody's code"
    assert refused("000.00.11.H53", "nobody has this token") == wrong
    assert refused("000.00.99.H53", "nobody has this token") == wrong
    assert refused("000.00.13.H53", "new-token") == wrong, "an agency that comes over AMQP"
    assert refused("000.00.11.H53", "new-tokenx\udc80") == wrong


def test_each_missing_header_is_told() -> None:
    assert refused("", "") == (401, ["Invalid Credentials"] * 2)
    assert refused("000.00.11.H53", "") == (401, ["Invalid Credentials"])


def test_a_docid_becomes_a_habit_when_it_is_named_oftener_than_a_client_retries() -> None:
    repetition = Repetition()
    told = [repetition.again("a", "getDocument", 7) for _ in range(PATIENCE + 1)]
    assert told == [False] * (PATIENCE - 1) + [True, True]


def test_another_docid_account_or_operation_is_no_repetition() -> None:
    repetition = Repetition()
    for _ in range(PATIENCE):
        assert not repetition.again("a", "getDocument", 7)
        assert not repetition.again("a", "getDocument", 8)
    for _ in range(PATIENCE - 1):
        assert not repetition.again("b", "getDocument", 7)
        assert not repetition.again("b", "confirmReceived", 7)


def test_the_agencies_that_hold_today_are_listed_with_every_field() -> None:
    listed = organizations(DIRECTORY, TODAY)
    assert [row["organId"] for row in listed] == [
        "000.00.00.H53",
        "000.00.11.H53",
        "000.00.13.H53",
        "001.A53.000",
        "002.A53.000",
    ]
    assert listed[1] == {
        "organId": "000.00.11.H53",
        "organizationInCharge": "UBND tỉnh",
        "organName": "Sở Tài chính",
        "organAdd": "",
        "email": "",
        "telephone": "",
        "fax": "",
        "website": "",
    }


def test_one_agency_is_found_by_any_of_its_codes_and_by_those_it_took_over() -> None:
    for code in ("000.00.11.H53", "H53.11", "000.00.20.H53"):
        assert [row["organId"] for row in organizations(DIRECTORY, TODAY, code)] == [
            "000.00.11.H53"
        ]
    assert organizations(DIRECTORY, TODAY, "000.00.99.H53") == []
    assert organizations(DIRECTORY, TODAY, "000.00.21.H53") == []
