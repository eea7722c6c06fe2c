# SPDX-License-Identifier: Apache-2.0
"""What the clock must still know after a restart, kept in the journal. Source: tap protocol §1, *Clock*."""

import logging

from offline_queue.port import JournalPort
from offline_queue.records.rows import read_boot_id
from offline_queue.values import IssuerTimeSeen, ValueStored
from pengpos.core.errors import JournalTransientError
from pengpos.core.times import CLOCK_TOLERANCE_S
from terminal.device.alarm_words import clock_ahead, clock_behind
from terminal.device.alarms import Alarms
from terminal.device.clock import DeviceClock
from terminal.device.identity import Identity
from terminal.device.recording import durable

log = logging.getLogger(__name__)

_KIND = "clock"
_CONFIRMED_BOOT = "confirmed_boot"
_AHEAD = "clock_ahead"
_BEHIND = "clock_behind"
BEHIND_FOR_S = 120.0
"""So long a machine may take after its start to have its clock set."""


class Timekeeper:
    """Tells the clock what issuers say of the time. Lives on the loop."""

    def __init__(self, clock: DeviceClock, journal: JournalPort, alarms: Alarms) -> None:
        self._clock = clock
        self._journal = journal
        self._alarms = alarms
        self._boot = read_boot_id()
        self._behind_since_s: float | None = None
        self._confirmed_boot: bytes | None = None
        """The boot whose time is known to be confirmed, as the journal has it."""

    def restore(self, identity: Identity) -> None:
        """At start, from the disk: the latest time signed so far, and whether this boot's was confirmed before."""
        self._clock.issuer_signed(max(self._journal.latest_issuer_time(), identity.credential.issued_at))
        enrolled_since_boot = identity.enrolled_at > self._clock.booted_at
        self._confirmed_boot = self._journal.value(_KIND, _CONFIRMED_BOOT)
        if enrolled_since_boot or self._confirmed_boot == self._boot:
            self._clock.confirm(before=True)

    async def issuer_signed(self, at: int) -> None:
        """The backend refused our time and signed its own over our request: take it, where ours is behind."""
        if at < self._clock.now() - CLOCK_TOLERANCE_S:
            self._alarms.show(_AHEAD, clock_ahead(self._clock.now() - at))
            return
        log.warning("clock set forward to a time the backend signed")
        self._clock.issuer_signed(at)
        self._look_at_the_machine()
        try:
            await durable(self._journal, [IssuerTimeSeen(at=at)])
        except JournalTransientError as error:
            log.error("the backend's time not stored: %s", error)

    async def confirmed_at(self, at: int) -> None:
        """The backend signed its own time over a request of ours that it took: ours is confirmed, where they agree."""
        if abs(at - self._clock.now()) <= CLOCK_TOLERANCE_S:
            self._clock.issuer_signed(at)  # from here on no step of the machine's clock takes it lower
            self._look_at_the_machine()
            await self.confirm()
        else:
            await self.issuer_signed(at)

    def _look_at_the_machine(self) -> None:
        """The machine's own clock is behind: we do without it, and whoever looks after the machine should know."""
        now_s = self._clock.monotonic_s()
        if self._clock.behind_s <= CLOCK_TOLERANCE_S:
            self._behind_since_s = None
            self._alarms.clear(_BEHIND)
        elif self._behind_since_s is None:
            self._behind_since_s = now_s
        elif now_s - self._behind_since_s >= BEHIND_FOR_S:
            now = self._clock.now()
            self._alarms.show(_BEHIND, clock_behind(says=now - self._clock.behind_s, now=now))

    async def confirm(self) -> None:
        """The backend took a request signed at our time: no doubt until the next boot, also after a restart."""
        self._alarms.clear(_AHEAD)
        self._clock.confirm()
        if self._confirmed_boot != self._boot:
            await durable(self._journal, [ValueStored(kind=_KIND, key=_CONFIRMED_BOOT, body=self._boot)])
            self._confirmed_boot = self._boot
