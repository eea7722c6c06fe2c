# SPDX-License-Identifier: Apache-2.0
"""Exactly once (backend API, rules): the same request, another payload, a second payer, a claim, too late, copies."""

from collections.abc import Callable
from typing import Any

import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.receipt import Outcome, Receipt
from tests.support.backend import Shop
from tests.support.shop import Sale, Wallet

MONEY = ("intent_id", "status", "code", "total", "currency", "receipt", "receipt_url", "lines", "decided_at")


def money(answer: dict[str, Any]) -> dict[str, Any]:
    """All that an answer says of money."""
    return {name: answer.get(name) for name in MONEY}


def test_a_payment_is_taken_and_its_receipt_is_the_issuers(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    answer = till.pay(sale, wallet).json()
    receipt = Receipt.read(unb64u(answer["receipt"]), till.issuers)
    assert (answer["status"], answer["total"], answer["currency"]) == ("approved", 18_80, "CNY")
    assert (receipt.claims.outcome, receipt.claims.total_minor) == (Outcome.APPROVED, 18_80)
    assert receipt.claims.intent_id == sale.intent.claims.intent_id
    assert receipt.claims.url == answer["receipt_url"]
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)
    assert till.status(sale) == "approved"


def test_a_tip_is_in_the_total_and_on_a_line_of_its_own(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    answer = till.pay(sale, wallet, wallet.authorise(sale, tip_minor=1_20)).json()
    assert answer["total"] == 20_00
    assert [(line["kind"], line["amount"]) for line in answer["lines"]] == [("amount", 18_80), ("tip", 1_20)]


def test_a_check_in_takes_nothing_and_is_approved(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    answer = till.pay(till.sale(0, purpose=Purpose.CHECK_IN), wallet).json()
    assert (answer["status"], answer["total"], wallet.balance()) == ("approved", 0, 1_000_00)


@pytest.mark.parametrize("offline", [False, True], ids=["said the same", "now said to be accepted offline"])
def test_the_same_request_gives_the_same_answer_for_ever(shop: Shop, offline: bool) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    first = till.pay(sale, wallet, authorisation).json()
    shop.clock.advance(40 * 86_400)
    again = till.pay(sale, wallet, authorisation, offline=offline).json()
    assert money(again) == money(first)
    assert wallet.balance() == 981_20


def test_signatures_are_not_compared(shop: Shop) -> None:
    """ECDSA gives every content as many signatures as one likes; s and n − s are both good."""
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    first = till.pay(sale, wallet, authorisation).json()
    assert money(till.pay(sale, wallet, with_other_s(authorisation)).json()) == money(first)
    assert wallet.balance() == 981_20


def test_another_intent_under_a_used_id_is_a_conflict(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    forged = till.sale(1_00, intent_id=sale.intent.claims.intent_id)
    for answer in (till.pay(forged, wallet), till.put(forged), till.cancel(forged)):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert wallet.balance() == 981_20


def test_another_authorisation_of_the_same_wallet_is_a_conflict(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    answer = till.pay(sale, wallet, wallet.authorise(sale, tip_minor=1))
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert wallet.balance() == 981_20


def test_a_second_payer_is_told_already_paid_and_not_charged(shop: Shop) -> None:
    """Both wallets sign the very same payload: same second, same counter. The key tells them apart."""
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    paid = till.pay(sale, first).json()
    authorisation = second.authorise(sale)
    for _ in range(2):
        told = till.pay(sale, second, authorisation).json()
        assert (told["status"], told["code"], told["receipt"]) == ("already_paid", "already_paid", paid["receipt"])
    assert (first.balance(), second.balance()) == (981_20, 1_000_00)


def test_not_enough_money_is_declined_for_good(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(1_000_01)
    authorisation = wallet.authorise(sale)
    first = till.pay(sale, wallet, authorisation).json()
    wallet.call("POST", "/top-ups", {"amount": 500_00, "currency": "CNY"})
    again = till.pay(sale, wallet, authorisation).json()
    receipt = Receipt.read(unb64u(first["receipt"]), till.issuers)
    assert (first["status"], first["code"], first["reason"]) == ("declined", "insufficient_funds", 23)
    assert (receipt.claims.outcome, receipt.claims.total_minor, receipt.claims.reason) == (Outcome.DECLINED, 0, 23)
    assert money(again) == money(first)
    assert till.pay(sale, shop.wallet()).json()["code"] == "insufficient_funds"  # declined is final for the intent
    assert till.status(sale) == "declined"


@pytest.mark.parametrize(("after_s", "status"), [(420, "approved"), (421, "declined")])
def test_what_was_not_accepted_offline_may_be_300_s_late(shop: Shop, after_s: int, status: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)  # lives for 120 s
    authorisation = wallet.authorise(sale)
    shop.clock.advance(after_s)
    assert till.pay(sale, wallet, authorisation).json()["status"] == status


def test_too_late_leaves_a_tombstone(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(421)
    late = till.pay(sale, wallet, authorisation).json()
    assert (late["code"], late["reason"], till.status(sale)) == ("expired", 22, "expired")
    shop.clock.advance(-400)  # even for a backend whose clock goes back
    assert till.pay(sale, wallet, authorisation).json()["code"] == "expired"


@pytest.mark.parametrize(
    ("after_s", "status"), [(0, "created"), (420, "created"), (421, "expired")], ids=lambda value: str(value)
)
def test_expired_is_said_only_when_nothing_can_pay_it_any_more(shop: Shop, after_s: int, status: str) -> None:
    till = shop.till()
    sale = till.sale(18_80)
    till.put(sale)
    shop.clock.advance(after_s)
    assert till.status(sale) == status


@pytest.mark.parametrize("swept", [False, True], ids=["nobody noticed", "the sweeper noticed"])
def test_an_expired_intent_accepted_offline_is_judged_all_the_same(shop: Shop, swept: bool) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(3600)
    if swept:
        shop.sweep()
    assert till.pay(sale, wallet, authorisation, offline=True).json()["status"] == "approved"
    assert till.status(sale) == "approved"


def test_an_intent_is_answered_only_to_the_terminal_it_names(shop: Shop) -> None:
    till, stranger, wallet = shop.till(), shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    till.pay(sale, wallet, authorisation)
    calls: list[Callable[[], Any]] = [
        lambda: stranger.call("GET", f"/intents/{sale.intent_id}"),
        lambda: stranger.put(sale),
        lambda: stranger.cancel(sale),
        lambda: stranger.pay(sale, wallet, authorisation),
        lambda: stranger.refund(sale),
    ]
    assert [call().status_code for call in calls] == [404] * 5
    item = till.item(sale, wallet, authorisation)
    verdict = stranger.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"][0]
    assert (verdict["status"], verdict["problem"]["status"]) == ("error", 404)


def test_an_intent_never_heard_of_is_404(shop: Shop) -> None:
    till = shop.till()
    assert till.status(till.sale(1)) == "404"


def test_terminal_counters_may_come_in_any_order(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sales = [till.sale(1_00) for _ in range(3)]
    assert [till.pay(sale, wallet).json()["status"] for sale in reversed(sales)] == ["approved"] * 3
    assert shop.operator.alarms() == []


def test_wallet_counters_may_come_in_any_order(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sales = [(sale, wallet.authorise(sale)) for sale in (till.sale(1_00), till.sale(2_00))]
    assert [till.pay(sale, wallet, signed).json()["status"] for sale, signed in reversed(sales)] == ["approved"] * 2


def test_a_used_terminal_counter_is_booked_and_raises_an_alarm(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(1_00), wallet)
    till.counter -= 1  # a restored SD card
    assert till.pay(till.sale(2_00), wallet).json()["status"] == "approved"
    assert shop.operator.alarms() == ["terminal_counter_reused"]
    till.epoch += 1
    till.counter -= 1
    assert till.pay(till.sale(3_00), wallet).json()["status"] == "approved"
    assert len(shop.operator.alarms()) == 1  # another epoch is another count


def test_two_authorisations_under_one_counter_prove_a_copy(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    first, second, third = (till.sale(1_00) for _ in range(3))
    assert till.pay(first, wallet, wallet.authorise(first, counter=7)).json()["status"] == "approved"
    copy = till.pay(second, wallet, wallet.authorise(second, counter=7)).json()
    assert (copy["status"], copy["code"], copy["reason"]) == ("declined", "counter_reused", 19)
    assert shop.operator.alarms() == ["wallet_copied"]
    assert wallet.call("GET", "/balance").json()["offline_frozen"] is True
    assert till.pay(third, wallet).json()["code"] == "credential_blocked"
    assert wallet.balance() == 999_00
    fresh = SoftwareKey.generate()
    assert "credential" in wallet.certify(fresh).json()  # online only: see test_accounts


def test_a_copy_is_noted_also_where_it_is_a_conflict(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(1_00)
    till.pay(sale, wallet, wallet.authorise(sale, counter=7))
    assert till.pay(sale, wallet, wallet.authorise(sale, counter=7, tip_minor=5)).status_code == 409
    assert shop.operator.alarms() == ["wallet_copied"]


REFUSED: dict[str, tuple[dict[str, Any], str, int]] = {
    "a cent less": ({"total_minor": 18_79}, "wrong_total", 18),
    "a cent more, called no tip": ({"total_minor": 18_81}, "wrong_total", 18),
    "another intent": ({"intent_digest": bytes(32)}, "not_a_wallet", 16),
    "authorised long after its life": ({"authorised_at": 1_800_000_421}, "expired", 22),
    "authorised long before": ({"authorised_at": 1_799_999_699}, "expired", 22),
}


@pytest.mark.parametrize(("claims", "code", "reason"), REFUSED.values(), ids=REFUSED)
def test_the_terminal_is_never_trusted_with_a_check(shop: Shop, claims: dict[str, Any], code: str, reason: int) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    answer = till.pay(sale, wallet, wallet.authorise(sale, **claims)).json()
    assert (answer["status"], answer["code"], answer["reason"]) == ("declined", code, reason)
    assert wallet.balance() == 1_000_00


@pytest.mark.parametrize("spoilt", ["signed by another key", "a terminal's credential", "no COSE at all"])
def test_what_is_no_wallets_is_declined(shop: Shop, spoilt: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    item = till.item(sale, wallet, wallet.authorise(sale))
    other = Wallet(http=shop.http, clock=shop.clock, account_id="", token="", key=SoftwareKey.generate())
    item |= {
        "signed by another key": {"authorisation": b64u(other.authorise(sale))},
        "a terminal's credential": {"wallet_credential": b64u(till.credential)},
        "no COSE at all": {"authorisation": "AA"},
    }[spoilt]
    answer = till.call("POST", "/payments", item).json()
    assert (answer["status"], answer["reason"]) == ("declined", 16)


def test_a_wallet_credential_expires_exactly(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    shop.clock.advance(7 * 86_400 - 1)
    last = till.pay(till.sale(1_00), wallet).json()
    shop.clock.advance(1)
    late = till.pay(till.sale(1_00), wallet).json()
    assert (last["status"], late["code"], late["reason"]) == ("approved", "credential_expired", 17)


@pytest.mark.parametrize(
    "changes",
    [
        {"presentation": "AA"},
        {"presentation": "***"},
        {"authorisation": "A"},
        {"occurred_at": "yesterday, at noon or so"},
        {"accepted_offline": "no"},
        {"wallet_credential": None},
    ],
    ids=lambda changes: next(iter(changes)) + f" {next(iter(changes.values()))!r:.8}",
)
def test_what_cannot_be_read_is_422_and_changes_nothing(shop: Shop, changes: dict[str, Any]) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    item = till.item(sale, wallet, wallet.authorise(sale)) | changes
    assert till.call("POST", "/payments", item).status_code == 422
    assert till.status(sale) == "404"


def test_a_body_that_is_no_json_is_a_problem_document(shop: Shop) -> None:
    answer = shop.till().call("POST", "/payments", b"{")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_body_beyond_2_mib_is_refused(shop: Shop) -> None:
    assert shop.till().call("POST", "/payments", b" " * (2 * 1024 * 1024 + 1)).json()["code"] == "too_large"


def test_a_presentation_forged_by_nobody_we_know_is_refused(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    forged = sale.presentation[:-1] + bytes([sale.presentation[-1] ^ 1])
    spoilt = Sale(intent_id=sale.intent_id, presentation=forged, intent=sale.intent)
    assert till.pay(spoilt, wallet).json()["code"] == "bad_presentation"


def with_other_s(raw: bytes) -> bytes:
    """The same object with the other good ECDSA signature."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = int.from_bytes(raw[-32:], "big")
    return raw[:-32] + (order - s).to_bytes(32, "big")
