# SPDX-License-Identifier: Apache-2.0
"""A call whose head is there, and whose body comes once something else has been done."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx

from sandbox.backend.serving.app import create_app
from tests.support.backend import Shop


def post_slowly(shop: Shop, path: str, body: object, token: str, meanwhile: Callable[[], object]) -> httpx.Response:
    """`POST` with a bearer token; `meanwhile` is done when one byte of the body has come."""

    async def chunks() -> AsyncIterator[bytes]:
        whole = json.dumps(body).encode()
        yield whole[:1]
        await asyncio.to_thread(meanwhile)
        yield whole[1:]

    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(shop.backend, sweeping=False))
        async with httpx.AsyncClient(transport=transport, base_url=shop.backend.origin) as client:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            return await client.post(path, content=chunks(), headers=headers)

    return asyncio.run(call())
