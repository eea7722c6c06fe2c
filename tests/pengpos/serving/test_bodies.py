# SPDX-License-Identifier: Apache-2.0
"""How much of a body is read, by what its head declares and by what comes."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from pengpos.serving.bodies import whole_body

MOST = 8
PIECE = b"1234"


def read(declared: bytes | None, pieces: int) -> tuple[bytes | None, int]:
    """What is made of so many pieces, and how many of them were asked for."""
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": PIECE, "more_body": asked < pieces}

    headers = [] if declared is None else [(b"content-length", declared)]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    return asyncio.run(whole_body(request, MOST)), asked


@pytest.mark.parametrize(
    ("declared", "pieces", "found", "asked"),
    [
        (b"4", 1, PIECE, 1),
        (b"8", 2, PIECE * 2, 2),
        (b"00000008", 2, PIECE * 2, 2),
        (None, 2, PIECE * 2, 2),
        (None, 1_000_000, None, 3),
        (b"9", 3, None, 0),
        (b"9223372036854775808", 1_000_000, None, 0),
        (b"9" * 5_000, 1_000_000, None, 0),
        (b"-1", 1, None, 0),
        ("²".encode("latin-1"), 1, None, 0),
    ],
)
def test_no_more_is_read_than_may_come(declared: bytes | None, pieces: int, found: bytes | None, asked: int) -> None:
    assert read(declared, pieces) == (found, asked)
