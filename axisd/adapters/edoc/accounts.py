"""Who calls: an account by its organ's code and its token, compared in constant time.

An account is one organ or a hub that sends and fetches for its members. `organid` is any code of any agency
that the system serves, or the name of its account: a hub whose own code is none of its members' is enrolled
under that code. A wrong code and a wrong token are answered alike.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping

from pydantic import SecretStr

from axisd.adapters.edoc.protocol.answers import Answer, nameless_caller, unknown_caller
from axisd.adapters.edoc.protocol.parameters import Parameters
from axisd.core.directory import Channel, Directory, System

Secrets = Mapping[str, tuple[SecretStr, ...]]
"""The valid tokens by account."""

_NOBODY = SecretStr("nobody has this token")


def caller(asked: Parameters, directory: Directory, secrets: Secrets) -> System | Answer:
    """The system that the call comes from, or the answer to whoever else it may be."""
    if not asked.organ or not asked.tokens:
        return nameless_caller(organ=bool(asked.organ), token=bool(asked.tokens))
    found: System | None = None
    for system in _candidates(asked.organ, directory):
        if _proved(asked.tokens, secrets.get(system.account, ())):
            found = found or system
    if found is None:
        _proved(asked.tokens, (_NOBODY,))  # an unknown organ costs what a wrong token costs
        return unknown_caller()
    return found


def _candidates(organ: str, directory: Directory) -> Iterator[System]:
    """The eDoc systems that may call themselves so: the one that serves the organ, and the hub of that name."""
    for system in (directory.system_of(organ), directory.systems.get(organ)):
        if system is not None and system.channel is Channel.EDOC:
            yield system


def _proved(tokens: Iterable[str], secrets: Iterable[SecretStr]) -> bool:
    """Whether one of `tokens` is one of `secrets`; every pair is compared, whatever the others came to."""
    wanted = [secret.get_secret_value().encode() for secret in secrets]
    equal = [
        hmac.compare_digest(token.encode("utf-8", "replace"), secret)
        for token in tokens
        for secret in wanted
    ]
    return any(equal)
