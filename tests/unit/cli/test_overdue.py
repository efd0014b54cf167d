"""`axisd document overdue`: from the ledger alone, whatever day it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from axisd.core.advance import Sent
from tests.support.cli import axisd, facts
from tests.support.settings import Site, small_site
from tests.support.site_ledger import forged, handed_in, tried

FINANCE = "000.00.11.H53"
OFFICE = "000.00.01.H53"
_YEAR_2020 = 1_577_836_800_000_000
_YEAR_2999 = 32_472_144_000_000_000


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Systems that need not sign; two documents for one inbox, with no deadline near today."""
    site = small_site(tmp_path)
    site.edit("systems.yaml", "[000.00.11.H53]}", "[000.00.11.H53], profile: if-present}")
    for number in (7, 8):
        handed_in(site, document(number), account="finance", agency=FINANCE)
    due(site, arrival=_YEAR_2999, registration=_YEAR_2999)
    return site


def document(number: int) -> bytes:
    return axisd(
        "envelope", "new", "--from", FINANCE, "--to", OFFICE, "--number", str(number),
        "--notation", "STC", "--subject", "V/v việc riêng", "--date", "2026/01/05",
    ).stdout_bytes  # fmt: skip


def due(site: Site, where: str = "1", **kinds: int | None) -> None:
    """Moves deadlines: tests must not depend on the day on which they run."""
    values = ", ".join(f"{kind}_due = {'NULL' if at is None else at}" for kind, at in kinds.items())
    forged(site, f"UPDATE delivery SET {values} WHERE {where}")


def asked(site: Site, *words: str) -> Any:
    result = axisd("document", "overdue", *words, "--config", site.config, "--json")
    assert result.exit_code == 0, result.stderr
    return facts(result)


def rows(found: Any) -> list[tuple[str, str, int, int]]:
    return [
        (row["kind"], row["agency"], row["overdue"], row["waiting"]) for row in found["awaited"]
    ]


def test_what_runs_and_what_is_over_is_counted_by_kind_and_agency(site: Site) -> None:
    due(site, "document_id LIKE '%,7/%'", arrival=_YEAR_2020)
    found = asked(site)
    assert rows(found) == [
        ("arrival", OFFICE, 1, 1),
        ("registration", OFFICE, 0, 2),
        ("consignment", OFFICE, 1, 1),
    ]
    first = found["awaited"][0]
    assert first["since"] == "2020-01-01T07:00:00+07:00"
    assert first["due_next"].startswith("2999-")


def test_what_left_our_outbox_is_no_longer_owed_by_us(site: Site) -> None:
    tried(site, Sent())
    assert [kind for kind, *_ in rows(asked(site))] == ["arrival", "registration"]


def test_kind_and_agency_choose(site: Site) -> None:
    assert rows(asked(site, "--kind", "registration")) == [("registration", OFFICE, 0, 2)]
    assert rows(asked(site, "--agency", FINANCE)) == []
    assert "deliveries" not in asked(site)


def test_documents_are_listed_longest_overdue_first(site: Site) -> None:
    due(site, registration=_YEAR_2020 + 1_000_000)
    due(site, "document_id LIKE '%,8/%'", registration=_YEAR_2020)
    found = asked(site, "--kind", "registration", "--documents")["deliveries"]
    assert [one["document_id"].rpartition(",")[2] for one in found] == ["8/STC", "7/STC"]
    assert found[0] | {"id": "", "document_id": ""} == {
        "kind": "registration",
        "due": "2020-01-01T07:00:00+07:00",
        "id": "",
        "document_id": "",
        "from": FINANCE,
        "recipient": OFFICE,
        "agency": OFFICE,
        "state": "queued",
        "status": None,
        "told": found[0]["told"],
    }
    due(site, reply=_YEAR_2020)
    limited = asked(site, "--documents", "--limit", "1")["deliveries"]
    assert [one["kind"] for one in limited] == ["registration", "reply"]


def test_a_person_reads_tables_and_is_told_of_what_is_not_shown(site: Site) -> None:
    due(site, registration=_YEAR_2020)
    shown = axisd("document", "overdue", "--documents", "--limit", "1", "--config", site.config)
    assert "OVERDUE" in shown.stdout
    assert "2020-01-01T07:00:00+07:00" in shown.stdout
    assert "1 more are overdue" in shown.stderr


def test_a_person_is_told_that_all_is_well(site: Site) -> None:
    assert "nothing is overdue" in axisd("document", "overdue", "--config", site.config).stderr
    due(site, arrival=None, registration=None)
    result = axisd("document", "overdue", "--config", site.config)
    assert "nothing is awaited" in result.stderr
    assert result.stdout == ""


def test_a_kind_that_is_none_is_a_mistake_of_usage(site: Site) -> None:
    assert axisd("document", "overdue", "--kind", "late", "--config", site.config).exit_code == 64
