"""The examination of agencies' systems: our own passes all of it, and a careless one fails what it does wrong."""

from __future__ import annotations

import asyncio

import pytest

from axisd.simulator.agency.script import ScriptedAgency
from axisd.simulator.conformance.checks import CHECKS, Outcome, Result
from axisd.simulator.conformance.exam import Patience
from axisd.simulator.province import Province
from tests.support.acceptance import CITY, COMMUNE
from tests.support.examined import CarelessAgency, exam_of, outcomes, post_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def examined(
    province: Province, agency: type[ScriptedAgency], patience: Patience
) -> list[Result]:
    """What an examination by the city of a commune's system finds, which is `agency`."""
    async with (
        post_of(province, COMMUNE) as (post, client),
        post_of(province, CITY) as (examiner, pen),
        asyncio.TaskGroup() as group,
    ):
        playing = group.create_task(agency(post, client).run())
        results = await exam_of(province, examiner, pen, COMMUNE, patience).run()
        playing.cancel()
    return results


async def test_our_own_scripted_agency_passes_every_check(served: Province) -> None:
    results = await examined(served, ScriptedAgency, Patience(30, 30))
    told = {one.name: one.came.en for one in results if one.outcome is not Outcome.PASSED}
    assert told == {}
    assert outcomes(results).keys() == CHECKS.keys()


async def test_a_careless_one_fails_exactly_what_it_does_wrong(served: Province) -> None:
    results = await examined(served, CarelessAgency, Patience(4, 4))
    assert {name for name, outcome in outcomes(results).items() if outcome is Outcome.FAILED} == {
        "attachment",
        "duplicate",
        "form",
        "manifest",
        "once",
        "recall",
        "replacement",
        "statuses",
        "taking-back",
        "update",
        "vietnamese",
    }
