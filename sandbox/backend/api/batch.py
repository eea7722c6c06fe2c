# SPDX-License-Identifier: Apache-2.0
"""Judges up to 200 payments at once: one verdict an item, in the same order; one bad item harms no other."""

from typing import Any

from pydantic import ValidationError

from sandbox.backend.api.problem_translation import problem_of
from sandbox.backend.api.rendering import terminal
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.errors import InvalidRequestError, RefusedRequestError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments import payments


def order_of(request: shapes.PaymentRequest) -> payments.PaymentOrder:
    """A payment's request as the order that is judged."""
    return payments.PaymentOrder(
        presentation=request.presentation,
        authorisation=request.authorisation,
        wallet_credential=request.wallet_credential,
        accepted_offline=request.accepted_offline,
        occurred_at=request.occurred_at,
        number=request.number,
    )


def take_all(
    backend: Backend, terminal_id: str, items: list[Any], *, knows_dues: bool
) -> list[shapes.Payment | shapes.ItemProblem]:
    """Judge each item in a transaction of its own."""
    return [_take(backend, terminal_id, item, knows_dues=knows_dues) for item in items]


def _take(backend: Backend, terminal_id: str, item: Any, *, knows_dues: bool) -> shapes.Payment | shapes.ItemProblem:
    try:
        order = order_of(shapes.PaymentRequest.model_validate(item))
        presented = payments.read_order(backend, terminal_id, order, knows_dues=knows_dues)
        return terminal.payment(payments.take(backend, presented).payment)
    except ValidationError as error:
        return item_problem(InvalidRequestError(f"{error.error_count()} members are missing or wrong"))
    except RefusedRequestError as error:
        return item_problem(error)


def item_problem(error: RefusedRequestError) -> shapes.ItemProblem:
    """A refusal as the verdict on one item."""
    problem = problem_of(error)
    return shapes.ItemProblem(code=problem.code, problem=problem.document())
