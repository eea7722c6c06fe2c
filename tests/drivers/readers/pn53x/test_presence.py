# SPDX-License-Identifier: Apache-2.0
"""What a PN53x reader believes is in its field, every state against every event.

The table's letters. States: N absent, S selected, A active, X exchanging, x without a session, D doubted, d without a
session, R resting. Then `.`: a card's departure is to be reported. Then the radio calls: `o` off, `s` search, `r` a
search after a reset, `k` R(NAK), `a` activate, `h` HLTA, `e` DESELECT. `=`: nothing changes, nothing is called.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from drivers.isodep.ats import Ats
from drivers.isodep.reader import IsoDep
from drivers.readers.pn53x import presence_events as happens
from drivers.readers.pn53x.card import Found, Pn53xCard
from drivers.readers.pn53x.presence import (
    ASLEEP_MOST,
    FIELD_OFF_S,
    FLICKER_S,
    POLL_S,
    RESET_S,
    Absent,
    Active,
    Awake,
    Doubted,
    Exchanging,
    Presence,
    Resting,
    Selected,
    step,
)
from drivers.readers.pn53x.presence_events import Effect, Event

NOW_S = 100.0


class NoReader:
    """Of cards that nothing is asked."""

    def holds(self, card: Pn53xCard) -> bool:
        raise AssertionError(card)

    def exchange(self, card: Pn53xCard, command: bytes, timeout_s: float) -> bytes:
        raise AssertionError((card, command, timeout_s))

    def pass_over(self, card: Pn53xCard) -> None:
        raise AssertionError(card)


class NoRadio:
    """Carries nothing."""

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        raise AssertionError((frame, timeout_s))


def card_of(uid: str, sel_res: int = 0x20) -> Pn53xCard:
    return Pn53xCard(NoReader(), Found(bytes.fromhex(uid), sel_res))


def session() -> IsoDep:
    return IsoDep(NoRadio(), Ats(), frame_most=256)


CARD, SAME, OTHER = card_of("04112233"), card_of("04112233"), card_of("04998877")
STICKER, ASLEEP = card_of("04AABBCC", 0x00), card_of("04DDEEFF")
SESSION, NEWER = session(), session()

STATES: dict[str, Awake] = {
    "N": Absent(),
    "S": Selected(CARD),
    "A": Active(CARD, SESSION),
    "X": Exchanging(CARD, SESSION),
    "x": Exchanging(CARD, None),
    "D": Doubted(CARD, SESSION),
    "d": Doubted(CARD, None),
    "R": Resting(CARD, NOW_S - 1),
}


def believing(awake: Awake, **more: object) -> Presence:
    """As it is between two resets of the field, with one card passed over."""
    presence = Presence(awake=awake, asleep=(ASLEEP,), reset_from_s=NOW_S + 1, reported=CARD)
    return replace(presence, **more)  # type: ignore[arg-type] # each test knows which it gives


def searched(card: Pn53xCard | None, *, reset: bool = False) -> happens.Searched:
    return happens.Searched(card=card, woken=(), reset=reset, at_s=NOW_S)


EVENTS: dict[str, Event] = {
    "look": happens.LookBegun(NOW_S),
    "look, reset due": happens.LookBegun(NOW_S + 1),
    "look ended": happens.LookEnded(NOW_S),
    "look outlived": happens.LookOutlived(),
    "found it": searched(SAME),
    "found another": searched(OTHER),
    "found a sticker": searched(STICKER),
    "found nothing": searched(None),
    "answered": happens.Answered(),
    "not answered": happens.NotAnswered(),
    "activated": happens.Activated(NEWER),
    "not activated": happens.Activated(None),
    "exchange begun": happens.ExchangeBegun(),
    "searched again": happens.SearchedAgain(found=CARD.found, woken=()),
    "exchanged": happens.Exchanged(),
    "failed": happens.ExchangeFailed(keeps_session=False),
    "odd answer": happens.ExchangeFailed(keeps_session=True),
    "silent, there": happens.FellSilent(found=SAME.found, woken=()),
    "silent, another": happens.FellSilent(found=OTHER.found, woken=()),
    "silent, gone": happens.FellSilent(found=None, woken=()),
    "passing over": happens.PassingOver(CARD),
    "passing another": happens.PassingOver(OTHER),
    "fell asleep": happens.FellAsleep(NOW_S),
    "reported": happens.Reported(),
    "tag played": happens.TagPlayed(),
    "closed": happens.Closed(),
}
LETTERS = {Absent: "N", Selected: "S", Active: "A", Exchanging: "X", Doubted: "D", Resting: "R"}


def mark(effect: Effect) -> str:
    match effect:
        case happens.SwitchOff():
            return "o"
        case happens.Search(reset):
            return "r" if reset else "s"
        case happens.AskPresence():
            return "k"
        case happens.Activate():
            return "a"
        case happens.Halt(deselect):
            return "e" if deselect else "h"


def cell(before: Presence, event: Event) -> str:
    after, effects = step(before, event)
    if after == before and not effects:
        return "="
    letter = LETTERS[type(after.awake)]
    if isinstance(after.awake, Exchanging | Doubted) and after.awake.session is None:
        letter = letter.lower()
    return letter + "." * after.departed + "".join(mark(effect) for effect in effects)


TABLE = """
                    | N     S     A     X     x     D     d     R
look                | Ns    Ss    Ak    Ro    Ro    Ro    Ro    Rs
look, reset due     | Nr    Sr    Ak    Ro    Ro    Ro    Ro    Rr
look ended          | N     S     A     X     x     D     d     R
look outlived       | N     d     d     d     d     d     d     d
found it            | Sa    Sa    =     =     =     =     =     Sa
found another       | Sa    S.a   =     =     =     =     =     S.a
found a sticker     | S     S.    =     =     =     =     =     S.
found nothing       | =     N.    =     =     =     =     =     N.
answered            | =     =     =     =     =     =     =     =
not answered        | =     =     N.    =     =     =     =     =
activated           | =     A     A     X     X     D     D     =
not activated       | =     =     S     x     =     d     =     =
exchange begun      | =     x     X     =     =     =     =     x
searched again      | =     =     =     X     x     D     d     =
exchanged           | =     =     =     A     S     =     =     =
failed              | =     =     =     d     d     d     =     =
odd answer          | =     =     =     D     d     =     =     =
silent, there       | =     =     =     d     d     d     d     =
silent, another     | =     =     =     N.    N.    N.    N.    =
silent, gone        | =     =     =     N.    N.    N.    N.    =
passing over        | =     Sh    Ae    Xe    xh    De    dh    Rh
passing another     | =     =     =     =     =     =     =     =
fell asleep         | =     N     N     N     N     N     N     N
reported            | N     =     =     =     =     =     =     =
tag played          | N     S     A     X     x     D     d     R
closed              | N     N     N     N     N     N     N     N
"""
HEAD, *ROWS = [line.split("|") for line in TABLE.strip("\n").split("\n")]
CELLS = {
    (state, row[0].strip()): cell for row in ROWS for state, cell in zip(HEAD[1].split(), row[1].split(), strict=True)
}


@pytest.mark.parametrize(("state", "event"), list(product(STATES, EVENTS)))
def test_every_state_against_every_event(state: str, event: str) -> None:
    assert cell(believing(STATES[state]), EVENTS[event]) == CELLS[state, event]


def test_the_table_has_every_state_and_every_event_there_is() -> None:
    assert set(CELLS) == set(product(STATES, EVENTS))
    assert {type(state) for state in STATES.values()} == set(get_args(Awake))
    assert {type(event) for event in EVENTS.values()} == set(get_args(Event))


@pytest.mark.parametrize(("state", "event"), list(product(STATES, EVENTS)))
def test_the_card_that_is_awake_is_the_one_that_was_or_its_departure_is_to_be_reported(state: str, event: str) -> None:
    before = believing(STATES[state])
    after, _ = step(before, EVENTS[event])
    kept = before.card is None or after.card is before.card
    assert kept or after.departed or before.card in after.asleep or isinstance(EVENTS[event], happens.Closed)


# --- what the letters do not show -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["S", "R"])
def test_a_card_found_again_is_the_same_object(state: str) -> None:
    after, _ = step(believing(STATES[state]), searched(SAME))
    assert after.card is CARD
    another, _ = step(believing(STATES[state]), searched(OTHER))
    assert another.card is OTHER


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("04112233", "04112233", True),
        ("04112233", "04112234", False),
        ("08112233", "08998877", True),
        ("08112233", "04112233", False),
        ("04112233", "08112233", False),
        ("", "", True),
    ],
)
def test_a_uid_that_is_drawn_anew_tells_nothing(before: str, now: str, same: bool) -> None:
    after, _ = step(believing(Selected(known := card_of(before))), searched(card_of(now)))
    assert (after.card is known) == same
    assert after.departed != same


def test_the_field_rests_after_a_failed_exchange() -> None:
    after, _ = step(believing(STATES["D"]), happens.LookBegun(NOW_S))
    assert after.rests_until_s == NOW_S + FIELD_OFF_S
    assert step(after, happens.LookBegun(NOW_S + FIELD_OFF_S - 0.001)) == (after, ())
    assert step(after, happens.LookBegun(NOW_S + FIELD_OFF_S))[1] == (happens.Search(reset=False),)


@pytest.mark.parametrize(("after_s", "still"), [(FLICKER_S - 0.001, True), (FLICKER_S, False)])
@pytest.mark.parametrize("found_once", [False, True], ids=["not found yet", "found once"])
def test_a_card_that_is_not_found_after_a_rest_may_still_be_there(
    after_s: float, still: bool, found_once: bool
) -> None:
    rests, _ = step(believing(STATES["D"]), happens.LookBegun(NOW_S))
    if found_once:
        rests, _ = step(rests, replace(searched(STICKER), at_s=NOW_S + FIELD_OFF_S))
    known = rests.card
    at_s = NOW_S + FIELD_OFF_S + after_s
    after, _ = step(replace(rests, departed=False), replace(searched(None), at_s=at_s))
    assert (after.card is known, after.departed) == (still, not still)


@pytest.mark.parametrize(
    ("card", "reset", "reset_from_s"),
    [(None, False, NOW_S + 1), (None, True, NOW_S + RESET_S), (OTHER, False, NOW_S), (OTHER, True, NOW_S)],
)
def test_when_the_field_is_switched_off_next(card: Pn53xCard | None, reset: bool, reset_from_s: float) -> None:
    """A card may sleep in it; and one that answers the next search, too, has been found anew."""
    after, _ = step(believing(Absent()), searched(card, reset=reset))
    assert after.reset_from_s == reset_from_s


@pytest.mark.parametrize("event", ["look outlived", "searched again", "silent, there", "silent, gone", "tag played"])
def test_where_the_field_was_off_the_next_search_begins_with_a_reset(event: str) -> None:
    after, _ = step(believing(STATES["X"]), EVENTS[event])
    assert after.reset_from_s == 0.0


def test_an_empty_field_is_looked_at_at_one_pace() -> None:
    after, _ = step(believing(Absent()), happens.LookEnded(NOW_S))
    assert after.poll_from_s == NOW_S + POLL_S
    assert not after.is_quiet, "a card was reported and has gone"
    assert step(after, happens.Reported())[0].is_quiet


# --- cards passed over ------------------------------------------------------------------------------------------------

SEARCHES = [
    lambda found, woken: happens.Searched(card=found, woken=woken, reset=True, at_s=NOW_S),
    lambda found, woken: happens.SearchedAgain(found=found and found.found, woken=woken),
    lambda found, woken: happens.FellSilent(found=found and found.found, woken=woken),
]


@pytest.mark.parametrize("event", SEARCHES, ids=["a look", "an exchange", "after silence"])
@pytest.mark.parametrize(
    ("found", "woken", "asleep"),
    [
        pytest.param(None, (), (), id="gone"),
        pytest.param(None, (ASLEEP,), (ASLEEP,), id="still there"),
        pytest.param(SAME, (), (ASLEEP,), id="a phone answered first"),
        pytest.param(SAME, (ASLEEP,), (ASLEEP,), id="behind it a phone"),
    ],
)
def test_which_of_them_have_gone_is_known_after_a_search_that_finds_nothing_more(
    event: Callable[[Pn53xCard | None, tuple[Pn53xCard, ...]], Event],
    found: Pn53xCard | None,
    woken: tuple[Pn53xCard, ...],
    asleep: tuple[Pn53xCard, ...],
) -> None:
    looking = isinstance(event(None, ()), happens.Searched)
    after, _ = step(believing(STATES["S" if looking else "x"]), event(found, woken))
    assert after.asleep == asleep


def test_without_a_reset_those_that_sleep_do_not_answer() -> None:
    after, _ = step(believing(Absent()), searched(None))
    assert after.asleep == (ASLEEP,)


def test_a_card_passed_over_is_reported_before_the_one_that_is_awake() -> None:
    after, _ = step(believing(STATES["A"]), happens.FellAsleep(NOW_S))
    assert (after.cards, after.card, after.reported) == ((ASLEEP, CARD), None, None)
    assert (after.poll_from_s, after.reset_from_s) == (0.0, NOW_S + RESET_S), "what is behind it is looked for at once"
    assert believing(STATES["S"]).cards == (ASLEEP, CARD)


def test_one_whose_uid_is_drawn_anew_is_not_put_to_sleep() -> None:
    phone = card_of("08010203")
    presence = believing(Active(phone, SESSION))
    assert step(presence, happens.PassingOver(phone)) == (presence, ())


def test_no_more_are_put_to_sleep_than_can_be_woken_in_time() -> None:
    full = believing(STATES["A"], asleep=tuple(card_of(f"0400000{n}") for n in range(ASLEEP_MOST)))
    assert step(full, happens.PassingOver(CARD)) == (full, ())
    assert step(replace(full, asleep=full.asleep[1:]), happens.PassingOver(CARD))[1] == (happens.Halt(deselect=True),)


# --- exchanges and reports --------------------------------------------------------------------------------------------


def test_an_exchange_after_a_failed_one_does_not_end_the_doubt() -> None:
    presence = believing(STATES["D"])
    for event in (happens.ExchangeBegun(), happens.Exchanged()):
        presence, _ = step(presence, event)
    assert presence.awake == STATES["D"]


def test_a_card_activated_anew_goes_on_with_its_new_session() -> None:
    presence = believing(STATES["S"])
    for name in ("exchange begun", "searched again", "activated", "exchanged"):
        presence, _ = step(presence, EVENTS[name])
    assert presence.awake == Active(CARD, NEWER)


def test_a_departure_is_reported_before_what_came_since() -> None:
    after, _ = step(believing(STATES["S"]), searched(OTHER))
    first, _ = step(after, happens.Reported())
    assert (first.departed, first.reported, first.card) == (False, None, OTHER)
    second, _ = step(first, happens.Reported())
    assert second.reported is OTHER


def test_a_reader_given_back_holds_no_card() -> None:
    after, _ = step(believing(STATES["A"]), happens.Closed())
    assert after.cards == ()
