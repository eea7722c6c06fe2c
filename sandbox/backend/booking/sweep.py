# SPDX-License-Identifier: Apache-2.0
"""Ends what ends by itself: holds, refunds that fail later, money set aside, claims and intents.

Each in a transaction of its own. Nothing depends on it for being right: locking an intent shows it lapsed already, and
money that is set aside too long is nobody else's. It is what tells the terminals.

Tests: tests/sandbox/backend/intents/test_trial_amounts.py, tests/sandbox/backend/payments/test_payment_requests.py
"""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import delete, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from pengpos.core.reasons import Reason
from sandbox.backend.booking import booking, refunds, set_aside
from sandbox.backend.intents import intents
from sandbox.backend.kernel import events
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.threads import do_each
from sandbox.backend.records.tables import (
    HoldOutcome,
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    RefundRow,
    RequestNonceRow,
    TerminalRow,
    WalletCredentialRow,
)
from sandbox.backend.trust.judgement import Refusal
from sandbox.backend.trust.request_signature import NONCE_LIFE_S

REVIEW_REFUSED = Refusal(Reason.DECLINED_BY_BACKEND, "review_refused")
REVIEW_LAPSED = Refusal(Reason.DECLINED_BY_BACKEND, "review_lapsed")
_AT_ONCE = 100
_ANOTHER_EVERY_S = 10
_NONCES_KEPT_S = 2 * NONCE_LIFE_S
"""Then all that are old enough are forgotten together: one write in ten minutes, not one a second."""


def sweep(backend: Backend) -> None:
    """Do all that is due now. What fails keeps nothing else waiting; its error is raised at the end, the first of them.

    A database that is away is raised at once.
    """
    now = backend.clock.now()
    with backend.db.read() as session:
        stale = session.scalar(
            select(RequestNonceRow.kid).where(RequestNonceRow.seen_at < now - _NONCES_KEPT_S).limit(1)
        )
        held = session.execute(
            select(PaymentRow.intent_key, PaymentRow.id)
            .where(PaymentRow.status == PaymentStatus.HELD, PaymentRow.held_until <= now)
            .limit(_AT_ONCE)
        ).all()
        failing = session.execute(
            select(RefundRow.id, RefundRow.terminal_id).where(RefundRow.fails_at <= now).limit(_AT_ONCE)
        ).all()
        unclaimed = session.scalars(
            select(WalletCredentialRow.kid).where(WalletCredentialRow.claimable_until < now).limit(_AT_ONCE)
        ).all()
        lapsed = session.scalars(
            select(IntentRow.key)
            .where(IntentRow.is_open())
            .where(IntentRow.payable_before(now) | (IntentRow.claimed_until <= now))
            .limit(_AT_ONCE)
        ).all()
    due: list[Callable[[Session], object]] = [
        *(partial(end_hold, backend=backend, intent_key=key, payment_id=number, approve=None) for key, number in held),
        *(partial(_fail_refund, refund_id=number, terminal_id=terminal_id, now=now) for number, terminal_id in failing),
        *(partial(set_aside.give_back, kid=kid, now=now) for kid in unclaimed),
        *(partial(_lapse, intent_key=intent_key, now=now) for intent_key in lapsed),
        *([partial(_forget_nonces, now=now)] if stale is not None else []),
        *(partial(events.forget, terminal_id=terminal_id, now=now) for terminal_id in _whose_events(backend, now)),
    ]
    do_each((partial(backend.db.write, work) for work in due), at_once=OperationalError)


def end_hold(session: Session, backend: Backend, intent_key: str, payment_id: int, *, approve: bool | None) -> None:
    """End a hold: as a person decided, or (None) as it ends by itself when its time is up."""
    now = backend.clock.now()
    intent = intents.lock(session, intent_key, now)
    payment = session.get_one(PaymentRow, payment_id, populate_existing=True)
    if intent is None or payment.status is not PaymentStatus.HELD:
        return
    if approve is None:
        if payment.held_until is None or now < payment.held_until:
            return
        approve, refusal = payment.held_outcome is HoldOutcome.APPROVED, REVIEW_LAPSED
    else:
        refusal = REVIEW_REFUSED
    if approve:
        booking.book_or_decline(session, backend, intent, payment, now)
    else:
        booking.decline(session, backend, intent, payment, refusal, now)


def _whose_events(backend: Backend, now: int) -> Sequence[str]:
    """The terminal whose oldest events are looked at now, if they are too old: another every ten seconds."""
    if now % _ANOTHER_EVERY_S:
        return ()
    with backend.db.read() as session:
        number = session.scalar(select(func.count()).select_from(TerminalRow)) or 1
        turn = select(TerminalRow.id).order_by(TerminalRow.id).offset(now // _ANOTHER_EVERY_S % number).limit(1)
        terminal_id = session.scalar(turn)
        return () if terminal_id is None or not events.are_old(session, terminal_id, now) else (terminal_id,)


def _forget_nonces(session: Session, now: int) -> None:
    """No request of their time is taken any more."""
    session.execute(delete(RequestNonceRow).where(RequestNonceRow.seen_at < now - NONCE_LIFE_S))


def _fail_refund(session: Session, refund_id: str, terminal_id: str, now: int) -> None:
    row = session.get_one(RefundRow, (refund_id, terminal_id))
    refunds.fail(session, row, now)


def _lapse(session: Session, intent_key: str, now: int) -> None:
    intent = intents.lock(session, intent_key, now)
    if (
        intent is None
        or intent.status is not IntentStatus.CREATED
        or intent.claimed_until is None
        or now < intent.claimed_until
    ):
        return
    intent.claimed_by = intent.claimed_until = None
    intents.announce(session, intent, now)
