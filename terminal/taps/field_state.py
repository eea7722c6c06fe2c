# SPDX-License-Identifier: Apache-2.0
"""One reader's field as a pure function: what its thread sees there, and what follows. Source: tap protocol §2.

Rules that live here because only the field can tell: nothing is presented to a phone that was there before the sale was
armed; after an outcome or a refusal the field must be seen empty; two wallets are charged neither; a card that is no
wallet is passed over. `step` never raises for an event that does not fit the state: a late word of a tap changes
nothing. Since when a field is empty is said by the number of the arming (`terminal.sales.arming`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never, overload

from pengpos.core.ports import Card
from pengpos.core.sale import Notice, Prompt
from terminal.sales.arming import Armed
from terminal.taps.field_events import (
    Broke,
    Effect,
    Event,
    ForgetWallets,
    Looked,
    Others,
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

ASK_AGAIN_S = 1.0  # after "unlock" or "confirm" the same intent is presented each second while the phone stays

# --- states -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the cards in the field turned out to be."""

    strangers: tuple[Card, ...] = ()
    """Cards that are no wallets: a sticker under the counter is no phone to be taken away."""
    phones: tuple[Card, ...] = ()
    """Wallets, and cards that may be one."""
    broken: tuple[Card, ...] = ()
    """Phones that broke the protocol."""
    told_to_go: tuple[Card, ...] = ()
    """Phones that the shopper has been asked to take away, in this sale or an earlier one."""

    def __contains__(self, card: object) -> bool:
        return card in self.strangers or card in self.phones or card in self.broken

    def among(self, cards: Sequence[Card]) -> "Known":
        """Without the cards that have gone."""
        if all(card in cards for card in (*self.strangers, *self.phones, *self.broken, *self.told_to_go)):
            return self
        return Known(
            strangers=tuple(card for card in self.strangers if card in cards),
            phones=tuple(card for card in self.phones if card in cards),
            broken=tuple(card for card in self.broken if card in cards),
            told_to_go=tuple(card for card in self.told_to_go if card in cards),
        )

    def with_stranger(self, card: Card) -> "Known":
        """With a card that is no wallet."""
        return replace(self, strangers=(*self.strangers, card))

    def with_phone(self, card: Card) -> "Known":
        """With a wallet, or what may be one."""
        if card in self.phones:
            return self
        return replace(self, phones=(*self.phones, card))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Never seen empty nor occupied since the reader was opened."""

    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """No phone lies here; of the cards only strangers are known."""

    arming: int
    """Under which it was first seen so."""
    known: Known = field(default_factory=Known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approached:
    """A phone came after the field had been seen empty, and may be offered the sale."""

    arming: int
    """Under which the field was seen empty."""
    known: Known = field(default_factory=Known)
    not_before_s: float = 0.0
    """Nothing is tried before this time, monotonic."""
    passed_over: bool = False
    """A card that is no wallet was passed over, and nothing said of it: there may be a phone behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """As `Approached`, and the sale is being presented to the phone."""

    arming: int
    known: Known = field(default_factory=Known)
    not_before_s: float = 0.0
    passed_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """Phones lie here that were here before the arming: they are to be taken away first."""

    arming: int
    known: Known = field(default_factory=Known)
    phones: int = 1
    """How many."""
    of_two: bool = False
    """They, or they and one at another reader, are two phones of which neither is charged."""
    told: bool = True
    """The shopper has been asked under this arming. A card that stays from sale to sale beside a reader that is free
    is not asked for in each: it may be a token, a terminal of someone else's, a phone on its charger."""


FieldState = Unseen | Empty | Approached | Offered | Occupied
_NO_OTHERS = Others()
Outcome = tuple[FieldState, tuple[Effect, ...]]

# --- the machine ------------------------------------------------------------------------------------------------------


@overload
def step(state: FieldState, event: TapEvent) -> tuple[FieldState, tuple[Report, ...]]: ...
@overload
def step(state: FieldState, event: Event) -> Outcome: ...
def step(state: FieldState, event: Event) -> Outcome:
    """What `event` makes of the field, and what is to be done then, in this order."""
    match event:
        case Looked():
            known = state.known.among(event.cards)
            return _looked(state if known is state.known else replace(state, known=known), event)
        case Recognised():
            return _recognised(state, event)
        case _:
            return _tapped(state, event)


def seen_empty_under(state: FieldState, arming: int) -> bool:
    """Whether the field was seen empty under that arming, so that a phone there now came after it."""
    match state:
        case Empty() | Approached() | Offered():
            return state.arming == arming
        case Unseen() | Occupied():
            return False
        case _:
            assert_never(state)


def others_of(reader: str, fields: Mapping[str, FieldState], armed: Armed) -> Others:
    """What the fields of the other readers are to that reader's."""
    others = [(name, state) for name, state in fields.items() if name != reader]
    if not others:
        return _NO_OTHERS
    return Others(
        readers=len(others),
        free=any(seen_empty_under(state, armed.number) for _, state in others),
        told_to_go=any(_told_to_go(name, state, armed) for name, state in others),
        phones_of_two=sum(_of_two(name, state, armed) for name, state in others),
    )


def _looked(state: FieldState, look: Looked) -> Outcome:
    """Before anything is presented it must be known which of the cards from before the sale are phones at all."""
    if look.armed.wanted and not seen_empty_under(state, look.armed.number):
        unknown = tuple(card for card in look.cards if card not in state.known)
        if unknown:
            return state, (Recognise(unknown),)
    return _seen(state, look)


def _recognised(state: FieldState, event: Recognised) -> Outcome:
    known = state.known
    for card in event.strangers:
        known = known.with_stranger(card)
    for card in event.phones:
        known = known.with_phone(card)
    state = replace(state, known=known)
    if event.passed_over:
        return state, ()  # a phone behind it was there before the sale as well: nothing follows from this look
    return _seen(state, event.look)


def _seen(state: FieldState, look: Looked) -> Outcome:
    """The field as it is, every card being known as far as it must be."""
    phones = tuple(card for card in look.cards if card not in state.known.strangers)
    said: tuple[Effect, ...] = ()
    if isinstance(state, Approached | Offered) and state.passed_over:
        state = replace(state, passed_over=False)
        if not phones:
            said = (ShowNotice(look.armed.number, Notice.NOT_A_WALLET),)
    if not phones:
        after, effects = _empty(state, look)
    elif seen_empty_under(state, look.armed.number):
        after, effects = _approached(state, look, phones)
    else:
        after, effects = _occupied(state, look, phones)
    return after, (*said, *effects)


def _empty(state: FieldState, look: Looked) -> Outcome:
    armed = look.armed
    effects: tuple[Effect, ...] = (ForgetWallets(),) if look.reader in armed.wallets else ()
    newly = not seen_empty_under(state, armed.number)
    two_stay = look.others.phones_of_two > 1
    if newly and armed.wanted and not two_stay:  # else "two phones" stays on the screen: this field has no part in it
        effects = (*effects, ReportEmpty(armed.number))
        if look.others.told_to_go:  # one reader is free and sells; the phone on the other is still to go
            effects = (*effects, ShowPrompt(armed.number, Prompt.REMOVE_PHONE))
    return Empty(arming=armed.number, known=Known(strangers=state.known.strangers)), effects


def _approached(state: FieldState, look: Looked, phones: tuple[Card, ...]) -> Outcome:
    if not isinstance(state, Approached):
        not_before_s = state.not_before_s if isinstance(state, Offered) else 0.0
        state = Approached(arming=look.armed.number, known=state.known, not_before_s=not_before_s)
    if not look.armed.wanted or look.at_s < state.not_before_s:
        return state, ()
    return state, (TryCards(tuple(card for card in phones if card not in state.known.broken)),)


def _occupied(state: FieldState, look: Looked, phones: tuple[Card, ...]) -> Outcome:
    armed, count = look.armed, len(phones)
    before = _of_two(look.reader, state, armed)
    told = _told_to_go(look.reader, state, armed)
    two_stay = count + look.others.phones_of_two > 1
    one_has_gone = count < before and not two_stay
    asked = armed.wanted and (one_has_gone or not (told or _may_stay(state, look, phones)))
    known = replace(state.known, told_to_go=phones) if asked else state.known
    after = Occupied(
        arming=armed.number, known=known, phones=count, of_two=before > 0, told=asked or (told and armed.wanted)
    )
    return after, (ShowPrompt(armed.number, Prompt.REMOVE_PHONE),) if asked else ()


def _may_stay(state: FieldState, look: Looked, phones: tuple[Card, ...]) -> bool:
    """All of them were asked for in an earlier sale, and one can be paid at another reader, or it is about to show."""
    looked_before = isinstance(state, Occupied) and state.arming == look.armed.number
    another = look.others.free or (look.others.readers > 0 and not looked_before)
    return another and all(card in state.known.told_to_go for card in phones)


def _of_two(reader: str, state: FieldState, armed: Armed) -> int:
    """How many phones in this field are among the two that ended the arming before."""
    match state:
        case Occupied(of_two=True) if state.arming == armed.number:
            return state.phones
        case Approached() | Offered() if state.arming == armed.two_phones_under:  # not looked at since
            return armed.two_phones.get(reader, 0)
        case _:
            return 0


def _told_to_go(reader: str, state: FieldState, armed: Armed) -> bool:
    """Whether the shopper has been asked to take a phone from this field, as one of two or as one left lying."""
    left_lying = isinstance(state, Occupied) and state.told and state.arming == armed.number
    return left_lying or _of_two(reader, state, armed) > 0


def _tapped(state: FieldState, event: TapEvent) -> tuple[FieldState, tuple[Report, ...]]:
    """A word of a tap; it counts while a phone may be offered the sale."""
    if not isinstance(state, Approached | Offered):
        return state, ()
    match event:
        case WalletSelected(card):
            return replace(state, known=state.known.with_phone(card)), ()
        case StrangerSelected(card, passed_over=True):
            return replace(state, known=state.known.with_stranger(card), passed_over=True), ()
        case StrangerSelected(card):
            after = replace(state, known=state.known.with_stranger(card))
            return after, (ShowNotice(state.arming, Notice.NOT_A_WALLET),)
        case TwoPhonesFound(arming):
            return state, (ShowPrompt(arming, Prompt.TWO_PHONES),)
        case Presented():
            return _as_offered(state), ()
        case Replied(at_s):
            return replace(state, not_before_s=at_s + ASK_AGAIN_S), ()
        case Torn():
            too_quick = (ShowNotice(state.arming, Notice.TOO_QUICK),) if isinstance(state, Offered) else ()
            return _as_approached(state), too_quick
        case Silent(at_s):
            after = replace(_as_approached(state), not_before_s=at_s + ASK_AGAIN_S)
            return after, (ShowPrompt(state.arming, Prompt.LOOK_AT_PHONE),)
        case Broke(cards, detail):
            known = replace(state.known, broken=(*state.known.broken, *cards))
            return replace(_as_approached(state), known=known), (ReportBroken(state.arming, detail),)
        case TapEnded():
            return _as_approached(state), ()
        case _:
            assert_never(event)


def _as_offered(state: Approached | Offered) -> Offered:
    return Offered(
        arming=state.arming, known=state.known, not_before_s=state.not_before_s, passed_over=state.passed_over
    )


def _as_approached(state: Approached | Offered) -> Approached:
    return Approached(
        arming=state.arming, known=state.known, not_before_s=state.not_before_s, passed_over=state.passed_over
    )
