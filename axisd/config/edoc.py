"""Whether the accounts that the section `edoc` names are systems behind the eDoc door."""

from __future__ import annotations

from collections.abc import Iterator

from axisd.config.model import EdocSettings
from axisd.config.yamlfile import Document
from axisd.core.directory import Channel, Directory
from axisd.errors import Problem


def check_edoc(
    settings: EdocSettings, directory: Directory, document: Document
) -> Iterator[Problem]:
    """What is wrong with `edoc.old_status_answer`, at its place in the configuration."""
    for index, account in enumerate(settings.old_status_answer):
        system = directory.systems.get(account)
        if system is None or system.channel is not Channel.EDOC:
            told = f"{account!a} is not the account of a system with the channel edoc"
            yield document.problem(("edoc", "old_status_answer", index), told)
