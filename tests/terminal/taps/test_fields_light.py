# SPDX-License-Identifier: Apache-2.0
"""When a reader's own light and buzzer are told what came of a tap: once the phone has its receipt, or has left."""

import pytest

from pengpos.core.errors import CardLostError
from pengpos.core.ports import Signal
from tests.terminal.taps.tap_bench import Bench, Phone, bench

__all__ = ["bench"]


class PhoneOnALoudReader(Phone):
    """Its reader has a light and a buzzer; notes after how many commands it was told what."""

    def __init__(self, fails: dict[int, Exception] | None = None) -> None:
        super().__init__(fails)
        self.shown: list[tuple[int, Signal]] = []

    def signal(self, signal: Signal) -> None:
        self.shown.append((self.commands, signal))


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("fails", [{}, {3: CardLostError()}], ids=["stays", "left before RESULT"])
def test_the_readers_own_light_shows_what_came_of_it_once_the_phone_has_its_receipt(
    bench: Bench, signal: Signal, fails: dict[int, Exception]
) -> None:
    phone = PhoneOnALoudReader(fails)
    bench.judge.signal = signal
    bench.armed_and_empty()
    bench.see([phone])
    assert phone.shown == [(phone.commands, signal)]
    assert phone.commands == 4


def test_it_shows_nothing_while_nobody_knows(bench: Bench) -> None:
    phone = PhoneOnALoudReader()
    bench.armed_and_empty()
    bench.see([phone])
    assert phone.shown == []
