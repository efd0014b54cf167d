"""What the daemon serves: metrics, health and doors on the HTTP port, operators on the control socket."""

from __future__ import annotations

from collections.abc import Sequence

from axisd.adapters.vxp.front import HEADER_LIMIT
from axisd.adapters.vxp.protocol import Answer, Code, sentence
from axisd.core.submission import Door
from axisd.daemon.entrance import WayIn
from axisd.daemon.health import Health
from axisd.daemon.operations import DaemonOperations
from axisd.daemon.services import Services
from axisd.ports import DoorCall
from axisd.web.control import control_app
from axisd.web.server import Manners, serve, serve_socket, status_app


async def serve_web(
    services: Services, health: Health, operations: DaemonOperations, ways: Sequence[WayIn]
) -> None:
    """Mounts the doors among `ways`, and serves until the stack closes.

    Raises UnavailableError when an address cannot be had.
    """
    ground = services.ground
    settings, stack = ground.current.settings, ground.stack
    doors = [route for way in ways for route in way.routes]
    app = status_app(ground.telemetry.registry, health.checks, doors)
    await stack.enter_async_context(serve(app, settings.http.listen, _manners(services)))
    control = control_app(operations, services.checks)
    await stack.enter_async_context(serve_socket(control, settings.control.socket))


def _manners(services: Services) -> Manners:
    """What cannot be read as HTTP may have been meant for a door: it is counted and answered as one does."""
    telemetry = services.ground.telemetry
    answer = Answer(
        Code.INVALID, sentence("This is not a request.", "Không đọc được yêu cầu.")
    ).encode()

    def unreadable() -> bytes:
        telemetry.called(DoorCall(Door.VXP, "unknown", "refused", Code.INVALID, "", 0.0))
        return answer

    return Manners(HEADER_LIMIT, unreadable)
