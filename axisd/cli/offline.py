"""The view that files are inspected with when there is no daemon: the configured one, if there is any.

On a machine without a configuration (a developer's at an agency) the agencies that ship with axisd stand
in for a directory; no authority is trusted then but those that the command line names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from axisd.adapters import keyring
from axisd.adapters.clock import SystemClock
from axisd.cli.files import handed_in
from axisd.cli.output import note
from axisd.config.load import read
from axisd.config.shipped import shipped_agencies
from axisd.core import edxml, xmlsafe
from axisd.core.directory import Directory
from axisd.core.envelope import Envelope
from axisd.core.reasons import Refusal
from axisd.core.trust import TrustStore
from axisd.core.view import Axis, Limits, View
from axisd.core.zone import day_of

_AXIS: Final = Axis("00.53.W00", "Tây Ninh", frozenset({"H53", "A53"}))
"""Whose agencies the shipped list describes."""


def offline_view(config: Path, trust: Sequence[Path] = ()) -> View:
    """The view of `config`, or of the shipped agencies where nobody named one and none is there.

    `trust`: PEM files of authorities that count besides those configured.
    """
    if config.exists() or _named():
        view = read(config, day=day_of(SystemClock().now())).view
    else:
        note(f"{config} is not there: inspecting with the agencies that ship with axisd", "warn")
        view = _shipped()
    with handed_in():
        more = [certificate for file in trust for certificate in keyring.certificates(file)]
    if more:
        view = replace(view, trust=TrustStore((*view.trust.authorities, *more)))
    return view


def glimpsed(body: bytes, limits: Limits) -> Envelope | None:
    """What can be read of `body`, whether or not it is valid; None if that is nothing."""
    parsed = xmlsafe.parse(body, limits)
    if isinstance(parsed, Refusal):
        return None
    kind = edxml.recognise(parsed.root)
    return None if isinstance(kind, Refusal) else edxml.glimpse(parsed.root, kind)


def _named() -> bool:
    """Whether somebody named the configuration, by option or environment."""
    context = click.get_current_context()
    return context.get_parameter_source("config") is not ParameterSource.DEFAULT


def _shipped() -> View:
    agencies = {agency.code: agency for agency in shipped_agencies()}
    return View(_AXIS, Directory(agencies, {}), TrustStore.empty(), national=True)
