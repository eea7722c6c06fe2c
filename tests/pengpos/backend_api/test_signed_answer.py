# SPDX-License-Identifier: Apache-2.0
"""The backend's signed time: believed only over this request's nonce. Source: backend API, `code: clock`."""

import json
from typing import Any

import httpx
import pytest

from pengpos.backend_api.signed_answer import time_in
from pengpos.core.errors import MalformedError, SignatureError
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey

ISSUER, STRANGER = SoftwareKey.generate(), SoftwareKey.generate()
ISSUERS = Issuers([PublicKey.of(ISSUER)])
NONCE = b64u(bytes(16))
REQUEST = httpx.Request(
    "POST", "https://backend.example/v1/payments", headers={"signature-input": f'pp=();created=1;nonce="{NONCE}"'}
)


def answer(key: SoftwareKey = ISSUER, context: Context = Context.CLOCK, **changes: Any) -> str:
    body = {"nonce": NONCE, "now": "2027-01-15T08:00:00Z"} | changes
    payload = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
    return b64u(sign1(key, context, payload, kid=PublicKey.of(key).kid))


def test_the_time_is_that_of_the_answer() -> None:
    assert time_in(answer(), REQUEST, ISSUERS) == 1_800_000_000


@pytest.mark.parametrize(
    ("signed_time", "error"),
    [
        (answer(key=STRANGER), SignatureError),
        (answer(context=Context.RECEIPT), SignatureError),
        (answer(nonce=b64u(b"another nonce 16")), SignatureError),
        (answer(nonce=None), MalformedError),
        (answer(now=None), MalformedError),
        (answer(now="2027-01-15T08:00:00"), MalformedError),
        (answer(now=1_800_000_000), MalformedError),
        (answer()[:-4] + "AAAA", SignatureError),
        ("", MalformedError),
        ("not base64url!", MalformedError),
    ],
    ids=["a stranger's", "another kind of object", "another request's", "no nonce", "no time", "no offset", "a number",
         "torn signature", "empty", "no base64url"],
)  # fmt: skip
def test_anything_else_is_not_believed(signed_time: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        time_in(signed_time, REQUEST, ISSUERS)


def test_a_request_without_a_nonce_has_no_answer() -> None:
    bare = httpx.Request("GET", "https://backend.example/v1/health")
    with pytest.raises(SignatureError):
        time_in(answer(), bare, ISSUERS)
