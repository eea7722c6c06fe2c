# SPDX-License-Identifier: Apache-2.0
"""Gives a payment its verdict: money moves, the intent ends, the receipt is signed, the terminal gets its events.

One transaction each, under the intent's row lock; that an intent is booked once is also a unique index.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/payments/test_payments_accepted_offline.py
"""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from pengpos.core.business_day import BusinessDay
from pengpos.core.reasons import Reason
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims
from sandbox.backend.bill.lines import total_of
from sandbox.backend.booking import funders, set_aside
from sandbox.backend.intents import dues, event_data, intents, reports
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.events import emit, emit_in_order
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.offers import bills, line_items, vouchers
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    BorneBy,
    DueRow,
    EventKind,
    HoldOutcome,
    IntentRow,
    IntentStatus,
    MerchantRow,
    PaymentRow,
    PaymentStatus,
)
from sandbox.backend.sharing import purses
from sandbox.backend.terminals import policy
from sandbox.backend.terminals.merchants import merchant_of
from sandbox.backend.trust.judgement import CANCELLED, INSUFFICIENT_FUNDS, VOUCHER_SPENT, Refusal
from sandbox.backend.trust.liability import liability_of

REVIEW_S = 900
"""A held payment becomes one of the others within this time."""
GUARANTEE_WINDOW_S = 7 * 86_400
"""The guaranteed sum covers what was declined within this time, a terminal; what a paid due gave back is free again."""

HELD = Refusal(Reason.HELD, "held_for_review")


def merchant_account(session: Session, terminal_id: str) -> Account:
    """Where a terminal's takings go."""
    return Account(AccountKind.MERCHANT, merchant_of(session, terminal_id).id)


def shopper_account(payment: PaymentRow) -> Account:
    """Where a payment's money comes from, and where a refund of it goes."""
    if payment.purse_id is not None:
        return Account(AccountKind.PURSE, payment.purse_id)
    assert payment.account_id is not None
    return Account(AccountKind.SHOPPER, payment.account_id)


def counts_at(payment: PaymentRow) -> int:
    """The instant whose business date a payment counts on: see `pengpos.core.business_day.counts_at`."""
    return payment.authorised_at if payment.accepted_offline else payment.decided_at


def hear_of_offline_acceptance(session: Session, payment: PaymentRow, occurred_at: int) -> None:
    """A payment taken online turns out to be accepted offline at its terminal: its day follows, until it is settled."""
    if payment.settled_on is None:
        payment.accepted_offline, payment.occurred_at = True, occurred_at
        payment.business_date = business_date_of(session, payment.terminal_id, counts_at(payment))


def business_date_of(session: Session, terminal_id: str, at: int) -> str:
    """The day of the terminal's merchant on which something counts, as ``2026-11-22``."""
    return business_date_at(merchant_of(session, terminal_id), at)


def business_date_at(merchant: MerchantRow, at: int) -> str:
    """The day of a merchant on which something counts."""
    return _business_day(merchant).date_of(at).isoformat()


def business_day_of(session: Session, terminal_id: str, at: int) -> tuple[int, int]:
    """From when to before when that day lasts, Unix seconds."""
    business_day = _business_day(merchant_of(session, terminal_id))
    return business_day.span(business_day.date_of(at))


def _business_day(merchant: MerchantRow) -> BusinessDay:
    return BusinessDay(ZoneInfo(merchant.timezone), merchant.day_starts_hour)


def book(session: Session, backend: Backend, intent: IntentRow, payment: PaymentRow, now: int) -> Refusal | None:
    """Take the money and approve; a refusal if money or a voucher is gone, and then nothing has been changed.

    A payment that was held for this intent loses: the first that is booked wins, and its due, if any, is withdrawn.
    """
    if vouchers.spent_elsewhere(session, intent, payment):
        return VOUCHER_SPENT
    lines = bills.take(session, intent, payment, now)
    taken = total_of(lines)
    short = _take_money(session, intent, payment, taken, now)
    if short is not None:
        bills.undo(session, payment, lines)
        return short
    funders.pay(session, intent, lines, now)
    _release_others(session, intent, payment)
    take_guarantee_back(session, intent, now)
    vouchers.spend(session, intent, payment)
    dues.withdraw(session, intent.key, now)
    was_held = payment.status is PaymentStatus.HELD
    mark_booked(backend, payment, taken, now)
    if was_held:  # any other has been given its day just now
        payment.business_date = business_date_of(session, intent.terminal_id, counts_at(payment))
    payment.receipt = signed_receipt(backend, intent, payment, reason=None)
    session.flush()
    payment.lines = line_items.said(merchant_of(session, payment.terminal_id), lines)
    vouchers.give_rest(session, payment)
    payment.cards = line_items.cards(session, payment)
    payment.payer_display = line_items.payer_display(session, payment)
    intents.end(intent, IntentStatus.APPROVED, "approved", None)
    announce(session, intent, payment, now)
    return None


def _take_money(session: Session, intent: IntentRow, payment: PaymentRow, taken: int, now: int) -> Refusal | None:
    if payment.purse_id is not None and purses.over_budget(session, payment.purse_id, taken):
        return purses.OVER_BUDGET
    try:
        giver, merchant = shopper_account(payment), merchant_account(session, intent.terminal_id)
        set_aside.pay(session, intent, payment, giver=giver, merchant=merchant, minor=taken, now=now)
    except ledger.InsufficientFundsError:
        return INSUFFICIENT_FUNDS
    return None


def mark_booked(backend: Backend, payment: PaymentRow, taken_minor: int, now: int) -> None:
    """Let a payment say that so much was taken, and where its receipt will be."""
    payment.status, payment.code, payment.reason = PaymentStatus.APPROVED, "approved", None
    payment.taken_minor, payment.held_until, payment.held_outcome = taken_minor, None, None
    payment.borne_by, payment.guaranteed_minor = None, 0
    payment.decided_at = now
    payment.receipt_token = ids.token_128()
    payment.receipt_url = f"{backend.origin}/r/{payment.receipt_token}"


def book_or_decline(session: Session, backend: Backend, intent: IntentRow, payment: PaymentRow, now: int) -> bool:
    """Book a payment, or refuse it for what is short; whether it was booked.

    A promise for which there is no money proves a wallet that breaks the rules.
    """
    short = book(session, backend, intent, payment, now)
    if short is None:
        return True
    decline(session, backend, intent, payment, short, now)
    if payment.accepted_offline and short.code == INSUFFICIENT_FUNDS.code:
        set_aside.not_kept(session, payment, now)
    return False


def decline(
    session: Session, backend: Backend, intent: IntentRow, payment: PaymentRow, refusal: Refusal, now: int
) -> None:
    """Refuse a payment; final for its intent unless that has its fate already.

    Of one accepted offline it says who bears it, and asks the account that signed it to pay after all.
    """
    payment.status, payment.code, payment.reason = PaymentStatus.DECLINED, refusal.code, int(refusal.reason)
    payment.held_until, payment.held_outcome = None, None
    payment.decided_at = now
    payment.receipt = signed_receipt(backend, intent, payment, reason=refusal.reason)
    if payment.accepted_offline:
        _guarantee(session, intent, payment, refusal, now)
        dues.ask(session, payment, now)
    may_end = intent.status in intents.OPEN or (intent.status is IntentStatus.EXPIRED and payment.accepted_offline)
    if may_end and not _others_held(session, intent, payment):
        intents.end(intent, IntentStatus.DECLINED, refusal.code, int(refusal.reason))
    announce(session, intent, payment, now)


def expire(
    session: Session, backend: Backend, intent: IntentRow, payment: PaymentRow, refusal: Refusal, now: int
) -> None:
    """Refuse what came too late and leave a tombstone."""
    if intent.status in intents.OPEN and not _others_held(session, intent, payment):
        intents.end(intent, IntentStatus.EXPIRED, refusal.code, int(refusal.reason))
    decline(session, backend, intent, payment, refusal, now)


def hold(
    session: Session,
    intent: IntentRow,
    payment: PaymentRow,
    now: int,
    *,
    code: str,
    outcome: HoldOutcome | None,
    for_s: int = 0,
) -> None:
    """Keep a payment for review: `outcome` comes by itself after `for_s` seconds; None: only a person ends it."""
    payment.status, payment.code, payment.reason = PaymentStatus.HELD, code, int(HELD.reason)
    payment.held_until, payment.held_outcome = None if outcome is None else now + for_s, outcome
    payment.decided_at = now
    intents.end(intent, IntentStatus.HELD, code, int(HELD.reason))
    announce(session, intent, payment, now)


def review(session: Session, intent: IntentRow, payment: PaymentRow, now: int, *, for_s: int) -> None:
    """Keep a payment for a person to look at; after `for_s` seconds it is approved by itself."""
    hold(session, intent, payment, now, code=HELD.code, outcome=HoldOutcome.APPROVED, for_s=for_s)


def reverse(session: Session, backend: Backend, intent: IntentRow, payment: PaymentRow, now: int) -> None:
    """Undo a booked payment for a cancel: all of it goes back, and it counts as one that took nothing."""
    giver, merchant = shopper_account(payment), merchant_account(session, intent.terminal_id)
    set_aside.unpay(session, intent, payment, giver=giver, merchant=merchant, now=now)
    funders.unpay(session, intent, payment, now)
    vouchers.unspend(session, payment)
    payment.taken_minor, payment.lines, payment.cards = 0, [], []
    payment.receipt_token = payment.receipt_url = None
    void(backend, intent, payment, now)


def void(backend: Backend, intent: IntentRow, payment: PaymentRow, now: int) -> None:
    """Mark a payment as ended by a cancel, nothing being taken (any more)."""
    payment.status, payment.code, payment.reason = PaymentStatus.DECLINED, CANCELLED.code, int(CANCELLED.reason)
    payment.held_until, payment.held_outcome = None, None
    payment.decided_at = now
    payment.receipt = signed_receipt(backend, intent, payment, reason=CANCELLED.reason)


def announce(session: Session, intent: IntentRow, payment: PaymentRow, now: int) -> None:
    """Emit `payment` and `intent`, as they stand after this change."""
    session.flush()
    report, standing = reports.with_refunds(session, payment), reports.standing_payment(session, intent)
    beside = report if standing in {payment, None} else reports.with_refunds(session, standing)
    told = [
        (EventKind.PAYMENT, event_data.of_payment(report)),
        (EventKind.INTENT, event_data.of_intent(reports.of_intent_beside(intent, beside, now))),
    ]
    emit_in_order(session, intent.terminal_id, told, now)


def announce_payment(session: Session, payment: PaymentRow, now: int) -> None:
    """Emit `payment` alone, where the caller emits `intent` itself."""
    session.flush()
    data = event_data.of_payment(reports.with_refunds(session, payment))
    emit(session, payment.terminal_id, EventKind.PAYMENT, data, now)


def _others_held(session: Session, intent: IntentRow, payment: PaymentRow) -> list[PaymentRow]:
    payments = reports.payments_of(session, intent.key)
    return [other for other in payments if other.status is PaymentStatus.HELD and other is not payment]


def _release_others(session: Session, intent: IntentRow, payment: PaymentRow) -> None:
    for other in _others_held(session, intent, payment):
        other.status, other.held_until, other.held_outcome = PaymentStatus.ALREADY_PAID, None, None
    session.flush()


def signed_receipt(backend: Backend, intent: IntentRow, payment: PaymentRow, *, reason: Reason | None) -> bytes:
    """What became of a payment: `reason` None: approved.

    It names the key whose authorisation it answers, and the terminal: another's intent may have the same id.
    """
    return backend.issuer.receipt(
        ReceiptClaims(
            intent_id=UUID(intent.intent_id).bytes,
            outcome=Outcome.APPROVED if reason is None else Outcome.DECLINED,
            total_minor=payment.taken_minor if reason is None else 0,
            currency=payment.currency,
            at=payment.decided_at,
            url=payment.receipt_url if reason is None else None,
            reason=None if reason is None else int(reason),
            wallet_kid=None if payment.wallet_kid is None else unb64u(payment.wallet_kid),
            terminal_id=intent.terminal_id,
        )
    )


def _guarantee(session: Session, intent: IntentRow, payment: PaymentRow, refusal: Refusal, now: int) -> None:
    """What a terminal accepted within its policy is owed to the merchant, up to the policy's guaranteed sum."""
    payment.borne_by = BorneBy.MERCHANT
    risk = policy.risk_as_of(session, intent.terminal_id, payment.authorised_at)
    borne_by = liability_of(refusal.code).borne_by
    if borne_by is BorneBy.MERCHANT or risk is None or dues.paid(session, intent.key) is not None:
        return
    left = int(risk["guaranteed"]) - _guarantee_used(session, intent.terminal_id, payment.currency, now)
    owed = max(0, min(payment.total_minor - guaranteed_for(session, intent), left))
    if owed == 0:
        return
    payment.borne_by, payment.guaranteed_minor = BorneBy.PLATFORM, owed
    ledger.transfer(
        session,
        PostingKind.GUARANTEE,
        giver=Account(AccountKind.GUARANTEE),
        taker=merchant_account(session, intent.terminal_id),
        amount_minor=owed,
        currency=payment.currency,
        at=now,
        intent_key=intent.key,
    )


def take_guarantee_back(session: Session, intent: IntentRow, now: int) -> None:
    """The goods are paid by another payment, or the sale was given up: the guarantor gets its money back."""
    owed = guaranteed_for(session, intent)
    if owed == 0:
        return
    ledger.transfer(
        session,
        PostingKind.GUARANTEE_LESSENED,
        giver=merchant_account(session, intent.terminal_id),
        taker=Account(AccountKind.GUARANTEE),
        amount_minor=owed,
        currency=intent.currency,
        at=now,
        intent_key=intent.key,
    )
    for payment in reports.payments_of(session, intent.key):
        payment.guaranteed_minor = 0


def guaranteed_for(session: Session, intent: IntentRow) -> int:
    """What an intent's payments have cost the guarantor: goods are given away once, whoever promised for them."""
    return sum(payment.guaranteed_minor for payment in reports.payments_of(session, intent.key))


def _guarantee_used(session: Session, terminal_id: str, currency: str, now: int) -> int:
    """What a terminal's payments declined in the window have cost the guarantor, less what their dues gave back.

    From here on no other transaction adds to it before this one ends. What is locked for that is the guarantor's
    account, as for the posting that follows; the terminal's row is locked behind all accounts, by the events.
    """
    ledger.lock(session, Account(AccountKind.GUARANTEE), currency)
    asked_for = and_(DueRow.intent_key == PaymentRow.intent_key, DueRow.payment_id == PaymentRow.id)
    used = session.scalar(
        select(func.sum(PaymentRow.guaranteed_minor - func.coalesce(DueRow.to_guarantor_minor, 0)))
        .outerjoin(DueRow, asked_for)
        .where(
            PaymentRow.terminal_id == terminal_id,
            PaymentRow.decided_at > now - GUARANTEE_WINDOW_S,
            PaymentRow.borne_by.is_not(None),
        )
    )
    return max(0, int(used or 0))  # a due also gives back what another payment of its intent had cost before the window
