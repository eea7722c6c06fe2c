# SPDX-License-Identifier: Apache-2.0
"""Ends the hold on a payment as a person decided.

Tests: tests/sandbox/backend/payments/test_payment_requests.py, tests/sandbox/backend/intents/test_trial_amounts.py
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.booking import sweep
from sandbox.backend.errors import NotFoundError, NotPossibleError
from sandbox.backend.intents import intents
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments.payment_requests import FRIEND_ASKED
from sandbox.backend.records import ids
from sandbox.backend.records.tables import IntentRow, PaymentRow, PaymentStatus


def review(session: Session, backend: Backend, named: ids.IntentReference, *, approve: bool) -> None:
    """End a hold; raises NotFoundError, and NotPossibleError for one that only a friend can approve.

    That one names no payer yet: approved here, it would be taken from the account that asked the friend.
    """
    payment = session.scalars(
        select(PaymentRow)
        .join(IntentRow, IntentRow.key == PaymentRow.intent_key)
        .where(intents.is_named(named), PaymentRow.status == PaymentStatus.HELD)
        .limit(1)
    ).first()
    if payment is None:
        raise NotFoundError("held payment")
    if approve and payment.code == FRIEND_ASKED:
        raise NotPossibleError(payment.code, "a friend is asked to pay this; only the friend can say yes")
    sweep.end_hold(session, backend, payment.intent_key, payment.id, approve=approve)
