# SPDX-License-Identifier: Apache-2.0
"""What pcscd really says in each kind of trouble: the raw statuses that the reader above has to make sense of."""

import threading
from collections.abc import Callable, Iterator

import pytest

from drivers.readers.pcsc.link import EmptyAnswerError, Link
from drivers.readers.pcsc.winscard import Disposition, Status, WinscardError
from sandbox.phone.field.reader_service import ReaderService
from sandbox.phone.field.vpcd import Power, TornError
from tests.support.pcscd import LIMIT_S, VirtualSlot

SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"


def torn(command: bytes) -> bytes:
    raise TornError


def polite(command: bytes) -> bytes:
    return OK


@pytest.fixture
def link(slot: VirtualSlot) -> Iterator[Link]:
    link = Link(slot.reader.name)
    yield link
    link.close()


@pytest.fixture
def other(slot: VirtualSlot) -> Iterator[Link]:
    """Another program."""
    other = Link(slot.reader.name)
    yield other
    other.close()


def put(slot: VirtualSlot, respond: Callable[[bytes], bytes]) -> None:
    slot.insert(respond)
    slot.await_presence(present=True)


def status_of(call: Callable[[], object]) -> int:
    with pytest.raises(WinscardError) as caught:
        call()
    return caught.value.status


def test_a_card_that_vanishes_during_transmit_leaves_an_empty_success(slot: VirtualSlot, link: Link) -> None:
    put(slot, torn)
    with pytest.raises(EmptyAnswerError):
        link.exchange(1, SELECT)


def test_the_next_transmit_before_pcscd_notices_is_not_transacted(slot: VirtualSlot, link: Link) -> None:
    put(slot, torn)
    with pytest.raises(EmptyAnswerError):
        link.exchange(1, SELECT)
    # REMOVED_CARD where pcscd happened to look for the card in this very moment.
    assert status_of(lambda: link.exchange(1, SELECT)) in {Status.NOT_TRANSACTED, Status.REMOVED_CARD}


def test_once_noticed_the_card_is_removed_for_that_connection_for_good(slot: VirtualSlot, link: Link) -> None:
    put(slot, polite)
    link.exchange(1, SELECT)
    slot.remove()
    assert status_of(lambda: link.exchange(1, SELECT)) == Status.REMOVED_CARD
    put(slot, polite)
    assert status_of(lambda: link.exchange(1, SELECT)) == Status.REMOVED_CARD
    assert link.exchange(2, SELECT) == OK  # another stay, another connection


def test_there_is_no_card_to_connect_to(link: Link) -> None:
    assert status_of(lambda: link.hold(1)) == Status.NO_SMARTCARD


def test_there_is_no_such_reader(reader_service: ReaderService) -> None:
    assert status_of(lambda: Link("no such reader").hold(1)) == Status.UNKNOWN_READER


def test_a_card_that_says_no_more_than_its_select_is_shared(slot: VirtualSlot, link: Link, other: Link) -> None:
    put(slot, polite)
    link.exchange_once(1, SELECT)
    assert other.exchange_once(1, SELECT) == OK
    assert link.exchange_once(1, SELECT) == OK


def test_once_more_than_select_was_said_no_other_program_is_heard_until_the_card_is_let_go(
    slot: VirtualSlot, link: Link, other: Link
) -> None:
    heard: list[bytes] = []

    def note(command: bytes) -> bytes:
        heard.append(command[-1:])
        return OK

    put(slot, note)
    other.hold(1)
    begun = threading.Event()

    def cut_in() -> None:
        begun.wait(LIMIT_S)
        other.exchange_once(1, SELECT[:-1] + b"B")

    theirs = threading.Thread(target=cut_in)
    theirs.start()
    for _ in range(3):
        link.exchange(1, SELECT[:-1] + b"A")
        begun.set()
        theirs.join(0.05)
    link.rest()
    theirs.join(0.05)
    assert heard == [b"A", b"A", b"A"]
    link.release(Disposition.LEAVE)
    theirs.join(LIMIT_S)
    assert heard == [b"A", b"A", b"A", b"B"]


def test_another_programs_reset_between_two_conversations_is_no_trouble(
    slot: VirtualSlot, link: Link, other: Link
) -> None:
    put(slot, polite)
    link.exchange_once(1, SELECT)
    other.exchange_once(1, SELECT)
    other.release(Disposition.RESET)
    assert link.exchange_once(1, SELECT) == OK


def test_pcscd_is_down(slot: VirtualSlot, link: Link, reader_service: ReaderService) -> None:
    reader_service.stop()
    assert status_of(lambda: link.hold(1)) == Status.NO_SERVICE


def test_pcscd_went_away_under_a_connection(slot: VirtualSlot, link: Link, reader_service: ReaderService) -> None:
    put(slot, polite)
    link.exchange(1, SELECT)
    reader_service.kill()
    assert status_of(lambda: link.exchange(1, SELECT)) in {Status.NO_SERVICE, Status.COMM_ERROR}


@pytest.mark.parametrize(
    ("disposition", "sees"),
    [(Disposition.LEAVE, []), (Disposition.RESET, [Power.RESET]), (Disposition.UNPOWER, [Power.OFF])],
)
def test_what_a_release_does_to_the_card(
    slot: VirtualSlot, link: Link, disposition: Disposition, sees: list[Power]
) -> None:
    put(slot, polite)
    link.exchange(1, SELECT)
    slot.power.clear()
    link.release(disposition)
    link.hold(1)  # a released card that was switched off is switched on again here
    assert [power for power in slot.power if power is not Power.ON] == sees


def test_letting_go_of_what_is_gone_is_no_error(slot: VirtualSlot, link: Link, reader_service: ReaderService) -> None:
    put(slot, polite)
    link.exchange(1, SELECT)
    reader_service.kill()
    link.release(Disposition.UNPOWER)
    link.close()
    assert status_of(lambda: link.hold(2)) == Status.NO_SERVICE
