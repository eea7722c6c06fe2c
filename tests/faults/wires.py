# SPDX-License-Identifier: Apache-2.0
"""The world's backend behind real sockets: uvicorn's protocol, the fault proxy before it, all on the play's own loop.

The server can be killed and is back by itself after some seconds, with a fresh application over the same database.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from uvicorn import Config
from uvicorn.server import ServerState

from sandbox.backend.api.delivery import AbortableH11Protocol
from tests.support.fault_proxy import DOWN_S, FaultProxy


def listener() -> socket.socket:
    """A socket that listens on a free port of this machine."""
    return socket.create_server(("127.0.0.1", 0))


@dataclass(slots=True)
class Wires:
    """`reopen` makes the application anew, as a started process does."""

    proxy_listener: socket.socket
    server_listener: socket.socket
    reopen: Callable[[], FastAPI]
    _state: ServerState = field(default_factory=ServerState)
    _server: asyncio.Server | None = None
    _proxy: FaultProxy | None = None
    _back: "asyncio.Task[None] | None" = None

    async def start(self, app: FastAPI) -> None:
        """Serve and proxy."""
        await self._serve(app)
        upstream = self.server_listener.getsockname()
        self._proxy = FaultProxy(self.proxy_listener, (upstream[0], upstream[1]), self.kill)
        await self._proxy.start()

    async def stop(self) -> None:
        """End both."""
        assert self._proxy is not None
        if self._back is not None:
            await self._back
        await self._proxy.stop()
        self._end_connections()
        await asyncio.wait_for(asyncio.gather(*self._state.tasks, return_exceptions=True), 60)

    async def kill(self) -> None:
        """kill -9 of the server; it is back after `DOWN_S` seconds."""
        if self._server is not None:
            assert self._proxy is not None
            self._proxy.server_is_down = True
            self._end_connections()
            self._back = asyncio.get_running_loop().create_task(self._come_back())

    async def _come_back(self) -> None:
        await asyncio.sleep(DOWN_S)
        await self._serve(self.reopen())
        assert self._proxy is not None
        self._proxy.server_is_down = False

    async def _serve(self, app: FastAPI) -> None:
        config = Config(app, http=AbortableH11Protocol, log_config=None, access_log=False, lifespan="off")
        config.load()
        self._state = ServerState()
        loop = asyncio.get_running_loop()

        def protocol() -> AbortableH11Protocol:
            return AbortableH11Protocol(config=config, server_state=self._state, app_state={}, _loop=loop)

        self._server = await loop.create_server(protocol, sock=self.server_listener.dup())

    def _end_connections(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        connections: list[Any] = list(self._state.connections)
        for connection in connections:
            connection.transport.abort()  # what it was answering ends by itself when it sees that
