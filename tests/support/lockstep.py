# SPDX-License-Identifier: Apache-2.0
"""Runs a reader's thread and the event loop in turns: never both at once, so that every tap goes the same way."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from queue import SimpleQueue
from typing import Any

from terminal.taps.fields import TAP_LIMIT_S, Fields
from tests.support.jumping_loop import Killed

_GONE = object()
"""The loop died over the question."""


class Lockstep:
    """A reader's thread whose questions to the loop are answered while it waits, and which waits for nothing else."""

    def __init__(self, fields: Fields) -> None:
        self._tap_fields = fields
        self._said: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        fields._put = self._ask  # type: ignore[method-assign]  # its own asks a loop that runs beside it
        fields._wait = _have  # type: ignore[method-assign, assignment]  # its own waits for that loop

    async def run(self, work: Callable[[], None]) -> None:
        """Run `work` in a thread, the loop standing still but for its questions. Raises what `work` raises."""
        thread = threading.Thread(target=self._work, args=(work,), name="reader in lockstep", daemon=True)
        thread.start()
        while True:
            kind, *what = self._said.get()
            if kind == "ended":
                thread.join()
                if what[0] is not None:
                    raise what[0]
                return
            question, limit_s, box = what
            answer: object = _GONE
            try:
                answer = await _bounded(question, limit_s)
            except Exception as error:  # noqa: BLE001  # raised again where it was asked
                answer = error
            finally:
                box.put(answer)

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # a thread's entry: raised again in `run`
            self._said.put(("ended", error))
        else:
            self._said.put(("ended", None))

    def _ask(self, question: Coroutine[Any, Any, Any]) -> Any:
        box: SimpleQueue[Any] = SimpleQueue()
        self._said.put(("question", question, TAP_LIMIT_S, box))
        answer = box.get()
        if answer is _GONE:
            raise Killed
        if isinstance(answer, Exception):
            raise answer
        return answer


def _have(answer: Any, _limit_s: float) -> Any:
    """The caller that asked in lockstep has the answer."""
    return answer


async def _bounded(question: Coroutine[Any, Any, Any], limit_s: float) -> Any:
    """As `Fields`: None when the time is over, and the question goes on without the phone."""
    task = asyncio.ensure_future(question)
    done, _ = await asyncio.wait({task}, timeout=limit_s)
    return task.result() if done else None
