# SPDX-License-Identifier: Apache-2.0
"""The device's clock against clocks that jump. Source: tap protocol §1, *Clock*."""

from dataclasses import dataclass

import pytest

from pengpos.core.times import BUILD_TIME
from terminal.device.clock import DeviceClock

NOON = 1_800_000_000


@dataclass
class Machine:
    """A system clock that anybody may set, and an uptime that nobody can."""

    system: float = NOON
    uptime: float = 50.0

    def pass_time(self, seconds: float) -> None:
        self.system += seconds
        self.uptime += seconds

    def clock(self) -> DeviceClock:
        return DeviceClock(system=lambda: self.system, since_boot_s=lambda: self.uptime)


def test_it_goes_by_the_system() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.pass_time(10)
    assert clock.now() == NOON + 10
    assert clock.booted_at == NOON - 50


@pytest.mark.parametrize("system", [0, 1_000_000_000, BUILD_TIME - 1])
def test_it_is_never_before_its_build(system: int) -> None:
    assert Machine(system=system).clock().now() == BUILD_TIME


def test_below_the_floor_it_runs_on_from_there() -> None:
    machine = Machine(system=NOON - 86_400)
    clock = machine.clock()
    clock.issuer_signed(NOON)
    assert clock.now() == NOON
    machine.pass_time(300)
    assert clock.now() == NOON + 300  # a day behind, and not standing still


def test_a_system_that_is_set_right_counts_again() -> None:
    machine = Machine(system=NOON - 86_400)
    clock = machine.clock()
    clock.issuer_signed(NOON - 3_600)
    machine.system = NOON
    assert clock.now() == NOON


def test_a_system_that_is_set_back_takes_it_no_lower_than_was_signed() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.issuer_signed(NOON - 10)
    machine.pass_time(60)
    machine.system = 0
    assert clock.now() == NOON - 10 + 60


def test_an_older_signature_changes_nothing() -> None:
    machine = Machine(system=0)
    clock = machine.clock()
    clock.issuer_signed(NOON)
    machine.pass_time(5)
    clock.issuer_signed(NOON - 100)
    clock.issuer_signed(NOON + 1)
    assert clock.now() == NOON + 5


def test_doubt_is_counted_by_uptime() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.system += 1e9  # a time server has found the year
    machine.uptime += 7
    assert clock.doubtful_for_s == 57
    clock.confirm()
    assert clock.doubtful_for_s is None
