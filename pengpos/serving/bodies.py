# SPDX-License-Identifier: Apache-2.0
"""The body of a request within a bound, also where its head says at once that it is longer. How long it may take is
the connection's (`pengpos.serving.connections`).
"""

from typing import Final

from starlette.requests import Request

_DIGITS_MOST: Final = 20


async def whole_body(request: Request, most_bytes: int) -> bytes | None:
    """The body; None if it is longer: nothing of one is read that declares so, nothing beyond the bound of any other.

    Raises starlette's ClientDisconnect.
    """
    declared = request.headers.get("content-length", "0")
    if len(declared) > _DIGITS_MOST or not declared.isdecimal() or int(declared) > most_bytes:
        return None
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > most_bytes:
            return None
    return bytes(raw)
