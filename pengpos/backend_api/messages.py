# SPDX-License-Identifier: Apache-2.0
"""The backend's JSON as far as the terminal reads it. Source: `docs/spec/backend-api.md`, "Terminal side".

Unknown members are ignored, so that a backend may grow; a missing or mistyped one makes the answer unusable. Only
`due`, which version 1.0 had not, is read by itself: what we cannot read of it never costs the answer about the money.

Tests: tests/pengpos/backend_api/test_calls.py, tests/terminal/backend/test_gateway.py.
"""

from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from pengpos.core.errors import MalformedError
from pengpos.core.money import AMOUNT_LIMIT_MINOR

M = TypeVar("M")


def read_message(raw: bytes, kind: type[M]) -> M:
    """Decode JSON that came from outside. Raises MalformedError; msgspec by itself lets two more kinds through."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"not the JSON that was expected: {error}") from error


class Answer(msgspec.Struct, kw_only=True, frozen=True):
    """Base of every answer."""


class LineMessage(Answer, kw_only=True, frozen=True):
    """A line of the bill; `kind`: amount, tip, discount, voucher, points."""

    kind: str
    label: str = ""
    amount: int = 0


class CardMessage(Answer, kw_only=True, frozen=True):
    """Something to offer the shopper after the payment."""

    kind: str
    title: str
    text: str = ""
    url: str = ""


class RefundMessage(Answer, kw_only=True, frozen=True):
    """`POST /payments/{id}/refunds`, and what `GET` and events tell of it later: `held`, `done`, `failed`, `void`."""

    refund_id: str
    state: str
    code: str | None = None
    """`review_refused`: it failed because a person said no."""
    amount: int
    lessens: int | None = None
    """A `void` one: what it took off the guaranteed sum and the due."""
    currency: str
    signed: str | None = None
    """A `RefundContent` by an issuer, once it has ended."""


class RefundContent(Answer, kw_only=True, frozen=True):
    """What an issuer signs of a refund; `state`: done, failed, void, or refused: more than is captured."""

    terminal_id: str
    intent_id: str
    refund_id: str
    state: str
    amount: int | None = None
    lessens: int | None = None
    currency: str | None = None


class DueMessage(Answer, kw_only=True, frozen=True):
    """What the shopper is asked to pay after a decline at sync; `state`: open, paid, refused, withdrawn."""

    state: str
    amount: Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_LIMIT_MINOR)]


class PaymentMessage(Answer, kw_only=True, frozen=True):
    """`POST /payments`, an item of the batch, and the payment inside an intent.

    `status`: approved, declined, held, already_paid; error for an item of a batch that could not be judged.
    """

    status: str
    intent_id: str | None = None
    code: str | None = None
    reason: int | None = None
    borne_by: str | None = None
    """``merchant`` or ``platform``: who bears one accepted offline and declined now."""
    guaranteed: int | None = None
    """What of it the merchant is owed all the same."""
    way: str | None = None
    """``page`` or ``reader``: how it was paid, where the backend says so."""
    receipt: str | None = None
    lines: list[LineMessage] = []
    payer_display: str | None = None
    cards: list[CardMessage] = []
    refunds: list[RefundMessage] = []
    due: msgspec.Raw = msgspec.Raw(b"null")
    """A `DueMessage`, or null: no shopper was asked."""


class BatchMessage(Answer, kw_only=True, frozen=True):
    """`POST /payments/batch`: one verdict an item, in the same order."""

    verdicts: list[PaymentMessage]


class RegisteredMessage(Answer, kw_only=True, frozen=True):
    """`PUT /intents/{id}`: what tag and QR carry."""

    url: str


class IntentMessage(Answer, kw_only=True, frozen=True):
    """`GET /intents/{id}`, the `intent` event, and what a cancel found."""

    status: str
    intent_id: str
    amount: int
    currency: str
    code: str | None = None
    reason: int | None = None
    receipt: str | None = None
    """An issuer's, once it has ended."""
    given_back: int = 0
    """Of a payment that the cancel found which ended it; of a backend before 1.3, and of an event, it is not known."""
    payment: PaymentMessage | None = None


class CancelMessage(Answer, kw_only=True, frozen=True):
    """`POST /intents/{id}/cancel`: `cancelled`, `held` for a person, or `settled`, with the payment that stands.

    `code`: `review_refused` where it stands because that person said no.
    """

    status: str
    code: str | None = None
    given_back: int = 0
    """Of a payment that was booked when the cancel came; of a backend of page 1.2 it is not known."""
    receipt: str | None = None
    """An issuer's, where nothing was taken."""
    intent: IntentMessage


class ConfigMessage(Answer, kw_only=True, frozen=True):
    """`GET /terminal/config`: the signed policy."""

    policy: str


class DenylistMessage(Answer, kw_only=True, frozen=True):
    """`GET /terminal/denylist`: a signed delta."""

    delta: str


class DocumentContent(Answer, kw_only=True, frozen=True):
    """What every signed document of the backend says of itself; `version` rises, and 64 bits hold it."""

    version: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    issued_at: datetime
    not_after: datetime


class DenylistContent(DocumentContent, kw_only=True, frozen=True):
    """The content of a delta: kids in base64url."""

    since: int = msgspec.field(name="from")
    add: list[str]
    remove: list[str]


class HeadContent(DocumentContent, kw_only=True, frozen=True):
    """The content of a signed journal head; `hash` in base64url."""

    epoch: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    sequence: Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)]
    hash: str


class SecretMessage(Answer, kw_only=True, frozen=True):
    """`POST /terminal/confirmation-secret`. `in_use`: the version of the secret whose codes pages show."""

    document: str | None = None
    in_use: int


class HeartbeatMessage(Answer, kw_only=True, frozen=True):
    """`POST /terminal/heartbeat`, and its `409 head_behind`."""

    signed_head: str
    clock: str | None = None
    """An issuer's time over the nonce of this request."""


class AlarmMessage(Answer, kw_only=True, frozen=True):
    """Event `alarm`: an alarm of the backend's that concerns this terminal."""

    kind: str


class SettlementEntryMessage(Answer, kw_only=True, frozen=True):
    """An entry of a settlement; `kind`: payment, offline_payment, late_payment, guarantee, refund, due."""

    kind: str
    intent_id: str
    amount: int
    currency: str
    refund_id: str | None = None
    at: str | None = None
    """When it was booked; every settlement of page 1.2 says so."""


class SettlementMessage(Answer, kw_only=True, frozen=True):
    """`GET /settlements/{business_date}`; `final` once the day has been run."""

    business_date: str
    final: bool
    entries: list[SettlementEntryMessage]
    signed: str | None = None
    """A `SettlementContent` by an issuer."""


class SettlementContent(Answer, kw_only=True, frozen=True):
    """What an issuer signs of a settlement, over the nonce of the request; `entries`: their digest."""

    terminal_id: str
    business_date: str
    final: bool
    nonce: str
    entries: str


class HealthMessage(Answer, kw_only=True, frozen=True):
    """`GET /health`: an answer with this member is our backend's, and no network's sign-in page."""

    status: str


class RenewalMessage(Answer, kw_only=True, frozen=True):
    """`POST /terminal/credential`. Issuers beside it are not read: new ones come only in a signed policy."""

    credential: str


class EnrolmentMessage(Answer, kw_only=True, frozen=True):
    """`POST /enrolments`."""

    terminal_id: str
    credential: str
    issuers: list[dict[str, str]]
    confirmation_secret: str
    policy: str


class ProblemMessage(Answer, kw_only=True, frozen=True):
    """RFC 9457; `code` is for us."""

    code: str = ""
    title: str = ""
    detail: str = ""
    now: str | None = None
    signed_head: str | None = None
    """With `head_behind`: the highest journal head that the backend has signed."""
    refund: str | None = None
    """With `exceeds_captured`: a `RefundContent` by an issuer."""
