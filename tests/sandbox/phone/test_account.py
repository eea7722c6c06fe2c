# SPDX-License-Identifier: Apache-2.0
"""The shopper's account over HTTP: what each call asks, and what becomes of every answer and trouble."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import httpx
import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.phone.account import (
    Account,
    AccountDue,
    AccountPayment,
    BackendRefusedError,
    BackendUnreachableError,
    Balance,
    SignedUp,
    read_signed,
)
from tests.support.dripping import answer as answer_of
from tests.support.dripping import dripping, listening_on_tcp, origin_of
from tests.support.problems import problem

ORIGIN = "http://backend.test"
INTENT = UUID("01a202f9-2a00-7000-8000-000000000001")
KEY = PublicKey.of(SoftwareKey.generate())
PAYMENT: dict[str, object] = {
    "intent_id": str(INTENT), "status": "approved", "merchant": {"name": "晨光咖啡"}, "total": 1880, "currency": "CNY",
}  # fmt: skip
DUE: dict[str, object] = {
    "intent_id": str(INTENT), "merchant": {"name": "晨光咖啡"}, "amount": 1880, "currency": "CNY",
    "code": "insufficient_funds", "state": "open",
}  # fmt: skip

Handler = Callable[[httpx.Request], httpx.Response]


def account(handler: Handler, token: str | None = "t-1") -> Account:
    return Account(httpx.Client(base_url=ORIGIN, transport=httpx.MockTransport(handler)), token)


def answering(content: object, asked: list[httpx.Request] | None = None) -> Account:
    """An account whose backend always answers this."""

    def handle(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        return httpx.Response(200, json=content)

    return account(handle)


CALLS: list[Any] = [
    pytest.param(lambda a: a.issuers(), {"issuers": []}, "GET", "issuers", None, id="issuers"),
    pytest.param(lambda a: a.revoked(), {"document": "_w"}, "GET", "revoked", None, id="revoked terminals"),
    pytest.param(lambda a: a.balances(), {"balances": []}, "GET", "balance", None, id="balance"),
    pytest.param(lambda a: a.payments(), {"payments": []}, "GET", "payments?limit=200", None, id="payments"),
    pytest.param(lambda a: a.dues(), {"dues": []}, "GET", "dues", None, id="dues"),
    pytest.param(lambda a: a.pay_due(INTENT), DUE, "POST", f"dues/{INTENT}/pay", None, id="pay a due"),
    pytest.param(lambda a: a.pay_due(f"{INTENT}.T-1"), DUE, "POST", f"dues/{INTENT}.T-1/pay", None, id="pay one's due"),
    pytest.param(lambda a: a.refuse_due(INTENT), DUE, "POST", f"dues/{INTENT}/refuse", None, id="refuse a due"),
    pytest.param(lambda a: a.claim("AA", None), {}, "POST", "intents/AA/claim", {}, id="claim"),
    pytest.param(
        lambda a: a.claim("AA", b"\xff"), {}, "POST", "intents/AA/claim", {"presentation": "_w"}, id="claim offline"
    ),
    pytest.param(lambda a: a.pay("AA", None), PAYMENT, "POST", "intents/AA/pay", {}, id="pay"),
    pytest.param(
        lambda a: a.pay("AA", b"\xff"), PAYMENT, "POST", "intents/AA/pay", {"presentation": "_w"}, id="pay offline"
    ),
]


@pytest.mark.parametrize(("call", "answer", "method", "path", "body"), CALLS)
def test_what_a_call_asks(call: Callable[[Account], object], answer: object, method: str, path: str, body: Any) -> None:
    asked: list[httpx.Request] = []
    call(answering(answer, asked))
    (request,) = asked
    assert (request.method, str(request.url)) == (method, f"{ORIGIN}/wallet/v1/{path}")
    assert request.headers["authorization"] == "Bearer t-1"
    assert (json.loads(request.content) if request.content else None) == body


def test_after_sign_up_it_speaks_for_the_new_account() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, json={"account_id": "a-1", "token": "t-2", "balances": []})

    fresh = account(handle, token=None)
    assert fresh.sign_up("小林", ["zh-Hans"]) == SignedUp(account_id="a-1", token="t-2")
    assert "authorization" not in asked[0].headers
    assert json.loads(asked[0].content) == {"name": "小林", "languages": ["zh-Hans"]}
    assert fresh.balances() == []
    assert asked[1].headers["authorization"] == "Bearer t-2"


def test_a_credential_request_proves_the_key_it_is_for() -> None:
    key, asked = SoftwareKey.generate(), list[httpx.Request]()
    assert answering({"credential": "_w"}, asked).credential("a-1", key) == b"\xff"
    body = json.loads(asked[0].content)
    public = PublicKey.from_jwk(body["public_key"])
    assert public == PublicKey.of(key)
    proof = Sign1.parse(read_signed(body["proof"]))
    proof.verify(public, Context.CREDENTIAL_REQUEST)
    assert proof.payload == b"a-1"


def test_answers_are_read_and_what_is_new_in_them_is_left_out() -> None:
    assert answering({"balances": [{"amount": 980, "currency": "CNY", "since": 1}]}).balances() == [
        Balance(amount=980, currency="CNY")
    ]
    assert answering({"payments": [PAYMENT | {"way": "page"}]}).payments() == [AccountPayment.model_validate(PAYMENT)]
    assert answering({"dues": [DUE]}).dues() == [AccountDue.model_validate(DUE)]
    named = answering({"issuers": [KEY.to_jwk()], "documents": ["_w"]}).issuers()
    assert (list(named.listed), named.documents) == ([KEY], [b"\xff"])
    assert answering({"issuers": []}).issuers().documents == []  # a backend of page 1.1


@pytest.mark.parametrize(
    ("status", "content", "code", "sentence"),
    [
        (409, {"title": "Conflict", "detail": "paid already", "code": "already_paid"}, "already_paid",
         "paid already (409 already_paid)"),
        (404, {"title": "Not found", "code": "not_found"}, "not_found", "Not found (404 not_found)"),
        (401, {"code": "token"}, "token", "refused (401 token)"),
    ],
    ids=["a problem document", "only a title", "only a code"],
)  # fmt: skip
def test_a_refusal_carries_status_code_and_sentence(status: int, content: object, code: str, sentence: str) -> None:
    with pytest.raises(BackendRefusedError) as caught:
        account(lambda _: problem(status, content)).balances()
    assert (caught.value.status, caught.value.code, str(caught.value)) == (status, code, sentence)


def raising(error: type[httpx.TransportError]) -> Handler:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error("gone", request=request)

    return handle


class Breaking(httpx.SyncByteStream):
    """An answer whose line goes after its first bytes."""

    def __iter__(self) -> Iterator[bytes]:
        yield b'{"balances"'
        raise httpx.ReadError("line went")


class Endless(httpx.SyncByteStream):
    """An answer without end; `given` counts what was taken of it."""

    given = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.given += 65_536
            yield b" " * 65_536


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (raising(httpx.ConnectError), "gone"),
        (raising(httpx.ConnectTimeout), "gone"),
        (raising(httpx.ReadTimeout), "gone"),
        (raising(httpx.RemoteProtocolError), "gone"),
        (lambda _: httpx.Response(200, stream=Breaking()), "line went"),
        (lambda _: httpx.Response(200, content=b"<html>"), "cannot read"),
        (lambda _: httpx.Response(204), "cannot read"),
        (lambda _: httpx.Response(302, headers={"location": "http://evil.example/"}), "cannot read"),
        (lambda _: httpx.Response(200, json={"balances": [{"amount": "much"}]}), "cannot read"),
        (lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Breaking()), "rror"),
        (lambda _: httpx.Response(401, html="<h1>Sign in to the network</h1>"), "401, not by the backend"),
        (lambda _: httpx.Response(409, json={"code": "already_paid"}), "409, not by the backend"),
        (lambda _: problem(404, {"title": "Not found"}), "404, not by the backend"),
        (lambda _: problem(401, {}), "401, not by the backend"),
        (lambda _: problem(500, "a page of HTML"), "500, not by the backend"),
        (lambda _: problem(502, {"code": 7}), "502, not by the backend"),
    ],
    ids=[
        "no connection", "connects too slowly", "answers too slowly", "no HTTP", "breaks off", "no JSON", "no content",
        "sent elsewhere", "another shape", "badly packed", "a gateway's page", "a gateway's JSON",
        "a problem without a code", "an empty problem", "no document", "a code that is no text",
    ],
)  # fmt: skip
def test_every_other_trouble_leaves_it_unknown(handler: Handler, said: str) -> None:
    with pytest.raises(BackendUnreachableError, match=f"^{ORIGIN}/wallet/v1/balance: .*{said}"):
        account(handler).balances()


def test_no_more_is_read_than_an_answer_may_have() -> None:
    endless = Endless()
    with pytest.raises(BackendUnreachableError, match="more than"):
        account(lambda _: httpx.Response(200, stream=endless)).balances()
    assert endless.given <= (1 << 20) + 65_536


STRANGE: list[Any] = [
    pytest.param(lambda a: a.issuers(), {"issuers": [{"kty": "RSA"}]}, id="an issuer's key of another kind"),
    pytest.param(lambda a: a.issuers(), {"issuers": [KEY.to_jwk()] * 17}, id="issuers without end"),
    pytest.param(lambda a: a.issuers(), {"issuers": [], "documents": ["_w"] * 17}, id="documents without end"),
    pytest.param(lambda a: a.issuers(), {"issuers": [], "documents": ["?"]}, id="a document that is none"),
    pytest.param(lambda a: a.credential("a-1", SoftwareKey.generate()), {"credential": "=!"}, id="no base64url"),
    pytest.param(lambda a: a.sign_up("小林", []), {"account_id": "", "token": "t"}, id="an account without an id"),
    pytest.param(lambda a: a.sign_up("小林", []), {"account_id": "a", "token": "令牌"}, id="a token no header holds"),
    pytest.param(lambda a: a.sign_up("小林", []), {"account_id": "a", "token": "t\r\nX: 1"}, id="a token of two lines"),
    pytest.param(lambda a: a.balances(), {"balances": [{"amount": -1, "currency": "CNY"}]}, id="less than nothing"),
    pytest.param(lambda a: a.balances(), {"balances": [{"amount": 10**19, "currency": "CNY"}]}, id="beyond money"),
    pytest.param(lambda a: a.balances(), {"balances": [{"amount": 1.5, "currency": "CNY"}]}, id="half a minor unit"),
    pytest.param(lambda a: a.balances(), {"balances": [{"amount": 1, "currency": "yuan"}]}, id="no currency"),
    pytest.param(lambda a: a.payments(), {"payments": [PAYMENT | {"total": -1}]}, id="a payment below nothing"),
    pytest.param(lambda a: a.payments(), {"payments": [PAYMENT | {"currency": ""}]}, id="a payment in no currency"),
    pytest.param(lambda a: a.dues(), {"dues": [DUE | {"amount": 10**13}]}, id="a due beyond money"),
]


@pytest.mark.parametrize(("call", "answer"), STRANGE)
def test_what_no_backend_says_is_not_believed(call: Callable[[Account], object], answer: object) -> None:
    with pytest.raises(BackendUnreachableError):
        call(answering(answer))


@pytest.mark.parametrize("url", ["http://[", "http://backend.test:port", "backend.test", "ftp://backend.test", ""])
def test_a_url_of_no_backend_is_said(url: str) -> None:
    with pytest.raises(BackendUnreachableError):
        Account.at(url).balances()


def test_a_phone_of_this_machine_goes_by_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's proxy does not lead to a backend at 127.0.0.1."""
    said = answer_of(b'{"issuers": []}')
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with listening_on_tcp() as listening, dripping(listening, said, at_once=len(said)):
        at = Account.at(origin_of(listening))
        assert list(at.issuers().listed) == []
        at.close()


def test_its_backend_is_named_without_a_slash_at_the_end() -> None:
    at = Account.at("https://pay.example/")
    assert at.backend == "https://pay.example"
    at.close()


def test_a_signed_object_is_base64url() -> None:
    assert read_signed(b64u(b"\x00\xff")) == b"\x00\xff"
    with pytest.raises(BackendUnreachableError, match="a signed object"):
        read_signed("AA==")


@pytest.mark.parametrize("at_once", [0, 60, 170], ids=["from its first byte", "in its head", "late in its head"])
def test_an_answer_that_drips_ends_with_the_calls_own_deadline(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("sandbox.phone.account._TIMEOUT_S", 0.2)
    said = answer_of(b'{"issuers": []}')
    with (
        listening_on_tcp() as listening,
        dripping(listening, said, at_once=at_once),
        closing(Account.at(origin_of(listening), "t-1")) as phone,
        pytest.raises(BackendUnreachableError, match=r"in time|timed out"),
    ):
        phone.issuers()
