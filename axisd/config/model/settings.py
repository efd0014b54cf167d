"""The whole file: which sections there are, and which of them may be left out."""

from __future__ import annotations

from axisd.config.model.axis import (
    AxisSettings,
    DirectorySettings,
    LedgerSettings,
    ReceiptSettings,
    TrustSettings,
)
from axisd.config.model.broker import AmqpSettings
from axisd.config.model.check import CheckSettings
from axisd.config.model.delivery import DeadlineSettings, DeliverySettings
from axisd.config.model.edoc import EdocSettings
from axisd.config.model.inspection import InspectionSettings, RulesSettings
from axisd.config.model.legal_time import CalendarSettings, ClockSettings
from axisd.config.model.national import NationalSettings
from axisd.config.model.process import ControlSettings, HttpSettings, LogSettings, StopSettings
from axisd.config.model.section import Section, setting


class Settings(Section):
    """The whole file."""

    axis: AxisSettings = setting("Who this axis is.")
    ledger: LedgerSettings = setting("Where the evidence lies.")
    amqp: AmqpSettings = setting("The broker.")
    http: HttpSettings = setting("Metrics, health and the doors.", default=HttpSettings())
    edoc: EdocSettings = setting("The eDoc door.", default=EdocSettings())
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
