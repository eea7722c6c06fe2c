# SPDX-License-Identifier: Apache-2.0
"""What networks do to a call, over real sockets: cut, tear, double, delay, falsify; a server killed and started again.

Each kind at a few places of every journey; at every call of each in the long run.
"""

import pytest

from tests.faults.campaign import NETWORK
from tests.faults.conftest import HoldsThrough
from tests.faults.journeys import AUTHORITY, MONEY, Row
from tests.faults.world import World


@pytest.mark.parametrize("row", MONEY, ids=str)
def test_the_network_does_its_worst(wired_street: World, holds_through: HoldsThrough, row: Row) -> None:
    holds_through(wired_street, row, NETWORK)


@pytest.mark.parametrize("row", AUTHORITY, ids=str)
def test_the_network_at_its_worst_changes_nothing_of_who_may(
    wired_street: World, holds_through: HoldsThrough, row: Row
) -> None:
    holds_through(wired_street, row, NETWORK, times=1)
