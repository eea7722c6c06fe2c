# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every journal record, call and effect of every journey: the books, the wallets and the screen agree."""

import pytest

from tests.faults.campaign import KILLS, Sweep
from tests.faults.conftest import HoldsThrough
from tests.faults.journeys import OFFLINE, Row
from tests.faults.world import World


@pytest.mark.parametrize("sweep", [kills for kills in KILLS if kills.every], ids=lambda sweep: sweep.moment.name)
@pytest.mark.parametrize("row", OFFLINE, ids=str)
def test_killed_anywhere(street: World, holds_through: HoldsThrough, row: Row, sweep: Sweep) -> None:
    holds_through(street, row, [sweep])
