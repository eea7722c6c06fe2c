# SPDX-License-Identifier: Apache-2.0
"""pcsc-lite as Python values: the bits of a slot, and what a real pcscd says to each call."""

from collections.abc import Iterator

import pytest

from drivers.readers.pcsc.winscard import Connection, Context, Disposition, SlotState, Status, WinscardError
from sandbox.phone.field.reader_service import ReaderService
from sandbox.phone.field.vpcd import CONTACTLESS_ATR
from tests.support.pcscd import LIMIT_S, OtherProgram, VirtualSlot

SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"
# winscard.h: what SCardGetStatusChange sets in dwEventState
CHANGED, UNKNOWN, UNAVAILABLE, EMPTY, PRESENT, EXCLUSIVE, INUSE = 0x2, 0x4, 0x8, 0x10, 0x20, 0x80, 0x100


@pytest.fixture
def context(reader_service: ReaderService) -> Iterator[Context]:
    assert reader_service.readers
    context = Context()
    yield context
    context.close()


@pytest.mark.parametrize(
    ("raw", "present", "in_use", "gone"),
    [
        pytest.param(0, False, False, False, id="never asked"),
        pytest.param(CHANGED | EMPTY, False, False, False, id="empty"),
        pytest.param(CHANGED | PRESENT, True, False, False, id="a card"),
        pytest.param(CHANGED | PRESENT | EXCLUSIVE | INUSE, True, True, False, id="held by one"),
        pytest.param(CHANGED | PRESENT | INUSE, True, True, False, id="shared"),
        pytest.param(CHANGED | UNKNOWN, False, False, True, id="no such reader"),
        pytest.param(CHANGED | UNAVAILABLE, False, False, True, id="unplugged"),
    ],
)
def test_what_the_bits_of_a_slot_say(raw: int, present: bool, in_use: bool, gone: bool) -> None:
    slot = SlotState(raw)
    assert (slot.present, slot.in_use, slot.gone) == (present, in_use, gone)


@pytest.mark.parametrize(("raw", "events"), [(0x00000022, 0), (0x00070022, 7), (0xFFFF0012, 65_535)])
def test_insertions_and_removals_are_counted_above_the_bits(raw: int, events: int) -> None:
    assert SlotState(raw).events == events


def test_an_error_names_the_call_and_the_status() -> None:
    error = WinscardError("SCardConnect", Status.NO_SMARTCARD)
    assert (error.call, error.status) == ("SCardConnect", Status.NO_SMARTCARD)
    assert str(error).startswith("SCardConnect: ")
    assert str(error).endswith("(8010000C)")


def test_the_readers_there_are(context: Context, reader_service: ReaderService) -> None:
    assert set(context.readers()) >= {reader.name for reader in reader_service.readers}


def test_a_wait_for_readers_ends_with_its_time(context: Context) -> None:
    before = context.readers()
    context.await_readers(0)
    assert context.readers() == before


def test_a_wait_for_a_slot_tells_what_there_is_and_then_only_news(context: Context, slot: VirtualSlot) -> None:
    empty = context.await_slot(slot.reader.name, SlotState(), LIMIT_S)
    assert not empty.present
    assert context.await_slot(slot.reader.name, empty, 0).present is False
    slot.insert(lambda command: OK)
    card = context.await_slot(slot.reader.name, empty, LIMIT_S)
    assert card.present
    assert card.atr == CONTACTLESS_ATR
    assert card.events != empty.events
    slot.remove()
    assert not context.await_slot(slot.reader.name, card, LIMIT_S).present


def test_a_reader_that_does_not_exist(context: Context) -> None:
    with pytest.raises(WinscardError) as caught:
        context.connect("no such reader")
    assert (caught.value.call, caught.value.status) == ("SCardConnect", Status.UNKNOWN_READER)


def test_a_slot_without_a_card(context: Context, slot: VirtualSlot) -> None:
    with pytest.raises(WinscardError) as caught:
        context.connect(slot.reader.name)
    assert caught.value.status == Status.NO_SMARTCARD


@pytest.fixture
def connection(context: Context, slot: VirtualSlot) -> Connection:
    slot.insert(lambda command: command + OK)
    slot.await_presence(present=True)
    return context.connect(slot.reader.name)


def test_a_command_and_its_answer(connection: Connection) -> None:
    assert connection.transmit(SELECT) == SELECT + OK
    connection.disconnect(Disposition.LEAVE)


def test_a_card_is_shared(connection: Connection, context: Context, slot: VirtualSlot) -> None:
    other = context.connect(slot.reader.name)
    assert other.transmit(SELECT) == connection.transmit(SELECT) == SELECT + OK


def test_one_that_another_program_has_alone_is_not(context: Context, slot: VirtualSlot) -> None:
    slot.insert(lambda command: OK)
    slot.await_presence(present=True)
    with OtherProgram(slot.reader.name):
        assert context.await_slot(slot.reader.name, SlotState(), 0).held_alone
        with pytest.raises(WinscardError) as caught:
            context.connect(slot.reader.name)
        assert caught.value.status == Status.SHARING_VIOLATION
    context.connect(slot.reader.name).disconnect(Disposition.LEAVE)
    assert not context.await_slot(slot.reader.name, SlotState(), 0).held_alone


def test_what_was_let_go_cannot_be_used(connection: Connection) -> None:
    connection.disconnect(Disposition.LEAVE)
    with pytest.raises(WinscardError) as caught:
        connection.transmit(SELECT)
    assert caught.value.status == Status.INVALID_HANDLE
    with pytest.raises(WinscardError):
        connection.disconnect(Disposition.LEAVE)


def test_a_reader_may_be_held_without_a_card(context: Context, slot: VirtualSlot) -> None:
    held = context.connect_reader(slot.reader.name)
    with pytest.raises(WinscardError) as caught:
        held.control(bytes.fromhex("FF00520000"))  # a driver without CCID's escape refuses it
    assert caught.value.call == "SCardControl"
    held.disconnect(Disposition.LEAVE)


def test_a_context_that_is_closed_takes_all_with_it(reader_service: ReaderService) -> None:
    context = Context()
    context.close()
    context.close()
    with pytest.raises(WinscardError) as caught:
        context.await_slot(reader_service.readers[0].name, SlotState(), 0)
    assert caught.value.status == Status.INVALID_HANDLE
