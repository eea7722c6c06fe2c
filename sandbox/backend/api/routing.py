# SPDX-License-Identifier: Apache-2.0
"""Makes routes that find out their caller before a body is read, whose errors are problem documents, and an OpenAPI
document that says so.
"""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from pengpos.serving.members import SaidTwiceError, read_json
from sandbox.backend.api.caller import admit_all_the_same, check_before_body
from sandbox.backend.contract.problems import MEDIA_TYPE, Problem, ProblemError

_ERRORS = ("4XX", "5XX")
_SIGNED = "/v1/"
_UNSIGNED = "/v1/health"


class _OnceSaid(Request):
    """A request whose body says each member once."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, request.receive)
        self._whole = request

    async def body(self) -> bytes:
        """The body, which may have been read before."""
        return await self._whole.body()

    async def json(self) -> Any:
        """The body; raises ProblemError, which FastAPI wraps (`problems.on_http`)."""
        try:
            return read_json(await self.body())
        except SaidTwiceError as error:
            raise ProblemError(422, "invalid_request", f"body: {error.name[:40]} is said twice") from error


class PlainRoute(APIRoute):
    """A route whose errors are problem documents."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        problem = {"description": "Problem document (RFC 9457)", "model": Problem}
        options["responses"] = {**dict.fromkeys(_ERRORS, problem), **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's, after the caller has been found out from the head."""
        handle = super().get_route_handler()
        callers = tuple(dict.fromkeys(_calls(self.dependant)))

        async def checked(request: Request) -> Response:
            await check_before_body(request, callers)
            try:
                return await handle(_OnceSaid(request))
            except RequestValidationError:
                await admit_all_the_same(request)
                raise

        return checked


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for needed in dependant.dependencies:
        if needed.call is not None:
            yield needed.call
        yield from _calls(needed)


class TerseRoute(PlainRoute):
    """A route whose answers leave out members that have nothing to say."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        options["response_model_exclude_none"] = True
        super().__init__(path, endpoint, **options)


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document: FastAPI's, with the media type of errors and the signature of terminal requests put in."""
    document = FastAPI.openapi(app)
    schemes = document["components"].setdefault("securitySchemes", {})
    if "deviceKey" in schemes:
        return document  # made before
    schemes["deviceKey"] = {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": 'HTTP Message Signature (RFC 9421) by the device key: label `pp`, components "@method" '
        '"@target-uri" "content-digest" (RFC 9530 sha-256; may be left out without a body), parameters `created`, '
        '`nonce` (16 random bytes, base64url), `keyid`, `alg="ecdsa-p256-sha256"`.',
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status in _ERRORS:
                content = operation["responses"][status]["content"]
                content[MEDIA_TYPE] = content.pop("application/json")
            if path.startswith(_SIGNED) and path != _UNSIGNED:
                operation["security"] = [{"deviceKey": []}]
    return document
