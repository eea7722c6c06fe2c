# SPDX-License-Identifier: Apache-2.0
"""Judges one payment and answers: straight through where nothing is out of the ordinary, else step by step.

Tests: tests/sandbox/backend/api/test_paying.py, tests/sandbox/backend/payments/test_straight_through.py
"""

from fastapi import Response
from fastapi.concurrency import run_in_threadpool

from sandbox.backend.api.admission import Terminal, admit_trading, giving_back
from sandbox.backend.api.delivery import LostAnswer
from sandbox.backend.api.rendering import terminal as rendering
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.errors import RefusedRequestError
from sandbox.backend.intents import trial_amounts
from sandbox.backend.intents.reports import PaymentReport
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments import payments, straight_through
from sandbox.backend.trust.request_signature import Signed

STANDING = "Pengpos-Standing"


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


async def pay(backend: Backend, signed: Signed, request: shapes.PaymentRequest, *, knows_dues: bool) -> Response:
    """The answer to one payment, or its loss. Raises ProblemError, RefusedRequestError."""
    order = order_of(request)

    def judge() -> tuple[Response, trial_amounts.Delivery]:
        booked = _straight_through(backend, signed, order, knows_dues=knows_dues)
        if booked is not None:
            return _answer(booked.payment, booked.standing), trial_amounts.Delivery()
        terminal = admit_trading(backend, signed)
        verdict = _judged(backend, terminal, order, knows_dues=knows_dues)
        return _answer(verdict.payment, terminal.standing), verdict.delivery

    answer, delivery = await run_in_threadpool(judge)
    if delivery.delay_s:
        await backend.sleep(delivery.delay_s)
    return LostAnswer() if delivery.lost else answer


def _straight_through(
    backend: Backend, signed: Signed, order: payments.PaymentOrder, *, knows_dues: bool
) -> straight_through.Booked | None:
    try:
        presented = payments.read_any_order(backend, order, knows_dues=knows_dues)
    except RefusedRequestError:
        return None  # it is said once its sender has been admitted
    with giving_back(backend, signed):
        return straight_through.take(backend, presented, signed)


def _judged(
    backend: Backend, terminal: Terminal, order: payments.PaymentOrder, *, knows_dues: bool
) -> payments.Verdict:
    return payments.take(backend, payments.read_order(backend, terminal.terminal_id, order, knows_dues=knows_dues))


def _answer(report: PaymentReport, standing: str) -> Response:
    body = rendering.payment(report).model_dump_json(exclude_none=True)
    return Response(body, media_type="application/json", headers={STANDING: standing})
