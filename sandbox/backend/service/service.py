# SPDX-License-Identifier: Apache-2.0
"""Runs the backend as a service: two listeners over one backend, from `READY=1` until SIGTERM has ended every request.

Tests: tests/sandbox/backend/service/test_service.py
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import uvicorn

from pengpos.core.errors import ConfigError
from pengpos.origins import origin_of
from pengpos.serving.connections import BoundedServer
from pengpos.serving.few_lines import log_to_stderr
from sandbox.backend.kernel.context import Backend
from sandbox.backend.service.credentials import read_credentials
from sandbox.backend.service.json_lines import log_json_to_stderr
from sandbox.backend.service.metrics import Metrics
from sandbox.backend.service.operations import Readiness, create_operations_app
from sandbox.backend.service.settings import Place, ServiceSettings
from sandbox.backend.service.supervisor import READY, STOPPING, Supervisor
from sandbox.backend.serving.app import create_app
from sandbox.backend.serving.server import assemble, configure, listen

log = logging.getLogger(__name__)

STATE_MODE = 0o700


def run(settings: ServiceSettings, state: Path) -> None:
    """Until SIGTERM or SIGINT. Raises ConfigError."""
    (log_json_to_stderr if settings.log == "json" else log_to_stderr)(logging.INFO)
    for other in ("alembic", "uvicorn"):
        logging.getLogger(other).setLevel(logging.WARNING)
    state.mkdir(mode=STATE_MODE, parents=True, exist_ok=True)
    secrets = read_credentials(settings, state, os.environ)
    listeners = [_listen("listen", settings.public_place), _listen("operations", settings.operations_place)]
    backend = assemble(
        issuer=secrets.issuer,
        database_url=secrets.database_url,
        token=secrets.admin_token,
        origin=origin_of(settings.origin),
    )
    try:
        asyncio.run(_serve(backend, settings, listeners, Supervisor.of(os.environ)))
    finally:
        backend.db.close()


def _listen(member: str, place: Place) -> socket.socket:
    try:
        return listen(*place)
    except ConfigError as error:
        cure = f"Say another place as `{member}` in the settings, or end the program that is there"
        raise ConfigError(error.where, error.detail, cure) from error


class _Server(BoundedServer):
    """One of two: `ready` is set when it listens; signals are taken by who runs both."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.ready.set()


async def _serve(
    backend: Backend, settings: ServiceSettings, listeners: list[socket.socket], supervisor: Supervisor
) -> None:
    stop = _stop_signal()
    readiness, metrics = Readiness(backend), Metrics(backend, version("pengpos"))
    public = metrics.counting(create_app(backend, operators=False))
    operations = create_operations_app(backend, readiness, metrics)
    servers = [
        _Server(configure(app, settings.trusted_proxies, grace_s=settings.stop_within_s))
        for app in (public, operations)
    ]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener]), name=name)
        for server, listener, name in zip(servers, listeners, ("public", "operations"), strict=True)
    ]
    alive = asyncio.create_task(supervisor.keep_alive(lambda: asyncio.to_thread(_nothing)), name="alive")
    try:
        await _until([*(server.ready for server in servers)], tasks)
        supervisor.say(READY)
        log.info("serving %s; operators and watchers at %s", backend.origin, settings.operations)
        await _until([stop], tasks)
        supervisor.say(STOPPING)
        log.info("stopping: requests have %d s", settings.stop_within_s)
    finally:
        readiness.is_stopping = True
        backend.hub.close()
        for server, task in zip(servers, tasks, strict=True):  # watchers last: until then they hear that it stops
            server.should_exit = True
            await asyncio.wait({task})
        alive.cancel()
    for task in tasks:
        task.result()


async def _until(events: list[asyncio.Event], tasks: list[asyncio.Task[None]]) -> None:
    """All events have come. Raises ConfigError where a server ended first."""
    waiting = asyncio.create_task(_all(events))
    done, _ = await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    if waiting in done:
        return
    waiting.cancel()
    name = min(task.get_name() for task in done)
    raise ConfigError(f"the {name} listener", "it ended by itself", "See the log above this line")


async def _all(events: list[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


def _stop_signal() -> asyncio.Event:
    """Set by SIGTERM and SIGINT; a SIGHUP ends nothing."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return stop


def _nothing() -> None:
    """What a free thread does to show that there is one."""
