# SPDX-License-Identifier: Apache-2.0
"""The way of a payment to its handler: what FastAPI does for any call is a tenth of what a payment costs.

Only a body that is as it should be goes this way; any other takes FastAPI's, which says what is wrong with it.

Tests: tests/sandbox/backend/api/test_payment_route.py
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from pengpos.serving.members import SaidTwiceError, read_json
from sandbox.backend.api import paying
from sandbox.backend.api.caller import admit_later, knows_dues, terminal_before_body
from sandbox.backend.api.request_head import get_backend
from sandbox.backend.api.routing import TerseRoute
from sandbox.backend.contract import terminal_shapes as shapes


class PaymentRoute(TerseRoute):
    """`POST /v1/payments`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The short way, and FastAPI's behind it."""
        handle = super().get_route_handler()

        async def short(request: Request) -> Response:
            backend = get_backend(request)
            await terminal_before_body(request, backend)
            order = _read(request.headers.get("content-type"), await request.body())
            if order is None:
                return await handle(request)
            signed = await admit_later(request, backend)
            says = await knows_dues(request.headers.get("pengpos-knows"))
            return await paying.pay(backend, signed, order, knows_dues=says)

        return short


def _read(media_type: str | None, body: bytes) -> shapes.PaymentRequest | None:
    if media_type != "application/json":
        return None
    try:
        return shapes.PaymentRequest.model_validate(read_json(body))
    except (ValueError, SaidTwiceError, RecursionError):
        return None
