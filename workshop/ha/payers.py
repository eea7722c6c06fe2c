# SPDX-License-Identifier: Apache-2.0
"""Terminals that pay without a pause, by nothing but the API, and send the same payment until it is answered.

They are the load, and the measure of the time without service: what each was told, it keeps with its moment.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx

from workshop.bench.backend_parties import AMOUNT_MINOR, PayingTerminal, PayingWallet
from workshop.ha.judging import Acknowledged

ASK_S: Final = 4.0
"""As long as a terminal waits."""
GIVEN_UP_S: Final = 110.0
"""An intent's life is 120 s."""
PAUSE_S: Final = 0.3
_FINAL: Final = frozenset({"approved", "declined"})


@dataclass(slots=True)
class Payer:
    """One terminal with a few shoppers, in a thread of its own."""

    name: str
    terminal: PayingTerminal
    wallets: Sequence[PayingWallet]
    now_s: Callable[[], float] = time.monotonic
    pause_s: float = PAUSE_S
    """Before the same is sent again."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    declined: dict[str, str] = field(default_factory=dict)
    """By intent: the verdict's code."""
    unanswered: int = 0
    sent_again: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to pay."""
        self._thread = threading.Thread(target=self._run, name=self.name)
        self._thread.start()

    def stop(self) -> None:
        """Pay no more; returns when what was under way is answered, or given up."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def pay(self, wallet: PayingWallet) -> None:
        """One payment, until it is answered for good."""
        body = self.terminal.payment(wallet)
        latest_s = self.now_s() + GIVEN_UP_S
        while self.now_s() < latest_s:
            answer = self._ask(body)
            if answer is not None and answer.get("status") in _FINAL:
                self._keep(answer)
                return
            self.sent_again += 1
            time.sleep(self.pause_s)
        self.unanswered += 1

    def _run(self) -> None:
        turn = 0
        while not self._stopping.is_set():
            self.pay(self.wallets[turn % len(self.wallets)])
            turn += 1

    def _ask(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """What is answered; None: nothing that says how it stands."""
        try:
            answer = self.terminal.call("POST", "/v1/payments", body)
        except httpx.HTTPError:
            return None
        if answer.status_code != HTTPStatus.OK:
            return None
        found: dict[str, Any] = answer.json()
        return found

    def _keep(self, answer: dict[str, Any]) -> None:
        intent_id = str(answer["intent_id"])
        if answer["status"] == "approved":
            self.acknowledged.append(Acknowledged(intent_id=intent_id, total_minor=AMOUNT_MINOR, at_s=self.now_s()))
        else:
            self.declined[intent_id] = str(answer.get("code"))
