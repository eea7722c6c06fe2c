# SPDX-License-Identifier: Apache-2.0
"""Fields with a judge that remembers, cards of a few lines, and a clock moved by hand.

Each reader has a thread of its own, as on a terminal, and a conversation runs in one more; every test fails in which
two of them write one attribute.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import pytest

from pengpos.core.ports import ReaderHealth, Signal, Transceive
from pengpos.core.sale import Notice, Prompt
from sandbox.phone.wallet.applet import Applet
from terminal.sales.arming import Arming
from terminal.taps.fields import Fields
from terminal.taps.judge import Answer, Offer
from tests.support.loop_thread import LoopThread
from tests.support.writers import Writers

T = TypeVar("T")

REPLY, RECEIPT = b"reply " * 60, b"receipt"
OFFER = Offer(UUID(int=1), UUID(int=2), b"presentation", 0)


@dataclass
class Judge:
    """Remembers what it was told; offers `offer_made` and answers `receipt`."""

    offer_made: Offer | None = OFFER
    expected: int = 0
    asked_under: list[int] = field(default_factory=list)
    receipt: bytes | None = RECEIPT
    signal: Signal | None = None
    told: list[tuple[Any, ...]] = field(default_factory=list)

    def offer(self, arming: int) -> Offer | None:
        self.asked_under.append(arming)
        return self.offer_made

    def expect(self) -> None:
        self.expected += 1

    async def judge(self, offer: Offer, reply: bytes, turnaround_ms: int) -> Answer:
        assert turnaround_ms == 0  # the clock is held still
        self.told.append(("judge", offer, reply))
        return Answer(receipt=self.receipt, signal=self.signal)

    def field_empty(self, arming: int) -> None:
        self.told.append(("empty", arming))

    def prompt(self, arming: int, prompt: Prompt) -> None:
        self.told.append(("prompt", arming, prompt))

    def notice(self, arming: int, notice: Notice) -> None:
        self.told.append(("notice", arming, notice))

    def broken(self, arming: int, detail: str) -> None:
        self.told.append(("broken", arming))
        assert detail

    def health(self, health: ReaderHealth) -> None:
        self.told.append(("health", health.state))


@dataclass
class Wallet:
    """What an applet asks of a wallet."""

    locked: bool = False
    receipts: list[bytes] = field(default_factory=list)

    def answer(self, _presentation: bytes) -> bytes:
        return REPLY

    def take_receipt(self, receipt: bytes) -> None:
        self.receipts.append(receipt)


class Phone:
    """A card with our applet; `fails` at the numbered command (from 0) with that error."""

    def __init__(self, fails: dict[int, Exception] | None = None) -> None:
        self.wallet = Wallet()
        self.commands = 0
        self._applet = Applet(self.wallet)
        self._applet.power_cycle()
        self._fails = fails or {}
        self.when_asked: Callable[[], object] = lambda: None

    def transceive(self, command: bytes, _timeout_s: float) -> bytes:
        self.when_asked()
        number, self.commands = self.commands, self.commands + 1
        if number in self._fails:
            raise self._fails[number]
        return self._applet.respond(command)


class ConversingPhone(Phone):
    """On a reader that exchanges several commands in one go, in a thread of its driver's."""

    def __init__(self) -> None:
        super().__init__()
        self.commands_together: list[int] = []

    def converse(self, talk: Callable[[Transceive], T]) -> T:
        before = self.commands
        with ThreadPoolExecutor(1, "driver") as driver:
            result = driver.submit(talk, self.transceive).result()
        self.commands_together.append(self.commands - before)
        return result


class ForeignCard:
    """No wallet."""

    def __init__(self) -> None:
        self.commands = 0

    def transceive(self, _command: bytes, _timeout_s: float) -> bytes:
        self.commands += 1
        return b"\x6a\x82"


class PassableCard(ForeignCard):
    """No wallet either, on a reader that sees one card at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_over = 0

    def pass_over(self) -> None:
        self.passed_over += 1


@dataclass
class HandClock:
    """Moved by the test."""

    at_s: float = 100.0

    def now(self) -> int:
        return int(self.at_s)

    def monotonic_s(self) -> float:
        return self.at_s


class Bench:
    """Fields with everything around it. `kind`: which."""

    def __init__(self, loop: LoopThread, writers: Writers, kind: type[Fields] = Fields) -> None:
        self.judge = Judge()
        self.clock = HandClock()
        self.arming = Arming()
        self.fields = kind(loop.loop, self.judge, self.clock, self.arming)
        self.fields._states = writers.mapping("Fields._states")
        self._loop = loop
        self._readers: dict[str, ThreadPoolExecutor] = {}

    def see(self, cards: Sequence[Any], reader: str = "one") -> list[tuple[Any, ...]]:
        """What one look at a field leads to."""
        self.judge.told.clear()
        self._in_thread_of(reader, self.fields.field, reader, cards)
        self._loop.run(_nothing())  # whatever was told has been heard once this has run
        return list(self.judge.told)

    def health(self, health: ReaderHealth) -> None:
        """A reader comes or goes."""
        self._in_thread_of(health.name, self.fields.health, health)

    def close(self) -> None:
        """End the readers' threads."""
        for thread in self._readers.values():
            thread.shutdown()

    def _in_thread_of(self, reader: str, call: Callable[..., None], *args: object) -> None:
        if reader not in self._readers:
            self._readers[reader] = ThreadPoolExecutor(1, f"reader {reader}")
        self._readers[reader].submit(call, *args).result()

    def armed_and_empty(self, *readers: str) -> None:
        self.arming.arm()
        for reader in readers or ("one",):
            self.see([], reader)


async def _nothing() -> None:
    """Runs after all that was scheduled before it."""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """One for each test; what broke on its loop, and an attribute of two threads, fail that test."""
    loop, writers = LoopThread(), Writers(monkeypatch)
    writers.watch(Fields)
    bench = Bench(loop, writers)
    yield bench
    bench.close()
    loop.close()
    assert loop.broken == []
    assert writers.shared() == {}
