# SPDX-License-Identifier: Apache-2.0
"""What can happen to a sale. Every event carries its time; `pengpos.core.machine.step` says what follows.

Three sources: the field (phones at a reader), the cashier and time, the backend (answers and its events).

Tests: tests/pengpos/core/machine/test_step.py.
"""

from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from pengpos.core.sale import (
    Authorised,
    Booking,
    CancelReason,
    Due,
    Intent,
    Notice,
    Prompt,
    Refund,
    RefundState,
    Refusal,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """Base: `at` is Unix seconds by the device's clock."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedByPerson(_Event):
    """Base of what a person at the counter asks for. `by`: the operator's id; None: nobody had signed in."""

    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutIntent(_Event):
    """Base of what concerns one intent: about an earlier intent of the sale it comes too late to move it."""

    intent_id: UUID


# --- the field --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEmpty(_Event):
    """Every reader has seen its field empty since the sale was armed or last refused a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted(_Event):
    """The shopper must do something first; nothing has ended."""

    prompt: Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed(_Event):
    """Something went wrong in the field; nothing has ended. `refusal` says why where the protocol has a number."""

    notice: Notice
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRefused(_Event):
    """The wallet said no, or a check of its reply failed, or the offline policy did: another phone may still pay."""

    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyAccepted(_Event):
    """A wallet's authorisation of the intent now presented passed every check, offline the whole risk policy too."""

    authorised: Authorised


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidByReceipt(AboutIntent):
    """The phone, the tag's page or an event brought an issuer's receipt with outcome 0 for this intent."""

    booking: Booking


# --- cashier and time -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeEntered(AskedByPerson):
    """The cashier typed a confirmation code; `right` is the daemon's comparison in constant time."""

    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked(AskedByPerson):
    """The cashier gives the sale up; from `unknown` it means that other money was taken."""

    reason: CancelReason


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainAsked(AskedByPerson):
    """The cashier wants a new intent of the same sale; it is signed only once the earlier one is dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAgain(_Event):
    """A new intent of the same sale, signed and not yet shown, in answer to `SignAgain`."""

    fresh: Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkAsked(AskedByPerson):
    """The cashier puts a pending sale aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineAccepted(AskedByPerson):
    """The whole offline policy lets this payment in.

    `by_cashier`: decided by hand when the link died; otherwise it follows from an intent that was signed offline. An
    intent signed online is never accepted offline by itself.
    """

    by_cashier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAsked(AskedByPerson):
    """A refund was ordered."""

    refund: Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeOver(AboutIntent):
    """The lifetime of this intent has run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SellingStopped(_Event):
    """This terminal must not sell any more: it is locked or revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted(_Event):
    """The daemon came back and read this sale from the journal."""


# --- our own steps towards the backend, journalled before their first byte leaves -------------------------------------
# Each asks for leave: where the sale has moved on meanwhile it gets `NotNow`, and nothing may be sent or shown.


@dataclass(frozen=True, slots=True, kw_only=True)
class PutLeaving(AboutIntent):
    """`PUT /intents/{id}` is about to be sent: from here a page may pay it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlKnown(AboutIntent):
    """The backend's URL for this intent arrived, or the `#P` URL is about to be shown (`fragment`)."""

    url: str
    fragment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelLeaving(_Event):
    """The cancel is about to be sent: no confirmation code is taken any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardLeaving(_Event):
    """The drainer is about to send this stored payment."""


# --- the backend ------------------------------------------------------------------------------------------------------


class BackendCall(Enum):
    """What we were asking the backend for."""

    PAYMENT = auto()
    QUESTION = auto()
    CANCEL = auto()
    FORWARD = auto()
    REFUND = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict(AboutIntent):
    """Base of what the backend says of an intent. `call`: what it answers; None: the backend's own event."""

    call: BackendCall | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(_Verdict):
    """Booked, with an issuer's receipt that was checked; also for `already_paid` with the receipt that stands."""

    booking: Booking


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined(_Verdict):
    """Finally not taken."""

    refusal: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(_Verdict):
    """Under review, or a friend is asked; becomes one of the others within 15 minutes."""


class BackendStatus(Enum):
    """The rest of what `GET /intents/{id}` can say."""

    CREATED = auto()
    CLAIMED = auto()
    CANCELLED = auto()
    EXPIRED = auto()
    NOT_FOUND = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusHeard(_Verdict):
    """The backend's word on an intent that is neither approved, declined nor held."""

    status: BackendStatus
    steps_when_asked: int | None = None
    """How long the sale's history was when the question left; None: no question was sent."""
    given_back_minor: int = 0
    """Of a payment that a cancel found, where it is cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer(_Event):
    """No usable answer: refused, cut, timed out, garbage. `retry_after_s`: what the backend or a proxy asked for."""

    call: BackendCall
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAnswered(AboutIntent):
    """The final answer to a cancel: `standing` is the booking that stands; None: nothing taken, or given back.

    `refused`: a person at the backend said no, so nothing is to be refunded for it either.
    """

    standing: Booking | None = None
    given_back_minor: int = 0
    """Of a payment that was found, and has gone back by this cancel."""
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelHeld(AboutIntent):
    """A person at the backend decides of the cancel; it stays as it is, and is asked about again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(AskedByPerson):
    """The sale is in the settlement of this business date."""

    business_date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAnswered(_Event):
    """What became of a refund: sent, held for a person, done, failed or void."""

    refund_id: UUID
    state: RefundState
    refused: bool = False
    """It failed because a person at the backend said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedElsewhere(AboutIntent):
    """The backend has given money of this intent back under a refund id that this terminal never made.

    `lessens`: nothing was taken; the amount came off what the platform or the shopper owes.
    """

    refund_id: UUID
    amount_minor: int
    lessens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTold(AboutIntent):
    """What has become of the due of a payment that was declined at sync."""

    due: Due


Event = (
    FieldEmpty | Prompted | Noticed | PhoneRefused | ReplyAccepted | PaidByReceipt
    | CodeEntered | CancelAsked | AgainAsked | SignedAgain | ParkAsked | OfflineAccepted | RefundAsked | LifeOver
    | SellingStopped | Restarted | PutLeaving | UrlKnown | CancelLeaving | ForwardLeaving
    | Approved | Declined | Held | StatusHeard | NoAnswer | CancelAnswered | CancelHeld | Settled | RefundAnswered
    | RefundedElsewhere | DueTold
)  # fmt: skip
