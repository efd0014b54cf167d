"""Asking a running daemon whether it is ready, as a load balancer or a monitor would."""

from __future__ import annotations

from typing import Final

import aiohttp

from axisd.config.units import Address
from axisd.errors import UnavailableError
from axisd.web.server import Check

_DEADLINE: Final = aiohttp.ClientTimeout(total=10)
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what such a listener is asked at


async def readiness(address: Address) -> list[Check]:
    """The checks of `/-/ready`, whether or not they all pass.

    Raises UnavailableError when nobody answers there, or somebody who is no axis.
    """
    url = f"http://{Address(_ANYWHERE.get(address.host, address.host), address.port)}/-/ready"
    try:
        async with aiohttp.ClientSession(timeout=_DEADLINE) as session, session.get(url) as answer:
            rows = await answer.json()
            return [Check(row["name"], row["ok"], row["detail"]) for row in rows]
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnavailableError(f"{url} does not answer: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnavailableError(f"{url} answers, but it is no axis") from error
