# SPDX-License-Identifier: Apache-2.0
"""Holds one shopper's virtual phone for the page: carries out what its owner does, and says what it shows.

Decides nothing about money: the wallet does (`sandbox.phone`). Anything that waits, a tap or a question to the backend,
happens in a thread of its own; `changed` is called whenever the phone shows something else.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from pengpos.core.errors import PengposError
from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from sandbox.phone.account import Account, AccountDue, AccountPayment, BackendRefusedError, BackendUnreachableError
from sandbox.phone.field.hold import hold
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.events import Asked, Authorised, Event, PaidByAnother, ReceiptKept
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.wallet.store import Signed
from sandbox.simulator import showing
from sandbox.simulator.moments import Moment, manner_of

CURRENCY: Final = "CNY"  # of the sandbox's play money
HOLD_S = 12.0
LIE_S = 3600.0
AWAY_S = 0.8  # pcscd looks every 0.4 s whether a card is there: one that is back earlier never left
TIPS_MINOR: Final = (0, 88, 200)
_CLOSE_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How this phone is set and held."""

    locked: bool = False
    asks_first: bool = False
    says_no: bool = False
    network: bool = True
    tip_minor: int = 0
    lies: bool = False
    """It stays where it was laid, after a payment too."""
    moment: Moment = Moment.NEVER

    @property
    def owner(self) -> Owner:
        """The wallet's settings: without a lock or a question its owner has said that it pays whatever is asked."""
        unasked = () if self.locked or self.asks_first else (Money(AMOUNT_LIMIT_MINOR, CURRENCY),)
        return Owner(
            tap_limits=unasked,
            unasked=None,
            locked=self.locked,
            asks_first=self.asks_first,
            says_no=self.says_no,
            tip=Money(self.tip_minor, CURRENCY) if self.tip_minor else None,
            network=self.network,
        )


class Handset:
    """One phone. Every method returns at once; `close` waits for what is under way."""

    def __init__(
        self, name: str, directory: Path, *, backend: str, changed: Callable[[], None], free: Callable[[int], None]
    ) -> None:
        """`backend` is where it has its account; `free` gets a reader's port that is no longer used."""
        self.name = name
        self._backend = backend
        self._changed = changed
        self._free = free
        self._wishes = Wishes()
        self._phone = VirtualPhone(directory, owner=self._wishes.owner, listener=self._happened)
        self._moved = threading.Condition()
        self._taken = threading.Event()
        self._backend_lock = threading.Lock()
        self._is_to_refresh = False
        self._screen: showing.Screen = showing.IDLE
        self._asked: Asked | None = None
        self._payment: Signed | None = None
        self._dues: list[AccountDue] = []
        self._shown: Event | None = None
        self._lifted_at_s = 0.0
        self._ended = False
        self._port: int | None = None
        self._threads: list[threading.Thread] = []

    def close(self) -> None:
        """Take it away, and let go of its files."""
        self.take_away()
        for thread in list(self._threads):
            thread.join(_CLOSE_LIMIT_S)
        self._phone.close()

    def view(self) -> dict[str, Any]:
        """All that the page shows of it."""
        wishes, phone = self._wishes, self._phone
        return {
            "name": self.name,
            "near": self._port is not None,
            "wishes": {
                "locked": wishes.locked, "asks_first": wishes.asks_first, "says_no": wishes.says_no,
                "network": wishes.network, "tip": wishes.tip_minor, "lies": wishes.lies, "moment": wishes.moment.value,
            },
            "screen": self._screen,
            "account": phone.account_id,
            "balance": showing.balances(phone),
            "payments": showing.history(phone, self._dues),
            "dues": showing.asked(self._dues),
        }  # fmt: skip

    # --- what its owner does ------------------------------------------------------------------------------------------

    def wish(self, **changes: Any) -> None:
        """Change its settings; a phone that finds its network again asks the backend what is new."""
        before, self._wishes = self._wishes, replace(self._wishes, **changes)
        self._phone.owner = self._wishes.owner
        if self._wishes.network and not before.network:
            self.refresh()
        self._changed()

    def decide(self, *, agrees: bool) -> None:
        """Answer what the phone asks: unlocked and confirmed, or refused. The next tap tells the terminal."""
        asked = self._asked
        if asked is None:
            return
        self._asked = None
        if agrees:
            self.wish(locked=False)
            self._phone.wallet.confirm(asked.offer.digest)
        else:
            self._phone.wallet.refuse(asked.offer.digest)
        self._show(showing.of_decision(asked, agrees=agrees))

    def wipe(self) -> None:
        """Clear what it shows."""
        self._asked = None
        self._show(showing.IDLE)

    def begin_anew(self) -> None:
        """A new sale at the terminal: what became of the last one is in the list; a question or a tap goes on."""
        if self._port is None and self._asked is None:
            self._show(showing.IDLE)

    # --- at the reader ------------------------------------------------------------------------------------------------

    def bring(self, port: int) -> None:
        """Hold it to the virtual reader at this port; the port is given to `free` once it has left."""
        if self._port is not None:
            self._free(port)
            return
        self._port, self._ended, self._shown = port, False, None
        self._taken.clear()
        self._phone.manner = manner_of(self._wishes.moment)
        self._show(showing.NEAR)
        self._start(self._hold, port)

    def take_away(self) -> None:
        """Lift it now, whatever is under way."""
        self._taken.set()
        with self._moved:
            self._moved.notify_all()

    def _hold(self, port: int) -> None:
        trouble: showing.Screen | None = None
        try:
            self._taken.wait(max(0.0, self._lifted_at_s + AWAY_S - time.monotonic()))
            seconds = LIE_S if self._wishes.lies else HOLD_S
            in_peace = hold(self._phone, "127.0.0.1", port, seconds, happened=self._moved, done=self._is_over)
            if self._shown is None:
                trouble = showing.NOTHING_ASKED
            elif not in_peace and not isinstance(self._shown, Asked):
                trouble = showing.TORN
        except OSError:
            trouble = showing.NO_READER
        self._lifted_at_s = time.monotonic()
        if trouble is not None:
            self._screen = trouble
        self._port = None
        self._free(port)
        self._changed()
        self.refresh()

    def _is_over(self) -> bool:
        return self._taken.is_set() or (self._ended and not self._wishes.lies)

    def _happened(self, event: Event) -> None:
        """In the thread of the tap, or of a question to the backend, which tells all receipts there are each time."""
        if isinstance(event, PaidByAnother | ReceiptKept) and not self._is_news(event.payment):
            return
        if isinstance(event, Authorised | PaidByAnother | ReceiptKept):
            self._payment = event.payment
        self._shown = event
        self._asked = event if isinstance(event, Asked) else None
        self._ended = not isinstance(event, Authorised)
        self._show(showing.of_event(event))
        with self._moved:
            self._moved.notify_all()

    def _is_news(self, payment: Signed) -> bool:
        """Of the payment that it showed last, another outcome than then."""
        last = self._payment
        if last is None or payment.intent_id != last.intent_id:
            return False
        return (payment.outcome, payment.released) != (last.outcome, last.released)

    # --- by its own network -------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Learn balance and receipts, sign up the first time; nothing without network."""
        if self._wishes.network and not self._is_to_refresh:
            self._is_to_refresh = True
            self._start(self._refresh)

    def scan(self, url: str) -> None:
        """Pay what the terminal's code asks for, by this phone's own network."""
        self._show(showing.SCANNING)
        self._start(self._scan, url)

    def answer_due(self, intent_id: UUID, *, pays: bool) -> None:
        """Pay after all what was declined when a shop came online again, or say no to it."""
        self._show(showing.SCANNING)
        self._start(self._answer_due, Account.pay_due if pays else Account.refuse_due, intent_id)

    def _refresh(self) -> None:
        with self._backend_lock:
            self._is_to_refresh = False
            trouble = self._ask(None)
        if trouble is not None and trouble != showing.NO_NETWORK:
            self._screen = trouble
        self._changed()

    def _scan(self, url: str) -> None:
        with self._backend_lock:
            paid: list[AccountPayment] = []
            trouble = self._ask(lambda account: paid.append(self._phone.scan(account, url)))
        self._show(trouble or showing.of_account_payment(paid[0]))

    def _answer_due(self, answer: Callable[[Account, UUID], AccountDue], intent_id: UUID) -> None:
        with self._backend_lock:
            answered: list[AccountDue] = []
            trouble = self._ask(lambda account: answered.append(answer(account, intent_id)))
        self._show(trouble or showing.of_due(answered[0]))
        self.refresh()  # one that is over by now is shown no more

    def _ask(self, first: Callable[[Account], None] | None) -> showing.Screen | None:
        """Something with the backend, then all that is new there; what went wrong, if anything did."""
        try:
            account = self._phone.account(self._backend)
            try:
                if self._phone.account_id is None:
                    self._phone.sign_up(account, backend=self._backend, name=self.name)
                if first is not None:
                    self._phone.sync(account)  # a fresh phone knows no issuer yet
                    first(account)
                self._phone.sync(account)
                self._dues = account.dues()
            finally:
                account.close()
        except BackendUnreachableError:
            return showing.NO_NETWORK
        except BackendRefusedError as error:
            return showing.refused(error)
        except (PengposError, sqlite3.Error) as error:
            return showing.trouble(str(error))
        return None

    def _show(self, screen: showing.Screen) -> None:
        self._screen = screen
        self._changed()

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, args=arguments, name=f"phone {self.name}", daemon=True)
        self._threads.append(thread)
        thread.start()
