"""Everything that can be set, with its type, unit, default and meaning: one class per section.

Unknown keys are refused. Every setting has a description, from which the reference is generated and
problems are explained. Settings marked with `reloads` take effect at a reload (SIGHUP); a change of any
other waits for a restart. Nothing here reads the environment, and no secret shows in a representation.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from axisd.config.files import Certificates, Folder, InputFile, Place, Secret
from axisd.config.units import Address, Called, Duration, Listen, OfficeHours, Size
from axisd.core.calendar import Hours, check_spans
from axisd.core.codes import is_centre, is_code

_SOCKET_LENGTH: Final = 107
"""Bytes of a Unix socket's path at most (sun_path less its end, unix(7))."""


def _code(text: str) -> str:
    if not is_code(text):
        raise ValueError(f"{text!a} is not an agency code: letters, digits and dots, at most 35")
    return text


def _centre(text: str) -> str:
    if not is_centre(text):
        raise ValueError(f"{text!a} is not the code of a centre, which looks like 00.53.W00")
    return text


def _level1(text: str) -> str:
    if not (len(text) == 3 and text.isalnum() and text.isascii() and text.isupper()):
        raise ValueError(f"{text!a} is not a level-1 code, which looks like H53")
    return text


def _amqp_url(value: SecretStr) -> SecretStr:
    parts = _split(value)
    if parts.scheme not in {"amqp", "amqps"} or not parts.hostname:
        raise ValueError(
            "write amqp://HOST:PORT or amqps://HOST:PORT; the account stands before an @"
        )
    if parts.path.strip("/"):
        raise ValueError("the URL names a vhost; leave it out and set amqp.vhost instead")
    return value


def _http_url(value: SecretStr) -> SecretStr:
    parts = _split(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write http://HOST:PORT or https://HOST:PORT")
    return value


def _split(value: SecretStr) -> Any:
    try:
        parts = urlsplit(value.get_secret_value())
        parts.port  # noqa: B018 - raises ValueError for a port that is none
    except ValueError as error:
        raise ValueError(f"this is not a URL: {error}") from error
    return parts


def _socket(place: Any) -> Any:
    if len(str(place).encode()) > _SOCKET_LENGTH:
        raise ValueError(
            f"the path of a socket has at most {_SOCKET_LENGTH} bytes; choose a shorter one"
        )
    return place


Code = Annotated[str, AfterValidator(_code), Called("agency code")]
Centre = Annotated[str, AfterValidator(_centre), Called("centre code")]
Level1 = Annotated[str, AfterValidator(_level1), Called("level-1 code")]
AmqpUrl = Annotated[SecretStr, AfterValidator(_amqp_url), Called("AMQP URL")]
HttpUrl = Annotated[SecretStr, AfterValidator(_http_url), Called("HTTP URL")]
Socket = Annotated[Place, AfterValidator(_socket)]


def with_vhost(url: str, vhost: str) -> str:
    """The address of the broker with its vhost in it."""
    address, mark, query = url.partition("?")
    return f"{address.rstrip('/')}/{quote(vhost, safe='')}{mark}{query}"


def setting(description: str, *, reloads: bool = False, **keywords: Any) -> Any:
    """A field with its meaning; `reloads` says that a change takes effect without a restart."""
    return Field(description=description, json_schema_extra={"reloads": reloads}, **keywords)


class Section(BaseModel):
    """Immutable, and strict about names."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        """A section whose settings are all commented out means its defaults."""
        return {} if value is None else value


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
            _amqp_url(self.url_file.value)
        if self.management_url_file is not None:
            _http_url(self.management_url_file.value)
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


class HttpSettings(Section):
    """Metrics, health and the door for VXP clients."""

    listen: Listen = setting("Address to listen on.", default=Address("127.0.0.1", 9153))


class ControlSettings(Section):
    """How commands reach the running daemon."""

    socket: Socket = setting(
        "Path of the Unix socket on which the daemon takes operators' commands."
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


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: Final = get_args(Weekday)


class HoursSettings(Section):
    """Office hours from a day on, until others follow."""

    valid_from: date | None = setting(
        "First day on which they hold; without it, from the beginning.", reloads=True, default=None
    )
    open: tuple[OfficeHours, ...] = setting(
        "Spans in which people work, in order, such as 07:00-11:30.",
        reloads=True,
        default=Hours().spans,
    )
    days: tuple[Weekday, ...] = setting(
        "Days of the week that are worked.",
        reloads=True,
        default=("mon", "tue", "wed", "thu", "fri"),
        min_length=1,
    )

    @model_validator(mode="after")
    def _in_order(self) -> HoursSettings:
        check_spans(self.open)
        return self

    def hours(self, *, lunch_is_outside: bool) -> Hours:
        """The value that the core works with."""
        weekdays = frozenset(map(_WEEKDAYS.index, self.days))
        return Hours(self.open, weekdays, self.valid_from or date.min, lunch_is_outside)


def _following(hours: tuple[HoursSettings, ...]) -> tuple[HoursSettings, ...]:
    begins = [one.valid_from or date.min for one in hours]
    if begins != sorted(set(begins)):
        raise ValueError("every item after the first needs a valid_from that is later than before")
    return hours


HoursList = Annotated[tuple[HoursSettings, ...], AfterValidator(_following)]


class AgencyHoursSettings(Section):
    """An agency whose office hours differ."""

    agency: Code = setting("Code of the agency.", reloads=True)
    hours: HoursList = setting(
        "Its own hours; until the first of them begin, and without any, the general ones hold.",
        reloads=True,
        default=(),
    )
    lunch_is_outside: bool | None = setting(
        "Whether its break counts as outside office hours; without it, as for all.",
        reloads=True,
        default=None,
    )


class CalendarSettings(Section):
    """Office hours, by which legal time and deadlines run (QC Điều 10.2). Vietnam's public holidays are
    days off by themselves.
    """

    exceptions: InputFile | None = setting(
        "File of days off and days worked, YAML or CSV, which win over holidays and weekdays.",
        reloads=True,
        default=None,
    )
    lunch_is_outside: bool = setting(
        "Whether what lies between two spans of a day counts as outside office hours.",
        reloads=True,
        default=True,
    )
    hours: HoursList = setting(
        "Office hours, each from a day on; the first also before it.",
        reloads=True,
        default=(HoursSettings(),),
        min_length=1,
    )
    agencies: tuple[AgencyHoursSettings, ...] = setting(
        "Agencies whose office hours differ.", reloads=True, default=()
    )


class ClockSettings(Section):
    """When the clock is sound enough for receipts (QC Điều 10.3). While it is not, nothing is sealed."""

    require_synchronised: bool = setting(
        "Seal only while the kernel says that its clock is kept right, by chrony or the like."
        " False is for sandboxes.",
        reloads=True,
        default=True,
    )
    max_error: Duration = setting(
        "How far off the kernel may believe its clock to be; it adds 0.5 ms for each second since it"
        " was last set right.",
        reloads=True,
        default=timedelta(seconds=5),
        gt=timedelta(),
    )
    tolerance: Duration = setting(
        "How far the clock may be turned at once, and how far it may lie behind the last entry of the"
        " ledger.",
        reloads=True,
        default=timedelta(seconds=1),
        gt=timedelta(),
    )
    settle: Duration = setting(
        "How long the clock must run evenly after it was turned.",
        reloads=True,
        default=timedelta(seconds=30),
    )
    require_after_ledger: bool = setting(
        "Seal only while the clock is not behind the last entry of the ledger. False is for the time"
        " after entries were sealed by a clock that was fast.",
        reloads=True,
        default=True,
    )


class LimitSettings(Section):
    """Bounds on what is accepted, checked before the work that they bound."""

    envelope: Size = setting(
        "Size of an envelope.", reloads=True, default=64 * 1024**2, ge=1024, le=1024**3
    )
    depth: int = setting("Depth of nesting.", reloads=True, default=64, ge=16, le=256)
    elements: int = setting("Elements.", reloads=True, default=20_000, ge=100)
    attributes: int = setting("Attributes of one element.", reloads=True, default=32, ge=8)
    namespaces: int = setting("Namespace declarations.", reloads=True, default=32, ge=4)
    recipients: int = setting("Recipients of one envelope.", reloads=True, default=500, ge=1)


class InspectionSettings(Section):
    """How envelopes are inspected."""

    workers: int = setting("Threads that inspect.", default=2, ge=1, le=64)
    limits: LimitSettings = setting(
        "Bounds on what is accepted.", reloads=True, default=LimitSettings()
    )


class RulesSettings(Section):
    """What this axis chooses where the regulation leaves a choice."""

    without_attachment: Literal["accept", "refuse"] = setting(
        "What becomes of a document without an attachment; an accepted one gets a warning on its receipt.",
        reloads=True,
        default="accept",
    )


class RetrySettings(Section):
    """How long to wait before trying again; doubles with each failure."""

    first: Duration = setting(
        "Wait after the first failure.", default=timedelta(seconds=2), gt=timedelta()
    )
    most: Duration = setting("Longest wait.", default=timedelta(minutes=10), gt=timedelta())

    @model_validator(mode="after")
    def _in_order(self) -> RetrySettings:
        if self.first > self.most:
            raise ValueError("first is longer than most")
        return self


class DeliverySettings(Section):
    """How long and how often a delivery is tried."""

    lifetime: Duration = setting(
        "How long a delivery is tried before it expires.",
        reloads=True,
        default=timedelta(days=5),
        ge=timedelta(minutes=1),
    )
    retry: RetrySettings = setting("Waits between tries.", default=RetrySettings())


def _watched(what: str) -> Any:
    return setting(f"Whether it is watched that {what}.", reloads=True, default=True)


def _reminder(hours: int) -> Any:
    return setting(
        "How much working time before that deadline the recipient is reminded; 0s for never.",
        reloads=True,
        default=timedelta(hours=hours),
        ge=timedelta(),
        le=timedelta(days=30),
    )


class DeadlineSettings(Section):
    """What recipients have to do in time, by the working calendar; the sender is told when they did not."""

    remind: bool = setting(
        "Whether recipients that receive over AMQP are reminded at all.", reloads=True, default=True
    )
    arrival: bool = _watched(
        "a document arrives (status 01 or later) by the end of the working day"
    )
    arrival_reminder: Duration = _reminder(2)
    registration: bool = _watched(
        "it is registered (03 or later) or refused (02) by the end of the next working day"
    )
    registration_reminder: Duration = _reminder(4)
    reply: bool = _watched("a document with a DueDate is replied to by the end of that day")
    reply_reminder: Duration = _reminder(16)
    recall_answer: bool = _watched("a recall is answered (15 or 16)")
    recall_answer_reminder: Duration = _reminder(4)
    recall_days: int = setting(
        "Working days in which a recall is answered; 0 is the day on which it was asked.",
        reloads=True,
        default=1,
        ge=0,
        le=60,
    )


class PollSettings(Section):
    """How often the national axis is asked for what waits for us."""

    quick: Duration = setting(
        "While something is moving.", default=timedelta(seconds=1), gt=timedelta()
    )
    slow: Duration = setting(
        "When nothing has come for a while.", default=timedelta(seconds=60), gt=timedelta()
    )

    @model_validator(mode="after")
    def _in_order(self) -> PollSettings:
        if self.quick > self.slow:
            raise ValueError("quick is longer than slow")
        return self


class NationalSettings(Section):
    """The national axis. Without this section documents for other provinces are refused."""

    url: HttpUrl = setting("Base address of its VXP service.")
    system_id: str = setting("The systemid of this axis, as registered there.", min_length=1)
    secret_file: Secret = setting("File with the secret that requests are signed with.")
    timeout: Duration = setting(
        "How long one request may take.", default=timedelta(seconds=30), gt=timedelta()
    )
    poll: PollSettings = setting("How often it is asked.", default=PollSettings())


class CheckSettings(Section):
    """The interconnection check, `axisd check` (QC Điều 12.6). Without this section no documents are probed
    with.

    What it needs of files is read by the check alone: the daemon starts without them.
    """

    agency: Code = setting(
        "The probe agency: a code of the directory that stands for nobody, served by an AMQP system of its own.",
        reloads=True,
    )
    url_file: Place = setting(
        "File with the address of RabbitMQ in it, as that system's account, without the vhost.",
        reloads=True,
    )
    key: Place = setting(
        "Private key that the probe agency signs with, PEM without a passphrase.", reloads=True
    )
    certificate: Place = setting(
        "Certificate of that key, PEM, followed by its chain.", reloads=True
    )
    timeout: Duration = setting(
        "How long a probe may take through a lane, with its receipts.",
        reloads=True,
        default=timedelta(seconds=60),
        gt=timedelta(),
    )
    national: bool = setting(
        "Whether a probe goes over the national axis too, where it is joined; the probe agency has to be"
        " registered there.",
        reloads=True,
        default=True,
    )
    national_timeout: Duration = setting(
        "How long it may take over the national axis and back.",
        reloads=True,
        default=timedelta(minutes=20),
        gt=timedelta(),
    )


class StopSettings(Section):
    """How the daemon stops at SIGTERM. A second SIGTERM does not wait."""

    drain: Duration = setting(
        "How long submissions in flight may take to settle.", default=timedelta(seconds=20)
    )
    relay: Duration = setting(
        "How long the relay may then go on publishing.", default=timedelta(seconds=5)
    )


class LogSettings(Section):
    """What is logged, always to stderr."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "Least severity that is logged.", reloads=True, default="info"
    )
    format: Literal["auto", "json", "console"] = setting(
        "One JSON object per line, or lines for people; auto is console on a terminal, else json.",
        default="auto",
    )


class Settings(Section):
    """The whole file."""

    axis: AxisSettings = setting("Who this axis is.")
    ledger: LedgerSettings = setting("Where the evidence lies.")
    amqp: AmqpSettings = setting("The broker.")
    http: HttpSettings = setting("Metrics, health and the door.", default=HttpSettings())
    control: ControlSettings = setting("How commands reach the running daemon.")
    receipts: ReceiptSettings = setting("What receipts are sealed with.")
    trust: TrustSettings = setting("Whose certificates count.", default=TrustSettings())
    directory: DirectorySettings = setting("Who takes part.")
    calendar: CalendarSettings = setting(
        "Office hours, by which legal time runs.", default=CalendarSettings()
    )
    clock: ClockSettings = setting(
        "When the clock is sound enough for receipts.", default=ClockSettings()
    )
    inspection: InspectionSettings = setting(
        "How envelopes are inspected.", default=InspectionSettings()
    )
    rules: RulesSettings = setting(
        "What this axis chooses where the regulation leaves a choice.", default=RulesSettings()
    )
    delivery: DeliverySettings = setting("How deliveries are tried.", default=DeliverySettings())
    deadlines: DeadlineSettings = setting(
        "What recipients have to do in time.", default=DeadlineSettings()
    )
    national: NationalSettings | None = setting("The national axis, if joined.", default=None)
    check: CheckSettings | None = setting("The interconnection check.", reloads=True, default=None)
    stop: StopSettings = setting("How the daemon stops.", default=StopSettings())
    log: LogSettings = setting("What is logged.", default=LogSettings())
