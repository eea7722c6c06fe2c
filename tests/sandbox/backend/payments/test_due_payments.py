# SPDX-License-Identifier: Apache-2.0
"""Paying a due and refusing it: the money goes once, the guarantor first, and every side is told."""

from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import Funding
from sandbox.backend.records.tables import DueRow, EventRow
from tests.support.backend import Shop
from tests.support.dues import Owing, owing, refund_id, spend_all
from tests.support.shop import Till, Wallet

TODAY, TOMORROW = "2027-01-15", "2027-01-16"
WINDOW_S = 7 * 86_400
TO_FOUR_IN_THE_MORNING_S = 12 * 3600


@pytest.mark.parametrize(
    ("steps", "answers"),
    [
        (["pay"], ["paid"]),
        (["pay", "pay"], ["paid", "paid"]),
        (["refuse", "refuse"], ["refused", "refused"]),
        (["refuse", "pay"], ["refused", "paid"]),
        (["pay", "refuse"], ["paid", "paid: no"]),
        (["refuse", "pay", "refuse", "pay"], ["refused", "paid", "paid: no", "paid"]),
    ],
    ids=lambda value: ", ".join(value),
)
def test_what_may_follow_what(shop: Shop, steps: list[str], answers: list[str]) -> None:
    owed = owing(shop)
    owed.earns(50_00)
    found = [owed.does(step) for step in steps]
    told = [answer.json().get("state") or f"{answer.json()['code']}: no" for answer in found]
    assert told == answers
    assert [answer.status_code for answer in found] == [409 if said.endswith("no") else 200 for said in answers]
    assert owed.money()[0] == (31_20 if "pay" in steps else 50_00)


def test_the_same_call_gives_the_same_answer(shop: Shop) -> None:
    owed = owing(shop)
    owed.earns(18_80)
    for step in ("refuse", "pay"):
        first = owed.does(step).json()
        shop.clock.advance(60)
        assert (owed.does(step).json(), owed.dues()) == (first, [first])
    assert owed.told() == {"state": "paid", "amount": 18_80}


def test_without_money_nothing_changes_and_a_top_up_helps(shop: Shop) -> None:
    owed = owing(shop)
    owed.earns(18_79)
    before = owed.money()
    answer = owed.does("pay")
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_funds")
    assert (owed.money(), owed.state()) == (before, "open")
    owed.earns(1)
    assert (owed.says("pay"), owed.money()[0]) == ("paid", 0)


@pytest.mark.parametrize(
    ("guaranteed", "before", "after"),
    [
        (None, (18_80, 18_80, -18_80), (0, 18_80, 0)),
        (10_00, (18_80, 10_00, -10_00), (0, 18_80, 0)),
        (0, (18_80, 0, 0), (0, 18_80, 0)),
    ],
    ids=["all was guaranteed", "a part was", "nothing was"],
)
def test_the_guarantor_first_the_rest_to_the_merchant(
    shop: Shop, guaranteed: int | None, before: tuple[int, int, int], after: tuple[int, int, int]
) -> None:
    owed = owing(shop, guaranteed=guaranteed)
    owed.earns(18_80)
    assert owed.money() == before
    owed.does("pay")
    assert owed.money() == after
    *_, posting = shop.operator.call("GET", "/ledger/postings").json()["postings"]
    moved = {entry["account"]: entry["amount"] for entry in posting["entries"]}
    back, rest = -before[2], 18_80 + before[2]
    assert (posting["kind"], posting["intent_id"]) == ("due", owed.sale.intent_id)
    assert moved == {"shopper": -18_80} | ({"guarantee": back} if back else {}) | ({"merchant": rest} if rest else {})


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([], 1_20),
        (["refuse"], 1_20),
        (["pay"], 20_00),
        (["pay", "give back"], 20_00),
        (["give back a part", "pay"], 20_00),
    ],
    ids=lambda value: ", ".join(value) or "open" if isinstance(value, list) else None,
)
def test_what_the_guarantor_got_back_is_guaranteed_anew(shop: Shop, steps: list[str], left: int) -> None:
    owed = owing(shop, guaranteed=20_00)
    owed.earns(18_80)
    for step in steps:
        if step.startswith("give back"):
            owed.till.refund(owed.sale, 5_00 if step.endswith("part") else None)
        else:
            owed.does(step)
    assert next_guarantee(owed) == left


def test_what_the_guarantor_got_back_of_an_older_payment_guarantees_no_more(shop: Shop) -> None:
    owed = owing(shop, guaranteed=20_00)
    owed.earns(18_80)
    shop.clock.advance(WINDOW_S)
    owed.does("pay")
    owed.till.call("GET", "/terminal/config")
    assert (next_guarantee(owed), next_guarantee(owed)) == (20_00, 0)


def next_guarantee(owed: Owing) -> int:
    """Of another payment that its terminal accepted offline, for more than is guaranteed."""
    wallet, sale = owed.shop.wallet(), owed.till.sale(30_00, online=False)
    authorisation = wallet.authorise(sale)
    spend_all(owed.shop, wallet)
    return int(owed.till.pay(sale, wallet, authorisation, offline=True).json()["guaranteed"])


def test_the_money_in_the_verdict_stays_as_it_was(shop: Shop) -> None:
    owed = owing(shop, guaranteed=10_00)
    owed.earns(18_80)
    before = owed.sent_again()
    owed.does("pay")
    assert owed.sent_again() == before | {"due": {"state": "paid", "amount": 18_80}}
    assert (before["total"], before["borne_by"], before["guaranteed"]) == (0, "platform", 10_00)


@pytest.mark.parametrize("guaranteed", [None, 10_00, 0], ids=["all guaranteed", "a part", "nothing"])
def test_what_a_refund_took_off_is_not_paid(shop: Shop, guaranteed: int | None) -> None:
    owed = owing(shop, guaranteed=guaranteed)
    owed.earns(18_80)
    owed.till.refund(owed.sale, 5_00)
    assert (owed.does("pay").json()["amount"], owed.money()) == (13_80, (5_00, 13_80, 0))


def test_a_refund_after_it_was_paid_gives_the_money_back(shop: Shop) -> None:
    owed, name = owing(shop, guaranteed=10_00), refund_id()
    owed.till.refund(owed.sale, 80)
    owed.earns(18_00)
    owed.does("pay")
    answers = [owed.till.refund(owed.sale, 5_00, name).json() for _ in range(2)]
    assert [(answer["state"], answer["amount"]) for answer in answers] == [("done", 5_00)] * 2
    assert owed.money() == (5_00, 13_00, 0)
    too_much = owed.till.refund(owed.sale, 13_01).json()
    assert (too_much["code"], too_much["captured"]) == ("exceeds_captured", 13_00)
    assert owed.till.refund(owed.sale).json()["amount"] == 13_00
    assert (owed.money(), owed.says("pay")) == ((18_00, 0, 0), "paid")
    (payment,) = owed.wallet.call("GET", "/payments").json()["payments"]
    assert (payment["refunded"], payment["due"]) == (18_00, {"state": "paid", "amount": 18_00})


def test_a_cancel_after_it_was_paid_comes_too_late(shop: Shop) -> None:
    owed = owing(shop)
    owed.earns(18_80)
    owed.does("pay")
    assert owed.till.cancel(owed.sale).json()["status"] == "settled"
    assert (owed.till.refund(owed.sale).json()["state"], owed.money()) == ("done", (18_80, 0, 0))


def test_it_is_paid_by_whoever_signed_and_not_from_the_purse(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    purse = wallet.call("POST", "/purses", {"name": "holidays"}).json()["purse_id"]
    sale = till.sale(18_80, online=False)
    authorisation = wallet.authorise(sale, funding=Funding.SHARED_PURSE)
    till.pay(sale, wallet, authorisation, offline=True)
    owed = Owing(shop=shop, till=till, wallet=wallet, sale=sale, authorisation=authorisation)
    wallet.call("POST", f"/purses/{purse}/deposits", {"amount": 100_00, "currency": "CNY"})
    assert (owed.says("pay"), wallet.balance()) == ("paid", 1_000_00 - 100_00 - 18_80)
    till.refund(sale)
    assert wallet.balance() == 900_00


def test_its_voucher_is_used_up_with_it_and_comes_back_with_a_refund(shop: Shop) -> None:
    owed = owing_less_vouchers(shop, [5_00])
    assert (owed.told(), vouchers(owed.wallet)) == ({"state": "open", "amount": 13_80}, [(5_00, False)])
    owed.does("pay")
    assert (vouchers(owed.wallet), owed.wallet.balance()) == ([(5_00, True)], 0)
    owed.till.refund(owed.sale)
    assert (sorted(vouchers(owed.wallet)), owed.wallet.balance()) == ([(5_00, False), (5_00, True)], 13_80)


@pytest.mark.parametrize(
    ("values", "elsewhere", "refunds", "back"),
    [
        ([5_00], [5_00], [None], []),
        ([5_00], [5_00], [5_00, None], []),
        ([5_00, 3_00], [5_00], [None], [3_00]),
        ([5_00, 3_00], [3_00], [5_40, 5_40], [2_50, 2_50]),
        ([5_00, 3_00], [3_00, 5_00], [None], []),
    ],
    ids=["the only one", "in parts", "one of two", "one of two, in parts", "both"],
)
def test_a_voucher_that_was_spent_elsewhere_meanwhile_does_not_come_back(
    shop: Shop, values: list[int], elsewhere: list[int], refunds: list[int | None], back: list[int]
) -> None:
    owed = owing_less_vouchers(shop, values)
    for value in elsewhere:
        (one,) = [one for one in owed.wallet.call("GET", "/vouchers").json()["vouchers"] if one["value"] == value]
        other = owed.till.sale(value)
        owed.till.put(other)
        paid = owed.wallet.call("POST", f"/intents/{other.intent_id}/pay", {"vouchers": [one["voucher_id"]]})
        assert paid.json()["status"] == "approved"
    owed.does("pay")
    for minor in refunds:
        assert owed.till.refund(owed.sale, minor).json()["state"] == "done"
    assert [value for value, spent in vouchers(owed.wallet) if not spent] == back


def test_what_no_voucher_took_off_is_not_given_back_as_one(shop: Shop) -> None:
    """Declined for a wrong total, its due is of that total; what it was short of is nobody's voucher."""
    owed = owing(shop, total_minor=13_80)
    owed.earns(13_80)
    assert (owed.dues()[0]["code"], owed.says("pay")) == ("wrong_total", "paid")
    owed.till.refund(owed.sale)
    assert (vouchers(owed.wallet), owed.wallet.balance()) == ([], 13_80)


def owing_less_vouchers(shop: Shop, values: list[int]) -> Owing:
    """18.80 less these, declined for want of money; the shopper has it again."""
    till, wallet = shop.till(), shop.wallet()
    now = shop.clock.now()
    for value in values:
        coupon = {"account_id": wallet.account_id, "merchant_id": "M-0001", "value": value, "not_before": now,
                  "not_after": now + 3600}  # fmt: skip
        shop.operator.call("POST", "/coupons", coupon)
    sale = till.sale(18_80)
    kid = b64u(PublicKey.of(wallet.key).kid)
    signed_vouchers = wallet.call("GET", f"/vouchers?kid={kid}").json()["vouchers"]
    total = 18_80 - sum(values)
    shown = tuple(unb64u(voucher["voucher"]) for voucher in signed_vouchers)
    signed = wallet.authorise(sale, vouchers=shown, total_minor=total)
    spend_all(shop, wallet)
    till.pay(sale, wallet, signed)
    till.pay(sale, wallet, signed, offline=True)
    owed = Owing(shop=shop, till=till, wallet=wallet, sale=sale, authorisation=signed)
    owed.earns(total)
    return owed


def vouchers(wallet: Wallet) -> list[tuple[int, bool]]:
    return [(one["value"], one["spent"]) for one in wallet.call("GET", "/vouchers").json()["vouchers"]]


@pytest.mark.parametrize("what", ["pay", "refuse"])
@pytest.mark.parametrize("whose", ["another account's", "nobody's", "of a payment that was approved"])
def test_somebody_elses_is_not_there(shop: Shop, what: str, whose: str) -> None:
    owed, other = owing(shop), shop.wallet()
    intent_id = owed.sale.intent_id
    if whose == "nobody's":
        intent_id = str(uuid4())
    if whose == "of a payment that was approved":
        sale = owed.till.sale(1_00)
        owed.till.pay(sale, other)
        intent_id = sale.intent_id
    answer = other.call("POST", f"/dues/{intent_id}/{what}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (owed.state(), other.call("GET", "/dues").json()) == ("open", {"dues": []})


@pytest.mark.parametrize(("name", "status"), [("yesterday", 404), ("dieß", 422), ("A" * 50, 422)])
def test_a_name_that_is_none_is_refused(shop: Shop, name: str, status: int) -> None:
    assert shop.wallet().call("POST", f"/dues/{name}/pay").status_code == status


def test_nobody_asks_without_a_token(shop: Shop) -> None:
    assert shop.http.get("/wallet/v1/dues").status_code == 401


def test_each_change_is_told_to_the_terminal(shop: Shop) -> None:
    owed = owing(shop)
    owed.earns(18_80)
    owed.till.refund(owed.sale, 80)
    for step in ("refuse", "refuse", "pay", "pay"):
        owed.does(step)
    owed.till.refund(owed.sale)
    assert told_of(owed) == [("open", 18_80), ("open", 18_00), ("refused", 18_00), ("paid", 18_00), ("paid", 18_00)]


@pytest.mark.parametrize("how", ["cancelled", "refunded"])
def test_a_withdrawal_is_told_too(shop: Shop, how: str) -> None:
    owed = owing(shop)
    (owed.till.cancel if how == "cancelled" else owed.till.refund)(owed.sale)
    assert told_of(owed) == [("open", 18_80), ("withdrawn", 18_80 if how == "cancelled" else 0)]


# --- the settlement ---------------------------------------------------------------------------------------------------


def day(till: Till, on: str) -> dict[str, list[int]]:
    entries = till.call("GET", f"/settlements/{on}").json()["entries"]
    return {kind: [one["amount"] for one in entries if one["kind"] == kind]
            for kind in sorted({one["kind"] for one in entries})}  # fmt: skip


@pytest.mark.parametrize("run_between", [True, False], ids=["the first day was run", "nothing was run yet"])
def test_it_settles_on_the_day_it_was_paid(shop: Shop, run_between: bool) -> None:
    owed = owing(shop, guaranteed=10_00)
    owed.earns(18_80)
    shop.clock.advance(TO_FOUR_IN_THE_MORNING_S)
    if run_between:
        shop.operator.call("POST", f"/settlements/{TODAY}")
    owed.does("pay")
    owed.till.refund(owed.sale, 80)
    assert (day(owed.till, TODAY), day(owed.till, TOMORROW)) == (
        {"guarantee": [10_00]}, {"due": [8_80], "refund": [-80]}
    )  # fmt: skip
    settled = [shop.operator.call("POST", f"/settlements/{TOMORROW}").json()["settled"] for _ in range(2)]
    assert settled == [2 if run_between else 3, 0]
    (due,) = [e for e in owed.till.call("GET", f"/settlements/{TOMORROW}").json()["entries"] if e["kind"] == "due"]
    assert (due["business_date"], due["at"], due["intent_id"]) == (
        TOMORROW,
        "2027-01-15T20:00:00Z",
        owed.sale.intent_id,
    )
    assert sum(sum(amounts) for on in {TODAY, TOMORROW} for amounts in day(owed.till, on).values()) == owed.money()[1]


def test_what_was_guaranteed_whole_is_no_line_of_the_merchants(shop: Shop) -> None:
    owed = owing(shop)
    owed.earns(18_80)
    owed.does("pay")
    assert day(owed.till, TODAY) == {"guarantee": [18_80]}


@pytest.mark.parametrize("before", ["open", "refused"])
def test_what_is_not_paid_is_not_settled(shop: Shop, before: str) -> None:
    owed = owing(shop, guaranteed=0)
    if before == "refused":
        owed.does("refuse")
    assert (day(owed.till, TODAY), shop.operator.call("POST", f"/settlements/{TODAY}").json()["settled"]) == ({}, 0)


# --- what must never be, even by a bug --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bug",
    [
        {"refunded_minor": 18_81},
        {"to_guarantor_minor": 18_81},
        {"state": "open", "to_guarantor_minor": 1},
        {"amount_minor": -1},
    ],
    ids=["more refunded than paid", "more to the guarantor than paid", "money of an open one", "less than nothing"],
)
def test_the_tables_take_no_such_due(shop: Shop, bug: dict[str, object]) -> None:
    owed = owing(shop, guaranteed=0)
    owed.earns(18_80)
    owed.does("pay")
    with pytest.raises(IntegrityError):
        shop.backend.db.write(lambda session: session.execute(update(DueRow).values(**bug)))


def told_of(owed: Owing) -> list[tuple[str, int]]:
    """The due in each event `payment` of this sale."""
    with owed.shop.backend.db.read() as session:
        rows = session.scalars(
            select(EventRow.data)
            .where(EventRow.terminal_id == owed.till.terminal_id, EventRow.kind == "payment")
            .order_by(EventRow.seq)
        )
        return [(data["due"]["state"], data["due"]["amount"]) for data in rows]
