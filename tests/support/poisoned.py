"""axisd with an inspection that crashes on every submission with POISON in it: a program for one test."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from axisd.cli.main import main
from axisd.core.inspect import inspect
from axisd.core.inspection import Inspection
from axisd.core.submission import Submission


def poisoned(submission: Submission, *view: Any) -> Inspection:
    """The real inspection, but for the poison."""
    if b"POISON" in submission.body:
        raise RecursionError(f"cannot go on with {submission.body!r}")
    return inspect(submission, *view)


if __name__ == "__main__":
    with patch("axisd.service.intake.inspect", poisoned):
        main()
