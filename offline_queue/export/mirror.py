# SPDX-License-Identifier: Apache-2.0
"""A second copy of each payment accepted offline, sealed, on another medium (a USB stick), in a thread of its own.

Nothing at the counter waits for it: a medium that is absent, full, slow or broken is told as a value and becomes an
alarm, selling goes on, and what was missed is copied when the medium works again. The journal remains the truth.
"""

import errno
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from offline_queue.export.mirror_file import MirrorFile, SameMediumError
from pengpos.core.sale import Sale
from pengpos.wire.encoding.keys import PublicKey

WAITING_LIMIT = 1_000  # payments not yet copied; the caps of any sane policy are far below
RETRY_S = 10.0


class MirrorState(StrEnum):
    """How the second copy is doing."""

    WELL = "well"
    ABSENT = "absent"
    FULL = "full"
    BROKEN = "broken"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class MirrorHealth:
    """State of the second medium; what the system said of it, in English; how many payments are not yet copied."""

    state: MirrorState
    detail: str = ""
    waiting: int = 0


_STATE_OF_ERRNO = {
    errno.ENOSPC: MirrorState.FULL,
    errno.EDQUOT: MirrorState.FULL,
    errno.EFBIG: MirrorState.FULL,
    errno.ENOENT: MirrorState.ABSENT,
    errno.ENODEV: MirrorState.ABSENT,
    errno.ENXIO: MirrorState.ABSENT,
}


class Mirror:
    """Copies payments to `directory`, one file for each terminal. Its methods return at once, but for `close`."""

    def __init__(
        self,
        directory: Path,
        *,
        terminal_id: str,
        recipient: PublicKey,
        journal_directory: Path | None,
        changed: Callable[[MirrorHealth], None],
        found: Callable[[frozenset[str]], None] = lambda _intents: None,
        retry_s: float = RETRY_S,
    ) -> None:
        """`changed` is called in the mirror's thread when the health is another than before.

        `found`: there too, once, with the intent ids of all payments that were on the medium when it was first well.

        `journal_directory`: the mirror refuses a directory on the same medium as this one (an empty mount point).
        """
        self._file = MirrorFile(directory / f"pengpos-{terminal_id}.mirror", recipient, journal_directory)
        self._changed = changed
        self._found = found
        self._compared = False
        self._retry_s = retry_s
        self._waiting: dict[UUID, Sale] = {}
        self._health = MirrorHealth(MirrorState.WELL)
        self._wake = threading.Condition()
        self._due = True
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    def copy(self, sales: Iterable[Sale]) -> None:
        """Have these payments copied, unless they already are. At start: with all that is unsent."""
        with self._wake:
            for sale in sales:
                if sale.authorised is not None and len(self._waiting) < WAITING_LIMIT:
                    self._waiting[sale.intent.intent_id] = sale
                    self._due = self._due or self._health.state is MirrorState.WELL
            self._wake.notify()

    def health(self) -> MirrorHealth:
        """As it is now."""
        with self._wake:
            return replace(self._health, waiting=len(self._waiting))

    def close(self, timeout_s: float = 5.0) -> None:
        """Copy what can be copied now, then stop; a hanging medium is left behind after `timeout_s`."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        """Entry of the mirror's thread: it alone touches the medium."""
        try:
            stopping = False
            while not stopping:
                with self._wake:
                    self._wake.wait_for(lambda: self._due or self._stopping, self._retry_s)
                    self._due, stopping = False, self._stopping
                    waiting = dict(self._waiting)
                self._tell(self._copy(waiting))
        except Exception as error:  # noqa: BLE001 -- a thread's entry: it becomes an alarm, selling goes on
            self._tell(MirrorHealth(MirrorState.STOPPED, repr(error)))

    def _copy(self, waiting: dict[UUID, Sale]) -> MirrorHealth:
        """Try the medium even when nothing waits: a stick that was pulled out is noticed before it is needed."""
        try:
            if not self._compared:
                self._file.add([])
                self._found(self._file.intents())
                self._compared = True
            self._file.add(list(waiting.values()))
        except SameMediumError as error:
            return MirrorHealth(MirrorState.ABSENT, str(error))
        except OSError as error:
            state = _STATE_OF_ERRNO.get(error.errno or 0, MirrorState.BROKEN)
            return MirrorHealth(state, error.strerror or str(error))
        with self._wake:
            for intent_id, sale in waiting.items():
                if self._waiting.get(intent_id) is sale:
                    del self._waiting[intent_id]
        return MirrorHealth(MirrorState.WELL)

    def _tell(self, health: MirrorHealth) -> None:
        with self._wake:
            before, self._health = self._health, health
            waiting = len(self._waiting)
        if health != before:
            self._changed(replace(health, waiting=waiting))
