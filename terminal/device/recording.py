# SPDX-License-Identifier: Apache-2.0
"""Habits of the loop: waiting for the journal's thread, or for a while; ending tasks; not losing what one died of."""

import asyncio
import logging
from collections.abc import Iterable, Sequence

from offline_queue.port import Writes
from offline_queue.values import Change, Recorded

log = logging.getLogger(__name__)

END_LIMIT_S = 10.0


async def durable(journal: Writes, changes: Sequence[Change], *, in_a_thread: bool = False) -> Recorded:
    """Record `changes` and return once they are on the medium. Raises what `Writes.record` raises.

    `in_a_thread`: their bytes are made by the caller, and so many would hold up the loop. The caller may be
    cancelled; the write may not: cancelling its future under the writer's hands would stop the journal's thread.
    """
    recorded = await asyncio.to_thread(journal.record, changes) if in_a_thread else journal.record(changes)
    return await asyncio.shield(asyncio.wrap_future(recorded))


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but no longer than that; True if it was set.

    Not `asyncio.wait_for`: before Python 3.12 that swallows a cancellation which meets the event, and its task goes on.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def end_tasks(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them all and wait for their end, within a bound; what they died of has been reported."""
    for task in (pending := set(tasks)):
        task.cancel()
    if pending:
        _, late = await asyncio.wait(pending, timeout=END_LIMIT_S)
        for task in late:
            log.error("%s did not end within %g s", task.get_name(), END_LIMIT_S)


def report_if_broken(task: asyncio.Task[None]) -> None:
    """As a task's done callback: what is not waited for is at least in the log."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("%s broke", task.get_name(), exc_info=error)
