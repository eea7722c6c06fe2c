# SPDX-License-Identifier: Apache-2.0
"""The talking half of a PC/SC reader: connect, transmit, let go. Every call may block: for a worker's thread."""

import contextlib

from drivers.readers.pcsc.winscard import Connection, Context, Disposition, WinscardError
from pengpos.core.errors import PengposError


class EmptyAnswerError(PengposError):
    """The card, or the reader for it, answered with no byte at all."""


class Link:
    """At most one held card of one reader. `stay` is the number of one stay in the field."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._context: Context | None = None
        self._connection: Connection | None = None
        self._stay: int | None = None

    def holds(self, stay: int) -> bool:
        """Whether the card of that stay is connected; may be asked from any thread."""
        return self._connection is not None and self._stay == stay

    def hold(self, stay: int) -> Connection:
        """Connect, unless that very stay is held already. Raises WinscardError."""
        if self._connection is not None and self._stay == stay:
            return self._connection
        self.release(Disposition.LEAVE)
        if self._context is None:
            self._context = Context()
        self._stay = stay
        self._connection = self._context.connect(self._reader)
        return self._connection

    def exchange(self, stay: int, command: bytes) -> bytes:
        """One C-APDU, its R-APDU as it came. Raises WinscardError, EmptyAnswerError."""
        response = self.hold(stay).transmit(command)
        if not response:
            raise EmptyAnswerError
        return response

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
