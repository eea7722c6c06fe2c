# SPDX-License-Identifier: Apache-2.0
"""Terminal requests are signed (backend API, rules): what passes, what does not, and what the clock says."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from http_message_signatures import HTTPMessageSigner, algorithms

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from tests.support.backend import Shop
from tests.support.request_signing import Signing
from tests.support.shop import Till

ASK = ("GET", "/intents/01a200ee-cee2-78f7-b22c-ab0e1deb7031")  # a good signature is answered with 404


def code(response: httpx.Response) -> str:
    return str(response.json()["code"])


def kid_of(till: Till) -> str:
    return b64u(PublicKey.of(till.key).kid)


def test_a_good_signature_passes(shop: Shop) -> None:
    assert code(shop.till().call(*ASK)) == "not_found"


@pytest.mark.parametrize(
    "components",
    [("@method", "@target-uri"), ("@method", "@target-uri", "content-digest")],
    ids=["no digest", "digest of nothing"],
)
def test_without_a_body_the_digest_may_be_left_out(shop: Shop, components: tuple[str, ...]) -> None:
    assert code(shop.till().call(*ASK, components=components)) == "not_found"


SPOILT: dict[str, dict[str, Any]] = {
    "another label": {"label": "sig1"},
    "another key": {"signer": SoftwareKey.generate()},
    "another key under our keyid": {"signer": SoftwareKey.generate(), "keyid": "of the till"},
    "another algorithm named": {"alg": "ed25519"},
    "a nonce of 8 bytes": {"nonce": b64u(bytes(8))},
    "a nonce that is not base64url": {"nonce": "*" * 22},
    "another address": {"target_uri": "https://elsewhere.test/v1/terminal/heartbeat"},
    "another body": {"digest_of": b"{}"},
    "body not covered": {"components": ("@method", "@target-uri")},
    "method not covered": {"components": ("@target-uri", "content-digest")},
    "path instead of the whole address": {"components": ("@method", "@path", "content-digest")},
    "another order": {"components": ("@target-uri", "@method", "content-digest")},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_signature_does_not(shop: Shop, spoilt: dict[str, Any]) -> None:
    till = shop.till()
    if spoilt.get("keyid"):
        spoilt = {**spoilt, "keyid": kid_of(till)}
    beat = {"head": {"epoch": 1, "sequence": 1, "hash": "AA"}}
    response = till.call("POST", "/terminal/heartbeat", beat, **spoilt)
    assert (response.status_code, code(response)) == (401, "signature")
    assert "POST http://backend.test/v1/terminal/heartbeat" in response.json()["detail"]  # says what it verified
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["Pengpos-Knows", "Pengpos-Process"])
@pytest.mark.parametrize(
    ("covered", "came", "told"),
    [
        (True, "tides", "not_found"),
        (True, None, "signature"),
        (True, "dues", "signature"),
        (False, "tides", "not_found"),
        (False, None, "not_found"),
    ],
    ids=["covered", "taken off", "changed", "of page 1.2", "of page 1.2, taken off"],
)
def test_what_a_terminal_says_of_itself_may_be_covered(
    shop: Shop, name: str, came: str | None, told: str, *, covered: bool
) -> None:
    till = shop.till()
    request = till.request(*ASK, headers={name: "tides"})
    behind = (name.lower(),) if covered else ()
    Signing(
        signer=till.key, created=shop.clock.now(), components=("@method", "@target-uri", "content-digest", *behind)
    ).apply(request)
    del request.headers[name]
    if came is not None:
        request.headers[name] = came
    assert code(shop.http.send(request)) == told


@pytest.mark.parametrize(
    ("behind", "told"),
    [
        (("pengpos-knows", "pengpos-process"), "not_found"),
        (("pengpos-process", "pengpos-knows"), "signature"),
        (("pengpos-knows", "pengpos-knows"), "signature"),
        (("pengpos-knows", "user-agent"), "signature"),
    ],
    ids=["both", "another order", "twice", "another header"],
)
def test_what_is_covered_and_in_which_order_is_the_pages(shop: Shop, behind: tuple[str, ...], told: str) -> None:
    till = shop.till()
    request = till.request(*ASK, headers={"Pengpos-Knows": "dues", "Pengpos-Process": "p"})
    components = ("@method", "@target-uri", "content-digest", *behind)
    Signing(signer=till.key, created=shop.clock.now(), components=components).apply(request)
    assert code(shop.http.send(request)) == told


@pytest.mark.parametrize("header", ["Signature", "Signature-Input"])
def test_a_missing_header_is_said(shop: Shop, header: str) -> None:
    till = shop.till()
    request = till.request(*ASK)
    Signing(signer=till.key, created=shop.clock.now()).apply(request)
    del request.headers[header]
    assert code(shop.http.send(request)) == "signature"


@pytest.mark.parametrize("garbage", ["pp=1", "pp=()", "pp", "", 'pp=("@method")', "pp=:AA==:", "(", "é"])
def test_garbage_in_a_header_is_no_crash(shop: Shop, garbage: str) -> None:
    till = shop.till()
    request = till.request(*ASK)
    Signing(signer=till.key, created=shop.clock.now()).apply(request)
    del request.headers["Signature-Input"]
    request.headers = httpx.Headers([*request.headers.raw, (b"signature-input", garbage.encode())])
    assert shop.http.send(request).status_code == 401


def test_a_proxy_may_add_a_signature_of_its_own(shop: Shop) -> None:
    till = shop.till()
    request = till.request(*ASK)
    Signing(signer=till.key, created=shop.clock.now()).apply(request)
    request.headers["Signature-Input"] = 'proxy=("@method");keyid="p", ' + request.headers["Signature-Input"]
    request.headers["Signature"] += ", proxy=:AAAA:"
    assert code(shop.http.send(request)) == "not_found"


def test_a_client_by_the_library_passes(shop: Shop) -> None:
    """The library that our own gateway signs with, and a stranger may."""
    till = shop.till()
    request = till.request("POST", "/terminal/heartbeat", {"head": {"epoch": 1, "sequence": 1, "hash": "AA"}})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ECDSA_P256_SHA256)
    prepared = signer.prepare(
        request,
        key_id=kid_of(till),
        created=datetime.fromtimestamp(shop.clock.now(), UTC),
        nonce=b64u(bytes(range(16))),
        label="pp",
        covered_component_ids=("@method", "@target-uri"),
        body=request.content,
    )
    signer.apply(request, prepared, till.key.sign(prepared.signature_base))
    assert shop.http.send(request).status_code == 200


def test_a_nonce_is_taken_once(shop: Shop) -> None:
    till, nonce = shop.till(), b64u(bytes(16))
    assert code(till.call(*ASK, nonce=nonce)) == "not_found"
    assert code(till.call(*ASK, nonce=nonce)) == "nonce_reused"


def test_the_same_nonce_of_another_key_is_another(shop: Shop) -> None:
    nonce = b64u(bytes(16))
    assert [code(shop.till().call(*ASK, nonce=nonce)) for _ in range(2)] == ["not_found", "not_found"]


def test_a_failed_signature_uses_no_nonce_up(shop: Shop) -> None:
    till, nonce = shop.till(), b64u(bytes(16))
    assert code(till.call(*ASK, nonce=nonce, alg="ed25519")) == "signature"
    assert code(till.call(*ASK, nonce=nonce)) == "not_found"


@pytest.mark.parametrize(
    ("off_by_s", "told"),
    [(300, "not_found"), (-300, "not_found"), (301, "clock"), (-301, "clock"), (-10 * 365 * 86_400, "clock")],
)
def test_clocks_may_differ_by_300_s(shop: Shop, off_by_s: int, told: str) -> None:
    assert code(shop.till().call(*ASK, created=shop.clock.now() + off_by_s)) == told


def test_a_wrong_clock_is_told_the_time_signed_over_the_nonce(shop: Shop) -> None:
    till, nonce = shop.till(), b64u(bytes(range(16)))
    response = till.call(*ASK, created=0, nonce=nonce)
    signed = Sign1.read_issued(unb64u(response.json()["now"]), till.issuers, Context.CLOCK)
    assert response.status_code == 401
    assert json.loads(signed.payload) == {"nonce": nonce, "now": "2027-01-15T08:00:00Z"}


def test_a_wrong_clock_uses_no_nonce_up(shop: Shop) -> None:
    till, nonce = shop.till(), b64u(bytes(16))
    assert code(till.call(*ASK, created=0, nonce=nonce)) == "clock"
    assert code(till.call(*ASK, nonce=nonce)) == "not_found"


def test_health_needs_no_signature(shop: Shop) -> None:
    assert shop.http.get("/v1/health").json() == {
        "status": "ok", "now": "2027-01-15T08:00:00Z", "magic_amounts": False
    }  # fmt: skip
