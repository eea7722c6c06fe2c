# SPDX-License-Identifier: Apache-2.0
"""The talking half of a PC/SC reader: connect, transmit, let go. Every call may block: for a worker's thread.

A card is shared with other programs until it turns out to be a phone: somebody's security key is none of ours. What is
said to it is said in a transaction, so that no command of theirs comes between two of ours. A card that is spoken to
beyond its SELECT is one that does business with us: that transaction lasts until it leaves. (To be made exclusive, as a
connection could be instead, libpcsclite waits without end for other programs that are connected to the card.)
"""

import contextlib

from drivers.readers.pcsc.winscard import Connection, Context, Disposition, WinscardError
from pengpos.core.errors import PengposError


class EmptyAnswerError(PengposError):
    """The card, or the reader for it, answered with no byte at all."""


class Link:
    """At most one connected card of one reader. `stay` is the number of one stay in the field."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._context: Context | None = None
        self._connection: Connection | None = None
        self._stay: int | None = None
        self._exchanged: int | None = None
        """Commands in the transaction under way; None: there is none."""

    def reaches(self, stay: int) -> bool:
        """Whether the card of that stay hears us and no other program now; may be asked from any thread."""
        return self._connection is not None and self._stay == stay and self._exchanged is not None

    @property
    def connected_to(self) -> int | None:
        """The stay whose card is connected, though it may have left; may be asked from any thread."""
        return self._stay if self._connection is not None else None

    def hold(self, stay: int) -> Connection:
        """Connect, unless to that very stay already: the card keeps its power. Raises WinscardError."""
        if self._connection is not None and self._stay == stay:
            return self._connection
        self.release(Disposition.LEAVE)
        if self._context is None:
            self._context = Context()
        self._stay = stay
        self._connection = self._context.connect(self._reader)
        return self._connection

    def begin(self, stay: int) -> None:
        """Begin a transaction with that card, if there is none. Raises WinscardError."""
        connection = self.hold(stay)
        if self._exchanged is None:
            connection.begin()
            self._exchanged = 0

    def exchange(self, stay: int, command: bytes) -> bytes:
        """One C-APDU, its R-APDU as it came, within a transaction. Raises WinscardError, EmptyAnswerError."""
        self.begin(stay)
        self._exchanged = (self._exchanged or 0) + 1
        response = self.hold(stay).transmit(command)
        if not response:
            raise EmptyAnswerError
        return response

    def exchange_once(self, stay: int, command: bytes) -> bytes:
        """As `exchange`, and that was all."""
        try:
            return self.exchange(stay, command)
        finally:
            self.rest()

    def rest(self) -> None:
        """Nothing is to be said for now: the transaction ends, unless it is with a phone; never raises."""
        if self._exchanged is not None and self._exchanged <= 1:
            self._end()

    def tell_reader(self, command: bytes) -> None:
        """A command for the reader, no card being held. Raises WinscardError, as where its driver allows none."""
        self.release(Disposition.LEAVE)
        if self._context is None:
            self._context = Context()
        connection = self._context.connect_reader(self._reader)
        try:
            connection.control(command)
        finally:
            with contextlib.suppress(WinscardError):
                connection.disconnect(Disposition.LEAVE)

    def release(self, disposition: Disposition) -> None:
        """Let go of what is held, if anything; never raises: what cannot be let go is gone."""
        self._end()
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(WinscardError):
                connection.disconnect(disposition)

    def close(self) -> None:
        """Let go and leave pcscd; never raises."""
        self.release(Disposition.LEAVE)
        if self._context is not None:
            self._context.close()
            self._context = None

    def _end(self) -> None:
        exchanged, self._exchanged = self._exchanged, None
        if exchanged is not None and self._connection is not None:
            with contextlib.suppress(WinscardError):
                self._connection.end()
