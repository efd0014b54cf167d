"""What somebody who begins with the library gets wrong is said at once, in a sentence, without the password."""

from __future__ import annotations

import logging
from contextlib import aclosing
from pathlib import Path

import pytest

from axisd.client import AxisClient, ConfigError, Writer, load_url
from axisd.core.envelope import Organization

ME, OTHER = "000.00.13.H53", "000.00.11.H53"


@pytest.mark.parametrize(
    "url",
    [
        "broker.url",
        "http://me:hush@host",
        "amqp://host:5672",
        "amqp://me:hush@host:port",
        "amqp://me:hush@",
    ],
)
def test_what_is_no_address_of_a_broker_is_told_without_what_it_holds(
    url: str, tmp_path: Path
) -> None:
    file = tmp_path / "broker.url"
    file.write_text(url, encoding="utf-8")
    with pytest.raises(ValueError, match="url is not amqp") as wrong:
        AxisClient(url, ME)
    with pytest.raises(ConfigError, match="does not hold amqp") as unusable:
        load_url(file)
    assert "hush" not in f"{wrong.value}{unusable.value}"


def test_an_address_is_read_without_what_stands_around_it(tmp_path: Path) -> None:
    file = tmp_path / "broker.url"
    file.write_text("  amqps://me@host?auth=external\n", encoding="utf-8")
    assert load_url(file) == "amqps://me@host?auth=external"


async def test_a_prefetch_without_a_bound_is_refused() -> None:
    inbox = AxisClient("amqp://me:hush@127.0.0.1:1", ME).inbox(prefetch=0)
    async with aclosing(inbox):
        with pytest.raises(ValueError, match="at least 1"):
            await anext(inbox)


def test_one_recipient_may_stand_alone() -> None:
    letter = Writer(ME).letter(OTHER, "15/STTTT-VP", "V/v")
    assert letter.recipients == (Organization(OTHER),)
    assert letter == Writer(ME).letter([OTHER], "15/STTTT-VP", "V/v")


def test_a_connection_that_breaks_puts_no_traceback_on_stderr_where_nobody_set_logging_up() -> None:
    handlers = logging.getLogger("aiormq").handlers
    assert any(isinstance(one, logging.NullHandler) for one in handlers)
