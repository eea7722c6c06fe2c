# SPDX-License-Identifier: Apache-2.0
"""Carries out what a person decided of an order that was held (backend API, *Held for a person*).

Tests: tests/sandbox/backend/terminals/test_held_orders.py
"""

from typing import assert_never

from sqlalchemy.orm import Session

from sandbox.backend.booking import cancel, refunds
from sandbox.backend.errors import NotFoundError, NotPossibleError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.operators import second_person
from sandbox.backend.records.tables import ReviewKind, ReviewRow, ReviewState
from sandbox.backend.terminals import held_orders, suspicion


def decide(session: Session, backend: Backend, review_id: int, *, approve: bool, by: str) -> None:
    """Do the order, or refuse it; its terminal is told by an event. The same decision again changes nothing.

    Raises NotFoundError; NotPossibleError `review_decided` if it was decided otherwise; ForbiddenError if it takes
    another person than `by`; ExceedsCapturedError for a refund of more than is still captured: then it stays open, and
    can be refused.
    """
    review = session.get(ReviewRow, review_id, with_for_update=True)
    if review is None:
        raise NotFoundError("review")
    wanted = ReviewState.APPROVED if approve else ReviewState.REFUSED
    if review.state is not ReviewState.OPEN:
        if review.state is not wanted:
            raise NotPossibleError("review_decided", f"this order has been {review.state}")
        return
    second_person.check(session, caused_by=held_orders.caused_by(session, review), by=by)
    review.state, review.decided_at, review.decided_by = wanted, backend.clock.now(), by
    session.flush()
    match review.kind:
        case ReviewKind.REFUND:
            refunds.decided(session, backend, review)
        case ReviewKind.CANCEL:
            cancel.decided(session, backend, review)
        case ReviewKind.EPOCH | ReviewKind.RENEWAL | ReviewKind.HEAD | ReviewKind.STREAM:
            suspicion.decided(session, review)
        case unexpected:
            assert_never(unexpected)
