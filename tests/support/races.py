# SPDX-License-Identifier: Apache-2.0
"""Races at the counter, for whatever database."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

from sqlalchemy.orm import Session

from sandbox.backend.errors import NotPossibleError
from sandbox.backend.operators import roster
from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet
from tests.support.squatter import collisions, squat, squatting_till

PAYERS = 20
PROMISES = 30
SALES = 5


def everybody_at_once(shop: Shop, till: Till, sale: Sale) -> None:
    """Twenty shoppers pay one intent at the same moment, by tap, by tap offline and by the page: one is charged."""
    wallets = [shop.wallet() for _ in range(PAYERS)]
    signed = [wallet.authorise(sale) for wallet in wallets]
    start = Barrier(PAYERS)

    def pay(at: int) -> str:
        wallet: Wallet = wallets[at]
        start.wait(30)
        if at % 3 == 0:
            return str(wallet.call("POST", f"/intents/{sale.text}/pay").json()["status"])
        return str(till.pay(sale, wallet, signed[at], offline=at % 3 == 1).json()["status"])

    with ThreadPoolExecutor(PAYERS) as pool:
        statuses = list(pool.map(pay, range(PAYERS)))
    assert sorted(statuses) == ["already_paid"] * (PAYERS - 1) + ["approved"]
    assert sorted(wallet.balance() for wallet in wallets) == [1_000_00 - sale.intent.claims.amount_minor] + [
        1_000_00
    ] * (PAYERS - 1)
    paid = [entry for entry in shop.operator.payments() if entry["intent_id"] == sale.intent_id]
    assert [entry["state"] for entry in paid] == ["approved"]


def guaranteed_at_once(shop: Shop) -> None:
    """A copied wallet's promises, sent by one terminal at the same moment: the platform bears its sum, and no more."""
    till, wallet = shop.till(), shop.wallet()
    sales = [till.sale(200_00, online=False) for _ in range(PROMISES + 1)]
    signed = [wallet.authorise(sale, counter=1) for sale in sales]
    assert till.pay(sales[0], wallet, signed[0], offline=True).json()["status"] == "approved"
    start = Barrier(PROMISES)

    def deliver(at: int) -> tuple[str, str, int]:
        start.wait(30)
        verdict = till.pay(sales[at], wallet, signed[at], offline=True).json()
        return verdict["code"], verdict["borne_by"], verdict["guaranteed"]

    with ThreadPoolExecutor(PROMISES) as pool:
        verdicts = sorted(pool.map(deliver, range(1, PROMISES + 1)))
    borne, unborne = [("counter_reused", "platform", 200_00)] * 10, [("counter_reused", "merchant", 0)] * 20
    assert verdicts == sorted(borne + unborne)
    assert shop.operator.takings() == 200_00 + 2_000_00


def one_id_of_two_terminals_at_once(shop: Shop) -> None:
    """Two terminals register and refund under the same ids at the same moment, twice each: all of it is each one's own.

    An alarm for each intent's id, and an address for each intent, of which one is the bare id.
    """
    till, other, wallet = shop.till(), squatting_till(shop), shop.wallet()
    pairs = [(sale, squat(other, sale, 2_00)) for sale in (till.sale(1_00) for _ in range(SALES))]
    orders = [order for sale, theirs in pairs for order in ((till, sale), (other, theirs)) * 2]
    start = Barrier(len(orders))

    def put(order: tuple[Till, Sale]) -> str:
        start.wait(30)
        return str(order[0].put(order[1]).json()["url"])

    def give_back(order: tuple[Till, Sale]) -> str:
        start.wait(30)
        return str(order[0].refund(order[1], None, order[1].intent_id).json()["state"])

    with ThreadPoolExecutor(len(orders)) as pool:
        urls = list(pool.map(put, orders))
        for mine, theirs in pairs:
            assert till.pay(mine, wallet).json()["status"] == other.pay(theirs, wallet).json()["status"] == "approved"
        assert list(pool.map(give_back, orders)) == ["done"] * len(orders)
    for at in range(0, len(urls), 4):
        assert urls[at : at + 2] == urls[at + 2 : at + 4]
        assert sorted("." in url.rpartition("/")[2] for url in urls[at : at + 2]) == [False, True]
    alarmed = [alarm["detail"]["id"] for alarm in collisions(shop) if alarm["detail"]["kind"] == "intent"]
    assert sorted(alarmed) == sorted(sale.intent_id for sale, _ in pairs)
    assert (wallet.balance(), shop.operator.takings()) == (1_000_00, 0)


def paid_or_cancelled(shop: Shop, till: Till, wallet: Wallet) -> None:
    """Ten sales are paid by the page in the moment in which their time is over: each ends one way, none is undone."""
    sales = [till.sale(1_00) for _ in range(10)]
    for sale in sales:
        till.put(sale)
    with ThreadPoolExecutor(20) as pool:
        paying = [pool.submit(wallet.call, "POST", f"/intents/{sale.intent_id}/pay") for sale in sales]
        ending = [pool.submit(till.cancel, sale, "unable_to_complete", unless_paid=True) for sale in sales]
        said = [(done.result().json()["status"]) for done in ending]
        paid = ["settled" if done.result().is_success else "cancelled" for done in paying]
    assert said == paid
    assert [till.status(sale) for sale in sales] == ["approved" if end == "settled" else "cancelled" for end in said]
    assert wallet.balance() == 1_000_00 - 1_00 * said.count("settled")


def refunds_at_once(shop: Shop) -> None:
    """A key has twenty sales given back at the same moment, half of them cancelled: a day's limit, and no more."""
    till, wallet = shop.till(), shop.wallet()
    settings = {"limits": {"refunds_per_day": 50_00}}
    assert shop.operator.call("PUT", f"/terminals/{till.terminal_id}/settings", settings).status_code == 204
    sales = [till.sale(10_00) for _ in range(PAYERS)]
    for sale in sales:
        assert till.pay(sale, wallet).json()["status"] == "approved"
    start = Barrier(PAYERS)

    def give_back(at: int) -> bool:
        start.wait(30)
        if at % 2:
            return bool(till.cancel(sales[at]).json()["status"] == "cancelled")
        return bool(till.refund(sales[at]).json()["state"] == "done")

    with ThreadPoolExecutor(PAYERS) as pool:
        done = list(pool.map(give_back, range(PAYERS)))
    assert sum(done) == 5
    assert shop.operator.takings() == (PAYERS - 5) * 10_00
    assert shop.operator.alarms().count("order_held") == PAYERS - 5


def two_admins_remove_each_other(shop: Shop) -> None:
    """The only two admins remove each other at the same moment: one of them is left, who may name others."""
    database, now = shop.backend.db, shop.clock.now()
    ids = [
        shop.operator.call("POST", "/operators", {"name": name, "role": "admin"}).json()["operator_id"]
        for name in ("first", "second")
    ]
    assert shop.operator.call("DELETE", "/operators/root").status_code == 204
    both_found = Barrier(2)

    def work(session: Session, operator_id: str) -> None:
        roster.remove(session, operator_id, now)
        with suppress(BrokenBarrierError):
            both_found.wait(0.5)  # where one waits for the other, the other is let go on after this

    def remove(operator_id: str) -> str:
        try:
            database.write(lambda session: work(session, operator_id))
        except NotPossibleError as error:
            return error.code
        return "removed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, ids)) == ["last_admin", "removed"]
    assert [shop.begin_again("made anew"), shop.begin_again()] == [True, True]  # root is back, for what comes next
