# SPDX-License-Identifier: Apache-2.0
"""The campaign itself: its journeys end well when nothing goes wrong, it is as large as it says, and it can fail."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.campaign import SWEEPS, Found, Tally, at_random, every_place, planned, play
from tests.faults.conftest import count
from tests.faults.journeys import ROWS, Row
from tests.faults.mutants import MUTANTS, Mutant
from tests.faults.world import World, world
from tests.support.fault_proxy import Wire

SHORT_FORM = 1_000


@pytest.fixture(scope="module")
def calm(street: World) -> dict[str, Found]:
    return {row.name: play(street, row) for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_journey_ends_well_when_nothing_goes_wrong(calm: dict[str, Found], row: Row) -> None:
    found = calm[row.name]
    assert (list(found.ends), found.wrong, found.struck) == (list(row.ends), [], [])
    assert found.waits_in_vain == 0


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in {"sale", "again", "refund"}], ids=str)
def test_the_same_journey_takes_the_same_steps_again(street: World, row: Row) -> None:
    """Where nothing waits out a back-off, whose length comes from the sale's own id."""
    assert play(street, row).counted == play(street, row).counted


def test_the_short_form_has_a_thousand_places(calm: dict[str, Found]) -> None:
    number = {sweep: sum(len(planned(calm[row.name].counted, row, sweep)) for row in ROWS) for sweep in SWEEPS}
    assert sum(number.values()) >= SHORT_FORM
    assert {sweep.kind for sweep, places in number.items() if places} == {sweep.kind for sweep in SWEEPS}


@pytest.mark.parametrize("seed", range(10))
def test_faults_that_no_table_thought_of(
    street: World, record_property: Callable[[str, object], None], seed: int, *, everywhere: bool
) -> None:
    tally, chance = Tally(), random.Random(seed)
    for _ in range(100 if everywhere else 2):
        tally.add(at_random(street, ROWS, chance))
    count(record_property, tally)
    assert tally.examples == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_terminal_with_one_thing_wrong_is_found_out(mutant: Mutant) -> None:
    row = next(row for row in ROWS if row.name == mutant.journey)
    said: Counter[str] = Counter()
    with world(wired=isinstance(mutant.sweep.kind, Wire)) as its_own, mutant.wrong():
        for found in every_place(its_own, row, mutant.sweep, into=mutant.into):
            said += Counter(line.split(":")[0] for line in found.wrong)
            if said[mutant.says]:
                break
    assert said[mutant.says], said
