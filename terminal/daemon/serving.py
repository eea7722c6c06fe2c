# SPDX-License-Identifier: Apache-2.0
"""Serves the local API on its Unix socket, from before the enrolment until SIGINT or SIGTERM.

uvicorn serves, and nothing more: signals are ours, for it would raise SIGTERM again before anything is put away.
"""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from terminal.client import Home, LinkView, QueueView, Status
from terminal.core.errors import ConfigError
from terminal.daemon.app import Terminal
from terminal.daemon.identity import NotEnrolledError
from terminal.daemon.local_http import problem
from terminal.daemon.views import utc
from terminal.daemon.wiring import Surroundings

log = logging.getLogger(__name__)

SOCKET_MODE = 0o660
ENROLMENT_POLL_S = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Front:
    """The ASGI application: an unenrolled terminal says so, an enrolled one serves its API."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.api: ASGIApp = self._unenrolled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.api(scope, receive, send)

    async def _unenrolled(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/v1/status":
            status = Status(at=utc(self._now()), link=LinkView(online=False), readers=[], queue=QueueView(), alarms=[])
            await Response(msgspec.json.encode(status), media_type="application/json")(scope, receive, send)
        else:
            detail = "this terminal is not enrolled yet: pengpos enrol CODE --backend URL"
            await problem(503, "not_enrolled", detail)(scope, receive, send)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`."""
        yield


def bind_socket(home: Home) -> socket.socket:
    """The local API's Unix socket, with its mode before anybody can connect. Raises ConfigError.

    One that a daemon still answers at is left to it.
    """
    path = home.socket
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if _answers(path):
            raise ConfigError(str(path), "a daemon of this terminal runs already", "Stop it first, or leave it be")
        path.unlink(missing_ok=True)
        listening.bind(str(path))
        path.chmod(SOCKET_MODE)
    except ConfigError:
        listening.close()
        raise
    except OSError as error:  # also "AF_UNIX path too long": 107 bytes is all there is
        listening.close()
        raise ConfigError(
            str(path), f"cannot be made ({error.strerror or error})", "Name another, shorter PENGPOS_HOME of your own"
        ) from error
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


async def serve(given: Surroundings, ready: Callable[[], None], stopping: asyncio.Event) -> None:
    """Run the daemon until `stopping`. `ready` is called once it can sell, or knows that it is not enrolled.

    The journal comes before the socket: a second daemon over the same home ends at its lock and takes nothing away.
    Raises ConfigError, JournalError, and whatever broke a part of the terminal: then start it again.
    """
    front = _Front(given.clock.now)
    terminal = _terminal(given)
    config = uvicorn.Config(
        front, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1, server_header=False
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
        if terminal is None:
            log.warning("not enrolled: waiting for pengpos enrol")
            ready()
        while terminal is None and not any(task.done() for task in ends):
            await asyncio.wait(ends, timeout=ENROLMENT_POLL_S, return_when=asyncio.FIRST_COMPLETED)
            terminal = _terminal(given)
        if terminal is not None:
            await _run(terminal, front, ready, ends)
    finally:
        stopping.set()
        server.should_exit = True
        await asyncio.gather(*ends)
        given.home.socket.unlink(missing_ok=True)


def _terminal(given: Surroundings) -> Terminal | None:
    """The terminal, if it is enrolled. Raises ConfigError, JournalError."""
    try:
        return Terminal(given)
    except NotEnrolledError:
        return None


async def _run(terminal: Terminal, front: _Front, ready: Callable[[], None], ends: set[asyncio.Task[Any]]) -> None:
    broken = asyncio.get_running_loop().create_task(terminal.ended(), name="terminal")
    try:
        front.api = await terminal.start()
        ready()
        await asyncio.wait({broken, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if broken.done():
            await broken
    finally:
        broken.cancel()
        await terminal.stop()


def stop_on_signals(stopping: asyncio.Event) -> None:
    """SIGINT and SIGTERM set `stopping`; on the loop of the main thread."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stopping.set)
