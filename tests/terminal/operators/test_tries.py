# SPDX-License-Identifier: Apache-2.0
"""Wrong PINs are counted, durably, and forgiven by time alone."""

from offline_queue.memory import MemoryJournal
from terminal.operators.tries import FORGIVEN_AFTER_S, TRIES_IN_ALL, TRIES_OF_ONE, Tries
from tests.support.parts import HandClock, run


def table() -> tuple[Tries, MemoryJournal, HandClock]:
    clock = HandClock()
    journal = MemoryJournal(clock, epoch=7)
    return Tries(journal, clock), journal, clock


def type_wrong(tries: Tries, times: int, operator_id: str | None = None) -> None:
    async def work() -> None:
        for _ in range(times):
            await tries.wrong(operator_id)

    run(work())


def test_so_many_at_once_and_then_one_in_five_minutes() -> None:
    tries, _, clock = table()
    assert tries.left(None) == TRIES_IN_ALL
    type_wrong(tries, TRIES_IN_ALL - 1)
    assert (tries.left(None), tries.wait_s(None)) == (1, 0)
    type_wrong(tries, 1)
    assert (tries.left(None), tries.wait_s(None)) == (0, FORGIVEN_AFTER_S)
    clock.unix_s += FORGIVEN_AFTER_S - 1
    assert tries.wait_s(None) == 1
    clock.unix_s += 1
    assert (tries.left(None), tries.wait_s(None)) == (1, 0)
    type_wrong(tries, 1)
    assert tries.wait_s(None) == FORGIVEN_AFTER_S
    clock.unix_s += FORGIVEN_AFTER_S * TRIES_IN_ALL
    assert tries.left(None) == TRIES_IN_ALL


def test_one_operator_is_closed_sooner_and_others_not_with_them() -> None:
    tries, _, _ = table()
    type_wrong(tries, TRIES_OF_ONE, "m-1")
    assert tries.wait_s("m-1") == FORGIVEN_AFTER_S
    assert (tries.wait_s("m-2"), tries.left("m-2")) == (0, TRIES_OF_ONE)
    assert tries.left(None) == TRIES_IN_ALL - TRIES_OF_ONE
    type_wrong(tries, TRIES_IN_ALL - TRIES_OF_ONE, "m-2")
    assert tries.wait_s("m-3") == FORGIVEN_AFTER_S


def test_a_restart_forgives_nothing() -> None:
    tries, journal, clock = table()
    type_wrong(tries, TRIES_IN_ALL)
    assert Tries(journal, clock).wait_s(None) == FORGIVEN_AFTER_S


def test_a_clock_that_was_set_back_keeps_nobody_out_for_longer() -> None:
    tries, _, clock = table()
    type_wrong(tries, TRIES_IN_ALL)
    clock.unix_s += -30 * 86_400
    assert tries.wait_s(None) == FORGIVEN_AFTER_S
    clock.unix_s += FORGIVEN_AFTER_S
    assert (tries.wait_s(None), tries.left(None)) == (0, 1)
