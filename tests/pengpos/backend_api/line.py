# SPDX-License-Identifier: Apache-2.0
"""A line to a backend that a test plays, and what it told of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from pengpos.backend_api.calls import Calls
from pengpos.backend_api.messages import HealthMessage
from tests.vectors import ISSUERS

HEARD, LOST = ["heard"], ["lost"]
PROBLEM = json.dumps({"title": "no", "status": 409, "code": "head_behind", "detail": "why"}).encode()


PROBLEM_JSON = "application/problem+json"
PROBLEM_TYPE = {"content_type": PROBLEM_JSON}


class Line:
    """A line to a backend that `respond` plays."""

    signer: httpx.Auth | None = None

    def __init__(self, respond: Callable[[httpx.Request], httpx.Response]) -> None:
        self.told: list[str] = []
        self.times: list[int] = []
        self.opened = 0
        self._respond = respond

    def _open(self) -> None:
        self.opened += 1

    async def _time(self, at: int) -> None:
        self.times.append(at)

    def more(self) -> dict[str, Any]:
        """What else its calls are made with."""
        return {}

    def run(self, work: Callable[[Calls], Any]) -> Any:
        async def run() -> Any:
            transport = httpx.MockTransport(self._respond)
            async with httpx.AsyncClient(
                transport=transport, base_url="https://pay.example", auth=self.signer
            ) as client:
                calls = Calls(
                    client,
                    issuers=lambda: ISSUERS,
                    heard=lambda: self.told.append("heard"),
                    lost=lambda: self.told.append("lost"),
                    opened=self._open,
                    time_signed=self._time,
                    **self.more(),
                )
                return await work(calls)

        return asyncio.run(run())

    def call(self, deadline_s: float = 5.0) -> HealthMessage:
        answer = self.run(lambda calls: calls.call("GET", "/v1/health", HealthMessage, deadline_s))
        assert isinstance(answer, HealthMessage)
        return answer


def says(status: int, content: bytes = b"", **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: httpx.Response(status, content=content, headers=named)


class Body(httpx.AsyncByteStream):
    """A body that comes in these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
