# SPDX-License-Identifier: Apache-2.0
"""A whole counter in this process: the terminal with its journal on disk, two virtual readers, shoppers' phones, and
the sandbox behind real HTTP.

A test plays cashier and shopper, waits for what a screen would show, and lets the sandbox's ledger judge. Nothing here
sleeps: `until` wakes with every snapshot the terminal publishes.
"""

import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import msgspec
from starlette.types import ASGIApp

from drivers.readers.supervisor import Pace, ReaderSupervisor
from offline_queue.journal.journal import Journal
from offline_queue.values import Change, Recorded, SaleChanged
from pengpos.client import Home, Problem, SaleView, Status
from pengpos.core.errors import JournalFullError
from pengpos.core.money import Money
from pengpos.core.ports import Card, Clock, TagPresenter, TapListener
from pengpos.core.reasons import Reason
from pengpos.core.sale import SaleState
from provisioning.activation import activate
from provisioning.enrolment import Enrolling
from sandbox.backend.terminals import policy
from sandbox.phone.field.in_process import FieldPhone, VirtualField
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.owner import Owner
from terminal.app import Terminal
from terminal.backend.gateway import Deadlines
from terminal.device.clock import DeviceClock
from terminal.taps.field_state import seen_empty_under
from terminal.taps.fields import Fields
from terminal.wiring import Surroundings
from tests.support.live_sandbox import LiveSandbox
from tests.support.loop_thread import LIMIT_S, LoopThread
from tests.support.road import Obstacle, Road

T = TypeVar("T")

CURRENCY = "CNY"
ALL_IN = Owner(tap_limits=(Money(1_000_00, CURRENCY),), unasked=None)
"""A shopper whose phone pays up to 1,000.00 unasked."""


# --- the journal ------------------------------------------------------------------------------------------------------


class FillingJournal(Journal):
    """The real journal on a card that takes nothing while `refuses` says so of what is to be written."""

    refuses: Callable[[Sequence[Change]], bool] = staticmethod(lambda _changes: False)

    def record(self, changes: Sequence[Change]) -> "Future[Recorded]":
        """As `Journal.record`."""
        if self.refuses(changes):
            refused: Future[Recorded] = Future()
            refused.set_exception(JournalFullError("no space left on device"))
            return refused
        return super().record(changes)


def rows_into(*states: SaleState) -> Callable[[Sequence[Change]], bool]:
    """For `refuses`: rows that bring a sale into one of these states."""
    return lambda changes: any(isinstance(change, SaleChanged) and change.sale.state in states for change in changes)


# --- the counter ------------------------------------------------------------------------------------------------------


class _Switched:
    """A reader whose field outlives the terminal's use of it: a phone may lie there while it is off."""

    def __init__(self, virtual: VirtualField) -> None:
        self.name = virtual.name
        self.looks = 0
        self._virtual = virtual

    def wait(self, timeout_s: float) -> Sequence[Card]:
        """As `core.ports.Reader`."""
        self.looks += 1
        return self._virtual.wait(timeout_s)

    def close(self) -> None:
        """Nothing to give back."""


class Counter:
    """One enrolled terminal and what is around it. Opened by `open_counter`."""

    def __init__(
        self,
        home: Home,
        sandbox: LiveSandbox,
        loop: LoopThread,
        *,
        readers: int = 1,
        deadlines: Deadlines | None = None,
    ) -> None:
        self.home = home
        self.sandbox = sandbox
        self.road = Road()
        self.fields = [VirtualField(f"reader {number}", hurried=True) for number in range(readers)]
        self.deadlines = deadlines if deadlines is not None else Deadlines()
        self.clock_off_s = 0
        """How far the machine's own clock is from the backend's."""
        self.tag: TagPresenter | None = None
        self.diagnose: Callable[[], dict[str, object]] | None = None
        """What its doctor finds, where it has one."""
        self._loop = loop
        self._terminal: Terminal | None = None
        self._api: ASGIApp | None = None
        self._journal: FillingJournal | None = None

    # --- on and off ---------------------------------------------------------------------------------------------------

    def enrol(self, code: str | None = None) -> None:
        """What a technician does first."""
        Enrolling(
            home=self.home,
            activate=partial(activate, now=self.sandbox.clock.now, transport=httpx.AsyncHTTPTransport(verify=False)),
            enrolled=lambda _home: None,
            unsent_payments=lambda _home: 0,
            now=self.sandbox.clock.now,
            software_version="test",
            machine=("0000", "test"),
        ).enrol(code or self.sandbox.operator.activation_code(), self.sandbox.backend.origin)

    def open(self) -> None:
        """Switch the terminal on."""
        self.road = Road(_rules=self.road._rules)
        self._loop.run(self._open())

    def close(self) -> None:
        """Switch it off, in order."""
        if self._terminal is not None:
            self._loop.run(self._terminal.stop())
            self._terminal = None

    def restart(self) -> None:
        """Off and on again over the same home."""
        self.close()
        self.open()

    def surroundings(self, **more: Any) -> Surroundings:
        """What the terminal is given."""
        return Surroundings(
            home=self.home,
            readers=self._readers,
            transport=self.road,
            clock=DeviceClock(system=lambda: self.sandbox.clock.now() + self.clock_off_s),
            open_journal=self._open_journal,
            deadlines=self.deadlines,
            tag=self.tag,
            **({"diagnose": self.diagnose} | more),
        )

    async def _open(self) -> None:
        self._terminal = Terminal(self.surroundings())
        self._api = await self._terminal.start()

    def _readers(self, listener: TapListener) -> ReaderSupervisor:
        assert isinstance(listener, Fields)
        self._tap_fields = listener
        by_name = self._switched = {virtual.name: _Switched(virtual) for virtual in self.fields}
        pace = Pace(wait_s=0.02, discover_s=0.05)
        return ReaderSupervisor(
            listener, discover=lambda _limit_s: tuple(by_name), open_reader=by_name.__getitem__, pace=pace
        )

    def _open_journal(self, path: Path, key: bytes, clock: Clock) -> Journal:
        self._journal = FillingJournal.open(path, key=key, clock=clock)
        return self._journal

    @property
    def terminal(self) -> Terminal:
        """The running terminal."""
        assert self._terminal is not None
        return self._terminal

    @property
    def terminal_id(self) -> str:
        """By which the backend knows it."""
        return self.terminal._device.identity().terminal_id

    @property
    def journal(self) -> FillingJournal:
        """The running terminal's journal."""
        assert self._journal is not None
        return self._journal

    # --- the cashier --------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """One call of the local API."""
        return self._loop.run(self._call(method, path, body, headers))

    async def _call(self, method: str, path: str, body: object, headers: dict[str, str]) -> httpx.Response:
        assert self._api is not None
        content = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._api), base_url="http://terminal") as client:
            return await client.request(method, path, content=content, headers=headers)

    def charge(self, amount: str, **more: object) -> SaleView:
        """The cashier confirms an amount; the sale is presented, or waits for the field to be empty."""
        body = {"idempotency_key": str(uuid4()), "amount": Money.parse(amount, CURRENCY).minor, "currency": CURRENCY}
        answer = self.call("POST", "/v1/sales", body | more)
        assert answer.status_code == 201, answer.text
        return msgspec.json.decode(answer.content, type=SaleView)

    def present(self, amount: str, **more: object) -> SaleView:
        """Charge with no phone at any reader, and wait until every reader has seen that."""
        sale = self.until(self.charge(amount, **more), "presented")
        fields, arming = self._tap_fields._states, self.terminal._device.arming
        until(lambda: all(seen_empty_under(each, arming.number) for each in fields.values()), "every field seen empty")
        return sale

    def tell(self, sale: SaleView, command: str, body: object = None) -> SaleView:
        """A command about a sale that must be taken."""
        answer = self.call("POST", f"/v1/sales/{sale.id}/{command}", body)
        assert answer.status_code == 200, answer.text
        return msgspec.json.decode(answer.content, type=SaleView)

    def refused(self, method: str, path: str, body: object = None) -> Problem:
        """A call that must be refused, with a problem document."""
        answer = self.call(method, path, body)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = msgspec.json.decode(answer.content, type=Problem)
        assert problem.status == answer.status_code
        assert problem.detail
        return problem

    def sync(self) -> None:
        """Try everything that waits, now."""
        assert self.call("POST", "/v1/queue/sync").status_code == 202

    def sale(self, sale: SaleView) -> SaleView:
        """As it is now."""
        return msgspec.json.decode(self.call("GET", f"/v1/sales/{sale.id}").content, type=SaleView)

    @property
    def status(self) -> Status:
        """As it is now."""
        return msgspec.json.decode(self.call("GET", "/v1/status").content, type=Status)

    def until(self, sale: SaleView, holds: str | Callable[[SaleView], object]) -> SaleView:
        """Wait until a sale is in a state, or something holds of it."""
        if isinstance(holds, str):
            state = holds
            return self.until(sale, lambda seen: seen.state == state)
        last: list[SaleView] = [sale]

        async def look_at_sale() -> SaleView | None:
            view = (await self._call("GET", f"/v1/sales/{sale.id}", None, {})).content
            last[0] = msgspec.json.decode(view, type=SaleView)
            return last[0] if holds(last[0]) else None

        return self._until(look_at_sale, lambda: f"sale is {last[0]}")

    def until_status(self, holds: Callable[[Status], object]) -> Status:
        """Wait until something holds of the whole terminal."""
        last: list[Status] = []

        async def look() -> Status | None:
            last[:] = [msgspec.json.decode((await self._call("GET", "/v1/status", None, {})).content, type=Status)]
            return last[0] if holds(last[0]) else None

        return self._until(look, lambda: f"terminal is {last}")

    def _until(self, look: Callable[[], Awaitable[T | None]], said: Callable[[], str]) -> T:
        async def wait() -> T:
            listener = self.terminal._device.feed.join()
            try:
                async for _ in listener.follow(None):
                    if (found := await look()) is not None:
                        return found
            finally:
                listener.leave()
            raise AssertionError("the terminal was switched off")

        try:
            return self._loop.run(wait())
        except AssertionError:
            raise AssertionError(f"{said()} {self._loop.broken}") from None

    # --- shoppers -----------------------------------------------------------------------------------------------------

    @contextmanager
    def held(self, phone: FieldPhone, reader: int = 0) -> Iterator[None]:
        """Hold a phone to a reader."""
        self.fields[reader].bring(phone)
        try:
            yield
        finally:
            self.fields[reader].take_away(phone)

    def tap(self, sale: SaleView, phone: FieldPhone, holds: str | Callable[[SaleView], object]) -> SaleView:
        """Hold a phone to the first reader until something holds of the sale."""
        with self.held(phone):
            return self.until(sale, holds)

    def look_round(self) -> None:
        """Until every reader has looked at its field anew, and what it saw has been heard."""
        after = {name: reader.looks + 2 for name, reader in self._switched.items()}
        until(
            lambda: all(reader.looks >= after[name] for name, reader in self._switched.items()), "every reader looked"
        )

    def resolve(self, sale: SaleView, state: str) -> SaleView:
        """Nothing is in the way any more: ask again, without waiting out any back-off, until the sale is in a state."""
        self.road.clear()

        def there() -> bool:
            self.sync()
            return self.sale(sale).state == state

        until(there, f"{state}: {self.sale(sale)}")
        return self.sale(sale)

    def lose_the_backend(self, obstacle: Obstacle | None = None) -> None:
        """From here on another backend answers, or none; returns when the terminal knows it."""
        if obstacle is None:
            self.road.cut()
        else:
            self.road.put(obstacle)
            self.road.silence_events()
        until(lambda: self.road.is_quiet, "every answer under way has come")
        self.until_status(lambda status: not status.link.online)

    def settle(self, **settings: Any) -> None:
        """Settings of this terminal at the backend; until the terminal has the policy that carries them."""
        path, backend = f"/terminals/{self.terminal_id}/settings", self.sandbox.backend
        assert self.sandbox.operator.call("PUT", path, settings).status_code == 204
        wanted = backend.db.write(
            lambda session: policy.current(session, backend.issuer, self.terminal_id, backend.clock.now()).version
        )
        self.until_status(lambda status: status.terminal and status.terminal.config_version >= wanted)

    def pass_time(self, seconds: int) -> None:
        """For everybody: backend, phones, terminal."""
        self.sandbox.clock.advance(seconds)

    # --- the judge ----------------------------------------------------------------------------------------------------

    @property
    def booked(self) -> list[int]:
        """What the ledger has taken for this terminal, smallest first."""
        return sorted(self.sandbox.booked(self.terminal_id).values())


def new_phone(directory: Path, sandbox: LiveSandbox, owner: Owner = ALL_IN) -> VirtualPhone:
    """A shopper's phone with 1,000.00 of play money and one credential to spare."""
    phone = VirtualPhone(directory, owner=owner, clock=sandbox.clock)
    phone.sign_up(sandbox.account(), backend=sandbox.backend.origin, name="小林")
    phone.sync(sandbox.account(phone.store.note("token")), spares=1)
    return phone


def until(holds: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
    """Wait, where there is no event to wait for, by looking; gives way to other threads between looks."""
    deadline_s = time.monotonic() + limit_s
    glance = threading.Event()
    while not holds():
        assert time.monotonic() < deadline_s, f"not within {limit_s:g} s: {what}"
        glance.wait(0.01)


def assert_says(sale: SaleView, reason: Reason) -> None:
    """The sale gives this reason, with a sentence for each side of the counter in every language of the house."""
    assert sale.reason is not None, f"no reason: {sale}"
    assert sale.reason.code == reason.value
    assert sale.reason.shopper_in is not None
    assert sale.reason.cashier_in is not None
    for said in (sale.reason.shopper_in, sale.reason.cashier_in):
        sentences = [said.in_language(language) for language in ("zh-Hans", "zh-Hant", "en")]
        assert all(sentences)
        assert len(set(sentences)) == len(sentences), f"the same sentence in two languages: {sentences}"
    assert sale.reason.shopper == sale.reason.shopper_in.in_language("zh-Hans")
    assert sale.reason.cashier == sale.reason.cashier_in.in_language("zh-Hans")
