# SPDX-License-Identifier: Apache-2.0
"""The machine's own clock, as `pengpos.core.ports.Clock`. A terminal that sells asks `terminal.device.clock`."""

import time


class SystemClock:
    """What the operating system says."""

    def now(self) -> int:
        """Unix seconds, UTC."""
        return int(time.time())

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
