"""The alerts name metrics and values that the axis really has, and pages that are really there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from axisd.adapters.metrics import DEADLINES, EXITS, FAMILIES, NOTICES, PARTS, ROUTES, Metrics
from axisd.core.mailbox import WAITING
from axisd.core.reconciliation import Difference
from axisd.resources import config_path

ROOT = Path(__file__).parents[2]
_METRIC = re.compile(r"\baxisd_\w+")
_SELECTOR = re.compile(r"\b(axisd_\w+)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)(=~|!=|=|!~)"([^"]*)"')
_VALUES = {
    "kind": (*DEADLINES, *Difference),
    "reason": NOTICES,
    "part": PARTS,
    "family": FAMILIES,
    "state": WAITING,
    "destination": (*(f"{route}:000.00.11.H53" for route in ROUTES), *EXITS),
}
"""What a label can be, of the labels that the alerts choose by."""


def alerts() -> Iterator[dict[str, Any]]:
    text = config_path("prometheus/axisd.rules.yml").read_text(encoding="utf-8")
    for group in yaml.safe_load(text)["groups"]:
        yield from group["rules"]


ALERTS = list(alerts())
EACH = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


def test_an_alert_has_a_name_of_its_own() -> None:
    names = [alert["alert"] for alert in ALERTS]
    assert len(names) == len(set(names)) > 0
    assert all(re.fullmatch(r"Axisd([A-Z][a-z]+)+", name) for name in names)


@EACH
def test_it_says_what_happened_what_it_means_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in {"page", "inform"}
    assert alert["annotations"].keys() == {"summary", "description", "runbook"}
    words = re.findall(r"[A-Z][a-z]+", alert["alert"].removeprefix("Axisd"))
    page = f"docs/runbooks/{'-'.join(words).lower()}.md"
    assert alert["annotations"]["runbook"] == page
    assert alert["alert"] in (ROOT / page).read_text(encoding="utf-8")


@EACH
def test_it_asks_for_metrics_that_the_axis_shows(alert: dict[str, Any]) -> None:
    shown = {described.name: described for described in Metrics().described}
    asked = _METRIC.findall(alert["expr"])
    assert asked
    assert set(asked) <= shown.keys()
    for name, matchers in _SELECTOR.findall(alert["expr"]):
        for label, operator, value in _MATCHER.findall(matchers):
            assert label in shown[name].labels
            assert _chosen(operator, value, _VALUES[label]), (
                f"{label}{operator}{value} is never true"
            )


def _chosen(operator: str, wanted: str, values: tuple[str, ...]) -> bool:
    if operator in {"=", "!="}:
        return wanted in values
    return any(re.fullmatch(wanted, value) for value in values)


def test_an_alert_of_recipients_is_for_their_four_kinds_and_never_for_what_we_owe() -> None:
    (alert,) = (one for one in ALERTS if one["alert"] == "AxisdRecipientOverdue")
    ((_, _, pattern),) = _MATCHER.findall(alert["expr"])
    chosen = {reason for reason in NOTICES if re.fullmatch(pattern, reason)}
    assert chosen == {f"{kind}-overdue" for kind in DEADLINES} - {"consignment-overdue"}
