# SPDX-License-Identifier: Apache-2.0
"""An event loop whose time jumps instead of passing: no task sleeps, everything happens in the same order each time.

While something is ready, time stands still. When nothing is, the clock is set to the next timer at once. What would run
in another thread runs here and now, so that no thread can be half done when time jumps. Sockets are real.

What ends a test from outside (a time limit, Ctrl-C) is raised in whatever the loop does just then, and a task keeps it
for itself: that ends the loop, and is raised by `run`. Else what was played would go on without that task.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import anyio.to_thread

STUCK_S = 10.0
"""How long a loop with no timer at all waits for its sockets, in real time, before it gives up."""

OWNER: ContextVar["set[asyncio.Task[Any]] | None"] = ContextVar("OWNER", default=None)
"""Tasks begun under a value of this are added to it: so one part of a program can be ended like a process."""


class StuckError(Exception):
    """Nothing is ready, no timer runs, and no socket speaks: the loop would wait for ever."""


class _Selector(selectors.DefaultSelector):
    """Looks at the sockets; where the loop wants to wait, sets its clock forward instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        """What is ready now, else time has jumped by `timeout` seconds."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            ready = super().select(STUCK_S)
            if not ready:
                raise StuckError
            return ready
        self.now_s += timeout
        return []


class JumpingLoop(asyncio.SelectorEventLoop):
    """See the module. `start_s`: what its clock shows first; worlds that outlive a loop hand it on."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._jumping = _Selector()
        self._jumping.now_s = start_s
        super().__init__(self._jumping)
        self.ended_by: BaseException | None = None
        """What ended it from outside."""
        self.set_exception_handler(_log_less)

    def time(self) -> float:
        """The loop's clock, in seconds; it never goes back."""
        return self._jumping.now_s

    def leap(self, seconds: float) -> None:
        """Let time pass in one go, as for a machine that slept: whatever became due meanwhile is due once."""
        self._jumping.now_s += seconds

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]  # typeshed wants TypeVarTuples
        """Run it at once, in this thread."""
        del executor
        future: asyncio.Future[Any] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  # what the thread would have raised, its awaiter gets
            future.set_exception(error)
        return future

    def create_task(self, coro: Any, **more: Any) -> "asyncio.Task[Any]":
        """As ever, and noted with its owner."""
        task: asyncio.Task[Any] = super().create_task(coro, **more)
        context = more.get("context")
        task.add_done_callback(self._look_at_its_end)
        owner = OWNER.get() if context is None else context.get(OWNER)
        if owner is not None:
            owner.add(task)
            task.add_done_callback(owner.discard)
        return task

    def _look_at_its_end(self, task: "asyncio.Task[Any]") -> None:
        error = task._exception  # it is not retrieved by this, so that what nobody waits for is still reported
        if self.is_ended_by(error):
            task.exception()  # `run` raises it

    def is_ended_by(self, error: BaseException | None) -> bool:
        """Stop, if this is an error that neither the program nor its fault test knows."""
        if error is None or isinstance(error, Exception | asyncio.CancelledError | Killed):
            return False
        self.ended_by = error
        self.stop()
        return True


def _log_less(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What dies in a fault test is meant to: only what no test expects is reported."""
    assert isinstance(loop, JumpingLoop)
    error = context.get("exception")
    if not loop.is_ended_by(error) and not isinstance(error, ConnectionError | asyncio.CancelledError | Killed):
        loop.default_exception_handler(context)


class Killed(BaseException):  # it is no error: it ends a process of a fault test, wherever it stands
    """This process is dead; nothing it does from here on has any effect."""


@contextmanager
def no_threads() -> Iterator[None]:
    """While this lasts, Starlette and FastAPI run what they would hand to a thread here and now."""
    kept = anyio.to_thread.run_sync

    async def run_sync(func: Callable[..., Any], *args: Any, **_: Any) -> Any:
        return func(*args)

    anyio.to_thread.run_sync = run_sync  # type: ignore[assignment]  # a simpler one with the same meaning
    try:
        yield
    finally:
        anyio.to_thread.run_sync = kept


def run(what: Callable[[], Awaitable[Any]], start_s: float = 0.0) -> tuple[Any, float]:
    """Run a coroutine on a fresh jumping loop to its end; its result, and what the loop's clock showed then."""

    async def begun() -> Any:
        return await what()

    loops: list[JumpingLoop] = []

    def make() -> JumpingLoop:
        loops.append(JumpingLoop(start_s))
        return loops[0]

    with no_threads(), asyncio.Runner(loop_factory=make) as runner:
        try:
            result = runner.run(begun())
        except RuntimeError:  # it was stopped before the coroutine had ended
            if (error := loops[0].ended_by) is not None:
                raise error from None
            raise
        return result, loops[0].time()
