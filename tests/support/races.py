# SPDX-License-Identifier: Apache-2.0
"""Races at the counter, for whatever database."""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

from sqlalchemy.orm import Session

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.errors import RefusedRequestError
from sandbox.backend.kernel import limits
from sandbox.backend.operators import roster
from sandbox.backend.payments import page_payments
from sandbox.backend.records.tables import PurseRow, WalletCredentialRow
from sandbox.backend.sharing import purses
from tests.sandbox.backend.people.test_tokens import ask, kid_of
from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet
from tests.support.squatter import collisions, squat, squatting_till

PAYERS = 20
PROMISES = 30
SALES = 5
Work = Callable[[Session], object]


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
    waiting = shop.operator.call("GET", "/reviews").json()["waiting"]
    ours = [entry for entry in waiting if entry["terminal_id"] == till.terminal_id]
    assert sum(entry["open"] for entry in ours) == sum(entry["sales"] for entry in ours) == PAYERS - 5


def the_last_place_of_an_account(shop: Shop) -> None:
    """Two ask for the last that an account may have at the same moment: claims, invitations, purses."""
    till, asked = shop.till(), shop.wallet(with_credential=False)
    others = [shop.wallet(with_credential=False) for _ in range(limits.PURSES.most + 1)]
    now = shop.clock.now()

    def claim(sale: Sale) -> Work:
        reference = page_payments.read_reference(shop.backend, sale.text, None)
        return lambda session: page_payments.claim(session, shop.backend, asked.account_id, reference)

    def invite(by: Wallet) -> Work:
        return lambda session: purses.make(
            session, by.account_id, PurseRow(name="p"), invited=[asked.account_id], now=now
        )

    def join(purse_id: str) -> Work:
        return lambda session: purses.accept(session, asked.account_id, purse_id, now)

    first, *later = [claim(till.sale(1_00)) for _ in range(limits.CLAIMED_INTENTS.most + 1)]
    for work in later[1:]:
        shop.backend.db.write(work)
    assert _both_before_either_ends(shop, [first, later[0]]) == ["done", "too_many"]

    strangers = limits.INVITATIONS_BY_STRANGERS.most
    invitations = [invite(by) for by in others[: strangers + 1]]
    for work in invitations[2:]:
        shop.backend.db.write(work)
    assert _both_before_either_ends(shop, invitations[:2]) == ["done", "too_many"]

    def accept_all() -> None:
        for one in asked.call("GET", "/purses").json()["invitations"]:
            shop.backend.db.write(join(one["purse_id"]))

    accept_all()
    for by in others[strangers + 1 : limits.PURSES.most]:
        shop.backend.db.write(invite(by))
        accept_all()
    for by in others[:2]:
        shop.backend.db.write(invite(by))
    last = [join(one["purse_id"]) for one in asked.call("GET", "/purses").json()["invitations"]]
    assert _both_before_either_ends(shop, last) == ["done", "too_many"]


def _both_before_either_ends(shop: Shop, works: Sequence[Work]) -> list[str]:
    """What became of transactions of which, where none locks the others out, none ends before all have done theirs."""
    all_did = Barrier(len(works))

    def run(work: Work) -> str:
        def both(session: Session) -> None:
            work(session)
            session.flush()
            with suppress(BrokenBarrierError):
                all_did.wait(0.5)  # where one waits for the other, the other is let go on after this

        try:
            shop.backend.db.write(both)
        except RefusedRequestError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(run, works))


def two_admins_remove_each_other(shop: Shop) -> None:
    """The only two admins remove each other at the same moment: one of them is left, who may name others."""
    now = shop.clock.now()
    ids = [
        shop.operator.call("POST", "/operators", {"name": name, "role": "admin"}).json()["operator_id"]
        for name in ("first", "second")
    ]
    assert shop.operator.call("DELETE", "/operators/root").status_code == 204
    removals = [partial(roster.remove, operator_id=one, now=now) for one in ids]
    assert _both_before_either_ends(shop, removals) == ["done", "last_admin"]
    assert [shop.begin_again("made anew"), shop.begin_again()] == [True, True]  # root is back, for what comes next


def another_token_beside_a_strangers_key(shop: Shop) -> None:
    """The owner's wallet has another token while who read the last one has a key certified: none is left that pays."""
    for _ in range(4):
        owner, key = shop.wallet(), SoftwareKey.generate()
        proof = sign1(key, Context.CREDENTIAL_REQUEST, owner.account_id.encode())
        body = {"public_key": PublicKey.of(key).to_jwk(), "proof": b64u(proof)}
        thief = replace(owner)
        start = Barrier(2)

        def certify(thief: Wallet = thief, body: object = body, start: Barrier = start) -> int:
            start.wait(30)
            return thief.call("POST", "/credentials", body).status_code

        def renew(owner: Wallet = owner, start: Barrier = start) -> int:
            start.wait(30)
            return ask(owner, new=secrets.token_urlsafe(32), keys=[kid_of(owner)]).status_code

        with ThreadPoolExecutor(2) as pool:
            certified, renewed = pool.submit(certify), pool.submit(renew)
            assert (certified.result() in {200, 401}, renewed.result()) == (True, 200)
        with shop.backend.db.read() as session:
            row = session.get(WalletCredentialRow, b64u(PublicKey.of(key).kid))
            assert (row is not None) == (certified.result() == 200)
            assert row is None or row.blocked_at is not None


def claims_at_once(shop: Shop) -> None:
    """Six claim a sale at the same moment, again once the first claim is over, give it up, and pay."""
    till, wallets = shop.till(), [shop.wallet(with_credential=False) for _ in range(6)]
    sale = till.sale(18_80)
    till.put(sale)

    def at_once(call: str, some: Sequence[Wallet]) -> list[dict[str, Any]]:
        start = Barrier(len(some))

        def send(wallet: Wallet) -> dict[str, Any]:
            start.wait(30)
            answer: dict[str, Any] = wallet.call("POST", f"/intents/{sale.intent_id}/{call}").json()
            return answer

        with ThreadPoolExecutor(len(some)) as pool:
            return list(pool.map(send, some))

    first = at_once("claim", wallets)
    assert sorted(said.get("code", "claimed by me") for said in first) == ["claimed"] * 5 + ["claimed by me"]
    shop.clock.advance(61)
    assert [said["claimed_by_me"] for said in at_once("claim", wallets)] == [True] * 6
    assert [said["claimed_by_me"] for said in at_once("release", wallets[:3])] == [False] * 3
    seen = [wallet.call("GET", f"/intents/{sale.intent_id}").json()["claimed_by_me"] for wallet in wallets]
    assert seen == [False] * 3 + [True] * 3
    paid = at_once("pay", wallets)
    assert sorted(said["status"] for said in paid) == ["already_paid"] * 5 + ["approved"]
