"""`axisd document unmatched`: from the ledger alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import axisd, facts
from tests.support.messages import STATUS, swap
from tests.support.settings import Site, small_site
from tests.support.site_ledger import handed_in

FINANCE = "000.00.11.H53"
OFFICE = "000.00.01.H53"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = small_site(tmp_path)
    site.edit("systems.yaml", "[000.00.11.H53]}", "[000.00.11.H53], profile: if-present}")
    return site


def reported(site: Site, document_id: str) -> None:
    """FINANCE reports on a document of OFFICE that nobody handed in."""
    made = swap(
        STATUS,
        ("<edXML:OrganId>000.00.13.H53<", f"<edXML:OrganId>{FINANCE}<"),
        (
            "<edXML:ResponseFor>\n          <edXML:OrganId>000.00.11.H53<",
            f"<edXML:ResponseFor>\n          <edXML:OrganId>{OFFICE}<",
        ),
        ("DocumentId>000.00.11.H53,2026/11/20,15/STC-VP<", f"DocumentId>{document_id}<"),
    )
    handed_in(site, made.encode(), account="finance", agency=FINANCE)


def asked(site: Site, *words: str) -> Any:
    result = axisd("document", "unmatched", *words, "--config", site.config, "--json")
    assert result.exit_code == 0, result.stderr
    return facts(result)


def test_nothing_is_unmatched_where_only_documents_came(site: Site) -> None:
    made = axisd(
        "envelope", "new", "--from", FINANCE, "--to", OFFICE, "--number", "7",
        "--notation", "STC", "--subject", "V/v việc riêng", "--date", "2026/01/05",
    )  # fmt: skip
    handed_in(site, made.stdout_bytes, account="finance", agency=FINANCE)
    assert asked(site) == {"count": 0, "statuses": []}
    result = axisd("document", "unmatched", "--config", site.config)
    assert (result.exit_code, result.stdout) == (0, "")


def test_statuses_about_documents_that_nobody_knows_are_listed_newest_first(site: Site) -> None:
    for name in ("doc-1", "doc-2"):
        reported(site, name)
    found = asked(site)
    assert found["count"] == 2
    assert [
        (one["code"], one["reporter"], one["issuer"], one["document_id"])
        for one in found["statuses"]
    ] == [("03", FINANCE, OFFICE, "doc-2"), ("03", FINANCE, OFFICE, "doc-1")]


def test_what_is_not_shown_is_counted(site: Site) -> None:
    for name in ("doc-1", "doc-2", "doc-3"):
        reported(site, name)
    found = asked(site, "--limit", "2")
    assert (found["count"], len(found["statuses"])) == (3, 2)
    result = axisd("document", "unmatched", "--limit", "2", "--config", site.config)
    assert ("doc-3" in result.stdout, "doc-1" in result.stdout) == (True, False)
    assert "1 more" in result.stderr
