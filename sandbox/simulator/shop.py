# SPDX-License-Identifier: Apache-2.0
"""The shop behind the page: shoppers' phones, the readers' places, the two switches, and what is shown of it all."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Literal, Self, assert_never

from pengpos.core.errors import PengposError
from pengpos.home import Home
from sandbox.phone.parts import phone_directory
from sandbox.simulator.actions import Action, Bring, Decide, Due, Scan, Switch, Take, Wipe, Wish
from sandbox.simulator.board import Board
from sandbox.simulator.books import LedgerFollower
from sandbox.simulator.handset import Handset

NAMES: Final = ("Lin", "Mei", "Chen")
"""The shoppers who have a phone; the page knows how each name is written in Chinese."""
_END_LIMIT_S = 5.0

Switchable = Literal["link", "reader"]
Position = Literal["on", "off", "breaks"]


class UnknownPhoneError(PengposError):
    """No phone of that name is here."""


class SimulatedShop:
    """Keeps the phones open and follows the ledger while its context is entered. Call `carry_out` from any thread.

    `switch` turns what is `switchable`, the terminal's line or its readers; nothing else can be turned here.
    """

    def __init__(
        self,
        home: Home,
        *,
        backend: str,
        admin_token: str,
        vpcd_ports: tuple[int, ...],
        switch: Callable[[Switchable, Position], None] = lambda _what, _to: None,
        switchable: frozenset[Switchable] = frozenset(),
    ) -> None:
        self.board = Board()
        self._switch = switch
        self._switchable = switchable
        self._switches: dict[Switchable, Position] = {"link": "on", "reader": "on"}
        self._ports = vpcd_ports
        self._taken: set[int] = set()
        self._stands: tuple[object, object] = (None, None)
        self._lock = threading.Lock()
        self._dirty = threading.Event()
        self._closing = False
        self._phones = {
            name: Handset(
                name, phone_directory(home, name), backend=backend, changed=self._dirty.set, free=self._free
            )
            for name in NAMES
        }  # fmt: skip
        self._ledger = LedgerFollower(backend, admin_token, self._booked)
        self._publisher = threading.Thread(target=self._publish, name="phones", daemon=True)

    def __enter__(self) -> Self:
        self._say_switches()
        self._dirty.set()
        self._publisher.start()
        self._ledger.start()
        self._refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.board.close()
        self._ledger.stop()
        self._closing = True
        self._dirty.set()
        self._publisher.join(_END_LIMIT_S)
        self._ledger.join(_END_LIMIT_S)
        for phone in self._phones.values():
            phone.close()

    def carry_out(self, action: Action) -> None:
        """Do what the page asks; the board shows what comes of it. Raises UnknownPhoneError."""
        match action:
            case Switch(what=what, to=to):
                self._turn(what, to)
            case Bring(phone=name):
                self._bring(self._phone(name))
            case Take(phone=name):
                self._phone(name).take_away()
            case Wish(phone=name):
                self._phone(name).wish(**action.model_dump(exclude={"do", "phone"}, exclude_none=True))
            case Decide(phone=name, agrees=agrees):
                self._phone(name).decide(agrees=agrees)
            case Wipe(phone=name):
                self._phone(name).wipe()
            case Scan(phone=name):
                self._scan(self._phone(name))
            case Due(phone=name, intent=intent_id, pays=pays):
                self._phone(name).answer_due(intent_id, pays=pays)
            case _:
                assert_never(action)

    def tell_terminal(self, status: dict[str, Any] | None) -> None:
        """Show the terminal's newest snapshot; where its sale has moved on, phones with a network ask the backend."""
        self.board.put("terminal", status)
        sale = (status or {}).get("sale") or {}
        before, self._stands = self._stands, (sale.get("id"), sale.get("state"))
        if self._stands != before:
            self._refresh()
        if self._stands[0] != before[0]:
            for phone in self._phones.values():
                phone.begin_anew()

    def _phone(self, name: str) -> Handset:
        if name not in self._phones:
            raise UnknownPhoneError(name)
        return self._phones[name]

    def _bring(self, phone: Handset) -> None:
        """Hold it to the first reader whose place is free; where none is, leave it away."""
        with self._lock:
            free = [port for port in self._ports if port not in self._taken]
            if not free:
                return
            self._taken.add(free[0])
        phone.bring(free[0])

    def _free(self, port: int) -> None:
        with self._lock:
            self._taken.discard(port)

    def _scan(self, phone: Handset) -> None:
        sale = (self.board.read("terminal") or {}).get("sale") or {}
        if url := sale.get("url"):
            phone.scan(str(url))

    def _turn(self, what: Switchable, to: Position) -> None:
        if what in self._switchable:
            self._switch(what, to)
            self._switches[what] = to
            self._say_switches()

    def _say_switches(self) -> None:
        said = {"at": self._switches, "can": sorted(self._switchable), "reader_is_virtual": bool(self._ports)}
        self.board.put("switches", said)

    def _booked(self, lines: list[dict[str, Any]]) -> None:
        """Show the ledger's newest postings; every phone with a network asks what they changed."""
        self.board.put("ledger", lines)
        self._refresh()

    def _refresh(self) -> None:
        for phone in self._phones.values():
            phone.refresh()

    def _publish(self) -> None:
        while not self._closing:
            self._dirty.wait()
            self._dirty.clear()
            if not self._closing:
                self.board.put("phones", [phone.view() for phone in self._phones.values()])
