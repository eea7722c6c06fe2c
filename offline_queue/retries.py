# SPDX-License-Identifier: Apache-2.0
"""Trying again while the journal cannot be written or read: what must not be lost waits here until it can.

Only what may pass is tried again (`JournalTransientError`). Everything else is raised at once: a change that the
journal refuses stays refused, and a fault of ours or a damaged file ends the process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from pengpos.core.errors import JournalTransientError

log = logging.getLogger(__name__)

T = TypeVar("T")

Trouble = Callable[[JournalTransientError | None], None]
"""Called with each failure, and with None at the success that follows one."""


class Pause(Protocol):
    """Waits for `limit_s` seconds, or for less where something may have changed."""

    def __call__(self, limit_s: float, /) -> Awaitable[object]:
        """Wait."""


async def retry_until_recorded(
    attempt: Callable[[], Awaitable[T]], *, what: str, every_s: float, pause: Pause = asyncio.sleep
) -> T:
    """Make an attempt at once, and again every `every_s` seconds until the journal has taken it; what it returned.

    An attempt changes nothing unless it succeeds. It ends when the caller is cancelled: money that waits for the
    journal is given up by nothing else. `what` is for the log. Raises whatever else the attempt raises.
    """
    return await _retry(attempt, f"{what} not recorded", every_s, pause)


async def retry_until_read(
    attempt: Callable[[], Awaitable[T]],
    *,
    what: str,
    every_s: float,
    pause: Pause = asyncio.sleep,
    trouble: Trouble = lambda _error: None,
) -> T:
    """As `retry_until_recorded`, for what only reads. `trouble` shows that it waits: no write would show it."""
    return await _retry(attempt, f"{what} not read", every_s, pause, trouble)


async def _retry(
    attempt: Callable[[], Awaitable[T]],
    failing: str,
    every_s: float,
    pause: Pause,
    trouble: Trouble = lambda _error: None,
) -> T:
    failed = 0
    while True:
        try:
            result = await attempt()
        except JournalTransientError as error:
            failed += 1
            if failed.bit_count() == 1:  # the 1st, 2nd, 4th, 8th …: an hour on a full card is a dozen lines
                log.error("%s, attempt %d: %s", failing, failed, error)
            trouble(error)
            await pause(every_s)
        else:
            if failed:
                log.warning("%s %d times, and now it is", failing, failed)
                trouble(None)
            return result
