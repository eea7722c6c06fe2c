# SPDX-License-Identifier: Apache-2.0
"""Every answer of the backend as the event it is, and everything that is no answer. Source: backend API."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pengpos.backend_api.calls import Calls
from pengpos.backend_api.messages import PaymentMessage, read_message
from pengpos.core.events import (
    Approved,
    BackendCall,
    BackendStatus,
    Declined,
    DueTold,
    Event,
    Held,
    NoAnswer,
    StatusHeard,
)
from pengpos.core.reasons import Reason
from pengpos.core.sale import Due, DueState, Sale, SaleState, Way
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims, sign_receipt
from terminal.backend.answers import Answers
from terminal.backend.endings import Terms
from terminal.backend.gateway import BackendGateway
from tests.pengpos.wire.shop import ISSUER_KID
from tests.support.shop import HeldClock
from tests.vectors import ISSUER, ISSUERS, STRANGER
from workshop.samples import sales as samples

SALE = samples.sale_in(SaleState.AUTHORISED)
INTENT_ID = SALE.intent.intent_id
PATH = f"/v1/intents/{INTENT_ID}"
TERMS = Terms(issuers=ISSUERS, terminal_id="T-0001", origins=("https://pay.example",))


def receipt(signer: Any = ISSUER, **other: Any) -> str:
    said: dict[str, Any] = {
        "intent_id": INTENT_ID.bytes, "outcome": Outcome.APPROVED, "total_minor": 18_80, "currency": "CNY",
        "at": samples.NOON + 3, "url": "https://pay.example/r/1", "reason": None,
    }  # fmt: skip
    return b64u(sign_receipt(signer, ReceiptClaims(**(said | other)), kid=ISSUER_KID))


def answered(
    answer: object,
    ask: Callable[[BackendGateway], Coroutine[Any, Any, Any]],
    status: int = 200,
    terms: Terms = TERMS,
) -> Any:
    """What the gateway makes of one answer; `requests` keeps what was asked."""

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = "application/json" if status == 200 else "application/problem+json"
        return httpx.Response(status, content=content, headers={"content-type": kind})

    requests.clear()

    async def run() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(respond), base_url="https://pay.example") as client:
            calls = Calls(client, issuers=lambda: ISSUERS)
            return await ask(BackendGateway(calls, Answers(lambda: terms, clock=HeldClock()), clock=HeldClock()))

    return asyncio.run(run())


requests: list[httpx.Request] = []


def body() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(requests[-1].content)
    return found


# --- payments ---------------------------------------------------------------------------------------------------------

NAMED = {"intent_id": str(INTENT_ID)}
APPROVED = NAMED | {
    "status": "approved", "receipt": receipt(), "lines": [{"kind": "tip", "label": "打赏", "amount": 80}],
    "cards": [{"kind": "receipt", "title": "小票"}], "payer_display": "小*",
}  # fmt: skip
DECLINED = NAMED | {"status": "declined", "reason": 23, "code": "insufficient_funds"}


def intent(status: str, **more: Any) -> dict[str, Any]:
    """An intent as the backend tells it."""
    return NAMED | {"status": status, "amount": SALE.amount.minor, "currency": "CNY"} | more


def pay(gateway: BackendGateway) -> Coroutine[Any, Any, Event]:
    return gateway.pay(SALE)


def test_the_stored_bytes_are_sent_as_they_are() -> None:
    answered(APPROVED, pay)
    assert (requests[0].method, requests[0].url.path) == ("POST", "/v1/payments")
    assert body() == {
        "presentation": b64u(SALE.intent.presentation),
        "authorisation": b64u(b"authorisation"),
        "wallet_credential": b64u(b"wallet credential"),
        "accepted_offline": False,
        "occurred_at": "2027-01-15T08:00:02Z",
        "number": "0001-0001",
    }


def test_each_says_that_the_terminal_knows_dues() -> None:
    for ask in (pay, lambda gateway: gateway.forward([SALE])):
        answered(APPROVED, ask)
        assert requests[0].headers["pengpos-knows"] == "dues"


def test_approved() -> None:
    event = answered(APPROVED, pay)
    assert isinstance(event, Approved)
    assert (event.intent_id, event.call) == (INTENT_ID, BackendCall.PAYMENT)
    booking = event.booking
    assert (booking.total_minor, booking.booked_at, booking.by) == (18_80, samples.NOON + 3, Way.READER)
    assert (booking.receipt_url, booking.payer_display) == ("https://pay.example/r/1", "小*")
    assert [(line.kind, line.amount_minor) for line in booking.lines] == [("tip", 80)]
    assert [card.title for card in booking.cards] == ["小票"]
    assert booking.confirmed


def test_already_paid_is_approved_with_the_receipt_that_stands_and_by_whom_is_not_known() -> None:
    more = APPROVED | {"status": "already_paid", "receipt": receipt(total_minor=99_00)}
    event = answered(more, pay)
    assert isinstance(event, Approved)
    assert (event.booking.by, event.booking.total_minor) == (None, 99_00)


@pytest.mark.parametrize(
    ("reason", "read_as"),
    [(23, Reason.DECLINED_BY_BACKEND), (17, Reason.CREDENTIAL_EXPIRED), (22, Reason.EXPIRED),
     (None, Reason.DECLINED_BY_BACKEND), (0, Reason.DECLINED_BY_BACKEND), (255, Reason.DECLINED_BY_BACKEND)],
)  # fmt: skip
def test_declined(reason: int | None, read_as: Reason) -> None:
    event = answered(DECLINED | {"reason": reason}, pay)
    assert isinstance(event, Declined)
    assert (event.refusal.reason, event.refusal.code) == (read_as, "insufficient_funds")


DECLINED_RECEIPT = receipt(outcome=Outcome.DECLINED, total_minor=0, url=None, reason=23)


@pytest.mark.parametrize("told", [DECLINED_RECEIPT, None], ids=["with a receipt", "with none"])
def test_a_decline_brings_the_phones_receipt(told: str | None) -> None:
    event = answered(DECLINED | {"receipt": told}, pay)
    assert isinstance(event, Declined)
    assert event.refusal.receipt == (unb64u(told) if told else None)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param("no base64!", id="no receipt"),
        pytest.param(receipt(), id="says approved"),
        pytest.param(receipt(STRANGER, outcome=Outcome.DECLINED), id="a stranger's"),
        pytest.param(receipt(outcome=Outcome.DECLINED, currency="USD"), id="in another currency"),
        pytest.param(receipt(outcome=Outcome.DECLINED, intent_id=bytes(16)), id="of another intent"),
    ],
)
def test_a_decline_whose_receipt_is_not_this_intents_is_no_answer(told: str) -> None:
    assert isinstance(answered(DECLINED | {"receipt": told}, pay), NoAnswer)


OPEN = {"state": "open", "amount": 18_23}


@pytest.mark.parametrize(
    ("told", "due"),
    [
        *(pytest.param({"state": state.value, "amount": 18_23}, Due(state=state, amount_minor=18_23), id=state.value)
          for state in DueState),
        pytest.param(OPEN | {"currency": "CNY"}, Due(state=DueState.OPEN, amount_minor=18_23), id="of a later version"),
        pytest.param({"state": "open", "amount": 0}, Due(state=DueState.OPEN, amount_minor=0), id="of nothing"),
        pytest.param(None, None, id="nobody was asked"),
        pytest.param(OPEN | {"state": "forgiven"}, None, id="in a state we do not know"),
        pytest.param(OPEN | {"amount": "18.23"}, None, id="mistyped"),
        pytest.param(OPEN | {"amount": -1}, None, id="of less than nothing"),
        pytest.param(OPEN | {"amount": 10**12 + 1}, None, id="of more than there is"),
        pytest.param({"state": "open"}, None, id="without its amount"),
        pytest.param("open", None, id="not an object"),
    ],
)  # fmt: skip
def test_a_decline_says_what_the_shopper_is_asked_for_and_stands_whatever_it_is(told: object, due: Due | None) -> None:
    """The same words, told by an event, are one event or none."""
    event = answered(DECLINED | {"due": told}, pay)
    assert isinstance(event, Declined)
    assert (event.refusal.code, event.refusal.due) == ("insufficient_funds", due)
    raw = json.dumps(DECLINED | {"due": told}).encode()
    news = Answers(lambda: TERMS, clock=HeldClock()).due_told(read_message(raw, PaymentMessage))
    assert [(one.intent_id, one.due) for one in news if isinstance(one, DueTold)] == ([(INTENT_ID, due)] if due else [])
    assert len(news) == (due is not None)


PAID_BY_PAGE = receipt(total_minor=20_80)


@pytest.mark.parametrize(
    ("way", "payable", "by"),
    [
        pytest.param("reader", True, None, id="by a reader: more than was authorised is no booking"),
        pytest.param("page", True, Way.QR, id="by the page"),
        pytest.param(None, True, Way.QR, id="it is not said, and a page may have"),
        pytest.param(None, False, None, id="it is not said, and no page can have"),
    ],
)
def test_what_another_has_paid_is_not_held_against_our_phones_yes(way: str | None, payable: bool, by: object) -> None:
    told = intent("approved", payment=APPROVED | {"receipt": PAID_BY_PAGE, "way": way})
    sale = replace(SALE, intents=(replace(SALE.intent, put_sent=payable),))
    event = answered(told, lambda gateway: gateway.ask(sale))
    if by is None:
        assert isinstance(event, NoAnswer)
    else:
        assert isinstance(event, Approved)
        assert (event.booking.total_minor, event.booking.by) == (20_80, None)


def test_held() -> None:
    assert isinstance(answered(NAMED | {"status": "held", "code": "review"}, pay), Held)


NO_ANSWERS: dict[str, object] = {
    "an unknown status": NAMED | {"status": "perhaps"},
    "an error": NAMED | {"status": "error", "code": "bad_item"},
    "no status": NAMED | {"receipt": receipt()},
    "approved without a receipt": NAMED | {"status": "approved"},
    "approved with a stranger's receipt": APPROVED | {"receipt": receipt(STRANGER)},
    "approved with a receipt for more": APPROVED | {"receipt": receipt(total_minor=18_81)},
    "approved with a receipt for another intent": APPROVED | {"receipt": receipt(intent_id=bytes(16))},
    "approved with a receipt in another currency": APPROVED | {"receipt": receipt(currency="USD")},
    "approved with a receipt that says declined": APPROVED | {
        "receipt": receipt(outcome=Outcome.DECLINED, reason=23, url=None)
    },
    "approved with a receipt that is no base64url": APPROVED | {"receipt": "+/=="},
    "a status of another type": NAMED | {"status": 1},
    "lines of another type": NAMED | {"status": "held", "lines": "none"},
    "approved, of another intent": APPROVED | {"intent_id": str(samples.intent(9).intent_id)},
    "declined, of another intent": DECLINED | {"intent_id": str(samples.intent(9).intent_id)},
    "held, of another intent": {"status": "held", "intent_id": str(samples.intent(9).intent_id)},
    "approved, of no intent": {name: value for name, value in APPROVED.items() if name != "intent_id"},
    "declined, of no intent": {name: value for name, value in DECLINED.items() if name != "intent_id"},
    "declined, of an intent that is no id": DECLINED | {"intent_id": "this one"},
    "an array": [],
    "nothing": b"",
    "HTML": b"<html></html>",
    "text in no UTF-8": b'{"status": "\xff"}',
    "JSON nested without end": b'{"more": ' + b"[" * 100_000,
    "more than a mebibyte": b" " * 1_048_577,
}  # fmt: skip


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_anything_else_is_no_answer(answer: object) -> None:
    event = answered(answer, pay)
    assert isinstance(event, NoAnswer)
    assert event.call is BackendCall.PAYMENT


# --- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_is_one_event_an_item_in_the_same_order() -> None:
    sales = [replace(SALE, sale_id=samples.intent(number).intent_id) for number in (1, 2, 3)]
    verdicts = [APPROVED, DECLINED, {"status": "error"}]
    events = answered({"verdicts": verdicts}, lambda gateway: gateway.forward(sales))
    assert [type(event) for event in events] == [Approved, Declined, NoAnswer]
    assert [event.call for event in events] == [BackendCall.FORWARD] * 3
    assert [payment["accepted_offline"] for payment in body()["payments"]] == [True] * 3


@pytest.mark.parametrize("verdicts", [[], [APPROVED], [APPROVED] * 3], ids=["none", "too few", "too many"])
def test_a_batch_with_another_number_of_verdicts_says_nothing_of_any(verdicts: list[object]) -> None:
    events = answered({"verdicts": verdicts}, lambda gateway: gateway.forward([SALE, SALE]))
    assert [type(event) for event in events] == [NoAnswer, NoAnswer]


# --- questions --------------------------------------------------------------------------------------------------------


def ask(gateway: BackendGateway) -> Coroutine[Any, Any, Event]:
    return gateway.ask(SALE)


@pytest.mark.parametrize("status", ["created", "claimed", "cancelled", "expired"])
def test_a_status_without_money(status: str) -> None:
    event = answered(intent(status, intent_id=str(INTENT_ID).upper()), ask)
    assert isinstance(event, StatusHeard)
    assert event.steps_when_asked == len(SALE.history)
    assert (event.status, event.call) == (BackendStatus[status.upper()], BackendCall.QUESTION)
    assert (requests[0].method, requests[0].url.path) == ("GET", PATH)


OTHER = str(samples.intent(9).intent_id)
QUESTIONS: list[tuple[str, dict[str, Any], type]] = [
    ("approved with its payment", intent("approved", payment=APPROVED), Approved),
    ("approved without", intent("approved"), NoAnswer),
    ("declined with its payment", intent("declined", payment=DECLINED), Declined),
    ("declined without", intent("declined", reason=22, code="late"), Declined),
    ("held", intent("held"), Held),
    ("held with a payment", intent("held", payment=NAMED | {"status": "held"}), Held),
    ("an unknown status", intent("lost"), NoAnswer),
    ("another intent's", intent("approved", intent_id=OTHER, payment=APPROVED), NoAnswer),
    ("with another intent's payment", intent("declined", payment=DECLINED | {"intent_id": OTHER}), NoAnswer),
    ("another intent's end", intent("cancelled", intent_id=OTHER), NoAnswer),
    ("an intent over another amount", intent("cancelled", amount=1), NoAnswer),
    ("an intent in another currency", intent("cancelled", currency="USD"), NoAnswer),
    ("of no intent", {"status": "cancelled"}, NoAnswer),
    ("approved, but its payment declined", intent("approved", payment=DECLINED), Declined),
]


@pytest.mark.parametrize(("answer", "kind"), [row[1:] for row in QUESTIONS], ids=[row[0] for row in QUESTIONS])
def test_a_question(answer: dict[str, Any], kind: type) -> None:
    assert type(answered(answer, ask)) is kind


@pytest.mark.parametrize(
    ("status", "code", "not_found"),
    [(404, "not_found", True), (404, "intent_unknown", True), (404, "no_such_route", False), (401, "clock", False),
     (403, "revoked", False), (500, "internal_error", False)],
)  # fmt: skip
def test_only_the_backends_own_404_says_that_it_never_heard_of_it(status: int, code: str, *, not_found: bool) -> None:
    event = answered({"code": code}, ask, status)
    if not_found:
        assert isinstance(event, StatusHeard)
        assert (event.status, event.steps_when_asked) == (BackendStatus.NOT_FOUND, len(SALE.history))
    else:
        assert isinstance(event, NoAnswer)


def test_a_strangers_404_says_nothing() -> None:
    assert isinstance(answered(b"<h1>Not Found</h1>", ask, 404), NoAnswer)


def test_a_sale_that_no_phone_authorised_is_never_sent() -> None:
    unauthorised: Sale = samples.sale_in(SaleState.PRESENTED)
    with pytest.raises(AssertionError):
        answered(APPROVED, lambda gateway: gateway.pay(unauthorised))
    assert requests == []


@pytest.mark.parametrize(
    ("answer", "status", "healthy"),
    [({"status": "ok"}, 200, True), (b"<html></html>", 200, False), ({"hello": 1}, 200, False), ({}, 500, False)],
)
def test_health(answer: object, status: int, *, healthy: bool) -> None:
    assert answered(answer, lambda gateway: gateway.healthy(), status) is healthy
    assert "signature" not in requests[0].headers


# --- tag and QR -------------------------------------------------------------------------------------------------------

URL = f"https://pay.example/t/{b64u(INTENT_ID.bytes)}"


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        pytest.param(URL, True, id="this intent's"),
        pytest.param(URL + ".T-0001", True, id="this intent's, of this terminal"),
        pytest.param(f"https://pay.example/t/{b64u(samples.intent(9).intent_id.bytes)}", False, id="an older sale's"),
        pytest.param("https://pay.example/t/", False, id="of no intent"),
        pytest.param("https://pay.example/elsewhere", False, id="of another page"),
        pytest.param(URL + ".T-0002", False, id="another terminal's"),
        pytest.param(URL.replace("pay.", "evil."), False, id="of another origin"),
        pytest.param(URL.replace("https", "http"), False, id="in the clear"),
    ],
)
def test_the_url_of_tag_and_qr_names_the_intent(url: str, *, taken: bool) -> None:
    found = answered({"url": url, "status": "created"}, lambda gateway: gateway.put_intent(INTENT_ID, b"signed"))
    assert found == (url if taken else None)
