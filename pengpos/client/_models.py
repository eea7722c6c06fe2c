# SPDX-License-Identifier: Apache-2.0
"""The local API's JSON as values: one struct per object of `docs/spec/local-api.md`. Times are RFC 3339 UTC text.

Tests: tests/pengpos/client/test_http.py, tests/contracts/test_pages_and_calls.py.
"""

from typing import Literal

import msgspec

from pengpos.core.authority.limits import ASKS_ABOVE_MINOR
from pengpos.core.currencies.currency import digits
from pengpos.i18n import Language


class Object(msgspec.Struct, kw_only=True, frozen=True):
    """Base of every object: frozen, keyword-only; unknown fields are ignored, so that the daemon may grow."""


class _InCurrency(Object, kw_only=True, frozen=True):
    """Base of what holds amounts in minor units of `currency`: their last `currency_digits` digits are decimals."""

    currency: str
    currency_digits: int = -1
    """As ISO 4217 has them; a terminal of page 1.2 does not say them, then they are filled in."""

    def __post_init__(self) -> None:
        if self.currency_digits < 0:
            msgspec.structs.force_setattr(self, "currency_digits", digits(self.currency))


class Sentences(Object, kw_only=True, frozen=True):
    """One sentence in each language, keyed by BCP 47 tag: ``zh-Hans``, ``zh-Hant``, ``en``."""

    zh_hans: str = msgspec.field(name="zh-Hans")
    zh_hant: str = msgspec.field(name="zh-Hant")
    en: str

    def in_language(self, language: Language) -> str:
        """The sentence in one language."""
        return {"zh-Hans": self.zh_hans, "zh-Hant": self.zh_hant, "en": self.en}[language]


class DueView(Object, kw_only=True, frozen=True):
    """What the shopper is asked to pay of a payment declined at sync; `state`: open, paid, refused, withdrawn."""

    state: str
    amount: int


class ReasonView(Object, kw_only=True, frozen=True):
    """Why nothing was paid: the protocol's number, a sentence for each side, shopper and cashier (device language)."""

    code: int
    shopper: str
    cashier: str
    detail: str | None = None
    """The backend's own code (``insufficient_funds``), small print for the helpdesk."""
    borne_by: str | None = None
    """``merchant`` or ``platform``: who bears a payment accepted offline and declined at sync."""
    guaranteed: int | None = None
    """What of that the merchant is owed all the same, minor units."""
    due: DueView | None = None
    """What the shopper has been asked to pay after all; None: no shopper was asked."""
    phone_time: str | None = None
    """With code 4: the time the phone believes it is."""
    shopper_in: Sentences | None = None
    cashier_in: Sentences | None = None


class IntentView(Object, kw_only=True, frozen=True):
    """One signed intent of a sale."""

    intent_id: str
    epoch: int
    counter: int
    state: str
    at: str


class StepView(Object, kw_only=True, frozen=True):
    """One arrow a sale has taken; `by`: the operator who asked for it, by id."""

    state: str
    at: str
    why: str
    by: str | None = None


class LineView(Object, kw_only=True, frozen=True):
    """A line of the bill as the backend wrote it; `kind`: amount, tip, discount, voucher, points."""

    kind: str
    label: str
    amount: int


class CardView(Object, kw_only=True, frozen=True):
    """A card the backend offers after a payment, as tap or QR."""

    kind: str
    title: str
    text: str
    url: str


class RefundView(Object, kw_only=True, frozen=True):
    """Money on its way back; `state`: queued, sent, held, done, failed, void; `at`: when it was asked for, or done."""

    refund_id: str
    amount: int | None
    reason: str
    state: str
    at: str | None = None
    by: str | None = None
    """The operator who asked for it, by id."""


class SaleView(_InCurrency, kw_only=True, frozen=True):
    """A sale (local API, "A sale"); amounts in minor units of `currency`."""

    id: str
    number: str
    state: str
    amount: int
    tip: int
    total: int
    mode: Literal["online", "offline"]
    ways: list[str]
    created_at: str
    expires_at: str
    intents: list[IntentView]
    history: list[StepView]
    reference: str | None = None
    prompt: str | None = None
    notice: str | None = None
    """``too_quick`` or ``not_a_wallet``: what just went wrong in the field; ends nothing."""
    reason: ReasonView | None = None
    url: str | None = None
    claimed_until: str | None = None
    """While a phone pays by the page: when its claim lapses, unless the backend says something else before."""
    lines: list[LineView] = []
    cards: list[CardView] = []
    receipt_url: str | None = None
    payer_display: str | None = None
    parked: bool = False
    held: bool = False
    """While cancelling or reversing: a person at the backend decides."""
    code_tries_left: int = 5
    refunds: list[RefundView] = []
    given_back: int = 0
    """By a cancel, of a payment that it found."""
    settled_on: str | None = None
    can: list[str] = []
    """What may be done with it now: again, park, cancel, accept-offline, confirmation-code, refunds."""


class SalesPage(Object, kw_only=True, frozen=True):
    """`GET /v1/sales`: a page of sales, the newest first; `next` continues it, None: it is the last."""

    sales: list[SaleView]
    next: int | None = None


class ReaderView(Object, kw_only=True, frozen=True):
    """A reader; `state`: ready, starting, lost."""

    name: str
    state: str
    detail: str = ""
    cure: str = ""
    detail_in: Sentences | None = None
    """For people; None where there is nothing to say, or a library says it."""
    cure_in: Sentences | None = None


class ScreenView(Object, kw_only=True, frozen=True):
    """The screen program that reported last; `heard`: when."""

    pid: int
    software_version: str
    size: str
    panel: str
    heard: str


class LinkView(Object, kw_only=True, frozen=True):
    """The road to the backend."""

    online: bool
    since: str | None = None
    last_heard: str | None = None


class CapsView(_InCurrency, kw_only=True, frozen=True):
    """What is left of each offline cap; None: no policy, no offline."""

    amount_left: int
    count_left: int
    per_payment: int
    until: str


class QueueView(_InCurrency, kw_only=True, frozen=True):
    """What waits to be sent."""

    count: int = 0
    total: int = 0
    currency: str = "CNY"
    oldest: str | None = None
    deadline: str | None = None
    unknown: int = 0
    by_code: int = 0
    by_code_total: int = 0
    caps: CapsView | None = None


class DayView(_InCurrency, kw_only=True, frozen=True):
    """Today's takings, by the device's own count."""

    date: str
    count: int
    total: int
    offline_count: int = 0
    offline_total: int = 0
    refunded_count: int = 0
    refunded_total: int = 0
    """Given back today, of whatever day's sales; not taken off `total`."""
    unknown_count: int = 0
    declined_at_sync_count: int = 0
    declined_at_sync_total: int = 0
    due_paid_count: int = 0
    due_paid_total: int = 0
    """What shoppers have since paid of those declined at sync; not in `total`."""


class Difference(Object, kw_only=True, frozen=True):
    """A payment or refund of which terminal and backend do not say the same; None: unknown on that side.

    `refund_id`: of a refund, whose amounts are below zero; None: it is the payment.
    """

    intent_id: str
    number: str | None
    state: str | None
    here: int | None
    there: int | None
    refund_id: str | None = None


class Elsewhere(Object, kw_only=True, frozen=True):
    """What went back though this terminal never asked for it: by a refund, or (`refund_id` None) by a cancel."""

    intent_id: str
    number: str
    refund_id: str | None
    amount: int


class DayReport(_InCurrency, kw_only=True, frozen=True):
    """`POST /v1/day/close`: the day here beside the backend's settlement; `final` once the backend has run it."""

    date: str
    final: bool
    here_count: int
    here_total: int
    there_count: int
    there_total: int
    declined_at_sync_count: int
    declined_at_sync_total: int
    """Accepted offline on this day and declined when they were sent: not in the totals."""
    due_paid_count: int = 0
    due_paid_total: int = 0
    """What shoppers have since paid of those, whenever they did."""
    there_due_count: int = 0
    there_due_total: int = 0
    """What the settlement brings the merchant of dues paid on this day, of whatever day's sales."""
    there_guaranteed_count: int = 0
    there_guaranteed_total: int = 0
    """What it brings of payments declined at sync that the platform bears; paid dues go back to the platform first."""
    here_refunded_count: int = 0
    here_refunded_total: int = 0
    there_refunded_count: int = 0
    there_refunded_total: int = 0
    """Refunds done on this day, of whatever day's sales: not taken off the totals."""
    cancelled_count: int = 0
    cancelled_total: int = 0
    """Paid, and given back by a cancel of this terminal: sales begun on the day."""
    elsewhere: list[Elsewhere] = []
    differences: list[Difference]


class AlarmView(Object, kw_only=True, frozen=True):
    """Something a person must see to; stays until its cause is gone or it is acknowledged."""

    id: str
    kind: str
    at: str
    text: str
    """What happened, in English; `text_in` says it to the counter."""
    cure: str = ""
    text_in: Sentences | None = None
    cure_in: Sentences | None = None
    sale_id: str | None = None
    calm: bool = False
    """It has come right by itself: good to know, nothing is to be done."""


class TerminalView(_InCurrency, kw_only=True, frozen=True):
    """Who this terminal is."""

    terminal_id: str
    merchant_id: str
    merchant_name: str
    languages: list[str]
    software_version: str
    standing: Literal["active", "locked", "revoked"] = "active"
    """Whether it may sell: locked, or revoked for good, it takes no money and gives none back."""
    standing_since: str | None = None
    config_version: int = 0
    sale_asks_above: int = ASKS_ABOVE_MINOR
    """The screen asks once more before it starts a larger sale; a daemon of 1.2 does not say."""


class Status(Object, kw_only=True, frozen=True):
    """`GET /v1/status`: everything a screen needs, in one snapshot. `terminal` None: not enrolled yet."""

    at: str
    link: LinkView
    readers: list[ReaderView]
    queue: QueueView
    alarms: list[AlarmView]
    terminal: TerminalView | None = None
    sale: SaleView | None = None
    """The sale that no other may start beside, else the last one that was."""
    parked: list[SaleView] = []
    unknown: list[SaleView] = []
    cancelling: list[SaleView] = []
    """Given up, and the backend has not confirmed it yet: a shopper may still come back with a confirmation code."""
    day: DayView | None = None
    screen: ScreenView | None = None
    """None: no screen program has reported since the terminal began."""


class SessionView(Object, kw_only=True, frozen=True):
    """An operator's session: `token` goes into `Authorization: Bearer` of what they ask for."""

    token: str
    operator_id: str
    name: str
    role: str
    expires_at: str
    """When it ends if nothing more is asked for with it."""

    def __repr__(self) -> str:
        """Without the token."""
        return f"SessionView(operator_id={self.operator_id!r}, role={self.role!r})"


class Problem(Object, kw_only=True, frozen=True):
    """An RFC 9457 problem document; `code` is for programs, `detail` for people."""

    title: str
    status: int
    code: str
    detail: str = ""
    type: str = "about:blank"
    action: str | msgspec.UnsetType = msgspec.UNSET
    """With `role_needed`: what was asked for, in the policy's word."""
    roles: list[str] | msgspec.UnsetType = msgspec.UNSET
    """With `role_needed`: one of these is needed."""
    tries_left: int | msgspec.UnsetType = msgspec.UNSET
    """With `wrong_pin`."""
    retry_after_s: int | msgspec.UnsetType = msgspec.UNSET
    """With `too_many_tries`."""
