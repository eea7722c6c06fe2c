# SPDX-License-Identifier: Apache-2.0
"""What can happen at a PN53x reader, and which radio calls can be due. The rules are in `presence`.

Tests: tests/drivers/readers/pn53x/test_presence.py
"""

from dataclasses import dataclass

from drivers.isodep.reader import IsoDep
from drivers.readers.pn53x.card import Found, Pn53xCard

# --- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LookBegun:
    """It is time to look at the field."""

    at_s: float


@dataclass(frozen=True, slots=True)
class LookEnded:
    """What was to be done for the look has been done."""

    at_s: float


@dataclass(frozen=True, slots=True)
class LookOutlived:
    """A look took longer than it may: what the radio has done since is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """A search ended. `card` is a new one for what was found; None if nothing was, but what sleeps."""

    card: Pn53xCard | None
    woken: tuple[Pn53xCard, ...]
    """The cards passed over that answered, and were put to sleep again."""
    reset: bool
    """The field was off before, so that all of them were awake."""
    at_s: float
    """When the look began."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The card answered R(NAK)."""


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """The card did not answer R(NAK)."""


@dataclass(frozen=True, slots=True)
class Activated:
    """RATS was sent; no session where the card did not answer it properly."""

    session: IsoDep | None


@dataclass(frozen=True, slots=True)
class ExchangeBegun:
    """A command leaves for the card that is awake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedAgain:
    """For an exchange: the card was searched for after a reset."""

    found: Found | None
    woken: tuple[Pn53xCard, ...]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The answer is here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeFailed:
    """There is no answer, or none that can be used."""

    keeps_session: bool
    """The ISO-DEP session is where the card believes it to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FellSilent:
    """No answer came, and after a reset this was found."""

    found: Found | None
    woken: tuple[Pn53xCard, ...]


@dataclass(frozen=True, slots=True)
class PassingOver:
    """A card is no wallet."""

    card: Pn53xCard


@dataclass(frozen=True, slots=True)
class FellAsleep:
    """The card that is awake was halted."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Reported:
    """`Reader.wait` returns."""


@dataclass(frozen=True, slots=True)
class TagPlayed:
    """The reader was a tag: the field was off."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The reader was given back."""


Event = (
    LookBegun
    | LookEnded
    | LookOutlived
    | Searched
    | Answered
    | NotAnswered
    | Activated
    | ExchangeBegun
    | SearchedAgain
    | Exchanged
    | ExchangeFailed
    | FellSilent
    | PassingOver
    | FellAsleep
    | Reported
    | TagPlayed
    | Closed
)

# --- effects ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SwitchOff:
    """Field off."""


@dataclass(frozen=True, slots=True)
class Search:
    """Find the first card that is not passed over; answer with `Searched`."""

    reset: bool


@dataclass(frozen=True, slots=True)
class AskPresence:
    """R(NAK); answer with `Answered` or `NotAnswered`."""

    session: IsoDep


@dataclass(frozen=True, slots=True)
class Activate:
    """RATS; answer with `Activated`."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Put the card that is awake to sleep; answer with `FellAsleep`."""

    deselect: bool
    """By S(DESELECT), for it has a session; or else by HLTA."""


LookCall = SwitchOff | Search | AskPresence
"""What a look begins with."""
Effect = LookCall | Activate | Halt
