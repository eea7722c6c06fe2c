# SPDX-License-Identifier: Apache-2.0
"""Holds an API to its own OpenAPI document: every answer that passes here must be as the document says."""

import re
from functools import cached_property
from typing import Any

import httpx
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types


class Contract:
    """An OpenAPI 3.1 document; `check` raises AssertionError for an answer that it does not allow."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validators: dict[int, Draft202012Validator] = {}

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        ordered = sorted(self.document["paths"].items(), key=lambda item: item[0].count("{"))
        return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), operations) for path, operations in ordered]

    def check(self, response: httpx.Response) -> None:
        """Find the operation, the status and the media type in the document, and validate the body."""
        method, path = response.request.method.lower(), response.request.url.path
        if path == "/openapi.json":
            return
        operations = [found for pattern, found in self._paths if pattern.fullmatch(path) and method in found]
        if not operations:
            assert response.status_code in {404, 405}, f"{method} {path} is not in the document"
            return
        documented = self._documented(operations[0][method]["responses"], response.status_code)
        assert documented is not None, f"{method} {path}: {response.status_code} is not in the document"
        content = documented.get("content")
        if not content:
            assert response.content in {b"", b"null"}, f"{method} {path}: a body that is not in the document"
            return
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{method} {path}: {media_type} is not in the document"
        if "json" in media_type:
            self._validator(content[media_type]["schema"]).validate(response.json())

    @staticmethod
    def _documented(responses: dict[str, Any], status: int) -> dict[str, Any] | None:
        found: dict[str, Any] | None = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        return found

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        if id(schema) not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[id(schema)] = Draft202012Validator(whole)
        return self._validators[id(schema)]
