# SPDX-License-Identifier: Apache-2.0
"""What leaves the journal for other hands: the second copy on another medium, and the sealed export.

Both are sealed to the backend; the formats are `offline_queue.export.mirror`'s and `offline_queue.export.export`'s.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from offline_queue.export.export import seal_unsent
from offline_queue.export.mirror import Mirror, MirrorHealth, MirrorState
from offline_queue.journal.files import load_key
from offline_queue.journal.reader import JournalReader
from pengpos.client import Home
from pengpos.core.ports import Clock, Signer
from pengpos.core.sale import Sale
from terminal.device.alarm_words import second_copy
from terminal.device.alarms import Alarms
from terminal.device.identity import Identity
from terminal.device.settings import Settings

_ALARM = "mirror"


class SecondCopy:
    """Has each payment accepted offline copied, where the technician has named a medium. Lives on the loop."""

    def __init__(self, settings: Settings, home: Home, identity: Identity, alarms: Alarms) -> None:
        self._alarms = alarms
        self._loop = asyncio.get_running_loop()
        self._mirror: Mirror | None = None
        if settings.mirror is not None:
            self._mirror = Mirror(
                Path(settings.mirror.directory),
                terminal_id=identity.terminal_id,
                recipient=next(iter(identity.issuers)),
                journal_directory=home.journal.parent,
                changed=self._told,
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

    def _show(self, health: MirrorHealth) -> None:
        if health.state is MirrorState.WELL:
            self._alarms.clear(_ALARM)
        else:
            self._alarms.show(_ALARM, second_copy(health))


def sealed_export(home: Home, identity: Callable[[], Identity], signer: Signer, clock: Clock) -> str:
    """Everything unsent, sealed to the backend; reads the journal over a connection of its own, so in any thread."""
    issuers, terminal_id = identity().issuers, identity().terminal_id
    reader = JournalReader(home.journal, load_key(home.journal_key))
    try:
        return seal_unsent(reader, next(iter(issuers)), signer, terminal_id=terminal_id, made_at=clock.now())
    finally:
        reader.close()
