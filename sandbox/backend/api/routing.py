# SPDX-License-Identifier: Apache-2.0
"""Makes routes whose errors are problem documents, and an OpenAPI document that says so."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from sandbox.backend.contract.problems import MEDIA_TYPE, Problem

_ERRORS = ("4XX", "5XX")
_SIGNED = "/v1/"
_UNSIGNED = "/v1/health"


class PlainRoute(APIRoute):
    """A route whose errors are problem documents."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        problem = {"description": "Problem document (RFC 9457)", "model": Problem}
        options["responses"] = {**dict.fromkeys(_ERRORS, problem), **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)


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
