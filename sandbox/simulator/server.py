# SPDX-License-Identifier: Apache-2.0
"""Runs the page as a process, which prints one line when it is ready."""

import json
import secrets
import socket
import sys

import uvicorn

from pengpos.serving.connections import BoundedH11Protocol, BoundedServer, Bounds
from sandbox.simulator.app import Page
from sandbox.simulator.listening import ANY_PORT, USUAL_PORT, listener_at_first_free
from sandbox.simulator.shop import SimulatedShop

_GRACE_S = 2


class _Protocol(BoundedH11Protocol):
    """Browsers of this machine; what says nothing keeps no place from them."""

    bounds = Bounds(connections_most=128)


def say(**what: object) -> None:
    """Write one line of JSON for the process that started this one."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def serve(shop: SimulatedShop, *, port: int | None, screen_url: str | None) -> None:
    """Serve the page of an open shop on 127.0.0.1 until SIGINT or SIGTERM; print `{"url": …}` when ready.

    `port` None: the usual one, or any where that is taken. Raises ConfigError.
    """
    ports = (USUAL_PORT, ANY_PORT) if port is None else (port,)
    listener = listener_at_first_free(ports, "Choose another --port, or 0 for any free one")
    token = secrets.token_urlsafe(16)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/{token}/"
    config = uvicorn.Config(
        Page(shop, token=token, screen_url=screen_url).app(),
        http=_Protocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    _Server(config, shop, url).run(sockets=[listener])


class _Server(BoundedServer):
    """Says when it is ready, and lets event streams go before it waits for connections to end."""

    def __init__(self, config: uvicorn.Config, shop: SimulatedShop, url: str) -> None:
        super().__init__(config)
        self._shop = shop
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            say(url=self._url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._shop.board.close()
        await super().shutdown(sockets)
