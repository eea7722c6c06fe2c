# SPDX-License-Identifier: Apache-2.0
"""The JSON of the shopper side as pydantic models.

Tests: tests/sandbox/backend/contract/test_terminal_shapes.py, tests/sandbox/backend/payments/test_page_payments.py
"""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from sandbox.backend.contract.bill_shapes import QuoteAnswer, VoucherId
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
    Sum,
    Uuid,
)
from sandbox.backend.contract.terminal_shapes import (
    CancelReason,
    DueState,
    IntentStatus,
    Jwk,
    Line,
    PaymentWithRefunds,
    SaleNumber,
)

Name = Annotated[str, Field(min_length=1, max_length=80), FitName]
Language = Annotated[str, Field(min_length=2, max_length=16)]
MerchantId = Annotated[str, Field(min_length=1, max_length=16)]


Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$", max_length=49)]
"""An intent id, as UUID or 22 characters of base64url; with `.TERMINAL` behind it where the bare id is another's."""
TillReference = Annotated[str, Field(max_length=32)]
"""What the till calls its order, from the intent."""
Kid = Annotated[Base64url, Field(min_length=11, max_length=11)]


class SignUp(Shape):
    """`POST /accounts`."""

    name: Name
    languages: list[Language] = Field(default=["zh-Hans"], max_length=8)


class SignedUp(Shape):
    """The account and its bearer token, shown once."""

    account_id: str
    token: str


class NewToken(Shape):
    """`POST /token`: SHA-256 of the token that is to be the account's, and a proof by one of its wallet keys.

    `keys`: the kids of all that the wallet holds; those that the account has besides, and nobody vouches for, end.
    """

    token_hash: Base64url
    kid: Kid
    keys: list[Kid] = Field(max_length=512)
    proof: Base64url


class TokenAnswer(Shape):
    """An issuer's word that the account's token is the one of this hash now, and which keys of late were blocked."""

    signed: Base64url


class CredentialRequest(Shape):
    """`POST /credentials`: a fresh key, proven over the account id; `merchant_id` if it is meant for one shop."""

    public_key: Jwk
    proof: Base64url
    merchant_id: MerchantId | None = None


class CredentialAnswer(Shape):
    """The credential, and until when it is good."""

    credential: Base64url
    expires_at: Rfc3339


class IssuersAnswer(Shape):
    """Whom to trust: as a list for a wallet that trusts nobody yet, and signed, the oldest document first."""

    issuers: list[Jwk]
    documents: list[Base64url]


class RevokedAnswer(Shape):
    """Terminals that are paid no more, signed."""

    document: SignedDocument


class Balance(InCurrency):
    """Money in one currency."""

    amount: Sum


class BalanceAnswer(InCurrency):
    """The balance: the first currency's as `amount` and `currency`, all of them in `balances`.

    Of `amount`, `set_aside` is kept for what was or may be promised offline; `available` is what can be spent.
    """

    amount: Sum
    available: Sum
    set_aside: Amount
    balances: list[Balance]
    offline_total: Amount
    offline_frozen: bool


class TopUp(Shape):
    """`POST /top-ups`: more play money."""

    amount: PositiveAmount
    currency: ListedCurrency


class OfflineAllowance(Shape):
    """`PUT /offline-allowance`: how much in all (CNY), and for which shops; counts for credentials issued later."""

    total: Amount
    merchants: list[MerchantId] = Field(default=[], max_length=3)


class ReferredIntent(Shape):
    """Body of `claim` and `release`: the presentation, where the path does not carry it."""

    presentation: Base64url | None = None


class PayRequest(ReferredIntent):
    """`POST /intents/{id}/pay`; `vouchers`: ids of `GET /vouchers`; `purse`: of `GET /purses`; `total`: as told."""

    tip: Amount = 0
    vouchers: list[VoucherId] = Field(default=[], max_length=4)
    purse: Annotated[str, Field(max_length=16)] | None = None
    show_membership: StrictBool = False
    total: Amount | None = None


class MerchantView(Shape):
    """Who wants the money."""

    id: str
    name: str


class WalletPayment(PaymentWithRefunds):
    """A payment as its payer sees it; `confirmation_code` where the terminal was offline.

    `final`: nothing was taken of this authorisation and never will be, so that a wallet may promise the sum again. A
    payment declined online is not final while its terminal may still say that it had accepted it offline.
    `from_set_aside`: how much of an approved payment was taken from what was set aside for the key that signed it.
    `promise`: an issuer's word on these two, over key and intent.
    """

    reference: Reference | None = None
    number: SaleNumber
    till_reference: TillReference | None = None
    merchant: MerchantView
    confirmation_code: str | None = None
    from_set_aside: Amount | None = None
    final: StrictBool = False
    promise: Base64url | None = None


class PayableIntent(InCurrency):
    """What a shopper sees before paying, and after: `payment` is this account's own, if there is one.

    `now`: the backend's clock, so that a phone whose own is wrong can still count down. `code` and `reason` say why an
    intent has ended; `cancel_reason`: why the terminal cancelled it, `unable_to_complete` where its time ran out.
    """

    intent_id: Uuid
    reference: Reference | None = None
    number: SaleNumber
    till_reference: TillReference | None = None
    status: IntentStatus
    code: str | None = None
    reason: int | None = None
    cancel_reason: CancelReason | None = None
    merchant: MerchantView
    amount: Amount
    online: bool
    now: Rfc3339
    expires_at: Rfc3339
    claimed_until: Rfc3339 | None = None
    claimed_by_me: bool = False
    payment: WalletPayment | None = None
    final: bool = False
    """Of nothing that was signed for it is anything taken any more, but what `payment` says."""
    promise: Base64url | None = None
    """An issuer's word on that for the key that was asked about, of which nothing was delivered."""
    test_amount: bool = False
    """The amount's last two digits choose the outcome."""


class PurseHeld(Shape):
    """A purse to pay from, and what it holds in the intent's currency."""

    purse_id: str
    name: str
    held: Sum


class FittingVoucher(Shape):
    """A voucher that takes something off this intent."""

    voucher_id: VoucherId
    value: Amount
    not_after: Rfc3339


class Means(Shape):
    """What an account may pay an intent with, all in its currency; `set_aside`: held beside `available`."""

    available: Sum
    set_aside: Amount
    purses: list[PurseHeld]
    vouchers: list[FittingVoucher]


class OpenedIntent(Shape):
    """`POST /intents/{reference}/open`; `means`, and the `quote` of nothing chosen, where this account may pay."""

    intent: PayableIntent
    means: Means | None = None
    quote: QuoteAnswer | None = None


class WalletPayments(Shape):
    """`GET /payments`, newest first; `next` goes into the query of the next page."""

    payments: list[WalletPayment]
    next: str | None = None


class ReceiptView(InCurrency):
    """What a receipt's URL shows: merchant, amount, its lines, time, the sale's number, the till's reference only."""

    merchant: str
    number: SaleNumber
    till_reference: TillReference | None = None
    amount: Amount
    at: Rfc3339
    status: Literal["paid", "partly_refunded", "refunded"]
    lines: list[Line] = Field(default=[])


class VoucherView(InCurrency):
    """A voucher; `voucher`: signed for the key that was asked for."""

    voucher_id: VoucherId
    merchant_id: str
    value: Amount
    minimum: Amount
    not_before: Rfc3339
    not_after: Rfc3339
    spent: bool
    voucher: Base64url | None = None


class VouchersAnswer(Shape):
    """`GET /vouchers`; with `?kid=` those that are not spent come signed for that key."""

    vouchers: list[VoucherView]


class JoinRequest(Shape):
    """`POST /memberships`: join, and get a pass for one key."""

    merchant_id: MerchantId
    kid: Kid


class MembershipAnswer(Shape):
    """A member's points and tier, and the pass to show."""

    merchant_id: str
    member_id: str
    points: int
    tier: str
    membership: Base64url


class NewPurse(Shape):
    """`POST /purses`."""

    name: Name
    members: list[Annotated[str, Field(max_length=16)]] = Field(default=[], max_length=20)
    budget: PositiveAmount | None = None


class PurseEntry(InCurrency):
    """What was paid from a purse, and by whom."""

    intent_id: Uuid
    account_id: str
    amount: Amount
    at: Rfc3339


class Purse(Shape):
    """小荷包."""

    purse_id: str
    name: str
    members: list[str]
    invited: list[str]
    budget: Amount | None = None
    spent: Sum
    balances: list[Balance]
    entries: list[PurseEntry]


class PurseInvitation(Shape):
    """All that is seen of a purse before it is joined. `invited_by`: an account id."""

    purse_id: str
    name: str
    invited_by: str


class PursesAnswer(Shape):
    """`GET /purses`."""

    purses: list[Purse]
    invitations: list[PurseInvitation]


class NewPaymentRequest(Shape):
    """`POST /payment-requests`: ask a friend (代付). `reference`: as the intent has it, where it has one."""

    intent_id: Uuid
    reference: Reference | None = None
    friend_id: Annotated[str, Field(max_length=16)]


class PaymentRequestView(InCurrency):
    """A friend is asked to pay."""

    request_id: str
    intent_id: Uuid
    reference: Reference | None = None
    asker_id: str
    asker_name: str
    friend_id: str
    state: Literal["open", "accepted", "refused"]
    merchant: MerchantView
    amount: Amount
    at: Rfc3339


class PaymentRequestsAnswer(Shape):
    """`GET /payment-requests`, newest first."""

    payment_requests: list[PaymentRequestView]


class WalletDue(InCurrency):
    """A due as its shopper sees it. `code`, `reason`: why the payment was declined when the shop sent it.

    `amount`: what is asked, or was paid. `authorised_at`: when it was paid offline; `asked_at`: when it was declined.
    """

    intent_id: Uuid
    reference: Reference | None = None
    merchant: MerchantView
    amount: Amount
    code: str
    reason: int | None = None
    authorised_at: Rfc3339
    asked_at: Rfc3339
    state: DueState
    decided_at: Rfc3339 | None = None


class DuesAnswer(Shape):
    """`GET /dues`, newest first."""

    dues: list[WalletDue]
