# SPDX-License-Identifier: Apache-2.0
"""One reader's field, every state against every event. Source: tap protocol §2.

The table's letters. States: U unseen, E empty, A approached, O offered, X occupied, T occupied by one of two phones;
4 after it: of the arming before, which is not in force any more. Then what follows: `!` the empty field is reported,
`?` the cards are to be recognised, `>` the cards are to be tried; the shopper is shown `-` remove the phone, `2` two
phones, `l` look at the phone, `n` not a wallet, `q` too quick; `b` a broken phone is reported. `=`: nothing happens.
"""

from dataclasses import dataclass, replace
from itertools import product
from typing import get_args

import pytest

from pengpos.core.sale import Notice, Prompt
from terminal.sales.arming import Armed
from terminal.taps import field_events as happens
from terminal.taps.field_events import Effect, Event, Looked, Others
from terminal.taps.field_state import (
    ASK_AGAIN_S,
    Approached,
    Empty,
    FieldState,
    Known,
    Occupied,
    Offered,
    Unseen,
    others_of,
    seen_empty_under,
    step,
)

NOW_S = 100.0


@dataclass(frozen=True, eq=False)
class Token:
    """A card that nothing is asked."""

    name: str

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        raise AssertionError((command, timeout_s))

    def __repr__(self) -> str:
        return self.name


PHONE, OTHER, STICKER, NEW = Token("phone"), Token("other"), Token("sticker"), Token("new")
KNOWN = Known(strangers=(STICKER,), phones=(PHONE,))
ARMED = Armed(number=5, wanted=True)
AFTER_TWO = replace(ARMED, two_phones={"one": 1, "two": 1}, two_phones_under=4)

STATES: dict[str, FieldState] = {
    "U": Unseen(known=KNOWN),
    "E": Empty(arming=5, known=Known(strangers=(STICKER,))),
    "E4": Empty(arming=4, known=Known(strangers=(STICKER,))),
    "A": Approached(arming=5, known=KNOWN),
    "A4": Approached(arming=4, known=KNOWN),
    "O": Offered(arming=5, known=KNOWN),
    "O4": Offered(arming=4, known=KNOWN),
    "X": Occupied(arming=5, known=KNOWN),
    "X4": Occupied(arming=4, known=KNOWN),
    "T": Occupied(arming=5, known=KNOWN, phones=2, of_two=True),
}


def look(*cards: Token, armed: Armed = ARMED, others: Others | None = None) -> Looked:
    return Looked(reader="one", cards=cards, armed=armed, at_s=NOW_S, others=others or Others())


EVENTS: dict[str, Event] = {
    "nothing": look(),
    "sticker": look(STICKER),
    "phone": look(STICKER, PHONE),
    "new": look(STICKER, NEW),
    "two": look(PHONE, OTHER),
    "not armed": look(PHONE, armed=replace(ARMED, wanted=False)),
    "nothing, not armed": look(armed=replace(ARMED, wanted=False)),
    "one of two": look(PHONE, armed=AFTER_TWO, others=Others(told_to_go=True, phones_of_two=1)),
    "two elsewhere": look(armed=AFTER_TWO, others=Others(told_to_go=True, phones_of_two=2)),
    "one elsewhere": look(armed=AFTER_TWO, others=Others(told_to_go=True, phones_of_two=1)),
    "is phone": happens.Recognised(look(NEW), phones=(NEW,)),
    "is none": happens.Recognised(look(NEW), strangers=(NEW,)),
    "passed over": happens.Recognised(look(NEW), strangers=(NEW,), passed_over=True),
    "wallet": happens.WalletSelected(NEW),
    "stranger": happens.StrangerSelected(NEW, passed_over=False),
    "asleep": happens.StrangerSelected(NEW, passed_over=True),
    "two found": happens.TwoPhonesFound(6),
    "presented": happens.Presented(),
    "replied": happens.Replied(NOW_S),
    "torn": happens.Torn(),
    "silent": happens.Silent(NOW_S),
    "broke": happens.Broke((PHONE,), "6F00"),
    "ended": happens.TapEnded(),
}

TABLE = """
                    | U     E     E4    A     A4    O     O4    X     X4    T
nothing             | E!    E     E!    E     E!    E     E!    E!    E!    E!
sticker             | E!    =     E!    E     E!    E     E!    E!    E!    E!
phone               | X-    A>    E4?   A>    X-    A>    X-    =     X-    T-
new                 | U?    A>    E4?   A>    A4?   A>    O4?   X?    X4?   T?
two                 | U?    A>    E4?   A>    A4?   A>    O4?   X?    X4?   T?
not armed           | X     A     X     A     X     A     X     X     X     T
nothing, not armed  | E     E     E     E     E     E     E     E     E     E
one of two          | X-    A>    E4?   A>    T     A>    T     X     X-    T
two elsewhere       | E     E     E     E     E     E     E     E     E     E
one elsewhere       | E!-   E     E!-   E     E!-   E     E!-   E!-   E!-   E!-
is phone            | X-    A>    X-    A>    X-    A>    X-    X     X-    T-
is none             | E!    E     E!    E     E!    E     E!    E!    E!    E!
passed over         | U     E     E4    A     A4    O     O4    X     X4    T
wallet              | =     =     =     A     A4    O     O4    =     =     =
stranger            | =     =     =     An    A4n   On    O4n   =     =     =
asleep              | =     =     =     A     A4    O     O4    =     =     =
two found           | =     =     =     A2    A42   O2    O42   =     =     =
presented           | =     =     =     O     O4    =     =     =     =     =
replied             | =     =     =     A     A4    O     O4    =     =     =
torn                | =     =     =     =     =     Aq    A4q   =     =     =
silent              | =     =     =     Al    A4l   Al    A4l   =     =     =
broke               | =     =     =     Ab    A4b   Ab    A4b   =     =     =
ended               | =     =     =     =     =     A     A4    =     =     =
"""
HEAD, *ROWS = [line.split("|") for line in TABLE.strip("\n").split("\n")]
CELLS = {
    (state, row[0].strip()): cell for row in ROWS for state, cell in zip(HEAD[1].split(), row[1].split(), strict=True)
}
LETTERS = {Unseen: "U", Empty: "E", Approached: "A", Offered: "O", Occupied: "X"}
PROMPTS = {Prompt.REMOVE_PHONE: "-", Prompt.TWO_PHONES: "2", Prompt.LOOK_AT_PHONE: "l"}
NOTICES = {Notice.NOT_A_WALLET: "n", Notice.TOO_QUICK: "q"}


def mark(effect: Effect) -> str:
    match effect:
        case happens.ReportEmpty(arming):
            assert arming == 5
            return "!"
        case happens.Recognise():
            return "?"
        case happens.TryCards():
            return ">"
        case happens.ForgetWallets():
            return "f"
        case happens.ReportBroken():
            return "b"
        case happens.ShowPrompt(_, prompt):
            return PROMPTS[prompt]
        case happens.ShowNotice(_, notice):
            return NOTICES[notice]


def cell(before: FieldState, event: Event) -> str:
    after, effects = step(before, event)
    if after == before and not effects:
        return "="
    letter = "T" if isinstance(after, Occupied) and after.of_two else LETTERS[type(after)]
    older = "4" if not isinstance(after, Unseen) and after.arming == 4 else ""
    return letter + older + "".join(mark(effect) for effect in effects)


@pytest.mark.parametrize(("state", "event"), list(product(STATES, EVENTS)))
def test_every_state_against_every_event(state: str, event: str) -> None:
    assert cell(STATES[state], EVENTS[event]) == CELLS[state, event]


def test_the_table_has_every_state_and_every_event_there_is() -> None:
    assert set(CELLS) == set(product(STATES, EVENTS))
    assert {type(state) for state in STATES.values()} == set(get_args(FieldState))
    assert {type(event) for event in EVENTS.values()} == set(get_args(Event))


# --- what the letters do not show -------------------------------------------------------------------------------------


def test_only_strangers_are_remembered_of_an_empty_field() -> None:
    after, _ = step(replace(STATES["A"], known=replace(KNOWN, broken=(OTHER,))), look(STICKER))
    assert after == Empty(arming=5, known=Known(strangers=(STICKER,)))


@pytest.mark.parametrize("state", STATES)
def test_a_card_that_has_gone_is_forgotten(state: str) -> None:
    after, _ = step(STATES[state], look(NEW))
    assert not {STICKER, PHONE} & {*after.known.strangers, *after.known.phones}


def test_only_what_is_not_known_is_recognised() -> None:
    _, effects = step(STATES["X"], look(STICKER, PHONE, NEW, OTHER))
    assert effects == (happens.Recognise((NEW, OTHER)),)


def test_what_is_tried_is_neither_a_stranger_nor_broken() -> None:
    state = Approached(arming=5, known=replace(KNOWN, broken=(OTHER,)))
    assert step(state, look(STICKER, PHONE, OTHER, NEW))[1] == (happens.TryCards((PHONE, NEW)),)
    assert step(state, look(OTHER))[1] == (happens.TryCards(()),)  # so that it takes no part in two phones


@pytest.mark.parametrize(
    ("event", "waits"),
    [(happens.Replied(NOW_S), True), (happens.Silent(NOW_S), True), (happens.Torn(), False)],
    ids=["replied", "silent", "torn"],
)
def test_the_same_phone_is_tried_again_after_a_second(event: happens.TapEvent, waits: bool) -> None:
    state, _ = step(STATES["O"], event)
    state, _ = step(state, happens.TapEnded())
    early = step(state, replace(look(PHONE), at_s=NOW_S + ASK_AGAIN_S - 0.001))[1]
    assert early == (() if waits else (happens.TryCards((PHONE,)),))
    assert step(state, replace(look(PHONE), at_s=NOW_S + ASK_AGAIN_S))[1] == (happens.TryCards((PHONE,)),)


def test_a_phone_that_comes_back_waits_for_nothing() -> None:
    state, _ = step(Approached(arming=5, not_before_s=NOW_S + 9), look())
    assert step(state, look(PHONE))[1] == (happens.TryCards((PHONE,)),)


@pytest.mark.parametrize("state", [Approached, Offered])
@pytest.mark.parametrize(
    ("cards", "said"), [((), "n"), ((STICKER,), "n"), ((PHONE,), "")], ids=["gone", "alone", "a phone behind it"]
)
def test_of_a_card_passed_over_it_is_said_once_what_is_behind_it_is_seen(
    state: type[Approached | Offered], cards: tuple[Token, ...], said: str
) -> None:
    after, effects = step(state(arming=5, known=KNOWN, passed_over=True), look(*cards))
    assert "".join(mark(effect) for effect in effects).replace(">", "") == said
    assert not isinstance(after, Approached) or not after.passed_over


def test_an_empty_field_has_no_wallet_that_answered() -> None:
    armed = replace(ARMED, wallets={"one": 1})
    assert step(STATES["A"], look(armed=armed))[1] == (happens.ForgetWallets(),)
    assert step(STATES["A"], look(armed=replace(ARMED, wallets={"two": 1})))[1] == ()


def test_what_broke_the_protocol_is_named() -> None:
    after, effects = step(STATES["O"], happens.Broke((PHONE,), "6F00"))
    assert effects == (happens.ReportBroken(5, "6F00"),)
    assert after.known.broken == (PHONE,)


def test_a_card_is_noted_once() -> None:
    for event in (happens.WalletSelected(PHONE), happens.WalletSelected(PHONE)):
        after, _ = step(STATES["A"], event)
        assert after.known == KNOWN


# --- what stays from sale to sale -------------------------------------------------------------------------------------

FREE, NONE_FREE, NO_OTHER = Others(readers=1, free=True), Others(readers=1), Others()


@pytest.mark.parametrize(
    ("sales", "asked"),
    [
        pytest.param([[FREE, FREE]], ["-"], id="the first time it is asked for"),
        pytest.param([[FREE], [FREE, FREE]], ["-", ""], id="not in each sale, where another reader sells"),
        pytest.param([[FREE], [NONE_FREE, FREE, FREE]], ["-", ""], id="the other reader is looked at later"),
        pytest.param([[FREE], [FREE], [FREE]], ["-", "", ""], id="nor in a third"),
        pytest.param([[FREE], [NONE_FREE, NONE_FREE, NONE_FREE]], ["-", "-"], id="where none sells it is, once"),
        pytest.param([[FREE], [FREE, NONE_FREE, NONE_FREE]], ["-", "-"], id="and as soon as none does"),
        pytest.param([[NO_OTHER], [NO_OTHER, NO_OTHER], [NO_OTHER]], ["-", "-", "-"], id="alone, in each"),
    ],
)
def test_a_card_that_stays_is_not_asked_for_in_each_sale(sales: list[list[Others]], asked: list[str]) -> None:
    state: FieldState = Unseen(known=Known(phones=(PHONE,)))
    said = []
    for number, looks in enumerate(sales, 1):
        shown = ""
        for others in looks:
            state, effects = step(state, look(PHONE, armed=Armed(number=number, wanted=True), others=others))
            shown += "".join(mark(effect) for effect in effects)
        said.append(shown)
    assert said == asked


def test_one_that_is_not_asked_for_is_never_presented_to_and_asks_nothing_of_the_others() -> None:
    state: FieldState = Occupied(arming=4, known=Known(phones=(PHONE,), told_to_go=(PHONE,)))
    state, effects = step(state, look(PHONE, others=FREE))
    assert effects == ()
    assert not others_of("two", {"one": state}, ARMED).told_to_go
    assert not seen_empty_under(state, 5)


@pytest.mark.parametrize("cards", [(NEW,), (PHONE, NEW)], ids=["another", "one more"])
def test_another_that_lies_there_is_asked_for(cards: tuple[Token, ...]) -> None:
    known = Known(phones=(PHONE, NEW), told_to_go=(PHONE,))
    after, effects = step(Occupied(arming=4, known=known), look(*cards, others=FREE))
    assert [mark(effect) for effect in effects] == ["-"]
    assert after.known.told_to_go == cards


# --- what the fields are to each other --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "others"),
    [
        ("U", Others()),
        ("E", Others()),
        ("E4", Others()),
        ("A", Others()),
        ("A4", Others(told_to_go=True, phones_of_two=1)),
        ("O", Others()),
        ("O4", Others(told_to_go=True, phones_of_two=1)),
        ("X", Others(told_to_go=True)),
        ("X4", Others()),
        ("T", Others(told_to_go=True, phones_of_two=2)),
    ],
)
def test_what_a_field_is_to_the_others(state: str, others: Others) -> None:
    fields = {"one": STATES["T"], "two": STATES[state]}
    assert others_of("one", fields, AFTER_TWO) == replace(others, readers=1, free=state in ("E", "A", "O"))


def test_of_two_phones_only_the_readers_count_that_had_them() -> None:
    fields = {"three": STATES["A4"]}
    assert others_of("one", fields, AFTER_TWO) == Others(readers=1)


def test_seen_empty_is_of_one_arming() -> None:
    assert {name for name, state in STATES.items() if seen_empty_under(state, 5)} == {"E", "A", "O"}
    assert {name for name, state in STATES.items() if seen_empty_under(state, 4)} == {"E4", "A4", "O4"}
