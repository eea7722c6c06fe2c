# SPDX-License-Identifier: Apache-2.0
"""Every answer to a signed request is signed over it, refusals and bugs too. Source: backend API, *Answers are signed*.

That each good answer in all of these tests is signed so, `tests.support.backend.InProcess` looks at by itself.
"""

import json
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from pengpos.backend_api.signed_answer import check_answer
from pengpos.core.errors import SignatureError
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Sign1
from sandbox.backend.kernel import limits
from sandbox.backend.serving.app import create_app
from sandbox.backend.serving.body_limit import MAX_BODY_SIZE
from tests.support.backend import InProcess, Shop
from tests.support.request_signing import Signing
from tests.support.shop import Till

NONCE = "AAECAwQFBgcICQoLDA0ODw"
INTENT = "/intents/019b7a6e-0000-7000-8000-000000000001"


def refused_for_its_nonce(till: Till) -> httpx.Response:
    till.call("GET", "/terminal/config", nonce=NONCE)
    return till.call("GET", "/terminal/config", nonce=NONCE)


def from_no_place(till: Till) -> httpx.Response:
    request = till.request("GET", "/terminal/events", headers={"Last-Event-ID": "behind you"})
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    return till.http.send(request)


ERRORS: list[tuple[int, str, Callable[[Till], httpx.Response]]] = [
    (401, "clock", lambda till: till.call("GET", INTENT, created=1)),
    (401, "signature", lambda till: till.call("GET", INTENT, target_uri="http://elsewhere.example/")),
    (401, "signature", lambda till: till.call("POST", "/payments", {}, digest_of=b"other bytes")),
    (401, "signature", lambda till: till.call("GET", INTENT, signer=SoftwareKey.generate())),
    (401, "nonce_reused", refused_for_its_nonce),
    (404, "not_found", lambda till: till.call("GET", INTENT)),
    (404, "not_found", lambda till: till.call("GET", "/a/call/of/a/later/page?with=words")),
    (405, "method_not_allowed", lambda till: till.call("DELETE", "/terminal/config")),
    (413, "too_large", lambda till: till.call("POST", "/payments", b" " * (MAX_BODY_SIZE + 1))),
    (422, "invalid_request", lambda till: till.call("POST", "/payments", {"presentation": 7})),
    (422, "invalid_request", from_no_place),
]


@pytest.mark.parametrize(
    ("status", "code", "ask"), ERRORS, ids=[f"{row[0]} {row[1]} {number}" for number, row in enumerate(ERRORS)]
)
def test_a_refusal_is_signed(shop: Shop, status: int, code: str, ask: Callable[[Till], httpx.Response]) -> None:
    answer = ask(shop.till())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    check_answer(answer, answer.content, shop.backend.issuer.trusted)


def test_a_bug_is_signed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    till = shop.till()

    def bug(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("sandbox.backend.api.terminal_api._endings", bug)
    with httpx.Client(base_url=shop.backend.origin) as till.http:  # the server closes its connection
        answer = till.call("GET", "/settlements/2026-11-30")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    check_answer(answer, answer.content, shop.backend.issuer.trusted)


def test_what_had_not_changed_is_signed_and_empty(shop: Shop) -> None:
    till = shop.till()
    etag = till.call("GET", "/terminal/config").headers["etag"]
    request = till.request("GET", "/terminal/config", headers={"If-None-Match": etag})
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    answer = till.http.send(request)
    assert (answer.status_code, answer.content) == (304, b"")
    check_answer(answer, answer.content, shop.backend.issuer.trusted)


def test_who_asks_with_anothers_nonce_gets_no_answer_for_the_other(shop: Shop) -> None:
    """An accomplice's own terminal asks about this one's intent, to have "not found" signed for it."""
    mine, theirs = shop.till(), shop.till()
    sale = mine.sale(18_80)
    assert mine.put(sale).status_code == 200
    good = mine.call("GET", f"/intents/{sale.intent_id}", nonce=NONCE)
    check_answer(good, good.content, shop.backend.issuer.trusted)
    theirs_answer = theirs.call("GET", f"/intents/{sale.intent_id}", nonce=NONCE)
    assert theirs_answer.status_code == 404
    theirs_answer.request = good.request
    with pytest.raises(SignatureError, match="another question"):
        check_answer(theirs_answer, theirs_answer.content, shop.backend.issuer.trusted)


def test_an_address_that_is_none_answers_for_no_other(shop: Shop) -> None:
    """Nor does what the TLS end asks elsewhere, with what this terminal has signed."""
    till = shop.till()
    asked = till.call("GET", INTENT, nonce=NONCE)
    moved = httpx.Request("GET", f"{shop.backend.origin}/v1/nothing/here", headers=asked.request.headers)
    answer = shop.http.send(moved)
    assert answer.status_code == 404
    answer.request = asked.request
    with pytest.raises(SignatureError, match="another question"):
        check_answer(answer, answer.content, shop.backend.issuer.trusted)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/v1/health", None),
        ("/v1/terminal/config", None),
        ("/v1/terminal/config", 'sig1=("@method");nonce="AAECAwQFBgcICQoLDA0ODw";keyid="AAAAAAAAAAA"'),
        ("/v1/terminal/config", "pp=("),
        ("/v1/terminal/config", 'pp=("@method");created=1;nonce="short";keyid="AAAAAAAAAAA";alg="x"'),
        ("/v1/terminal/config", f'pp=("@method");created=1;nonce="{NONCE}";keyid="AAAAAAAAAAAA";alg="x"'),
        ("/v1/" + "x" * 1_100, f'pp=("@method");created=1;nonce="{NONCE}";keyid="AAAAAAAAAAA";alg="x"'),
        ("/wallet/v1/balance", f'pp=("@method");created=1;nonce="{NONCE}";keyid="AAAAAAAAAAA";alg="x"'),
    ],
    ids=["health", "unsigned", "a proxy's label", "torn", "no nonce", "no kid", "too long", "a wallet's call"],
)
def test_who_asks_without_a_signature_of_ours_gets_none(shop: Shop, path: str, parameters: str | None) -> None:
    headers = {} if parameters is None else {"signature-input": parameters, "signature": "pp=:AA==:, sig1=:AA==:"}
    answer = shop.http.get(path, headers=headers)
    assert "pengpos-answer" not in answer.headers


def test_who_is_not_let_in_has_so_many_answers_signed(shop: Shop) -> None:
    """By address, and by key where it did sign the head. What is let in is signed as ever."""
    few = limits.Rate(limits.Limit("answers", 3, 60), lambda: 0.0)
    backend, till = replace(shop.backend, rates=limits.Rates(unadmitted_answers=few)), shop.till()
    with httpx.Client(transport=InProcess(create_app(backend, sweeping=False)), base_url=backend.origin) as till.http:
        by_address = [
            till.call("GET", INTENT, signer=SoftwareKey.generate()),
            till.call("GET", INTENT, target_uri="http://elsewhere.example/"),
            till.call("GET", "/a/call/of/a/later/page"),
            till.call("GET", INTENT, signer=SoftwareKey.generate()),
            till.call("GET", "/a/call/of/a/later/page"),
        ]
        by_key = [
            till.call("GET", INTENT, created=1),
            till.call("POST", "/payments", {}, digest_of=b"other bytes"),
            *(refused_for_its_nonce(till) for _ in range(3)),
        ]
        for refused in by_address, by_key:
            assert ["pengpos-answer" in answer.headers for answer in refused] == [True] * 3 + [False] * 2
        for status, path in ((200, "/terminal/config"), (404, INTENT)):
            answer = till.call("GET", path)
            assert answer.status_code == status
            check_answer(answer, answer.content, shop.backend.issuer.trusted)


def test_a_guest_of_the_shops_line_keeps_no_terminal_from_learning_the_time(shop: Shop) -> None:
    """Shop and guest have one address. A Pi without a clock has no other word of the time than the refusal."""
    few = limits.Rate(limits.Limit("answers", 3, 60), lambda: 0.0)
    backend, till = replace(shop.backend, rates=limits.Rates(unadmitted_answers=few)), shop.till()
    with httpx.Client(transport=InProcess(create_app(backend, sweeping=False)), base_url=backend.origin) as till.http:
        for _ in range(4):
            till.call("GET", INTENT, signer=SoftwareKey.generate())
        refused = till.call("GET", INTENT, created=1)
        assert (refused.status_code, refused.json()["code"]) == (401, "clock")
        check_answer(refused, refused.content, shop.backend.issuer.trusted)


def test_the_event_stream_has_no_end_to_wait_for(shop: Shop) -> None:
    till = shop.till()
    request = till.request("GET", "/terminal/events")
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    answer = shop.http.send(request, stream=True)
    try:
        assert answer.status_code == 200
        assert "pengpos-answer" not in answer.headers
        assert next(answer.iter_bytes())
    finally:
        answer.close()


def test_the_policy_says_so(shop: Shop) -> None:
    document = shop.till().call("GET", "/terminal/config").json()["policy"]
    assert json.loads(Sign1.parse(unb64u(document), max_size=10**6).payload)["signs_answers"] is True
