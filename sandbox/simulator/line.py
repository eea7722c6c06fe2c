# SPDX-License-Identifier: Apache-2.0
"""Relays TCP before the sandbox, so that the terminal's line to the backend has a switch.

It knows terminals from phones and browsers by the path of a connection's first request (`/v1/…`): cutting the line cuts
them off and no other, as when a shop's router is unplugged. It may also break while a payment is under way: the
request gets through, no answer does. Changes no byte. Where all connections are taken, a new one is let in at the cost
of the one that has said nothing for longest.
"""

import asyncio
import contextlib
import re
import threading
from types import TracebackType
from typing import Final, Self

from sandbox.simulator.listening import ANY_PORT, listener_at_first_free

CONNECTIONS_MOST: Final = 256
FIRST_LINE_MOST: Final = 8192
FIRST_LINE_LIMIT_S = 75.0  # a browser opens connections in advance
_PIECE = 65_536
_START_LIMIT_S = 10.0
_PAYMENT = b"POST /v1/payments HTTP/"
_OF_A_TERMINAL = re.compile(rb"[A-Z]+ /v1/")


class Line:
    """Relays from one port of 127.0.0.1 to another while its context is entered; `cut` and `mend` from any thread."""

    def __init__(self, *ports: int) -> None:
        """At the first of these ports that is free, 0 and none at all: any. Raises ConfigError if all are taken."""
        way_out = "Stop whatever uses that port, or use another PENGPOS_HOME"
        self._listener = listener_at_first_free(ports or (ANY_PORT,), way_out)
        self.port: int = self._listener.getsockname()[1]
        self._upstream_port = 0
        self._is_up = True
        self._breaks = False
        """With the next payment."""
        self._is_mute = False
        """That payment is with the backend, which has not answered yet: terminals hear nothing any more."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: dict[asyncio.Task[None], bool] = {}
        self._silent: dict[asyncio.Task[None], None] = {}
        """Those that have not said their first line, the oldest first."""
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    @property
    def is_up(self) -> bool:
        """Whether terminals get through."""
        return self._is_up

    def start(self, upstream_port: int) -> None:
        """Relay to this port of 127.0.0.1."""
        self._upstream_port = upstream_port
        self._thread.start()
        self._ready.wait(_START_LIMIT_S)

    def cut(self) -> None:
        """End every connection of a terminal, and take no new one."""
        self._is_up = self._breaks = self._is_mute = False
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._drop_terminals)

    def mend(self) -> None:
        """Terminals get through again."""
        self._breaks = self._is_mute = False
        self._is_up = True

    def break_in_payment(self) -> None:
        """Be cut when the backend has acted on the next payment; neither its answer nor its event gets through."""
        self.mend()
        self._breaks = True

    def close(self) -> None:
        """End everything within seconds."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_START_LIMIT_S)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._relay, sock=self._listener.dup(), limit=FIRST_LINE_MOST)
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._stopping.wait()
        server.close()
        waiting = list(self._serving)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def _drop_terminals(self) -> None:
        for task, is_terminal in self._serving.items():
            if is_terminal:
                task.cancel()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            if len(self._serving) >= CONNECTIONS_MOST and self._silent:
                silent = next(iter(self._silent))
                del self._silent[silent], self._serving[silent]
                silent.cancel()
            if len(self._serving) < CONNECTIONS_MOST:
                self._serving[task] = False
                self._silent[task] = None
                with contextlib.suppress(OSError, asyncio.CancelledError):  # either side went, or the line was cut
                    await self._join(task, reader, writer)
        finally:
            self._serving.pop(task, None)
            self._silent.pop(task, None)
            writer.transport.abort()

    async def _join(
        self, task: "asyncio.Task[None]", reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first = await _first_line(reader)
        self._silent.pop(task, None)
        is_terminal = self._serving[task] = _OF_A_TERMINAL.match(first) is not None
        if not first or (is_terminal and not self._is_up):
            return
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        try:
            upstream_writer.write(first)
            self._look_at(first)
            asking = asyncio.ensure_future(self._ask(reader, upstream_writer))
            answering = asyncio.ensure_future(self._answer(upstream_reader, writer, is_terminal=is_terminal))
            try:
                await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pipe in (asking, answering):
                    pipe.cancel()
                await asyncio.gather(asking, answering, return_exceptions=True)
            if not writer.is_closing():
                writer.close()
                await writer.wait_closed()  # the answer's last bytes
        finally:
            upstream_writer.transport.abort()

    async def _ask(self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE):
            self._look_at(piece)
            upstream.write(piece)
            await upstream.drain()

    def _look_at(self, piece: bytes) -> None:
        """A request begins a piece: httpx writes none behind another."""
        if self._breaks and piece.startswith(_PAYMENT):
            self._breaks, self._is_mute = False, True

    async def _answer(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_terminal: bool) -> None:
        while piece := await upstream.read(_PIECE):
            if is_terminal and self._is_mute:
                if piece.startswith(b"HTTP/"):  # not of an event stream, which has begun before
                    self.cut()
                continue
            writer.write(piece)
            await writer.drain()


async def _first_line(reader: asyncio.StreamReader) -> bytes:
    """The request line; empty when none comes."""
    try:
        async with asyncio.timeout(FIRST_LINE_LIMIT_S):
            return await reader.readuntil(b"\n")
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return b""
