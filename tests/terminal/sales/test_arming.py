# SPDX-License-Identifier: Apache-2.0
"""The arming: a number that only rises, and whether phones are wanted."""

from concurrent.futures import ThreadPoolExecutor

from terminal.sales.arming import Arming


def now(arming: Arming) -> tuple[int, bool]:
    return arming.armed.number, arming.armed.wanted


def test_each_step_is_a_new_arming() -> None:
    arming = Arming()
    assert now(arming) == (0, False)
    assert (arming.arm(), now(arming)) == (1, (1, True))
    assert (arming.empty_first(), now(arming)) == (2, (2, True))
    assert (arming.disarm(), now(arming)) == (3, (3, False))
    assert (arming.empty_first(), now(arming)) == (4, (4, False))
    assert arming.number == 4


def test_no_two_threads_get_the_same_number() -> None:
    arming = Arming()
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: arming.empty_first(), range(400)))
    assert sorted(numbers) == list(range(1, 401))
