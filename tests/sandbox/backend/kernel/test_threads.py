# SPDX-License-Identifier: Apache-2.0
"""The backend's own threads: a failing round ends none of them, health says so, and both come right by themselves."""

from dataclasses import dataclass, field
from functools import partial

import pytest
from sqlalchemy import text

from sandbox.backend.booking import sweep
from sandbox.backend.kernel.threads import LATE_S, LONGEST_WAIT_S, Threads
from tests.support.backend import Shop
from tests.support.rounds import Rounds
from tests.support.shop import HeldClock

BROKEN = RuntimeError("a round that failed")


@dataclass
class Thread:
    """One thread whose rounds end as the test says, and what health says of it before each."""

    clock: HeldClock = field(default_factory=HeldClock)
    threads: Threads = field(default_factory=Threads)
    fails: bool = False
    said: list[list[str]] = field(default_factory=list)
    rounds: int = 0

    def goes(self, *outcomes: bool) -> Rounds:
        """Rounds of which each ends well or not."""

        def before(well: bool) -> None:
            self.said.append(self.threads.failing(self.clock))
            self.fails = not well

        stop = Rounds(iter([partial(before, well) for well in outcomes]))
        self.threads.keep_going("sweep", self._round, stop, self.clock)
        return stop

    def _round(self) -> None:
        self.rounds += 1
        if self.fails:
            raise BROKEN


@pytest.fixture
def thread() -> Thread:
    return Thread()


def test_a_round_that_fails_is_followed_by_another_and_shows_until_one_ends_well(thread: Thread) -> None:
    thread.goes(True, False, False, True, True)
    assert (thread.rounds, thread.said) == (5, [[], [], ["sweep"], ["sweep"], []])
    assert thread.threads.failing(thread.clock) == []  # it was ended, and does not fail


def test_pauses_grow_while_it_fails_up_to_a_bound(thread: Thread) -> None:
    stop = thread.goes(*[False] * 8, True)
    assert stop.waited_s == [1.0, 2.0, 4.0, 8.0, 16.0, *[LONGEST_WAIT_S] * 4, 1.0]


def test_a_thread_that_hangs_or_is_gone_shows_once_it_is_late(thread: Thread) -> None:
    def hang() -> None:
        thread.clock.advance(int(LATE_S))
        thread.said.append(thread.threads.failing(thread.clock))
        thread.clock.advance(1)
        thread.said.append(thread.threads.failing(thread.clock))

    thread.threads.keep_going("sweep", lambda: None, Rounds(iter([hang])), thread.clock)
    assert thread.said == [[], ["sweep"]]


def test_health_says_which_fail(shop: Shop) -> None:
    said = []

    def fail() -> None:
        raise BROKEN

    def look() -> None:
        said.append(shop.http.get("/v1/health").json().get("failing"))

    shop.backend.threads.keep_going("sweep", fail, Rounds(iter([look, look])), shop.clock)
    look()
    assert said == [None, ["sweep"], None]


def test_one_thing_that_cannot_be_done_keeps_no_other_waiting(magic_shop: Shop) -> None:
    """A refund that fails and cannot: the hold and the lapse beside it end all the same."""
    till, wallet = magic_shop.till(), magic_shop.wallet()
    held, failing, lapsing = till.sale(10_27), till.sale(18_26), till.sale(1_00)
    for sale in (held, failing):
        till.pay(sale, wallet)
    till.refund(failing)
    wallet.call("POST", f"/intents/{lapsing.text}/claim")
    with magic_shop.backend.db.engine.begin() as connection:
        connection.execute(text("UPDATE payments SET status = 'declined' WHERE amount_minor = 1826"))
    magic_shop.clock.advance(60)
    with pytest.raises(Exception, match="No row was found"):
        sweep.sweep(magic_shop.backend)
    assert (till.status(held), till.status(lapsing)) == ("approved", "created")
