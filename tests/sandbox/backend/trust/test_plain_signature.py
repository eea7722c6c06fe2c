# SPDX-License-Identifier: Apache-2.0
"""What is read of a plainly written signature is what the library reads; all else is left to the library."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.errors import RequestSignatureError
from sandbox.backend.trust import plain_signature
from sandbox.backend.trust.request_signature import Signed, SignedHead, SignedRequest, question_of, verify
from tests.support.request_signing import Signing

KEY = SoftwareKey.generate()
URL = "http://backend.test/v1/payments"
Change = Callable[[dict[str, str]], object]


DIGESTED = ("@method", "@target-uri", "content-digest")
KNOWING = (*DIGESTED, "pengpos-knows")


def signed(url: str = URL, body: bytes = b"{}", says: dict[str, str] | None = None, **spoilt: Any) -> httpx.Request:
    request = httpx.Request("POST", url, content=body, headers=says)
    Signing(created=1_800_000_000, **{"signer": KEY, "nonce": b64u(bytes(range(16))), **spoilt}).apply(request)
    return request


def as_sent(request: httpx.Request, change: Change = lambda _: None) -> SignedRequest:
    headers = dict(request.headers)
    change(headers)
    return SignedRequest(
        method=request.method, url=str(request.url), fields=tuple(headers.items()), body=request.content
    )


def read(request: SignedHead) -> plain_signature.Plain | None:
    return plain_signature.read(request.method, request.url, request.fields)


def verdict(request: SignedRequest) -> Signed | None:
    kid = b64u(PublicKey.of(KEY).kid)
    try:
        return verify(request, lambda keyid: PublicKey.of(KEY) if keyid == kid else None)
    except RequestSignatureError:
        return None


PLAIN = {
    "as our terminals sign": signed(),
    "no body, no digest": signed(body=b""),
    "no body, its digest": signed(body=b"", components=("@method", "@target-uri", "content-digest")),
    "what it knows": signed(says={"pengpos-knows": "dues"}, components=KNOWING),
    "which of its processes": signed(says={"pengpos-process": "a-_9"}, components=(*DIGESTED, "pengpos-process")),
    "both": signed(
        says={"pengpos-knows": "tides, dues", "pengpos-process": "p"}, components=(*KNOWING, "pengpos-process")
    ),
    "what it knows, as before 1.3": signed(says={"pengpos-knows": "dues"}),
    "a query": signed(URL + "?since=7"),
    "a port": signed("http://127.0.0.1:8000/v1/payments"),
    "another key": signed(keyid="AAAAAAAAAAA"),
    "another's signature": signed(signer=SoftwareKey.generate(), keyid=b64u(PublicKey.of(KEY).kid)),
    "another body": signed(digest_of=b"[]"),
    "too little covered": signed(components=("@method", "@target-uri")),
    "another address": signed(target_uri="http://elsewhere.test/v1/payments"),
}
GOOD = {
    "what it knows",
    "which of its processes",
    "both",
    "what it knows, as before 1.3",
    "as our terminals sign",
    "no body, no digest",
    "no body, its digest",
    "a query",
    "a port",
}


@pytest.mark.parametrize("what", PLAIN)
def test_the_library_says_the_same_of_what_is_plain(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    request = as_sent(PLAIN[what])
    assert read(request) is not None
    said, question = verdict(request), question_of(request)
    monkeypatch.setattr(plain_signature, "read", lambda *_: None)
    assert (verdict(request), question_of(request)) == (said, question)
    assert (said is not None) == (what in GOOD)


def _set(name: str, value: str) -> Change:
    return lambda headers: headers.update({name: value})


def _replace(name: str, old: str, new: str) -> Change:
    return lambda headers: headers.update({name: headers[name].replace(old, new)})


KNOWS = signed(says={"pengpos-knows": "dues"}, components=KNOWING)
OTHERWISE: dict[str, tuple[httpx.Request, Change]] = {
    "what it knows, taken off": (KNOWS, lambda headers: headers.pop("pengpos-knows")),
    "what it knows, emptied": (KNOWS, _set("pengpos-knows", "")),
    "what it knows, with a space before it": (KNOWS, _set("pengpos-knows", " dues")),
    "what it knows, before the digest": (
        signed(
            says={"pengpos-knows": "dues"}, components=("@method", "@target-uri", "pengpos-knows", "content-digest")
        ),
        lambda _: None,
    ),
    "no signature": (signed(), lambda headers: headers.pop("signature")),
    "no input": (signed(), lambda headers: headers.pop("signature-input")),
    "another label": (signed(label="sig1"), lambda _: None),
    "two labels": (signed(), lambda headers: headers.update({"signature": headers["signature"] + ", a=:AA==:"})),
    "another order": (signed(components=("@target-uri", "@method", "content-digest")), lambda _: None),
    "another algorithm": (signed(alg="ed25519"), lambda _: None),
    "a short nonce": (signed(nonce=b64u(bytes(8))), lambda _: None),
    "a space more": (signed(), _replace("signature-input", ";nonce", "; nonce")),
    "a time with a zero before it": (signed(), _replace("signature-input", "created=", "created=0")),
    "a parameter twice": (signed(), _replace("signature-input", ';alg="ecdsa-p256-sha256"', ";created=1")),
    "a parameter more": (signed(), _replace("signature-input", ";alg", ";expires=1;alg")),
    "a digest beside another": (signed(), _replace("content-digest", "sha-256", "md5=:AA==:, sha-256")),
    "no digest": (signed(), lambda headers: headers.pop("content-digest")),
    "a digest that is not covered": (signed(body=b""), _set("content-digest", "sha-256=:" + "A" * 43 + "=:")),
    "a signature of another length": (signed(), _set("signature", "pp=:AAAA:")),
    "an address with an escape in it": (signed("http://backend.test/v1/x?a=%2F"), lambda _: None),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_what_is_written_otherwise_is_the_library_s(what: str) -> None:
    assert read(as_sent(*OTHERWISE[what])) is None


def test_what_it_knows_changed_is_no_better_read_plainly() -> None:
    request = as_sent(KNOWS, _set("pengpos-knows", "tides"))
    assert read(request) is not None
    assert verdict(request) is None


@pytest.mark.parametrize("name", ["signature-input", "pengpos-knows"])
def test_a_field_that_comes_twice_is_the_library_s(name: str) -> None:
    request = as_sent(KNOWS)
    (said,) = [field for field in request.fields if field[0] == name]
    twice = SignedHead(method=request.method, url=request.url, fields=(*request.fields, said))
    assert read(twice) is None
