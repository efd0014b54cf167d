"""The national axis's side: what is sent there, what is fetched from there, and the probe between them."""

from __future__ import annotations

from axisd.adapters.vxp.client import Bounds as NationalBounds
from axisd.adapters.vxp.client import VxpClient
from axisd.config.model import NationalSettings
from axisd.daemon.entrance import Entrance, WayIn
from axisd.daemon.services import Services
from axisd.service.dispatch import Dispatch
from axisd.service.downlink import Downlink, Pace
from axisd.service.national_probe import NationalProbe
from axisd.service.uplink import BOUNDS, Uplink


async def join_national(
    settings: NationalSettings, services: Services, entrance: Entrance
) -> tuple[Dispatch, WayIn]:
    """The uplink and the downlink. Nothing is asked of the national axis before they run."""
    ground = services.ground
    client = await ground.stack.enter_async_context(
        VxpClient(
            settings.url.get_secret_value(),
            settings.system_id,
            settings.secret_file.value.get_secret_value(),
            ground.clock,
            NationalBounds(deadline=settings.timeout.total_seconds()),
        )
    )
    uplink = Uplink(client, ground.clock, ground.telemetry)
    probe = NationalProbe(client, ground.current.look, ground.clock, ground.telemetry)
    services.checks.national = probe
    pace = Pace(settings.poll.quick.total_seconds(), settings.poll.slow.total_seconds())
    downlink = Downlink(
        client,
        entrance.handle,
        services.ledger,
        ground.clock,
        ground.telemetry,
        pace,
        probe.returned,
    )
    return (
        services.dispatch("uplink", ("national",), uplink, BOUNDS),
        WayIn("downlink", downlink.run),
    )
