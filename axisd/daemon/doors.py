"""The doors on the HTTP port, over the intake and the mailbox."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from axisd.adapters.edoc.desk import Desk as EdocDesk
from axisd.adapters.edoc.desk import Rules as EdocRules
from axisd.adapters.edoc.door import EdocDoor
from axisd.adapters.upload import Uploads
from axisd.adapters.vxp.door import VxpDoor
from axisd.adapters.vxp.front import routes
from axisd.daemon.entrance import Entrance, WayIn
from axisd.daemon.services import Services
from axisd.errors import UnavailableError
from axisd.service.mailbox import Mailbox
from axisd.service.registration import Registration

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
    services: Services,
    entrance: Entrance,
    mailbox: Mailbox,
    uploads: Uploads,
    registration: Registration,
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
        registration,
        registrar=ground.current.settings.http.registrar,
    )
    route = routes(door, prefix="/vxp", uploads=uploads, told=door.told)
    return WayIn("vxp", routes=(route,), drain=door.drain)


def open_edoc_door(
    services: Services, entrance: Entrance, mailbox: Mailbox, uploads: Uploads
) -> WayIn:
    """The door for systems that speak the older axis's protocol, at /EdocService."""
    ground = services.ground
    current = ground.current
    # Every docId would mean another message: this one is not reloaded.
    first_number = current.started_with.edoc.first_doc_id
    desk = EdocDesk(
        current.look,
        lambda: current.configuration.secrets,
        lambda: EdocRules(first_number, frozenset(current.settings.edoc.old_status_answer)),
        entrance.hand_in,
        mailbox,
        services.ledger,
        ground.clock,
        ground.telemetry,
    )
    door = EdocDoor(desk, uploads, ground.clock, ground.telemetry)
    return WayIn("edoc", routes=(door.route(),), drain=door.drain)


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"cannot make the folder {folder}: {error.strerror}") from error
    return folder
