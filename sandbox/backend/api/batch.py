# SPDX-License-Identifier: Apache-2.0
"""Judges up to 200 payments at once: one verdict an item, in the same order; one bad item harms no other."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import Any, Final, TypeVar

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
from sandbox.backend.payments.payments import Presented
from sandbox.backend.payments.straight_through import Plan
from sandbox.backend.records.together import TOGETHER_MOST

T = TypeVar("T")

BUDGET_S: Final = 20.0
"""A terminal waits 60 s for its verdicts, and those of the last transaction may have to wait for the database."""
_LATER: Final = ProblemError(503, "unavailable", "this batch took too long; what is not judged may be sent again")


def take_all(
    backend: Backend, terminal_id: str, items: list[Any], *, knows_dues: bool, imported_by: str | None = None
) -> list[shapes.Payment | shapes.ItemProblem]:
    """Judge them in their order: what goes straight through together, all else each in a transaction of its own.

    What is left when `BUDGET_S` is over is asked for later: a terminal that hears nothing sends all of it again.
    `imported_by`: the operator who has brought them.
    """
    begun_s = backend.clock.monotonic_s()

    def presented_by(item: Any) -> Presented:
        order = paying.order_of(shapes.PaymentRequest.model_validate(item))
        read = payments.read_order(backend, terminal_id, order, knows_dues=knows_dues)
        return replace(read, imported_by=imported_by)

    presented = [_or_problem(partial(presented_by, item)) for item in items]
    verdicts: list[shapes.Payment | shapes.ItemProblem] = []
    plans = list[Plan]()
    while (here := len(verdicts)) < len(presented):
        if here and backend.clock.monotonic_s() - begun_s > BUDGET_S:
            return verdicts + [_of_problem(_LATER)] * (len(presented) - here)
        plans = plans or _planned(backend, presented[here : here + TOGETHER_MOST])
        booked, plans = _booked(backend, plans)
        verdicts += [terminal.payment(one.payment) for one in booked]
        if not booked or plans:
            verdicts.append(_judged(backend, presented[len(verdicts)]))
            plans = plans[1:]
    return verdicts


def _planned(backend: Backend, some: list[Presented | shapes.ItemProblem]) -> list[Plan]:
    read = [one for one in takewhile(_is_read, some) if isinstance(one, Presented)]
    return do_or_log(lambda: straight_through.plan_some(backend, read), at_once=_NO_BUGS) or []


def _is_read(one: Presented | shapes.ItemProblem) -> bool:
    return isinstance(one, Presented)


def _booked(backend: Backend, plans: list[Plan]) -> tuple[list[straight_through.Booked], list[Plan]]:
    """A bug in it leaves the first of them to be judged, and harms no other."""
    return do_or_log(lambda: straight_through.book_some(backend, plans), at_once=_NO_BUGS) or ([], plans)


def _judged(backend: Backend, one: Presented | shapes.ItemProblem) -> shapes.Payment | shapes.ItemProblem:
    if isinstance(one, shapes.ItemProblem):
        return one
    return _or_problem(lambda: terminal.payment(payments.take(backend, one).payment))


def _or_problem(work: Callable[[], T]) -> T | shapes.ItemProblem:
    try:
        done = do_or_log(work, at_once=_NO_BUGS)
    except ValidationError as error:
        return item_problem(InvalidRequestError(f"{error.error_count()} members are missing or wrong"))
    except RefusedRequestError as error:
        return item_problem(error)
    except DataError:
        return item_problem(InvalidRequestError("a value that cannot be stored, such as text with a NUL in it"))
    if done is None:
        return _of_problem(ProblemError(500, "internal_error", "a bug; the same payment may be sent again"))
    return done


_NO_BUGS = (ValidationError, RefusedRequestError, DataError, OperationalError)
"""The last one is of a database that is away, for all items."""


def item_problem(error: RefusedRequestError) -> shapes.ItemProblem:
    """A refusal as the verdict on one item."""
    return _of_problem(problem_of(error))


def _of_problem(problem: ProblemError) -> shapes.ItemProblem:
    return shapes.ItemProblem(code=problem.code, problem=problem.document())
