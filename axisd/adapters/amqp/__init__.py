"""RabbitMQ: the door by which agencies' systems submit, the exit to their queues, and its topology."""

from axisd.adapters.amqp.client import AgencyClient, DeniedError, Received
from axisd.adapters.amqp.connection import Endpoint, LinkState
from axisd.adapters.amqp.intake import AmqpIntake
from axisd.adapters.amqp.lane import Bounds
from axisd.adapters.amqp.management import Management
from axisd.adapters.amqp.publisher import AmqpPublisher
from axisd.adapters.amqp.topology import Definitions, render

__all__ = [
    "AgencyClient",
    "AmqpIntake",
    "AmqpPublisher",
    "Bounds",
    "Definitions",
    "DeniedError",
    "Endpoint",
    "LinkState",
    "Management",
    "Received",
    "render",
]
