"""The doors on the HTTP port, over the intake and the mailbox."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from axisd.adapters.upload import Uploads
from axisd.adapters.vxp.door import VxpDoor
from axisd.adapters.vxp.front import routes
from axisd.daemon.entrance import Entrance, WayIn
from axisd.daemon.services import Services
from axisd.errors import UnavailableError
from axisd.service.mailbox import Mailbox

UPLOADS: Final = "uploads"
"""Folder beside the ledger: what arrives lies there without a name, and is on the same disk as payloads."""


def mailbox_of(services: Services) -> Mailbox:
    """The mailbox that all doors use."""
    ground = services.ground
    return Mailbox(
        ground.current.look,
        services.ledger.mailboxes,
        services.commits,
        ground.clock,
        ground.telemetry,
    )


def uploads_of(services: Services) -> Uploads:
    """Where all doors take bodies. Raises UnavailableError when the folder cannot be made."""
    current = services.ground.current
    folder = _folder(current.settings.ledger.folder / UPLOADS)
    return Uploads(folder, limit=lambda: current.view.limits.envelope)


def open_vxp_door(
    services: Services, entrance: Entrance, mailbox: Mailbox, uploads: Uploads
) -> WayIn:
    """The door for systems that carry the national axis's SDK, at /vxp."""
    ground = services.ground
    door = VxpDoor(
        ground.current.look,
        lambda: ground.current.configuration.secrets,
        entrance.hand_in,
        mailbox,
        ground.clock,
        ground.telemetry,
        registrar=ground.current.settings.http.registrar,
    )
    route = routes(door, prefix="/vxp", uploads=uploads, told=door.told)
    return WayIn("vxp", routes=(route,), drain=door.drain)


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"cannot make the folder {folder}: {error.strerror}") from error
    return folder
