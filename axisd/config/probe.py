"""Whether the directory knows the agency that the interconnection check sends from and to."""

from __future__ import annotations

from collections.abc import Iterator

from axisd.config.model import CheckSettings
from axisd.config.yamlfile import Document
from axisd.core.directory import Channel, Directory
from axisd.errors import Problem


def check_probe(
    settings: CheckSettings | None, directory: Directory, document: Document
) -> Iterator[Problem]:
    """What is wrong with `check.agency`, at its place in the configuration."""
    if settings is None:
        return
    code = settings.agency
    system = directory.system_of(code)
    if directory.find(code) is None:
        told = f"{code} is not in the directory; add the probe agency to a file of agencies"
    elif system is None or system.channel is not Channel.AMQP:
        told = (
            f"no AMQP system serves {code}; enter one for the probe agency in the file of systems"
        )
    elif len(system.agencies) > 1:
        told = f"{system.account} serves other agencies too; the probe agency needs a system of its own"
    else:
        return
    yield document.problem(("check", "agency"), told)
