# SPDX-License-Identifier: Apache-2.0
"""The device's clock: a Pi has none of its own. Source: tap protocol §1, *Clock*.

It never falls below the latest time an issuer signed, nor below its build, and runs on from there where the system's
clock is behind. It is doubtful until the backend has confirmed it since boot.
"""

import time
from collections.abc import Callable

from pengpos.core.times import BUILD_TIME, CLOCK_TOLERANCE_S


class DeviceClock:
    """`core.ports.Clock` over the system's time with a floor.

    `confirmed`: the backend has confirmed the time since this boot. `system` and `since_boot_s` are injectable for
    tests.
    """

    def __init__(
        self,
        *,
        floor: int = 0,
        confirmed: bool = False,
        system: Callable[[], float] = time.time,
        since_boot_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._system = system
        self._since_boot_s = since_boot_s
        self._floor = max(floor, BUILD_TIME), since_boot_s()
        """Unix seconds, and the uptime at which they were set; replaced as a whole, for other threads read it."""
        self._confirmed = self._heard = confirmed

    def now(self) -> int:
        """Unix seconds: the system's, but never below the floor and the time that has passed since it was set."""
        return max(int(self._system()), self._lowest())

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return self._since_boot_s()

    @property
    def booted_at(self) -> int:
        """When this machine started, by its own clock."""
        return int(self._system() - self._since_boot_s())

    def issuer_signed(self, at: int) -> None:
        """An issuer signed this time: it is not earlier than that now."""
        if at > self._lowest():
            self._floor = at, self._since_boot_s()

    def confirm(self, *, before: bool = False) -> None:
        """The pinned backend accepted our time within its tolerance: no doubt since boot.

        `before`: to an earlier life of this program, whose time may have gone on without us.
        """
        self._confirmed = True
        self._heard = self._heard or not before

    @property
    def doubtful_for_s(self) -> int | None:
        """For how long no trusted party has confirmed the time, since boot at most; None: confirmed.

        Counted by the machine's own uptime, which no hand and no time server moves.
        """
        return None if self._confirmed else int(self._since_boot_s())

    def bounds(self) -> tuple[int, int | None]:
        """The earliest and the latest that it can be: for the dates of certificates (`backend_api.roots`).

        The system's clock, which a hand or a time server may have set to anything, counts for the latest only, and
        once the backend has confirmed the time to this program; before that there is no latest.
        """
        return self._lowest(), self.now() + CLOCK_TOLERANCE_S if self._heard else None

    @property
    def behind_s(self) -> int:
        """How far the system's clock is behind what is known of the time; 0: it is not."""
        return max(0, self._lowest() - int(self._system()))

    def _lowest(self) -> int:
        floor, since_s = self._floor
        return floor + int(self._since_boot_s() - since_s)
