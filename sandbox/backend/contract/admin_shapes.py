# SPDX-License-Identifier: Apache-2.0
"""The JSON of the operator side as pydantic models.

Tests: tests/sandbox/backend/contract/test_terminal_shapes.py, tests/sandbox/backend/api/test_admin_api.py
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from pengpos.backend_api.operators import OPERATORS_MOST
from sandbox.backend.contract.campaign_shapes import Campaigns, Id, UnixTime
from sandbox.backend.contract.members import (
    Amount,
    Base64url,
    Exact,
    FitName,
    InCurrency,
    ListedCurrency,
    PositiveAmount,
    Rfc3339,
    Shape,
    Uuid,
)
from sandbox.backend.contract.terminal_shapes import Due
from sandbox.backend.intents.finality import MOST_MAX_AGE_S

ReviewKind = Literal["refund", "cancel", "epoch", "renewal", "head", "stream"]
ReviewState = Literal["open", "approved", "refused"]
HeldBecause = Literal["revoked", "imported", "over_limit", "suspected"]
Kid = Annotated[Base64url, Field(min_length=11, max_length=11)]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{4}(-?[0-9A-Fa-f]{4}){3}$")]
Seconds = Annotated[int, Field(ge=0, le=366 * 86_400)]
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]
Pin = Annotated[str, Field(pattern=r"^[0-9]{4,8}$")]
Role = Literal["cashier", "manager", "technician"]
Roles = Annotated[list[Role], Field(max_length=3)]
Count = Annotated[int, Field(ge=0, le=100_000)]


class CodeRequest(Exact):
    """`POST /activation-codes`. `fingerprint`: of the one device key that may use it, with or without hyphens."""

    store_id: Id
    fingerprint: Fingerprint | None = None


class CodeAnswer(Shape):
    """An activation code, shown once."""

    activation_code: str
    store_id: str
    fingerprint: str | None
    expires_at: Rfc3339


class LedgerCheck(Shape):
    """`GET /ledger/check`: everything added up again."""

    balanced: bool
    postings: int
    accounts: int


class PaymentEntry(InCurrency):
    """One intent that was paid, or tried to be; `total` is what was taken, else what was authorised."""

    intent_id: Uuid
    terminal_id: str
    epoch: int
    counter: int
    total: Amount
    state: Literal["held", "approved", "declined", "cancelled", "expired"]
    accepted_offline: bool
    due: Due | None


class PaymentsAnswer(Shape):
    """`next` goes into the query of the next page; null on the last."""

    payments: list[PaymentEntry]
    next: str | None


class RiskPolicy(Exact):
    """A change of the offline risk policy; what is left out stays as it is. Amounts in minor units."""

    currency: ListedCurrency | None = None
    per_payment: Amount | None = None
    per_wallet_count: Count | None = None
    per_wallet_total: Amount | None = None
    stored_count: Count | None = None
    stored_total: Amount | None = None
    stored_age_s: Seconds | None = None
    clock_doubt_s: Seconds | None = None
    max_age_s: Annotated[int, Field(ge=0, le=MOST_MAX_AGE_S)] | None = None
    guaranteed: Amount | None = None
    apdu_turnaround_ms: Milliseconds | None = None


class NamedOperator(Exact):
    """A person at the counter. Without `pin` one that is known by this id keeps the PIN it has."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=40), FitName]
    role: Role
    pin: Pin | None = Field(default=None, repr=False)


class RolesChange(Exact):
    """A change of which roles may do what: one of those listed is needed; of an empty list none is."""

    refund: Roles | None = None
    accept_offline: Roles | None = None
    cash_taken: Roles | None = None
    confirmation_code: Roles | None = None
    day_close: Roles | None = None
    alarm_seen: Roles | None = None
    diagnosis: Roles | None = None


class LimitsChange(Exact):
    """A change of what no role at the terminal goes beyond; what is left out stays as it is."""

    per_refund: Amount | None = None
    refunds_per_day: Amount | None = None
    per_code: Amount | None = None
    codes_unconfirmed: Amount | None = None
    sale_asks_above: Amount | None = None


class Settings(Exact):
    """What a merchant, a store or a terminal sets for itself and all below it; the lower one wins."""

    risk: RiskPolicy | None = None
    campaigns: Campaigns | None = Field(default=None, max_length=20)
    tip_presets_percent: list[Annotated[int, Field(ge=0, le=100)]] | None = Field(default=None, max_length=6)
    languages: list[Annotated[str, Field(max_length=16)]] | None = Field(default=None, max_length=8)
    operators: list[NamedOperator] | None = Field(default=None, max_length=OPERATORS_MOST)
    roles: RolesChange | None = None
    limits: LimitsChange | None = None


class NewMerchant(Exact):
    """`POST /merchants`."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=40), FitName]
    currency: ListedCurrency = "CNY"
    timezone: str = "Asia/Shanghai"
    day_starts_hour: Annotated[int, Field(ge=0, le=23)] = 4


class MerchantMade(InCurrency):
    """A merchant."""

    id: str
    name: str
    timezone: str
    day_starts_hour: int


class MerchantEntry(MerchantMade):
    """A merchant with what it has set and what we owe it."""

    config: dict[str, Any]
    balances: dict[str, int]


class NewStore(Exact):
    """`POST /stores`."""

    id: Id
    merchant_id: Id
    name: Annotated[str, Field(min_length=1, max_length=40), FitName]


class StoreEntry(NewStore):
    """A store with what it has set."""

    name: str
    config: dict[str, Any]


class TerminalEntry(Shape):
    """A terminal: last seen, queue, version."""

    terminal_id: str
    merchant_id: str
    store_id: str
    created_at: Rfc3339
    last_seen_at: Rfc3339 | None
    software_version: str
    hardware: dict[str, Any]
    fingerprint: str | None
    revoked: bool
    standing: Literal["active", "locked", "revoked"]
    standing_since: Rfc3339 | None
    suspected_since: Rfc3339 | None
    queue: dict[str, Any] | None
    heartbeat: dict[str, Any] | None


class AlarmEntry(Shape):
    """Something to see to; it came `count` times, from `at` to `last_at`."""

    id: int
    kind: str
    terminal_id: str | None
    at: Rfc3339
    last_at: Rfc3339
    count: int
    seen: bool
    detail: dict[str, Any]


class NewCoupon(Exact):
    """`POST /coupons`: a voucher for one account at one merchant."""

    account_id: Id
    merchant_id: Id
    value: PositiveAmount
    currency: ListedCurrency = "CNY"
    minimum: Amount = 0
    not_before: UnixTime
    not_after: UnixTime


class CouponAnswer(Shape):
    """The voucher's id, as `GET /wallet/v1/vouchers` tells it."""

    voucher_id: Base64url


class SettlementRun(Shape):
    """`POST /settlements/{business_date}`: how many entries were settled by it."""

    business_date: str
    settled: int


class DenylistChange(Exact):
    """`POST /denylist`; with `listed: false` the key comes off again."""

    kid: Kid
    listed: StrictBool = True
    why: Annotated[str, Field(max_length=200)] = ""


class DenylistVersion(Shape):
    """The version that has the change in it."""

    version: int


class Command(Exact):
    """`POST /terminals/{id}/commands`: sent by the event `command`."""

    command: Literal["lock", "unlock", "diagnose", "restart"]


class Review(Exact):
    """`POST /payments/{id}/review` and `POST /reviews/{id}`: a person's yes or no."""

    approve: StrictBool


class ReviewEntry(Shape):
    """An order of a terminal that waits for a person, or waited; `detail` says what it would do."""

    review_id: int
    kind: ReviewKind
    terminal_id: str
    subject: str
    why: HeldBecause
    detail: dict[str, Any]
    state: ReviewState
    asked_at: Rfc3339
    decided_at: Rfc3339 | None
    decided_by: str | None


class ReviewsWaiting(Shape):
    """How much of one kind waits for a person at one terminal: reviews, and the sales that they are about."""

    terminal_id: str
    kind: ReviewKind
    open: int
    sales: int
    oldest_at: Rfc3339


class ReviewsAnswer(Shape):
    """`GET /reviews`, the oldest first; `next` goes into the query of the next page; null on the last."""

    reviews: list[ReviewEntry]
    next: int | None
    waiting: list[ReviewsWaiting]
