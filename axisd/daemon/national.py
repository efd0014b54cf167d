"""The national axis's side: what is sent there, what is fetched from there, how both are reconciled, the probe."""

from __future__ import annotations

from axisd.adapters.vxp.client import Bounds as NationalBounds
from axisd.adapters.vxp.client import VxpClient
from axisd.config.model import NationalSettings
from axisd.daemon.entrance import Entrance, WayIn
from axisd.daemon.services import Services
from axisd.errors import AxisError
from axisd.service.dispatch import Dispatch
from axisd.service.downlink import Downlink, Pace
from axisd.service.heal import Healer
from axisd.service.national_probe import NationalProbe
from axisd.service.reconcile import PART as RECONCILE
from axisd.service.reconcile import Nights, Reconciler, last_runs
from axisd.service.uplink import BOUNDS, Uplink


async def join_national(
    settings: NationalSettings, services: Services, entrance: Entrance
) -> tuple[Dispatch, list[WayIn]]:
    """The uplink; the downlink and the reconciliation. Nothing is asked of the national axis before they run."""
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
    reconciler = Reconciler(
        client,
        services.ledger,
        services.commits,
        ground.clock,
        ground.telemetry,
        Healer(client, services.commits, ground.clock, entrance.handle, ground.current.look),
        ground.current.look,
        Nights(settings.reconcile.at, settings.reconcile.days),
    )
    services.checks.reconciler = reconciler
    await _tell_last_run(services)
    return (
        services.dispatch("uplink", ("national",), uplink, BOUNDS),
        # A part of the axis that hands items to the intake is a way in, although it seldom does.
        [WayIn("downlink", downlink.run), WayIn(RECONCILE, reconciler.run)],
    )


async def _tell_last_run(services: Services) -> None:
    """What the last reconciliation found stays to be seen after a restart."""
    telemetry = services.ground.telemetry
    try:
        for last in await last_runs(services.ledger, 1):
            telemetry.last_reconciliation(last)
    except AxisError as error:
        telemetry.trouble(RECONCILE, error)
