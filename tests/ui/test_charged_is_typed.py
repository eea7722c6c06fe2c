# SPDX-License-Identifier: Apache-2.0
"""A model of hands at the keyboard: keys × pauses × stalls × other sales × answers to the second question × languages.

Charged is what was typed, or nothing. It is the whole screen but for its window: what is pressed reaches it as late as
a stall makes it, with when it was pressed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pengpos.client import Language
from pengpos.core.authority.limits import ASKS_ABOVE_MINOR
from pengpos.i18n import LANGUAGES
from tests.ui.scenes import typesetter
from ui.app import Options, Screen
from ui.display.moments import When
from ui.display.threads import Answer, Away, Snapshot
from ui.display.window import Event, Exposed, LanguageChosen, Resized, Typed, Window
from ui.state.calls import Call, StartSale
from workshop.samples.screens import IDLE, NOW, online, sale

AMOUNTS = st.from_regex(r"[1-9]\d{0,6}(\.\d{1,2})?", fullmatch=True)
DECIMAL_KEYS = (".", ",", "．", "。")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True)
class Attempt:
    """An amount and Enter; what befalls it."""

    amount: str
    decimal_key: str
    full_width: bool
    is_cleared_first: bool
    pauses_s: list[float]
    wrong_key_at: int | None
    stall_at: int | None
    sale_at: int | None
    answer: str
    """The key that answers the second question, if it comes."""


ATTEMPTS = st.builds(
    Attempt,
    amount=AMOUNTS,
    decimal_key=st.sampled_from(DECIMAL_KEYS),
    full_width=st.booleans(),
    is_cleared_first=st.booleans(),
    pauses_s=st.lists(st.floats(0.04, 0.9), min_size=12, max_size=12),
    wrong_key_at=st.none() | st.integers(0, 5),
    stall_at=st.none() | st.integers(0, 8),
    sale_at=st.none() | st.integers(0, 8),
    answer=st.sampled_from(("*", "enter", "escape", "5")),
)


class Hands:
    """A screen without a window, and time that the test moves."""

    def __init__(self, window: Window, language: Language) -> None:
        self.now_s = 1000.0
        self.clock_ahead = timedelta(0)
        """Of the wall clock, which may be put right; the other one goes on."""
        options = Options(socket_path=Path("none"), language=language, motion=False)
        self.screen = Screen(
            window,
            options,
            now=lambda: NOW + timedelta(seconds=self.now_s) + self.clock_ahead,
            monotonic_s=lambda: self.now_s,
        )
        self.charged: list[int] = []
        self.sales = 0
        self.screen.make_call = self.note
        self.screen.refresh()
        self.screen.on_message(Snapshot(IDLE))
        self.screen.refresh()

    def note(self, call: Call) -> None:
        if isinstance(call, StartSale):
            self.charged.append(call.amount_minor)

    def press(self, keys: list[tuple[str, float]]) -> None:
        """Keys with when they were pressed; the screen comes to them now."""
        for name, at_s in keys:
            self.screen.on_event(Typed(name, When(at_s)))
        self.screen.on_time()
        self.screen.refresh()

    def strike(self, *names: str) -> None:
        """Keys of a hand that looks."""
        for name in names:
            self.now_s += 0.3
            self.press([(name, self.now_s)])
            self.now_s += 0.1
            self.press([])

    def other_sale(self) -> None:
        """A till sells, and is paid."""
        self.sales += 1
        for state in ("presented", "approved"):
            identity = f"0193476e-aa00-7000-8000-{self.sales:012d}"
            self.screen.on_message(Snapshot(online(sale(state, id=identity))))
            self.screen.refresh()

    def answer(self) -> None:
        """The daemon has taken what was charged; it is paid, and left."""
        call = self.screen.local.calling
        if isinstance(call, StartSale):
            self.other_sale()
            self.screen.on_message(Answer(call, None))
            self.screen.refresh()


@pytest.fixture(scope="module")
def window() -> Iterator[Window]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SDL_VIDEODRIVER", "dummy")
        patch.setattr("ui.app.Speaker.play", lambda _speaker, _sound: None)
        patch.setattr("ui.app.Typesetter", lambda _faces: typesetter())
        patch.setattr("ui.app.Faces", lambda **_: None)
        opened = Window((480, 320), fullscreen=False)
        pygame.event.clear()
        yield opened
        opened.close()


def keys_of(attempt: Attempt) -> list[str]:
    typed = attempt.amount.translate(FULL_WIDTH) if attempt.full_width else attempt.amount
    keys = list(typed.replace(".", attempt.decimal_key))
    if attempt.wrong_key_at is not None:
        keys.insert(min(attempt.wrong_key_at, len(keys)), "-")
    return [*(["delete"] if attempt.is_cleared_first else []), *keys, "enter"]


@settings(max_examples=60, deadline=None)
@given(attempts=st.lists(ATTEMPTS, min_size=1, max_size=4), language=st.sampled_from(LANGUAGES))
def test_charged_is_what_was_typed_or_nothing(window: Window, attempts: list[Attempt], language: Language) -> None:
    hands, is_sure = Hands(window, language), True
    for attempt in attempts:
        before, waiting = len(hands.charged), list[tuple[str, float]]()
        is_sure = is_sure and attempt.wrong_key_at is None and attempt.sale_at is None
        for index, name in enumerate(keys_of(attempt)):
            hands.now_s += attempt.pauses_s[index % len(attempt.pauses_s)]
            waiting.append((name, hands.now_s))
            if attempt.sale_at == index:
                hands.other_sale()
            if attempt.stall_at is None or index < attempt.stall_at:
                hands.press(waiting)
                waiting = []
        hands.press(waiting)
        hands.now_s += 0.1
        hands.press([])
        meant = int(Decimal(attempt.amount).scaleb(2))
        if meant > ASKS_ABOVE_MINOR:
            assert hands.charged[before:] == []
            hands.strike(attempt.answer)
            is_sure = is_sure and attempt.answer == "*"
        assert hands.charged[before:] in ([meant], [] if not is_sure else [meant])
        if hands.charged[before:]:
            hands.answer()
        else:
            hands.strike("delete", "delete")
        hands.now_s += 0.5


MIDWAY: dict[str, list[Event]] = {
    "the window gets another size": [Resized((800, 480))],
    "the window system lost our pixels": [Exposed()],
    "another language is chosen": [LanguageChosen("en"), LanguageChosen("zh-Hant")],
    "a size, and the pixels are lost": [Resized((1024, 600)), Exposed()],
}


@pytest.mark.parametrize("events", MIDWAY.values(), ids=MIDWAY.keys())
def test_what_befalls_the_window_takes_no_key(window: Window, events: list[Event]) -> None:
    """All of it comes at once, after a stall."""
    hands = Hands(window, "en")
    hands.press([("1", 1000.4), ("8", 1000.6)])
    for event in [Typed("8", When(1000.8)), *events, Typed("0", When(1001.0)), *events, Typed("enter", When(1001.4))]:
        hands.screen.on_event(event)
    hands.now_s = 1002.0
    hands.press([])
    assert hands.charged == [1_880_00]


def test_a_terminal_locked_midway_charges_no_half_amount(window: Window) -> None:
    hands = Hands(window, "en")
    terminal = IDLE.terminal
    assert terminal is not None
    locked = msgspec.structs.replace(IDLE, terminal=msgspec.structs.replace(terminal, standing="locked"))
    hands.now_s = 1001.0
    hands.press([("1", 1000.4), ("8", 1000.6)])
    hands.screen.on_message(Snapshot(locked))
    hands.screen.refresh()
    hands.strike("8")
    hands.screen.on_message(Snapshot(IDLE))
    hands.screen.refresh()
    hands.strike("0", "enter")
    assert hands.charged == []
    hands.strike("delete", "5", "enter")
    assert hands.charged == [5_00]


@pytest.mark.parametrize("by", [timedelta(days=-400), timedelta(minutes=2), timedelta(days=20_000)])
def test_a_clock_that_is_put_right_midway_takes_no_digit(window: Window, by: timedelta) -> None:
    """A terminal without a clock of its own hears the time minutes after its start: of 1880, 80.00 was charged."""
    hands = Hands(window, "en")
    hands.strike("1", "8")
    hands.clock_ahead = by
    hands.screen.refresh()
    hands.strike("8", "0", "enter")
    assert hands.charged == [1_880_00]


def test_a_screen_held_for_more_than_a_minute_charges_what_was_typed_meanwhile(window: Window) -> None:
    """The digits before it were forgotten as an amount at rest, and the others charged."""
    hands = Hands(window, "en")
    hands.strike("1")
    at_s, hands.now_s = hands.now_s, hands.now_s + 90
    hands.press([("8", at_s + 0.5), ("8", at_s + 1.0), ("0", at_s + 1.5), ("enter", at_s + 2.0)])
    assert hands.charged == [1_880_00]


@pytest.mark.parametrize(
    ("meanwhile", "after", "charged"),
    [((), ("8", "0"), [1_880_00]), (("8",), ("0",), []), (("8", "0"), (), [])],
    ids=["no key", "one key", "all of the rest"],
)
def test_a_daemon_that_goes_and_comes_back_midway(
    window: Window, meanwhile: tuple[str, ...], after: tuple[str, ...], charged: list[int]
) -> None:
    """What is pressed while it is away is refused, and then the amount is not to be confirmed."""
    hands = Hands(window, "en")
    hands.strike("1", "8")
    hands.screen.on_message(Away("restarted"))
    hands.screen.refresh()
    hands.strike(*meanwhile)
    hands.screen.on_message(Snapshot(IDLE))
    hands.screen.refresh()
    hands.strike(*after, "enter")
    assert hands.charged == charged


@pytest.mark.parametrize("key", ["\ufffd", "´", "'1", "½", "²", "٬", "\u00a0"])
def test_a_key_that_is_no_part_of_an_amount_holds_it_up(window: Window, key: str) -> None:
    """Half an accent, what an input method kept, two characters of one key, a fraction, signs between thousands."""
    hands = Hands(window, "en")
    hands.strike("1", key, "8", "enter")
    assert hands.charged == []
    hands.strike("delete", "1", "8", "enter")
    assert hands.charged == [18_00]


def test_two_keyboards_at_once_are_no_amount_of_neither(window: Window) -> None:
    """Sixteen keys 20 ms apart are as fast as no hand; slower, each of them stands in the amount that is shown."""
    hands = Hands(window, "en")
    hands.now_s = 1001.0
    hands.press([(name, 1000.4 + 0.02 * at) for at, name in enumerate("1188880011888800")])
    hands.strike("enter")
    assert hands.charged == []


@pytest.mark.parametrize("keys", [("6", "9", "0"), ("*", "*"), ("+",), ("é",), ("\ufffd",)])
def test_what_is_pressed_at_the_question_charges_nothing_unless_it_is_the_answer(
    window: Window, keys: tuple[str, ...]
) -> None:
    """All at once with Enter, which the screen comes to late: none of it was pressed at the question."""
    hands = Hands(window, "en")
    typed = [*"12000", "enter", *keys, "enter", "enter"]
    hands.now_s = 1010.0
    hands.press([(name, 1001.0 + 0.2 * at) for at, name in enumerate(typed)])
    hands.strike("enter")
    assert hands.charged == []


@pytest.mark.parametrize("code", ["*1*", "**", "*1", "1*"])
def test_a_scanner_gives_no_answer_to_the_question(window: Window, code: str) -> None:
    """Code 39 begins and ends with an asterisk, and many a scanner sends them: three keys were a sale of 12,000."""
    hands = Hands(window, "en")
    hands.strike(*"12000", "enter")
    hands.now_s += 1.0
    hands.press([(name, hands.now_s + 0.005 * at) for at, name in enumerate([*code, "enter"])])
    assert hands.charged == []
    hands.strike("escape", "delete", *"12000", "enter", "*")
    assert hands.charged == [12_000_00]


@pytest.mark.parametrize(("code", "apart_s"), [("12", 0.005), ("123", 0.03), ("1.5", 0.01)])
def test_a_scanner_confirms_no_amount(window: Window, code: str, apart_s: float) -> None:
    """A code of two or three digits with its Enter was a sale of so much."""
    hands = Hands(window, "en")
    hands.press([(name, 1000.4 + apart_s * at) for at, name in enumerate([*code, "enter"])])
    hands.now_s = 1001.0
    hands.strike("enter")
    assert hands.charged == []
    hands.strike("delete", "5", "enter")
    assert hands.charged == [5_00]
