# SPDX-License-Identifier: Apache-2.0
"""Orders (backend API, *Standing*): each is done once, a restart between sales and rarely, findings are sent once."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from offline_queue.memory import MemoryJournal
from offline_queue.values import ValueStored
from terminal.standing.orders import RESTART_GAP_S, Diagnosis, Orders
from tests.support.shop import HeldClock

FIRST, SECOND = "2027-01-15T08:00:00Z", "2027-01-15T08:00:01Z"
FOUND: Diagnosis = {
    "at": FIRST, "home": "/home/shop", "healthy": False,
    "findings": [{"name": "Readers", "light": "red", "says": "x" * 1000, "cure": None}] * 50,
}  # fmt: skip


class Terminal:
    """What the orders are carried out on."""

    def __init__(self) -> None:
        self.clock = HeldClock()
        self.journal = MemoryJournal(self.clock)
        self.document: dict[str, Any] = {}
        self.idle = True
        self.restarts = self.sent = 0
        self.begin()

    def begin(self) -> None:
        """As the program starts."""
        self.orders = Orders(
            self.journal,
            self.clock,
            document=lambda: self.document,
            idle=lambda: self.idle,
            restart=self._restart,
            diagnose=self._diagnose,
            found=self._found,
        )

    def _restart(self) -> None:
        self.restarts += 1

    async def _diagnose(self) -> Diagnosis:
        return FOUND

    def _found(self) -> None:
        self.sent += 1

    async def look(self) -> None:
        self.orders.look()
        if self.orders._working is not None:
            await self.orders._working


def on_a_loop(story: Callable[[Terminal], Any]) -> None:
    async def run() -> None:
        await story(Terminal())

    asyncio.run(run())


def test_a_restart_is_done_once_and_acknowledged() -> None:
    async def story(terminal: Terminal) -> None:
        terminal.document = {"restart_asked_at": FIRST}
        for _ in range(2):
            await terminal.look()
        terminal.begin()
        await terminal.look()
        assert (terminal.restarts, terminal.orders.said["orders_done"]) == (1, {"restart": FIRST})

    on_a_loop(story)


def test_a_restart_waits_for_the_counter_and_for_ten_minutes() -> None:
    async def story(terminal: Terminal) -> None:
        terminal.document, terminal.idle = {"restart_asked_at": FIRST}, False
        await terminal.look()
        assert terminal.restarts == 0
        terminal.idle = True
        await terminal.look()
        terminal.document = {"restart_asked_at": SECOND}
        terminal.begin()
        await terminal.look()
        assert terminal.restarts == 1
        terminal.clock.advance(RESTART_GAP_S)
        await terminal.look()
        assert terminal.restarts == 2

    on_a_loop(story)


@pytest.mark.parametrize("asked", [FIRST, "yesterday", 7, None])
def test_an_older_order_or_one_without_a_time_is_none(asked: object) -> None:
    async def story(terminal: Terminal) -> None:
        terminal.document = {"restart_asked_at": SECOND, "diagnose_asked_at": SECOND}
        await terminal.look()
        await terminal.look()
        terminal.clock.advance(RESTART_GAP_S)
        terminal.document = {"restart_asked_at": asked, "diagnose_asked_at": asked}
        await terminal.look()
        assert (terminal.restarts, terminal.sent) == (1, 1)

    on_a_loop(story)


def test_findings_are_cut_to_what_a_heartbeat_takes_and_sent_until_one_arrives() -> None:
    async def story(terminal: Terminal) -> None:
        terminal.document = {"diagnose_asked_at": FIRST}
        await terminal.look()
        said = terminal.orders.said
        assert terminal.sent == 1
        assert said["orders_done"] == {"diagnose": FIRST}
        assert set(said["diagnosis"]) == {"at", "healthy", "findings"}
        assert len(said["diagnosis"]["findings"]) == 40
        assert len(said["diagnosis"]["findings"][0]["says"]) == 400
        assert terminal.orders.said["diagnosis"] is said["diagnosis"]
        terminal.orders.was_sent(said)
        assert terminal.orders.said["diagnosis"] is None

    on_a_loop(story)


def test_a_first_order_without_a_time_is_not_done_and_blocks_no_other() -> None:
    async def story(terminal: Terminal) -> None:
        terminal.document = {"diagnose_asked_at": "soon"}
        await terminal.look()
        assert (terminal.sent, terminal.orders.said["orders_done"]) == (0, None)
        terminal.document = {"diagnose_asked_at": FIRST}
        await terminal.look()
        assert terminal.sent == 1

    on_a_loop(story)


def test_a_stored_order_without_a_time_counts_as_none() -> None:
    async def story(terminal: Terminal) -> None:
        terminal.journal.record([ValueStored(kind="order_done", key="diagnose", body=b"soon")]).result()
        terminal.begin()
        terminal.document = {"diagnose_asked_at": FIRST}
        await terminal.look()
        assert terminal.sent == 1

    on_a_loop(story)
