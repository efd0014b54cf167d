"""What is rendered for the broker, and how a difference is named."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from dataclasses import replace
from typing import Any

import pytest

from axisd.adapters.amqp.compare import changed_accounts, differences, strangers
from axisd.adapters.amqp.topology import (
    Definitions,
    password_hash,
    queues_of,
    render,
    render_system,
    served,
)
from axisd.core.directory import Agency, Channel, Directory, System
from tests.support.amqp import COMMUNE, FINANCE, HEALTH, small_directory

DIRECTORY = small_directory()


@pytest.fixture
def definitions() -> Definitions:
    return render(small_directory())


def permission(definitions: Definitions, user: str) -> dict[str, str]:
    return next(row for row in definitions["permissions"] if row["user"] == user)


def topic(definitions: Definitions, user: str) -> dict[str, str]:
    return next(row for row in definitions["topic_permissions"] if row["user"] == user)


def test_every_queue_is_a_durable_quorum_queue(definitions: Definitions) -> None:
    names = {row["name"] for row in definitions["queues"]}
    assert names == {"axis.intake", "axis.intake.urgent", "axis.dead"} | {
        f"agency.{code}.{kind}"
        for code in (FINANCE, HEALTH, COMMUNE)
        for kind in ("inbox", "receipts")
    }
    for row in definitions["queues"]:
        assert row["durable"]
        assert not row["auto_delete"]
        assert row["arguments"] == {"x-queue-type": "quorum"}


def test_an_agency_behind_another_door_gets_no_queue(definitions: Definitions) -> None:
    assert "000.00.99.H53" not in str(definitions)


def test_lanes_lead_to_their_queues_and_there_is_no_alternate_exchange(
    definitions: Definitions,
) -> None:
    (exchange,) = definitions["exchanges"]
    assert (exchange["name"], exchange["type"], exchange["durable"]) == (
        "axis.submit",
        "topic",
        True,
    )
    assert "alternate-exchange" not in str(definitions)
    assert [(row["routing_key"], row["destination"]) for row in definitions["bindings"]] == [
        ("normal.#", "axis.intake"),
        ("urgent.#", "axis.intake.urgent"),
    ]


def test_each_queue_is_under_exactly_one_policy_and_loses_nothing(definitions: Definitions) -> None:
    for queue in definitions["queues"]:
        (policy,) = [
            row for row in definitions["policies"] if re.search(row["pattern"], queue["name"])
        ]
        definition = policy["definition"]
        assert definition["overflow"] == "reject-publish"
        assert definition["delivery-limit"] > 0
        if queue["name"] != "axis.dead":
            assert definition["dead-letter-strategy"] == "at-least-once"
            assert definition["dead-letter-routing-key"] == "axis.dead"
            assert definition["dead-letter-exchange"] == ""
            assert definition["max-length-bytes"] >= 1024**3
    intake = next(row for row in definitions["policies"] if row["name"] == "axis-intake")
    assert intake["definition"]["delivery-limit"] == 20


def test_the_daemon_declares_nothing_reads_the_intake_and_writes_to_queues(
    definitions: Definitions,
) -> None:
    row = permission(definitions, "axisd")
    assert row["configure"] == "^$"
    assert row["write"] == r"^amq\.default$"
    assert re.search(row["read"], "axis.intake")
    assert re.search(row["read"], "axis.intake.urgent")
    for other in ("axis.dead", f"agency.{FINANCE}.inbox", "axis.intake.urgent.x", "xaxis.intake"):
        assert not re.search(row["read"], other)


def test_a_system_reads_exactly_its_own_queues(definitions: Definitions) -> None:
    row = permission(definitions, "commune")
    assert (row["configure"], row["write"]) == ("^$", r"^axis\.submit$")
    assert re.search(row["read"], "agency.H26.01.inbox")
    assert re.search(row["read"], "agency.H26.01.receipts")
    for other in (
        "agency.H26x01.inbox",
        "agency.H26.01.1.inbox",
        "agency.H26.01.inboxes",
        "agency.xH26.01.inbox",
        f"agency.{FINANCE}.inbox",
        "axis.intake",
    ):
        assert not re.search(row["read"], other)


def test_a_system_submits_under_the_codes_of_its_agencies_and_their_twins(
    definitions: Definitions,
) -> None:
    write = topic(definitions, "finance")["write"]
    for key in (f"normal.{FINANCE}", f"urgent.{FINANCE}", "normal.H53.11", "urgent.H53.11"):
        assert re.search(write, key)
    for key in ("normal.H53x11", "normal.H53", f"normal.{HEALTH}", f"slow.{FINANCE}", "normal."):
        assert not re.search(write, key)
    assert topic(definitions, "finance")["exchange"] == "axis.submit"


def test_a_derived_twin_that_another_agency_states_is_not_given_away() -> None:
    agencies = [Agency("000.00.11.H53", "one"), Agency("000.00.12.H53", "two", twin="H53.11")]
    directory = Directory(
        {agency.code: agency for agency in agencies},
        {"one": System("one", Channel.AMQP, ("000.00.11.H53",))},
    )
    write = topic(render(directory), "one")["write"]
    assert not re.search(write, "normal.H53.11")


def test_a_system_listed_with_the_twin_code_gets_the_canonical_queues() -> None:
    directory = Directory(
        {FINANCE: Agency(FINANCE, "Sở Tài chính", twin="H53.11")},
        {"finance": System("finance", Channel.AMQP, ("H53.11", FINANCE))},
    )
    definitions = render(directory)
    names = [row["name"] for row in definitions["queues"] if row["name"].startswith("agency.")]
    assert names == [f"agency.{FINANCE}.inbox", f"agency.{FINANCE}.receipts"]


def test_a_system_without_agencies_may_neither_read_nor_submit() -> None:
    definitions = render(Directory({}, {"empty": System("empty", Channel.AMQP, ())}))
    assert permission(definitions, "empty")["read"] == "^$"
    assert topic(definitions, "empty")["write"] == "^$"


def test_accounts_have_no_tags_and_a_hash_only_where_one_is_given() -> None:
    definitions = render(small_directory(), hashes={"finance": "aGFzaA=="})
    users = {row["name"]: row for row in definitions["users"]}
    assert set(users) == {"axisd", "finance", "health", "commune"}
    assert all(row["tags"] == [] for row in users.values())
    assert users["finance"]["password_hash"] == "aGFzaA=="
    assert "password_hash" not in users["health"]


def test_a_password_hash_is_salt_and_digest_and_drawn_anew() -> None:
    decoded = base64.b64decode(password_hash("Mật khẩu"))
    assert decoded[4:] == hashlib.sha256(decoded[:4] + "Mật khẩu".encode()).digest()
    assert password_hash("same") != password_hash("same")
    # The example of RabbitMQ's documentation ("Passwords", Computing a Password Hash).
    assert (
        password_hash("test12", bytes.fromhex("908DC60A"))
        == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    )


def test_the_same_directory_renders_the_same(definitions: Definitions) -> None:
    assert render(small_directory()) == definitions


def found_like(definitions: Definitions) -> dict[str, Any]:
    return copy.deepcopy(dict(definitions))


def named(definitions: Definitions, found: dict[str, Any], **policies: str) -> list[str]:
    effective = {
        row["name"]: next(
            policy["name"]
            for policy in definitions["policies"]
            if re.search(policy["pattern"], row["name"])
        )
        for row in definitions["queues"]
    }
    return differences(definitions, found, effective | policies)


def test_a_broker_that_is_as_rendered_has_no_difference(definitions: Definitions) -> None:
    assert named(definitions, found_like(definitions)) == []


def test_a_missing_vhost_is_the_only_difference_named(definitions: Definitions) -> None:
    found = found_like(definitions)
    found["vhosts"] = [{"name": "/"}]
    assert named(definitions, found) == ["vhost axis is missing"]


def test_a_classic_queue_is_named_with_both_types(definitions: Definitions) -> None:
    found = found_like(definitions)
    found["queues"][0]["arguments"] = {"x-queue-type": "classic"}
    (sentence,) = named(definitions, found)
    assert sentence.startswith("queue axis.intake: arguments is")
    assert "classic" in sentence
    assert "quorum" in sentence


def test_missing_and_superfluous_queues_are_named(definitions: Definitions) -> None:
    found = found_like(definitions)
    gone = found["queues"].pop()["name"]
    found["queues"] += [
        {"name": "agency.H99.inbox", "vhost": "axis", "durable": True, "arguments": {}},
        {"name": "somebody's own", "vhost": "axis", "durable": True, "arguments": {}},
        {"name": "agency.H99.inbox", "vhost": "elsewhere", "durable": True, "arguments": {}},
    ]
    assert named(definitions, found) == [
        f"queue {gone} is missing",
        "queue agency.H99.inbox is there, but no system in the directory needs it",
    ]


def test_a_binding_that_copies_submissions_is_named(definitions: Definitions) -> None:
    found = found_like(definitions)
    found["bindings"][0] = {**found["bindings"][0], "destination": "spy", "routing_key": "#"}
    assert named(definitions, found) == [
        "binding axis.submit --normal.#--> queue axis.intake is missing",
        "binding axis.submit --#--> queue spy copies submissions where nobody expects them",
    ]


def test_a_changed_policy_and_one_that_wins_over_ours_are_named(definitions: Definitions) -> None:
    found = found_like(definitions)
    found["policies"][0]["definition"]["delivery-limit"] = 3
    found["policies"].append(
        {
            "name": "operator",
            "vhost": "axis",
            "pattern": "^axis",
            "definition": {"alternate-exchange": "lost"},
        }
    )
    sentences = named(definitions, found, **{"axis.dead": "operator"})
    assert len(sentences) == 3
    assert "policy axis-intake: definition is" in sentences[0]
    assert "alternate exchange" in sentences[1]
    assert sentences[2] == "queue axis.dead is under policy operator, must be under axis-dead"


def test_accounts_and_permissions_that_differ_are_named(definitions: Definitions) -> None:
    found = found_like(definitions)
    found["users"] = [
        {"name": "axisd", "tags": ["administrator"]},
        {"name": "finance", "tags": ""},
        {"name": "health", "tags": []},
        {"name": "guest", "tags": ["administrator"]},
        {"name": "monitor", "tags": ["monitoring"]},
    ]
    found["permissions"][1]["read"] = ".*"
    found["permissions"] += [
        {"user": user, "vhost": "axis", "configure": "", "write": "", "read": ".*"}
        for user in ("guest", "monitor")
    ]
    found["topic_permissions"] = found["topic_permissions"][1:]
    sentences = named(definitions, found)
    assert "account commune is missing" in sentences
    assert "account axisd has tags administrator, must have none" in sentences
    assert "account guest is there; it is known to everybody" in sentences
    assert "account monitor may use the vhost, but no system in the directory has it" in sentences
    assert "topic permission of commune is missing" in sentences
    assert any("permission of commune: read is '.*'" in sentence for sentence in sentences)
    assert len(sentences) == 6
    assert strangers(definitions, found) == ["monitor"]
    assert changed_accounts(definitions, found) == {"commune"}


def test_a_suspended_system_keeps_its_queues_and_may_neither_read_nor_submit() -> None:
    resting = replace(DIRECTORY.systems["finance"], suspended=True)
    directory = Directory(DIRECTORY.agencies, {**DIRECTORY.systems, "finance": resting})
    before, after = render(DIRECTORY), render(directory)
    assert after["queues"] == before["queues"]
    (permission,) = [row for row in after["permissions"] if row["user"] == "finance"]
    (topic,) = [row for row in after["topic_permissions"] if row["user"] == "finance"]
    assert {permission[key] for key in ("configure", "write", "read")} == {"^$"}
    assert {topic[key] for key in ("write", "read")} == {"^$"}


def test_the_part_of_one_system_is_what_the_whole_has_of_it() -> None:
    whole = render(DIRECTORY, hashes={"finance": "a hash"})
    part = render_system(DIRECTORY, "finance", hashes={"finance": "a hash"})
    assert [row["name"] for row in part["users"]] == ["finance"]
    assert {row["user"] for row in (*part["permissions"], *part["topic_permissions"])} == {
        "finance"
    }
    assert {row["name"] for row in part["queues"]} == {
        queue
        for code in served(DIRECTORY, DIRECTORY.systems["finance"])
        for queue in queues_of(code)
    }
    for key in ("users", "permissions", "topic_permissions", "queues", "vhosts"):
        assert all(row in whole[key] for row in part[key])
    assert [part["exchanges"], part["bindings"], part["policies"]] == [[], [], []]
