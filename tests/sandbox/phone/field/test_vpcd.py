# SPDX-License-Identifier: Apache-2.0
"""The card's end of vpcd's socket, against the bytes of the protocol."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from sandbox.phone.field.vpcd import CONTACTLESS_ATR, Power, TornError, VpcdCard

OK = b"\x90\x00"


class Reader:
    """vpcd's end: one card at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self.port: int = self._listener.getsockname()[1]
        self._card: socket.socket | None = None

    def accept(self) -> None:
        self.drop()
        self._card, _ = self._listener.accept()
        self._card.settimeout(10)

    def send(self, *parts: bytes) -> None:
        """Send bytes as they are, each part in a packet of its own."""
        assert self._card is not None
        self._card.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            self._card.sendall(part)

    def receive(self, count: int) -> bytes:
        assert self._card is not None
        received = b""
        while len(received) < count:  # a socket with a timeout gives what is there, MSG_WAITALL or not
            part = self._card.recv(count - len(received))
            if not part:
                break
            received += part
        return received

    def drop(self) -> None:
        if self._card is not None:
            self._card.close()
            self._card = None

    def close(self) -> None:
        self.drop()
        self._listener.close()


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


Insert = Callable[..., VpcdCard]


@pytest.fixture
def insert(reader: Reader) -> Iterator[Insert]:
    cards: list[VpcdCard] = []

    def put(respond: Callable[[bytes], bytes], on_power: Callable[[Power], None] | None = None) -> VpcdCard:
        card = VpcdCard("127.0.0.1", reader.port, CONTACTLESS_ATR, respond, on_power=on_power)
        cards.append(card)
        card.insert()
        reader.accept()
        return card

    yield put
    for card in cards:
        card.remove()


def echo(command: bytes) -> bytes:
    return command + OK


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param([b"\0\x01\x04"], b"\0\x05\x3b\x80\x80\x01\x01", id="the ATR"),
        pytest.param([b"\0\x04\0\xa4\x04\0"], b"\0\x06\0\xa4\x04\0\x90\0", id="a command"),
        pytest.param([b"\0", b"\x04\0\xa4", b"\x04", b"\0"], b"\0\x06\0\xa4\x04\0\x90\0", id="a command in pieces"),
        pytest.param([b"\0\x01\x01\0\x01\x04"], b"\0\x05\x3b\x80\x80\x01\x01", id="power on is not answered"),
        pytest.param([b"\0\x01\x09\0\x01\x04"], b"\0\x05\x3b\x80\x80\x01\x01", id="an unknown control is not answered"),
        pytest.param([b"\xff\xfd" + bytes(0xFFFD)], b"\xff\xff" + bytes(0xFFFD) + OK, id="the longest"),
    ],
)
def test_the_protocol(reader: Reader, insert: Insert, sent: list[bytes], answer: bytes) -> None:
    insert(echo)
    reader.send(*sent)
    assert reader.receive(len(answer)) == answer


def test_every_session_is_heard_of_in_order(reader: Reader, insert: Insert) -> None:
    power: list[Power] = []
    insert(echo, power.append)
    reader.send(b"\0\x01\x01", b"\0\x01\x02", b"\0\x01\x00", b"\0\x01\x01", b"\0\x01\x04")
    reader.receive(7)
    assert power == [Power.ON, Power.RESET, Power.OFF, Power.ON]


def test_leaving_hangs_up_and_the_card_can_come_back(reader: Reader, insert: Insert) -> None:
    card = insert(echo)
    card.remove()
    assert reader.receive(1) == b""
    assert not card.in_field
    card.remove()
    card.insert()
    card.insert()
    reader.accept()
    reader.send(b"\0\x04\0\0\0\0")
    assert reader.receive(8) == b"\0\x06\0\0\0\0\x90\0"
    assert card.in_field


def torn(command: bytes) -> bytes:
    raise TornError


def test_a_torn_card_leaves_without_an_answer(reader: Reader, insert: Insert) -> None:
    insert(torn)
    reader.send(b"\0\x04\0\0\0\0")
    assert reader.receive(1) == b""


def test_a_card_may_take_itself_away_before_it_answers(reader: Reader, insert: Insert) -> None:
    def respond(command: bytes) -> bytes:
        card.remove()
        return OK

    card = insert(respond)
    reader.send(b"\0\x04\0\0\0\0")
    assert reader.receive(1) == b""


def test_a_card_is_taken_away_in_the_middle_of_a_command(reader: Reader, insert: Insert) -> None:
    asked, let = threading.Event(), threading.Event()

    def respond(command: bytes) -> bytes:
        asked.set()
        let.wait(10)
        return OK

    card = insert(respond)
    reader.send(b"\0\x04\0\0\0\0")
    assert asked.wait(10)
    card.remove(timeout_s=0.01)
    assert reader.receive(1) == b"", "the reader sees it gone while the card still thinks"
    let.set()


def test_a_reader_that_goes_is_noticed(reader: Reader, insert: Insert) -> None:
    card = insert(echo)
    card_thread = next(thread for thread in threading.enumerate() if thread.name.endswith(str(reader.port)))
    reader.drop()
    card_thread.join(10)
    assert not card.in_field


def test_there_is_no_reader() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        VpcdCard("127.0.0.1", port, CONTACTLESS_ATR, echo).insert()
