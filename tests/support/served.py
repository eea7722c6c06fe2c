# SPDX-License-Identifier: Apache-2.0
"""The daemon's own `serve` in a thread of the test, reached over its Unix socket as a till reaches it."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import httpx

from pengpos.client import Home
from terminal.serving import serve
from terminal.wiring import Surroundings
from tests.support.loop_thread import LIMIT_S, LoopThread


class Daemon:
    """One running daemon."""

    def __init__(self, given: Surroundings, loop: LoopThread, *, shows_why_s: float = 0) -> None:
        self._given = given
        self._loop = loop
        self._stopping = asyncio.Event()
        self.ready = threading.Semaphore(0)
        """Released each time it says that it is ready."""
        self.ended: Future[None] = asyncio.run_coroutine_threadsafe(
            serve(given, self.ready.release, self._stopping, shows_why_s=shows_why_s), loop.loop
        )

    @property
    def home(self) -> Home:
        return self._given.home

    def until_ready(self) -> None:
        """Raises what `serve` raised instead."""
        while not self.ready.acquire(timeout=0.05):
            if self.ended.done():
                self.ended.result()
                raise AssertionError("it ended before it was ready")

    def stop(self) -> None:
        """As a signal would; raises what it ended of."""
        self._loop.loop.call_soon_threadsafe(self._stopping.set)
        self.ended.result(LIMIT_S)

    def client(self) -> httpx.Client:
        """A till."""
        return httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.home.socket), limits=httpx.Limits(max_connections=64)),
            base_url="http://terminal",
            timeout=LIMIT_S,
        )


@contextmanager
def served(given: Surroundings, loop: LoopThread) -> Iterator[Daemon]:
    """A daemon until the end of the context."""
    daemon = Daemon(given, loop)
    daemon.until_ready()
    try:
        yield daemon
    finally:
        if not daemon.ended.done():
            daemon.stop()
