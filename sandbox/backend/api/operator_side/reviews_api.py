# SPDX-License-Identifier: Apache-2.0
"""The routes by which an operator sees and decides what was held for a person: `/admin/v1/reviews`.

Tests: tests/sandbox/backend/terminals/test_held_orders.py
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from sandbox.backend.api.caller import RISK, SUPPORT, BackendOf, OperatorOf
from sandbox.backend.api.operator_side.operator_route import OperatorRoute
from sandbox.backend.api.rendering import operator as rendering
from sandbox.backend.contract import admin_shapes as shapes
from sandbox.backend.payments import decisions
from sandbox.backend.records.tables import ReviewState

_LATEST_NUMBER = 2**53 - 1

router = APIRouter(prefix="/admin/v1", tags=["admin"], route_class=OperatorRoute)


@router.get("/reviews", dependencies=[SUPPORT])
def reviews(
    backend: BackendOf,
    state: shapes.ReviewState | None = None,
    terminal_id: str | None = None,
    intent_id: UUID | None = None,
    next_page: Annotated[int | None, Query(alias="next", ge=0, le=_LATEST_NUMBER)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> shapes.ReviewsAnswer:
    """What waits for a person, or waited, in the order in which it came; beside it how much waits where."""
    wanted = rendering.WantedReviews(
        state=None if state is None else ReviewState(state),
        terminal_id=terminal_id,
        intent_id=None if intent_id is None else str(intent_id),
        after=next_page,
    )
    with backend.db.read() as session:
        return rendering.reviews(session, wanted, limit)


@router.post("/reviews/{review_id}", status_code=204, dependencies=[RISK])
def decide(review_id: int, request: shapes.Review, backend: BackendOf, operator: OperatorOf) -> None:
    """Approve or refuse a held order; the terminal is told."""
    by = operator.operator_id
    backend.db.write(lambda session: decisions.decide(session, backend, review_id, approve=request.approve, by=by))
