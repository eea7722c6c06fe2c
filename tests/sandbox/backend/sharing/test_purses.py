# SPDX-License-Identifier: Apache-2.0
"""Purses (backend API): filled by all, paid from by all, within a budget."""

import pytest
from sqlalchemy import func, select

from pengpos.wire.objects.authorisation import Funding
from sandbox.backend.kernel import limits
from sandbox.backend.records.tables import PaymentRow, PaymentStatus
from tests.support.backend import Shop
from tests.support.shop import Sale, Wallet


def test_a_purse_is_filled_by_all_and_paid_from_by_all(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    made = wallet.call("POST", "/purses", {"name": "周末", "members": [other.account_id]}).json()
    other.call("POST", f"/purses/{made['purse_id']}/accept")
    for member, amount in ((wallet, 30_00), (other, 20_00)):
        member.call("POST", f"/purses/{made['purse_id']}/deposits", {"amount": amount, "currency": "CNY"})
    sale, paged = till.sale(35_00), till.sale(10_00)
    assert till.pay(sale, other, other.authorise(sale, funding=Funding.SHARED_PURSE)).json()["status"] == "approved"
    wallet.call("POST", f"/intents/{paged.text}/pay", {"purse": made["purse_id"]})
    (seen,) = other.call("GET", "/purses").json()["purses"]
    assert seen["balances"] == [{"amount": 5_00, "currency": "CNY", "currency_digits": 2}]
    assert [(entry["account_id"], entry["amount"]) for entry in seen["entries"]] == [
        (wallet.account_id, 10_00), (other.account_id, 35_00)
    ]  # fmt: skip
    till.refund(sale)
    assert other.call("GET", "/purses").json()["purses"][0]["balances"][0]["amount"] == 40_00
    assert (wallet.balance(), other.balance()) == (970_00, 980_00)


@pytest.mark.parametrize(
    ("budget", "filled", "code"),
    [(None, 9_99, "insufficient_funds"), (9_99, 20_00, "over_budget"), (10_00, 20_00, "approved")],
)
def test_a_purse_has_its_limits(shop: Shop, budget: int | None, filled: int, code: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    made = wallet.call("POST", "/purses", {"name": "周末", "budget": budget}).json()
    wallet.call("POST", f"/purses/{made['purse_id']}/deposits", {"amount": filled, "currency": "CNY"})
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["code"] == code


def test_what_was_spent_is_what_its_payments_took_and_did_not_give_back(shop: Shop) -> None:
    """It is known without adding its payments up, and a budget is held against it."""
    till, wallet = shop.till(), shop.wallet()
    purse = wallet.call("POST", "/purses", {"name": "周末", "budget": 30_00}).json()["purse_id"]

    def pay(amount: int) -> tuple[Sale, str]:
        sale = till.sale(amount)
        return sale, till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["code"]

    def spent() -> int:
        (seen,) = wallet.call("GET", "/purses").json()["purses"]
        with shop.backend.db.read() as session:
            added_up = session.scalar(
                select(func.sum(PaymentRow.taken_minor - PaymentRow.refunded_minor)).where(
                    PaymentRow.purse_id == purse, PaymentRow.status == PaymentStatus.APPROVED
                )
            )
        assert seen["spent"] == (added_up or 0)
        return int(seen["spent"])

    wallet.call("POST", f"/purses/{purse}/deposits", {"amount": 50_00, "currency": "CNY"})
    assert spent() == 0
    (first, code), (second, _), (_, refused) = pay(12_00), pay(18_00), pay(1)
    assert (code, refused, spent()) == ("approved", "over_budget", 30_00)
    till.refund(first, 5_00)
    till.cancel(second)
    wallet.call("POST", f"/purses/{purse}/deposits", {"amount": 10_00, "currency": "CNY"})
    assert spent() == 7_00
    assert [pay(23_01)[1], pay(23_00)[1], spent()] == ["over_budget", "approved", 30_00]


def test_who_has_no_purse_pays_from_none(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["code"] == "no_purse"
    purse_id = other.call("POST", "/purses", {"name": "别人的"}).json()["purse_id"]
    assert wallet.call("POST", f"/intents/{till.sale(1).text}/pay", {"purse": purse_id}).status_code == 404
    assert wallet.call("POST", f"/purses/{purse_id}/choose").status_code == 404


def test_the_purse_chosen_last_is_meant(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    first, second = (wallet.call("POST", "/purses", {"name": name}).json()["purse_id"] for name in ("一", "二"))
    for purse_id in (second, first):
        assert wallet.call("POST", f"/purses/{purse_id}/choose").status_code == 204
    wallet.call("POST", f"/purses/{first}/deposits", {"amount": 10_00, "currency": "CNY"})
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["status"] == "approved"


# --- by consent only --------------------------------------------------------------------------------------------------


def invite(shop: Shop) -> tuple[Wallet, Wallet, str]:
    """A maker, an account it has invited and that has not answered, and the purse."""
    maker, invited = shop.wallet(), shop.wallet()
    made = maker.call("POST", "/purses", {"name": "周末", "members": [invited.account_id]}).json()
    assert (made["members"], made["invited"]) == ([maker.account_id], [invited.account_id])
    return maker, invited, made["purse_id"]


def listed(wallet: Wallet) -> tuple[list[str], list[dict[str, str]]]:
    """The purses it is a member of, and its invitations."""
    answer = wallet.call("GET", "/purses").json()
    return [purse["purse_id"] for purse in answer["purses"]], answer["invitations"]


def test_who_did_not_accept_sees_a_name_and_who_asks_and_has_no_purse(shop: Shop) -> None:
    till = shop.till()
    maker, invited, purse_id = invite(shop)
    maker.call("POST", f"/purses/{purse_id}/deposits", {"amount": 30_00, "currency": "CNY"})
    assert listed(invited) == ([], [{"purse_id": purse_id, "name": "周末", "invited_by": maker.account_id}])
    for call in ("choose", "deposits"):
        body = {"amount": 1_00, "currency": "CNY"} if call == "deposits" else None
        assert invited.call("POST", f"/purses/{purse_id}/{call}", body).status_code == 404
    assert invited.call("POST", f"/intents/{till.sale(1_00).text}/pay", {"purse": purse_id}).status_code == 404
    sale = till.sale(1_00)
    paid = till.pay(sale, invited, invited.authorise(sale, funding=Funding.SHARED_PURSE)).json()
    assert paid["code"] == "no_purse"


def test_who_accepts_is_a_member_and_who_leaves_is_none(shop: Shop) -> None:
    maker, invited, purse_id = invite(shop)
    for _ in range(2):
        accepted = invited.call("POST", f"/purses/{purse_id}/accept").json()
        assert accepted["members"] == sorted([maker.account_id, invited.account_id])
    assert (accepted["invited"], listed(invited)) == ([], ([purse_id], []))
    for _ in range(2):
        assert invited.call("POST", f"/purses/{purse_id}/leave").status_code == 204
    assert listed(invited) == ([], [])
    assert invited.call("POST", f"/purses/{purse_id}/accept").status_code == 404
    assert maker.call("GET", "/purses").json()["purses"][0]["members"] == [maker.account_id]


def test_a_no_holds_for_30_days(shop: Shop) -> None:
    maker, invited, purse_id = invite(shop)
    invited.call("POST", f"/purses/{purse_id}/leave")
    again = {"name": "又来", "members": [invited.account_id]}
    answer = maker.call("POST", "/purses", again)
    assert (answer.status_code, answer.json()["code"], listed(maker)[0]) == (409, "refused", [purse_id])
    shop.clock.advance(30 * 86_400 + 1)
    assert maker.call("POST", "/purses", again).status_code == 201


def test_the_last_member_leaves_no_money_behind(shop: Shop) -> None:
    till = shop.till()
    maker, _, purse_id = invite(shop)
    maker.call("POST", f"/purses/{purse_id}/deposits", {"amount": 30_00, "currency": "CNY"})
    answer = maker.call("POST", f"/purses/{purse_id}/leave")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_member")
    sale = till.sale(30_00)
    maker.call("POST", f"/intents/{sale.text}/pay", {"purse": purse_id})
    answer = maker.call("POST", f"/purses/{purse_id}/leave")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_member"), "a refund would go to nobody"
    assert till.cancel(sale).json()["status"] == "cancelled"
    held = [{"amount": 30_00, "currency": "CNY", "currency_digits": 2}]
    assert maker.call("GET", "/purses").json()["purses"][0]["balances"] == held


def test_the_last_member_of_an_empty_purse_leaves(shop: Shop) -> None:
    maker, _, purse_id = invite(shop)
    assert maker.call("POST", f"/purses/{purse_id}/leave").status_code == 204


def test_who_is_asked_by_many_is_asked_by_few_at_once(shop: Shop) -> None:
    """Accounts are free: all strangers together leave room for those with whom one has a purse."""
    friend, asked, purse_id = invite(shop)
    asked.call("POST", f"/purses/{purse_id}/accept")
    body, most = {"name": "来", "members": [asked.account_id]}, limits.INVITATIONS_BY_STRANGERS.most
    strangers = [shop.wallet(with_credential=False) for _ in range(most + 2)]
    codes = [stranger.call("POST", "/purses", body).status_code for stranger in strangers]
    assert codes == [201] * most + [429] * 2
    room = limits.INVITATIONS.most - most
    assert [friend.call("POST", "/purses", body).status_code for _ in range(room + 1)] == [201] * room + [429]
    assert len(listed(asked)[1]) == limits.INVITATIONS.most


def test_a_stranger_has_one_invitation_open_to_an_account(shop: Shop) -> None:
    asked, stranger = shop.wallet(with_credential=False), shop.wallet(with_credential=False)
    body = {"name": "来", "members": [asked.account_id]}
    assert [stranger.call("POST", "/purses", body).status_code for _ in range(2)] == [201, 429]


def test_an_account_makes_so_many_purses_a_day_and_has_so_many(shop: Shop) -> None:
    wallet = shop.wallet(with_credential=False)
    made = limits.PURSES_MADE.most

    def make() -> int:
        return wallet.call("POST", "/purses", {"name": "一"}).status_code

    assert [make() for _ in range(made + 1)] == [201] * made + [429]
    shop.clock.advance(86_401)
    assert [make() for _ in range(made + 1)] == [201] * made + [429]
    shop.clock.advance(86_401)
    assert (make(), len(listed(wallet)[0])) == (429, limits.PURSES.most)
