# SPDX-License-Identifier: Apache-2.0
"""Whatever stands in the backend's place or way, a sale is never shown as paid or failed for it, and charged once."""

import json
from collections.abc import Callable
from dataclasses import replace

import httpx
import msgspec
import pytest

from pengpos.client import DayReport
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.receipt import Outcome, Receipt, ReceiptClaims, sign_receipt
from sandbox.backend.kernel import events
from sandbox.backend.trust.issuer import Issuer
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, until
from tests.support.page import Visitor
from tests.support.road import Obstacle, changes, loses_the_answer, never_answers, refuses, says

pytestmark = pytest.mark.usefixtures("signs_no_whole_answers")  # what comes is judged by what is in it

PAYMENTS = "/v1/payments"
PROBLEM = b'{"type": "about:blank", "title": "no", "status": 500, "detail": "a bug", "code": "internal_error"}'


def edited(edit: Callable[[dict[str, object]], object]) -> Obstacle:
    def change(body: bytes) -> bytes:
        answer = json.loads(body)
        edit(answer)
        return json.dumps(answer).encode()

    return changes(change)


def spoil(answer: dict[str, object]) -> None:
    """No good receipt in the answer to a payment, nor in that to a question."""
    payment = answer.get("payment")
    (payment if isinstance(payment, dict) else answer).update(receipt="AAAA")


IN_THE_WAY = {
    "HTML in place of an answer": says(200, b"<html>Welcome to our Wi-Fi</html>"),
    "HTML with status 500": says(500, b"<h1>nginx</h1>"),
    "a problem with status 500": says(500, PROBLEM, "application/problem+json"),
    "429 with Retry-After": says(429, b"slow down", "text/plain", retry_after="1"),
    "503 with a Retry-After of a year": says(503, b"", "text/plain", retry_after="Sun, 22 Nov 2027 00:00:00 GMT"),
    "a Retry-After no number holds": says(503, b"", "text/plain", retry_after="9" * 5000),
    "a captive portal's redirect": says(302, b"", "text/html", location="http://sign-in.example/"),
    "nothing at all": says(204),
    "JSON that is no answer": says(200, b"[1, 2, 3]", "application/json"),
    "an unknown verdict": says(200, b'{"status": "perhaps"}', "application/json"),
    "approved without a receipt": says(200, b'{"status": "approved"}', "application/json"),
    "an answer without end": says(200, b" " * 2_000_000, "application/json"),
    "connection refused": refuses(),
    "connection closed": loses_the_answer(),
    "half an answer": loses_the_answer(httpx.RemoteProtocolError),
    "no answer in time": never_answers(),
    "a receipt that is none": edited(lambda answer: spoil(answer)),
}


@pytest.mark.parametrize("obstacle", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_it_is_unknown_until_the_backend_itself_has_spoken(
    hasty: Counter, phone: VirtualPhone, obstacle: Obstacle
) -> None:
    hasty.road.silence_events()
    sale = hasty.present("18.80")
    hasty.road.put(obstacle, "*", "/v1/(payments|intents).*")
    sale = hasty.tap(sale, phone, "unknown")
    assert sale.reason is None
    assert hasty.status.day is not None
    assert hasty.status.day.total == 0
    sale = hasty.resolve(sale, "approved")
    assert hasty.booked == [18_80]


STRANGER = SoftwareKey.generate()
STRANGERS_KID = PublicKey.of(STRANGER).kid

RECEIPTS = {
    "a stranger's": lambda issuer, claims: sign_receipt(STRANGER, claims, kid=STRANGERS_KID),
    "a stranger's in the issuer's name": lambda issuer, claims: sign_receipt(STRANGER, claims, kid=issuer.key.kid),
    "for more than was authorised": lambda issuer, claims: _signed(issuer, claims, total_minor=18_81),
    "for another intent": lambda issuer, claims: _signed(issuer, claims, intent_id=bytes(16)),
    "in another currency": lambda issuer, claims: _signed(issuer, claims, currency="USD"),
    "that says declined": lambda issuer, claims: _signed(issuer, claims, outcome=Outcome.DECLINED),
}


def _signed(issuer: Issuer, claims: ReceiptClaims, **other: object) -> bytes:
    return sign_receipt(issuer.signer, replace(claims, **other), kid=issuer.key.kid)  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize("forge", RECEIPTS.values(), ids=RECEIPTS)
def test_approved_is_shown_only_on_the_issuers_receipt(
    hasty: Counter, phone: VirtualPhone, forge: Callable[[Issuer, ReceiptClaims], bytes]
) -> None:
    issuer = hasty.sandbox.backend.issuer

    def edit(answer: dict[str, object]) -> None:
        claims = Receipt.read(unb64u(str(answer["receipt"])), issuer.trusted).claims
        answer["receipt"] = b64u(forge(issuer, claims))

    hasty.road.silence_events()
    sale = hasty.present("18.80")
    hasty.road.put(edited(edit), "POST", PAYMENTS)
    hasty.road.put(refuses(), "GET", "/v1/intents/.*")
    sale = hasty.tap(sale, phone, "unknown")
    sale = hasty.resolve(sale, "approved")
    assert sale.total == 18_80
    assert hasty.booked == [18_80]


STRANGERS = {
    "a captive portal's redirect": says(302, b"", "text/html", location="http://sign-in.example/"),
    "HTML with status 200": says(200, b"<html>free Wi-Fi</html>"),
    "somebody else's JSON": says(200, b'{"hello": 1}', "application/json"),
    "nothing with status 200": says(200, b"", "application/json"),
    "a broken proxy": says(502, b"<h1>Bad Gateway</h1>"),
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_who_answers_is_no_backend(counter: Counter, stranger: Obstacle) -> None:
    counter.lose_the_backend(stranger)
    assert counter.charge("18.80").mode == "offline"


def test_the_backends_own_no_keeps_the_link(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    counter.road.put(says(500, PROBLEM, "application/problem+json"), "POST", PAYMENTS, times=1)
    sale = counter.tap(sale, phone, "approved")
    assert "unknown" in [step.state for step in sale.history]
    assert counter.status.link.online
    assert counter.booked == [18_80]


def test_an_answer_about_another_intent_says_nothing(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.road.silence_events()
    sale = hasty.present("18.80")
    hasty.road.put(refuses(), "POST", PAYMENTS)
    other = b'{"status": "expired", "intent_id": "00000000-0000-7000-8000-000000000000"}'
    hasty.road.put(says(200, other, "application/json"), "GET", "/v1/intents/.*", times=2)
    sale = hasty.tap(sale, phone, "unknown")
    hasty.resolve(sale, "approved")
    assert hasty.booked == [18_80]


def test_unknown_then_other_money_was_taken(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.road.silence_events()
    hasty.road.put(loses_the_answer(), "POST", PAYMENTS)
    hasty.road.put(refuses(), "GET", "/v1/intents/.*")
    sale = hasty.tap(hasty.present("18.80"), phone, "unknown")
    assert hasty.booked == [18_80]
    hasty.tell(sale, "cancel", {"reason": "customer"})
    hasty.until(sale, "reversed")
    assert hasty.booked == []


def test_other_money_was_taken_and_the_payment_has_gone_back_nobody_is_alarmed(
    hasty: Counter, phone: VirtualPhone
) -> None:
    follower = hasty.terminal._backend.follower
    hasty.tap(hasty.present("6.00"), phone, "approved")
    until(lambda: follower._place.now is not None, "an event, behind which the stream resumes")
    hasty.road.silence_events()
    hasty.road.put(loses_the_answer(), "POST", PAYMENTS)
    hasty.road.put(refuses(), "GET", "/v1/intents/.*")
    sale = hasty.tap(hasty.present("18.80"), phone, "unknown")
    hasty.tell(sale, "cancel", {"reason": "customer"})
    hasty.until(sale, "reversed")
    hasty.road.clear()  # the line is back, and tells that it was approved, then that it was cancelled
    newest = str(events.place(hasty.sandbox.backend, hasty.terminal_id, None))

    def heard() -> bool:
        hasty.sync()
        return follower._place.now == newest

    until(heard, "all events")
    assert (hasty.status.alarms, hasty.sale(sale).state, hasty.booked) == ([], "reversed", [6_00])


def test_the_alarm_rings_once_when_ten_questions_went_unanswered(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.road.silence_events()
    hasty.road.put(refuses(), "*", "/v1/(payments|intents).*")
    sale = hasty.tap(hasty.present("18.80"), phone, "unknown")

    def rings() -> bool:
        hasty.sync()  # asks again at once
        return bool(hasty.status.alarms)

    until(rings, "the alarm")
    (alarm,) = hasty.status.alarms
    assert (alarm.kind, alarm.sale_id) == ("delivery_failing", sale.id)
    assert alarm.text
    assert alarm.cure
    hasty.restart()
    assert [kept.id for kept in hasty.status.alarms] == [alarm.id]
    assert hasty.call("POST", f"/v1/alarms/{alarm.id}/seen").status_code == 200
    hasty.resolve(sale, "approved")
    hasty.restart()
    assert hasty.status.alarms == []


def test_cancelled_off_line_though_it_was_paid_the_sale_says_that_the_money_went_back(counter: Counter) -> None:
    visitor = Visitor.new(counter.sandbox)
    sale = counter.until(counter.present("18.80"), lambda seen: seen.url)
    counter.lose_the_backend()
    visitor.claim(sale.url or "")
    visitor.pay(sale.url or "")
    assert counter.booked == [18_80]
    counter.tell(sale, "cancel", {"reason": "customer"})
    counter.pass_time(20)  # for longer than the cashier looks at it
    over = counter.resolve(sale, "cancelled")
    assert (counter.booked, over.given_back) == ([], 18_80)
    assert over.history[-1].why == "it was paid, and has gone back by the cancel"
    (note,) = [alarm for alarm in counter.status.alarms if alarm.kind == "given_back"]
    assert (note.sale_id, note.calm) == (sale.id, True)
    assert "18.80" in note.text
    report = msgspec.json.decode(counter.call("POST", "/v1/day/close").content, type=DayReport)
    assert (report.cancelled_count, report.cancelled_total, report.elsewhere) == (1, 18_80, [])
