# SPDX-License-Identifier: Apache-2.0
"""What an issuer signed in answer to one request: the whole answer, or the backend's time.

Source: backend API, *Answers are signed*, and "Terminal requests are signed" (`401`, `code: clock`); tap protocol §1,
*Clock*.
"""

import hashlib
import re
from datetime import datetime

import httpx
import msgspec

from pengpos.backend_api.messages import read_message
from pengpos.backend_api.signing import target_uri
from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers

HEADER = "Pengpos-Answer"
_NONCE = re.compile(r';nonce="([A-Za-z0-9_-]+)"')
_KEY_ID = re.compile(r';keyid="([A-Za-z0-9_-]+)"')


class _Signed(msgspec.Struct):
    keyid: str
    nonce: str
    method: str
    target: str
    status: int
    body: str


class _Now(msgspec.Struct):
    nonce: str
    now: datetime


def nonce_of(request: httpx.Request) -> str | None:
    """The nonce of a signed request; None of one that is not."""
    return _parameter(_NONCE, request)


def check_answer(response: httpx.Response, body: bytes, issuers: Issuers) -> None:
    """That an issuer signed this status and this body, any coding undone, in answer to the request it came to.

    Raises MalformedError, SignatureError.
    """
    header = response.headers.get(HEADER)
    if header is None:
        raise MalformedError(f"no {HEADER}")
    said = read_message(Sign1.read_issued(unb64u(header), issuers, Context.ANSWER).payload, _Signed)
    request = response.request
    asked = (_parameter(_KEY_ID, request), nonce_of(request), request.method, target_uri(request))
    if (said.keyid, said.nonce, said.method, said.target) != asked:
        raise SignatureError("an answer signed for another question")
    if (said.status, said.body) != (response.status_code, digest_of(body)):
        raise SignatureError("an answer that is not the one that was signed")


def digest_of(body: bytes) -> str:
    """SHA-256 of an answer's body, in base64url."""
    return b64u(hashlib.sha256(body).digest())


def time_in(signed_time: str, request: httpx.Request, issuers: Issuers) -> int:
    """Unix seconds that an issuer signed in answer to this very request. Raises MalformedError, SignatureError."""
    signed = Sign1.read_issued(unb64u(signed_time), issuers, Context.CLOCK)
    said = read_message(signed.payload, _Now)
    if nonce_of(request) != said.nonce:
        raise SignatureError("a time over another request's nonce")
    if said.now.tzinfo is None:
        raise MalformedError("clock: a time without its offset")
    return int(said.now.timestamp())


def _parameter(pattern: re.Pattern[str], request: httpx.Request) -> str | None:
    found = pattern.search(request.headers.get("signature-input", ""))
    return None if found is None else found[1]
