# SPDX-License-Identifier: Apache-2.0
"""Which PC/SC readers there are, now and next, and how each is opened: what the supervisor asks of PC/SC."""

import re
from collections.abc import Callable

from drivers.readers.pcsc import errors as pcsc_errors
from drivers.readers.pcsc.panel import Panel, panel_of
from drivers.readers.pcsc.reader import PcscReader
from drivers.readers.pcsc.winscard import Context, WinscardError
from drivers.readers.worker import Worker

_CONTACT_SLOT = re.compile(r"\b(SAM|ICC)\b")
"""Slots that no phone can reach, of readers like the ACR1281U ("… PICC", "… ICC", "… SAM"): only the name says it."""


def list_readers() -> tuple[str, ...]:
    """The names of all PC/SC readers, contact slots too. Raises ReaderLostError if there is no PC/SC to ask."""
    try:
        context = Context()
        try:
            return context.readers()
        finally:
            context.close()
    except WinscardError as error:
        raise pcsc_errors.reader_lost(pcsc_errors.SERVICE, error) from error


class PcscReaders:
    """The contactless PC/SC readers of this machine. `discover` is for one thread, `open` for each reader's own."""

    def __init__(self, *, hung_after_s: float = 5.0, panel_of: Callable[[str], Panel | None] = panel_of) -> None:
        """`panel_of`: the light and buzzer of a reader by its name."""
        self._hung_after_s = hung_after_s
        self._panel_of = panel_of
        self._context: Context | None = None
        self._known: tuple[str, ...] | None = None
        self._workers: dict[str, Worker] = {}

    def discover(self, timeout_s: float) -> tuple[str, ...]:
        """The names of the readers there are, as soon as they differ from the last answer or when the time is over.

        Raises ReaderLostError, in the name of PC/SC, if there is no PC/SC to ask.
        """
        try:
            if self._context is None:
                self._context = Context()
            found = _contactless(self._context)
            if found == self._known:
                self._context.await_readers(timeout_s)
                found = _contactless(self._context)
        except WinscardError as error:
            self.close()
            raise pcsc_errors.reader_lost(pcsc_errors.SERVICE, error) from error
        self._known = found
        return found

    def open(self, name: str) -> PcscReader:
        """Open one of them. Raises ReaderLostError, also while a command of its last opening hangs in the driver."""
        last = self._workers.get(name)
        if last is not None and last.abandoned:
            raise pcsc_errors.hung(name)
        reader = PcscReader(name, hung_after_s=self._hung_after_s, panel=self._panel_of(name))
        self._workers[name] = reader.worker
        return reader

    def close(self) -> None:
        """Leave pcscd; readers opened here are closed by who opened them."""
        if self._context is not None:
            self._context.close()
            self._context, self._known = None, None


def _contactless(context: Context) -> tuple[str, ...]:
    return tuple(name for name in context.readers() if not _CONTACT_SLOT.search(name))
