"""The broker's side: the publisher with its relay, the way in over AMQP, and who consumes the inboxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from axisd.adapters.amqp import AmqpIntake, AmqpPublisher, Endpoint, LinkState, Management
from axisd.adapters.amqp import Bounds as IntakeBounds
from axisd.adapters.telemetry import AxisTelemetry
from axisd.daemon.entrance import Entrance, WayIn
from axisd.daemon.services import Services
from axisd.service.dispatch import Bounds, Dispatch
from axisd.service.relay import Relay

_WINDOW: Final = 16 * 1024 * 1024
"""Bytes of submissions that a lane holds before it stops reading."""


@dataclass(frozen=True, slots=True)
class Broker:
    """`management` only where the configuration names its address."""

    publisher: AmqpPublisher
    intake: AmqpIntake
    relay: Dispatch
    management: Management | None
    telemetry: AxisTelemetry

    def way_in(self, entrance: Entrance) -> WayIn:
        """The two intake queues."""
        return WayIn("intake", lambda: self.intake.run(entrance.handle), self.intake.drain)

    async def wait_up(self) -> None:
        """Returns when a consumer is there and the publisher is connected."""
        await self.intake.wait_consuming()
        await self.publisher.connected.wait()

    def show(self) -> None:
        """Links tell of a change before their owners have acted on it: look again by and by."""
        _show(self.telemetry, self.publisher, self.intake)


async def reach_broker(services: Services) -> Broker:
    """Connects in the background: a broker that is away is waited for by `wait_up` alone."""
    ground = services.ground
    settings = ground.current.settings.amqp
    endpoint = Endpoint(settings.connection_url())

    def observed(_: LinkState) -> None:
        _show(ground.telemetry, publisher, intake)

    intake = AmqpIntake(
        endpoint,
        clock=ground.clock,
        telemetry=ground.telemetry,
        bounds=IntakeBounds(prefetch=settings.prefetch, window=_WINDOW),
        observe=observed,
    )
    publisher = AmqpPublisher(
        endpoint,
        clock=ground.clock,
        telemetry=ground.telemetry,
        deadline=settings.publish_deadline.total_seconds(),
        observe=observed,
    )
    await ground.stack.enter_async_context(publisher)
    management = None
    if url := settings.management():
        management = await ground.stack.enter_async_context(Management(url, vhost=settings.vhost))
    relay = services.dispatch(
        "relay", ("local", "receipts"), Relay(publisher), Bounds(), ground.one_large
    )
    return Broker(publisher, intake, relay, management, ground.telemetry)


def _show(telemetry: AxisTelemetry, publisher: AmqpPublisher, intake: AmqpIntake) -> None:
    telemetry.broker(
        consuming=intake.consuming,
        publishing=publisher.connected.is_set(),
        blocked=publisher.blocked,
    )
