"""`axisd system` without a broker and without a daemon: the file of systems, secrets, the hand-out."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from axisd.cli.system_file import plan
from axisd.config.load import read
from axisd.core.directory import Channel
from axisd.errors import TransientError
from tests.support.cli import axisd, facts
from tests.support.settings import TODAY, Site, small_site
from tests.unit.config.test_registered import CENTRE, HEAD, ROW, registering_site

WARD = "000.20.30.H53"
CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Comments stand in the file of systems, and one more agency has no system."""
    site = small_site(tmp_path)
    text = (tmp_path / "systems.yaml").read_text(encoding="utf-8")
    site.write("systems.yaml", f"# Ghi chú của người vận hành.\n{text}# hết\n")
    return site


def run(site: Site, *words: str | Path, code: int = 0) -> Any:
    result = axisd("system", *words, "--config", site.config)
    assert result.exit_code == code, result.output
    return result


def told(site: Site, *words: str | Path) -> Any:
    return facts(run(site, *words, "--yes", "--json"))


def systems(site: Site) -> str:
    return (site.folder / "systems.yaml").read_text(encoding="utf-8")


def secrets(site: Site, account: str) -> list[str]:
    held = read(site.config, day=TODAY).secrets.get(account, ())
    return [word.get_secret_value() for word in held]


def test_a_system_behind_a_door_gets_a_row_a_secret_of_its_own_and_a_hand_out(site: Site) -> None:
    before = systems(site)
    found = told(site, "add", "53.ward", "--channel", "vxp", "--agency", WARD)
    handout = found["handout"]
    assert (handout["systemid"], handout["address"]) == ("53.ward", "http://127.0.0.1:9153/vxp")
    assert handout["agencies"] == [{"code": WARD, "name": "UBND Phường 1"}]
    assert secrets(site, "53.ward") == [handout["secret"]]
    assert len(handout["secret"]) == 32
    file = site.folder / "53.ward.secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [line for line in before.splitlines() if line not in systems(site)] == []
    assert (found["changed"], found["reloaded"]) == (True, False)
    assert "no daemon is running" in found["why"]


def test_the_text_for_the_integrator_is_in_two_languages_and_alone_has_the_secret(
    site: Site,
) -> None:
    file = site.folder / "handout.txt"
    result = run(
        site, "add", "ward", "--channel", "edoc", "--agency", WARD, "--handout", file, "--yes"
    )
    text = file.read_text(encoding="utf-8")
    (token,) = secrets(site, "ward")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token in text
    assert token not in result.output + systems(site)
    for words in (
        "KẾT NỐI VỚI",
        "CONNECTING TO",
        "/EdocService",
        "UBND Phường 1",
        f"{WARD} | ward",
    ):
        assert words in text


@pytest.mark.parametrize("channel", [each.value for each in Channel])
def test_the_pages_that_a_hand_out_names_are_there(site: Site, channel: str) -> None:
    docs = told(site, "add", "ward", "--channel", channel, "--agency", WARD)["handout"]["docs"]
    assert len(docs) == 2
    assert all((CHECKOUT / page).is_file() for page in docs)


def test_over_amqp_the_definitions_are_what_the_broker_is_to_be_given(site: Site) -> None:
    site.edit("axisd.yaml", "5672'}", "5672', public_url: 'amqps://truc.example.vn:5671/'}")
    found = told(
        site, "add", "ward", "--channel", "amqp", "--agency", WARD, "--profile", "if-present"
    )
    handout, definitions = found["handout"], found["definitions"]
    assert (handout["address"], handout["vhost"]) == ("amqps://truc.example.vn:5671", "axis")
    assert handout[f"routing_key.{WARD}"].endswith(f".{WARD}")
    assert handout[f"inbox.{WARD}"] == f"agency.{WARD}.inbox"
    (user,) = definitions["users"]
    assert (user["name"], user["tags"]) == ("ward", [])
    assert user["password_hash"]
    assert handout["password"] not in json.dumps(definitions)
    assert {row["name"] for row in definitions["queues"]} == {
        f"agency.{WARD}.inbox",
        f"agency.{WARD}.receipts",
    }
    assert "profile: if-present" in systems(site)
    assert not list(site.folder.glob("*.secret"))


def test_definitions_go_into_a_file_where_one_is_named(site: Site) -> None:
    file = site.folder / "definitions.json"
    found = told(site, "add", "ward", "--channel", "amqp", "--agency", WARD, "--definitions", file)
    assert found["definitions"] is None
    assert json.loads(file.read_text())["users"][0]["name"] == "ward"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_dry_run_and_a_script_without_yes_change_nothing(site: Site) -> None:
    before = systems(site)
    words = ("add", "ward", "--channel", "vxp", "--agency", WARD)
    assert facts(run(site, *words, "--dry-run", "--json"))["changed"] is False
    assert "its secret, for the daemon alone" in run(site, *words, "--dry-run").stderr
    assert "--yes" in run(site, *words, code=64).stderr
    assert (systems(site), list(site.folder.glob("*.secret"))) == (before, [])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("a b", "--channel", "vxp", "--agency", WARD), 65, "cannot be an account"),
        (("guest", "--channel", "amqp", "--agency", WARD), 65, "is not free"),
        (
            ("finance", "--channel", "amqp", "--agency", WARD),
            65,
            "there is a system finance already",
        ),
        (
            ("x", "--channel", "vxp", "--agency", "000.00.99.H53"),
            65,
            "is no agency of the directory",
        ),
        (("x", "--channel", "vxp", "--agency", "000.00.11.H53"), 65, "served by finance already"),
        (("x", "--channel", "vxp", "--agency", "000.00.40.H53"), 65, "enrol it for 000.20.30.H53"),
        (
            ("x", "--channel", "vxp", "--agency", WARD, "--agency", WARD),
            65,
            "give each agency once",
        ),
        (("x", "--channel", "vxp"), 64, "--agency"),
        (("x", "--channel", "smtp", "--agency", WARD), 64, "smtp"),
        (("x", "--channel", "vxp", "--agency", WARD, "--apply"), 64, "--apply means nothing"),
        (
            ("x", "--channel", "amqp", "--agency", WARD, "--secrets", "s"),
            64,
            "--secrets means nothing",
        ),
        (("x", "--channel", "amqp", "--agency", WARD, "--apply"), 78, "management_url is not set"),
        (
            ("x", "--channel", "amqp", "--agency", WARD, "--apply", "--definitions", "d"),
            64,
            "give one",
        ),
    ],
)
def test_what_cannot_be_enrolled_is_refused_with_the_way_out_and_nothing_changes(
    site: Site, words: tuple[str, ...], code: int, said: str
) -> None:
    agencies = (site.folder / "agencies.csv").read_text(encoding="utf-8")
    site.write(
        "agencies.csv",
        agencies.replace("intake", "intake,valid_to,successor")
        .replace("H53,\n", "H53,,,\n")
        .replace("tỉnh,\n", "tỉnh,,,\n")
        .replace("chính,\n", "chính,,,\n")
        .replace("000.00.01.H53\n", "000.00.01.H53,,\n")
        + f"000.00.40.H53,,Sở cũ,,2025-07-01,{WARD}\n",
    )
    before = systems(site)
    result = run(site, "add", *words, "--yes", code=code)
    assert said in result.stderr
    assert (systems(site), list(site.folder.glob("*.secret"))) == (before, [])


def test_a_secret_that_its_software_has_already_is_taken_over(site: Site) -> None:
    old = site.write("old.token", "k7Gd-token-of-the-old-axis\n")
    found = told(
        site, "add", "ward", "--channel", "edoc", "--agency", WARD, "--existing-secret", old
    )
    assert found["handout"]["token"] == "k7Gd-token-of-the-old-axis"
    assert secrets(site, "ward") == ["k7Gd-token-of-the-old-axis"]


def test_secrets_may_lie_in_a_folder_of_their_own(site: Site) -> None:
    (site.folder / "secrets").mkdir()
    told(
        site,
        "add",
        "ward",
        "--channel",
        "vxp",
        "--agency",
        WARD,
        "--secrets",
        site.folder / "secrets",
    )
    assert "secret_file: secrets/ward.secret" in systems(site)
    assert len(secrets(site, "ward")) == 1


def test_a_folder_that_is_not_there_changes_nothing_and_leaves_no_hand_out(site: Site) -> None:
    before, handout = systems(site), site.folder / "handout.txt"
    words = ("add", "ward", "--channel", "vxp", "--agency", WARD, "--yes", "--handout", handout)
    assert (
        "cannot be written" in run(site, *words, "--secrets", site.folder / "none", code=65).stderr
    )
    assert (systems(site), handout.exists()) == (before, False)


def client_certificate(
    file: Path, name: str, *usages: x509.ObjectIdentifier, days: int = 30
) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(days=60)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=60 + days))
    )
    if usages:
        made = made.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return file


def test_a_client_certificate_stands_for_a_password(site: Site) -> None:
    pem = client_certificate(site.folder / "c.pem", "ward", ExtendedKeyUsageOID.CLIENT_AUTH)
    found = told(site, "add", "ward", "--channel", "amqp", "--agency", WARD, "--certificate", pem)
    assert "password" not in found["handout"]
    assert found["handout"]["login"].startswith("EXTERNAL")
    assert found["definitions"]["users"][0]["password_hash"] == ""


@pytest.mark.parametrize(
    ("name", "usage", "days", "said"),
    [
        ("finance", ExtendedKeyUsageOID.CLIENT_AUTH, 30, "common name is finance"),
        ("ward", ExtendedKeyUsageOID.SERVER_AUTH, 30, "clientAuth"),
        ("ward", ExtendedKeyUsageOID.CLIENT_AUTH, -30, "not now"),
    ],
)
def test_a_certificate_that_would_keep_the_system_out_or_let_another_in_is_refused(
    site: Site, name: str, usage: x509.ObjectIdentifier, days: int, said: str
) -> None:
    pem = client_certificate(site.folder / "c.pem", name, usage, days=days)
    words = ("add", "ward", "--channel", "amqp", "--agency", WARD, "--certificate", pem, "--yes")
    assert said in run(site, *words, code=65).stderr


@pytest.fixture
def door(site: Site) -> Site:
    told(site, "add", "ward", "--channel", "vxp", "--agency", WARD)
    return site


def test_a_rotated_secret_ends_the_old_one_at_once(door: Site) -> None:
    (old,) = secrets(door, "ward")
    found = told(door, "rotate", "ward")
    assert secrets(door, "ward") == [found["handout"]["secret"]] != [old]
    assert (found["valid"], found["ended"]) == (1, 1)
    assert old not in json.dumps(found)


def test_with_an_overlap_both_are_valid_until_it_is_finished(door: Site) -> None:
    (old,) = secrets(door, "ward")
    new = told(door, "rotate", "ward", "--overlap")["handout"]["secret"]
    assert secrets(door, "ward") == [new, old]
    assert (
        "has 2 valid secrets already"
        in run(door, "rotate", "ward", "--overlap", "--yes", code=65).stderr
    )
    finished = told(door, "rotate", "ward", "--finish")
    assert secrets(door, "ward") == [new]
    assert (finished["ended"], "handout" in finished) == (1, False)
    assert "no overlap to end" in run(door, "rotate", "ward", "--finish", "--yes", code=65).stderr
    assert stat.S_IMODE((door.folder / "ward.secret").stat().st_mode) == 0o600


def test_of_two_who_rotate_at_once_the_slower_is_told_and_hands_nothing_over(door: Site) -> None:
    loaded = read(door.config, day=TODAY)
    file = loaded.sources.enrolment.secret_files["ward"].path
    first, second = (plan(loaded, str, renewed={file: f"{word * 32}\n"}) for word in "ab")
    first.carry_out()
    with pytest.raises(TransientError, match="has changed meanwhile"):
        second.carry_out()
    assert secrets(door, "ward") == ["a" * 32]


def test_over_amqp_there_is_no_overlap_and_at_a_door_no_broker(door: Site) -> None:
    assert "no overlap" in run(door, "rotate", "finance", "--overlap", "--yes", code=64).stderr
    assert "nothing on RabbitMQ" in run(door, "rotate", "ward", "--apply", "--yes", code=64).stderr
    found = told(door, "rotate", "finance")
    assert found["definitions"]["users"][0]["password_hash"]
    assert found["handout"]["password"] not in json.dumps(found["definitions"])


@pytest.mark.parametrize("account", ["ward", "finance"])
def test_a_suspended_system_is_let_in_again_and_the_file_is_as_it_was(
    door: Site, account: str
) -> None:
    before = systems(door)
    for _ in range(2):
        found = told(door, "suspend", account, "--no-broker")
        assert found["connections_closed"] is None
        assert read(door.config, day=TODAY).view.directory.systems[account].suspended
    if account == "finance":
        result = run(door, "suspend", account, "--no-broker", "--yes")
        assert "rabbitmqctl set_permissions -p axis finance" in result.stderr
    told(door, "resume", account, "--no-broker")
    assert systems(door) == before


def test_over_amqp_nothing_is_suspended_unless_the_broker_can_be_told(site: Site) -> None:
    before = systems(site)
    for verb in ("suspend", "resume", "remove"):
        assert "management_url is not set" in run(site, verb, "finance", "--yes", code=78).stderr
    assert systems(site) == before


def test_a_removed_system_takes_its_row_and_its_secret_along(door: Site) -> None:
    before = systems(door)
    assert facts(run(door, "remove", "ward", "--dry-run", "--json"))["changed"] is False
    found = told(door, "remove", "ward")
    assert (found["agencies"], found["queues_kept"]) == ([WARD], [])
    assert not (door.folder / "ward.secret").exists()
    assert "ward" not in systems(door)
    assert all(line in before for line in systems(door).splitlines())
    assert "there is no system ward" in run(door, "remove", "ward", "--yes", code=65).stderr


def test_a_secret_that_another_system_shares_or_that_lies_elsewhere_stays(
    door: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "finance.secret"
    elsewhere.write_text("a secret kept elsewhere\n")
    door.edit(
        "systems.yaml", "finance, channel: amqp", f"finance, channel: vxp, secret_file: {elsewhere}"
    )
    door.edit(
        "systems.yaml", "office, channel: amqp", "office, channel: edoc, secret_file: ward.secret"
    )
    for account in ("ward", "finance"):
        told(door, "remove", account)
    assert (door.folder / "ward.secret").exists()
    assert elsewhere.exists()


def test_a_change_that_the_daemon_would_not_load_is_not_made(door: Site) -> None:
    section = (
        "check: {agency: 000.00.11.H53, key: receipt.key, certificate: receipt.pem, url_file: u}"
    )
    door.edit("axisd.yaml", "clock:", f"{section}\nclock:")
    before = systems(door)
    result = run(door, "remove", "finance", "--no-broker", "--yes", code=65)
    assert "would not load: no AMQP system serves 000.00.11.H53" in result.stderr
    assert systems(door) == before


def test_a_file_that_cannot_be_changed_in_place_is_left_alone(site: Site) -> None:
    text = systems(site).replace("systems:", "systems: &all", 1)
    site.write("systems.yaml", text.replace("- {account: finance", "-\n    {account: finance"))
    before = systems(site)
    result = run(site, "remove", "finance", "--no-broker", "--yes", code=65)
    assert "change it by hand" in result.stderr
    assert systems(site) == before


def test_the_list_and_one_system_are_shown_without_any_secret(door: Site) -> None:
    door.edit(
        "systems.yaml",
        "finance, channel: amqp",
        "finance, channel: amqp, limits: {rate: 2, size: 1MiB, outstanding: 9}",
    )
    (secret,) = secrets(door, "ward")
    listed = facts(run(door, "list", "--json"))
    assert [(row["account"], row["channel"]) for row in listed] == [
        ("office", Channel.AMQP),
        ("finance", Channel.AMQP),
        ("ward", Channel.VXP),
    ]
    assert "2/s (20 at once), 1MiB, 9 outstanding" in run(door, "list").stdout
    shown = facts(run(door, "show", "ward", "--json"))
    assert (shown["names"], shown["secrets"]) == ({WARD: "UBND Phường 1"}, 1)
    assert shown["unknown"] == ["ledger: there is none yet"]
    text = run(door, "show", "finance")
    assert "Sở Tài chính" in text.stdout
    assert "management_url is not set" in text.stderr
    for output in (text.output, run(door, "show", "ward").output, json.dumps(shown)):
        assert secret not in output
    assert "there are: finance, office, ward" in run(door, "show", "nobody", code=65).stderr


def test_what_a_system_registered_is_shown_with_it(tmp_path: Path) -> None:
    site = registering_site(tmp_path)
    assert "registers agencies       yes\n" in run(site, "show", "finance").stdout
    closed = ROW.replace("000.05.11", "000.06.11").replace(",,finance", ",2026-11-01,finance")
    site.write("registered.csv", HEAD + ROW + closed)
    text = run(site, "show", "finance").stdout
    assert f"yes; {CENTRE}, 000.06.11.H53 (closed 2026-11-01)" in text
    shown = facts(run(site, "show", "finance", "--json"))
    assert shown["registers"]
    assert shown["registered"][0] == {"code": CENTRE, "name": "Trung tâm", "valid_to": None}
    assert shown["agencies"] == ["000.00.11.H53", CENTRE, "000.06.11.H53"]
    assert facts(run(site, "show", "office", "--json"))["registered"] == []
