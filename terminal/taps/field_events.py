# SPDX-License-Identifier: Apache-2.0
"""What can happen in one reader's field, and what can follow from it. The rules are in `terminal.taps.field_state`.

Tests: tests/terminal/taps/test_field_state.py.
"""

from dataclasses import dataclass, field

from pengpos.core.ports import Card
from pengpos.core.sale import Notice, Prompt
from terminal.sales.arming import Armed

# --- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The other readers' fields, as far as they matter to this one."""

    told_to_go: bool = False
    """The shopper has been asked to take a phone from one of them."""
    phones_of_two: int = 0
    """The phones in them that are among the two that ended the arming before."""
    readers: int = 0
    """How many there are."""
    free: bool = False
    """One of their fields was seen empty under this arming: it sells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The field was looked at."""

    reader: str
    cards: tuple[Card, ...]
    armed: Armed
    at_s: float
    """Monotonic."""
    others: Others = field(default_factory=Others)


@dataclass(frozen=True, slots=True)
class Recognised:
    """The cards that `Recognise` asked about, as far as they were still there, and the look goes on."""

    look: Looked
    strangers: tuple[Card, ...] = ()
    phones: tuple[Card, ...] = ()
    passed_over: bool = False
    """One of them was passed over just now: what is behind it is yet to be seen."""


@dataclass(frozen=True, slots=True)
class WalletSelected:
    """A card answered SELECT as a wallet."""

    card: Card


@dataclass(frozen=True, slots=True)
class StrangerSelected:
    """A card answered SELECT as none."""

    card: Card
    passed_over: bool


@dataclass(frozen=True, slots=True)
class TwoPhonesFound:
    """More than one wallet answered; `arming` began with that."""

    arming: int


@dataclass(frozen=True, slots=True)
class Presented:
    """The sale leaves for the phone."""


@dataclass(frozen=True, slots=True)
class Replied:
    """The phone's reply is here."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Torn:
    """The phone left before its reply."""


@dataclass(frozen=True, slots=True)
class Silent:
    """The phone does not answer: it is locked, perhaps."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Broke:
    """One of the cards that were tried broke the protocol."""

    cards: tuple[Card, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class TapEnded:
    """The try came to its end."""


Sight = Looked | Recognised
TapEvent = WalletSelected | StrangerSelected | TwoPhonesFound | Presented | Replied | Torn | Silent | Broke | TapEnded
Event = Sight | TapEvent

# --- effects ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recognise:
    """SELECT these cards and present nothing; then go on with `Recognised`."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class TryCards:
    """Offer the sale to the wallet among these cards."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class ForgetWallets:
    """No wallet answers here any more."""


@dataclass(frozen=True, slots=True)
class ReportEmpty:
    """The field was seen empty under this arming."""

    arming: int


@dataclass(frozen=True, slots=True)
class ReportBroken:
    """The phone broke the protocol."""

    arming: int
    detail: str


@dataclass(frozen=True, slots=True)
class ShowPrompt:
    """Ask the shopper for something."""

    arming: int
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class ShowNotice:
    """Say what went wrong in the field."""

    arming: int
    notice: Notice


Report = ReportEmpty | ReportBroken | ShowPrompt | ShowNotice
"""For the loop; all that can follow from a word of a tap."""
Effect = Recognise | TryCards | ForgetWallets | Report
