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
from sandbox.backend.operators import second_person
from sandbox.backend.payments.payment_requests import FRIEND_ASKED, TERMINAL_REVOKED
from sandbox.backend.records import ids
from sandbox.backend.records.tables import IntentRow, PaymentRow, PaymentStatus, TerminalRow


def review(session: Session, backend: Backend, named: ids.IntentReference, *, approve: bool, by: str) -> None:
    """End a hold; raises NotFoundError, NotPossibleError for one that only a friend can approve, and ForbiddenError for
    one that `by` has brought about.

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
    causes = [payment.imported_by]
    if payment.code == TERMINAL_REVOKED.code:
        causes.append(session.get_one(TerminalRow, payment.terminal_id).revoked_by)
    second_person.check(session, caused_by=[operator for operator in causes if operator is not None], by=by)
    sweep.end_hold(session, backend, payment.intent_key, payment.id, approve=approve)
