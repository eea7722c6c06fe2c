# SPDX-License-Identifier: Apache-2.0
"""The reader threads' side of a tap: watches fields, runs the card session, asks the loop twice.

Source: tap protocol §2. Rules that live here because only the field can tell: nothing is presented to a phone that was
there before the sale was armed; after an outcome or a refusal the field must be seen empty; two wallets are charged
neither; a card that is no wallet is passed over.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from terminal.core.errors import CardLostError, CardProtocolError, TapTimeoutError
from terminal.core.ports import Card, Clock, ReaderHealth, ReaderState
from terminal.core.sale import Notice, Prompt
from terminal.daemon.arming import Arming
from terminal.wire.session import CardSession

log = logging.getLogger(__name__)

TAP_LIMIT_S = 8.0
ASK_AGAIN_S = 1.0  # after "unlock" or "confirm" the same intent is presented each second while the phone stays
OFFER_LIMIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What to present, and to which arming it belongs: a reply to an older one is dropped."""

    sale_id: UUID
    intent_id: UUID
    presentation: bytes
    arming: int


class TapJudge(Protocol):
    """The loop's side. `offer` and `judge` are the two questions; the rest is told.

    What is told carries the arming it was seen under: a sale that began since has nothing to do with it.
    """

    async def offer(self, arming: int) -> Offer | None:
        """What to present now, or nothing."""

    async def judge(self, offer: Offer, reply: bytes) -> bytes | None:
        """Check the reply, take it or not; the receipt to push to the phone, when there is one in time."""

    def field_empty(self, arming: int) -> None:
        """A reader's field is empty since this arming."""

    def prompt(self, arming: int, prompt: Prompt) -> None:
        """Ask the shopper for something."""

    def notice(self, arming: int, notice: Notice) -> None:
        """Say what went wrong in the field."""

    def broken(self, arming: int, detail: str) -> None:
        """The phone broke the protocol."""

    def health(self, health: ReaderHealth) -> None:
        """A reader came or went."""


@dataclass(slots=True)
class _Field:
    """What one reader's thread knows of its field."""

    empty_since: int = -1
    """The last arming for which the field was seen empty."""
    told_occupied: int = -1
    passed_over: list[Card] = field(default_factory=list)
    not_before_s: float = 0.0
    wallet_under: int = -1
    """The arming under which a wallet here answered SELECT: one left lying from before is none of this sale's."""


class TapDesk:
    """`core.ports.TapListener`: one for all readers; each calls in from its own thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, judge: TapJudge, clock: Clock, arming: Arming) -> None:
        self._loop = loop
        self._judge = judge
        self._clock = clock
        self._arming = arming
        self._lock = threading.Lock()
        self._fields: dict[str, _Field] = {}

    def health(self, health: ReaderHealth) -> None:
        """Pass a reader's health on to the loop; of a lost one's field nothing is known any more."""
        if health.state is ReaderState.LOST:
            with self._lock:
                self._fields.pop(health.name, None)
        self._tell(self._judge.health, health)

    def field(self, reader: str, cards: Sequence[Card]) -> None:
        """One observation of one reader's field."""
        arming, armed = self._arming.now()
        with self._lock:
            mine = self._fields.setdefault(reader, _Field())
            if not cards:
                newly = mine.empty_since != arming
                self._fields[reader] = _Field(empty_since=arming)
            elif mine.empty_since != arming:
                newly = mine.told_occupied != arming
                mine.told_occupied = arming
            still_occupied = any(other.told_occupied == arming for other in self._fields.values())
        if not cards:
            if newly and armed:
                self._tell(self._judge.field_empty, arming)
                if still_occupied:  # one reader is free and sells; the phone on the other is still to go
                    self._tell(self._judge.prompt, arming, Prompt.REMOVE_PHONE)
        elif mine.empty_since != arming:
            if newly and armed:
                self._tell(self._judge.prompt, arming, Prompt.REMOVE_PHONE)
        elif armed and self._clock.monotonic_s() >= mine.not_before_s:
            self._tap(mine, [card for card in cards if card not in mine.passed_over], arming)

    def _tap(self, mine: _Field, cards: Sequence[Card], arming: int) -> None:
        offer: Offer | None = None
        try:
            wallets = self._wallets(mine, cards, arming)
            if not wallets:
                return
            if len(wallets) > 1 or self._others_have_a_wallet(mine, arming):
                self._two_phones(arming)
                return
            offer = self._ask(self._judge.offer(arming), OFFER_LIMIT_S)
            if offer is not None:
                self._present(mine, wallets[0], offer)
        except CardLostError as error:
            log.info("tap torn: %s", error)
            if offer is not None:
                self._tell(self._judge.notice, arming, Notice.TOO_QUICK)
        except TapTimeoutError as error:
            log.info("phone silent: %s", error)
            mine.not_before_s = self._clock.monotonic_s() + ASK_AGAIN_S
            self._tell(self._judge.prompt, arming, Prompt.LOOK_AT_PHONE)
        except CardProtocolError as error:
            log.warning("phone broke the protocol: %s", error)
            mine.passed_over += cards
            self._tell(self._judge.broken, arming, str(error))

    def _wallets(self, mine: _Field, cards: Sequence[Card], arming: int) -> list[CardSession]:
        """SELECT every card that has not been passed over; those that are ours."""
        wallets: list[CardSession] = []
        for card in cards:
            session = CardSession(card.transceive, self._clock.monotonic_s)
            if session.select() is None:
                mine.passed_over.append(card)
                self._tell(self._judge.notice, arming, Notice.NOT_A_WALLET)
            else:
                wallets.append(session)
        with self._lock:
            mine.wallet_under = arming if wallets else -1
        return wallets

    def _others_have_a_wallet(self, mine: _Field, arming: int) -> bool:
        with self._lock:
            return any(other.wallet_under == arming for other in self._fields.values() if other is not mine)

    def _two_phones(self, seen_under: int) -> None:
        """Charge neither: whatever either of them has answered or will answer belongs to an older arming."""
        arming = self._arming.empty_first()
        with self._lock:
            for occupied in self._fields.values():
                if occupied.wallet_under == seen_under:
                    occupied.told_occupied = arming  # "take it away" must not follow: more is being said
        self._tell(self._judge.prompt, arming, Prompt.TWO_PHONES)

    def _present(self, mine: _Field, session: CardSession, offer: Offer) -> None:
        reply = session.present(offer.presentation)
        mine.not_before_s = self._clock.monotonic_s() + ASK_AGAIN_S
        receipt = self._ask(self._judge.judge(offer, reply), TAP_LIMIT_S)
        if receipt is not None:
            session.push_result(receipt)

    # --- thread to loop -----------------------------------------------------------------------------------------------

    def _tell(self, told: Callable[..., None], *args: object) -> None:
        self._loop.call_soon_threadsafe(told, *args)

    def _ask(self, question: Any, limit_s: float) -> Any:
        """Run a coroutine on the loop; None if it takes longer than `limit_s` (it goes on without the phone)."""
        answer: Future[Any] = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return answer.result(limit_s)
        except FutureTimeoutError:
            log.warning("the loop did not answer a reader within %g s", limit_s)
            return None
        except CancelledError:  # the terminal stops
            return None
