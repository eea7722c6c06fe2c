# SPDX-License-Identifier: Apache-2.0
"""Money for testing (backend API): what each ending does, and that none does anything unasked."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.backend import Shop

ENDINGS = (1, 5, 21, 22, 23, 24, 26, 27, 28, 29, 51, 54)

REFUSED = {
    ".01 call issuer": (10_01, "call_issuer", 23),
    ".05 declined": (10_05, "declined", 23),
    ".51 not enough money": (10_51, "insufficient_funds", 23),
    ".54 wallet expired": (10_54, "credential_expired", 17),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_without_the_switch_every_amount_is_ordinary(shop: Shop, ending: int) -> None:
    till, wallet = shop.till(), shop.wallet()
    assert till.pay(till.sale(10_00 + ending), wallet).json()["status"] == "approved"
    assert shop.naps.taken == []


@pytest.mark.parametrize(("amount", "code", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_by_tap_and_by_page(magic_shop: Shop, amount: int, code: str, reason: int) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    by_tap = till.pay(till.sale(amount), wallet).json()
    by_page = wallet.call("POST", f"/intents/{till.sale(amount).text}/pay").json()
    for answer in (by_tap, by_page):
        assert (answer["status"], answer["code"], answer["reason"]) == ("declined", code, reason)
    assert wallet.balance() == 1_000_00


@pytest.mark.parametrize(
    "amount",
    [*ENDINGS, 1_00, 1_20, 5_20, 9_90, 12_25, 13_14, 18_20, 18_80, 18_88, 66_66],
    ids=lambda minor: f"{minor / 100:.2f}",
)
def test_what_somebody_tries_first_is_ordinary(magic_shop: Shop, amount: int) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    assert till.pay(till.sale(amount), wallet).json()["status"] == "approved"
    assert magic_shop.naps.taken == []


def test_28_is_booked_and_the_first_answer_is_lost(real_shop: Shop) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    sale = till.sale(10_28)
    authorisation = wallet.authorise(sale)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        till.pay(sale, wallet, authorisation)
    assert (till.status(sale), wallet.balance()) == ("approved", 989_72)
    assert till.pay(sale, wallet, authorisation).json()["status"] == "approved"
    assert wallet.balance() == 989_72


def test_21_is_told_twice(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    till.pay(till.sale(10_21), wallet)
    assert kinds(magic_shop, till.terminal_id) == ["payment", "intent", "payment", "intent"]
    assert wallet.balance() == 989_79


def test_22_is_slow_and_29_comes_after_its_event(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    slow, later = till.sale(10_22), till.sale(10_29)
    authorisation = wallet.authorise(later)
    assert till.pay(slow, wallet).json()["status"] == "approved"
    assert till.pay(later, wallet, authorisation).json()["status"] == "approved"
    assert till.pay(later, wallet, authorisation).json()["status"] == "approved"
    assert magic_shop.naps.taken == [30.0, 1.0]


def test_a_slow_answer_keeps_nobody_else_waiting(real_shop: Shop) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(till.pay, till.sale(10_22), wallet)
        assert slow.result(20).json()["status"] == "approved"
    assert real_shop.naps.taken == [30.0]


def test_23_is_declined_only_at_sync(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    assert till.pay(till.sale(10_23), wallet).json()["status"] == "approved"
    answer = till.pay(till.sale(10_23, online=False), wallet, offline=True).json()
    assert (answer["status"], answer["borne_by"]) == ("declined", "platform")


def test_24_is_declined_softly_and_the_next_of_that_amount_approved(magic_shop: Shop) -> None:
    till, other, wallet = magic_shop.till(), magic_shop.till(), magic_shop.wallet()
    pays = [(till, 10_24), (other, 10_24), (till, 20_24), (till, 10_24), (till, 10_24)]
    told = [one.pay(one.sale(amount), wallet).json()["code"] for one, amount in pays]
    assert told == ["soft_decline", "soft_decline", "soft_decline", "approved", "soft_decline"]


def test_26_is_refunded_and_fails_later(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    sale = till.sale(10_26)
    till.pay(sale, wallet)
    refund_id = till.refund(sale).json()["refund_id"]
    assert wallet.balance() == 1_000_00
    magic_shop.clock.advance(5)
    magic_shop.sweep()
    magic_shop.sweep()
    assert wallet.balance() == 989_74
    payment = till.call("GET", f"/intents/{sale.intent_id}").json()["payment"]
    assert (payment["refunded"], payment["refunds"][0]["state"]) == (0, "failed")
    assert till.refund(sale, None, refund_id).json()["state"] == "failed"
    assert kinds(magic_shop, till.terminal_id)[-2:] == ["payment", "intent"]


def test_27_is_held_and_approved_by_itself(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    sale = till.sale(10_27)
    authorisation = wallet.authorise(sale)
    held = till.pay(sale, wallet, authorisation).json()
    assert (held["status"], held["code"], held["reason"]) == ("held", "held_for_review", 24)
    assert (till.status(sale), wallet.balance()) == ("held", 1_000_00)
    magic_shop.clock.advance(10)
    magic_shop.sweep()
    assert (till.status(sale), wallet.balance()) == ("approved", 989_73)
    assert till.pay(sale, wallet, authorisation).json()["status"] == "approved"


@pytest.mark.parametrize(("approve", "status"), [(True, "approved"), (False, "declined")])
def test_a_person_may_end_a_review(magic_shop: Shop, approve: bool, status: str) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    sale = till.sale(10_27)
    till.pay(sale, wallet)
    path = f"/payments/{sale.intent_id}/review"
    assert magic_shop.operator.call("POST", path, {"approve": approve}).status_code == 204
    assert till.status(sale) == status
    assert magic_shop.operator.call("POST", path, {"approve": approve}).status_code == 404


@pytest.mark.parametrize(("signed_first", "status"), [(True, "held"), (False, "declined")])
def test_what_a_revoked_terminal_delivers_is_approved_by_a_person_alone(
    shop: Shop, signed_first: bool, status: str
) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(10_00, online=False)
    shop.clock.advance(10)
    if signed_first:
        item = till.item(sale, wallet, wallet.authorise(sale, authorised_at=shop.clock.now() - 1), offline=True)
    else:
        item = till.item(sale, wallet, wallet.authorise(sale), offline=True)
    shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
    till.call("POST", "/payments/batch", [item])
    shop.clock.advance(899)
    shop.sweep()
    assert till.status(sale) == "held"
    shop.clock.advance(1)
    shop.sweep()
    assert till.status(sale) == status
    assert shop.operator.alarms() == ["order_held"]
    shop.clock.advance(30 * 86_400)
    shop.sweep()
    assert till.status(sale) == status
    decided = shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": True})
    assert (decided.status_code, till.status(sale)) == ((204, "approved") if signed_first else (404, "declined"))


def test_whoever_is_held_loses_against_a_booked_payment(magic_shop: Shop) -> None:
    till, held, other = magic_shop.till(), magic_shop.wallet(), magic_shop.wallet()
    sale = till.sale(10_27)
    authorisation = held.authorise(sale)
    till.pay(sale, held, authorisation)
    till.pay(sale, other)
    magic_shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": True})
    magic_shop.clock.advance(901)
    magic_shop.sweep()
    assert {held.balance(), other.balance()} == {1_000_00, 989_73}
    assert {till.pay(sale, held, authorisation).json()["status"], till.status(sale)} <= {"approved", "already_paid"}


def kinds(shop: Shop, terminal_id: str) -> list[str]:
    """The kinds of all events a terminal was told, in order."""
    from sqlalchemy import select

    from sandbox.backend.records.tables import EventRow

    with shop.backend.db.read() as session:
        rows = session.scalars(select(EventRow).where(EventRow.terminal_id == terminal_id).order_by(EventRow.seq))
        return [row.kind for row in rows]
