# SPDX-License-Identifier: Apache-2.0
"""The JSON of the shopper side as pydantic models."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from sandbox.backend.shapes import (
    Amount,
    Base64url,
    Currency,
    IntentStatus,
    Jwk,
    PaymentWithRefunds,
    PositiveAmount,
    Rfc3339,
    Shape,
    Uuid,
)

Name = Annotated[str, Field(min_length=1, max_length=80)]
Language = Annotated[str, Field(min_length=2, max_length=16)]
MerchantId = Annotated[str, Field(min_length=1, max_length=16)]


class SignUp(Shape):
    """`POST /accounts`."""

    name: Name
    languages: list[Language] = Field(default=["zh-Hans"], max_length=8)


class SignedUp(Shape):
    """The account and its bearer token, told once."""

    account_id: str
    token: str


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
    """Whom to trust."""

    issuers: list[Jwk]


class Balance(Shape):
    """Money in one currency."""

    amount: Amount
    currency: Currency


class BalanceAnswer(Shape):
    """The balance: the first currency's as `amount` and `currency`, all of them in `balances`."""

    amount: Amount
    currency: Currency
    balances: list[Balance]
    offline_total: Amount
    offline_frozen: bool


class TopUp(Shape):
    """`POST /top-ups`: more play money."""

    amount: PositiveAmount
    currency: Currency


class OfflineAllowance(Shape):
    """`PUT /offline-allowance`: how much in all (CNY), and for which shops; counts for credentials issued later."""

    total: Amount
    merchants: list[MerchantId] = Field(default=[], max_length=3)


class ReferredIntent(Shape):
    """Body of `claim` and `release`: the presentation, where the path does not carry it."""

    presentation: Base64url | None = None


class PayRequest(ReferredIntent):
    """`POST /intents/{id}/pay`."""

    tip: Amount = 0
    vouchers: list[Base64url] = Field(default=[], max_length=4)
    purse: str | None = None
    show_membership: StrictBool = False


class MerchantView(Shape):
    """Who wants the money."""

    id: str
    name: str


class PayableIntent(Shape):
    """What a shopper sees before paying."""

    intent_id: Uuid
    status: IntentStatus
    merchant: MerchantView
    amount: Amount
    currency: Currency
    online: bool
    expires_at: Rfc3339
    claimed_until: Rfc3339 | None = None
    claimed_by_me: bool = False


class WalletPayment(PaymentWithRefunds):
    """A payment as its payer sees it; `confirmation_code` where the terminal was offline."""

    merchant: MerchantView
    confirmation_code: str | None = None


class WalletPayments(Shape):
    """`GET /payments`, newest first; `next` goes into the query of the next page."""

    payments: list[WalletPayment]
    next: str | None = None


class ReceiptView(Shape):
    """What a receipt's URL shows: merchant, amount and time only."""

    merchant: str
    amount: Amount
    currency: Currency
    at: Rfc3339
    status: Literal["paid", "partly_refunded", "refunded"]
