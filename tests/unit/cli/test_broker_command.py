"""`axisd broker` before it reaches a broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import axisd
from tests.support.settings import small_site


@pytest.mark.parametrize(
    "address", ["garbage", "amqp://admin:hush@127.0.0.1", "http://", "http://h:port", "http://[h"]
)
def test_what_is_no_address_of_the_management_is_bad_input(tmp_path: Path, address: str) -> None:
    site = small_site(tmp_path)
    file = site.write("management.url", address)
    result = axisd("broker", "check", "--config", site.config, "--management-url-file", file)
    assert (result.exit_code, result.stdout) == (65, "")
    assert "http://ADMIN:PASSWORD@HOST:PORT" in result.stderr
    assert "hush" not in result.stderr
