# SPDX-License-Identifier: Apache-2.0
"""Up to 200 payments at once: one verdict an item, in the same order; one bad item harms no other."""

from typing import Any

from pydantic import ValidationError

from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.contract.problems import ProblemError, invalid
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments import payments


def take_all(
    backend: Backend, terminal_id: str, items: list[Any], *, knows_dues: bool
) -> list[shapes.Payment | shapes.ItemProblem]:
    """Judge each item in a transaction of its own."""
    return [_take(backend, terminal_id, item, knows_dues=knows_dues) for item in items]


def _take(backend: Backend, terminal_id: str, item: Any, *, knows_dues: bool) -> shapes.Payment | shapes.ItemProblem:
    try:
        request = shapes.PaymentRequest.model_validate(item)
        offer = payments.read_offer(backend, terminal_id, request, knows_dues=knows_dues)
        return payments.take(backend, offer).payment
    except ValidationError as error:
        return item_problem(invalid(f"{error.error_count()} members are missing or wrong"))
    except ProblemError as error:
        return item_problem(error)


def item_problem(error: ProblemError) -> shapes.ItemProblem:
    """An error as the verdict on one item."""
    return shapes.ItemProblem(code=error.code, problem=error.document())
