# SPDX-License-Identifier: Apache-2.0
"""A card on a virtual PC/SC reader: the card's end of vpcd's socket (vsmartcard). Knows no payment bytes.

Wire, both ways: two bytes length, big-endian, then so many bytes. From vpcd a message of one byte is a control: 0 power
off, 1 power on, 2 reset, 4 "your ATR?" (only this one is answered); anything longer is a C-APDU and is answered by an
R-APDU. pcscd asks for the ATR every 0.4 s to see whether the card is still there: a card that does not answer blocks
that reader.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from enum import IntEnum

from pengpos.core.errors import PengposError

CONTACTLESS_ATR = bytes.fromhex("3B80800101")
"""What a PC/SC reader makes up for an ISO 14443-4 card without historical bytes (PC/SC part 3)."""

_ATR_REQUEST = 4
_MAX_MESSAGE = 0xFFFF


class Power(IntEnum):
    """What the reader does to the card's supply; each ends the session before it."""

    OFF = 0
    ON = 1
    RESET = 2


class TornError(PengposError):
    """For `respond` to raise: the card leaves the field now, its answer unsent."""


class VpcdCard:
    """One card that can be put into a virtual reader's field, taken out, and put back.

    `respond` makes an R-APDU of a C-APDU (each ≤ 65,535 bytes), in the card's own thread; it may take its time, call
    `remove()`, or raise TornError. `on_power` hears of every new session, in the same thread.
    """

    def __init__(
        self,
        host: str,
        port: int,
        atr: bytes,
        respond: Callable[[bytes], bytes],
        *,
        on_power: Callable[[Power], None] | None = None,
    ) -> None:
        self._address = (host, port)
        self._atr = atr
        self._respond = respond
        self._on_power = on_power
        self._lock = threading.Lock()
        self._link: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def in_field(self) -> bool:
        """Whether this card lies at the reader; false as well once the reader's service has ended."""
        return self._link is not None

    def insert(self, timeout_s: float = 5.0) -> None:
        """Enter the field; nothing if already there. One card a port: a second one waits until the first has gone.

        Raises OSError if no reader listens there.
        """
        with self._lock:
            if self._link is not None:
                return
            link = socket.create_connection(self._address, timeout=timeout_s)
            link.settimeout(None)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._link = link
            name = f"card on {self._address[0]}:{self._address[1]}"
            self._thread = threading.Thread(target=self._serve, args=(link,), name=name, daemon=True)
            self._thread.start()

    def remove(self, timeout_s: float = 5.0) -> None:
        """Leave the field at once, in the middle of a command too; a `respond` under way gets `timeout_s` to end."""
        with self._lock:
            link, self._link = self._link, None
            thread = self._thread
        if link is not None:
            with contextlib.suppress(OSError):  # the other end was first
                link.shutdown(socket.SHUT_RDWR)
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)

    def _serve(self, link: socket.socket) -> None:
        try:
            with link, contextlib.suppress(TornError):
                while (message := _receive(link)) is not None:
                    answer = self._answer(message)
                    if answer is not None and self._link is link:
                        _send(link, answer)
        finally:
            with self._lock:
                if self._link is link:
                    self._link = None

    def _answer(self, message: bytes) -> bytes | None:
        if len(message) > 1:
            return self._respond(message)
        if message == bytes((_ATR_REQUEST,)):
            return self._atr
        if self._on_power is not None and message in (b"\0", b"\1", b"\2"):
            self._on_power(Power(message[0]))
        return None


def _send(link: socket.socket, message: bytes) -> None:
    if len(message) > _MAX_MESSAGE:
        raise ValueError(f"{len(message)} bytes do not fit vpcd's length field")
    with contextlib.suppress(OSError):  # the reader went, or `remove` was called: the next receive ends it
        link.sendall(len(message).to_bytes(2, "big") + message)


def _receive(link: socket.socket) -> bytes | None:
    """The next message; None when either side has hung up."""
    try:
        return _exactly(link, int.from_bytes(_exactly(link, 2), "big"))
    except OSError:
        return None


def _exactly(link: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        # vpcd 3.3 writes length and body apart. Without an ACK at once, Nagle holds the body back for 40 ms; the
        # option lasts for one receive only.
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = link.recv(count - len(received))
        if not part:
            raise ConnectionResetError
        received += part
    return received
