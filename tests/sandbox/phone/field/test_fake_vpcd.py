# SPDX-License-Identifier: Apache-2.0
"""The reader's end of vpcd's socket: length-prefixed messages, and what a card that leaves or is silent becomes."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pengpos.core.errors import CardLostError, TapTimeoutError
from sandbox.phone.field.fake_vpcd import FakeVpcd

LIMIT_S = 10.0
ATR = bytes.fromhex("3b8180018080")
TAKE_ATR, POWER_ON = b"\x00\x01\x04", b"\x00\x01\x01"
COMMAND = b"\x00\xa4\x04\x00"


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


class Card:
    """A card's socket, by its bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self.socket.sendall(framed(ATR))  # the reader asks for it; an answer that lies ready is as good

    def receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            part = self.socket.recv(count - len(received))
            assert part, f"the reader hung up after {received.hex()}"
            received += part
        return received


@pytest.fixture
def reader() -> Iterator[FakeVpcd]:
    with FakeVpcd() as reader:
        yield reader


@pytest.fixture
def card(reader: FakeVpcd) -> Iterator[Card]:
    card = Card(reader.port)
    assert reader.wait_for_card(LIMIT_S) == ATR
    assert card.receive(6) == TAKE_ATR + POWER_ON
    yield card
    card.socket.close()


def test_a_card_is_asked_for_its_atr_and_powered(card: Card, reader: FakeVpcd) -> None:
    card.socket.sendall(framed(b"\x90\x00"))
    assert reader.transceive(COMMAND, LIMIT_S) == b"\x90\x00"
    assert card.receive(6) == framed(COMMAND)


def test_an_answer_in_pieces_is_put_together(card: Card, reader: FakeVpcd) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(reader.transceive, COMMAND, LIMIT_S)
        assert card.receive(6) == framed(COMMAND)
        for byte in framed(b"long answer\x90\x00"):
            card.socket.sendall(bytes([byte]))
        assert answer.result(LIMIT_S) == b"long answer\x90\x00"


@pytest.mark.parametrize("sent", [b"", b"\x00", b"\x00\x05\x90"], ids=["no answer", "half a length", "half an answer"])
def test_a_card_that_leaves_is_lost(sent: bytes, card: Card, reader: FakeVpcd) -> None:
    card.socket.sendall(sent)
    card.socket.shutdown(socket.SHUT_WR)
    with pytest.raises(CardLostError):
        reader.transceive(COMMAND, LIMIT_S)


def test_a_card_that_says_nothing_is_a_timeout(card: Card, reader: FakeVpcd) -> None:
    with pytest.raises(TapTimeoutError) as caught:
        reader.transceive(COMMAND, 0.01)
    assert "0.01" in str(caught.value)


def test_the_next_card_is_taken_when_the_last_has_left(card: Card, reader: FakeVpcd) -> None:
    card.socket.sendall(framed(b"too late"))
    card.socket.close()
    following = Card(reader.port)
    assert reader.wait_for_card(LIMIT_S) == ATR
    following.socket.close()


def test_where_no_card_comes_the_wait_ends(reader: FakeVpcd) -> None:
    with pytest.raises(TimeoutError):
        reader.wait_for_card(0.01)


def test_a_closed_reader_takes_no_card() -> None:
    with FakeVpcd() as reader:
        port = reader.port
    with pytest.raises(OSError, match=r"refused|reset"):
        socket.create_connection(("127.0.0.1", port), LIMIT_S)
