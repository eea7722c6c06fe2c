# SPDX-License-Identifier: Apache-2.0
"""The JSON of the terminal side as pydantic models; the contract page says the same, field by field.

Members that have nothing to say are left out of answers. Signed objects are base64url without padding.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt

from sandbox.backend.contract.members import (
    Amount,
    Base64url,
    FitName,
    InCurrency,
    ListedCurrency,
    PositiveAmount,
    Rfc3339,
    Shape,
    SignedDocument,
    Uuid,
)

PaymentStatus = Literal["approved", "declined", "held", "already_paid"]
IntentStatus = Literal["created", "claimed", "held", "approved", "declined", "cancelled", "expired"]
RefundState = Literal["held", "done", "failed", "void"]
LineKind = Literal["amount", "tip", "discount", "voucher", "points"]
FunderKind = Literal["merchant", "store", "platform", "sponsor"]
DueState = Literal["open", "paid", "refused", "withdrawn"]

BATCH_LIMIT = 200
SHARES_LIMIT = 50


class Jwk(Shape):
    """A P-256 public key; coordinates of 32 bytes, `kid` the protocol's (11 characters)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Annotated[Base64url, Field(min_length=43, max_length=43)]
    y: Annotated[Base64url, Field(min_length=43, max_length=43)]
    kid: Annotated[Base64url, Field(min_length=11, max_length=11)]


class Hardware(Shape):
    """The device itself."""

    serial: Annotated[str, Field(max_length=80), FitName]
    model: Annotated[str, Field(max_length=80), FitName]


class EnrolmentRequest(Shape):
    """`POST /enrolments`, signed by the new key."""

    activation_code: Annotated[str, Field(max_length=40)]
    public_key: Jwk
    hardware: Hardware
    software_version: Annotated[str, Field(max_length=80)]


class EnrolmentAnswer(Shape):
    """Who the terminal now is. `confirmation_secret`: 32 bytes in base64url. `policy`: see `GET /terminal/config`."""

    terminal_id: str
    credential: Base64url
    issuers: list[Jwk]
    confirmation_secret: Base64url
    policy: SignedDocument


class SecretRequest(Shape):
    """`POST /terminal/confirmation-secret`. `version`: of the newest secret that the terminal has stored; 0: none."""

    version: Annotated[int, Field(ge=0, le=2**53)]


class SecretAnswer(Shape):
    """`document`: the secret to store, signed; left out where there is none. `in_use`: of the one that pages use."""

    document: Base64url | None = None
    in_use: int


class RenewalRequest(Shape):
    """`POST /terminal/credential`. `proof`: COSE_Sign1 by the new key, context `credential-request`, payload the
    terminal id; both members or neither (then the present key is certified again).
    """

    public_key: Jwk | None = None
    proof: Base64url | None = None


class RenewalAnswer(Shape):
    """A fresh credential, and the issuers as they are now."""

    credential: Base64url
    issuers: list[Jwk]


class ConfigAnswer(Shape):
    """`policy`: COSE_Sign1 (context `policy`) over JSON: `terminal_id, version, issued_at, not_after, risk {currency,
    per_payment, per_wallet_count, per_wallet_total, stored_count, stored_total, stored_age_s, clock_doubt_s, max_age_s,
    guaranteed, apdu_turnaround_ms?}, standing, standing_since?, restart_asked_at?, diagnose_asked_at?, campaigns,
    tip_presets_percent, languages, merchant {id, name}, store {id, name},
    currency, timezone, day_starts_hour, denylist_version, issuers`.
    """

    policy: SignedDocument
    version: int


class DenylistAnswer(Shape):
    """`delta`: COSE_Sign1 (context `denylist`) over JSON: `terminal_id "*", version, issued_at, not_after, from, add
    [kid], remove [kid]`; applied to version `from` it gives `version`.
    """

    delta: SignedDocument


SaleNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
"""What both sides of the counter call a sale."""


class PresentationRequest(Shape):
    """`POST /payment-requests`."""

    presentation: Base64url


class IntentRequest(PresentationRequest):
    """`PUT /intents/{id}`."""

    number: SaleNumber | None = None


class IntentRegistered(Shape):
    """Where phones find it, and how it stands."""

    url: str
    status: IntentStatus


CancelReason = Literal["customer", "merchant", "malfunction", "unable_to_complete"]


class CancelRequest(Shape):
    """`POST /intents/{id}/cancel`."""

    presentation: Base64url
    reason: CancelReason
    unless_paid: StrictBool = False


class PaymentRequest(Shape):
    """`POST /payments`, and an item of a batch."""

    presentation: Base64url
    authorisation: Base64url
    wallet_credential: Base64url
    accepted_offline: StrictBool
    occurred_at: Rfc3339
    number: SaleNumber | None = None


class Line(Shape):
    """A line of the bill; discounts and vouchers are negative, and say who funds them and what they come from."""

    kind: LineKind
    label: str
    amount: int
    source: str | None = None
    name: str | None = None
    funder: FunderKind | None = None
    sponsor: str | None = None


class Card(Shape):
    """What the terminal offers after a payment, as tap or QR."""

    kind: str
    title: str
    text: str
    url: str


class Refund(InCurrency):
    """Money on its way back: `done`; `failed` later on, then it counts no more; `void`: its payment was declined.

    `held`: a person decides; `amount` is then what it would give back. `code`: `review_refused` if that was a no.
    `lessens`: a `void` one, what it took off the guaranteed sum and the due.
    """

    refund_id: Uuid
    state: RefundState
    code: str | None = None
    amount: Amount
    lessens: Amount | None = None
    signed: Base64url | None = None


class Due(Shape):
    """What an offline payment declined at sync left to pay, asked of the account whose wallet key signed it.

    `open`: asked; `refused`: the shopper will not, and may still; `withdrawn`: nothing is owed any more.
    """

    state: DueState
    amount: Amount


class Payment(InCurrency):
    """The verdict on a payment: the same for the same request, for ever; but for `due`, which is given as it stands.

    `code` says more than `status`: `approved`, `already_paid`, `held_for_review`, `insufficient_funds`, `expired`, ...
    `reason`: the protocol's number where nothing was taken. `total`: what was taken. `receipt`: signed by an issuer,
    of the payment that stands. `borne_by`, `guaranteed`: who bears a payment accepted offline and declined now, and
    what the merchant is owed for it all the same. `due`: what its shopper was asked to pay after all; absent: nobody.
    """

    intent_id: Uuid
    status: PaymentStatus
    code: str
    reason: int | None = None
    total: Amount
    decided_at: Rfc3339 | None = None
    way: Literal["reader", "page"]
    receipt: Base64url | None = None
    receipt_url: str | None = None
    lines: list[Line] = Field(default=[])
    payer_display: str | None = None
    cards: list[Card] = Field(default=[])
    held_until: Rfc3339 | None = None
    borne_by: Literal["merchant", "platform"] | None = None
    guaranteed: Amount | None = None
    due: Due | None = None


class PaymentWithRefunds(Payment):
    """As `GET` and events tell it: with what has been given back since."""

    refunded: Amount = 0
    refunds: list[Refund] = Field(default=[])


class Intent(InCurrency):
    """`GET /intents/{id}`, and the data of the event `intent`.

    `given_back`: to who asks, what had been booked when the cancel came that ended it, and has gone back by it.
    """

    intent_id: Uuid
    status: IntentStatus
    code: str | None = None
    reason: int | None = None
    amount: Amount
    expires_at: Rfc3339
    claimed_until: Rfc3339 | None = None
    receipt: Base64url | None = None
    given_back: Amount | None = None
    payment: PaymentWithRefunds | None = None


class CancelAnswer(Shape):
    """`cancelled`: nothing is taken any more; `settled`: it was paid and stays so, refund it instead.

    `held`: a person decides, so ask again. `code`: `review_refused` if that was a no: then it is not refunded either.
    `given_back`: what had been booked when the cancel came, and has gone back by it.
    """

    status: Literal["cancelled", "settled", "held"]
    code: str | None = None
    given_back: Amount | None = None
    receipt: Base64url | None = None
    intent: Intent


class ItemProblem(Shape):
    """An item of a batch that could not be judged; `problem` is the document it would have got alone."""

    status: Literal["error"] = "error"
    code: str
    problem: dict[str, Any]


class BatchRequest(Shape):
    """`POST /payments/batch`: at most 200; a bare array is taken too."""

    payments: Annotated[list[Any], Field(max_length=BATCH_LIMIT)]


class BatchAnswer(Shape):
    """One verdict an item, in the same order."""

    verdicts: list[Payment | ItemProblem]


class RefundRequest(Shape):
    """`POST /payments/{id}/refunds`; without `amount`: all that is still captured."""

    refund_id: Uuid
    amount: PositiveAmount | None = None
    reason: Annotated[str, Field(max_length=80)]
    lines: list[dict[str, Any]] | None = Field(default=None, max_length=100)


class SplitRequest(Shape):
    """`POST /splits`; `shares`: how many, or what each is. `currency`: the merchant's unless said."""

    split_id: Uuid
    total: PositiveAmount
    currency: ListedCurrency | None = None
    shares: (
        Annotated[StrictInt, Field(ge=2, le=SHARES_LIMIT)]
        | Annotated[list[PositiveAmount], Field(min_length=2, max_length=SHARES_LIMIT)]
    )


class Split(InCurrency):
    """The shares, each to be armed as a sale and an intent (purpose 2) of its own."""

    split_id: Uuid
    total: Amount
    shares: list[Amount]


class PaymentRequested(Shape):
    """`POST /payment-requests`: the intent may be paid until `expires_at`."""

    intent_id: Uuid
    url: str
    status: IntentStatus
    expires_at: Rfc3339


SettlementKind = Literal["payment", "offline_payment", "late_payment", "refund", "guarantee", "due"]


class SettlementTotal(InCurrency):
    """All entries of one kind in one currency; refunds are negative."""

    kind: SettlementKind
    count: int
    amount: int


class SettlementEntry(InCurrency):
    """One payment, refund, guaranteed sum or paid due.

    `late_payment`: it counts on an earlier day that was settled before it. `due`: what the merchant has got of one, on
    the day it was paid; what the guarantor got back of it is in the guaranteed sum already.
    """

    kind: SettlementKind
    intent_id: Uuid
    refund_id: Uuid | None = None
    amount: int
    at: Rfc3339
    business_date: str


class FundedLines(InCurrency):
    """What one funder has paid for lines of bills, by kind and campaign, and what refunds have given it back."""

    funder: FunderKind
    sponsor: str | None = None
    kind: LineKind
    source: str | None = None
    count: int
    amount: Amount
    back: Amount


class Settlement(Shape):
    """`GET /settlements/{business_date}`: this terminal's part of the day; `final` once the day has been run."""

    business_date: str
    final: bool
    totals: list[SettlementTotal]
    entries: list[SettlementEntry]
    funded: list[FundedLines] = Field(default=[])
    signed: Base64url | None = None


class Health(Shape):
    """`GET /health`. `failing`: the backend's own threads that fail; payments are taken all the same."""

    status: Literal["ok"] = "ok"
    now: Rfc3339
    magic_amounts: bool
    failing: list[str] | None = None
