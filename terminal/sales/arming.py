# SPDX-License-Identifier: Apache-2.0
"""Whether phones are wanted now, and since which moment: shared by the loop and the reader threads."""

import threading


class Arming:
    """A number that rises whenever what a reader saw or heard before must no longer count (tap protocol §2)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._armed = False

    @property
    def number(self) -> int:
        """The arming in force."""
        return self._number

    def now(self) -> tuple[int, bool]:
        """The arming in force, and whether phones are wanted, as of one moment."""
        with self._lock:
            return self._number, self._armed

    def arm(self) -> int:
        """A sale wants phones, once a field has been seen empty from now on."""
        return self._next(armed=True)

    def disarm(self) -> int:
        """No phone is offered anything."""
        return self._next(armed=False)

    def empty_first(self) -> int:
        """Stay as armed as we are, but every field must be seen empty first."""
        return self._next(armed=None)

    def _next(self, *, armed: bool | None) -> int:
        with self._lock:
            self._number += 1
            self._armed = self._armed if armed is None else armed
            return self._number
