# SPDX-License-Identifier: Apache-2.0
"""The PN532's serial side on a pseudo-terminal: frames in, frames out, and what goes wrong on a wire.

00 00 FF LEN LCS D4 CMD … DCS 00        PN532 user manual §6.2; LEN FF FF: two more length bytes follow
00 00 FF 00 FF 00  ACK: answers each command, and from the host ends the one under way
"""

import contextlib
import os
import select
import termios
import threading
import tty
from collections.abc import Callable

ACK = bytes.fromhex("0000FF00FF00")
NACK = bytes.fromhex("0000FFFF0000")
SYNTAX_ERROR = bytes.fromhex("0000FF01FF7F8100")
_START = bytes.fromhex("0000FF")
_WAKE_BYTES = 3
_MOST = 4_096
_SPEEDS = {
    9_600: termios.B9600,
    19_200: termios.B19200,
    38_400: termios.B38400,
    57_600: termios.B57600,
    115_200: termios.B115200,
    230_400: termios.B230400,
    460_800: termios.B460800,
    921_600: termios.B921600,
}
BAUD_RATES = tuple(_SPEEDS)
FIRST_BAUD_RATE = 115_200
"""By their number in SetSerialBaudrate."""


def framed(data: bytes) -> bytes:
    """`data` (D4 or D5 first) as a frame; beyond 255 bytes an extended one."""
    if len(data) < 256:
        head = bytes([len(data), -len(data) & 0xFF])
    else:
        length = len(data).to_bytes(2, "big")
        head = b"\xff\xff" + length + bytes([-sum(length) & 0xFF])
    return _START + head + data + bytes([-sum(data) & 0xFF, 0])


class FrameReader:
    """Finds frames in a stream of bytes, whatever lies between them."""

    def __init__(self) -> None:
        self._buffer = b""
        self.skipped = 0
        """Bytes before the frame that `next` returned last: what wakes a sleeping chip."""

    def feed(self, data: bytes) -> None:
        """More bytes; only the newest 4,096 are kept."""
        self._buffer = (self._buffer + data)[-_MOST:]

    def forget(self) -> None:
        """Drop what is not a frame yet."""
        self._buffer = b""

    def next(self) -> bytes | None:
        """ACK, NACK, a frame's data (D4 first), b"" for a frame with wrong sums; None if there is no whole frame."""
        at = self._buffer.find(_START)
        if at < 0:
            return None
        body = self._buffer[at + len(_START) :]
        if len(body) < 3:
            return None
        for control in (ACK, NACK):
            if self._buffer[at:].startswith(control):
                return self._took(at, len(control), control)
        head, size = 2, body[0]
        sums_hold = sum(body[:2]) & 0xFF == 0
        if body[:2] == b"\xff\xff":
            if len(body) < 5:
                return None
            head, size = 5, int.from_bytes(body[2:4], "big")
            sums_hold = sum(body[2:5]) & 0xFF == 0
        if not sums_hold or not 0 < size <= _MOST:
            return self._took(at, len(_START), b"")
        if len(body) < head + size + 2:
            return None
        data = body[head : head + size]
        sums_hold = sum(body[head : head + size + 1]) & 0xFF == 0
        return self._took(at, len(_START) + head + size + 2, data if sums_hold else b"")

    def _took(self, at: int, size: int, frame: bytes) -> bytes:
        self.skipped = at
        self._buffer = self._buffer[at + size :]
        return frame


class Uart:
    """A pseudo-terminal; `path` is what a driver opens. `heard(frame, skipped)` is called in its own thread.

    `hears`: whether the chip listens now; what it does not hear is lost. `loses_first_byte`: of what is sent first, and
    first after a change of speed or `cool_down`.
    """

    def __init__(
        self,
        heard: Callable[[bytes, int], None],
        *,
        hears: Callable[[], bool] = lambda: True,
        loses_first_byte: bool = False,
    ) -> None:
        self._hears = hears
        self._loses_first_byte = loses_first_byte
        self._is_cold = True
        self._master, self._slave = os.openpty()  # the slave stays open: drivers close and open it to change its speed
        for end in (self._master, self._slave):
            tty.setraw(end)
        self.path = os.ttyname(self._slave)
        self.baud_rate = FIRST_BAUD_RATE
        self.next_baud_rate: int | None = None
        """Taken over once the host uses it."""
        self._heard = heard
        self._reader = FrameReader()
        self._lock = threading.Lock()
        self._stop_read, self._stop_write = os.pipe()
        self._open = True
        self._thread = threading.Thread(target=self._listen, name=f"uart {self.path}", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Bytes to the host; lost if it listens at another speed, or the plug is out."""
        with self._lock, contextlib.suppress(OSError):
            if self._open and self._host_is_at_our_speed():
                os.write(self._master, data[1:] if self._is_cold and self._loses_first_byte else data)
                self._is_cold = False

    def unplug(self) -> None:
        """Pull the plug: the host's file descriptors are dead from now on."""
        with self._lock:
            if not self._open:
                return
            self._open = False
        os.write(self._stop_write, b".")
        if threading.current_thread() is not self._thread:
            self._thread.join()
        for end in (self._master, self._slave, self._stop_read, self._stop_write):
            os.close(end)

    def reset(self) -> None:
        """Back to the speed it wakes up with."""
        self.baud_rate, self.next_baud_rate = FIRST_BAUD_RATE, None

    def cool_down(self) -> None:
        """The line has been silent."""
        self._is_cold = True

    def take_over_speed(self) -> None:
        """Use the announced speed if the host does: its ACK may have been lost when it opened the port anew."""
        if self.next_baud_rate is not None and self._host_speed() == _SPEEDS[self.next_baud_rate]:
            self.baud_rate, self.next_baud_rate = self.next_baud_rate, None
            self.cool_down()

    def _host_speed(self) -> int:
        return int(termios.tcgetattr(self._master)[5])

    def _host_is_at_our_speed(self) -> bool:
        return self._host_speed() == _SPEEDS[self.baud_rate]

    def _listen(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._stop_read], [], [])
            if self._stop_read in ready:
                return
            data = os.read(self._master, 1_024)
            self.take_over_speed()
            if not self._hears() or not self._host_is_at_our_speed():
                self._reader.forget()
                continue
            self._reader.feed(data)
            while (frame := self._reader.next()) is not None:
                self._heard(frame, self._reader.skipped)


def wakes(skipped: int) -> bool:
    """Whether so many bytes before a frame wake a chip that sleeps."""
    return skipped >= _WAKE_BYTES
