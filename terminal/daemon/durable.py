# SPDX-License-Identifier: Apache-2.0
"""Two habits of the loop: waiting for the journal's thread, and never losing what a task died of."""

import asyncio
import logging
from collections.abc import Sequence

from offline_queue.port import Writes
from offline_queue.values import Change, Recorded

log = logging.getLogger(__name__)


async def durable(journal: Writes, changes: Sequence[Change], *, in_a_thread: bool = False) -> Recorded:
    """Record `changes` and return once they are on the medium. Raises what `Writes.record` raises.

    `in_a_thread`: their bytes are made by who asks, and so many would hold up the loop. Whoever waits here may be
    cancelled; the write may not: cancelling its future under the writer's hands would stop the journal's thread.
    """
    recorded = await asyncio.to_thread(journal.record, changes) if in_a_thread else journal.record(changes)
    return await asyncio.shield(asyncio.wrap_future(recorded))


def report_if_broken(task: asyncio.Task[None]) -> None:
    """As a task's done callback: what nobody waits for is at least in the log."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("%s broke", task.get_name(), exc_info=error)
