# SPDX-License-Identifier: Apache-2.0
"""What waits for the journal: again after what may pass, counted, and at once out of anything else."""

import asyncio
import logging

import pytest

from offline_queue.retries import retry_until_read, retry_until_recorded
from offline_queue.values import ChangeRefusedError, JournalBusyError
from pengpos.core.errors import (
    JournalClosedError,
    JournalCorruptError,
    JournalError,
    JournalFaultError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
)

FULL = JournalFullError("no space left on device")
MAY_PASS = [FULL, JournalMediumError("disk I/O error", "Replace it"), JournalUnavailableError("locked")]
STAYS = [
    JournalFaultError("no such table"),
    JournalCorruptError(7, "changed"),
    JournalClosedError("the journal"),
    JournalBusyError("in use", "Wait"),
    ChangeRefusedError("an older version"),
]


class Attempt:
    """Fails of each error in turn, then succeeds; `waited` is what it was made to wait in between."""

    def __init__(self, *failures: JournalError) -> None:
        self._failures = list(failures)
        self.made = 0
        self.waited: list[float] = []

    async def __call__(self) -> int:
        self.made += 1
        if self._failures:
            raise self._failures.pop(0)
        return self.made

    async def pause(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.mark.parametrize("retry", [retry_until_recorded, retry_until_read])
@pytest.mark.parametrize("error", MAY_PASS, ids=lambda error: type(error).__name__)
def test_what_may_pass_is_tried_again(retry: object, error: JournalError) -> None:
    assert callable(retry)
    attempt = Attempt(error, error)
    assert asyncio.run(retry(attempt, what="a sale", every_s=2.0, pause=attempt.pause)) == 3
    assert attempt.waited == [2.0, 2.0]


@pytest.mark.parametrize("error", STAYS, ids=lambda error: type(error).__name__)
def test_anything_else_is_raised_at_once(error: JournalError) -> None:
    attempt = Attempt(error)
    with pytest.raises(type(error)):
        asyncio.run(retry_until_recorded(attempt, what="a sale", every_s=2.0, pause=attempt.pause))
    assert (attempt.made, attempt.waited) == (1, [])


def test_it_is_counted_and_the_log_is_not_filled(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    attempt = Attempt(*[FULL] * 100)
    asyncio.run(retry_until_recorded(attempt, what="a sale", every_s=2.0, pause=attempt.pause))
    said = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0].rpartition(" ")[2] for line in said[:-1]] == ["1", "2", "4", "8", "16", "32", "64"]
    assert all("a sale not recorded" in line for line in said)
    assert "100 times" in said[-1]


def test_trouble_is_shown_while_it_lasts() -> None:
    attempt = Attempt(FULL, MAY_PASS[1])
    shown: list[JournalError | None] = []
    asyncio.run(retry_until_read(attempt, what="a sale", every_s=2.0, pause=attempt.pause, trouble=shown.append))
    assert shown == [FULL, MAY_PASS[1], None]


def test_of_what_succeeds_at_once_no_trouble_is_shown() -> None:
    shown: list[JournalError | None] = []
    asyncio.run(retry_until_read(Attempt(), what="a sale", every_s=2.0, trouble=shown.append))
    assert shown == []


def test_it_ends_when_it_is_cancelled() -> None:
    async def work() -> None:
        attempt = Attempt(*[FULL] * 9)
        trying = asyncio.ensure_future(retry_until_recorded(attempt, what="a sale", every_s=3_600))
        await asyncio.sleep(0)  # one turn of the loop: its first attempt
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
        assert attempt.made == 1

    asyncio.run(work())
