# SPDX-License-Identifier: Apache-2.0
"""The reader threads' side of a tap: watches fields, runs the card session, asks the loop once.

Threads and cards only; what follows from what is seen is decided by `field_state`. Source: tap protocol §2.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from typing import Any, TypeVar, assert_never

from pengpos.core.errors import CardLostError, CardProtocolError, TapTimeoutError
from pengpos.core.ports import (
    Card,
    Clock,
    ConversingCard,
    PassableCard,
    ReaderHealth,
    ReaderState,
    SignallingCard,
    Transceive,
)
from pengpos.wire.session import CardSession
from terminal.sales.arming import Armed, Arming
from terminal.taps.field_events import (
    Broke,
    ForgetWallets,
    Looked,
    Presented,
    Recognise,
    Recognised,
    Replied,
    Report,
    ReportBroken,
    ReportEmpty,
    ShowNotice,
    ShowPrompt,
    Silent,
    StrangerSelected,
    TapEnded,
    TapEvent,
    Torn,
    TryCards,
    TwoPhonesFound,
    WalletSelected,
)
from terminal.taps.field_state import FieldState, Unseen, others_of, step
from terminal.taps.judge import Answer, TapJudge

log = logging.getLogger(__name__)

T = TypeVar("T")

TAP_LIMIT_S = 8.0


class _Tap:
    """One try with what lies in one field, and what its events have made of that field so far.

    The reader's driver may run a conversation in a thread of its own: nothing is written to the field until it is over.
    """

    def __init__(self, reader: str, cards: Sequence[Card], arming: int, state: FieldState) -> None:
        self.reader = reader
        self.cards = cards
        self.arming = arming
        self._states = [state]

    @property
    def state(self) -> FieldState:
        """The field as it is by now."""
        return self._states[-1]

    def step(self, event: TapEvent) -> tuple[Report, ...]:
        """Take an event; return what follows."""
        state, effects = step(self.state, event)
        self._states.append(state)
        return effects


class Fields:
    """`core.ports.TapListener`: one for all readers; each calls in from its own thread.

    A reader's field is written by that reader's thread only. What the readers must know of each other while a phone
    waits is kept by `Arming`. The loop is reached by posting to it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, judge: TapJudge, clock: Clock, arming: Arming) -> None:
        self._loop = loop
        self._judge = judge
        self._clock = clock
        self._arming = arming
        self._lock = threading.Lock()
        self._states: dict[str, FieldState] = {}

    def health(self, health: ReaderHealth) -> None:
        """Pass a reader's health on to the loop; of a lost reader's field nothing is known any more."""
        if health.state is ReaderState.LOST:
            with self._lock:
                self._states.pop(health.name, None)
            self._arming.forget_wallets(health.name)
        self._post(self._judge.health, health)

    def field(self, reader: str, cards: Sequence[Card]) -> None:
        """Take one observation of one reader's field, and do what follows from it."""
        self._look(reader, tuple(cards), self._arming.armed)

    def _look(
        self,
        reader: str,
        cards: tuple[Card, ...],
        armed: Armed,
        recognised: Callable[[Looked], Recognised] | None = None,
    ) -> None:
        with self._lock:
            others = others_of(reader, self._states, armed)
            look = Looked(reader=reader, cards=cards, armed=armed, at_s=self._clock.monotonic_s(), others=others)
            before = self._states.get(reader, Unseen())
            state, effects = step(before, look if recognised is None else recognised(look))
            self._states[reader] = state
        for effect in effects:
            match effect:
                case Recognise(unknown):
                    self._look(reader, cards, armed, self._recognise(unknown))
                case TryCards(tried):
                    self._tap(_Tap(reader, tried, armed.number, state))
                case ForgetWallets():
                    self._arming.forget_wallets(reader)
                case _:
                    self._say(effect)

    def _recognise(self, cards: Sequence[Card]) -> Callable[[Looked], Recognised]:
        """SELECT, once, each card that was there before the sale: nothing is presented, but a sticker need not go."""
        strangers, phones, passed_over = list[Card](), list[Card](), False
        for card in cards:
            try:
                is_wallet = CardSession(card.transceive, self._clock.monotonic_s).select() is not None
            except CardLostError:
                continue
            except (TapTimeoutError, CardProtocolError):
                is_wallet = True  # a locked phone answers nothing
            (phones if is_wallet else strangers).append(card)
            if not is_wallet and isinstance(card, PassableCard):
                card.pass_over()
                passed_over = True
        return partial(Recognised, strangers=tuple(strangers), phones=tuple(phones), passed_over=passed_over)

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
            self._take(tap, Torn())
        except TapTimeoutError as error:
            log.info("phone silent: %s", error)
            self._take(tap, Silent(self._clock.monotonic_s()))
        except CardProtocolError as error:
            log.warning("phone broke the protocol: %s", error)
            self._take(tap, Broke(tuple(tap.cards), str(error)))
        else:
            self._take(tap, TapEnded())
        finally:
            with self._lock:
                self._states[tap.reader] = tap.state

    def _approach(self, tap: _Tap, transceive: Transceive | None = None) -> tuple[Card, CardSession, Answer] | None:
        """From SELECT to the judge's answer; `transceive` is the only card's, in a conversation with it."""
        wallets = self._wallets(tap, transceive)
        if not wallets:
            self._arming.forget_wallets(tap.reader)
            return None
        of_two = self._arming.wallets_answered(tap.reader, tap.arming, len(wallets))
        if of_two is not None:
            self._take(tap, TwoPhonesFound(of_two))
            return None
        offer = self._judge.offer(tap.arming)
        if offer is None:
            return None
        self._take(tap, Presented())
        self._post(self._judge.expect)
        card, session = wallets[0]
        reply = session.present(offer.presentation)
        self._take(tap, Replied(self._clock.monotonic_s()))
        question = self._judge.judge(offer, reply, session.turnaround_ms)
        return card, session, self._wait(self._put(question), TAP_LIMIT_S) or Answer()

    def _wallets(self, tap: _Tap, transceive: Transceive | None) -> list[tuple[Card, CardSession]]:
        """SELECT every card that has not been passed over; return the wallets."""
        wallets = list[tuple[Card, CardSession]]()
        for card in tap.cards:
            session = CardSession(transceive or card.transceive, self._clock.monotonic_s)
            if session.select() is not None:
                wallets.append((card, session))
                self._take(tap, WalletSelected(card))
                continue
            self._take(tap, StrangerSelected(card, passed_over=isinstance(card, PassableCard)))
            if isinstance(card, PassableCard):
                card.pass_over()
        return wallets

    def _finish(self, card: Card, session: CardSession, answer: Answer) -> None:
        """Out of the conversation, whose end was what the merchant waited for."""
        session.transceive = card.transceive
        if answer.receipt is not None:
            session.push_result(answer.receipt)
        if answer.signal is not None and isinstance(card, SignallingCard):
            card.signal(answer.signal)

    # --- thread to loop -----------------------------------------------------------------------------------------------

    def _take(self, tap: _Tap, event: TapEvent) -> None:
        for effect in tap.step(event):
            self._say(effect)

    def _say(self, effect: Report) -> None:
        """Post to the loop what follows from something seen."""
        match effect:
            case ReportEmpty(arming):
                self._post(self._judge.field_empty, arming)
            case ReportBroken(arming, detail):
                self._post(self._judge.broken, arming, detail)
            case ShowPrompt(arming, prompt):
                self._post(self._judge.prompt, arming, prompt)
            case ShowNotice(arming, notice):
                self._post(self._judge.notice, arming, notice)
            case _:
                assert_never(effect)

    def _post(self, call: Callable[..., None], *args: object) -> None:
        self._loop.call_soon_threadsafe(call, *args)

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
