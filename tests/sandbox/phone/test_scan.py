# SPDX-License-Identifier: Apache-2.0
"""A URL becomes something to pay or a refusal; paying it by account and by tap shut each other out."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pengpos.core.errors import MalformedError, PengposError, RefusedError, SignatureError
from pengpos.core.reasons import Reason
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import AlreadyPaid, Authorises, Declines
from sandbox.phone.account import Account, BackendRefusedError, BackendUnreachableError
from sandbox.phone.scan import Scanned, pay, read_url
from sandbox.phone.workbench import NOW, Bench, Till
from tests.support.problems import problem

ORIGIN = "https://pay.example"
ONE = (1).to_bytes(16, "big")
ID = b64u(ONE)


def fragment(bench: Bench, **changes: Any) -> str:
    return f"{ORIGIN}/t#{b64u(bench.till.presentation(1, **changes))}"


def test_an_id_names_an_intent_that_the_backend_knows(paying: Bench) -> None:
    scanned = read_url(f"{ORIGIN}/t/{ID}", backend=ORIGIN, wallet=paying.wallet)
    assert scanned == Scanned(intent_id=ONE, presentation=None)


@pytest.mark.parametrize(
    ("url", "backend"),
    [("https://xn--fsqu00a.cn", "https://例子.cn"), ("https://pay.example", "https://Pay.Example:443")],
)
def test_a_backend_is_known_however_its_owner_typed_it(paying: Bench, url: str, backend: str) -> None:
    assert read_url(f"{url}/t/{ID}", backend=backend, wallet=paying.wallet).intent_id == ONE


def test_a_terminal_behind_the_id_names_its_own_intent(paying: Bench) -> None:
    scanned = read_url(f"{ORIGIN}/t/{ID}.T-23456789", backend=ORIGIN, wallet=paying.wallet)
    assert scanned == Scanned(intent_id=ONE, terminal_id="T-23456789")
    assert scanned.reference == f"{ID}.T-23456789"


def test_a_fragment_brings_the_intent_along(paying: Bench) -> None:
    scanned = read_url(fragment(paying), backend=f"{ORIGIN}/", wallet=paying.wallet)
    assert scanned.intent_id == ONE
    assert scanned.presentation is not None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "another payment service"),
        (f"http://pay.example/t/{ID}", "another payment service"),
        (f"https://pay.example:8443/t/{ID}", "another payment service"),
        (f"https://pay.example.evil.example/t/{ID}", "another payment service"),
        (f"https://pay.example@evil.example/t/{ID}", "another payment service"),
        (f"https://evil.example/t/{ID}?{ORIGIN}", "another payment service"),
        (f"//pay.example/t/{ID}", "another payment service"),
        ("https://[/t/", "not a URL"),
        (f"{ORIGIN}/", "nothing to pay"),
        (f"{ORIGIN}/t", "nothing to pay"),
        (f"{ORIGIN}/t?{ID}", "nothing to pay"),
        (f"{ORIGIN}/r/{ID}", "nothing to pay"),
        (f"{ORIGIN}/t/{ID}#{ID}", "nothing to pay"),
        (f"{ORIGIN}/t/", "not an intent's id"),
        (f"{ORIGIN}/t/{ID[:-2]}", "base64url|not an intent's id"),
        (f"{ORIGIN}/t/{ID}AAAA", "base64url|not an intent's id"),
        (f"{ORIGIN}/t/{ID}==", "base64url"),
        (f"{ORIGIN}/t/{ID[:-1]}/", "base64url"),
        (f"{ORIGIN}/t/{ID[:-1]}中", "base64url"),
        (f"{ORIGIN}/t/{ID}.", "not a terminal's id"),
        (f"{ORIGIN}/t/{ID}.T-1/..", "not a terminal's id"),
        (f"{ORIGIN}/t/{ID}.T-1.T-2", "not a terminal's id"),
        (f"{ORIGIN}/t/{ID}.T-2345678901A", "not a terminal's id"),
        (f"{ORIGIN}/t#=", "base64url"),
        (f"{ORIGIN}/t#AAAA", "bytes after the end"),
        (f"{ORIGIN}/t#" + "A" * 1_000, "longer than 1000"),
    ],
)
def test_another_url_is_refused(url: str, said: str, paying: Bench) -> None:
    with pytest.raises(MalformedError, match=said):
        read_url(url, backend=ORIGIN, wallet=paying.wallet)


@pytest.mark.parametrize(
    ("moment", "reason"),
    [(NOW + 10**7, Reason.NOT_TRUSTED), (NOW + 10_000, Reason.PHONE_CLOCK), (NOW - 10_000, Reason.PHONE_CLOCK)],
    ids=["the terminal's credential has expired", "the intent is over", "this phone's clock is behind"],
)
def test_an_intent_out_of_time_is_refused(moment: int, reason: Reason, paying: Bench) -> None:
    paying.clock.unix_s = moment
    with pytest.raises(RefusedError) as caught:
        read_url(fragment(paying), backend=ORIGIN, wallet=paying.wallet)
    assert caught.value.reason is reason


def test_an_intent_of_an_issuer_that_the_phone_does_not_trust_is_refused(paying: Bench) -> None:
    paying.till = Till(issuer=SoftwareKey.generate())
    with pytest.raises(SignatureError):
        read_url(fragment(paying), backend=ORIGIN, wallet=paying.wallet)


# --- paying ---------------------------------------------------------------------------------------------------------


class Backend:
    """Answers claim and pay as the test says, and keeps what was asked, as `claim`, `pay`."""

    def __init__(self, *, claim: object = None, pay: object = None) -> None:
        self._answers = {"claim": claim, "pay": pay}
        self.asked: list[str] = []
        self.account = Account(httpx.Client(base_url=ORIGIN, transport=httpx.MockTransport(self._handle)), "t")

    def _handle(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path.startswith(f"/wallet/v1/intents/{ID}/")
        step = request.url.path.rpartition("/")[2]
        self.asked.append(step)
        match self._answers[step]:
            case int() as status:
                return problem(status, {"code": "no"})
            case httpx.TransportError() as error:
                raise error
            case httpx.Response() as foreign:
                return foreign
            case answer:
                return httpx.Response(200, json=answer or {})


def paid(bench: Bench) -> dict[str, object]:
    return {
        "intent_id": "00000000-0000-0000-0000-000000000001", "status": "approved", "merchant": {"name": "晨光咖啡"},
        "total": 1880, "currency": "CNY", "receipt": b64u(bench.till.receipt(Outcome.APPROVED)),
    }  # fmt: skip


SCANNED = Scanned(intent_id=ONE, presentation=None)


def test_it_is_claimed_then_paid_and_a_tap_is_answered_with_the_receipt(paying: Bench) -> None:
    backend = Backend(pay=paid(paying))
    assert pay(SCANNED, backend.account, paying.wallet).status == "approved"
    assert backend.asked == ["claim", "pay"]
    assert isinstance(paying.reply(1), AlreadyPaid)


def test_what_a_tap_has_signed_is_not_asked_for(paying: Bench) -> None:
    paying.present(1)
    backend = Backend()
    with pytest.raises(RefusedError, match="by tap"):
        pay(SCANNED, backend.account, paying.wallet)
    assert backend.asked == []


GONE = httpx.ReadTimeout("too late")
OF_A_GATEWAY: dict[str, Callable[[], httpx.Response]] = {
    "a firewall's page": lambda: httpx.Response(403, html="<h1>Access denied</h1>"),
    "a gateway's JSON": lambda: httpx.Response(404, json={"message": "no Route matched with those values"}),
    "a gateway's problem": lambda: problem(404, {"title": "Not Found", "status": 404}),
    "a balancer that waited too long": lambda: httpx.Response(408, html="<h1>408 Request Time-out</h1>"),
    "a gateway without its backend": lambda: httpx.Response(502, html="<h1>502 Bad Gateway</h1>"),
}
"""A no of the backend's own is a problem document with a `code`; what else comes is of what stands between."""


@pytest.mark.parametrize(
    ("backend", "error", "tap_may_pay"),
    [
        pytest.param(lambda: Backend(claim=409), BackendRefusedError, True, id="claim refused"),
        pytest.param(lambda: Backend(pay=402), BackendRefusedError, True, id="payment refused"),
        pytest.param(lambda: Backend(claim=500), BackendRefusedError, False, id="claim failed"),
        pytest.param(lambda: Backend(pay=503), BackendRefusedError, False, id="payment failed"),
        pytest.param(lambda: Backend(claim=GONE), BackendUnreachableError, False, id="claim unanswered"),
        pytest.param(lambda: Backend(pay=GONE), BackendUnreachableError, False, id="payment unanswered"),
        *(
            pytest.param(lambda answer=answer: Backend(pay=answer()), BackendUnreachableError, False, id=name)
            for name, answer in OF_A_GATEWAY.items()
        ),
        pytest.param(lambda: Backend(pay={"status": 1}), BackendUnreachableError, False, id="answer unreadable"),
    ],
)
def test_a_tap_may_pay_only_where_the_backend_said_that_nothing_began(
    backend: Callable[[], Backend], error: type[PengposError], tap_may_pay: bool, paying: Bench
) -> None:
    with pytest.raises(error):
        pay(SCANNED, backend().account, paying.wallet)
    reply = paying.reply(1)
    assert isinstance(reply, Authorises) if tap_may_pay else reply == Declines(Reason.BEGUN_ANOTHER_WAY)


def test_a_payment_without_a_receipt_keeps_the_tap_out(paying: Bench) -> None:
    backend = Backend(pay=paid(paying) | {"status": "held", "receipt": None})
    assert pay(SCANNED, backend.account, paying.wallet).status == "held"
    assert paying.reply(1) == Declines(Reason.BEGUN_ANOTHER_WAY)
