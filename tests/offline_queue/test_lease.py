# SPDX-License-Identifier: Apache-2.0
"""Leases: one holder of a name at a time, and none left behind by a holder that failed."""

import threading

import pytest

from offline_queue.lease import Leases
from offline_queue.values import JournalBusyError


def test_a_name_has_one_holder() -> None:
    leases = Leases()
    with leases.hold("drainer"), pytest.raises(JournalBusyError, match="drainer"), leases.hold("drainer"):
        pass


def test_another_name_is_free() -> None:
    leases = Leases()
    with leases.hold("drainer"), leases.hold("export"):
        assert leases._held == {"drainer", "export"}


def test_the_refused_one_does_not_end_the_holders_lease() -> None:
    leases = Leases()
    with leases.hold("drainer"):
        with pytest.raises(JournalBusyError), leases.hold("drainer"):
            pass
        assert leases._held == {"drainer"}


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt])
def test_a_holder_that_fails_lets_go(end: type[BaseException]) -> None:
    leases = Leases()
    with pytest.raises(end), leases.hold("drainer"):
        raise end
    with leases.hold("drainer"):
        assert leases._held == {"drainer"}


def test_of_many_threads_one_holds() -> None:
    leases, start, all_tried = Leases(), threading.Barrier(16), threading.Barrier(16)
    won: list[int] = []

    def take(number: int) -> None:
        start.wait(10)
        try:
            with leases.hold("drainer"):
                won.append(number)
                all_tried.wait(10)
        except JournalBusyError:
            all_tried.wait(10)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(won) == 1
