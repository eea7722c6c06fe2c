# SPDX-License-Identifier: Apache-2.0
"""Whatever is laid on two readers and taken away, in whatever order, sold or not: who is offered the sale, and when.

Source: tap protocol §2, "A phone left lying there pays nobody's bill". Real fields in one thread, and a shopper who
lays down phones, locked phones, stickers and cards that can be passed over.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from pengpos.core.errors import CardLostError, TapTimeoutError
from pengpos.core.ports import ReaderHealth, ReaderState
from pengpos.core.sale import Notice, Prompt
from sandbox.phone.wallet.applet import Applet
from terminal.sales.arming import Arming
from terminal.taps.field_state import ASK_AGAIN_S
from terminal.taps.fields import Fields
from terminal.taps.judge import Answer, Offer
from tests.terminal.taps.tap_bench import ForeignCard, HandClock, PassableCard, Wallet

READERS = ("one", "two")
readers = st.sampled_from(READERS)
REPLIES = {"replies": None, "is torn": CardLostError(), "is locked": TapTimeoutError(1.5)}


class LaidPhone:
    """A phone, and when it came. `manner`: what becomes of being presented to."""

    def __init__(self, came_under: int, manner: str = "replies") -> None:
        self.came_under = came_under
        self.manner = manner
        self.seen_clear_before = False
        self.presented_under: list[int] = []
        self.arming = came_under
        self._applet = Applet(Wallet())
        self._applet.power_cycle()

    def transceive(self, command: bytes, _timeout_s: float) -> bytes:
        if command[:4] != bytes.fromhex("00A40400"):
            if command[1] != 0xC0:  # PRESENT, no GET RESPONSE
                self.presented_under.append(self.arming)
            if (error := REPLIES[self.manner]) is not None:
                raise error
        return self._applet.respond(command)


@dataclass
class OpenJudge:
    """Offers under the arming in force, and answers nothing."""

    arming: Arming
    taken: int = 0
    said: list[tuple[Any, ...]] = field(default_factory=list)

    def offer(self, arming: int) -> Offer | None:
        armed = self.arming.armed
        return Offer(UUID(int=1), UUID(int=2), b"sale", arming) if armed.wanted and armed.number == arming else None

    def expect(self) -> None:
        pass

    async def judge(self, offer: Offer, reply: bytes, turnaround_ms: int) -> Answer:
        del reply, turnaround_ms
        self.taken += offer.arming == self.arming.number
        return Answer()

    def field_empty(self, arming: int) -> None:
        self.said.append(("empty", arming))

    def prompt(self, arming: int, prompt: Prompt) -> None:
        self.said.append(("prompt", arming, prompt))

    def notice(self, arming: int, notice: Notice) -> None:
        self.said.append(("notice", arming, notice))

    def broken(self, arming: int, detail: str) -> None:
        self.said.append(("broken", arming, detail))

    def health(self, health: ReaderHealth) -> None:
        self.said.append(("health", health.name))


class NoLoop:
    """A loop that is done with everything at once."""

    def call_soon_threadsafe(self, told: Callable[..., None], *args: object) -> None:
        told(*args)


def done(question: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        question.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


def have(answer: Any, _limit_s: float) -> Any:
    """It is there already."""
    return answer


class Counter(RuleBasedStateMachine):
    """Two readers under one sale after another."""

    def __init__(self) -> None:
        super().__init__()
        self.arming, self.clock = Arming(), HandClock()
        self.judge = OpenJudge(self.arming)
        self.fields = Fields(NoLoop(), self.judge, self.clock, self.arming)  # type: ignore[arg-type] # one call of it
        self.fields._put = done  # type: ignore[method-assign] # as in lockstep
        self.fields._wait = have  # type: ignore[method-assign, assignment] # the same
        self.laid: dict[str, list[Any]] = {reader: [] for reader in READERS}
        self.clear: set[str] = set()
        """Readers that were looked at, no phone lying there, under the arming in force."""
        self.number = 0

    # --- what can be done ---------------------------------------------------------------------------------------------

    @rule()
    def arm(self) -> None:
        self.arming.arm()

    @rule()
    def disarm(self) -> None:
        self.arming.disarm()

    @rule()
    def ask_for_an_empty_field(self) -> None:
        self.arming.empty_first()

    @rule(reader=readers, manner=st.sampled_from(sorted(REPLIES)))
    def lay_a_phone(self, reader: str, manner: str) -> None:
        phone = LaidPhone(self.arming.number, manner)
        phone.seen_clear_before = self._is_clear(reader)
        self.laid[reader].append(phone)

    @rule(reader=readers, kind=st.sampled_from([ForeignCard, PassableCard]))
    def lay_a_stranger(self, reader: str, kind: type[ForeignCard]) -> None:
        if len(self.laid[reader]) < 3:
            self.laid[reader].append(kind())

    @rule(reader=readers, which=st.integers(0, 3))
    def take_one(self, reader: str, which: int) -> None:
        if which < len(self.laid[reader]):
            del self.laid[reader][which]

    @rule(reader=readers)
    def take_the_phones(self, reader: str) -> None:
        self.laid[reader] = [card for card in self.laid[reader] if not isinstance(card, LaidPhone)]

    @rule(reader=readers)
    def lose_a_reader(self, reader: str) -> None:
        self.fields.health(ReaderHealth(reader, ReaderState.LOST))
        self._is_clear(reader)
        self.clear.discard(reader)
        for phone in self.phones(reader):
            phone.seen_clear_before = False

    @rule(seconds=st.sampled_from([0.1, ASK_AGAIN_S]))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.at_s += seconds

    @rule(reader=readers)
    def look(self, reader: str) -> None:
        self.see(reader)

    # --- what holds ---------------------------------------------------------------------------------------------------

    @rule(reader=readers)
    def after_an_empty_field_a_phone_is_offered_once(self, reader: str) -> None:
        """Whatever came before: both fields free of phones, armed, seen empty, and one phone comes."""
        self.seen_empty_for_a_sale()
        self.is_offered_the_sale_once(reader)

    @rule(reader=readers)
    def a_phone_that_has_left_is_in_no_others_way(self, reader: str) -> None:
        self.seen_empty_for_a_sale()
        for name in (reader, *READERS):
            self.is_offered_the_sale_once(name)
            self.take_the_phones(name)
            self.see(name)

    def seen_empty_for_a_sale(self) -> None:
        for name in READERS:
            self.take_the_phones(name)
        self.arm()
        for name in READERS * 4:  # three cards may have to be passed over first
            self.see(name)
        assert ("empty", self.arming.number) in self.judge.said

    def is_offered_the_sale_once(self, reader: str) -> None:
        phone, taken = LaidPhone(self.arming.number), self.judge.taken
        phone.seen_clear_before = True
        self.laid[reader].append(phone)
        for _ in range(3):
            self.see(reader)
        assert phone.presented_under == [self.arming.number]
        assert self.judge.taken == taken + 1

    @rule(reader=readers, manner=st.sampled_from(sorted(REPLIES)), in_a_case=st.booleans())
    def a_phone_left_lying_is_offered_nothing(self, reader: str, manner: str, in_a_case: bool) -> None:
        phone = LaidPhone(self.arming.number, manner)
        self.laid[reader] = [PassableCard(), phone] if in_a_case else [*self.laid[reader], phone]
        self.arm()
        self.see(reader)
        self.see(reader)
        self.clock.at_s += ASK_AGAIN_S
        self.see(reader)
        assert phone.presented_under == []

    @rule(reader=readers)
    def two_phones_are_offered_nothing(self, reader: str) -> None:
        self.seen_empty_for_a_sale()
        number = self.arming.number
        two = [LaidPhone(number), LaidPhone(number)]
        for phone in two:
            phone.seen_clear_before = True
        self.laid[reader] += two
        self.see(reader)
        assert self.arming.number == number + 1
        assert ("prompt", number + 1, Prompt.TWO_PHONES) in self.judge.said
        for _ in range(3):
            self.clock.at_s += ASK_AGAIN_S
            self.see(reader)
        assert [phone.presented_under for phone in two] == [[], []]

    def see(self, reader: str) -> None:
        """One look; nothing is presented to a phone that was there before its field was seen empty for this sale."""
        self._is_clear(reader)
        for phone in self.phones(reader):
            phone.arming = self.arming.number
        seen = self.visible(reader)
        before = {card: len(card.presented_under) for card in seen if isinstance(card, LaidPhone)}
        number = self.arming.number
        self.fields.field(reader, tuple(seen))
        for phone, count in before.items():
            if len(phone.presented_under) > count:
                assert phone.came_under == number, "it came before the sale"
                assert phone.seen_clear_before, "it came before the field was seen empty"
                assert len(before) == 1, "it lay there beside another"
        if not self.phones(reader) and self.arming.number == number and self._knows_its_strangers(reader):
            self.clear.add(reader)

    def visible(self, reader: str) -> list[Any]:
        """A card that can be passed over, and is not yet, is seen alone: the reader sees one at a time."""
        cards = self.laid[reader]
        hiding = [at for at, card in enumerate(cards) if isinstance(card, PassableCard) and not card.passed_over]
        return cards[: hiding[0] + 1] if hiding else list(cards)

    def phones(self, reader: str) -> Sequence[LaidPhone]:
        return [card for card in self.laid[reader] if isinstance(card, LaidPhone)]

    def _is_clear(self, reader: str) -> bool:
        if self.number != self.arming.number:
            self.number = self.arming.number
            self.clear.clear()
        return reader in self.clear

    def _knows_its_strangers(self, reader: str) -> bool:
        """Else it has just passed one over, or has had no reason to ask what lies there: it may be a phone."""
        known = self.fields._states[reader].known.strangers
        return all(card in known for card in self.laid[reader])


TestCounter = Counter.TestCase
TestCounter.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
