# SPDX-License-Identifier: Apache-2.0
"""The screen program, as far as the terminal knows it: what it reported last, and when. Rings for nothing: a till may
sell without one; the doctor tells one that hangs from one that has gone.
"""

from pengpos.client import ScreenReport, ScreenView
from pengpos.core.ports import Clock
from pengpos.core.times import rfc3339
from pengpos.names import unfit
from terminal.api.http import BadRequestError

TEXT_MOST = 40


class Screens:
    """The newest report. Lives on the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.newest: ScreenView | None = None

    def reported(self, report: ScreenReport) -> None:
        """It draws. Raises BadRequestError."""
        if not 0 < report.pid < 1 << 31:
            raise BadRequestError(422, "invalid_request", "pid is a process's number")
        for name in ("software_version", "size", "panel"):
            if (wrong := unfit(getattr(report, name), most=TEXT_MOST)) is not None:
                raise BadRequestError(422, "invalid_request", f"{name} {wrong.says}")
        self.newest = ScreenView(
            pid=report.pid,
            software_version=report.software_version,
            size=report.size,
            panel=report.panel,
            heard=rfc3339(self._clock.now()),
        )
