"""A reload knows what it can change and what waits for a restart."""

from pathlib import Path

from axisd.config.load import load
from axisd.config.reload import waits_for_restart
from tests.support.settings import Site, small_site


def edited(site: Site, line: str) -> tuple[str, ...]:
    old = load(site.config)
    site.edit("axisd.yaml", "ledger:", f"{line}\nledger:")
    return waits_for_restart(old, load(site.config))


def test_the_same_configuration_waits_for_nothing(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    assert waits_for_restart(load(site.config), load(site.config)) == ()


def test_what_the_view_holds_takes_effect_at_once(tmp_path: Path) -> None:
    assert (
        edited(
            small_site(tmp_path),
            "inspection: {limits: {recipients: 9}}\nrules: {without_attachment: refuse}\nlog: {level: debug}",
        )
        == ()
    )


def test_other_changes_are_named(tmp_path: Path) -> None:
    lines = (
        "inspection: {workers: 3}\nhttp: {listen: '127.0.0.1:9154'}\ndelivery: {retry: {first: 3s}}"
    )
    assert edited(small_site(tmp_path), lines) == (
        "http.listen",
        "inspection.workers",
        "delivery.retry.first",
    )


def test_joining_the_national_axis_waits_for_a_restart(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write("national", "secret")
    line = "national: {url: 'http://127.0.0.1:1', system_id: 00.53.W00, secret_file: national}"
    assert edited(site, line) == ("national",)
