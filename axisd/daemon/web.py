"""What the daemon serves: metrics, health and doors on the HTTP port, operators on the control socket."""

from __future__ import annotations

from collections.abc import Sequence

from axisd.daemon.entrance import WayIn
from axisd.daemon.health import Health
from axisd.daemon.operations import DaemonOperations
from axisd.daemon.services import Services
from axisd.web.control import control_app
from axisd.web.server import serve, serve_socket, status_app


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
    await stack.enter_async_context(serve(app, settings.http.listen))
    control = control_app(operations, services.checks)
    await stack.enter_async_context(serve_socket(control, settings.control.socket))
