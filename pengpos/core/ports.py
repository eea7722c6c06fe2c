# SPDX-License-Identifier: Apache-2.0
"""What the rooms ask of each other, as protocols of one or two verbs. Adapters live in other rooms.

Tests: tests/contracts/test_reader_contract.py, tests/contracts/test_journal_contract.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


class Transceive(Protocol):
    """`Card.transceive` by itself."""

    def __call__(self, command: bytes, timeout_s: float, /) -> bytes:
        """As there."""


class Card(Protocol):
    """One phone or card in a reader's field; valid until it leaves. Owned by the reader's thread."""

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        """Send one C-APDU, return the R-APDU with its status word (≥ 2 bytes).

        Raises CardLostError, CardProtocolError, TapTimeoutError, ReaderLostError.
        """


@runtime_checkable
class ConversingCard(Protocol):
    """A card whose reader takes two changes of threads for each exchange, and can spare them."""

    def converse(self, talk: Callable[[Transceive], T]) -> T:
        """What `talk` returns, or raises: it is called once, in another thread, and ends by itself.

        Its transceive is `Card.transceive`, but for what it raises: that is not to be caught, and raised from here as
        there. Where its time is over this raises, and `talk` is ended at its next exchange.
        """


@runtime_checkable
class PassableCard(Protocol):
    """A card on a reader that sees one at a time: put to sleep, it lets one beside it be seen."""

    def pass_over(self) -> None:
        """It is no wallet: look past it for as long as it lies there. Takes a moment, never raises."""


class Signal(StrEnum):
    """What a reader's own light and buzzer tell, where it has them."""

    APPROVED = "approved"
    ACCEPTED_OFFLINE = "accepted_offline"
    REFUSED = "refused"


@runtime_checkable
class SignallingCard(Protocol):
    """A card on a reader that has a light or a buzzer of its own; others are no such cards."""

    def signal(self, signal: Signal) -> None:
        """Show it, also where the card has left meanwhile; takes a second or two at the most, never raises."""


class Reader(Protocol):
    """One contactless reader, opened and used by one thread only."""

    name: str

    def wait(self, timeout_s: float) -> Sequence[Card]:
        """Block until the field changes or `timeout_s` is over; return the cards in the field now.

        The same card object is returned while the same card stays. Raises ReaderLostError.
        """

    def close(self) -> None:
        """Give the reader back; never raises."""


@runtime_checkable
class NudgeableReader(Protocol):
    """A reader whose `wait` can be ended from outside, so that it may be a long one; others are looked at often."""

    def nudge(self) -> None:
        """End the `wait` under way, or the next one, at once; from any thread, may block, never raises."""


class ReaderState(StrEnum):
    """Health of one reader as the merchant sees it."""

    READY = "ready"
    STARTING = "starting"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ReaderHealth:
    """One reader, its health, and for a lost one what happened and the technician's way out.

    English as strings, and in each language where they are `pengpos.i18n.Said`.
    """

    name: str
    state: ReaderState
    detail: str = ""
    cure: str = ""


class TapListener(Protocol):
    """The side that runs the card session. Called in the reader's own thread, one call at a time per reader."""

    def field(self, reader: str, cards: Sequence[Card]) -> None:
        """The field as just observed; called after every `Reader.wait`. May use the cards until it returns."""

    def health(self, health: ReaderHealth) -> None:
        """A reader came, went, or is being opened again."""


@dataclass(frozen=True, slots=True)
class TagIdle:
    """No sale: the tag says only the shop's address."""


@dataclass(frozen=True, slots=True)
class TagWaiting:
    """A sale waits for a phone: the tag carries its URL."""

    url: str


@dataclass(frozen=True, slots=True)
class TagClaimed:
    """A phone is paying: the tag says "being paid", and nothing that can be paid."""


@dataclass(frozen=True, slots=True)
class TagPaid:
    """Paid: the tag carries the receipt's URL, where there is one."""

    receipt_url: str | None


@dataclass(frozen=True, slots=True)
class TagCancelled:
    """Over without payment, or not decided: nothing that can be paid."""


TagState = TagIdle | TagWaiting | TagClaimed | TagPaid | TagCancelled


class TagNews(StrEnum):
    """What a tag has to tell the shop about phones that write."""

    REWRITTEN = "rewritten"
    """It did not say what the terminal had written; now it does again."""
    UNPROTECTED = "unprotected"
    """Its chip cannot be locked against writing by phones."""
    PROTECTED = "protected"


class TagPresenter(Protocol):
    """An NDEF tag whose content follows the sale (tap protocol §3); a terminal without one has no presenter."""

    def tell(self, listener: Callable[[TagNews], None]) -> None:
        """From now on the listener hears the tag's news, in its own thread; a tag that no phone can write has none."""

    def show(self, state: TagState) -> None:
        """From now on the tag says this; returns at once, never raises. The same state may be said twice.

        What one phone's session has begun to read stays as it was until that session is over.
        """


class Signer(Protocol):
    """A P-256 private key that never leaves its place (file, secure element, TPM)."""

    @property
    def public_point(self) -> tuple[bytes, bytes]:
        """The public key's x and y, 32 bytes each."""

    def sign(self, data: bytes) -> bytes:
        """ES256 over `data`: 64 bytes, raw r‖s."""


class Clock(Protocol):
    """Time as an argument. Tests hold it still; the device's never falls below what an issuer signed."""

    def now(self) -> int:
        """Unix seconds, UTC."""

    def monotonic_s(self) -> float:
        """Seconds that never go back, for timeouts."""
