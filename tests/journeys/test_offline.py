# SPDX-License-Identifier: Apache-2.0
"""The backend is gone: what is taken all the same, what is not, and what the cashier may decide."""

from dataclasses import replace
from uuid import UUID

import pytest

from pengpos.client import SaleView
from pengpos.core.reasons import Reason
from pengpos.core.risk import Cap
from pengpos.core.sale import Authorised
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.authorisation import Funding
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.events import ReceiptKept
from terminal.api.reason_words import CODE_WORDS
from tests.support.counter import Counter, until
from tests.support.road import never_answers, refuses


def test_stored_then_sent_when_the_backend_is_back(counter: Counter, phone: VirtualPhone) -> None:
    counter.lose_the_backend()
    sale = counter.present("18.80")
    assert sale.mode == "offline"
    with counter.held(phone):
        sale = counter.until(sale, "accepted_offline")
        kept = phone.wait_for_event(ReceiptKept, 10.0)
    assert kept is not None
    queue = counter.status.queue
    assert (queue.count, queue.total) == (1, 18_80)
    assert counter.booked == []
    counter.restart()
    assert counter.sale(sale).state == "accepted_offline"
    sale = counter.resolve(sale, "approved")
    assert counter.status.queue.count == 0
    assert counter.booked == [18_80]


def test_declined_at_sync_rings(counter: Counter, phone: VirtualPhone) -> None:
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.23"), phone, "accepted_offline")
    sale = counter.resolve(sale, "declined_at_sync")
    alarms = counter.until_status(lambda status: status.alarms).alarms
    assert [(alarm.kind, alarm.sale_id) for alarm in alarms] == [("declined_at_sync", sale.id)]
    assert counter.booked == []


def test_a_refund_of_a_stored_payment_waits_behind_it(counter: Counter, phone: VirtualPhone) -> None:
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.80"), phone, "accepted_offline")
    answer = counter.call("POST", f"/v1/sales/{sale.id}/refunds", {"idempotency_key": "r", "reason": "returned"})
    assert answer.json()["state"] == "queued"
    counter.resolve(sale, "refunded")


ROOM = [  # with the caps of the sandbox: 200.00 by a tap, 500.00 by a page and its code
    ("the most by a tap", "200.00", ["reader", "qr"]),
    ("more than a tap may be", "200.01", ["qr"]),
    ("the most by a code", "500.00", ["qr"]),
]


@pytest.mark.parametrize(("amount", "ways"), [row[1:] for row in ROOM], ids=[row[0] for row in ROOM])
def test_no_phone_is_invited_to_sign_what_cannot_be_taken(
    counter: Counter, phone: VirtualPhone, amount: str, ways: list[str]
) -> None:
    counter.lose_the_backend()
    sale = counter.present(amount)
    assert sale.ways == ways
    with counter.held(phone):
        counter.look_round()
    assert (counter.sale(sale).state == "accepted_offline") == ("reader" in ways)
    assert phone.store.promised(counter.sandbox.clock.now()) == {"CNY": 200_00 if "reader" in ways else 0}


CHARGE = {"idempotency_key": "n", "currency": "CNY"}
NO_ROOM = [
    ("too much for any way", {"amount": 501_00}, "per_payment: while the terminal is offline at most 500.00 CNY"),
    ("too much for a tap alone", {"amount": 200_01, "ways": ["reader"]}, "per_payment: while the terminal is offline"),
]


@pytest.mark.parametrize(("asked", "says"), [row[1:] for row in NO_ROOM], ids=[row[0] for row in NO_ROOM])
def test_too_much_offline_is_said_when_the_amount_is_keyed(
    counter: Counter, asked: dict[str, object], says: str
) -> None:
    counter.lose_the_backend()
    refused = counter.refused("POST", "/v1/sales", CHARGE | asked)
    assert (refused.status, refused.code) == (409, "too_much_offline")
    assert refused.detail.startswith(says)
    assert counter.status.sale is None
    counter.road.clear()
    counter.until_status(lambda status: status.link.online)
    sale = counter.call("POST", "/v1/sales", CHARGE | asked).json()
    assert (sale["state"], sale["mode"]) == ("signed", "online")


def test_tried_again_without_the_line_nobody_is_invited_either(counter: Counter, phone: VirtualPhone) -> None:
    phone.owner = replace(phone.owner, says_no=True)
    sale = counter.tap(counter.present("501.00"), phone, lambda seen: "again" in seen.can)
    counter.lose_the_backend()
    refused = counter.refused("POST", f"/v1/sales/{sale.id}/again")
    assert (refused.status, refused.code) == (409, "too_much_offline")


def test_a_shopper_cannot_choose_how_the_promise_fails(counter: Counter, phone: VirtualPhone) -> None:
    """A purse that the terminal cannot look into pays online only; what other phones are told is the same number."""
    phone.owner = replace(phone.owner, funding=Funding.SHARED_PURSE)
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.80"), phone, lambda seen: seen.reason)
    assert sale.state == "presented"
    assert sale.reason is not None
    assert (sale.reason.code, sale.reason.detail) == (Reason.OFFLINE_NOT_POSSIBLE, Cap.FUNDING)
    assert sale.reason.cashier == CODE_WORDS[Cap.FUNDING].cashier.in_language("zh-Hans")
    assert counter.status.queue.count == 0
    assert journalled(counter, sale) is None


def set_turnaround(counter: Counter, most_ms: int) -> None:
    settings = {"risk": {"apdu_turnaround_ms": most_ms}}
    assert counter.sandbox.operator.call("PUT", f"/terminals/{counter.terminal_id}/settings", settings).is_success

    def held() -> bool:
        policy = counter.terminal._sales.policy.newest
        return policy is not None and policy.turnaround_ms == most_ms

    until(held, "the policy")  # by an event


def journalled(counter: Counter, sale: SaleView) -> Authorised | None:
    stored = counter.terminal._device.journal.sale(UUID(sale.id))
    return stored.authorised if stored is not None else None


def test_a_phone_too_slow_to_be_here_is_not_taken_offline(counter: Counter, phone: VirtualPhone) -> None:
    """No exchange takes less than the no time at all that this policy allows."""
    set_turnaround(counter, 0)
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.80"), phone, lambda seen: seen.reason)
    assert sale.state == "presented"
    assert sale.reason is not None
    assert (sale.reason.code, sale.reason.detail) == (Reason.OFFLINE_NOT_POSSIBLE, Cap.TAP_TOO_SLOW)
    assert sale.reason.shopper == CODE_WORDS[Cap.TAP_TOO_SLOW].shopper.in_language("zh-Hans")
    assert counter.status.queue.count == 0
    assert journalled(counter, sale) is None


def test_one_quick_enough_is(counter: Counter, phone: VirtualPhone) -> None:
    set_turnaround(counter, 60_000)
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.80"), phone, "accepted_offline")
    counter.resolve(sale, "approved")


def test_online_the_turnaround_is_only_written_down(counter: Counter, phone: VirtualPhone) -> None:
    set_turnaround(counter, 0)
    sale = counter.tap(counter.present("18.80"), phone, "approved")
    authorised = journalled(counter, sale)
    assert authorised is not None
    assert authorised.turnaround_ms is not None
    assert authorised.turnaround_ms > 0


def test_not_even_the_cashier_takes_one_too_slow(hasty: Counter, phone: VirtualPhone) -> None:
    set_turnaround(hasty, 0)
    refused = hasty.refused("POST", f"/v1/sales/{unknown_sale(hasty, phone, '18.80')}/accept-offline")
    assert (refused.status, refused.code) == (409, "offline_not_possible")
    assert Cap.TAP_TOO_SLOW in refused.detail


def unknown_sale(hasty: Counter, phone: VirtualPhone, amount: str) -> str:
    hasty.road.silence_events()
    hasty.road.put(refuses(), "*", "/v1/(payments|intents).*")
    return hasty.tap(hasty.present(amount), phone, "unknown").id


def test_the_cashier_takes_an_unknown_one_offline(hasty: Counter, phone: VirtualPhone) -> None:
    sale_id = unknown_sale(hasty, phone, "18.80")
    sale = hasty.until_status(lambda status: status.sale and status.sale.id == sale_id).sale
    assert sale is not None
    assert "accept-offline" in sale.can
    assert hasty.tell(sale, "accept-offline").state == "accepted_offline"
    hasty.resolve(sale, "approved")
    assert hasty.booked == [18_80]


@pytest.mark.parametrize("state", ["unknown", "authorised"])
def test_not_even_the_cashier_takes_more_than_the_policy(counter: Counter, phone: VirtualPhone, state: str) -> None:
    """Also in the seconds before the answer is given up: the whole policy is asked then, too."""
    settings = {"risk": {"per_payment": 10_00}}
    assert counter.sandbox.operator.call("PUT", f"/terminals/{counter.terminal_id}/settings", settings).is_success
    counter.until_status(lambda status: status.queue.caps and status.queue.caps.per_payment == 10_00)  # by an event
    counter.road.silence_events()
    counter.road.put(refuses() if state == "unknown" else never_answers(), "POST", "/v1/payments")
    counter.road.put(refuses(), "GET", "/v1/intents/.*")
    sale = counter.tap(counter.present("10.01"), phone, state)
    refused = counter.refused("POST", f"/v1/sales/{sale.id}/accept-offline")
    assert (refused.status, refused.code) == (409, "offline_not_possible")
    assert "per_payment" in refused.detail
    assert counter.sale(sale).state in {"authorised", "unknown"}


def test_not_even_the_cashier_takes_a_wallet_that_was_blocked_meanwhile(hasty: Counter, phone: VirtualPhone) -> None:
    sale_id = unknown_sale(hasty, phone, "18.80")
    kid = next(credential.kid for credential in phone.store.credentials() if credential.merchant_id is not None)
    hasty.sandbox.operator.call("POST", "/denylist", {"kid": b64u(kid), "listed": True, "why": "lost"})
    upkeep, documents = hasty.terminal._upkeep, hasty.terminal._backend.documents

    def denied() -> bool:
        upkeep.wake()
        return documents.denylisted(kid)

    until(denied, "the denylist")
    assert hasty.refused("POST", f"/v1/sales/{sale_id}/accept-offline").code == "offline_not_possible"


def test_what_cannot_be_accepted_offline_says_so(counter: Counter) -> None:
    sale = counter.present("18.80")
    assert counter.refused("POST", f"/v1/sales/{sale.id}/accept-offline").code == "not_now"
    assert counter.refused("POST", f"/v1/sales/{sale.id}/park").code == "not_now"
