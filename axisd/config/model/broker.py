"""The section on the broker, as the daemon connects to it. The address comes with a password: it is
given out for a connection, never to be shown."""

from __future__ import annotations

from datetime import timedelta

from pydantic import model_validator

from axisd.config.files import Secret
from axisd.config.model.section import Section, setting
from axisd.config.model.terms import AmqpUrl, HttpUrl, PublicAmqpUrl, amqp_url, http_url, with_vhost
from axisd.config.units import Duration


class AmqpSettings(Section):
    """The broker, as the daemon connects to it."""

    url: AmqpUrl | None = setting(
        "Address of RabbitMQ without its vhost, such as amqp://127.0.0.1:5672.", default=None
    )
    url_file: Secret | None = setting(
        "File with the address in it, for one that carries a password. Give this or url.",
        default=None,
    )
    vhost: str = setting("Virtual host.", default="axis", min_length=1)
    prefetch: int = setting(
        "Submissions taken from each intake queue and not yet settled: the back-pressure.",
        default=64,
        ge=1,
        le=2000,
    )
    publish_deadline: Duration = setting(
        "How long a publish waits for the broker's confirm.",
        default=timedelta(seconds=10),
        gt=timedelta(),
    )
    public_url: PublicAmqpUrl | None = setting(
        "Address at which agencies' systems reach RabbitMQ, such as amqps://axis.example.vn:5671: what"
        " axisd system tells them.",
        reloads=True,
        default=None,
    )
    management_url: HttpUrl | None = setting(
        "Address of RabbitMQ's management API, for broker check and apply, and for counting who"
        " consumes the inboxes.",
        default=None,
    )
    management_url_file: Secret | None = setting(
        "File with that address in it, for one that carries a password.", default=None
    )

    @model_validator(mode="after")
    def _one_address(self) -> AmqpSettings:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("give exactly one of url and url_file")
        if self.management_url is not None and self.management_url_file is not None:
            raise ValueError("give at most one of management_url and management_url_file")
        if self.url_file is not None:
            amqp_url(self.url_file.value)
        if self.management_url_file is not None:
            http_url(self.management_url_file.value)
        return self

    def connection_url(self) -> str:
        """The whole address with vhost and password: for the connection alone, never to be shown."""
        url = self.url or (self.url_file.value if self.url_file else None)
        assert url is not None, "the validator has seen to it"
        return with_vhost(url.get_secret_value(), self.vhost)

    def management(self) -> str | None:
        """The address of the management API with its password, never to be shown; None if not set."""
        url = self.management_url
        if url is None and self.management_url_file is not None:
            url = self.management_url_file.value
        return url.get_secret_value().rstrip("/") if url else None
