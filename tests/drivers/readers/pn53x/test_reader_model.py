# SPDX-License-Identifier: Apache-2.0
"""Whatever is laid on a PN53x and taken away, in whatever order: what it reports is what lies there, or has just left.

Real reader and worker; the radio is an in-process field without a chip, and the clock jumps where the reader sleeps.
"""

from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from drivers.isodep.reader import SilentError
from drivers.readers.pn53x import reader as reader_module
from drivers.readers.pn53x.card import Found, Pn53xCard
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.presence import ASLEEP_MOST, FIELD_OFF_S, FLICKER_S
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Field, Identity, RadioPhone
from pengpos.core.errors import CardLostError, CardProtocolError, TapTimeoutError
from tests.support.jumping_time import JumpingTime

SELECT = bytes.fromhex("00A4040009F050454E475441500100")
NOT_FOUND = bytes.fromhex("6A82")
OK = b"\x90\x00"
PHONES = [Identity(sel_res=0x20, uid=bytes.fromhex(uid)) for uid in ("04000001", "04000002")]
STRANGERS = [Identity(sel_res=0x28, uid=bytes.fromhex("04112233")), Identity(sel_res=0x00, uid=bytes.fromhex("049988"))]


class Radio:
    """`Pn53xLink` over a field, without a chip between."""

    frame_most = 256

    def __init__(self, field: Field) -> None:
        self._field = field

    def sense(self, *, reset: bool = True) -> Found | None:
        if reset:
            self._field.off()
        identity = self._field.poll()
        return None if identity is None else Found(identity.uid, identity.sel_res)

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        answer = self._field.exchange(frame, timeout_s)
        if answer is None:
            raise SilentError
        return answer

    def mute(self) -> None:
        self._field.off()

    def close(self) -> None:
        pass


class LyingCards(RuleBasedStateMachine):
    """One reader, and a hand."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()
        self.time = JumpingTime()
        self._patch.setattr(reader_module, "time", self.time)
        self.field = Field()
        self.reader = Pn53xReader("PN532", lambda: cast("Pn53xLink", Radio(self.field)))
        self.lying: dict[bytes, RadioPhone] = {}
        self.left: set[Pn53xCard] = set()
        """Phones whose stay has ended."""
        self.settled = True
        """No card may be found again within a second of a failure, and be the same."""
        self.seen: tuple[Pn53xCard, ...] = ()

    def teardown(self) -> None:
        self.reader.close()
        self._patch.undo()

    # --- what can be done ---------------------------------------------------------------------------------------------

    @rule(identity=st.sampled_from([*PHONES, *STRANGERS]))
    def lay(self, identity: Identity) -> None:
        if identity.uid not in self.lying:
            answer = OK if identity in PHONES else NOT_FOUND
            card = RadioPhone(self.field, lambda _command: answer, identity=identity)
            self.lying[identity.uid] = card
            self.field.put(card)

    @rule(identity=st.sampled_from([*PHONES, *STRANGERS]))
    def take(self, identity: Identity) -> None:
        card = self.lying.pop(identity.uid, None)
        if card is not None:
            self.field.take(card)
            if self.settled and identity in PHONES:
                self.left |= {each for each in self.seen if each.found.uid == identity.uid}

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.3, 1.5]))
    def wait(self, seconds: float) -> None:
        self.see(seconds)

    @precondition(lambda self: self.seen)
    @rule(which=st.integers(0, 3))
    def talk(self, which: int) -> None:
        card = self.seen[which % len(self.seen)]
        try:
            answer = card.transceive(SELECT, 10.0)
        except (CardLostError, CardProtocolError, TapTimeoutError):
            self.settled = False
            return
        assert answer == (OK if card.found.uid in {phone.uid for phone in PHONES} else NOT_FOUND)

    @precondition(lambda self: self.seen)
    @rule()
    def pass_over_what_is_no_wallet(self) -> None:
        for card in self.seen:
            if card.found.uid in {stranger.uid for stranger in STRANGERS}:
                card.pass_over()

    @rule()
    def the_field_fails(self) -> None:
        self.field.off()

    # --- what holds ---------------------------------------------------------------------------------------------------

    @rule()
    def in_the_end_it_reports_what_lies_there(self) -> None:
        """A phone is seen past all that was passed over; of those what has gone is missed once no phone is there."""
        for _ in range(4 * (ASLEEP_MOST + 1)):
            self.see(1.5)
            self.pass_over_what_is_no_wallet() if self.seen else None
        reported = {card.found.uid for card in self.seen}
        phones = {phone.uid for phone in PHONES} & set(self.lying)
        assert len(reported & phones) == min(1, len(phones))
        if not phones:
            assert reported == set(self.lying)
        assert self.left.isdisjoint(self.seen), "a phone that went and came is taken for one that lay there"

    def see(self, seconds: float) -> None:
        before = self.seen
        self.seen = self.reader.wait(seconds)
        self.settled = self.settled or seconds > FIELD_OFF_S + FLICKER_S
        uids = [card.found.uid for card in self.seen]
        assert len(set(uids)) == len(uids)
        for card in before:
            again: Any = next((each for each in self.seen if each.found.uid == card.found.uid), None)
            assert again is None or again is card, "a card that goes and comes is reported as gone first"


TestLyingCards = LyingCards.TestCase
TestLyingCards.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
