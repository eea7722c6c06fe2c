# SPDX-License-Identifier: Apache-2.0
"""What the terminal's library signs, verified by the sandbox and by a reading of the RFC of our own."""

import base64
import hashlib
import re

import httpx
import pytest

from pengpos.backend_api.signing import RequestSigner
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.trust.request_signature import SignedRequest, verify

KEY = SoftwareKey.generate()
NOW = 1_800_000_000
BODIES = [None, b"", b"{}", b'{"amount": 1880, "currency": "CNY"}' * 1_000, "小鹏".encode()]


def signed(method: str, url: str, content: bytes | None, *, covers: bool = False, **headers: str) -> httpx.Request:
    request = httpx.Request(
        method, url, content=content, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    return next(RequestSigner(KEY, lambda: NOW, covers_headers=lambda: covers).auth_flow(request))


@pytest.mark.parametrize("url", ["https://pay.example/v1/payments", "https://pay.example/v1/terminal/denylist?since=3"])
@pytest.mark.parametrize("content", BODIES, ids=["none", "empty", "object", "long", "Chinese"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_the_sandbox_verifies_it(method: str, url: str, content: bytes | None) -> None:
    check(signed(method, url, content), content)


@pytest.mark.parametrize(
    ("headers", "behind"),
    [
        ({"pengpos_knows": "dues"}, ' "pengpos-knows"'),
        ({"pengpos_process": "p"}, ' "pengpos-process"'),
        ({"pengpos_process": "p", "pengpos_knows": "dues"}, ' "pengpos-knows" "pengpos-process"'),
        ({}, ""),
    ],
    ids=["knows", "process", "both", "neither"],
)
@pytest.mark.parametrize("covers", [True, False], ids=["covered", "of page 1.2"])
def test_what_it_says_of_itself_is_covered_where_the_backend_takes_that(
    headers: dict[str, str], behind: str, *, covers: bool
) -> None:
    for method, content in (("POST", b"{}"), ("GET", None)):
        request = signed(method, "https://pay.example/v1/terminal/events", content, covers=covers, **headers)
        check(request, content)
        assert (
            f'("@method" "@target-uri" "content-digest"{behind if covers else ""})'
            in request.headers["signature-input"]
        )


def check(request: httpx.Request, content: bytes | None) -> None:
    """The sandbox takes it."""
    method, url = request.method, str(request.url)
    fields = tuple((name.lower(), value) for name, value in request.headers.items())
    found = verify(
        SignedRequest(method=method, url=url, fields=fields, body=content or b""), lambda _kid: PublicKey.of(KEY)
    )
    assert (found.keyid, found.created) == (b64u(PublicKey.of(KEY).kid), NOW)


def test_it_is_what_the_rfc_says() -> None:
    """RFC 9421 §2.5: the signature base, put together by hand."""
    request = signed("POST", "https://pay.example/v1/payments", b"{}")
    parameters = request.headers["signature-input"].removeprefix("pp=")
    assert parameters.startswith('("@method" "@target-uri" "content-digest");created=1800000000;')
    assert 'alg="ecdsa-p256-sha256"' in parameters
    digest = base64.b64encode(hashlib.sha256(b"{}").digest()).decode()
    base = (
        '"@method": POST\n"@target-uri": https://pay.example/v1/payments\n'
        f'"content-digest": sha-256=:{digest}:\n"@signature-params": {parameters}'
    )
    signature = base64.b64decode(request.headers["signature"].removeprefix("pp=:").removesuffix(":"))
    PublicKey.of(KEY).verify(signature, base.encode())


def test_each_attempt_is_signed_anew_over_the_same_body() -> None:
    one, other = (signed("POST", "https://pay.example/v1/payments", b"{}").headers for _ in range(2))
    assert one["content-digest"] == other["content-digest"]
    assert one["signature-input"] != other["signature-input"]
    nonce = re.search(r'nonce="([^"]+)"', one["signature-input"])
    assert nonce is not None
    assert len(unb64u(nonce[1])) == 16
