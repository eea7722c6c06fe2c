# SPDX-License-Identifier: Apache-2.0
"""Revoked, locked, another policy, a copied key, a purse, a friend who pays, a stream held back: with a fault in each.

A few faults of all kinds in each journey; every kind at every moment in the long run.
"""

import pytest

from tests.faults.campaign import CLOCK, KILLS, MEDIUM, SURROUNDINGS
from tests.faults.conftest import HoldsThrough
from tests.faults.journeys import AUTHORITY, Row
from tests.faults.world import World


@pytest.mark.parametrize("row", AUTHORITY, ids=str)
def test_who_may_who_bears_it_and_who_notices(street: World, holds_through: HoldsThrough, row: Row) -> None:
    holds_through(street, row, (*KILLS, *MEDIUM, *CLOCK, *SURROUNDINGS), times=3)
