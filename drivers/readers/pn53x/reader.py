# SPDX-License-Identifier: Apache-2.0
"""A PN53x (or RC-S380) reader behind `core.ports.Reader`, over nfcpy's drivers. Tried on a simulated PN532 only.

**Threads.** Everything nfcpy does happens in one `Worker`: the reader's own thread can give up waiting, and a driver
that hangs is seen. **Presence.** An empty field is polled every 44 ms; a card is asked by R(NAK). A card that answers
a poll although the field was never off has been away: it is told as gone first. **Silence.** After a failed exchange
card and we no longer agree on where we are: the field goes off for 0.3 s, and a card found within 1 s of that is the
same card. **Passing over.** One card is seen at a time: of two phones the anticollision picks one. A card that is no
wallet (in the phone's case, under the counter) is put to sleep, for REQA wakes only what does not sleep, and woken each
second to see whether it still lies there; one whose UID is drawn anew could not be told again and is left as it is.
**Tag.** Where it has one to play, an empty field is polled for 0.3 s, then the reader is a tag for 0.7 s, or for as
long as a phone reads it.
"""

import contextlib
import time
from collections.abc import Callable
from functools import partial

from drivers.isodep.ats import AtsError, read_ats
from drivers.isodep.reader import RATS, GarbledError, GivenUpError, IsoDep, SilentError
from drivers.readers.pn53x import errors as pn53x_errors
from drivers.readers.pn53x.link import Found, Pn53xLink
from drivers.readers.worker import OutlivedError, StuckError, Worker
from pengpos.core.errors import CardLostError, CardProtocolError, ReaderLostError, TapTimeoutError

_COMMAND_SIZES = range(4, 261 + 1)
_RESPONSE_SIZES = range(2, 258 + 1)
_POLL_S = 0.044
_RESET_S = 1.0  # how often an empty field is switched off and on: a card may sleep in it
_CHECK_S = 0.1  # how often a card that lies there is asked whether it still does
_RATS_S = 0.03
_HALT_S = 0.005
_HLTA, _DESELECT = bytes.fromhex("5000"), bytes.fromhex("C2")
_ASLEEP_MOST = 4
_FIELD_OFF_S = 0.3  # tap protocol §2: what a phone needs to take the next touch for a new one
_FLICKER_S = 1.0
_OPEN_S = 8.0
_LOOK_S = 2.0
_CLOSE_S = 1.0
_POLLED_S = 0.3  # between two times as a tag
_LISTEN_S = 0.7
_LISTENED_MOST_S = 6.0  # with a phone that reads
_NOT_FOUND = bytes.fromhex("6A82")


class Pn53xCard:
    """One stay of one card in the field. Made by Pn53xReader."""

    def __init__(self, reader: "Pn53xReader", found: Found) -> None:
        self._reader = reader
        self.found = found
        self.in_field = True

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        """See `core.ports.Card`. A card without ISO-DEP (a sticker, a transit card) answers 6A82 to everything.

        Finding out whether a silent card left takes up to 0.1 s more than its own frame waiting times.
        """
        return self._reader.exchange(self, command, timeout_s)

    def pass_over(self) -> None:
        """See `core.ports.PassableCard`."""
        self._reader.pass_over(self)


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
        self._tag_from_s = time.monotonic() + _POLLED_S
        self._hung_after_s = hung_after_s
        self._card: Pn53xCard | None = None
        self._told: Pn53xCard | None = None
        self._asleep: tuple[Pn53xCard, ...] = ()
        self._emptied = False
        self._in_doubt = False
        self._reset_from_s = self._poll_from_s = 0.0
        self._closed = False
        self._field_on_s = self._flicker_until_s = time.monotonic()
        self._dep: IsoDep | None = None
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

        A card that went and came between two calls is told as gone first. While a command is not answered, the card
        stays and every other command is TapTimeoutError; after `hung_after_s` all is ReaderLostError. Both end by
        themselves.
        """
        self._refuse_if_closed()
        deadline_s = time.monotonic() + timeout_s
        while True:
            self._refuse_if_hung()
            if self.worker.stuck_s is None:
                self._run(partial(self._watch, deadline_s), timeout_s + _LOOK_S)
                self._be_a_tag()
            if self._emptied:
                self._emptied, self._told = False, None
                return self._asleep
            remaining_s = max(deadline_s, self._field_on_s) - time.monotonic()
            if self._card is not self._told or remaining_s <= 0:
                self._told = self._card
                return self._asleep if self._card is None else (*self._asleep, self._card)
            time.sleep(min(remaining_s, _POLL_S if self._card is None else _CHECK_S))

    def close(self) -> None:
        """Give the reader back; a card that comes to no end is left after its next block. Never raises."""
        if not self._closed:
            self._closed = True
            self._lose_card()
            self.worker.close(self._link.close, _CLOSE_S)

    def exchange(self, card: Pn53xCard, command: bytes, timeout_s: float) -> bytes:
        """`card.transceive`."""
        if len(command) not in _COMMAND_SIZES:
            raise ValueError(f"{len(command)} bytes are no short C-APDU")
        self._refuse_if_closed()
        if not card.in_field:
            raise CardLostError
        self._in_doubt, was_in_doubt = True, self._in_doubt
        try:
            response = self.worker.run(partial(self._exchange, card, command, timeout_s), timeout_s)
        except StuckError:
            self._refuse_if_hung()
            raise TapTimeoutError(timeout_s) from None
        except OutlivedError:
            raise TapTimeoutError(timeout_s) from None
        except CardLostError:
            self._lose_card()
            self._emptied = True
            raise
        if len(response) not in _RESPONSE_SIZES:
            raise CardProtocolError(f"an answer of {len(response)} bytes")
        self._in_doubt = was_in_doubt
        return response

    def pass_over(self, card: Pn53xCard) -> None:
        """`card.pass_over`."""
        if self._closed or self.worker.stuck_s is not None:
            return
        with contextlib.suppress(ReaderLostError, OutlivedError, StuckError):  # the next look at the field will tell
            self.worker.run(partial(self._put_to_sleep, card), _LOOK_S)

    # --- in the worker's thread ---------------------------------------------------------------------------------------

    def _exchange(self, card: Pn53xCard, command: bytes, timeout_s: float) -> bytes:
        if not card.found.speaks_isodep or card in self._asleep:
            return _NOT_FOUND
        try:
            if self._dep is None:
                self._reset_from_s = 0.0
                self._activate(self._sense(reset=True))
            if self._dep is None:
                raise CardProtocolError("a card that says it speaks ISO-DEP, and does not")
            return self._dep.exchange(command)
        except SilentError:
            self._dep, self._reset_from_s = None, 0.0
            found = self._sense(reset=True)
            if found is None or not _may_be(card.found, found):
                raise CardLostError from None
            raise TapTimeoutError(timeout_s) from None
        except GarbledError as error:
            self._dep = None
            raise CardProtocolError(str(error)) from error
        except GivenUpError:
            raise TapTimeoutError(timeout_s) from None

    def _watch(self, until_s: float) -> None:
        """Look at the field; at an empty one again and again, at one pace however often we are asked."""
        while True:
            now_s = time.monotonic()
            if self._poll_from_s > now_s and self._card is None and self._told is None:
                time.sleep(max(0.0, min(until_s, self._poll_from_s) - now_s))
                if self._poll_from_s > until_s:
                    return
            self._look()
            now_s = time.monotonic()
            self._poll_from_s = now_s + _POLL_S
            tag_is_due = self._play_tag is not None and now_s >= self._tag_from_s
            if self._card is not None or self._told is not None or now_s >= until_s or tag_is_due:
                return

    def _look(self) -> None:
        """What is in the field now; leaves `_card`, `_emptied`, `_dep` saying it."""
        now_s = time.monotonic()
        if self._in_doubt:
            self._in_doubt = False
            self._dep = None
            if self._card is not None:
                self._link.mute()
                self._field_on_s, self._flicker_until_s = now_s + _FIELD_OFF_S, now_s + _FIELD_OFF_S + _FLICKER_S
        if now_s < self._field_on_s:
            return
        if self._dep is not None and self._card is not None:
            if not self._dep.is_present():
                self._lose_card()
                self._emptied = True
            return
        found = self._sense(reset=now_s >= self._reset_from_s)
        if found is not None or now_s >= self._reset_from_s:
            self._reset_from_s = now_s if found is not None else now_s + _RESET_S
        card = self._card
        if card is not None and (found is None or not _may_be(card.found, found)):
            if found is None and now_s < self._flicker_until_s:
                return
            self._lose_card()
            self._emptied = True
        if self._card is None and found is not None:
            self._card = Pn53xCard(self, found)
        self._activate(found)

    def _sense(self, *, reset: bool) -> Found | None:
        """The first card that is not passed over. After a reset those that were are awake, or no longer there.

        Only a search that finds nothing more tells which have gone: one that finds a phone first has not come to them.
        """
        found = self._link.sense(reset=reset)
        seen: list[Pn53xCard] = []
        while (card := self._passed_over(found)) is not None:
            if card in seen:  # it does not sleep: what is behind it cannot be seen
                found = None
                break
            seen.append(card)
            self._halt(_HLTA)
            found = self._link.sense(reset=False)
        if reset and found is None:
            for gone in (card for card in self._asleep if card not in seen):
                gone.in_field = False
            self._asleep = tuple(seen)
        return found

    def _passed_over(self, found: Found | None) -> Pn53xCard | None:
        return None if found is None else next((card for card in self._asleep if card.found.uid == found.uid), None)

    def _put_to_sleep(self, card: Pn53xCard) -> None:
        if card is not self._card or card.found.may_change_uid or len(self._asleep) == _ASLEEP_MOST:
            return
        self._halt(_HLTA if self._dep is None else _DESELECT)
        self._asleep += (card,)
        self._card = self._dep = self._told = None
        self._poll_from_s, self._reset_from_s = 0.0, time.monotonic() + _RESET_S

    def _halt(self, frame: bytes) -> None:
        with contextlib.suppress(SilentError, GarbledError):  # HLTA is answered by silence
            self._link.exchange(frame, _HALT_S)

    def _activate(self, found: Found | None) -> None:
        """RATS, read by ourselves; no session where the card does not answer it properly."""
        self._dep = None
        if found is None or not found.speaks_isodep:
            return
        with contextlib.suppress(SilentError, GarbledError, AtsError):
            ats = read_ats(self._link.exchange(RATS, _RATS_S))
            time.sleep(ats.start_up_guard_s)
            self._dep = IsoDep(self._link, ats, frame_most=self._link.frame_most, given_up=lambda: self._closed)

    # --- in the reader's thread ---------------------------------------------------------------------------------------

    def _be_a_tag(self) -> None:
        play_tag = self._play_tag
        if play_tag is None or self._card is not None or time.monotonic() < self._tag_from_s:
            return
        self._run(lambda: play_tag(self._link, _LISTEN_S), _LISTENED_MOST_S)
        self._tag_from_s, self._reset_from_s = time.monotonic() + _POLLED_S, 0.0

    def _run(self, call: Callable[[], object], limit_s: float) -> None:
        try:
            self.worker.run(call, limit_s)
        except (OutlivedError, StuckError):
            self._refuse_if_hung()

    def _lose_card(self) -> None:
        self._dep = None
        if self._card is not None:
            self._card.in_field = False
            self._card = None

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise pn53x_errors.closed(self.name)

    def _refuse_if_hung(self) -> None:
        """A phone that waits to be unlocked takes seconds, and that is no fault of the reader's; longer is."""
        stuck_s = self.worker.stuck_s
        if stuck_s is not None and stuck_s > self._hung_after_s:
            raise pn53x_errors.hung(self.name)


def _may_be(before: Found, now: Found) -> bool:
    """Whether these can be one card: a UID that is drawn anew at each activation tells nothing."""
    return before.uid == now.uid or (before.may_change_uid and now.may_change_uid)
