# SPDX-License-Identifier: Apache-2.0
"""What a PN53x reader believes is in its field, as a pure function. `reader` makes the radio calls it asks for.

One card at most is awake: one is seen at a time, and of two phones the anticollision picks one. Cards that were passed
over sleep. `step` never raises for an event that does not fit the state: what a call reports too late changes nothing.
"""

from dataclasses import dataclass, replace
from typing import assert_never, overload

from drivers.isodep.reader import IsoDep
from drivers.readers.pn53x.card import Pn53xCard
from drivers.readers.pn53x.presence_events import (
    Activate,
    Activated,
    Answered,
    AskPresence,
    Closed,
    Effect,
    Event,
    ExchangeBegun,
    Exchanged,
    ExchangeFailed,
    FellAsleep,
    FellSilent,
    Halt,
    LookBegun,
    LookCall,
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

POLL_S = 0.044
RESET_S = 1.0  # how often an empty field is switched off and on: a card may sleep in it
ASLEEP_MOST = 4
FIELD_OFF_S = 0.3  # tap protocol §2: what a phone needs to take the next touch for a new one
FLICKER_S = 1.0

# --- states -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Absent:
    """No card is awake."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A card answers the anticollision and has no ISO-DEP session: each look searches for it again."""

    card: Pn53xCard


@dataclass(frozen=True, slots=True)
class Active:
    """A card has an ISO-DEP session: each look asks it by R(NAK) whether it is still there."""

    card: Pn53xCard
    session: IsoDep


@dataclass(frozen=True, slots=True)
class Exchanging:
    """A command for the card is under way."""

    card: Pn53xCard
    session: IsoDep | None


@dataclass(frozen=True, slots=True)
class Doubted:
    """An exchange came to no good end: card and reader may no longer agree on where they are."""

    card: Pn53xCard
    session: IsoDep | None


@dataclass(frozen=True, slots=True)
class Resting:
    """The field is off after a failed exchange, and the card is expected back."""

    card: Pn53xCard
    until_s: float


Awake = Absent | Selected | Active | Exchanging | Doubted | Resting


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The whole belief. Times are monotonic."""

    awake: Awake = Absent()
    asleep: tuple[Pn53xCard, ...] = ()
    """Cards passed over."""
    departed: bool = False
    """A card has gone, and `Reader.wait` has not said so yet."""
    reported: Pn53xCard | None = None
    """The card that was awake when `Reader.wait` returned last."""
    flicker_until_s: float = 0.0
    """A card that is not found before this time may still be there."""
    reset_from_s: float = 0.0
    """From when on a search switches the field off and on first."""
    poll_from_s: float = 0.0
    """From when on an empty field is looked at again."""

    @property
    def card(self) -> Pn53xCard | None:
        """The card that is awake."""
        return None if isinstance(self.awake, Absent) else self.awake.card

    @property
    def session(self) -> IsoDep | None:
        """The ISO-DEP session with it."""
        return self.awake.session if isinstance(self.awake, Active | Exchanging | Doubted) else None

    @property
    def cards(self) -> tuple[Pn53xCard, ...]:
        """All cards: those passed over, and the one that is awake."""
        return self.asleep if self.card is None else (*self.asleep, self.card)

    @property
    def rests_until_s(self) -> float:
        """Until when the field is off; 0 if it is not."""
        return self.awake.until_s if isinstance(self.awake, Resting) else 0.0

    @property
    def is_quiet(self) -> bool:
        """No card is awake, and none was when that was reported last: the field is polled at one pace."""
        return self.card is None and self.reported is None


# --- the machine ------------------------------------------------------------------------------------------------------


Outcome = tuple[Presence, tuple[Effect, ...]]


@overload
def step(presence: Presence, event: LookBegun) -> tuple[Presence, tuple[LookCall, ...]]: ...
@overload
def step(presence: Presence, event: Event) -> Outcome: ...
def step(presence: Presence, event: Event) -> Outcome:
    """What `event` makes of the belief, and which radio calls are due."""
    match event:
        case LookBegun() | LookEnded() | LookOutlived():
            return _look(presence, event)
        case Searched():
            return _searched(presence, event)
        case Answered():
            return presence, ()
        case NotAnswered():
            return (_left(presence) if isinstance(presence.awake, Active) else presence), ()
        case Activated(session):
            return _activated(presence, session), ()
        case ExchangeBegun() | SearchedAgain() | Exchanged() | ExchangeFailed() | FellSilent():
            return _exchange(presence, event), ()
        case PassingOver() | FellAsleep():
            return _passing_over(presence, event)
        case Reported() if presence.departed:
            return replace(presence, departed=False, reported=None), ()
        case Reported():
            return replace(presence, reported=presence.card), ()
        case TagPlayed():
            return replace(presence, reset_from_s=0.0), ()
        case Closed():
            return replace(presence, awake=Absent(), asleep=()), ()
        case _:
            assert_never(event)


def _look(presence: Presence, event: LookBegun | LookEnded | LookOutlived) -> Outcome:
    match event:
        case LookBegun(at_s):
            return _look_begun(presence, at_s)
        case LookEnded(at_s):
            return replace(presence, poll_from_s=at_s + POLL_S), ()
        case LookOutlived():
            card = presence.card
            return replace(presence, awake=Absent() if card is None else Doubted(card, None), reset_from_s=0.0), ()
        case _:
            assert_never(event)


def _look_begun(presence: Presence, at_s: float) -> tuple[Presence, tuple[LookCall, ...]]:
    match presence.awake:
        case Exchanging(card) | Doubted(card):  # an exchange that is looked at while it is under way has outlived
            resting = Resting(card, at_s + FIELD_OFF_S)
            flicker_until_s = resting.until_s + FLICKER_S
            return replace(presence, awake=resting, flicker_until_s=flicker_until_s), (SwitchOff(),)
        case Resting(_, until_s) if at_s < until_s:
            return presence, ()
        case Active(_, session):
            return presence, (AskPresence(session),)
        case Absent() | Selected() | Resting():
            return presence, (Search(reset=at_s >= presence.reset_from_s),)
        case _:
            assert_never(presence.awake)


def _searched(presence: Presence, event: Searched) -> Outcome:
    if isinstance(presence.awake, Active | Exchanging | Doubted):
        return presence, ()
    card, known = event.card, presence.card
    presence = _all_woken(presence, found=card is not None, woken=event.woken, reset=event.reset)
    if card is not None:
        presence = replace(presence, reset_from_s=event.at_s)
    elif event.reset:
        presence = replace(presence, reset_from_s=event.at_s + RESET_S)
    if known is not None and (card is None or not card.found.may_be(known.found)):
        if card is None and event.at_s < presence.flicker_until_s:
            return presence, ()
        presence, known = _left(presence), None
    if card is None:
        return presence, ()
    presence = replace(presence, awake=Selected(card if known is None else known))
    return presence, (Activate(),) if card.found.speaks_isodep else ()


def _activated(presence: Presence, session: IsoDep | None) -> Presence:
    match presence.awake:
        case Selected(card) | Active(card):
            return replace(presence, awake=Selected(card) if session is None else Active(card, session))
        case Exchanging() | Doubted():
            return replace(presence, awake=replace(presence.awake, session=session))
        case Absent() | Resting():
            return presence
        case _:
            assert_never(presence.awake)


def _exchange(
    presence: Presence, event: ExchangeBegun | SearchedAgain | Exchanged | ExchangeFailed | FellSilent
) -> Presence:
    """In doubt it stays so, whatever comes of another exchange, until the field was looked at."""
    card, session = presence.card, presence.session
    if isinstance(event, ExchangeBegun) and not isinstance(presence.awake, Doubted) and card is not None:
        return replace(presence, awake=Exchanging(card, session))
    if not isinstance(presence.awake, Exchanging | Doubted) or card is None:
        return presence
    match event:
        case ExchangeBegun():
            return presence
        case SearchedAgain(found=found, woken=woken):
            presence = _all_woken(presence, found=found is not None, woken=woken, reset=True)
            return replace(presence, reset_from_s=0.0)
        case Exchanged() if isinstance(presence.awake, Exchanging):
            return replace(presence, awake=Selected(card) if session is None else Active(card, session))
        case Exchanged():
            return presence
        case ExchangeFailed(keeps_session=keeps_session):
            return replace(presence, awake=Doubted(card, session if keeps_session else None))
        case FellSilent(found=found, woken=woken):
            presence = _all_woken(presence, found=found is not None, woken=woken, reset=True)
            presence = replace(presence, awake=Doubted(card, None), reset_from_s=0.0)
            return presence if found is not None and found.may_be(card.found) else _left(presence)
        case _:
            assert_never(event)


def _passing_over(presence: Presence, event: PassingOver | FellAsleep) -> Outcome:
    """A card whose UID is drawn anew could not be distinguished from one that comes, and is left as it is."""
    card = presence.card
    match event:
        case PassingOver():
            if card is not event.card or card.found.may_change_uid or len(presence.asleep) == ASLEEP_MOST:
                return presence, ()
            return presence, (Halt(deselect=presence.session is not None),)
        case FellAsleep(at_s):
            if card is None:
                return presence, ()
            asleep = (*presence.asleep, card)
            timed = replace(presence, poll_from_s=0.0, reset_from_s=at_s + RESET_S)
            return replace(timed, awake=Absent(), asleep=asleep, reported=None), ()
        case _:
            assert_never(event)


def _all_woken(presence: Presence, *, found: bool, woken: tuple[Pn53xCard, ...], reset: bool) -> Presence:
    """Only a search that finds nothing more shows which have gone: one that finds a phone has not come to them."""
    return replace(presence, asleep=woken) if reset and not found else presence


def _left(presence: Presence) -> Presence:
    return replace(presence, awake=Absent(), departed=True)
