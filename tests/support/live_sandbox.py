# SPDX-License-Identifier: Apache-2.0
"""The sandbox on a socket of this process, with money for testing and a clock that moves by hand."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import uvicorn

from sandbox.backend.api.delivery import AbortableH11Protocol
from sandbox.backend.booking import sweep
from sandbox.backend.kernel.context import Backend
from sandbox.backend.serving.app import create_app
from sandbox.phone.account import Account
from tests.support.backend import ADMIN_TOKEN, fresh_sqlite, make_backend
from tests.support.loop_thread import LIMIT_S
from tests.support.shop import HeldClock, Operator


@dataclass(slots=True, kw_only=True)
class LiveSandbox:
    """A sandbox with money for testing on a socket of this process; its clock moves by hand."""

    backend: Backend
    clock: HeldClock
    http: httpx.Client
    slow: threading.Event = field(default_factory=threading.Event)
    """Set: slow answers come at once. Cleared: not before it is set again."""

    @property
    def operator(self) -> Operator:
        return Operator(self.http, ADMIN_TOKEN)

    def account(self, token: str | None = None) -> Account:
        """A shopper's access over the connections of this process: making new ones is slow."""
        return Account(self.http, token)

    def sweep(self) -> None:
        """What the sweeping thread of a running sandbox would do now."""
        sweep.sweep(self.backend)

    def booked(self, terminal_id: str) -> dict[str, int]:
        """What the ledger has taken for this terminal, by intent."""
        return {
            payment["intent_id"]: payment["total"]
            for payment in self.operator.payments()
            if payment["terminal_id"] == terminal_id and payment["state"] == "approved"
        }


@contextmanager
def live_sandbox(directory: Path) -> Iterator[LiveSandbox]:
    """A sandbox until the end of the context."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    made, clock, _ = make_backend(fresh_sqlite(directory), origin=origin, magic_amounts=True)
    slow = threading.Event()
    slow.set()

    async def sleep(seconds: float) -> None:
        await asyncio.to_thread(slow.wait, seconds)

    backend = replace(made, sleep=sleep)
    config = uvicorn.Config(
        create_app(backend, sweeping=False), http=AbortableH11Protocol, log_config=None, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox")
    thread.start()
    try:
        with httpx.Client(base_url=origin, timeout=LIMIT_S, verify=False) as http:
            yield LiveSandbox(backend=backend, clock=clock, http=http, slow=slow)
    finally:
        slow.set()
        backend.hub.close()
        server.should_exit = True
        thread.join(LIMIT_S)
        listener.close()
        backend.db.close()
