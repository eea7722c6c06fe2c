# SPDX-License-Identifier: Apache-2.0
"""An event loop in a thread of its own, for tests that are themselves not asynchronous."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LIMIT_S = 20.0
"""How long anything in a test may take on a busy machine before it is given up."""


class LoopThread:
    """Runs coroutines for a test; what breaks in a task that no test awaits fails the test that closes it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.broken: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _loop, context: self.broken.append(context))
        self._thread = threading.Thread(target=self.loop.run_forever, name="test loop")
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], limit_s: float = LIMIT_S) -> T:
        """The coroutine's result or exception."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(limit_s)
        except TimeoutError:
            future.cancel()
            raise AssertionError(f"not done within {limit_s:g} s") from None

    def close(self) -> None:
        """End whatever still runs, and the thread."""
        self.run(self._end_tasks())
        self.run(self.loop.shutdown_asyncgens())
        self.run(self.loop.shutdown_default_executor())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(LIMIT_S)
        self.loop.close()

    async def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
