# SPDX-License-Identifier: Apache-2.0
"""One request to a backend by itself, for commands: no loop is needed, and the deadline is for all of it.

httpx bounds each read alone: a peer that sends a byte now and then would hold its caller for ever.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping

import httpx

from pengpos.backend_api.answer_bytes import IDENTITY, read_bounded
from pengpos.backend_api.names_loop import NamesLoop


def call_once(
    method: str,
    url: str,
    *,
    deadline_s: float,
    size_most: int,
    transport: httpx.AsyncBaseTransport | None,
    auth: httpx.Auth | None = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[httpx.Response, bytes]:
    """The answer's head and its bytes. Raises httpx.HTTPError; ReadTimeout where `deadline_s` was too short for it.

    Looking the name up, connecting, TLS and the last byte are within the deadline. Not on a loop.
    """

    async def called() -> tuple[httpx.Response, bytes]:
        client = httpx.AsyncClient(auth=auth, timeout=deadline_s, trust_env=False, transport=transport)
        sending = client.stream(method, url, content=content, headers={**IDENTITY, **(headers or {})})
        try:
            async with asyncio.timeout(deadline_s), client, sending as response:
                return response, await read_bounded(response, size_most)
        except TimeoutError:
            raise httpx.ReadTimeout(f"no answer within {deadline_s:g} s") from None

    with asyncio.Runner(loop_factory=NamesLoop) as runner:
        return runner.run(called())


def reason_of(error: httpx.HTTPError) -> str:
    """Why a call came to nothing, in the system's own words where it has some."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror | ssl.SSLError) and cause.strerror:
            return cause.strerror
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno)  # asyncio puts its own words, with the address, in place of the system's
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__
