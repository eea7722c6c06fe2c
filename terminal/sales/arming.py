# SPDX-License-Identifier: Apache-2.0
"""Whether phones are wanted now, and since which moment: shared by the loop and the reader threads."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """The arming in force, as of one moment."""

    number: int = 0
    wanted: bool = False
    """Phones are wanted."""
    wallets: Mapping[str, int] = field(default_factory=dict)
    """How many wallets answered under it, by reader; a reader without any is not in it."""
    two_phones: Mapping[str, int] = field(default_factory=dict)
    """The wallets that ended the arming before, being more than one."""
    two_phones_under: int = -1
    """The number of the arming that they ended."""


class Arming:
    """A number that rises whenever what a reader saw or heard before must no longer count (tap protocol §2).

    Each change replaces `armed` behind one lock; reading it needs none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed = Armed()
        self._wanted = False
        self._allowed = True
        self._listener: Callable[[], None] = lambda: None

    def tell(self, listener: Callable[[], None]) -> None:
        """Call it when phones are wanted anew, in the thread that wants them: each field must be seen empty now."""
        self._listener = listener

    @property
    def armed(self) -> Armed:
        """The arming in force."""
        return self._armed

    @property
    def number(self) -> int:
        """The number of the arming in force."""
        return self._armed.number

    def arm(self) -> int:
        """Want phones, once a field has been seen empty from now on."""
        with self._lock:
            self._wanted = True
            return self._next(wanted=self._allowed)

    def disarm(self) -> int:
        """Offer nothing to any phone."""
        with self._lock:
            self._wanted = False
            return self._next(wanted=False)

    def allow(self, *, allowed: bool) -> None:
        """Whether phones may be wanted at all: a terminal that must not sell offers nothing, whatever a sale wants."""
        with self._lock:
            if allowed is not self._allowed:
                self._allowed = allowed
                self._next(wanted=self._wanted and allowed)

    def empty_first(self) -> int:
        """Want phones or not as before, but every field must be seen empty first."""
        with self._lock:
            return self._next(wanted=self._armed.wanted)

    def wallets_answered(self, reader: str, number: int, count: int) -> int | None:
        """Note that so many wallets (≥ 1) answered at a reader under that arming.

        Returns the arming that this begins, if they make more than one with those at the other readers: neither is
        charged, and what either of them answers belongs to an older arming. Once the arming has ended nothing begins;
        where two phones ended it, these are a third.
        """
        with self._lock:
            now = self._armed
            if number != now.number:
                if number == now.two_phones_under:
                    self._armed = replace(now, two_phones={**now.two_phones, reader: count})
                return None
            wallets = {**now.wallets, reader: count}
            if sum(wallets.values()) > 1:
                return self._next(wanted=now.wanted, two_phones=wallets, two_phones_under=now.number)
            self._armed = replace(now, wallets=wallets)
            return None

    def forget_wallets(self, reader: str) -> None:
        """Note that no wallet answers at a reader any more."""
        if reader in self._armed.wallets:
            with self._lock:
                left = {name: count for name, count in self._armed.wallets.items() if name != reader}
                self._armed = replace(self._armed, wallets=left)

    def _next(self, *, wanted: bool, two_phones: Mapping[str, int] | None = None, two_phones_under: int = -1) -> int:
        """Begin the next arming; the lock is held."""
        number = self._armed.number + 1
        self._armed = Armed(
            number=number, wanted=wanted, two_phones=two_phones or {}, two_phones_under=two_phones_under
        )
        if wanted:
            self._listener()
        return number
