"""Certificates that end are pointed out in time, at the line that names them."""

from datetime import date
from pathlib import Path

import pytest

from axisd.config.load import read
from tests.support.settings import Site, small_site, write_pair

ENDS = date(2035, 12, 30)
"""In Vietnam, the last day of a certificate of `write_pair`."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = small_site(tmp_path)
    write_pair(tmp_path / "f.key", tmp_path / "f.pem")
    return made


def said(site: Site, day: date) -> list[tuple[str, int, str]]:
    warnings = read(site.config, day=day).warnings
    return [(item.kind, item.problem.line, item.problem.file) for item in warnings]


def pinned(site: Site) -> None:
    site.edit("systems.yaml", "[000.00.11.H53]", "[{code: 000.00.11.H53, certificates: [f.pem]}]")


def test_a_pinned_certificate_is_pointed_out_thirty_days_before_its_end_and_after_it(
    site: Site,
) -> None:
    pinned(site)
    file = str(site.folder / "systems.yaml")
    assert said(site, date(2035, 11, 29)) == []
    assert said(site, date(2035, 11, 30)) == [("certificate-ends", 3, file)]
    assert said(site, ENDS) == [("certificate-ends", 3, file)]
    assert said(site, date(2035, 12, 31)) == [("certificate-expired", 3, file)]


def test_so_is_an_authority(site: Site) -> None:
    text = site.config.read_text(encoding="utf-8")
    site.write("axisd.yaml", text + "trust:\n  authorities:\n    - f.pem\n")
    assert said(site, date(2026, 1, 1)) == []
    line = text.count("\n") + 3
    assert said(site, date(2036, 1, 1)) == [("certificate-expired", line, str(site.config))]


def test_a_digest_says_nothing_of_its_end(site: Site) -> None:
    site.edit(
        "systems.yaml", "[000.00.11.H53]", f"[{{code: 000.00.11.H53, certificates: [{'ab' * 32}]}}]"
    )
    assert said(site, date(2050, 1, 1)) == []


def test_certificates_in_a_file_of_agencies_are_looked_at_too(site: Site) -> None:
    site.write(
        "more.yaml",
        "agencies:\n- {code: H60, name: Tuyên Quang}\n- {code: H61, name: Vĩnh Long, certificates: [f.pem]}\n",
    )
    site.edit("axisd.yaml", "[agencies.csv]", "[agencies.csv, more.yaml]")
    assert said(site, date(2036, 1, 1)) == [
        ("certificate-expired", 3, str(site.folder / "more.yaml"))
    ]


def test_pins_of_a_closed_agency_are_pointed_out_from_the_day_on_which_it_closes(
    site: Site,
) -> None:
    pinned(site)
    site.write(
        "agencies.csv",
        "code,name,intake,valid_to,successor\n"
        "000.00.01.H53,Văn phòng UBND tỉnh,,,\n"
        "000.00.11.H53,Sở Tài chính,,2026-03-01,000.00.01.H53\n",
    )
    assert said(site, date(2026, 2, 28)) == []
    assert "pin-closed" in {kind for kind, _, _ in said(site, date(2026, 3, 1))}
