# SPDX-License-Identifier: Apache-2.0
"""While the journal's sums cannot be read a screen shows sale and alarm all the same, and the sums last known."""

from collections.abc import Iterator

import msgspec
import pytest

from drivers.readers.pcsc.errors import hung
from offline_queue.journal.reader import JournalReader
from offline_queue.values import DayTotals
from pengpos.client import ReaderView, Status
from pengpos.core.errors import JournalMediumError
from pengpos.core.ports import ReaderHealth, ReaderState
from sandbox.phone.phone import VirtualPhone
from terminal.api.snapshot import _reader
from tests.support.counter import Counter, until


class Medium:
    """Gives EIO for the day's rows while it `fails`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fails = False
        read = JournalReader.day_totals

        def day_totals(reader: JournalReader, from_utc: int, to_utc: int, currency: str) -> DayTotals:
            if self.fails:
                raise JournalMediumError("journal.db: Input/output error", "Replace the card")
            return read(reader, from_utc, to_utc, currency)

        monkeypatch.setattr(JournalReader, "day_totals", day_totals)


@pytest.fixture
def medium(monkeypatch: pytest.MonkeyPatch) -> Iterator[Medium]:
    made = Medium(monkeypatch)
    yield made
    made.fails = False


def screen(counter: Counter) -> Status:
    """What was published last: no call of the local API has had it built."""
    newest = counter.terminal._device.feed.newest
    assert newest is not None
    return newest


def state(counter: Counter) -> str | None:
    sale = screen(counter).sale
    return None if sale is None else sale.state


def taken(counter: Counter) -> tuple[int, int]:
    day = screen(counter).day
    assert day is not None
    return day.count, day.total


def test_the_screen_follows_the_sale_while_the_sums_cannot_be_read(
    counter: Counter, phone: VirtualPhone, medium: Medium
) -> None:
    counter.tap(counter.present("10.00"), phone, "approved")
    until(lambda: taken(counter) == (1, 10_00), "the first sale is in the sums")
    sale = counter.present("18.80")
    until(lambda: state(counter) == "presented", "the screen shows the second")
    medium.fails = True
    with counter.held(phone):
        until(lambda: state(counter) == "approved", "the screen says approved")
    assert [alarm.kind for alarm in screen(counter).alarms] == ["journal"]
    assert taken(counter) == (1, 10_00), "the sums last known"
    assert counter.sale(sale).state == "approved"
    assert counter.booked == [10_00, 18_80]
    medium.fails = False
    until(lambda: screen(counter).alarms == [], "the alarm is over, with no call made")
    assert taken(counter) == (2, 28_80)


def test_old_takings_are_no_answer_to_a_call_for_the_day(counter: Counter, medium: Medium) -> None:
    medium.fails = True
    refused = counter.refused("GET", "/v1/day")
    assert (refused.status, refused.code) == (503, "journal_medium")
    assert counter.status.alarms, "the status is answered, and says what is wrong"


def test_takings_of_yesterday_are_not_shown_as_those_of_today(
    counter: Counter, phone: VirtualPhone, medium: Medium
) -> None:
    counter.tap(counter.present("10.00"), phone, "approved")
    until(lambda: taken(counter) == (1, 10_00), "the sale is in the sums")
    medium.fails = True
    counter.clock_off_s = 86_400
    day = counter.status.day
    assert day is not None
    assert (day.count, day.total) == (0, 0)


def test_a_lost_reader_is_told_in_each_language_and_what_a_library_says_as_it_is() -> None:
    trouble = hung("R")
    ours = _reader(ReaderHealth("R", ReaderState.LOST, trouble.detail, trouble.cure))
    sent = msgspec.json.decode(msgspec.json.encode(ours), type=ReaderView)
    assert sent == ours
    assert sent.detail_in is not None
    assert sent.detail_in.en == sent.detail == trouble.detail
    assert sent.cure_in is not None
    assert sent.cure_in.zh_hant == "請將手機拿開；若仍不行，請拔下讀卡機再插上"
    theirs = _reader(ReaderHealth("R", ReaderState.LOST, "0x80100004", "-"))
    assert (theirs.detail, theirs.detail_in) == ("0x80100004", None)
