# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench lists`: judging a tap while clients page through stored sales, beside an idle terminal in one run.

The terminal is the daemon's own, served on its Unix socket, its backend away; the clients are processes. Measured is
the judgement: from the wallet's reply in the reader's hands to the receipt on its way to the phone, which is after the
sale accepted offline is durable. Idle and busy take turns in short blocks, so that the machine is the same for both.
"""

import asyncio
import gc
import http.client
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import httpx
import msgspec

from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from offline_queue.values import PAGE_LIMIT, IntentNumber, SaleChanged
from pengpos.client import Home, SaleView
from pengpos.core.ports import TapListener
from pengpos.core.sale import SaleState
from pengpos.keys.file import FileKey
from pengpos.keys.last_heard import LastHeard, write_last_heard
from pengpos.wire import apdu
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Role, issue_credential
from sandbox.phone.wallet.applet import Applet, Ins
from sandbox.phone.workbench import CNY_200, NOW, Bench
from terminal.serving import serve
from terminal.wiring import Surroundings
from workshop.bench.tap import Spread
from workshop.bench.tap_parts import LIMIT_S, READER, StandingClock
from workshop.samples.journal import SaleMaker, moved

T = TypeVar("T")

STORED = 5_000
CLIENTS = 2
BLOCK = 25
"""Taps in a row before idle and busy change places."""
GOAL = 2.0
_FILL_AT_ONCE = 500
_DAY_S = 86_400
_CAPS = {
    "currency": "CNY",
    "per_payment": 20_000,
    "per_wallet_count": 100_000,
    "per_wallet_total": 10_000_000,
    "stored_count": 100_000,
    "stored_total": 1_000_000_000,
    "stored_age_s": _DAY_S,
    "clock_doubt_s": _DAY_S * 365,
    "guaranteed": 0,
}


def run(directory: Path, *, taps: int, stored: int = STORED, clients: int = CLIENTS) -> Iterator[str]:
    """Measure, line by line. `directory` should be on the disk that matters."""
    bench = Bench()
    bench.store.set_balance("CNY", None)
    bench.give_new(allowance=CNY_200, expires_at=NOW + 30 * _DAY_S)
    home = Home(directory / "home")
    _enrol(home, bench)
    _fill(home, stored)
    with _Daemon(home) as daemon, _Listing(home.socket, clients) as listing:
        phone = _Phone(bench.card())
        for _ in range(3):
            daemon.tap(phone)
        gc.collect()
        gc.freeze()  # as the daemon does when it is ready
        idle_s: list[float] = []
        busy_s: list[float] = []
        while len(busy_s) < taps:
            idle_s += [daemon.tap(phone) for _ in range(BLOCK)]
            with listing.going_on():
                busy_s += [daemon.tap(phone) for _ in range(BLOCK)]
        pages, listed_s = listing.pages, listing.lasted_s
    idle, busy = Spread(idle_s), Spread(busy_s)
    yield f"wallet's reply at hand -> accepted offline, durable, receipt signed; {stored} payments stored:"
    yield idle.line("idle terminal")
    yield busy.line(f"{clients} clients page through all sales")
    yield f"  {pages} pages of {PAGE_LIMIT} sales read meanwhile, {pages * PAGE_LIMIT / listed_s:.0f} sales/s"
    p50, p99 = (busy.at(percent) / idle.at(percent) for percent in (50, 99))
    yield f"  beside lists / idle                          p50 {p50:.2f}  p99 {p99:.2f}   goal p99 {GOAL:g}"


# --- the terminal -----------------------------------------------------------------------------------------------------


def _enrol(home: Home, bench: Bench) -> None:
    """Everything a technician's enrolment leaves behind."""
    home.root.mkdir(parents=True)
    key = PublicKey.of(FileKey.load_or_create(home.device_key))
    issuer = PublicKey.of(bench.issuer)
    credential = issue_credential(
        bench.issuer,
        subject=bench.till.terminal_id,
        key=key,
        role=Role.TERMINAL,
        issued_at=NOW - 5,
        expires_at=NOW + 90 * _DAY_S,
        merchant=bench.till.merchant,
    )
    policy = {
        "version": 1,
        "terminal_id": "*",
        "issued_at": "2026-01-01T00:00:00Z",
        "not_after": "2027-01-01T00:00:00Z",
        "risk": _CAPS,
    }
    signed_policy = b64u(sign1(bench.issuer, Context.POLICY, msgspec.json.encode(policy), kid=issuer.kid))
    issuers = [issuer.to_jwk()]
    enrolment = {
        "backend": "http://backend.test",
        "issuers": issuers,
        "credential": b64u(credential),
        "confirmation_secret": b64u(bytes(32)),
        "policy": signed_policy,
        "enrolled_at": "2026-01-01T00:00:00Z",
    }
    heard = LastHeard(terminal_id=bench.till.terminal_id, policy=signed_policy, issuers=issuers)
    write_last_heard(home.last_heard, heard)
    home.enrolment.write_bytes(msgspec.json.encode(enrolment))


def _fill(home: Home, stored: int) -> None:
    """Put payments accepted offline into the journal, each of another wallet."""
    maker = SaleMaker()
    with closing(
        Journal.open(home.journal, key=load_or_create_key(home.journal_key), clock=StandingClock())
    ) as journal:
        for first in range(0, stored, _FILL_AT_ONCE):
            number = journal.next_counter()
            sales = [
                maker.signed(IntentNumber(number.epoch, number.counter + offset), at=NOW)
                for offset in range(min(_FILL_AT_ONCE, stored - first))
            ]
            accepted = [moved(maker.authorised(sale, at=NOW), SaleState.ACCEPTED_OFFLINE, NOW) for sale in sales]
            journal.record([SaleChanged(sale=sale, why="bench") for sale in accepted]).result(LIMIT_S)


class _Phone:
    """The wallet's card; notes when its reply was handed over, and when a receipt came for it."""

    def __init__(self, applet: Applet) -> None:
        self._applet = applet
        self.replied_s = 0.0
        self.receipt_s = 0.0

    def new_stay(self) -> None:
        self._applet.power_cycle()
        self.replied_s = self.receipt_s = 0.0

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        """As `core.ports.Card`."""
        del timeout_s
        if command[1] == Ins.RESULT:
            self.receipt_s = self.receipt_s or time.perf_counter()
        answer = self._applet.respond(command)
        if not self.receipt_s and apdu.Response.parse(answer).bytes_left is None:
            self.replied_s = time.perf_counter()
        return answer


class _Readers:
    """Readers that look where the benchmark says so, in its thread."""

    def __init__(self, listener: TapListener) -> None:
        self.listener = listener

    def start(self) -> None:
        """Nothing runs by itself."""

    def look_again(self) -> None:
        """Nothing waits."""

    def stop(self) -> bool:
        """Nothing ran."""
        return True


class _Daemon:
    """The terminal on its socket, in a thread of this process as the reader is, and a till that asks it for sales."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._ready = threading.Event()
        self._ended: list[BaseException | None] = []
        self._thread = threading.Thread(target=self._serve, name="bench daemon")

    def __enter__(self) -> "_Daemon":
        self._thread.start()
        self._ready.wait(LIMIT_S * 3)
        if self._ended:
            raise RuntimeError("the terminal of the benchmark did not start") from self._ended[0]
        self._till = _Connection(self._home.socket)
        return self

    def __exit__(self, *_: object) -> None:
        self._till.close()
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(LIMIT_S)

    def tap(self, phone: _Phone) -> float:
        """One sale of 0.01 CNY: seconds from the wallet's reply to the receipt."""
        body = {"idempotency_key": str(uuid4()), "amount": 1, "currency": "CNY", "ways": ["reader"]}
        sale = self._till.call("POST", "/v1/sales", SaleView, body)
        fields = self._readers.listener
        fields.field(READER, ())
        phone.new_stay()
        until_s = time.monotonic() + LIMIT_S
        while self._till.call("GET", f"/v1/sales/{sale.id}", SaleView).state != "presented":
            if time.monotonic() > until_s:
                raise RuntimeError("a sale of the benchmark was not presented")
        fields.field(READER, (phone,))
        if not phone.receipt_s:
            sale = self._till.call("GET", f"/v1/sales/{sale.id}", SaleView)
            raise RuntimeError(f"a tap of the benchmark was not accepted: {sale}")
        return phone.receipt_s - phone.replied_s

    def _serve(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # handed to the thread that waits for the start
            self._ended.append(error)
            raise
        finally:
            self._ready.set()

    async def _run(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        given = Surroundings(
            home=self._home,
            readers=self._make_readers,
            transport=httpx.MockTransport(_away),
            clock=StandingClock(),
        )
        await serve(given, self._ready.set, self._stopping)

    def _make_readers(self, listener: TapListener) -> _Readers:
        self._readers = _Readers(listener)
        return self._readers


def _away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("the backend of this benchmark is away", request=request)


# --- the clients ------------------------------------------------------------------------------------------------------


class _Page(msgspec.Struct):
    """All that a client which lists looks at: what it does with the sales is no part of this machine's work."""

    next: int | None


class _Connection:
    """One kept connection to the local API."""

    def __init__(self, path: Path) -> None:
        self._http = http.client.HTTPConnection("terminal", timeout=LIMIT_S)
        self._http.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._http.sock.settimeout(LIMIT_S)
        self._http.sock.connect(str(path))

    def call(self, method: str, path: str, kind: type[T], body: object = None) -> T:
        """The answer's content. Raises RuntimeError unless it is a good one."""
        content = None if body is None else msgspec.json.encode(body)
        self._http.request(method, path, content, {"host": "terminal"})
        answer = self._http.getresponse()
        raw = answer.read()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {answer.status} {raw[:200]!r}")
        return msgspec.json.decode(raw, type=kind)

    def close(self) -> None:
        """Hang up."""
        self._http.close()


class _Listing:
    """Processes that page through every sale while they are let."""

    def __init__(self, path: Path, clients: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._going, self._ending = spawn.Event(), spawn.Event()
        self._pages: Sequence[Synchronized[int]] = [spawn.Value("i", 0) for _ in range(clients)]
        self._clients = [
            spawn.Process(target=_page_through, args=(path, self._going, self._ending, pages), daemon=True)
            for pages in self._pages
        ]
        self.lasted_s = 0.0

    @property
    def pages(self) -> int:
        """How many have been read."""
        return sum(pages.value for pages in self._pages)

    def __enter__(self) -> "_Listing":
        for client in self._clients:
            client.start()
        with self.going_on():  # until each has begun
            pass
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._going.set()
        for client in self._clients:
            client.join(LIMIT_S)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Every client has read a page when this begins, and reads on until it ends."""
        before = [pages.value for pages in self._pages]
        began_s = time.monotonic()
        self._going.set()
        while any(pages.value == known for pages, known in zip(self._pages, before, strict=True)):
            if time.monotonic() > began_s + LIMIT_S:
                raise RuntimeError("the clients of the benchmark list nothing")
            time.sleep(0.01)
        yield
        self._going.clear()
        self.lasted_s += time.monotonic() - began_s


def _page_through(path: Path, going: Event, ending: Event, pages: "Synchronized[int]") -> None:
    """One client's life: page after page, from the newest sale to the oldest, and again."""
    before: int | None = None
    going.wait()
    connection = _Connection(path)
    while not ending.is_set():
        if not going.is_set():  # the server hangs up on who says nothing for five seconds
            connection.close()
            going.wait()
            connection = _Connection(path)
        path_and_query = f"/v1/sales?limit={PAGE_LIMIT}" + (f"&before={before}" if before else "")
        before = connection.call("GET", path_and_query, _Page).next
        pages.value += 1
    connection.close()
