# SPDX-License-Identifier: Apache-2.0
"""Serves the local API on its Unix socket, from before the enrolment until SIGINT or SIGTERM.

uvicorn serves, and nothing more: signals are ours, for it would raise SIGTERM again before anything is put away.
"""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from offline_queue.values import JournalBusyError
from pengpos.client import AlarmView, Home, LinkView, QueueView, Status, TerminalView
from pengpos.core.errors import ConfigError, JournalError, JournalTransientError
from pengpos.core.times import rfc3339
from pengpos.keys.file import FileKey
from pengpos.serving.connections import ACCEPTED_AT_ONCE_MOST, BoundedH11Protocol, BoundedServer, Bounds
from terminal.api.feed import Feed
from terminal.api.http import BODY_LIMIT_S, as_json, events_of, journal_problem, problem
from terminal.api.snapshot import terminal_view
from terminal.app import Terminal
from terminal.delivery import STRANDED, Delivery
from terminal.device import words
from terminal.device.alarm_words import stored_are_sent
from terminal.device.alarms import alarm_view
from terminal.device.identity import NotEnrolledError, read_identity
from terminal.device.journal_alarm import SOFTWARE, alarm_of, fault_detail
from terminal.device.last_fault import note_fault
from terminal.device.recording import end_tasks, set_within
from terminal.sales.offline import DEFAULT_CURRENCY
from terminal.wiring import Surroundings

log = logging.getLogger(__name__)

SOCKET_MODE = 0o660
CONNECTIONS_MOST = 128
_TAKES_NO_SOCKET = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})
ENROLMENT_POLL_S = 1.0
START_LIMIT_S = 10.0
_STAYS_TIMES = 40
SHOWS_WHY_S = 15.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Front:
    """The ASGI application that is there from the first moment; `api` is the one that answers now."""

    def __init__(self) -> None:
        self.api: ASGIApp = _starting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.api(scope, receive, send)


async def _starting(scope: Scope, receive: Receive, send: Send) -> None:
    """An enrolled terminal that is still taking up what its journal holds."""
    if scope["type"] == "http":
        await problem(503, "starting", "this terminal is starting; ask again in a moment")(scope, receive, send)


class _NotSelling:
    """The local API of a terminal that is not enrolled, or cannot start: it says why, to a screen that follows too.

    `refusal` answers all calls but for its status and events.
    """

    def __init__(
        self, now: int, refusal: Response, *, terminal: TerminalView | None = None, alarms: Sequence[AlarmView] = ()
    ) -> None:
        self._refusal = refusal
        self._status = Status(
            at=rfc3339(now),
            link=LinkView(online=False),
            readers=[],
            queue=QueueView(),
            alarms=list(alarms),
            terminal=terminal,
        )
        self.feed = Feed(first_event_id=now * 1_000)
        self.feed.publish(self._status)

    def show(self, alarms: Sequence[AlarmView], queue: QueueView) -> None:
        """What has changed since it began; whoever follows is told."""
        self._status = msgspec.structs.replace(self._status, alarms=list(alarms), queue=queue)
        self.feed.publish(self._status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(Request(scope, receive))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        match request.scope["path"]:  # the URL is made of the Host, which may be anything
            case "/v1/status":
                return as_json(self._status)
            case "/v1/events":
                return events_of(self.feed, request)
            case _:
                return self._refusal


class LocalApiProtocol(BoundedH11Protocol):
    """The local API's bounds, which its page says."""

    bounds = Bounds(connections_most=CONNECTIONS_MOST, body_s=BODY_LIMIT_S + 5)  # the API itself says it was too slow

    def refusal(self) -> tuple[Sequence[tuple[bytes, bytes]], bytes]:
        """A problem document, as every error."""
        detail = "this terminal has as many requests under way as it works on. Ask again in a moment"
        answer = problem(503, "too_many_calls", detail)
        return [(b"content-type", answer.headers["content-type"].encode())], bytes(answer.body)


class _Server(BoundedServer):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when a connection is heard."""
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`."""
        yield


def bind_socket(home: Home) -> socket.socket:
    """The local API's Unix socket, with its mode before anybody can connect. Raises ConfigError.

    One that a daemon still answers at is left to it. On a medium that takes nothing it lies in memory.
    """
    usual, spare = home.usual_socket, home.spare_socket
    try:
        for path in (usual, spare):
            if path.exists() and _answers(path):
                raise ConfigError(str(path), words.RUNS_ALREADY.said(), words.STOP_IT_FIRST.said())
        spare.unlink(missing_ok=True)
        try:
            return _bound(usual)
        except OSError as error:
            if error.errno not in _TAKES_NO_SOCKET:
                raise
            log.warning("%s: %s: listening at %s", usual, error.strerror, spare)
        spare.parent.mkdir(mode=0o700, exist_ok=True)
        if spare.parent.stat().st_uid != os.getuid():
            raise ConfigError(str(spare.parent), words.OF_ANOTHER_USER.said(), words.REMOVE_IT.said())
        return _bound(spare)
    except OSError as error:
        is_too_long = error.errno is None  # "AF_UNIX path too long": 107 bytes is all there is
        way_out = words.SHORTER_HOME if is_too_long else words.ANOTHER_HOME
        raise ConfigError(str(usual), words.NOT_MADE.said(why=error.strerror or error), way_out.said()) from error


def _bound(path: Path) -> socket.socket:
    """Raises OSError."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listening.bind(str(path))
        path.chmod(SOCKET_MODE)
    except OSError:
        listening.close()
        raise
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


async def serve(
    given: Surroundings, ready: Callable[[], None], stopping: asyncio.Event, *, shows_why_s: float = SHOWS_WHY_S
) -> None:
    """Run the daemon until `stopping`. `ready` is called once it listens and can sell, or says that it is not enrolled.

    The journal comes before the socket: a second daemon over the same home ends at its lock and takes nothing away.
    Where the journal keeps it from starting, it says so at its socket for `shows_why_s` before it ends. Raises
    ConfigError, JournalError, and whatever broke a part of the terminal: then start it again.
    """
    front = _Front()
    terminal: Terminal | None = None
    refused: JournalError | None = None
    try:
        terminal = _terminal(given)
    except JournalBusyError:
        raise
    except JournalError as error:
        log.critical("cannot start: %s", error)
        refused = error
    config = uvicorn.Config(
        front,
        http=LocalApiProtocol,
        backlog=ACCEPTED_AT_ONCE_MOST,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = _Server(config)
    try:
        listening = bind_socket(given.home)
    except ConfigError:
        if terminal is not None:
            await terminal.stop()
        raise
    loop = asyncio.get_running_loop()
    ends = {
        loop.create_task(server.serve(sockets=[listening]), name="local API"),
        loop.create_task(stopping.wait(), name="stopping"),
    }
    try:
        if not await set_within(server.listening, START_LIMIT_S):
            raise ConfigError(str(given.home.socket), words.NOT_LISTENING.said(), words.START_AGAIN.said())
        if refused is not None:
            await _say_why(refused, given, front, ends, shows_why_s)
            raise refused
        terminal = terminal or await _enrolled(given, front, ready, ends)
        while terminal is not None:
            try:
                api = await _start(terminal)
            except JournalError as error:
                log.critical("cannot start: %s", error)
                await _say_why(error, given, front, ends, shows_why_s)
                raise
            ordered_again = await _run(terminal, api, given, front, ready, ends)
            terminal = _terminal(given) if ordered_again else None
            ready = _said_already
    finally:
        stopping.set()
        server.should_exit = True
        await asyncio.gather(*ends)
        for path in (given.home.usual_socket, given.home.spare_socket):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


async def _enrolled(
    given: Surroundings, front: _Front, ready: Callable[[], None], ends: set[asyncio.Task[Any]]
) -> Terminal | None:
    """Say that this terminal is not enrolled, until it is; None if we are to end before that."""
    log.warning("not enrolled: waiting for pengpos enrol")
    detail = "this terminal is not enrolled yet: pengpos enrol --backend URL"
    front.api = unenrolled = _NotSelling(given.clock.now(), problem(503, "not_enrolled", detail))
    ready()
    terminal: Terminal | None = None
    while terminal is None and not any(task.done() for task in ends):
        await asyncio.wait(ends, timeout=ENROLMENT_POLL_S, return_when=asyncio.FIRST_COMPLETED)
        terminal = _terminal(given)
    front.api = _starting
    unenrolled.feed.close()
    return terminal


def _terminal(given: Surroundings) -> Terminal | None:
    """The terminal, if it is enrolled. Raises ConfigError, JournalError."""
    try:
        return Terminal(given)
    except NotEnrolledError:
        return None


async def _say_why(
    error: JournalError, given: Surroundings, front: _Front, ends: set[asyncio.Task[Any]], limit_s: float
) -> None:
    """Show the alarm for what keeps the terminal from starting, for a while; the supervisor tries again after that.

    Meanwhile what is stored goes to the backend, where it can be read: then it stays longer.
    """
    kind, words = alarm_of(error)
    now = given.clock.now()
    identity = read_identity(given.home.enrolment, FileKey.load(given.home.device_key))
    alarm = alarm_view(kind, kind, words, now)
    front.api = not_selling = _NotSelling(
        now, journal_problem(error), terminal=terminal_view(identity, DEFAULT_CURRENCY), alarms=[alarm]
    )

    def sent(done: int, queue: QueueView) -> None:
        words = stored_are_sent(done, done + queue.count)
        not_selling.show([alarm_view(STRANDED, STRANDED, words, now), alarm], queue)

    delivery = Delivery(given, identity, sent)
    delivering = asyncio.get_running_loop().create_task(delivery.run(error), name="delivery without a journal")
    try:
        await asyncio.wait(ends, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        stays_until_s = given.clock.monotonic_s() + limit_s * _STAYS_TIMES
        while delivery.has_any and given.clock.monotonic_s() < stays_until_s and not any(end.done() for end in ends):
            if isinstance(error, JournalTransientError) and os.access(given.home.root, os.W_OK):
                break  # it may take rows again: begin anew
            await asyncio.wait(ends, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_tasks([delivering])
        not_selling.feed.close()


async def _start(terminal: Terminal) -> ASGIApp:
    """The terminal's local API. Raises what keeps it from starting, and then has stopped it."""
    try:
        return await terminal.start()
    except BaseException:
        await terminal.stop()
        raise


async def _run(
    terminal: Terminal,
    api: ASGIApp,
    given: Surroundings,
    front: _Front,
    ready: Callable[[], None],
    ends: set[asyncio.Task[Any]],
) -> bool:
    """Run it until it breaks, or is to end; true if the operator has ordered that it begins anew."""
    broken = asyncio.get_running_loop().create_task(terminal.ended(), name="terminal")
    try:
        front.api = api
        ready()
        await asyncio.wait({broken, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if broken.done():
            _note(given, broken.exception())
            await broken
            log.warning("begins anew, as ordered")
            front.api = _starting
        return broken.done() and not any(task.done() for task in ends)
    finally:
        broken.cancel()
        await terminal.stop()


def _said_already() -> None:
    """That it can sell was said when the process began."""


def _note(given: Surroundings, error: BaseException | None) -> None:
    """Have the next process tell of a fault of the software; what is wrong with the medium it finds itself."""
    if error is not None and alarm_of(error)[0] == SOFTWARE:
        note_fault(given.home.last_fault, fault_detail(error))


def heed_signals(stopping: asyncio.Event) -> None:
    """SIGINT and SIGTERM set `stopping`, SIGHUP nothing; on the loop of the main thread.

    A hangup comes from a console that was closed, or from a program that believes every daemon reads its settings or
    opens its log anew by it. A terminal goes on selling.
    """
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, log.info, "SIGHUP: goes on as it is. SIGTERM ends it")
