# SPDX-License-Identifier: Apache-2.0
"""Whole terminals and phones that sell on, whatever becomes of the backend.

Journal, drainer, gateway and wallet are as they are. All terminals live on one loop, in a thread of its own. What a
sale came to is each terminal's own to say.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx
import msgspec
from starlette.types import ASGIApp

from drivers.readers.supervisor import ReaderSupervisor
from pengpos.client import DayReport, Home, SaleView, Status
from pengpos.core.errors import PengposError
from pengpos.core.money import Money
from pengpos.core.ports import TapListener
from sandbox.phone.account import Account
from sandbox.phone.field.in_process import VirtualField
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.owner import Owner
from terminal.app import Terminal
from terminal.wiring import Surroundings
from workshop.ha.judging import TillDay
from workshop.processes import run_once

T = TypeVar("T")

CURRENCY: Final = "CNY"
AMOUNT_MINOR: Final = 188
LOOK_EVERY_S: Final = 0.05
SALE_LIMIT_S: Final = 12.0
"""A cashier's patience: then the sale is given up, and the next shopper's turn."""
SETTLE_LIMIT_S: Final = 240.0
ENROL_LIMIT_S: Final = 90.0
_CALL_LIMIT_S: Final = 30.0
_MOVING: Final = frozenset({"signed", "presented", "pending", "authorised"})
OVER: Final = frozenset(
    {"approved", "settled", "declined", "declined_at_sync", "cancelled", "reversed", "expired", "refunded"}
)
_TAKEN: Final = frozenset({"approved", "settled"})


def till_day(name: str, report: DayReport, sales: Sequence[SaleView], waiting: int) -> TillDay:
    """What a terminal says at the end, for the judge."""
    return TillDay(
        name=name,
        approved={
            intent.intent_id: sale.total
            for sale in sales
            if sale.state in _TAKEN
            for intent in sale.intents
            if intent.state == "approved"
        },
        open_states=[f"{sale.number} {sale.state}" for sale in sales if sale.state not in OVER],
        waiting=waiting,
        is_final=report.final,
        differences=len(report.differences),
        unsettled=sum(sale.state == "approved" for sale in sales),
    )


class TillError(PengposError):
    """A terminal did not do what it must; what it said is in the message."""


class TillLoop:
    """The loop on which all terminals live."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tills")
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], limit_s: float = _CALL_LIMIT_S) -> T:
        """A coroutine's result or exception. Raises TimeoutError."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(limit_s)
        except TimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread; the terminals have been stopped before."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(slots=True)
class Till:
    """One terminal with a shopper before it. `enrol`, `open`, `start`; then `stop`, `day`, `close`."""

    name: str
    directory: Path
    floor: TillLoop
    origin: str
    sales: list[str] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    """How many sales were seen at last in which state when the cashier turned to the next shopper."""
    token: str = ""
    """Of the shopper's account."""
    _field: VirtualField = field(default_factory=VirtualField)
    _phone: VirtualPhone | None = None
    _terminal: Terminal | None = None
    _api: ASGIApp | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def enrol(self, code: str) -> None:
        """What a technician does first; and the shopper signs up."""
        home = {"PENGPOS_HOME": str(self.directory / "home")}
        run_once(["enrol", "--backend", self.origin], environment=home, limit_s=ENROL_LIMIT_S, stdin=code)
        owner = Owner(tap_limits=(Money(1_000_00, CURRENCY),), unasked=None)
        self._phone = phone = VirtualPhone(self.directory / "phone", owner=owner)
        account = Account.at(self.origin)
        phone.sign_up(account, backend=self.origin, name=self.name)
        phone.sync(account, spares=1)
        account.close()
        self.token = phone.store.note("token") or ""

    def open(self) -> None:
        """Switch it on."""
        self.floor.run(self._open())

    def start(self) -> None:
        """Sell without a pause."""
        self._thread = threading.Thread(target=self._run, name=self.name)
        self._thread.start()

    def stop(self) -> None:
        """Sell no more; returns when the shopper under way has left."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Switch it off."""
        if self._terminal is not None:
            self.floor.run(self._terminal.stop())
        if self._phone is not None:
            self._phone.close()

    # --- selling ------------------------------------------------------------------------------------------------------

    def sell(self) -> SaleView | None:
        """One sale, up to what the cashier sees of it before the next; None: none may be begun now."""
        body = {"idempotency_key": str(uuid4()), "amount": AMOUNT_MINOR, "currency": CURRENCY}
        answer = self._call("POST", "/v1/sales", body)
        if answer.status_code != httpx.codes.CREATED:
            return None
        sale = msgspec.json.decode(answer.content, type=SaleView)
        self.sales.append(sale.id)
        sale = self._until(sale.id, lambda seen: seen.state != "signed" and seen.prompt is None, SALE_LIMIT_S)
        if sale.state == "presented":
            assert self._phone is not None
            self._field.bring(self._phone)
            try:
                sale = self._until(sale.id, lambda seen: seen.state not in _MOVING, SALE_LIMIT_S)
            finally:
                self._field.take_away()
        if sale.state in _MOVING:
            self._call("POST", f"/v1/sales/{sale.id}/cancel", {"reason": "customer"})
            sale = self.sale(sale.id)
        return sale

    def _run(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):  # the machine is busy: the sale is in the journal
                sale = self.sell()
                seen = "refused" if sale is None else sale.state
                self.states[seen] = self.states.get(seen, 0) + 1
                if sale is None:
                    self._stopping.wait(1.0)

    # --- at the end ---------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Until nothing waits for the backend, or `SETTLE_LIMIT_S` is over: the judge sees what is left."""
        latest_s = time.monotonic() + SETTLE_LIMIT_S
        while time.monotonic() < latest_s:
            self._call("POST", "/v1/queue/sync")
            if self.status().queue.count == 0 and all(self.sale(one).state in OVER for one in self.sales):
                return
            time.sleep(1.0)

    def status(self) -> Status:
        """The terminal as it is now."""
        return msgspec.json.decode(self._call("GET", "/v1/status").content, type=Status)

    def sale(self, sale_id: str) -> SaleView:
        """One sale as it is now."""
        return msgspec.json.decode(self._call("GET", f"/v1/sales/{sale_id}").content, type=SaleView)

    def day(self, date: str) -> TillDay:
        """Close the day, which the backend has settled, and say how all stands. Raises TillError."""
        answer = self._call("POST", "/v1/day/close", {"date": date})
        if answer.status_code != httpx.codes.OK:
            raise TillError(f"{self.name}: the day is not closed: {answer.text}")
        report = msgspec.json.decode(answer.content, type=DayReport)
        return till_day(self.name, report, [self.sale(one) for one in self.sales], self.status().queue.count)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _until(self, sale_id: str, holds: Callable[[SaleView], bool], limit_s: float) -> SaleView:
        latest_s = time.monotonic() + limit_s
        while not holds(sale := self.sale(sale_id)) and time.monotonic() < latest_s:
            time.sleep(LOOK_EVERY_S)
        return sale

    def _call(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.floor.run(self._ask(method, path, body))

    async def _ask(self, method: str, path: str, body: object) -> httpx.Response:
        assert self._api is not None
        content = None if body is None else msgspec.json.encode(body)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._api), base_url="http://terminal") as client:
            return await client.request(method, path, content=content)

    async def _open(self) -> None:
        self._terminal = Terminal(Surroundings(home=Home(self.directory / "home"), readers=self._readers))
        self._api = await self._terminal.start()

    def _readers(self, listener: TapListener) -> ReaderSupervisor:
        name = self._field.name
        return ReaderSupervisor(listener, discover=lambda _limit_s: (name,), open_reader=lambda _name: self._field)
