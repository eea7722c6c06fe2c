# SPDX-License-Identifier: Apache-2.0
"""The page as a process: its socket, and the one line it prints when it is ready."""

import json
import secrets
import socket
import sys

import uvicorn

from sandbox.simulator.app import Page
from sandbox.simulator.counter import Counter
from sandbox.simulator.listening import ANY_PORT, USUAL_PORT, listener_at_first_free

_GRACE_S = 2


def say(**what: object) -> None:
    """One line of JSON to whoever started us."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def serve(counter: Counter, *, port: int | None, screen_url: str | None) -> None:
    """Serve an open counter on 127.0.0.1 until SIGINT or SIGTERM. Says `{"url": …}` when ready; raises ConfigError.

    `port` None: the usual one, or any where that is taken.
    """
    ports = (USUAL_PORT, ANY_PORT) if port is None else (port,)
    listener = listener_at_first_free(ports, "Choose another --port, or 0 for any free one")
    token = secrets.token_urlsafe(16)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/{token}/"
    config = uvicorn.Config(
        Page(counter, token=token, screen_url=screen_url).app(),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    _Server(config, counter, url).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says when it is ready, and lets event streams go before it waits for connections to end."""

    def __init__(self, config: uvicorn.Config, counter: Counter, url: str) -> None:
        super().__init__(config)
        self._counter = counter
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            say(url=self._url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._counter.board.close()
        await super().shutdown(sockets)
