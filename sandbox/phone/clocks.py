# SPDX-License-Identifier: Apache-2.0
"""A clock that a test sets (`pengpos.core.ports.Clock`)."""


class HeldClock:
    """A clock that stands still until it is set, also backwards; both its times are what it was set to."""

    def __init__(self, unix_s: int) -> None:
        self.unix_s = unix_s

    def now(self) -> int:
        """Unix seconds, UTC."""
        return self.unix_s

    def monotonic_s(self) -> float:
        """The same, since nothing here waits."""
        return float(self.unix_s)
