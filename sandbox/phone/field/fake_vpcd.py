# SPDX-License-Identifier: Apache-2.0
"""Plays the reader's end of vpcd's socket, to try cards without pcscd. Wire: see `sandbox.phone.field.vpcd`."""

import contextlib
import socket
from types import TracebackType
from typing import Self

from pengpos.core.errors import CardLostError, TapTimeoutError

_POWER_ON, _ATR = b"\x01", b"\x04"


class FakeVpcd:
    """One virtual reader listening on a free port of this machine; a context manager, for one thread.

    `wait_for_card` takes the next card and powers it; `transceive` is as `pengpos.core.ports.Card`.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._card: socket.socket | None = None

    @property
    def port(self) -> int:
        """Where cards connect."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the reader's service."""
        self._listener.close()
        if self._card is not None:
            self._card.close()

    def wait_for_card(self, timeout_s: float) -> bytes:
        """Wait until the last card has left and another comes, ask for its ATR as pcscd does, power it; the ATR.

        Raises TimeoutError.
        """
        if self._card is not None:
            self._card.settimeout(timeout_s)
            with self._card, contextlib.suppress(ConnectionError):
                while self._card.recv(1):
                    pass  # an answer that came after its command had timed out
        self._listener.settimeout(timeout_s)
        self._card, _ = self._listener.accept()
        atr = self._ask(_ATR, timeout_s)
        self._send(_POWER_ON)
        return atr

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        """One exchange; raises CardLostError, TapTimeoutError."""
        return self._ask(command, timeout_s)

    def _ask(self, message: bytes, timeout_s: float) -> bytes:
        assert self._card is not None, "wait_for_card first"
        self._card.settimeout(timeout_s)
        try:
            self._send(message)
            return self._exactly(int.from_bytes(self._exactly(2), "big"))
        except TimeoutError:
            raise TapTimeoutError(timeout_s) from None
        except OSError as err:
            raise CardLostError from err

    def _send(self, message: bytes) -> None:
        assert self._card is not None, "wait_for_card first"
        self._card.sendall(len(message).to_bytes(2, "big") + message)

    def _exactly(self, count: int) -> bytes:
        assert self._card is not None, "wait_for_card first"
        received = b""
        while len(received) < count:
            part = self._card.recv(count - len(received))
            if not part:
                raise ConnectionResetError
            received += part
        return received
