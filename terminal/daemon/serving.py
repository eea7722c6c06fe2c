# SPDX-License-Identifier: Apache-2.0
"""Serves the local API on its Unix socket, from before the enrolment until SIGINT or SIGTERM."""

import asyncio
import logging
import socket
from collections.abc import Callable

import msgspec
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from terminal.client import Home, Language, LinkView, QueueView, Status
from terminal.daemon.app import ReadersFactory, Terminal
from terminal.daemon.clock import DeviceClock
from terminal.daemon.identity import NotEnrolledError
from terminal.daemon.local_api import problem
from terminal.daemon.views import utc

log = logging.getLogger(__name__)

SOCKET_MODE = 0o660
ENROLMENT_POLL_S = 1.0


class _Front:
    """The ASGI application: an unenrolled terminal says so, an enrolled one serves its API."""

    def __init__(self) -> None:
        self.api: ASGIApp = _unenrolled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.api(scope, receive, send)


async def _unenrolled(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/v1/status":
        now = utc(DeviceClock().now())
        status = Status(at=now, link=LinkView(online=False), readers=[], queue=QueueView(), alarms=[])
        await Response(msgspec.json.encode(status), media_type="application/json")(scope, receive, send)
    else:
        detail = "this terminal is not enrolled yet: pengpos enrol CODE --backend URL"
        await problem(503, "not_enrolled", detail)(scope, receive, send)


def bind_socket(home: Home) -> socket.socket:
    """The local API's Unix socket, bound with its mode before anybody can connect."""
    path = home.socket
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(SOCKET_MODE)
    return listening


async def serve(home: Home, readers: ReadersFactory, language: Language, ready: Callable[[], None]) -> None:
    """Run the daemon until SIGINT or SIGTERM. `ready` is called once it can sell, or knows that it is not enrolled.

    The journal comes before the socket: a second daemon over the same home ends at its lock and takes nothing away.
    """
    front = _Front()
    terminal = _terminal(home, readers, language)
    config = uvicorn.Config(
        front, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1, server_header=False
    )
    server = uvicorn.Server(config)
    try:
        serving = asyncio.get_running_loop().create_task(server.serve(sockets=[bind_socket(home)]))
        if terminal is None:
            log.warning("not enrolled: waiting for pengpos enrol")
            ready()
        while terminal is None and not serving.done():
            await asyncio.wait({serving}, timeout=ENROLMENT_POLL_S)
            terminal = _terminal(home, readers, language)
        if terminal is not None:
            front.api = await terminal.start()
            ready()
        await serving
    finally:
        if terminal is not None:
            await terminal.stop()
        home.socket.unlink(missing_ok=True)


def _terminal(home: Home, readers: ReadersFactory, language: Language) -> Terminal | None:
    """The terminal, if it is enrolled."""
    if not home.enrolment.exists():
        return None
    try:
        return Terminal(home, readers, language)
    except NotEnrolledError:
        return None
