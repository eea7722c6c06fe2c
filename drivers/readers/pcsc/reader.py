# SPDX-License-Identifier: Apache-2.0
"""A PC/SC reader behind `core.ports.Reader`, over pcscd. Tried on virtual readers only, not yet with a phone.

**Power.** A card, once seen twice or talked to, is held (powered, shared: see `link`) until it leaves. pcscd takes the
power from an idle card after a poll or two (0.4 s each), and a contactless reader that loses a card this way may find
it again and report a new one: a phone left lying would look like a phone that came back. So does a cut of the power by
the reader, made only after a failed exchange, when card and reader no longer agree on where they are: a card that goes
and comes within 1 s of it is the same card.

**Others' cards.** What lies there is told by its ATR, without a word to it. A card with contacts, a security key: this
is no slot for phones, and is left alone while that is in it. A memory card knows no commands, and gets none.

**Silence.** SCardTransmit cannot be timed out, so it runs in a `Worker`; one that hangs is left there, and the reader
with it until it returns. Where the reader itself gives up, or the answer is empty, pcscd is asked whether the card is
still there: gone is CardLostError, there and silent TapTimeoutError. An empty answer is what pcscd makes of a card that
left in the middle, and one that is back before the next look in 0.4 s was never away, to pcscd: so it is CardLostError
too, but counts as no empty field, for the card may have lain there all the while; where it goes on, CardProtocolError.

**Light and buzzer.** Where the reader has a `Panel`, it is set by pseudo-APDUs, which it answers itself, between two
uses of the card: over the card's connection, or over the driver's escape where no card is there. One that refuses is
left alone; no tap fails or waits for it.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from drivers.readers.pcsc import errors as pcsc_errors
from drivers.readers.pcsc.conversation import Conversation
from drivers.readers.pcsc.link import EmptyAnswerError, Link
from drivers.readers.pcsc.panel import Panel
from drivers.readers.pcsc.slots import CardKind, kind_of_card
from drivers.readers.pcsc.winscard import Context, Disposition, SlotState, Status, WinscardError
from drivers.readers.worker import OutlivedError, StuckError, Worker
from pengpos.core.errors import CardLostError, CardProtocolError, ReaderError, TapTimeoutError
from pengpos.core.ports import Signal, Transceive

T = TypeVar("T")

_EMPTY_ANSWERS_MOST = 2  # in one stay: a third is no hand that trembles
_VERDICT_S = 1.0  # pcscd looks for the card every 0.4 s where the reader has no interrupt
_FIELD_OFF_S = 0.3  # tap protocol §2: what a phone needs to take the next touch for a new one
_FLICKER_S = 1.0  # how long after a power cut a card may be lost and found without having moved
_NOT_FOUND = bytes.fromhex("6A82")
_HOUSEKEEPING_S = 1.0  # for what never takes long unless the driver hangs


class PcscCard:
    """One stay of one card in the field. Made by PcscReader."""

    def __init__(self, reader: "PcscReader", stay: int, kind: CardKind = CardKind.UNSAID) -> None:
        self._reader = reader
        self.stay = stay
        self.kind = kind
        self.in_field = True
        self.held = False
        self.empty_answers = 0

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        """Send one C-APDU (4..261 bytes), return the R-APDU (2..258 bytes); see `core.ports.Card`.

        The first one powers and holds the card; a memory card answers 6A82, and hears nothing. Raises ReaderLostError
        too where another program holds it. Finding out whether a silent card left takes up to 1 s more than
        `timeout_s`.
        """
        return self._reader.converse(self, lambda transceive: transceive(command, timeout_s), timeout_s)

    def converse(self, talk: Callable[[Transceive], T]) -> T:
        """See `core.ports.ConversingCard`."""
        return self._reader.converse(self, talk, _HOUSEKEEPING_S)

    def signal(self, signal: Signal) -> None:
        """See `core.ports.SignallingCard`; nothing on a reader without light and buzzer."""
        self._reader.signal(self, signal)


class PcscReader:
    """One PC/SC reader, made, watched and used by one thread. Raises ReaderLostError if it is not there."""

    def __init__(
        self, name: str, *, hung_after_s: float = 5.0, panel: Panel | None = None, any_card: bool = False
    ) -> None:
        """`any_card`: the technician says that phones are held to it, whatever its ATRs look like."""
        self.name = name
        self._any_card = any_card
        self._panel = panel
        self._to_be_hushed = self._reader_to_be_told = panel is not None
        self._hung_after_s = hung_after_s
        self._slot = SlotState()
        self._card: PcscCard | None = None
        self._reported: PcscCard | None = None
        self._emptied = False
        self._in_doubt = False
        self._nudged = threading.Event()
        self._field_on_s = self._flicker_until_s = time.monotonic()
        self._context = self._open()
        self._link = Link(name)  # touched in the worker's thread only
        self.worker = Worker(f"{name} exchange")

    def wait(self, timeout_s: float) -> tuple[PcscCard, ...]:
        """See `core.ports.Reader`: () or the one card PC/SC knows.

        A card that went and came between two calls is reported as () first, then as a new card. After a failed exchange
        the field rests: this takes 0.3 s then, whatever `timeout_s`. While a command hangs, the card stays and every
        other one is TapTimeoutError; after `hung_after_s` all is ReaderLostError. Both end by themselves when it
        returns.
        """
        context = self._opened()
        deadline_s = time.monotonic() + timeout_s
        self._tidy()
        while True:
            if self._emptied:
                self._emptied, self._reported = False, None
                return ()
            if self._card is not self._reported:
                break
            until_s = self._field_on_s if self._nudged.is_set() else max(deadline_s, self._field_on_s)
            remaining_s = until_s - time.monotonic()
            if remaining_s <= 0:
                break
            self._observe(context, remaining_s)
        self._nudged.clear()
        self._reported = self._card
        return () if self._card is None else (self._card,)

    def nudge(self) -> None:
        """See `core.ports.NudgeableReader`. One that comes in the moment before pcscd is asked waits for its answer."""
        self._nudged.set()
        context = self._context
        if context is not None:
            context.cancel()

    def close(self) -> None:
        """Leave pcscd; a command that hangs is left to its worker. Never raises."""
        if self._context is not None:
            self._context.close()
            self._context = None
            self._lose_card()
            self.worker.close(self._link.close, _HOUSEKEEPING_S)

    def converse(self, card: PcscCard, talk: Callable[[Transceive], T], begin_within_s: float) -> T:
        """`card.converse`."""
        context = self._opened()
        if not card.in_field:
            raise CardLostError
        if card.kind is CardKind.MEMORY:
            return talk(lambda _command, _timeout_s: _NOT_FOUND)
        conversation = Conversation(self._link, card.stay, begin_within_s)
        try:
            return self.worker.run_while(partial(conversation.hold, talk), conversation.left_s)
        except StuckError:
            self._refuse_if_hung()
            raise TapTimeoutError(conversation.limit_s) from None
        except OutlivedError:
            self._observe(context, 0)
            if self._slot.in_use and not self._link.reaches(card.stay):
                raise pcsc_errors.taken(self.name) from None  # pcscd makes this wait for the end of its transaction
            raise TapTimeoutError(conversation.limit_s) from None
        except EmptyAnswerError:
            card.empty_answers += 1
            if not self._still_there(context, card):
                raise CardLostError from None
            if card.empty_answers > _EMPTY_ANSWERS_MOST:
                raise CardProtocolError(f"{card.empty_answers} empty answers") from None
            raise CardLostError("an empty answer: the card was away for a moment") from None
        except WinscardError as error:
            raise self._meaning(context, error, card, conversation.limit_s) from error
        finally:
            if conversation.left_in_doubt:
                self._in_doubt = True
            elif conversation.agreed:
                card.held = True

    def signal(self, card: PcscCard, signal: Signal) -> None:
        """`card.signal`."""
        if self._panel is None or self._context is None or self.worker.stuck_s is not None:
            return
        command = self._panel.signals[signal]
        if card.in_field and (self._in_doubt or self._tell_over(card, command)):
            return  # shown; or the power is cut next, of a card that must not be let go before
        self._run_briefly(partial(self._link.tell_reader, command))

    def _hush(self, panel: Panel) -> None:
        """Once an opening, or twice: the reader's driver may refuse what is not sent over a card."""
        if self._card is not None:
            self._to_be_hushed = False
            self._tell_over(self._card, panel.hush)
        elif self._reader_to_be_told:
            self._reader_to_be_told = False
            self._to_be_hushed = not self._run_briefly(partial(self._link.tell_reader, panel.hush))

    def _tell_over(self, card: PcscCard, command: bytes) -> bool:
        return self._run_briefly(partial(self._link.exchange_once, card.stay, command))

    def _open(self) -> Context | None:
        try:
            context = Context()
        except WinscardError as error:
            raise pcsc_errors.reader_lost(self.name, error) from error
        try:
            self._observe(context, 0)
            if self._slot.held_alone:
                raise pcsc_errors.taken(self.name)  # else it would be ready until the next look, again and again
        except ReaderError:
            context.close()
            raise
        return context

    def _opened(self) -> Context:
        if self._context is None:
            raise pcsc_errors.closed(self.name)
        return self._context

    def _observe(self, context: Context, timeout_s: float) -> None:
        """Wait for news of the slot and take note of them."""
        until_settled_s = self._flicker_until_s - time.monotonic()
        if until_settled_s > 0:
            timeout_s = min(timeout_s, until_settled_s)
        try:
            self._slot = context.await_slot(self.name, self._slot, timeout_s)
        except WinscardError as error:
            raise pcsc_errors.reader_lost(self.name, error) from error
        if self._slot.gone:
            raise pcsc_errors.unplugged(self.name)
        present, stay, kind = self._slot.present, self._slot.events, kind_of_card(self._slot.atr)
        if present and kind is CardKind.CONTACT and not self._any_card:
            raise pcsc_errors.contact_card(self.name)
        if self._card is not None and (not present or stay != self._card.stay):
            if time.monotonic() < self._flicker_until_s:
                if present:
                    self._card.stay, self._card.held = stay, False
                return
            self._lose_card()
            self._emptied = True
        if present and self._card is None:
            self._card = PcscCard(self, stay, kind)

    def _lose_card(self) -> None:
        if self._card is not None:
            self._card.in_field = False
            self._card = None

    def _tidy(self) -> None:
        """Between two uses of the card: let go of one that left, cut the power after a failure, hold one that stays."""
        self._refuse_if_hung()
        if self.worker.stuck_s is not None:
            return
        if self._in_doubt:
            self._in_doubt = False
            cut = self._card is not None
            self._run_briefly(partial(self._link.release, Disposition.UNPOWER if cut else Disposition.LEAVE))
            if cut:
                now_s = time.monotonic()
                self._field_on_s, self._flicker_until_s = now_s + _FIELD_OFF_S, now_s + _FLICKER_S
        elif self._card is None and self._link.connected_to is not None:
            self._run_briefly(partial(self._link.release, Disposition.LEAVE))
        elif self._card is not None and self._card is self._reported and not self._card.held:
            self._card.held = True  # tried once a stay: another program may have been first
            self._run_briefly(partial(self._link.hold, self._card.stay))
        elif self._panel is not None and self._to_be_hushed and (self._card is None or self._card.held):
            self._hush(self._panel)

    def _refuse_if_hung(self) -> None:
        """A phone that waits to be unlocked is silent for seconds, and no fault of the reader's; longer is."""
        stuck_s = self.worker.stuck_s
        if stuck_s is not None and stuck_s > self._hung_after_s:
            raise pcsc_errors.hung(self.name)

    def _run_briefly(self, call: Callable[[], object]) -> bool:
        """Whether it was done; the next look at the slot shows what it was."""
        try:
            self.worker.run(call, _HOUSEKEEPING_S)
        except (WinscardError, EmptyAnswerError, OutlivedError, StuckError):
            return False
        return True

    def _still_there(self, context: Context, card: PcscCard) -> bool:
        """Give pcscd the time to notice that the card left."""
        until_s = time.monotonic() + _VERDICT_S
        while card.in_field and (remaining_s := until_s - time.monotonic()) > 0:
            self._observe(context, remaining_s)
        if card.in_field:
            self._observe(context, 0)  # a wait that runs out returns the slot as it was when it began
        return card.in_field

    def _meaning(self, context: Context, error: WinscardError, card: PcscCard, timeout_s: float) -> ReaderError:
        if error.status in pcsc_errors.CARD_GONE:
            return CardLostError(f"the card left the field ({Status(error.status).name})")
        if error.status in pcsc_errors.CARD_ODD:
            return CardProtocolError(str(error))
        if error.status in pcsc_errors.NO_ANSWER:
            return TapTimeoutError(timeout_s) if self._still_there(context, card) else CardLostError()
        return pcsc_errors.reader_lost(self.name, error)
