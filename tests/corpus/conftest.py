"""The corpus lies outside the repository: what compares with it runs where it is there, and says so where not."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"

collect_ignore_glob = [] if SHARED.is_dir() else ["test_*.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not SHARED.is_dir():
        terminalreporter.write_line(
            "The corpus (../shared) is not here: nothing was compared with it."
        )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not SHARED.is_dir():
        session.exitstatus = pytest.ExitCode.OK
