# SPDX-License-Identifier: Apache-2.0
"""A clock that a test holds in its hand (`pengpos.core.ports.Clock`)."""


class HeldClock:
    """Stands still until it is set; both its times go by what it is set to, also backwards."""

    def __init__(self, unix_s: int) -> None:
        self.unix_s = unix_s

    def now(self) -> int:
        """Unix seconds, UTC."""
        return self.unix_s

    def monotonic_s(self) -> float:
        """The same, since nothing here waits."""
        return float(self.unix_s)
