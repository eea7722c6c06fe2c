# SPDX-License-Identifier: Apache-2.0
"""Judges up to 200 payments at once: one verdict an item, in the same order; one bad item harms no other."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DataError, OperationalError

from sandbox.backend.api import paying
from sandbox.backend.api.problem_translation import problem_of
from sandbox.backend.api.rendering import terminal
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.contract.problems import ProblemError
from sandbox.backend.errors import InvalidRequestError, RefusedRequestError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.threads import do_or_log
from sandbox.backend.payments import payments, straight_through


def take_all(
    backend: Backend, terminal_id: str, items: list[Any], *, knows_dues: bool, imported_by: str | None = None
) -> list[shapes.Payment | shapes.ItemProblem]:
    """Judge each item in a transaction of its own. `imported_by`: the operator who has brought them."""

    def judged(item: Any) -> shapes.Payment:
        order = paying.order_of(shapes.PaymentRequest.model_validate(item))
        read = payments.read_order(backend, terminal_id, order, knows_dues=knows_dues)
        presented = replace(read, imported_by=imported_by)
        booked = straight_through.take(backend, presented, None) or payments.take(backend, presented)
        return terminal.payment(booked.payment)

    return [_verdict(judged, item) for item in items]


def _verdict(judged: Callable[[Any], shapes.Payment], item: Any) -> shapes.Payment | shapes.ItemProblem:
    try:
        verdict = do_or_log(lambda: judged(item), at_once=_NO_BUGS)
    except ValidationError as error:
        return item_problem(InvalidRequestError(f"{error.error_count()} members are missing or wrong"))
    except RefusedRequestError as error:
        return item_problem(error)
    except DataError:
        return item_problem(InvalidRequestError("a value that cannot be stored, such as text with a NUL in it"))
    if verdict is None:
        return _of_problem(ProblemError(500, "internal_error", "a bug; the same payment may be sent again"))
    return verdict


_NO_BUGS = (ValidationError, RefusedRequestError, DataError, OperationalError)
"""The last one is of a database that is away, for all items."""


def item_problem(error: RefusedRequestError) -> shapes.ItemProblem:
    """A refusal as the verdict on one item."""
    return _of_problem(problem_of(error))


def _of_problem(problem: ProblemError) -> shapes.ItemProblem:
    return shapes.ItemProblem(code=problem.code, problem=problem.document())
