# SPDX-License-Identifier: Apache-2.0
"""One way to answer for all of `/v1` and `/wallet/v1`: members that have nothing to say are left out."""

from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute

from sandbox.backend.problems import MEDIA_TYPE, Problem


class TerseRoute(APIRoute):
    """A route whose answers leave None out, and whose errors the OpenAPI tells as problem documents."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        options["response_model_exclude_none"] = True
        problem = {"description": "Problem document (RFC 9457)", "content": {MEDIA_TYPE: {}}, "model": Problem}
        options["responses"] = {"4XX": problem, "5XX": problem, **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)
