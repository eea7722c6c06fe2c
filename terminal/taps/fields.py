# SPDX-License-Identifier: Apache-2.0
"""The reader threads' side of a tap: watches fields, runs the card session, asks the loop twice.

Source: tap protocol §2. Rules that live here because only the field can tell: nothing is presented to a phone that was
there before the sale was armed; after an outcome or a refusal the field must be seen empty; two wallets are charged
neither; a card that is no wallet is passed over.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pengpos.core.errors import CardLostError, CardProtocolError, TapTimeoutError
from pengpos.core.ports import (
    Card,
    Clock,
    ConversingCard,
    PassableCard,
    ReaderHealth,
    ReaderState,
    Signal,
    SignallingCard,
    Transceive,
)
from pengpos.core.sale import Notice, Prompt
from pengpos.wire.session import CardSession
from terminal.sales.arming import Arming

log = logging.getLogger(__name__)

T = TypeVar("T")

TAP_LIMIT_S = 8.0
ASK_AGAIN_S = 1.0  # after "unlock" or "confirm" the same intent is presented each second while the phone stays


@dataclass(frozen=True, slots=True)
class Offer:
    """What to present, and to which arming it belongs: a reply to an older one is dropped."""

    sale_id: UUID
    intent_id: UUID
    presentation: bytes
    arming: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a reply in time: what the phone is given, and what the reader shows."""

    receipt: bytes | None = None
    signal: Signal | None = None


class TapJudge(Protocol):
    """The loop's side. `judge` is the question; the rest is told, but for `offer`, which is read where it is needed.

    What is told carries the arming it was seen under: a sale that began since has nothing to do with it.
    """

    def offer(self, arming: int) -> Offer | None:
        """What to present now, or nothing. Called from a reader's thread: it reads a sale as it stands."""

    def expect(self) -> None:
        """A phone has been presented to, and thinks: what can be looked up before its reply comes may be."""

    async def judge(self, offer: Offer, reply: bytes, turnaround_ms: int) -> Answer:
        """Check the reply, take it or not; what to push to the phone, when there is one in time, and to show.

        `turnaround_ms`: how long this phone takes for a command.
        """

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
    strangers: list[Card] = field(default_factory=list)
    """Cards here that are no wallets: a sticker under the counter is no phone to be taken away."""
    phones: list[Card] = field(default_factory=list)
    """Cards here that are wallets, or may be."""
    broken: list[Card] = field(default_factory=list)
    """Phones here that broke the protocol."""
    two_under: int = -1
    """The arming under which more than one phone was told of, and this field has a part in it."""
    not_before_s: float = 0.0
    phones_there: int = 0
    not_a_wallet: bool = False
    """A card that is none was found, and nothing said of it: there may be a phone behind it."""
    wallet_under: int = -1
    """The arming under which a wallet here answered SELECT: one left lying from before is none of this sale's."""

    def keep_only(self, cards: Sequence[Card]) -> None:
        """Forget whoever has gone."""
        for known in (self.strangers, self.phones, self.broken):
            known[:] = [card for card in known if card in cards]


@dataclass(slots=True)
class _Tap:
    """One try with what lies in one field."""

    field: _Field
    cards: list[Card]
    arming: int
    offer: Offer | None = None
    """What is presented."""


class Fields:
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
        mine.keep_only(cards)
        if armed and mine.empty_since != arming and self._look_past(mine, cards):
            return  # a phone that lies behind it was there before the sale as well: nothing follows from this look
        phones = [card for card in cards if card not in mine.strangers]
        if mine.not_a_wallet:
            mine.not_a_wallet = False
            if not phones:
                self._tell(self._judge.notice, arming, Notice.NOT_A_WALLET)
        if phones and mine.empty_since == arming:
            if armed and self._clock.monotonic_s() >= mine.not_before_s:
                self._tap(_Tap(mine, [card for card in phones if card not in mine.broken], arming))
        elif phones:
            self._occupied(mine, len(phones), arming, armed=armed)
        else:
            self._empty(reader, mine, arming, armed=armed)

    def _empty(self, reader: str, mine: _Field, arming: int, *, armed: bool) -> None:
        with self._lock:
            newly = mine.empty_since != arming
            self._fields[reader] = _Field(empty_since=arming, strangers=mine.strangers)
            others = [other for other in self._fields.values() if other.told_occupied == arming]
            two_stay = sum(other.phones_there for other in others if other.two_under == arming) > 1
        if newly and armed and not two_stay:  # else what two phones were told stands: this field has no part in it
            self._tell(self._judge.field_empty, arming)
            if others:  # one reader is free and sells; the phone on the other is still to go
                self._tell(self._judge.prompt, arming, Prompt.REMOVE_PHONE)

    def _occupied(self, mine: _Field, phones: int, arming: int, *, armed: bool) -> None:
        with self._lock:
            newly = mine.told_occupied != arming
            one_has_gone = mine.two_under == arming and phones < mine.phones_there
            mine.told_occupied, mine.phones_there = arming, phones
            two_stay = sum(other.phones_there for other in self._fields.values() if other.two_under == arming) > 1
        if armed and (newly or (one_has_gone and not two_stay)):
            self._tell(self._judge.prompt, arming, Prompt.REMOVE_PHONE)

    def _look_past(self, mine: _Field, cards: Sequence[Card]) -> bool:
        """SELECT, once, whoever was there before the sale: nothing is presented, but a sticker need not go.

        True if one was passed over just now, so that what is behind it is yet to be seen.
        """
        passed_over = False
        for card in cards:
            if card in mine.strangers or card in mine.phones or card in mine.broken:
                continue
            try:
                is_wallet = CardSession(card.transceive, self._clock.monotonic_s).select() is not None
            except CardLostError:
                continue
            except (TapTimeoutError, CardProtocolError):
                is_wallet = True  # a locked phone answers nothing
            (mine.phones if is_wallet else mine.strangers).append(card)
            if not is_wallet and isinstance(card, PassableCard):
                card.pass_over()
                passed_over = True
        return passed_over

    def _tap(self, tap: _Tap) -> None:
        try:
            match tap.cards:
                case [ConversingCard() as card]:
                    presented = card.converse(partial(self._approach, tap))
                case _:
                    presented = self._approach(tap)
            if presented is not None:
                self._finish(*presented)
        except CardLostError as error:
            log.info("tap torn: %s", error)
            if tap.offer is not None:
                self._tell(self._judge.notice, tap.arming, Notice.TOO_QUICK)
        except TapTimeoutError as error:
            log.info("phone silent: %s", error)
            tap.field.not_before_s = self._clock.monotonic_s() + ASK_AGAIN_S
            self._tell(self._judge.prompt, tap.arming, Prompt.LOOK_AT_PHONE)
        except CardProtocolError as error:
            log.warning("phone broke the protocol: %s", error)
            tap.field.broken += tap.cards
            self._tell(self._judge.broken, tap.arming, str(error))

    def _approach(self, tap: _Tap, transceive: Transceive | None = None) -> tuple[Card, CardSession, Answer] | None:
        """From SELECT to the judge's answer; `transceive` is the only card's, in a conversation with it."""
        wallets = self._wallets(tap, transceive)
        if not wallets:
            return None
        if len(wallets) > 1 or self._others_have_a_wallet(tap.field, tap.arming):
            self._two_phones(tap.arming)
            return None
        tap.offer = self._judge.offer(tap.arming)
        if tap.offer is None:
            return None
        self._tell(self._judge.expect)
        card, session = wallets[0]
        reply = session.present(tap.offer.presentation)
        tap.field.not_before_s = self._clock.monotonic_s() + ASK_AGAIN_S
        question = self._judge.judge(tap.offer, reply, session.turnaround_ms)
        return card, session, self._wait(self._put(question), TAP_LIMIT_S) or Answer()

    def _finish(self, card: Card, session: CardSession, answer: Answer) -> None:
        """Out of the conversation, whose end was what the merchant waited for."""
        session.transceive = card.transceive
        if answer.receipt is not None:
            session.push_result(answer.receipt)
        if answer.signal is not None and isinstance(card, SignallingCard):
            card.signal(answer.signal)

    def _wallets(self, tap: _Tap, transceive: Transceive | None) -> list[tuple[Card, CardSession]]:
        """SELECT every card that has not been passed over; those that are ours."""
        mine, wallets = tap.field, list[tuple[Card, CardSession]]()
        for card in tap.cards:
            session = CardSession(transceive or card.transceive, self._clock.monotonic_s)
            if session.select() is None:
                mine.strangers.append(card)
                if isinstance(card, PassableCard):
                    mine.not_a_wallet = True
                    card.pass_over()
                else:
                    self._tell(self._judge.notice, tap.arming, Notice.NOT_A_WALLET)
            else:
                wallets.append((card, session))
                if card not in mine.phones:
                    mine.phones.append(card)
        with self._lock:
            mine.wallet_under = tap.arming if wallets else -1
            mine.phones_there = len(wallets)
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
                    occupied.told_occupied = occupied.two_under = arming  # more is being said than "take it away"
        self._tell(self._judge.prompt, arming, Prompt.TWO_PHONES)

    # --- thread to loop -----------------------------------------------------------------------------------------------

    def _tell(self, told: Callable[..., None], *args: object) -> None:
        self._loop.call_soon_threadsafe(told, *args)

    def _put(self, question: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(question, self._loop)

    def _wait(self, answer: "Future[T]", limit_s: float) -> T | None:
        """What a question came to; None if it takes longer than `limit_s` (it goes on without the phone)."""
        try:
            return answer.result(limit_s)
        except FutureTimeoutError:
            log.warning("the loop did not answer a reader within %g s", limit_s)
            return None
        except CancelledError:  # the terminal stops
            return None
