# SPDX-License-Identifier: Apache-2.0
"""The two threads beside the screen's: one follows `/v1/events`, one makes calls. Both only fill an inbox."""

import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pengpos.client import ApiProblem, DaemonAway, LocalClient, Problem, Status
from ui.state.calls import Call, Found, perform
from ui.state.local import Trouble

INBOX_MOST = 64
CALLS_MOST = 4
PATIENCE_S = 5.0
_BACK_OFF_S = (0.1, 0.25, 0.5, 1.0, 2.0)


class Snapshot(NamedTuple):
    """The daemon's newest status."""

    status: Status


class Away(NamedTuple):
    """The daemon does not answer at its socket."""

    detail: str


class Answer(NamedTuple):
    """What came of a call."""

    call: Call
    trouble: Trouble | None
    found: Found = None


Message = Snapshot | Away | Answer


class Inbox:
    """Messages for the screen's thread, bounded; `wake` interrupts its waiting."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._messages: queue.Queue[Message] = queue.Queue(INBOX_MOST)
        self._wake = wake

    def put(self, message: Message) -> bool:
        """Add a message from another thread; waits while the screen is behind. False after `PATIENCE_S` of that."""
        try:
            self._messages.put(message, timeout=PATIENCE_S)
        except queue.Full:
            return False
        self._wake()
        return True

    def take(self) -> list[Message]:
        """Take everything that has come; on the screen's thread."""
        taken: list[Message] = []
        while True:
            try:
                taken.append(self._messages.get_nowait())
            except queue.Empty:
                return taken


class Follower(threading.Thread):
    """Follows the daemon's events, and comes back when the daemon does."""

    def __init__(self, socket_path: Path, inbox: Inbox) -> None:
        super().__init__(name="events", daemon=True)
        self._client = LocalClient(socket_path)
        self._inbox = inbox
        self._stopping = threading.Event()
        self._last_id: str | None = None
        self._failures = 0

    def run(self) -> None:
        """Follow until `stop`; a fault of our own is written to the console, shown as "away", and tried again after."""
        while not self._stopping.is_set():
            try:
                self._follow()
                self._stopping.wait(_BACK_OFF_S[0])  # the daemon closed the stream: it is going, or starting anew
            except (DaemonAway, ApiProblem) as error:
                self._lost(str(error))
            except Exception as error:  # noqa: BLE001 - a thread's entry: the screen must not freeze on old truth
                sys.stderr.write(f"pengpos ui: following the daemon's events failed: {error!r}\n")
                self._lost(repr(error))
        self._client.close()

    def stop(self) -> None:
        """End with the daemon's next event, or when it goes; the thread ends with the program anyway."""
        self._stopping.set()

    def _follow(self) -> None:
        for event in self._client.events(self._last_id):
            if self._stopping.is_set():
                return
            self._last_id = event.event_id or self._last_id
            self._failures = 0
            if not self._inbox.put(Snapshot(event.status)):
                return  # follow anew: the first event is the whole present state

    def _lost(self, detail: str) -> None:
        self._client.close()
        self._inbox.put(Away(detail))
        self._stopping.wait(_BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)])
        self._failures += 1


def _trouble(problem: Problem) -> Trouble:
    return Trouble(
        problem.code,
        problem.detail,
        roles=tuple(problem.roles or ()),
        tries_left=problem.tries_left if isinstance(problem.tries_left, int) else None,
        retry_after_s=problem.retry_after_s if isinstance(problem.retry_after_s, int) else None,
    )


class Caller(threading.Thread):
    """Makes one call after another, so that a slow daemon never stops the screen."""

    def __init__(self, socket_path: Path, inbox: Inbox) -> None:
        super().__init__(name="calls", daemon=True)
        self._client = LocalClient(socket_path)
        self._inbox = inbox
        self._calls: queue.Queue[Call | None] = queue.Queue(CALLS_MOST)

    def make(self, call: Call) -> None:
        """Queue a call; one too many is answered as not sent."""
        try:
            self._calls.put_nowait(call)
        except queue.Full:
            self._inbox.put(Answer(call, Trouble("away", "too many calls wait")))

    def run(self) -> None:
        """Make calls until `stop`."""
        while (call := self._calls.get()) is not None:
            self._inbox.put(self._try(call))
        self._client.close()

    def stop(self) -> None:
        """End after the call under way, if there is room to say so; the thread ends with the program anyway."""
        try:
            self._calls.put_nowait(None)
        except queue.Full:
            return

    def _try(self, call: Call) -> Answer:
        try:
            return Answer(call, None, perform(self._client, call))
        except ApiProblem as error:
            return Answer(call, _trouble(error.problem))
        except DaemonAway as error:
            return Answer(call, Trouble("away", str(error)))
        except Exception as error:  # noqa: BLE001 - a thread's entry: the button must not stay inert for ever
            sys.stderr.write(f"pengpos ui: {call} failed: {error!r}\n")
            return Answer(call, Trouble("fault", repr(error)))
