"""The example that the pages show is the one that is run against the axis (tests/acceptance/test_client.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

import axisd.client

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE = (DOCS / "examples" / "agency_system.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["how-to/write-a-client.md", "vi/viet-phan-mem-ket-noi.md"])
def test_a_page_shows_the_example_as_it_is(page: str) -> None:
    assert f"```python\n{EXAMPLE}```" in (DOCS / page).read_text(encoding="utf-8")


def test_everything_public_is_there_and_is_told() -> None:
    for name in axisd.client.__all__:
        assert getattr(axisd.client, name).__doc__ or name == "Envelope", name


def test_an_address_is_read_from_its_file_or_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "broker.url"
    file.write_text("amqp://a:b@127.0.0.1\n")
    assert axisd.client.load_url(file) == "amqp://a:b@127.0.0.1"
    with pytest.raises(axisd.client.ConfigError, match=r"gone\.url"):
        axisd.client.load_url(tmp_path / "gone.url")
