# SPDX-License-Identifier: Apache-2.0
"""Paying by the page (tap protocol §3, backend API shopper side): claims, ids, presentations, confirmation codes."""

import pytest

from pengpos.wire.confirmation_code import confirmation_code
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.receipt import Outcome, Receipt
from sandbox.backend.kernel import limits
from tests.support.backend import Shop


def test_a_registered_intent_has_a_one_time_address_with_nothing_secret(shop: Shop) -> None:
    till = shop.till()
    sale = till.sale(18_80)
    answer = till.put(sale).json()
    assert answer == {
        "url": f"{shop.backend.origin}/t/{b64u(sale.intent.claims.intent_id)}", "status": "created"
    }  # fmt: skip
    assert till.put(sale).json() == answer


@pytest.mark.parametrize("named", ["uuid", "22 characters", "presentation in the path", "presentation in the body"])
def test_an_intent_is_paid_under_every_name(shop: Shop, named: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    if not named.startswith("presentation"):
        till.put(sale)
    short = b64u(sale.intent.claims.intent_id)
    path = {"22 characters": short, "presentation in the path": sale.text}.get(named, sale.intent_id)
    body = {"presentation": sale.text} if named == "presentation in the body" else None
    seen = wallet.call("POST", f"/intents/{path}/claim", body).json()
    assert (seen["status"], seen["merchant"]["name"], seen["amount"]) == ("claimed", "晨光咖啡", 18_80)
    answer = wallet.call("POST", f"/intents/{path}/pay", body).json()
    receipt = Receipt.read(unb64u(answer["receipt"]), till.issuers)
    assert (answer["status"], receipt.claims.outcome, till.status(sale)) == ("approved", Outcome.APPROVED, "approved")
    assert wallet.balance() == 981_20


def test_an_intent_nobody_registered_is_404(shop: Shop) -> None:
    sale = shop.till().sale(1)
    assert shop.wallet().call("POST", f"/intents/{sale.intent_id}/claim").status_code == 404


def test_a_claim_keeps_others_out_for_60_s(shop: Shop) -> None:
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    first.call("POST", f"/intents/{sale.intent_id}/claim")
    assert till.status(sale) == "claimed"
    for call in ("claim", "pay"):
        answer = second.call("POST", f"/intents/{sale.intent_id}/{call}")
        assert (answer.status_code, answer.json()["code"]) == (409, "claimed")
        assert answer.json()["claimed_until"] == "2027-01-15T08:01:00Z"
    shop.clock.advance(59)
    first.call("POST", f"/intents/{sale.intent_id}/claim")  # claiming again prolongs nothing
    shop.clock.advance(1)
    assert till.status(sale) == "created"
    assert second.call("POST", f"/intents/{sale.intent_id}/pay").json()["status"] == "approved"


def test_a_released_claim_is_free(shop: Shop) -> None:
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    first.call("POST", f"/intents/{sale.intent_id}/claim")
    assert second.call("POST", f"/intents/{sale.intent_id}/release").json()["status"] == "claimed"
    assert first.call("POST", f"/intents/{sale.intent_id}/release").json()["status"] == "created"
    assert second.call("POST", f"/intents/{sale.intent_id}/claim").json()["claimed_by_me"] is True


def test_looking_claims_nothing(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    assert wallet.call("GET", f"/intents/{sale.intent_id}").json()["status"] == "created"
    assert till.status(sale) == "created"


def test_a_claim_does_not_keep_a_tap_out_and_the_first_booked_wins(shop: Shop) -> None:
    till, by_page, by_tap = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    by_page.call("POST", f"/intents/{sale.intent_id}/claim")
    paid = till.pay(sale, by_tap).json()
    told = by_page.call("POST", f"/intents/{sale.intent_id}/pay").json()
    assert (paid["status"], told["status"], told["receipt"]) == ("approved", "already_paid", paid["receipt"])
    assert (by_page.balance(), by_tap.balance()) == (1_000_00, 981_20)
    claimed = by_page.call("POST", f"/intents/{sale.intent_id}/claim")
    assert (claimed.status_code, claimed.json()["code"]) == (409, "already_paid")  # there is nothing to claim


def test_a_tap_after_the_page_is_already_paid(shop: Shop) -> None:
    till, by_page, by_tap = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    paid = by_page.call("POST", f"/intents/{sale.text}/pay").json()
    for offline in (False, True):
        other = by_tap if not offline else shop.wallet()
        told = till.pay(sale, other, offline=offline).json()
        assert (told["status"], told["receipt"], other.balance()) == ("already_paid", paid["receipt"], 1_000_00)


def test_paying_again_gives_the_same_answer(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80, online=False)
    first = wallet.call("POST", f"/intents/{sale.text}/pay").json()
    shop.clock.advance(86_400)
    assert wallet.call("POST", f"/intents/{sale.text}/pay").json() == first
    assert wallet.balance() == 981_20


@pytest.mark.parametrize(
    ("amount", "status", "code"),
    [(18_05, "declined", "declined"), (18_51, "declined", "insufficient_funds"), (18_27, "held", "held_for_review")],
)
def test_paying_again_after_a_refusal_or_while_it_is_held_begins_nothing_new(
    magic_shop: Shop, amount: int, status: str, code: str
) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    sale = till.sale(amount)
    first = wallet.call("POST", f"/intents/{sale.text}/pay").json()
    assert (first["status"], first["code"]) == (status, code)
    assert wallet.call("POST", f"/intents/{sale.text}/pay").json() == first
    assert len(wallet.call("GET", "/payments").json()["payments"]) == 1
    assert wallet.balance() == 1_000_00


def test_looking_afterwards_tells_each_account_its_own_payment_only(shop: Shop) -> None:
    till, wallet, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80, online=False)
    paid = wallet.call("POST", f"/intents/{sale.text}/pay").json()
    second.call("POST", f"/intents/{sale.text}/pay")
    mine, theirs = (payer.call("GET", f"/intents/{sale.intent_id}").json() for payer in (wallet, second))
    assert (mine["status"], mine["payment"]) == ("approved", paid)
    assert (theirs["status"], "payment" in theirs) == ("approved", False)


def test_looking_says_why_an_intent_has_ended_and_what_the_backends_clock_says(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.cancel(sale)
    seen = wallet.call("GET", f"/intents/{sale.intent_id}").json()
    assert (seen["status"], seen["code"], seen["reason"]) == ("cancelled", "cancelled", 22)
    assert seen["now"] == "2027-01-15T08:00:00Z"


def test_a_lost_answer_is_rehearsed_by_the_page_too(magic_shop: Shop) -> None:
    wallet, sale = magic_shop.wallet(), magic_shop.till().sale(18_28)
    with pytest.raises(ConnectionAbortedError):
        wallet.call("POST", f"/intents/{sale.text}/pay")
    assert wallet.call("GET", f"/intents/{sale.text}").json()["payment"]["status"] == "approved"
    assert wallet.call("POST", f"/intents/{sale.text}/pay").json()["total"] == 18_28
    assert wallet.balance() == 981_72


def test_an_offline_terminals_intent_brings_the_confirmation_code(shop: Shop) -> None:
    till, wallet, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80, online=False)
    answer = wallet.call("POST", f"/intents/{sale.text}/pay").json()
    right = confirmation_code(till.confirmation_secret, sale.intent.claims.intent_id, 18_80)
    assert answer["confirmation_code"] == right
    assert wallet.call("GET", "/payments").json()["payments"][0]["confirmation_code"] == right
    assert "confirmation_code" not in second.call("POST", f"/intents/{sale.text}/pay").json()


def test_an_online_terminal_needs_no_code(shop: Shop) -> None:
    sale = shop.till().sale(18_80)
    assert "confirmation_code" not in shop.wallet().call("POST", f"/intents/{sale.text}/pay").json()


@pytest.mark.parametrize(("online", "status", "told"), [(True, 200, 20_00), (False, 422, "terminal_offline")])
def test_a_tip_is_offered_only_where_the_terminal_is_online(
    shop: Shop, online: bool, status: int, told: int | str
) -> None:
    sale = shop.till().sale(18_80, online=online)
    answer = shop.wallet().call("POST", f"/intents/{sale.text}/pay", {"tip": 1_20})
    assert (answer.status_code, answer.json()["total" if status == 200 else "code"]) == (status, told)


def test_not_enough_money_ends_nothing(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(1_000_01)
    till.put(sale)
    assert wallet.call("POST", f"/intents/{sale.intent_id}/pay").json()["code"] == "insufficient_funds"
    assert till.status(sale) == "created"
    wallet.call("POST", "/top-ups", {"amount": 1, "currency": "CNY"})
    short = wallet.call("POST", f"/intents/{sale.intent_id}/pay").json()
    assert short["code"] == "insufficient_funds", "what is set aside for promises pays by taps only"
    wallet.call("POST", "/top-ups", {"amount": 200_00, "currency": "CNY"})
    assert wallet.call("POST", f"/intents/{sale.intent_id}/pay").json()["status"] == "approved"


@pytest.mark.parametrize(("after_s", "told"), [(420, "approved"), (421, "expired")])
def test_an_intent_is_payable_300_s_beyond_its_life(shop: Shop, after_s: int, told: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    shop.clock.advance(after_s)
    assert wallet.call("POST", f"/intents/{sale.text}/pay").json()["code"] == told


def test_a_revoked_terminals_intent_is_not_paid(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
    assert wallet.call("POST", f"/intents/{sale.text}/pay").json()["code"] == "terminal_revoked"


def test_claiming_needs_a_token(shop: Shop) -> None:
    sale = shop.till().sale(18_80)
    answer = shop.http.post(f"/wallet/v1/intents/{sale.text}/claim")
    assert (answer.status_code, answer.json()["code"]) == (401, "token")


def test_a_receipts_address_shows_merchant_amount_lines_and_time_only(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    url = till.pay(sale, wallet).json()["receipt_url"]
    token = url.rpartition("/")[2]
    assert len(unb64u(token)) == 16
    shown = shop.http.get(f"/wallet/v1/receipts/{token}").json()
    assert shown == {
        "merchant": "晨光咖啡", "number": f"{till.terminal_id[-4:]}-0001", "amount": 18_80, "currency": "CNY",
        "currency_digits": 2,
        "at": "2027-01-15T08:00:00Z", "status": "paid",
        "lines": [{"kind": "amount", "label": "商品金额", "amount": 18_80}],
    }  # fmt: skip
    till.refund(sale, 80)
    assert shop.http.get(f"/wallet/v1/receipts/{token}").json()["status"] == "partly_refunded"
    assert shop.http.get(f"/wallet/v1/receipts/{b64u(bytes(16))}").status_code == 404


# --- claims are bounded -----------------------------------------------------------------------------------------------


def test_who_claims_and_does_not_pay_claims_that_intent_no_more_and_may_still_pay(shop: Shop) -> None:
    till, thief, shopper = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80, lifetime_s=300)
    for number in range(limits.CLAIMS_OF_INTENT.most):
        assert thief.call("POST", f"/intents/{sale.text}/claim").json()["status"] == "claimed"
        assert thief.call("POST", f"/intents/{sale.text}/claim").status_code == 200  # while it lasts, that is no other
        if number < 3:
            shop.clock.advance(61)
        else:
            thief.call("POST", f"/intents/{sale.text}/release")
    refused = thief.call("POST", f"/intents/{sale.text}/claim")
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (429, "too_many", "60")
    assert refused.headers["content-type"] == "application/problem+json"
    assert till.status(sale) == "created"
    assert shopper.call("POST", f"/intents/{sale.text}/claim").json()["claimed_by_me"] is True
    shopper.call("POST", f"/intents/{sale.text}/release")
    assert thief.call("POST", f"/intents/{sale.text}/pay").json()["status"] == "approved"


@pytest.mark.parametrize("ends", ["lapsed", "released"])
@pytest.mark.parametrize("again", ["the same account", "another one"])
def test_only_the_first_claim_of_an_intent_keeps_others_out(shop: Shop, ends: str, again: str) -> None:
    """Accounts are free: together they shut a sale by QR for a minute, and no second time."""
    till, thief, shopper = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80, lifetime_s=300)
    thief.call("POST", f"/intents/{sale.text}/claim")
    assert shopper.call("POST", f"/intents/{sale.text}/claim").json()["code"] == "claimed"
    if ends == "released":
        thief.call("POST", f"/intents/{sale.text}/release")
    else:
        shop.clock.advance(60)
    other = thief if again == "the same account" else shop.wallet()
    assert other.call("POST", f"/intents/{sale.text}/claim").json()["claimed_by_me"] is True
    assert shopper.call("GET", f"/intents/{sale.intent_id}").json()["status"] == "created"
    opened = shopper.call("POST", f"/intents/{sale.text}/open").json()
    assert (opened["intent"]["status"], opened["intent"]["claimed_by_me"]) == ("claimed", True)
    assert other.call("POST", f"/intents/{sale.text}/claim").json()["claimed_by_me"] is True  # nor does the third
    assert shopper.call("POST", f"/intents/{sale.text}/pay").json()["status"] == "approved"


def test_while_a_friend_is_asked_every_claim_keeps_others_out(shop: Shop) -> None:
    """The terminal has said so, and waits."""
    till, asker, other = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    for call in ("claim", "release", "claim"):
        asker.call("POST", f"/intents/{sale.intent_id}/{call}")
    assert till.call("POST", "/payment-requests", {"presentation": sale.text}).status_code == 200
    for call in ("claim", "pay"):
        assert other.call("POST", f"/intents/{sale.intent_id}/{call}").json()["code"] == "claimed"


def test_a_released_claim_counts(shop: Shop) -> None:
    till, thief = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    codes = []
    for _ in range(limits.CLAIMS_OF_INTENT.most + 1):
        codes.append(thief.call("POST", f"/intents/{sale.text}/claim").status_code)
        thief.call("POST", f"/intents/{sale.text}/release")
    assert codes == [200] * limits.CLAIMS_OF_INTENT.most + [429]


def test_many_accounts_do_not_claim_one_intent_without_end(shop: Shop) -> None:
    till = shop.till()
    sale = till.sale(18_80)
    codes = []
    for _ in range(limits.CLAIMANTS.most + 1):
        thief = shop.wallet(with_credential=False)
        codes.append(thief.call("POST", f"/intents/{sale.text}/claim").status_code)
        thief.call("POST", f"/intents/{sale.text}/release")
    assert codes == [200] * limits.CLAIMANTS.most + [429]
    assert shop.wallet().call("POST", f"/intents/{sale.text}/pay").json()["status"] == "approved"


def test_one_account_does_not_claim_everything(shop: Shop) -> None:
    till, thief = shop.till(), shop.wallet()
    most = limits.CLAIMED_INTENTS.most
    codes = [thief.call("POST", f"/intents/{till.sale(1).text}/claim").status_code for _ in range(most + 1)]
    assert codes == [200] * most + [429]
    shop.clock.advance(601)
    assert thief.call("POST", f"/intents/{till.sale(1).text}/claim").status_code == 200


# --- the number of a sale ---------------------------------------------------------------------------------------------


def test_the_shopper_reads_the_number_that_the_screen_shows(shop: Shop) -> None:
    """On the page before and after paying, in the list of payments, on the receipt; another try keeps the first's."""
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.call("PUT", f"/intents/{sale.intent_id}", {"presentation": sale.text, "number": "7QX2-0042"})
    assert wallet.call("GET", f"/intents/{sale.intent_id}").json()["number"] == "7QX2-0042"
    paid = wallet.call("POST", f"/intents/{sale.intent_id}/pay", {}).json()
    assert paid["number"] == "7QX2-0042"
    assert wallet.call("GET", "/payments").json()["payments"][0]["number"] == "7QX2-0042"
    receipt = wallet.call("GET", f"/receipts/{paid['receipt_url'].rsplit('/', 1)[-1]}").json()
    assert receipt["number"] == "7QX2-0042"


def test_a_terminal_of_page_1_1_says_no_number_and_its_first_try_is_numbered_alike(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    expected = f"{till.terminal_id.rsplit('-', 1)[-1][-4:]}-{sale.intent.claims.counter:04d}"
    assert wallet.call("GET", f"/intents/{sale.intent_id}").json()["number"] == expected


@pytest.mark.parametrize("number", ["", "x" * 17, "a b", "<b>", "七", 7])
def test_what_is_no_number_is_refused(shop: Shop, number: object) -> None:
    till = shop.till()
    sale = till.sale(1_00)
    answer = till.call("PUT", f"/intents/{sale.intent_id}", {"presentation": sale.text, "number": number})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
