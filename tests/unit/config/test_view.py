"""The directory that systems and agencies make together."""

from datetime import timedelta
from pathlib import Path

from axisd.config.load import read
from axisd.core.policy import DeadlineKind, DeadlinePolicy
from tests.support.settings import TODAY, small_site


def test_warnings_tell_which_agencies_nobody_reaches(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    assert read(site.config, day=TODAY).warnings == ()
    site.edit("agencies.csv", "UBND Phường 1,000.00.01.H53", "UBND Phường 1,")
    (warning,) = read(site.config, day=TODAY).warnings
    assert (warning.kind, warning.problem.line) == ("unreachable", 4)


def test_a_document_without_an_attachment_is_accepted_unless_the_rules_say_otherwise(
    tmp_path: Path,
) -> None:
    site = small_site(tmp_path)
    assert not read(site.config, day=TODAY).view.policy.attachment_required
    site.edit("axisd.yaml", "ledger:", "rules: {without_attachment: refuse}\nledger:")
    assert read(site.config, day=TODAY).view.policy.attachment_required
    site.edit("axisd.yaml", "refuse", "accept")
    assert not read(site.config, day=TODAY).view.policy.attachment_required


def test_the_national_section_joins_the_national_axis(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    site.write("national", "secret\n")
    site.edit(
        "axisd.yaml",
        "ledger:",
        "national: {url: 'http://127.0.0.1:1/', system_id: s, secret_file: national}\nledger:",
    )
    loaded = read(site.config, day=TODAY)
    assert loaded.view.national
    assert loaded.settings.national is not None
    assert loaded.settings.national.secret_file.value.get_secret_value() == "secret"
    assert "secret'" not in repr(loaded.settings)


def test_deadlines_are_watched_and_reminded_of_as_they_are_set(tmp_path: Path) -> None:
    site = small_site(tmp_path)
    assert read(site.config, day=TODAY).view.deadlines == DeadlinePolicy()
    site.edit(
        "axisd.yaml",
        "ledger:",
        "deadlines: {reply: false, arrival_reminder: 0s, recall_days: 2, remind: false}\nledger:",
    )
    found = read(site.config, day=TODAY).view.deadlines
    assert not found.watches(DeadlineKind.REPLY)
    assert found.leads[DeadlineKind.ARRIVAL] == timedelta()
    assert (found.recall_days, found.remind) == (2, False)
    assert all(found.lead(kind) is None for kind in DeadlineKind)
