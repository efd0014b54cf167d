"""Everything that can be set, with its type, unit, default and meaning: one class per section, one module
per subject, `Settings` for the whole file. A new section goes to the module of its subject and into
`axisd.config.model.settings`.
"""

from axisd.config.model.axis import DirectorySettings, TrustSettings
from axisd.config.model.check import CheckSettings
from axisd.config.model.delivery import DeadlineSettings
from axisd.config.model.edoc import EdocSettings
from axisd.config.model.legal_time import CalendarSettings, ClockSettings
from axisd.config.model.national import NationalSettings
from axisd.config.model.process import StopSettings
from axisd.config.model.section import Section, setting
from axisd.config.model.settings import Settings
from axisd.config.model.terms import Code, with_vhost

__all__ = [
    "CalendarSettings",
    "CheckSettings",
    "ClockSettings",
    "Code",
    "DeadlineSettings",
    "DirectorySettings",
    "EdocSettings",
    "NationalSettings",
    "Section",
    "Settings",
    "StopSettings",
    "TrustSettings",
    "setting",
    "with_vhost",
]
