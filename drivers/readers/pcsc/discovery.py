# SPDX-License-Identifier: Apache-2.0
"""Which PC/SC readers there are, now and next, and how each is opened: what the supervisor asks of PC/SC."""

from collections.abc import Callable, Sequence

from drivers.readers.choice import Choice
from drivers.readers.pcsc import errors as pcsc_errors
from drivers.readers.pcsc.panel import Panel, panel_of
from drivers.readers.pcsc.reader import PcscReader
from drivers.readers.pcsc.slots import SlotKind, kind_of_slot
from drivers.readers.pcsc.winscard import Context, WinscardError
from drivers.readers.worker import Worker

_EVERY = Choice()


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
    """The PC/SC readers to which a phone can be held. `discover` is for one thread, `open` for each reader's own.

    Of a slot whose name says neither this nor that, what lies in it says more: see `PcscReader`.
    """

    def __init__(
        self,
        *,
        hung_after_s: float = 5.0,
        panel_of: Callable[[str], Panel | None] = panel_of,
        choice: Choice = _EVERY,
    ) -> None:
        """`panel_of`: the light and buzzer of a reader by its name."""
        self._choice = choice
        self._hung_after_s = hung_after_s
        self._panel_of = panel_of
        self._context: Context | None = None
        self._known: tuple[str, ...] | None = None
        self._workers: dict[str, Worker] = {}

    def discover(self, timeout_s: float) -> tuple[str, ...]:
        """The names of the readers there are, as soon as they differ from the last answer or when the time is over.

        Raises ReaderLostError, in the name of PC/SC, if there is no PC/SC to ask, or it knows only what is left alone.
        """
        try:
            if self._context is None:
                self._context = Context()
            there = self._context.readers()
            if there == self._known:
                self._context.await_readers(timeout_s)
                there = self._context.readers()
        except WinscardError as error:
            self.close()
            raise pcsc_errors.reader_lost(pcsc_errors.SERVICE, error) from error
        self._known = there
        return wanted(there, self._choice)

    def open(self, name: str) -> PcscReader:
        """Open one of them. Raises ReaderLostError, also while a command of its last opening hangs in the driver."""
        last = self._workers.get(name)
        if last is not None and last.abandoned:
            raise pcsc_errors.hung(name)
        any_card = self._choice.includes(name)
        panel = self._panel_of(name)
        reader = PcscReader(name, hung_after_s=self._hung_after_s, panel=panel, any_card=any_card)
        self._workers[name] = reader.worker
        return reader

    def close(self) -> None:
        """Leave pcscd; readers opened here are closed by who opened them."""
        if self._context is not None:
            self._context.close()
            self._context, self._known = None, None


def wanted(names: Sequence[str], choice: Choice) -> tuple[str, ...]:
    """Those among them that are to be used. Raises ReaderLostError where there are some, and all are left alone."""
    found = tuple(name for name in names if choice.includes(name) or _may_be_held_to(name, choice))
    if names and not found:
        raise pcsc_errors.none_for_phones(names)
    return found


def _may_be_held_to(name: str, choice: Choice) -> bool:
    return not choice.excludes(name) and kind_of_slot(name) is not SlotKind.CONTACT
