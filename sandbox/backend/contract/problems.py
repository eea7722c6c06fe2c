# SPDX-License-Identifier: Apache-2.0
"""Answers errors with RFC 9457 problem documents, with a `code` for programs (backend API, "Rules for all of it").

Tests: tests/sandbox/backend/api/test_routing.py, tests/sandbox/backend/api/test_problem_translation.py
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from sandbox.backend.errors import BackendError
from sandbox.backend.records.turns import NoTurnError

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457 problem document; `code` is for programs, `detail` for people."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str


@dataclass(eq=False)
class ProblemError(BackendError):
    """An answer that is an error; `more` are further members of the document."""

    status: int
    code: str
    detail: str
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.detail}"

    def document(self) -> dict[str, Any]:
        """The problem document as JSON-like values."""
        title = HTTPStatus(self.status).phrase
        problem = Problem(title=title, status=self.status, detail=self.detail, code=self.code)
        return {**problem.model_dump(), **self.more}


def install(app: FastAPI) -> None:
    """Turn every error of `app` into a problem document."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(ClientDisconnect, _on_gone)
    app.add_exception_handler(OperationalError, _on_database)
    app.add_exception_handler(NoTurnError, _on_database)
    app.add_exception_handler(DataError, _on_data)
    app.add_exception_handler(Exception, _on_bug)


def answer(error: ProblemError) -> JSONResponse:
    """The response with an error's problem document."""
    return JSONResponse(error.document(), status_code=error.status, media_type=MEDIA_TYPE, headers=error.headers)


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return answer(error)


async def _on_validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    places = [".".join(str(part) for part in item["loc"]) + ": " + item["msg"] for item in error.errors()[:5]]
    return answer(ProblemError(422, "invalid_request", "; ".join(places)))


async def on_http(_request: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: an address that is none, a method that does not fit."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ProblemError):  # raised while a body was read
        return answer(error.__cause__)
    codes = {404: "not_found", 405: "method_not_allowed"}
    code = codes.get(error.status_code, "http_error")
    return answer(ProblemError(error.status_code, code, str(error.detail), headers=dict(error.headers or {})))


async def _on_gone(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse(None, status_code=400)  # its client is gone: nobody reads it


async def _on_database(_request: Request, _error: Exception) -> JSONResponse:
    detail = "the database is busy or gone; send the same request again"
    return answer(ProblemError(503, "unavailable", detail, headers={"Retry-After": "2"}))


async def _on_data(_request: Request, _error: Exception) -> JSONResponse:
    return answer(ProblemError(422, "invalid_request", "a value that cannot be stored, such as text with a NUL in it"))


async def _on_bug(_request: Request, _error: Exception) -> JSONResponse:
    return answer(ProblemError(500, "internal_error", "a bug; the same request may be sent again"))
