# SPDX-License-Identifier: Apache-2.0
"""The clock that a test holds: both times are what it was set to, also earlier ones."""

import pytest

from pengpos.core.ports import Clock
from sandbox.phone.clocks import HeldClock


@pytest.mark.parametrize("moment", [0, 1_767_225_605, 1_767_225_604, -1])
def test_it_stands_where_it_was_set(moment: int) -> None:
    held = HeldClock(1_767_225_605)
    held.unix_s = moment
    clock: Clock = held
    assert [clock.now(), clock.now()] == [moment, moment]
    assert clock.monotonic_s() == float(moment)
