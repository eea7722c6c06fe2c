# SPDX-License-Identifier: Apache-2.0
"""The reader inside this process: presence, exchanges, and phones taken away at the worst moment."""

import threading
from collections.abc import Sequence

import pytest

from pengpos.core.errors import CardLostError, CardProtocolError, ReaderLostError, TapTimeoutError
from pengpos.core.ports import Card, Reader
from sandbox.phone.field.in_process import VirtualField
from sandbox.phone.field.manners import Gone, Move, Says, Silence

LONG_S = 60.0
SELECT = bytes.fromhex("00A40400")


class Moving:
    """A card that makes the same move whatever it is sent."""

    def __init__(self, move: Move) -> None:
        self._move = move
        self.powered = 0
        self.asked = threading.Event()

    def power_cycle(self) -> None:
        self.powered += 1

    def exchange(self, command: bytes) -> Move:
        self.asked.set()
        return self._move


OK = Says(data=b"\x90\x00")


def test_it_is_a_reader_of_the_terminals_port() -> None:
    reader: Reader = VirtualField("counter")
    assert (reader.name, reader.wait(0)) == ("counter", ())


def test_the_same_phone_is_the_same_card_until_it_leaves() -> None:
    field, phone, other = VirtualField(), Moving(OK), Moving(OK)
    field.bring(phone)
    field.bring(phone)
    (first,) = field.wait(LONG_S)
    field.bring(other)
    assert field.wait(LONG_S)[0] is first
    field.take_away(phone)
    assert len(field.wait(LONG_S)) == 1
    field.bring(phone)
    again = field.wait(LONG_S)[1]
    assert again is not first
    assert phone.powered == 2
    field.take_away()
    assert field.wait(LONG_S) == ()


def test_that_a_phone_went_and_came_between_two_waits_is_not_missed() -> None:
    field, phone = VirtualField(), Moving(OK)
    field.bring(phone)
    (first,) = field.wait(LONG_S)
    field.take_away(phone)
    field.bring(phone)
    assert field.wait(LONG_S) == ()
    (again,) = field.wait(LONG_S)
    assert again is not first


def test_whoever_waits_sees_a_phone_come() -> None:
    field, seen = VirtualField(), list[Sequence[Card]]()
    waiting = threading.Thread(target=lambda: seen.append(field.wait(LONG_S)))
    waiting.start()
    field.bring(Moving(OK))
    waiting.join(LONG_S)
    assert len(seen[0]) == 1


@pytest.mark.parametrize(
    ("move", "error"),
    [
        pytest.param(Gone(), CardLostError, id="tore itself away"),
        pytest.param(Silence(), TapTimeoutError, id="silent"),
        pytest.param(Says(data=b"\x90\x00", delay_s=1.01), TapTimeoutError, id="too late"),
        pytest.param(Says(data=b"\x90"), CardProtocolError, id="no status word"),
    ],
)
def test_what_a_phone_does_wrong_is_the_ports_error(move: Move, error: type[Exception]) -> None:
    field = VirtualField(hurried=True)
    field.bring(Moving(move))
    (card,) = field.wait(LONG_S)
    with pytest.raises(error):
        card.transceive(SELECT, 1.0)
    assert len(field.wait(0)) == (0 if isinstance(move, Gone) else 1)


@pytest.mark.parametrize(
    "move", [pytest.param(Silence(), id="silent"), pytest.param(Says(data=b"\x90\x00", delay_s=LONG_S), id="slow")]
)
def test_taken_away_in_the_middle_of_a_command_it_is_lost_at_once(move: Move) -> None:
    field, phone, errors = VirtualField(), Moving(move), list[BaseException]()
    field.bring(phone)
    (card,) = field.wait(LONG_S)

    def exchange() -> None:
        with pytest.raises(CardLostError) as caught:
            card.transceive(SELECT, LONG_S)
        errors.append(caught.value)

    talking = threading.Thread(target=exchange)
    talking.start()
    assert phone.asked.wait(LONG_S)
    field.take_away(phone)
    talking.join(LONG_S)
    assert len(errors) == 1


@pytest.mark.parametrize("size", [0, 3, 262])
def test_what_is_no_short_apdu_is_not_sent(size: int) -> None:
    field, phone = VirtualField(), Moving(OK)
    field.bring(phone)
    (card,) = field.wait(LONG_S)
    with pytest.raises(ValueError, match="C-APDU"):
        card.transceive(bytes(size), 1.0)
    assert not phone.asked.is_set()


def test_an_old_card_stays_lost_after_the_phone_came_back() -> None:
    field, phone = VirtualField(), Moving(OK)
    field.bring(phone)
    (card,) = field.wait(LONG_S)
    field.take_away()
    field.bring(phone)
    with pytest.raises(CardLostError):
        card.transceive(SELECT, 1.0)
    assert field.wait(LONG_S) == ()
    assert field.wait(LONG_S)[0].transceive(SELECT, 1.0) == b"\x90\x00"


def test_a_broken_reader_says_so_until_it_is_mended() -> None:
    field, phone = VirtualField("counter"), Moving(OK)
    field.bring(phone)
    (card,) = field.wait(LONG_S)
    field.break_down("unplugged")
    with pytest.raises(ReaderLostError, match="counter: unplugged"):
        field.wait(LONG_S)
    with pytest.raises(ReaderLostError):
        card.transceive(SELECT, 1.0)
    field.mend()
    assert field.wait(0) == (card,)


def test_closing_wakes_whoever_waits() -> None:
    field, errors = VirtualField(), list[BaseException]()

    def wait() -> None:
        with pytest.raises(ReaderLostError) as caught:
            field.wait(LONG_S)
        errors.append(caught.value)

    waiting = threading.Thread(target=wait)
    waiting.start()
    field.close()
    waiting.join(LONG_S)
    assert len(errors) == 1


def test_a_test_can_wait_until_a_phone_has_left() -> None:
    field, phone = VirtualField(), Moving(Gone())
    field.bring(phone)
    assert not field.wait_until_left(phone, 0)
    (card,) = field.wait(LONG_S)
    with pytest.raises(CardLostError):
        card.transceive(SELECT, 1.0)
    assert field.wait_until_left(phone, 0)
