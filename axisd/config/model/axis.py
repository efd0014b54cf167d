"""Sections on the axis itself: who it is, where its evidence lies, whom it trusts, who takes part."""

from __future__ import annotations

from pydantic import model_validator

from axisd.config.files import Certificates, Folder, InputFile, Place
from axisd.config.model.section import Section, setting
from axisd.config.model.terms import Centre, Level1


class AxisSettings(Section):
    """Who this axis is."""

    centre: Centre = setting("Code of this centre on the national axis, such as 00.53.W00.")
    name: str = setting(
        "Name of this axis as receipts give it.", reloads=True, min_length=1, max_length=200
    )
    local_level1: tuple[Level1, ...] = setting(
        "Level-1 codes whose agencies are local; every other agency is reached over the national axis.",
        reloads=True,
        min_length=1,
    )


class LedgerSettings(Section):
    """Where the evidence lies."""

    folder: Folder = setting(
        "Folder of the ledger and of large payloads: a local disk, never a network file system."
    )


class ReceiptSettings(Section):
    """What receipts are sealed with."""

    key: InputFile = setting("Private key of the axis, PEM without a passphrase.")
    certificate: Certificates = setting("Certificate of that key, PEM, followed by its chain.")


class TrustSettings(Section):
    """Whose certificates count."""

    authorities: tuple[Certificates, ...] = setting(
        "PEM files of the authorities under which agencies' certificates are issued. "
        "Without any, only certificates pinned in the directory count.",
        reloads=True,
        default=(),
    )


class DirectorySettings(Section):
    """Who takes part."""

    agencies: tuple[InputFile, ...] = setting(
        "Files of agencies, CSV or YAML. A code may stand in one of them only.",
        reloads=True,
        min_length=1,
    )
    systems: InputFile = setting(
        "File of systems, YAML: accounts and the agencies that they serve.", reloads=True
    )
    registered: Place | None = setting(
        "File in which the daemon keeps the agencies that systems register themselves: CSV, made when it is "
        "needed, in a folder where the daemon may write. Without it no system may register any.",
        reloads=True,
        default=None,
    )

    @model_validator(mode="after")
    def _a_file_of_its_own(self) -> DirectorySettings:
        if self.registered is not None and self.registered in {*self.agencies, self.systems}:
            raise ValueError("registered is a file of the daemon's own; name none of the others")
        return self
