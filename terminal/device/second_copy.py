# SPDX-License-Identifier: Apache-2.0
"""What leaves the journal for other hands: the second copy on another medium, and the sealed export.

Both are sealed to the backend; the formats are `offline_queue.export.mirror`'s and `offline_queue.export.export`'s.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

from offline_queue.export.export import seal_unsent
from offline_queue.export.mirror import Mirror, MirrorHealth, MirrorState
from offline_queue.journal.files import load_key
from offline_queue.journal.reader import JournalReader
from offline_queue.port import SaleReads
from pengpos.client import Home
from pengpos.core.errors import JournalError
from pengpos.core.ports import Clock, Signer
from pengpos.core.sale import Sale
from terminal.device.alarm_words import second_copy, second_copy_has_more
from terminal.device.alarms import Alarms
from terminal.device.identity import Identity
from terminal.device.settings import Settings

log = logging.getLogger(__name__)

_ALARM = "mirror"
_HAS_MORE = "mirror_has_more"


class SecondCopy:
    """Has each payment accepted offline copied, where the technician has named a medium. Lives on the loop."""

    def __init__(self, settings: Settings, home: Home, identity: Identity, alarms: Alarms, journal: SaleReads) -> None:
        """`journal`: what is on the medium already is held against it once, in the mirror's thread."""
        self._alarms = alarms
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._mirror: Mirror | None = None
        if settings.mirror is not None:
            self._mirror = Mirror(
                Path(settings.mirror.directory),
                terminal_id=identity.terminal_id,
                recipient=next(iter(identity.issuers)),
                journal_directory=home.journal.parent,
                changed=self._told,
                found=self._compare,
            )

    def copy(self, sales: Sequence[Sale]) -> None:
        """These are stored; returns at once."""
        if self._mirror is not None:
            self._mirror.copy(sales)

    async def close(self) -> None:
        """Let the copy under way be finished."""
        if self._mirror is not None:
            await asyncio.to_thread(self._mirror.close)

    def _told(self, health: MirrorHealth) -> None:
        """Called in the mirror's thread."""
        self._loop.call_soon_threadsafe(self._show, health)

    def _compare(self, there: frozenset[str]) -> None:
        """Called in the mirror's thread. What the copy holds and the journal never had was lost here: say it once."""
        try:
            lost = self._journal.lacks(_ids(there))
        except JournalError as error:
            log.warning("second copy not compared with the journal: %s", error)
            return
        if lost:
            self._loop.call_soon_threadsafe(self._offer, lost)

    def _offer(self, lost: int) -> None:
        alarm_id = f"{_HAS_MORE}-{lost}"
        if not self._alarms.was_raised(alarm_id):
            self._alarms.raise_lasting(alarm_id, _HAS_MORE, second_copy_has_more(lost))

    def _show(self, health: MirrorHealth) -> None:
        if health.state is MirrorState.WELL:
            self._alarms.clear(_ALARM)
        else:
            self._alarms.show(_ALARM, second_copy(health))


def _ids(texts: Iterable[str]) -> Iterator[UUID]:
    for text in texts:
        with contextlib.suppress(ValueError):
            yield UUID(text)


def sealed_export(home: Home, identity: Callable[[], Identity], signer: Signer, clock: Clock) -> str:
    """Everything unsent, sealed to the backend; reads the journal over a connection of its own, so in any thread."""
    issuers, terminal_id = identity().issuers, identity().terminal_id
    reader = JournalReader(home.journal, load_key(home.journal_key, home.journal))
    try:
        return seal_unsent(reader, next(iter(issuers)), signer, terminal_id=terminal_id, made_at=clock.now())
    finally:
        reader.close()
