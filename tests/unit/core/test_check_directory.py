"""What is wrong with a directory is found, and what is right is left alone."""

from dataclasses import replace
from datetime import date

import pytest

from axisd.core.check_directory import check
from axisd.core.directory import Agency, Channel, System
from axisd.core.findings import Finding, Severity

DAY = date(2026, 11, 22)
OFFICE = Agency("000.00.01.H53", "Văn phòng")
FINANCE = Agency("000.00.11.H53", "Sở Tài chính", intake="000.00.01.H53")
SYSTEM = System("office", Channel.AMQP, ("000.00.01.H53",))


def local(code: str) -> bool:
    return code.endswith("H53")


def found(*agencies: Agency, systems: tuple[System, ...] = (SYSTEM,)) -> list[Finding]:
    return list(check(agencies, systems, is_local=local, day=DAY))


def kinds(*agencies: Agency, systems: tuple[System, ...] = (SYSTEM,)) -> list[tuple[str, str]]:
    return [(item.severity, item.kind) for item in found(*agencies, systems=systems)]


def test_a_sound_directory_has_no_findings() -> None:
    assert kinds(OFFICE, FINANCE) == []


def test_malformed_codes_are_errors_that_name_what_nobody_sees() -> None:
    (item,) = found(OFFICE, Agency("000.00.12.H53\u200b", "x", intake="000.00.01.H53"))
    assert (item.severity, item.kind, item.agency) == (Severity.ERROR, "code-malformed", 1)
    assert "U+200B" in item.text
    assert "\u200b" not in item.text
    assert kinds(OFFICE, replace(FINANCE, twin="H53 11"))[0] == ("error", "code-malformed")
    assert "at most 35" in found(OFFICE, Agency("A" * 36, "x"))[0].text


def test_invisible_characters_in_names_are_warnings() -> None:
    assert kinds(OFFICE, replace(FINANCE, name="Sở\u200b")) == [("warning", "name-invisible")]


def test_a_code_may_stand_for_one_organ_only() -> None:
    assert kinds(OFFICE, FINANCE, replace(FINANCE, name="again")) == [("error", "code-repeated")]
    assert kinds(OFFICE, replace(FINANCE, twin="000.00.01.H53")) == [("error", "code-repeated")]
    shared = [replace(OFFICE, twin="H53.9"), replace(FINANCE, twin="H53.9")]
    assert kinds(*shared) == [("error", "code-repeated")]
    assert kinds(OFFICE, replace(FINANCE, twin=FINANCE.code)) == [("error", "twin-is-code")]


def test_one_organ_under_two_codes_of_different_style_is_pointed_out() -> None:
    apart = Agency("H53.11", "Sở Tài chính", intake="000.00.01.H53")
    assert kinds(OFFICE, FINANCE, apart) == [("warning", "twin-apart")]
    assert kinds(OFFICE, apart, FINANCE) == [("warning", "twin-apart")]


def test_dates_must_leave_a_day_between_them() -> None:
    crossed = replace(FINANCE, valid_from=date(2025, 7, 1), valid_to=date(2025, 7, 1))
    assert ("error", "dates-crossed") in kinds(OFFICE, crossed)


def test_a_successor_without_an_end_is_never_used() -> None:
    assert kinds(OFFICE, replace(FINANCE, successor="H53.01")) == [("warning", "successor-unused")]


def test_references_must_lead_somewhere() -> None:
    closed = replace(
        FINANCE, valid_to=date(2025, 1, 1), successor="H99", parent="H98", intake="H97"
    )
    assert kinds(OFFICE, closed) == [
        ("warning", "reference-dangling"),
        ("error", "reference-dangling"),
        ("error", "reference-dangling"),
    ]


def test_references_may_use_any_code_of_the_organ() -> None:
    assert kinds(replace(OFFICE, twin="X1"), replace(FINANCE, parent="X1", intake="X1")) == []
    assert kinds(OFFICE, replace(FINANCE, intake="H53.01")) == []


def test_each_circle_is_reported_once_with_its_members() -> None:
    a = Agency("H1", "", intake="H2")
    b = Agency("H2", "", intake="H3")
    c = Agency("H3", "", intake="H2")
    d = Agency("H4", "", parent="H4")
    cycles = [item for item in found(OFFICE, a, b, c, d) if item.kind == "cycle"]
    assert [item.text for item in cycles] == [
        "parent leads in a circle: H4 → H4; take one of them out",
        "intake leads in a circle: H2 → H3 → H2; take one of them out",
    ]


def test_a_long_chain_is_no_circle() -> None:
    chain = [Agency(f"C{n}", "", parent=f"C{n + 1}") for n in range(2000)]
    assert found(OFFICE, *chain, Agency("C2000", "")) == []


def test_systems_must_serve_agencies_that_exist_and_nobody_else_serves() -> None:
    second = System("second", Channel.AMQP, ("H53.01", "000.00.99.H53"))
    items = found(OFFICE, FINANCE, systems=(SYSTEM, second))
    assert [(item.severity, item.kind, item.system) for item in items] == [
        (Severity.ERROR, "agency-served-twice", 1),
        (Severity.ERROR, "system-agency-unknown", 1),
    ]
    assert "office" in items[0].text


@pytest.mark.parametrize("channel", Channel)
def test_a_system_may_come_through_any_door(channel: Channel) -> None:
    second = System("second", channel, (FINANCE.code,))
    assert kinds(OFFICE, FINANCE, systems=(SYSTEM, second)) == []


def test_an_account_belongs_to_one_system() -> None:
    again = System("office", Channel.AMQP, ("000.00.11.H53",))
    assert kinds(OFFICE, FINANCE, systems=(SYSTEM, again)) == [("error", "account-repeated")]


def test_a_system_for_nobody_or_for_a_closed_agency_is_pointed_out() -> None:
    closed = replace(FINANCE, valid_to=date(2025, 1, 1))
    systems = (
        SYSTEM,
        System("idle", Channel.AMQP, ()),
        System("late", Channel.AMQP, (FINANCE.code,)),
    )
    assert kinds(OFFICE, closed, systems=systems) == [
        ("warning", "system-idle"),
        ("warning", "system-agency-closed"),
    ]


def test_local_agencies_that_nobody_receives_for_are_pointed_out() -> None:
    alone = Agency("000.00.12.H53", "alone")
    foreign = Agency("000.00.12.H41", "elsewhere")
    closed = Agency("000.00.13.H53", "gone", valid_to=date(2025, 1, 1))
    through = Agency("000.00.14.H53", "through two", intake=FINANCE.code)
    items = found(OFFICE, FINANCE, alone, foreign, closed, through)
    assert [(item.kind, item.agency) for item in items] == [("unreachable", 2)]


def test_a_twin_under_another_level_1_code_contradicts_its_agency() -> None:
    assert kinds(OFFICE, replace(FINANCE, twin="H39.11")) == [("warning", "twin-contradicts")]
    assert kinds(OFFICE, replace(FINANCE, twin="H53.77")) == []
    assert kinds(OFFICE, replace(FINANCE, twin="vxp.saas.03")) == []


def test_a_choice_that_is_not_there_is_a_warning_for_it_is_only_named() -> None:
    split = Agency("000.00.20.H53", "x", valid_to=DAY, choices=("000.00.01.H53", "000.00.98.H53"))
    (item,) = found(OFFICE, split)
    assert (item.severity, item.kind) == (Severity.WARNING, "reference-dangling")
    assert "choice '000.00.98.H53'" in item.text


def test_an_agency_that_outlives_the_one_above_it_is_pointed_out_while_it_is_open() -> None:
    above = Agency("H9", "Bộ", valid_to=DAY)
    below = replace(FINANCE, parent="H9")
    assert kinds(OFFICE, above, below) == [("warning", "outlives-parent")]
    assert kinds(OFFICE, above, replace(below, valid_to=DAY)) == []
    assert kinds(OFFICE, replace(above, valid_to=date(2026, 11, 23)), below) == []


def test_reachability_is_judged_by_the_row_of_the_day() -> None:
    rows = (
        replace(FINANCE, valid_to=DAY),
        replace(FINANCE, intake=None, valid_from=DAY),
    )
    (item,) = found(OFFICE, *rows)
    assert (item.kind, item.agency) == ("unreachable", 2)
    mended = replace(rows[1], intake="000.00.01.H53")
    assert kinds(OFFICE, rows[0], mended) == []


def test_whoever_succeeds_an_intake_office_receives_in_its_place() -> None:
    gone = Agency("000.00.30.H53", "cũ", valid_to=DAY, successor="000.00.01.H53")
    assert kinds(OFFICE, gone, replace(FINANCE, intake=gone.code)) == []
    lost = replace(gone, successor=None)
    assert kinds(OFFICE, lost, replace(FINANCE, intake=gone.code)) == [("warning", "unreachable")]


def test_a_system_that_serves_a_closed_agency_is_told_what_to_do_about_it() -> None:
    closed = Agency("000.00.30.H53", "cũ", valid_to=DAY)

    def said(closed: Agency, *codes: str) -> str:
        serving = System("old", Channel.AMQP, (closed.code, *codes))
        (item,) = found(OFFICE, closed, systems=(*systems_but(codes), serving))
        assert (item.kind, item.system) == ("system-agency-closed", len(systems_but(codes)))
        return item.text

    def systems_but(codes: tuple[str, ...]) -> tuple[System, ...]:
        return () if OFFICE.code in codes else (SYSTEM,)

    followed = replace(closed, successor=OFFICE.code)
    assert "name its successor" in said(closed)
    assert "let it serve 000.00.01.H53 instead" in said(followed)
    assert "late statuses" in said(followed, OFFICE.code)
    later = replace(closed, valid_to=None, valid_from=date(2026, 12, 1))
    assert "holds only from 2026-12-01 on" in said(later)
