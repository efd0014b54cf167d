"""Where the broker is, as the command line is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from axisd.cli.account import endpoint
from axisd.cli.exits import BadInput


@pytest.mark.parametrize(
    "address",
    [
        "http://finance:hush@127.0.0.1:5672",
        "amqp://127.0.0.1:5672",
        "amqp://finance:hush@",
        "amqp://finance:hush@127.0.0.1:port",
        "amqp://finance:hush@127.0.0.1:65536",
        "amqp://finance:hush@127.0.0.1:0",
        "amqp://finance:hush@[127.0.0.1",
    ],
)
def test_what_is_no_address_is_bad_input_and_its_password_stays_hidden(
    tmp_path: Path, address: str
) -> None:
    file = tmp_path / "broker.url"
    file.write_text(f"{address}\n")
    with pytest.raises(BadInput, match="not the address of a broker") as raised:
        endpoint(None, file, "axisd")
    assert raised.value.where == str(file)
    assert "hush" not in raised.value.message + raised.value.mend


@pytest.mark.parametrize("path", ["", "/", "/axis"])
def test_the_vhost_is_axis_unless_another_is_named(path: str) -> None:
    where = endpoint(f"amqp://finance:hush@127.0.0.1:5672{path}", None, "axisd")
    assert str(where) == "127.0.0.1:5672/axis"
    assert str(endpoint("amqp://finance:hush@broker/other", None, "x")) == "broker:5672/other"
