# SPDX-License-Identifier: Apache-2.0
"""A PN53x (or RC-S380) reader behind `core.ports.Reader`, over nfcpy's drivers. Tried on a simulated PN532 only.

**Threads.** Everything nfcpy does happens in one `Worker`: the reader's own thread can give up waiting, and a driver
that hangs is seen. What is believed to be in the field is a value (`presence`): the worker is given one and returns the
next, and the reader's thread alone keeps it; of a call that outlived its limit nothing is believed. **Presence.** An
empty field is polled every 44 ms; a card is asked by R(NAK). A card that answers a poll although the field was never
off has been away: it is reported as gone first. **Silence.** After a failed exchange card and reader no longer agree on
where they are: the field goes off for 0.3 s, and a card found within 1 s of that is the same card. **Passing over.** A
card that is no wallet (in the phone's case, under the counter) is put to sleep, for REQA wakes only what does not
sleep, and woken each second to see whether it still lies there. **Tag.** Where it has one to play, an empty field is
polled for 0.3 s, then the reader is a tag for 0.7 s, or for as long as a phone reads it.
"""

import contextlib
import math
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar, assert_never

from drivers.isodep.ats import AtsError, read_ats
from drivers.isodep.reader import RATS, GarbledError, GivenUpError, IsoDep, SilentError
from drivers.readers.pn53x import errors as pn53x_errors
from drivers.readers.pn53x.card import Found, Pn53xCard
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.presence import Presence, step
from drivers.readers.pn53x.presence_events import (
    Activate,
    Activated,
    Answered,
    AskPresence,
    Closed,
    Event,
    ExchangeBegun,
    Exchanged,
    ExchangeFailed,
    FellAsleep,
    FellSilent,
    Halt,
    LookBegun,
    LookEnded,
    LookOutlived,
    NotAnswered,
    PassingOver,
    Reported,
    Search,
    Searched,
    SearchedAgain,
    SwitchOff,
    TagPlayed,
)
from drivers.readers.worker import OutlivedError, StuckError, Worker
from pengpos.core.errors import CardLostError, CardProtocolError, ReaderError, ReaderLostError, TapTimeoutError

T = TypeVar("T")

_COMMAND_SIZES = range(4, 261 + 1)
_RESPONSE_SIZES = range(2, 258 + 1)
_POLL_S = 0.044
_CHECK_S = 0.1  # how often a card that lies there is asked whether it still does
_RATS_S = 0.03
_HALT_S = 0.005
_HLTA, _DESELECT = bytes.fromhex("5000"), bytes.fromhex("C2")
_OPEN_S = 8.0
_LOOK_S = 2.0
_CLOSE_S = 1.0
_POLLED_S = 0.3  # between two times as a tag
_LISTEN_S = 0.7
_LISTENED_MOST_S = 6.0  # with a phone that reads
_NOT_FOUND = bytes.fromhex("6A82")

PlayTag = Callable[[Pn53xLink, float], object]
"""Be a tag for so many seconds, longer if a phone reads it (`drivers.tags.pn53x_tag.listen`)."""


class Pn53xReader:
    """One reader, made, watched and used by one thread. Raises ReaderLostError if it cannot be opened."""

    def __init__(
        self,
        name: str,
        open_link: Callable[[], Pn53xLink],
        *,
        hung_after_s: float = 5.0,
        play_tag: PlayTag | None = None,
    ) -> None:
        self.name = name
        self._play_tag = play_tag
        self._tag_from_s = math.inf if play_tag is None else time.monotonic() + _POLLED_S
        self._hung_after_s = hung_after_s
        self._presence = Presence()
        self._closed = False
        self.worker = Worker(f"{name} radio")
        try:
            self._link = self.worker.run(open_link, _OPEN_S)
        except OutlivedError:
            raise pn53x_errors.hung(name) from None
        except BaseException:
            self.worker.close(lambda: None, _CLOSE_S)
            raise

    def wait(self, timeout_s: float) -> tuple[Pn53xCard, ...]:
        """See `core.ports.Reader`: the cards passed over, and the one that is awake, if there is one.

        A card that went and came between two calls is reported as gone first. While a command is not answered, the card
        stays and every other command is TapTimeoutError; after `hung_after_s` all is ReaderLostError. Both end by
        themselves.
        """
        self._refuse_if_closed()
        deadline_s = time.monotonic() + timeout_s
        while True:
            self._refuse_if_hung()
            if self.worker.stuck_s is None:
                self._look_until(deadline_s, timeout_s + _LOOK_S)
                self._be_a_tag()
            if self._presence.departed:
                self._take(Reported())
                return self._presence.asleep
            remaining_s = max(deadline_s, self._presence.rests_until_s) - time.monotonic()
            if self._presence.card is not self._presence.reported or remaining_s <= 0:
                self._take(Reported())
                return self._presence.cards
            time.sleep(min(remaining_s, _POLL_S if self._presence.card is None else _CHECK_S))

    def close(self) -> None:
        """Give the reader back; a card that comes to no end is left after its next block. Never raises."""
        if not self._closed:
            self._closed = True
            self._take(Closed())
            self.worker.close(self._link.close, _CLOSE_S)

    def holds(self, card: Pn53xCard) -> bool:
        """Whether the card has not left, as far as is known."""
        return card in self._presence.cards

    def exchange(self, card: Pn53xCard, command: bytes, timeout_s: float) -> bytes:
        """`card.transceive`."""
        if len(command) not in _COMMAND_SIZES:
            raise ValueError(f"{len(command)} bytes are no short C-APDU")
        self._refuse_if_closed()
        if not card.in_field:
            raise CardLostError
        if not card.found.speaks_isodep or card is not self._presence.card:
            return self._run(lambda: _NOT_FOUND, timeout_s)
        self._take(ExchangeBegun())
        try:
            call = partial(self._exchange, self._presence, command, timeout_s)
            self._presence, outcome = self._run(call, timeout_s)
        except TapTimeoutError:
            self._take(ExchangeFailed(keeps_session=True))  # the call goes on with it, and may come to a good end
            raise
        if isinstance(outcome, ReaderError):
            raise outcome
        return outcome

    def pass_over(self, card: Pn53xCard) -> None:
        """`card.pass_over`."""
        if self._closed or self.worker.stuck_s is not None:
            return
        with contextlib.suppress(ReaderLostError, OutlivedError, StuckError):  # the next look at the field will show it
            self._presence = self.worker.run(partial(self._put_to_sleep, self._presence, card), _LOOK_S)

    # --- in the reader's thread ---------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        self._presence, _ = step(self._presence, event)

    def _look_until(self, until_s: float, limit_s: float) -> None:
        call = partial(self._watch, self._presence, until_s, self._tag_from_s)
        try:
            self._presence = self.worker.run(call, limit_s)
        except OutlivedError:
            self._take(LookOutlived())
            self._refuse_if_hung()
        except StuckError:
            self._refuse_if_hung()

    def _be_a_tag(self) -> None:
        play_tag = self._play_tag
        if play_tag is None or self._presence.card is not None or time.monotonic() < self._tag_from_s:
            return
        try:
            self.worker.run(lambda: play_tag(self._link, _LISTEN_S), _LISTENED_MOST_S)
        except (OutlivedError, StuckError):
            self._refuse_if_hung()
        self._tag_from_s = time.monotonic() + _POLLED_S
        self._take(TagPlayed())

    def _run(self, call: Callable[[], T], timeout_s: float) -> T:
        """In the worker, for a card. Raises TapTimeoutError where it does not end in time."""
        try:
            return self.worker.run(call, timeout_s)
        except StuckError:
            self._refuse_if_hung()
            raise TapTimeoutError(timeout_s) from None
        except OutlivedError:
            raise TapTimeoutError(timeout_s) from None

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise pn53x_errors.closed(self.name)

    def _refuse_if_hung(self) -> None:
        """A phone that waits to be unlocked takes seconds, and that is no fault of the reader's; longer is."""
        stuck_s = self.worker.stuck_s
        if stuck_s is not None and stuck_s > self._hung_after_s:
            raise pn53x_errors.hung(self.name)

    # --- in the worker's thread: from one presence to the next --------------------------------------------------------

    def _exchange(self, presence: Presence, command: bytes, timeout_s: float) -> tuple[Presence, bytes | ReaderError]:
        try:
            if presence.session is None:
                presence = self._activated_again(presence)
            if presence.session is None:
                mute = CardProtocolError("a card that says it speaks ISO-DEP, and does not")
                return _after(presence, ExchangeFailed(keeps_session=False)), mute
            response = presence.session.exchange(command)
        except SilentError:
            return self._silent(presence, timeout_s)
        except GarbledError as error:
            return _after(presence, ExchangeFailed(keeps_session=False)), CardProtocolError(str(error))
        except GivenUpError:
            return _after(presence, ExchangeFailed(keeps_session=False)), TapTimeoutError(timeout_s)
        if len(response) not in _RESPONSE_SIZES:
            odd = CardProtocolError(f"an answer of {len(response)} bytes")
            return _after(presence, ExchangeFailed(keeps_session=True)), odd
        return _after(presence, Exchanged()), response

    def _activated_again(self, presence: Presence) -> Presence:
        found, woken = self._sense(presence.asleep, reset=True)
        presence = _after(presence, SearchedAgain(found=found, woken=woken))
        return _after(presence, Activated(self._session(found)))

    def _silent(self, presence: Presence, timeout_s: float) -> tuple[Presence, ReaderError]:
        found, woken = self._sense(presence.asleep, reset=True)
        presence = _after(presence, FellSilent(found=found, woken=woken))
        return presence, CardLostError() if presence.card is None else TapTimeoutError(timeout_s)

    def _watch(self, presence: Presence, until_s: float, tag_from_s: float) -> Presence:
        """Look at the field; at an empty one again and again, at one pace however often `wait` is called."""
        while True:
            now_s = time.monotonic()
            if presence.is_quiet and presence.poll_from_s > now_s:
                time.sleep(max(0.0, min(until_s, presence.poll_from_s) - now_s))
                if presence.poll_from_s > until_s:
                    return presence
            presence = self._look(presence)
            now_s = time.monotonic()
            presence = _after(presence, LookEnded(now_s))
            if not presence.is_quiet or now_s >= min(until_s, tag_from_s):
                return presence

    def _look(self, presence: Presence) -> Presence:
        at_s = time.monotonic()
        presence, effects = step(presence, LookBegun(at_s))
        for effect in effects:
            match effect:
                case SwitchOff():
                    self._link.mute()
                case AskPresence(session):
                    presence = _after(presence, Answered() if session.is_present() else NotAnswered())
                case Search(reset):
                    presence = self._search(presence, at_s, reset=reset)
                case _:
                    assert_never(effect)
        return presence

    def _search(self, presence: Presence, at_s: float, *, reset: bool) -> Presence:
        found, woken = self._sense(presence.asleep, reset=reset)
        card = None if found is None else Pn53xCard(self, found)
        presence, effects = step(presence, Searched(card=card, woken=woken, reset=reset, at_s=at_s))
        return _after(presence, Activated(self._session(found))) if Activate() in effects else presence

    def _sense(self, asleep: tuple[Pn53xCard, ...], *, reset: bool) -> tuple[Found | None, tuple[Pn53xCard, ...]]:
        """The first card that is not passed over, and those passed over that answered before it."""
        woken: tuple[Pn53xCard, ...] = ()
        found = self._link.sense(reset=reset)
        while found is not None:
            card = next((card for card in asleep if card.found.uid == found.uid), None)
            if card is None:
                break
            if card in woken:  # it does not sleep: what is behind it cannot be seen
                return None, woken
            woken = (*woken, card)
            self._halt(_HLTA)
            found = self._link.sense(reset=False)
        return found, woken

    def _put_to_sleep(self, presence: Presence, card: Pn53xCard) -> Presence:
        presence, effects = step(presence, PassingOver(card))
        for effect in effects:
            if isinstance(effect, Halt):
                self._halt(_DESELECT if effect.deselect else _HLTA)
                presence = _after(presence, FellAsleep(time.monotonic()))
        return presence

    def _halt(self, frame: bytes) -> None:
        with contextlib.suppress(SilentError, GarbledError):  # HLTA is answered by silence
            self._link.exchange(frame, _HALT_S)

    def _session(self, found: Found | None) -> IsoDep | None:
        """RATS, and the session it begins; None where the card does not answer it properly."""
        if found is None or not found.speaks_isodep:
            return None
        with contextlib.suppress(SilentError, GarbledError, AtsError):
            ats = read_ats(self._link.exchange(RATS, _RATS_S))
            time.sleep(ats.start_up_guard_s)
            return IsoDep(self._link, ats, frame_most=self._link.frame_most, given_up=lambda: self._closed)
        return None


def _after(presence: Presence, event: Event) -> Presence:
    return step(presence, event)[0]
