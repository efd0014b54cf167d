"""One load finds everything that is wrong, and gives one settings value and one view."""

from pathlib import Path

import pytest

from axisd.config.load import load, read
from axisd.core.directory import Channel, Profile
from axisd.core.trust import fingerprints
from axisd.errors import ConfigError
from axisd.resources import config_path
from tests.support.settings import TODAY, shipped_site, small_site, with_probe_agency, write_pair


def problems(file: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(file, day=TODAY)
    return [
        f"{Path(problem.file).name}:{problem.line}: {problem.text}"
        for problem in caught.value.problems
    ]


def test_the_shipped_examples_load_with_all_agencies(tmp_path: Path) -> None:
    loaded = read(shipped_site(tmp_path).config, day=TODAY)
    assert len(loaded.view.directory.agencies) == 448
    assert loaded.view.axis.local_level1 == {"H53", "A53"}
    assert {warning.kind for warning in loaded.warnings} == {"unreachable"}


def test_a_small_file_gets_the_defaults(tmp_path: Path) -> None:
    settings = load(small_site(tmp_path).config)
    assert str(settings.http.listen) == "127.0.0.1:9153"
    assert settings.delivery.lifetime.days == 5
    assert settings.national is None
    assert settings.ledger.folder == tmp_path / "ledger"


def test_the_view_is_made_of_settings_and_directory(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    authority = write_pair(tmp_path / "ca.key", tmp_path / "ca.pem", name="authority")
    site.edit("axisd.yaml", "ledger:", "trust: {authorities: [ca.pem]}\nledger:")
    site.edit(
        "axisd.yaml", "control:", "inspection: {limits: {envelope: 1MiB, recipients: 7}}\ncontrol:"
    )
    view = read(site.config, day=TODAY, version=3).view
    assert view.version == 3
    assert view.trust.authorities == (authority,)
    assert (view.limits.envelope, view.limits.recipients, view.limits.depth) == (1024**2, 7, 64)
    assert not view.national
    assert view.directory.serves("finance", "H53.11")


def test_all_problems_of_all_files_come_at_once_with_their_lines(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write(
        "axisd.yaml",
        "axis: {centre: 00.53.H53, nam: x, local_level1: H53}\n"
        "amqp: {url: 'http://x', publish_deadline: 5, vhost: a, vhost: b}\n"
        "http:\n"
        "  listen: 9153\n"
        "receipts: {key: none.key, certificate: receipt.key}\n"
        "control: {socket: " + "x" * 120 + "}\n"
        "directory: {agencies: [agencies.csv], systems: systems.yaml}\n"
        "loging: {}\n",
    )
    site.write("agencies.csv", "code,name,valid_to\nH53,X,2025-13-01\nH54,Y\n")
    site.write("systems.yaml", "systems:\n  - {acount: a, channel: smtp, agencies: [H53]}\n")
    found = "\n".join(problems(site.config))
    for expected in (
        "axisd.yaml:2: 'vhost' is given twice",
        "axisd.yaml:1: axis.centre: '00.53.H53' is not the code of a centre",
        "axisd.yaml:1: axis.nam is not a setting; did you mean name?",
        "axisd.yaml:1: axis.local_level1 must be a list",
        "axisd.yaml:1: ledger is missing",
        "axisd.yaml:2: amqp.url: write amqp://HOST:PORT",
        "axisd.yaml:2: amqp.publish_deadline: '5' is not a duration",
        "axisd.yaml:4: http.listen: '9153' is not an address",
        "axisd.yaml:5: receipts.key: " + str(tmp_path / "none.key") + " cannot be read",
        "axisd.yaml:5: receipts.certificate: "
        + str(tmp_path / "receipt.key")
        + " holds no PEM certificate",
        "axisd.yaml:6: control.socket: the path of a socket has at most 107 bytes",
        "axisd.yaml:8: loging is not a setting; did you mean log?",
        "agencies.csv:2: valid_to:",
        "agencies.csv:3: 2 cells where the header has 3",
        "systems.yaml:2: systems[1].account is missing",
        "systems.yaml:2: systems[1].channel:",
        "systems.yaml:2: systems[1].acount is not a setting; did you mean account?",
    ):
        assert expected in found


def test_what_does_not_fit_together_is_found_at_its_row(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.edit("systems.yaml", "[000.00.11.H53]", "[000.00.11.H53, 000.00.01.H53, 000.00.99.H53]")
    site.edit("agencies.csv", "UBND Phường 1,000.00.01.H53", "UBND Phường 1,000.00.02.H53")
    found = problems(site.config)
    assert [line.partition(" ")[0] for line in found] == [
        "agencies.csv:4:",
        "systems.yaml:3:",
        "systems.yaml:3:",
    ]


def test_rows_left_out_for_a_mistake_do_not_cause_more_mistakes(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.edit("agencies.csv", "000.00.01.H53,,Văn phòng UBND tỉnh,", "000.00.01.H53,,,")
    assert problems(site.config) == ["agencies.csv:2: name is missing: Its name."]


def test_a_password_shows_nowhere(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write("amqp-url", "amqps://axisd:hush%20@broker:5671?verify=1\n")
    site.edit("axisd.yaml", "{url: 'amqp://127.0.0.1:5672'}", "{url_file: amqp-url, vhost: a/b}")
    settings = load(site.config)
    assert settings.amqp.connection_url() == "amqps://axisd:hush%20@broker:5671/a%2Fb?verify=1"
    for shown in (
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        str(settings.model_dump()),
    ):
        assert "hush" not in shown


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{url: 'amqp://127.0.0.1:5672'}", "{}", "amqp: give exactly one of url and url_file"),
        ("amqp://127.0.0.1:5672", "amqp://127.0.0.1:5672/axis", "set amqp.vhost instead"),
        ("amqp://127.0.0.1:5672", "amqp://127.0.0.1:port", "this is not a URL"),
        ("receipt.key,", "credential:receipt,", "LoadCredential=receipt:FILE"),
        ("receipt.key,", "'credential:../x',", "does not name a credential"),
        ("{folder: ledger}", "{folder: axisd.yaml}", "is not a folder"),
        ("{folder: ledger}", "", "ledger.folder is missing"),
        (
            "ledger:",
            "delivery: {retry: {first: 1h, most: 1m}}\nledger:",
            "first is longer than most",
        ),
        (
            "ledger:",
            "national: {poll: {quick: 2s, slow: 1s}}\nledger:",
            "poll: quick is longer than slow",
        ),
        (
            "certificate: receipt.pem",
            "certificate: receipt.key",
            "receipt.key holds no PEM certificate that can be read\n",
        ),
    ],
)
def test_each_mistake_says_how_to_mend_it(tmp_path: Path, old: str, new: str, words: str) -> None:
    site = small_site(tmp_path)
    site.edit("axisd.yaml", old, new)
    assert words in "".join(f"{problem}\n" for problem in problems(site.config))


def test_a_credential_comes_from_the_folder_that_systemd_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = small_site(tmp_path)
    (tmp_path / "handed").mkdir()
    site.write("handed/amqp-url", "amqp://a:b@127.0.0.1:5672")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "handed"))
    site.edit("axisd.yaml", "{url: 'amqp://127.0.0.1:5672'}", "{url_file: 'credential:amqp-url'}")
    assert load(site.config).amqp.connection_url() == "amqp://a:b@127.0.0.1:5672/axis"


@pytest.mark.parametrize("content", ["", "one\ntwo\n", "tab\tbed"])
def test_a_secret_is_one_line_of_text(tmp_path: Path, content: str) -> None:
    site = small_site(tmp_path)
    site.write("amqp-url", content)
    site.edit("axisd.yaml", "{url: 'amqp://127.0.0.1:5672'}", "{url_file: amqp-url}")
    (problem,) = problems(site.config)
    assert "must hold one line of text" in problem


def test_systems_pin_certificates_by_file_and_by_digest(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    (tmp_path / "pki").mkdir()
    certificate = write_pair(tmp_path / "pki/f.key", tmp_path / "pki/f.pem")
    colons = ":".join(["AB"] * 32)
    site.edit(
        "systems.yaml",
        "[000.00.11.H53]",
        f"[{{code: H53.11, certificates: [pki/f.pem, 'sha256:{colons}']}}], profile: if-present",
    )
    directory = read(site.config, day=TODAY).view.directory
    agency = directory.find("000.00.11.H53")
    assert agency is not None
    assert len(agency.pins) == 2
    assert "ab" * 32 in agency.pins
    assert agency.pins & set(fingerprints(certificate))
    system = directory.systems["finance"]
    assert (system.channel, system.profile, system.suspended) == (
        Channel.AMQP,
        Profile.IF_PRESENT,
        False,
    )


def test_agencies_may_come_from_yaml_beside_csv(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write(
        "more.yaml",
        "agencies:\n  - {code: 000.00.12.H53, name: Sở Tài nguyên, valid_to: 2025-03-01,"
        " successor: 000.00.11.H53}\n",
    )
    site.edit("axisd.yaml", "[agencies.csv]", "[agencies.csv, more.yaml]")
    current = read(site.config, day=TODAY).view.directory.current("000.00.12.H53", TODAY)
    assert current is not None
    assert current.code == "000.00.11.H53"


def test_the_example_shows_every_setting_and_every_default(tmp_path: Path) -> None:
    """Uncommented, the example must be valid, complete, and equal to the defaults where it shows them."""
    site = shipped_site(tmp_path)
    shipped = read(site.config, day=TODAY).settings
    lines = site.config.read_text(encoding="utf-8").splitlines()
    told = [
        line.replace("#", "", 1)
        if line.lstrip()[:1] == "#" and line.lstrip()[1:2] not in {"", " "}
        else line
        for line in lines
    ]
    # A list inside a commented-out section keeps its indentation behind the "#".
    text = "\n".join(
        line
        for line in told
        if not any(
            word in line for word in ("url: amqp://127", "management_url_file", "public_url")
        )
    )
    (tmp_path / "national").write_text("secret", encoding="utf-8")
    site.write("axisd.yaml", text.replace("credential:national-secret", "national"))
    with_probe_agency(site)
    told_all = read(site.config, day=TODAY).settings
    national = told_all.national
    assert national is not None
    assert told_all.check is not None
    assert (
        told_all.model_copy(update={"national": None, "check": None, "amqp": shipped.amqp})
        == shipped
    )
    for section in (told_all, *(getattr(told_all, name) for name in type(told_all).model_fields)):
        missing = set(type(section).model_fields) - section.model_fields_set
        assert missing <= {"url", "management_url_file", "public_url"}, (
            f"{type(section).__name__} lacks {missing}"
        )


def test_the_shipped_examples_carry_no_secret() -> None:
    for name in ("axisd.yaml", "systems.yaml"):
        text = config_path(name).read_text(encoding="utf-8")
        assert "BEGIN" not in text
        assert "@" not in text.replace("axisd@127.0.0.1", "").replace("before an @", "")
