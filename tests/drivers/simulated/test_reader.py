# SPDX-License-Identifier: Apache-2.0
"""The scripted reader beyond what every reader owes (`tests/contracts/test_reader_contract.py`): its strings."""

import threading
from collections.abc import Callable, Iterator

import pytest

from drivers.simulated.reader import FakeCard, FakeReader, TornError
from pengpos.core.errors import CardLostError, CardProtocolError, ReaderLostError, TapTimeoutError

LIMIT_S = 10.0
SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"


def echo(command: bytes) -> bytes:
    return command + OK


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def let() -> Iterator[threading.Event]:
    let = threading.Event()
    yield let
    let.set()


def card_in(reader: FakeReader, respond: Callable[[bytes], bytes] = echo) -> FakeCard:
    reader.insert(respond)
    (card,) = reader.wait(LIMIT_S)
    return card


def until_lost(reader: FakeReader) -> None:
    while True:
        reader.wait(0)


def test_there_is_room_for_one_card(reader: FakeReader) -> None:
    reader.insert(echo)
    with pytest.raises(ValueError, match="there is a card"):
        reader.insert(echo)
    reader.remove()
    reader.remove()
    reader.insert(echo)


def test_a_wait_ends_when_a_card_comes(reader: FakeReader) -> None:
    threading.Thread(target=reader.insert, args=(echo,)).start()
    assert len(reader.wait(LIMIT_S)) == 1


@pytest.mark.parametrize("size", [3, 262])
def test_what_is_no_command_is_the_callers_mistake(reader: FakeReader, size: int) -> None:
    card = card_in(reader)
    with pytest.raises(ValueError, match="no short C-APDU"):
        card.transceive(bytes(size), LIMIT_S)


def test_what_a_script_raises_is_raised_where_it_is_read(reader: FakeReader) -> None:
    def broken(command: bytes) -> bytes:
        raise LookupError(command.hex())

    with pytest.raises(LookupError, match="00a40400"):
        card_in(reader, broken).transceive(SELECT, LIMIT_S)


def test_a_card_taken_in_the_middle_of_a_command(reader: FakeReader, let: threading.Event) -> None:
    asked = threading.Event()

    def slow(command: bytes) -> bytes:
        asked.set()
        let.wait(LIMIT_S)
        return command + OK

    card = card_in(reader, slow)

    def take() -> None:
        asked.wait(LIMIT_S)
        reader.remove()

    threading.Thread(target=take).start()
    with pytest.raises(CardLostError):
        card.transceive(SELECT, LIMIT_S)
    let.set()  # its answer comes too late for anything
    assert reader.wait(0) == ()


def test_a_torn_card_has_left(reader: FakeReader) -> None:
    def torn(command: bytes) -> bytes:
        raise TornError

    card = card_in(reader, torn)
    with pytest.raises(CardLostError):
        card.transceive(SELECT, LIMIT_S)
    assert not card.in_field
    assert reader.wait(0) == ()


def test_an_answer_too_late_frees_the_reader(reader: FakeReader, let: threading.Event) -> None:
    done = threading.Event()

    def slow_once(command: bytes) -> bytes:
        if not done.is_set():
            let.wait(LIMIT_S)
        done.set()
        return OK

    card = card_in(reader, slow_once)
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, 0.0)
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, LIMIT_S)
    let.set()
    answer = reader._answer
    assert answer is not None
    assert answer.result(LIMIT_S) == OK
    assert card.transceive(SELECT, LIMIT_S) == OK


def test_one_that_hangs_is_lost(let: threading.Event) -> None:
    reader = FakeReader(hung_after_s=0.0)
    card = card_in(reader, lambda command: OK if let.wait(LIMIT_S) else b"")
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, 0.0)
    with pytest.raises(ReaderLostError, match="hangs"):
        until_lost(reader)


@pytest.mark.parametrize("size", [0, 1, 259])
def test_an_answer_of_impossible_length(reader: FakeReader, size: int) -> None:
    with pytest.raises(CardProtocolError, match=f"{size} bytes"):
        card_in(reader, lambda command: bytes(size)).transceive(SELECT, LIMIT_S)


def test_a_lost_reader_is_mended_and_opened_again(reader: FakeReader) -> None:
    reader.lose("the plug is out", "Put it in")
    for call in (lambda: reader.wait(0), reader.open):
        with pytest.raises(ReaderLostError) as caught:
            call()
        assert (caught.value.reader, caught.value.detail, caught.value.cure) == (
            "fake reader",
            "the plug is out",
            "Put it in",
        )
    reader.mend()
    assert reader.open() is reader
    assert reader.wait(0) == ()


def test_opened_again_the_card_in_the_field_is_another_stay(reader: FakeReader) -> None:
    card = card_in(reader)
    reader.close()
    assert reader.closed
    with pytest.raises(ReaderLostError, match="closed"):
        card.transceive(SELECT, LIMIT_S)
    (again,) = reader.open().wait(0)
    assert again is not card
    assert again.transceive(SELECT, LIMIT_S) == SELECT + OK
    with pytest.raises(CardLostError):
        card.transceive(SELECT, LIMIT_S)
