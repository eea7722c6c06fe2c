# SPDX-License-Identifier: Apache-2.0
"""UUIDv7, whose order is the order in which they were made: ids of intents and refunds.

Source: RFC 9562 §5.7 for the layout; §6.2, method 3, for ids made within one millisecond.

| bits | what |
|--:|---|
| 48 | milliseconds of Unix time |
| 4 | version, 0b0111 |
| 12 | the fraction of the millisecond |
| 2 | variant, 0b10 |
| 62 | random |
"""

from collections.abc import Callable
from uuid import UUID

_NS_PER_MS = 1_000_000


class Uuid7Source:
    """Makes UUIDv7s, each greater than the one before, even when the clock stands still or goes back. For one thread.

    `unix_ns` is the time in nanoseconds; `random_bits(n)` draws n bits that cannot be guessed.
    """

    def __init__(self, unix_ns: Callable[[], int], random_bits: Callable[[int], int]) -> None:
        self._unix_ns = unix_ns
        self._random_bits = random_bits
        self._last = -1

    def next(self) -> UUID:
        """The next id."""
        now = (self._unix_ns() << 12) // _NS_PER_MS  # milliseconds, with 12 bits of fraction
        self._last = max(now, self._last + 1)
        unix_ms, fraction = divmod(self._last, 1 << 12)
        return UUID(int=unix_ms << 80 | 0b0111 << 76 | fraction << 64 | 0b10 << 62 | self._random_bits(62))
