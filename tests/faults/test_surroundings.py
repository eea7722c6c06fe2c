# SPDX-License-Identifier: Apache-2.0
"""A failing medium, a clock that jumps, an old card, a second drainer, a backend that goes: here and there in every
journey. Everywhere in the long run.
"""

import pytest

from tests.faults.campaign import CLOCK, MEDIUM, SURROUNDINGS
from tests.faults.conftest import HoldsThrough
from tests.faults.journeys import MONEY, Row
from tests.faults.world import World


@pytest.mark.parametrize("row", MONEY, ids=str)
def test_the_medium_fails(street: World, holds_through: HoldsThrough, row: Row) -> None:
    holds_through(street, row, MEDIUM)


@pytest.mark.parametrize("row", MONEY, ids=str)
def test_the_clock_jumps(street: World, holds_through: HoldsThrough, row: Row) -> None:
    holds_through(street, row, CLOCK)


@pytest.mark.parametrize("row", MONEY, ids=str)
def test_old_cards_second_drainers_and_a_backend_that_goes(
    street: World, holds_through: HoldsThrough, row: Row
) -> None:
    holds_through(street, row, SURROUNDINGS)
