# SPDX-License-Identifier: Apache-2.0
"""The lifecycles and kinds that the tables store, each as the words in their columns.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from enum import StrEnum


class BackendRole(StrEnum):
    """What an operator of the backend may do; each may what those before it may."""

    SUPPORT = "support"
    RISK = "risk"
    ADMIN = "admin"


class TerminalKeyState(StrEnum):
    """A device key's life: a renewed key is pending until its first use, which retires the one before it."""

    ACTIVE = "active"
    PENDING = "pending"
    RETIRED = "retired"


class IntentStatus(StrEnum):
    """An intent's life. `claimed`, as the API has it, is `created` with `claimed_until` in the future."""

    CREATED = "created"
    HELD = "held"
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class PaymentStatus(StrEnum):
    """The verdict on a payment; `new` has none yet and is never committed."""

    NEW = "new"
    APPROVED = "approved"
    DECLINED = "declined"
    HELD = "held"
    ALREADY_PAID = "already_paid"


class PaymentWay(StrEnum):
    """How a payment reached us: through a terminal's reader, or by the page on a phone."""

    READER = "reader"
    PAGE = "page"


class HoldOutcome(StrEnum):
    """The verdict that a hold ends in by itself."""

    APPROVED = "approved"
    DECLINED = "declined"


class BorneBy(StrEnum):
    """Who bears a payment that was accepted offline and declined when it was sent."""

    MERCHANT = "merchant"
    PLATFORM = "platform"


class CancelOutcome(StrEnum):
    """The answer to a cancel: `settled` stays paid, so refund it; `held` waits for a person and is never stored."""

    CANCELLED = "cancelled"
    SETTLED = "settled"
    HELD = "held"


class CancelReason(StrEnum):
    """Why a terminal cancelled."""

    CUSTOMER = "customer"
    MERCHANT = "merchant"
    MALFUNCTION = "malfunction"
    UNABLE_TO_COMPLETE = "unable_to_complete"


class RefundState(StrEnum):
    """A refund's life: held for a person or done at once; failed counts no more; void: its payment was declined."""

    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    VOID = "void"


class DueState(StrEnum):
    """A due's life; a refused one may still be paid."""

    OPEN = "open"
    PAID = "paid"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class PaymentRequestState(StrEnum):
    """A payment request's life (代付)."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class PurseMemberState(StrEnum):
    """What an account is to a purse; `left` also when it refused to come."""

    INVITED = "invited"
    MEMBER = "member"
    LEFT = "left"


class AccountKind(StrEnum):
    """Whose money an account counts."""

    SHOPPER = "shopper"
    MERCHANT = "merchant"
    PLAY_MONEY = "play_money"
    GUARANTEE = "guarantee"
    PURSE = "purse"
    SET_ASIDE = "set_aside"
    BY_MERCHANT = "by_merchant"
    BY_STORE = "by_store"
    BY_PLATFORM = "by_platform"
    BY_SPONSOR = "by_sponsor"
    GIVEN_AWAY = "given_away"


class PostingKind(StrEnum):
    """What a posting was for."""

    TOP_UP = "top_up"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    GUARANTEE = "guarantee"
    GUARANTEE_LESSENED = "guarantee_lessened"
    PURSE_FILLED = "purse_filled"
    DUE = "due"
    SET_ASIDE = "set_aside"
    GIVEN_BACK = "given_back"
    CAMPAIGN = "campaign"
    CAMPAIGN_BACK = "campaign_back"
    VOUCHER = "voucher"
    VOUCHER_BACK = "voucher_back"


class EventKind(StrEnum):
    """The `event:` of a Server-Sent Event."""

    INTENT = "intent"
    PAYMENT = "payment"
    CONFIG = "config"
    DENYLIST = "denylist"
    COMMAND = "command"
    ALARM = "alarm"


class AlarmKind(StrEnum):
    """What an operator must see to."""

    TERMINAL_COUNTER_REUSED = "terminal_counter_reused"
    WALLET_COPIED = "wallet_copied"
    ACTIVATION_MISUSED = "activation_misused"
    PROMISE_NOT_KEPT = "promise_not_kept"
    HEAD_WENT_BACK = "head_went_back"
    NEW_EPOCH = "new_epoch"
    NEW_KEY = "new_key"
    EARLY_RENEWAL = "early_renewal"
    SECOND_STREAM = "second_stream"
    KEY_FLOODED = "key_flooded"
    ID_COLLISION = "id_collision"
    ORDER_HELD = "order_held"
    UNSIGNED_IMPORT = "unsigned_import"


class ReviewKind(StrEnum):
    """What a terminal ordered that waits for a person; from `epoch` on: what a copy of its key would do."""

    REFUND = "refund"
    CANCEL = "cancel"
    EPOCH = "epoch"
    RENEWAL = "renewal"
    HEAD = "head"
    STREAM = "stream"


class ReviewState(StrEnum):
    """A review's life."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


class HeldBecause(StrEnum):
    """Why an order is not done before a person has looked at it."""

    REVOKED = "revoked"
    IMPORTED = "imported"
    OVER_LIMIT = "over_limit"
    SUSPECTED = "suspected"
