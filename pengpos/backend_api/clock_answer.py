# SPDX-License-Identifier: Apache-2.0
"""The backend's time, signed by an issuer over the nonce of the request that it refused.

Source: backend API, "Terminal requests are signed" (`401`, `code: clock`); tap protocol §1, *Clock*.
"""

import re
from datetime import datetime

import httpx
import msgspec

from pengpos.backend_api.messages import read_message
from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers

_NONCE = re.compile(r';nonce="([A-Za-z0-9_-]+)"')


class _Now(msgspec.Struct):
    nonce: str
    now: datetime


def nonce_of(request: httpx.Request) -> str | None:
    """The nonce of a signed request; None of one that is not."""
    asked = _NONCE.search(request.headers.get("signature-input", ""))
    return None if asked is None else asked[1]


def time_in(signed_time: str, request: httpx.Request, issuers: Issuers) -> int:
    """Unix seconds that an issuer signed in answer to this very request. Raises MalformedError, SignatureError."""
    signed = Sign1.read_issued(unb64u(signed_time), issuers, Context.CLOCK)
    said = read_message(signed.payload, _Now)
    if nonce_of(request) != said.nonce:
        raise SignatureError("a time over another request's nonce")
    if said.now.tzinfo is None:
        raise MalformedError("clock: a time without its offset")
    return int(said.now.timestamp())
