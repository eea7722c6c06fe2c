# SPDX-License-Identifier: Apache-2.0
"""A sale and its intents as values. What may happen to them is `pengpos.core.machine`.

Source: local API, "A sale" and the state table; tap protocol §1 for what an intent holds.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID, uuid5

from pengpos.core.money import Money
from pengpos.core.reasons import Reason

_REFUND_AFTER_CANCEL = UUID("6b0b4dd4-7d5c-5f0e-9d0d-3f6d8a1c2e10")


class SaleState(StrEnum):
    """Where a sale is; stored and shown under these words (local API, state table)."""

    SIGNED = "signed"
    PRESENTED = "presented"
    PENDING = "pending"
    AUTHORISED = "authorised"
    UNKNOWN = "unknown"
    ACCEPTED_OFFLINE = "accepted_offline"
    FORWARDING = "forwarding"
    CANCELLING = "cancelling"
    REVERSING = "reversing"
    APPROVED = "approved"
    SETTLED = "settled"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    DECLINED = "declined"
    DECLINED_AT_SYNC = "declined_at_sync"
    CANCELLED = "cancelled"
    REVERSED = "reversed"
    EXPIRED = "expired"


class Mode(StrEnum):
    """Whether the backend could be reached when the intent was signed; fixed for that intent (its claim 7)."""

    ONLINE = "online"
    OFFLINE = "offline"


class Way(StrEnum):
    """How an intent reaches a phone."""

    READER = "reader"
    TAG = "tag"
    QR = "qr"


class Prompt(StrEnum):
    """What the shopper is asked to do next (local API, `prompt`)."""

    UNLOCK = "unlock"
    CONFIRM = "confirm"
    CHOOSE = "choose"
    TWO_PHONES = "two_phones"
    REMOVE_PHONE = "remove_phone"
    LOOK_AT_PHONE = "look_at_phone"


class Notice(StrEnum):
    """What just went wrong in the field, without ending anything. See the local API, `notice`."""

    TOO_QUICK = "too_quick"
    NOT_A_WALLET = "not_a_wallet"


class CancelReason(StrEnum):
    """Why a sale was given up (backend API, cancel)."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    MALFUNCTION = "malfunction"
    UNABLE_TO_COMPLETE = "unable_to_complete"


class RefundState(StrEnum):
    """Where a refund is (local API, refunds)."""

    QUEUED = "queued"
    SENT = "sent"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One signed intent of a sale. `presentation` is sent and shown byte for byte as stored."""

    intent_id: UUID
    epoch: int
    counter: int
    issued_at: int
    lifetime_s: int
    online: bool
    presentation: bytes
    url: str | None = None
    """What tag and QR carry while this intent lives (tap protocol §3)."""
    put_sent: bool = False
    """`PUT /intents` may have reached the backend: someone could pay by the page."""
    fragment_shown: bool = False
    """The `#P` URL was shown: someone could pay without our knowing."""
    ways: tuple[Way, ...] = ()
    """How a phone may reach this one, if not by all ways of its sale: offline some lead nowhere. Empty: by all."""
    ended_at: int | None = None
    end: SaleState | None = None

    @property
    def expires_at(self) -> int:
        """Unix seconds at which the intent's life ends (clock tolerance not included)."""
        return self.issued_at + self.lifetime_s

    @property
    def payable_elsewhere(self) -> bool:
        """True if a phone we never see again could still pay it: a cancel must then reach the backend."""
        return self.put_sent or self.fragment_shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """A wallet's authorisation that passed every check, with what the terminal needs of it."""

    wallet_credential: bytes
    authorisation: bytes
    wallet_kid: bytes
    counter: int
    total_minor: int
    tip_minor: int
    authorised_at: int
    occurred_at: int
    offline_allowed: bool
    turnaround_ms: int | None = None
    """How long phone and reader took for a command in this tap; None in rows from before it was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the bill as the backend wrote it: kind (amount, tip, discount, voucher, points), label, minor units."""

    kind: str
    label: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCard:
    """A card the backend offers after a payment (backend API, cards)."""

    kind: str
    title: str
    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What the backend says it took: shown as approved only with an issuer's receipt or the right code."""

    total_minor: int
    booked_at: int
    by: Way | None
    receipt: bytes | None = None
    receipt_url: str | None = None
    lines: tuple[Line, ...] = ()
    cards: tuple[LinkCard, ...] = ()
    payer_display: str | None = None
    confirmed: bool = True
    """False after a confirmation code, until the backend has said the same."""
    denied: bool = False
    """The backend was asked about a confirmation code's approval and has said something else."""

    @property
    def awaits_word(self) -> bool:
        """It stands on a confirmation code alone: the backend has not been heard of it."""
        return not self.confirmed and not self.denied


class DueState(StrEnum):
    """Where the request is by which the shopper may still pay what was declined at sync (backend API, *Dues*)."""

    OPEN = "open"
    REFUSED = "refused"
    """The shopper says: not mine, or will not. It may still be paid: people change their minds."""
    PAID = "paid"
    WITHDRAWN = "withdrawn"
    """Nothing is owed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What an offline payment that was declined at sync left to pay; asked of whose wallet key signed it."""

    state: DueState
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why nothing was paid (yet): the protocol's number, and the backend's own code or the phone's time beside it."""

    reason: Reason
    code: str | None = None
    phone_time: int | None = None
    receipt: bytes | None = None
    """The issuer's receipt that says so, for the phone: it was checked."""
    borne_by: str | None = None
    """``merchant`` or ``platform``: who bears a payment that was accepted offline and declined at sync."""
    guaranteed_minor: int = 0
    """What of it the merchant is owed all the same."""
    due: Due | None = None
    """What the shopper has been asked to pay after all; None: no shopper was asked, or the backend asks none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """A cancel under way."""

    reason: CancelReason
    by_time: bool = False
    sent: bool = False
    """Journalled before the first byte leaves; from here no code is taken."""
    again: bool = False
    """The cashier wants a new intent of the same sale once this one is dead."""
    held: bool = False
    """A person at the backend decides of it: it is asked about until then."""
    by_cashier: bool = False
    """A person ordered it; else time did, or a claim that was given back."""
    unless_paid: bool = False
    """A payment that is found stands: nothing goes back before a person has seen that it is paid."""
    elsewhere: bool = False
    """This terminal never asked for it."""
    given_back_minor: int = 0
    """Of a payment that the cancel found: it went back by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money on its way back. `amount_minor` None: all that was captured.

    `at` is when it was asked for, and once it is done, when that was heard. `asked_minor` is what was asked for;
    `amount_minor` is less where less was left, and the rest where the whole was asked for behind a part.
    """

    refund_id: UUID
    idempotency_key: str
    amount_minor: int | None
    reason: str
    asked_minor: int | None = None
    state: RefundState = RefundState.QUEUED
    at: int = 0
    by: str | None = None
    """The operator who asked for it, by id; None: nobody had signed in."""
    elsewhere: bool = False
    """This terminal never asked for it: its key did, from another place, or an import did."""


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow of the state table: where it led, when (device clock, Unix seconds), what caused it, and who.

    `by` is the operator who asked for it, by id; None: nobody had signed in, or nobody asked.
    """

    state: SaleState
    at: int
    why: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One sale with its whole life. `intents[-1]` is the only one that may be alive."""

    sale_id: UUID
    idempotency_key: str
    request_hash: bytes
    """SHA-256 of the canonical request, so that the same key with another body is noticed."""
    number: str
    amount: Money
    ways: tuple[Way, ...]
    state: SaleState
    created_at: int
    intents: tuple[Intent, ...]
    reference: str | None = None
    purpose: int = 0
    split_id: UUID | None = None
    authorised: Authorised | None = None
    booking: Booking | None = None
    refusal: Refusal | None = None
    prompt: Prompt | None = None
    notice: Notice | None = None
    parked: bool = False
    wrong_codes: int = 0
    cancel: Cancel | None = None
    refunds: tuple[Refund, ...] = ()
    settled_on: str | None = None
    attempts: int = 0
    """Failed deliveries of what this sale waits for (payment, question, cancel, refund); reset by every arrow."""
    retry_at: int | None = None
    """Not before this time; kept in the row, so that a reboot does not hurry the backend."""
    history: tuple[Step, ...] = ()

    @property
    def intent(self) -> Intent:
        """The newest intent, the only one that may be alive."""
        return self.intents[-1]

    def as_of(self, intent_id: UUID) -> "Sale":
        """The sale as it was under one of its intents: what the backend says of that one is held against this."""
        number = next(number for number, intent in enumerate(self.intents, 1) if intent.intent_id == intent_id)
        return self if number == len(self.intents) else replace(self, intents=self.intents[:number], authorised=None)

    @property
    def open_ways(self) -> tuple[Way, ...]:
        """How a phone may reach the newest intent."""
        return self.intent.ways or self.ways

    @property
    def mode(self) -> Mode:
        """Online or offline, as the newest intent was signed."""
        return Mode.ONLINE if self.intent.online else Mode.OFFLINE

    @property
    def total(self) -> Money:
        """What was taken, else what was authorised, else the amount."""
        if self.booking is not None:
            return Money(self.booking.total_minor, self.amount.currency)
        if self.authorised is not None:
            return Money(self.authorised.total_minor, self.amount.currency)
        return self.amount

    @property
    def tip(self) -> Money:
        """The tip (打赏) inside the total: as the booking's lines say, else as authorised."""
        if self.booking is not None and self.booking.lines:
            said = sum(line.amount_minor for line in self.booking.lines if line.kind == "tip")
            tip_minor = min(max(said, 0), self.booking.total_minor)
        else:
            tip_minor = self.authorised.tip_minor if self.authorised else 0
        return Money(tip_minor, self.amount.currency)

    @property
    def due(self) -> Due | None:
        """What its shopper has been asked to pay after a decline at sync."""
        return self.refusal.due if self.refusal is not None else None

    @property
    def claimed(self) -> bool:
        """True while a phone is paying it by the page. The readers offer it all the same: the first who pays has it."""
        return self.state is SaleState.PENDING and not self.parked

    @property
    def wants_taps(self) -> bool:
        """True while a reply at a reader may pay it."""
        return self.state is SaleState.PRESENTED or self.claimed

    @property
    def blocks_next_sale(self) -> bool:
        """True while no other sale may start: `409 busy` (local API)."""
        return self.state in {SaleState.SIGNED, SaleState.PRESENTED, SaleState.AUTHORISED} or self.claimed


def refund_id_after_cancel(intent_id: UUID) -> UUID:
    """The id of the refund when a cancel came too late: it follows from the intent's, so that there is only one."""
    return uuid5(_REFUND_AFTER_CANCEL, intent_id.hex)
