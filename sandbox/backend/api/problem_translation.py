# SPDX-License-Identifier: Apache-2.0
"""Turns the backend's refusals into problem documents: the one place that knows a status for each of them."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from pengpos.core.times import rfc3339
from sandbox.backend.contract.problems import ProblemError, answer
from sandbox.backend.errors import (
    ClaimedError,
    ConflictError,
    ExceedsCapturedError,
    ForbiddenError,
    InvalidRequestError,
    NotBookedYetError,
    NotFoundError,
    NotPossibleError,
    RefusedRequestError,
    RequestSignatureError,
    TokenEndedError,
    TooManyError,
    TwoContentsError,
)

_STATUS: dict[type[RefusedRequestError], int] = {
    RequestSignatureError: 401,
    TokenEndedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    NotBookedYetError: 404,
    ConflictError: 409,
    TwoContentsError: 409,
    NotPossibleError: 409,
    ClaimedError: 409,
    ExceedsCapturedError: 409,
    InvalidRequestError: 422,
    TooManyError: 429,
}


def problem_of(error: RefusedRequestError, **more: object) -> ProblemError:
    """A refusal as the problem it is answered with, and what more is to be said of it."""
    if isinstance(error, ClaimedError):
        more["claimed_until"] = None if error.until is None else rfc3339(error.until)
    if isinstance(error, ExceedsCapturedError):
        more["captured"] = error.captured_minor
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooManyError) else {}
    return ProblemError(_STATUS[type(error)], error.code, error.detail, more, headers)


def install(app: FastAPI) -> None:
    """Answer every refusal of `app` with its problem document."""
    app.add_exception_handler(RefusedRequestError, _on_refusal)


async def _on_refusal(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RefusedRequestError)
    return answer(problem_of(error))
