# SPDX-License-Identifier: Apache-2.0
"""A backend in this process, reached over HTTP: fast where threads and sockets do not matter, real where they do."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import event, make_url
from sqlalchemy.orm import Session

from pengpos.backend_api.signed_answer import check_answer
from pengpos.keys.software import SoftwareKey
from sandbox.backend.api.delivery import AbortableH11Protocol
from sandbox.backend.booking import sweep
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.hub import Hub
from sandbox.backend.kernel.limits import Limit, Rate, Rates
from sandbox.backend.operators import roster
from sandbox.backend.records import seed
from sandbox.backend.records.database import Database
from sandbox.backend.records.tables import Base
from sandbox.backend.serving.app import create_app
from sandbox.backend.trust.issuer import Issuer
from tests.support.openapi import Contract
from tests.support.shop import HeldClock, Operator, Till, Wallet

ADMIN_TOKEN = "the operator's"
_DEADLINE_S = 20.0


@dataclass(slots=True)
class Naps:
    """Instead of waiting: notes for how long an answer would have been held back."""

    taken: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)


@dataclass(slots=True, kw_only=True)
class Shop:
    """A backend with everything a test plays: operator, tills, wallets, and the clock they share."""

    http: httpx.Client
    backend: Backend
    clock: HeldClock
    naps: Naps

    @property
    def operator(self) -> Operator:
        return Operator(self.http, ADMIN_TOKEN)

    def begin_again(self, token: str = ADMIN_TOKEN) -> bool:
        """What a start does with the token of the home; False: root was removed, and it opens nothing."""
        return self.backend.db.write(lambda session: roster.keep_root(session, token, self.clock.now()))

    def colleague(self, role: str, name: str = "") -> Operator:
        """Another operator, with a token of their own."""
        made = self.operator.call("POST", "/operators", {"name": name or f"a {role}", "role": role})
        return Operator(self.http, made.json()["token"])

    def till(self) -> Till:
        return Till.enrol(self.http, self.clock, self.operator.activation_code())

    def wallet(self, *, with_credential: bool = True) -> Wallet:
        return Wallet.sign_up(self.http, self.clock, with_credential=with_credential)

    def sweep(self) -> None:
        """What the sweeping thread of a running backend would do now."""
        sweep.sweep(self.backend)


_ROOMY = Limit("sign-ups: all shoppers of a run come from this machine", 1_000_000, 60)


def make_backend(url: str, *, origin: str, magic_amounts: bool = False) -> tuple[Backend, HeldClock, Naps]:
    """A backend on the database `url`, with a held clock."""
    hub = Hub()
    return _backend_on(_open(url, hub), hub, origin=origin, magic_amounts=magic_amounts)


def _open(url: str, hub: Hub) -> Database:
    path = make_url(url).database if url.startswith("sqlite") else None
    if path is None or Path(path).exists():
        return _migrated(url, hub)
    Path(path).write_bytes(_newest())
    return _connected(url, hub)


@cache
def _newest() -> bytes:
    """The file of a seeded SQLite database; a process makes it once, by the migrations, and copies it for each test."""
    with TemporaryDirectory() as directory:
        url = fresh_sqlite(Path(directory))
        _migrated(url, Hub()).close()
        return (Path(directory) / "sandbox.db").read_bytes()


def _migrated(url: str, hub: Hub) -> Database:
    database = _connected(url, hub)
    database.migrate()
    database.write(seed.seed)
    return database


def _connected(url: str, hub: Hub) -> Database:
    database = Database(url, wake=hub.wake)
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", _without_syncs)
    return database


def _backend_on(database: Database, hub: Hub, *, origin: str, magic_amounts: bool) -> tuple[Backend, HeldClock, Naps]:
    clock, naps = HeldClock(), Naps()
    database.write(lambda session: roster.keep_root(session, ADMIN_TOKEN, clock.now()))
    backend = Backend(
        db=database,
        issuer=Issuer(SoftwareKey.generate()),
        clock=clock,
        origin=origin,
        hub=hub,
        admin_token=ADMIN_TOKEN,
        magic_amounts=magic_amounts,
        rates=Rates(sign_ups_of_address=Rate(_ROOMY), sign_ups=Rate(_ROOMY)),
        sleep=naps.sleep,
    )
    return backend, clock, naps


@cache
def the_contract() -> Contract:
    """What every answer is held to; made once, it takes a third of a second."""
    nothing_behind_it = cast("Backend", None)  # the document is made from the routes alone
    return Contract(create_app(nothing_behind_it).openapi())


class InProcess(httpx.BaseTransport):
    """Carries a synchronous client's requests into an ASGI application, on an event loop of its own.

    `address`: where they come from. Whatever passes is held to the application's own OpenAPI document; what is answered
    to a terminal, to its request.
    """

    def __init__(self, app: FastAPI, address: str = "127.0.0.1") -> None:
        self._app = app
        self._inner = httpx.ASGITransport(app, client=(address, 123))
        self._contract = the_contract()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange; what the application raises, the caller gets."""
        response = asyncio.run_coroutine_threadsafe(self._exchange(request), self._loop).result(_DEADLINE_S)
        response.request = request
        self._contract.check(response)
        if response.is_success and request.url.path.startswith("/v1/") and "signature-input" in request.headers:
            check_answer(response, response.content, self._app.state.backend.issuer.trusted)
        return response

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

    def close(self) -> None:
        """End the loop and its thread."""
        asyncio.run_coroutine_threadsafe(self._loop.shutdown_default_executor(), self._loop).result(_DEADLINE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_DEADLINE_S)
        self._loop.close()


class Ground:
    """One application and one SQLite database for many shops, one after the other.

    Emptied before each: that takes a tenth of what a new application and new prepared statements take.
    """

    def __init__(self, url: str) -> None:
        self._hub = Hub()
        self._database = _open(url, self._hub)
        self._app = create_app(cast("Backend", None), sweeping=False)
        self._http = httpx.Client(transport=InProcess(self._app), base_url="http://backend.test")

    def shop(self, *, magic_amounts: bool = False) -> Shop:
        """A shop in which nothing has happened yet; what the one before it did is gone."""
        self._database.write(_empty)
        self._database.write(seed.seed)
        backend, clock, naps = _backend_on(
            self._database, self._hub, origin="http://backend.test", magic_amounts=magic_amounts
        )
        self._app.state.backend = backend
        return Shop(http=self._http, backend=backend, clock=clock, naps=naps)

    def close(self) -> None:
        """Give everything back."""
        self._http.close()
        self._database.close()


def _empty(session: Session) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(table.delete())


def _without_syncs(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # no test here cuts the power, and a commit is 50 times faster


@contextmanager
def in_process(url: str, *, magic_amounts: bool = False) -> Iterator[Shop]:
    """A shop whose HTTP goes straight into the application."""
    backend, clock, naps = make_backend(url, origin="http://backend.test", magic_amounts=magic_amounts)
    app = create_app(backend, sweeping=False)
    with httpx.Client(transport=InProcess(app), base_url=backend.origin) as http:
        yield Shop(http=http, backend=backend, clock=clock, naps=naps)
    backend.db.close()


@contextmanager
def on_a_socket(url: str, *, magic_amounts: bool = False) -> Iterator[Shop]:
    """A shop whose HTTP goes through uvicorn and a real socket: for streams, torn connections and threads."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    backend, clock, naps = make_backend(url, origin=origin, magic_amounts=magic_amounts)
    config = uvicorn.Config(
        create_app(backend, sweeping=False), http=AbortableH11Protocol, log_config=None, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    limits = httpx.Limits(max_connections=64)
    try:
        with httpx.Client(base_url=origin, timeout=_DEADLINE_S, limits=limits) as http:
            yield Shop(http=http, backend=backend, clock=clock, naps=naps)
    finally:
        backend.hub.close()
        server.should_exit = True
        thread.join(_DEADLINE_S)
        listener.close()
        backend.db.close()


def fresh_sqlite(directory: Path) -> str:
    """The URL of a database that does not exist yet."""
    return f"sqlite:///{directory / 'sandbox.db'}"
