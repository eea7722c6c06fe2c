# SPDX-License-Identifier: Apache-2.0
"""A reply is judged away from the loop: what happened to its sale meanwhile counts. The rest is in `tests/journeys`."""

import threading
from collections.abc import Callable

import pytest

from offline_queue.journal.reader import JournalReader
from pengpos.client import SaleView
from pengpos.core.errors import JournalDamagedError, JournalError, JournalFaultError, JournalMediumError
from pengpos.wire.encoding.fields import KID_SIZE
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, until


class Judging:
    """Holds the tap's thread where it looks up a wallet's counter."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = threading.Event()
        self.let_go = threading.Event()
        look_up = JournalReader.wallet_counter

        def held(reader: JournalReader, kid: bytes) -> int:
            if kid != bytes(KID_SIZE):  # that is none's: looked up while the phone thinks
                self.reached.set()
                assert self.let_go.wait(20)
            return look_up(reader, kid)

        monkeypatch.setattr(JournalReader, "wallet_counter", held)


def cancel(counter: Counter, sale: SaleView) -> None:
    counter.tell(sale, "cancel")


def see_two_phones(counter: Counter, _sale: SaleView) -> None:
    counter.terminal._device.arming.empty_first()


@pytest.mark.parametrize(
    ("meanwhile", "state"), [(cancel, "cancelled"), (see_two_phones, "presented")], ids=["cancelled", "two phones"]
)
def test_a_reply_that_was_overtaken_while_it_was_judged_is_dropped(
    counter: Counter,
    phone: VirtualPhone,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    meanwhile: Callable[[Counter, SaleView], None],
    state: str,
) -> None:
    judging = Judging(monkeypatch)
    sale = counter.present("18.80")
    with counter.held(phone), caplog.at_level("INFO"):
        assert judging.reached.wait(20)
        meanwhile(counter, sale)
        counter.until(sale, state)
        judging.let_go.set()
        until(lambda: any("dropped" in message for message in caplog.messages), "the reply is dropped")
    assert counter.sale(sale).state == state
    assert counter.booked == []


def test_the_loop_goes_on_while_a_reply_is_judged(
    counter: Counter, phone: VirtualPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Judging(monkeypatch)
    sale = counter.present("18.80")
    with counter.held(phone):
        assert judging.reached.wait(20)
        assert counter.status.sale is not None
        judging.let_go.set()
        counter.until(sale, "approved")


def test_two_phones_that_are_seen_while_another_row_is_synced_pay_nothing(
    counter: Counter, phone: VirtualPhone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    judging = Judging(monkeypatch)
    sale = counter.present("18.80")
    changing = counter.terminal._sales.open_sales._lock

    async def take() -> None:
        await changing.acquire()

    async def give() -> None:
        changing.release()

    with counter.held(phone), caplog.at_level("INFO"):
        assert judging.reached.wait(20)
        counter._loop.run(take())  # another sale's rows are on their way to the medium
        judging.let_go.set()
        until(lambda: bool(changing._waiters), "the change waits its turn")
        counter.terminal._device.arming.empty_first()
        counter._loop.run(give())
        until(lambda: any("dropped" in message for message in caplog.messages), "the reply is dropped")
    assert counter.sale(sale).state == "presented"
    assert counter.booked == []


class Failing:
    """Has every look-up of a wallet's counter fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: JournalError) -> None:
        self.error: JournalError | None = error
        self.failed = 0
        look_up = JournalReader.wallet_counter

        def failing(reader: JournalReader, kid: bytes) -> int:
            if self.error is None:
                return look_up(reader, kid)
            self.failed += kid != bytes(KID_SIZE)
            raise self.error

        monkeypatch.setattr(JournalReader, "wallet_counter", failing)


@pytest.mark.parametrize(
    "error",
    [JournalDamagedError("journal.db", "cut short", "Keep it"), JournalFaultError("no such table: wallet")],
    ids=["damaged", "our fault"],
)
def test_a_journal_that_no_retry_mends_ends_the_process(
    counter: Counter, phone: VirtualPhone, monkeypatch: pytest.MonkeyPatch, error: JournalError
) -> None:
    Failing(monkeypatch, error)
    counter.present("18.80")
    ended = counter.terminal._ended
    with counter.held(phone):
        until(ended.done, "the terminal ends")
    assert ended.exception() is error
    assert counter.booked == []


def test_a_read_that_may_pass_ends_nothing_and_the_phone_taps_again(
    counter: Counter, phone: VirtualPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(monkeypatch, JournalMediumError("disk I/O error", "Replace it"))
    sale = counter.present("18.80")
    with counter.held(phone):
        until(lambda: failing.failed > 0, "the reply is judged")
    counter.look_round()
    assert not counter.terminal._ended.done()
    failing.error = None
    counter.tap(sale, phone, "approved")
    assert counter.booked == [18_80]
