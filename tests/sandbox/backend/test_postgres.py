# SPDX-License-Identifier: Apache-2.0
"""The rules of money once more, on PostgreSQL: same code, other locks."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from pengpos.core.times import LATE_PAYMENT_S
from pengpos.keys.software import SoftwareKey
from pengpos.wire.objects.authorisation import Funding
from sandbox.backend.booking import sweep
from sandbox.backend.intents import intents
from sandbox.backend.kernel import events
from sandbox.backend.kernel.alarms import raise_alarm, see
from sandbox.backend.records.database import Database
from sandbox.backend.records.tables import AlarmKind, EventKind
from sandbox.backend.sharing import purses
from tests.support import postgres
from tests.support.backend import Shop, in_process, on_a_socket
from tests.support.dues import Owing, owing, spend_all, spend_what_is_free
from tests.support.event_streams import stream, take
from tests.support.parts import run, until
from tests.support.races import (
    another_token_beside_a_strangers_key,
    claims_at_once,
    everybody_at_once,
    guaranteed_at_once,
    one_id_of_two_terminals_at_once,
    paid_or_cancelled,
    refunds_at_once,
    the_last_place_of_an_account,
    two_admins_remove_each_other,
)
from tests.support.rounds import Rounds
from tests.support.statements import COSTS, cost_of

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def shop(server_url: str) -> Iterator[Shop]:
    name = f"shop_{uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with on_a_socket(url, magic_amounts=True) as opened:
        yield opened
        assert opened.operator.ledger_is_balanced()
    with engine.connect() as connection:  # one by one: forty at the end take a busy disk longer than a test may
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_a_day_at_the_counter(shop: Shop) -> None:
    till, wallet, second = shop.till(), shop.wallet(), shop.wallet()
    sale, offline, paged, dead = till.sale(18_80), till.sale(30_00, online=False), till.sale(5_00), till.sale(1_00)
    authorisation = wallet.authorise(sale)
    first = till.pay(sale, wallet, authorisation).json()
    assert till.pay(sale, wallet, authorisation).json() == first
    assert till.pay(sale, second).json()["status"] == "already_paid"
    items = [till.item(offline, wallet, wallet.authorise(offline), offline=True)] * 2
    verdicts = till.call("POST", "/payments/batch", {"payments": items}).json()["verdicts"]
    assert [verdict["status"] for verdict in verdicts] == ["approved", "approved"]
    till.put(paged)
    assert second.call("POST", f"/intents/{paged.intent_id}/pay").json()["status"] == "approved"
    assert till.cancel(dead).json()["status"] == "cancelled"
    assert till.pay(dead, wallet).json()["code"] == "cancelled"
    refund_id = str(uuid4())
    assert till.refund(sale, 8_80, refund_id).json() == till.refund(sale, 8_80, refund_id).json()
    assert till.refund(sale, 10_01).json()["code"] == "exceeds_captured"
    assert (wallet.balance(), second.balance()) == (1_000_00 - 10_00 - 30_00, 995_00)
    assert shop.operator.call("POST", "/settlements/2027-01-15").json()["settled"] == 4
    assert till.cancel(paged).json()["status"] == "settled"
    assert shop.operator.alarms() == []


def test_calls_cost_as_many_statements_and_commits_as_on_sqlite(shop: Shop) -> None:
    assert {call: cost_of(shop, call) for call in COSTS} == COSTS


def test_what_another_process_leaves_a_terminal_is_heard_and_not_looked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "look", lambda _: None)
    till, hints = shop.till(), shop.backend.db.hints
    assert hints is not None
    asyncio.run(until(lambda: hints.is_heard))
    other = Database(shop.backend.db.engine.url.render_as_string(hide_password=False))
    assert other.hints is not None
    with stream(till) as source:
        told = {"command": "diagnose"}
        other.write(partial(events.emit, terminal_id=till.terminal_id, kind=EventKind.COMMAND, data=told, at=0))
        other.hints.round(lambda _: None, lambda: None)
        assert take(source, 1) == [("command", told)]
    other.close()


def test_counters_with_64_bits_are_kept(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.epoch, till.counter = 2**64 - 1, 2**64 - 2
    sale = till.sale(1_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, counter=2**64 - 1)).json()["status"] == "approved"
    (entry,) = shop.operator.payments()
    assert (entry["epoch"], entry["counter"]) == (2**64 - 1, 2**64 - 1)


def test_text_that_it_cannot_store_is_the_callers_mistake(shop: Shop) -> None:
    answer = shop.http.post("/wallet/v1/accounts", json={"name": "a\0b"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_everybody_pays_one_intent_at_once(shop: Shop) -> None:
    till = shop.till()
    everybody_at_once(shop, till, till.sale(18_80))


def test_what_the_platform_bears_of_a_terminal_has_an_end_also_at_once(shop: Shop) -> None:
    guaranteed_at_once(shop)


def test_the_last_place_of_an_account_is_taken_once(shop: Shop) -> None:
    the_last_place_of_an_account(shop)


def test_one_id_of_two_terminals_at_once_is_each_ones_own(shop: Shop) -> None:
    one_id_of_two_terminals_at_once(shop)


def test_paid_by_the_page_in_the_moment_when_time_is_over(shop: Shop) -> None:
    paid_or_cancelled(shop, shop.till(), shop.wallet())


def test_what_was_said_to_have_expired_is_not_booked_by_the_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    asked, lock = list[str](), intents.lock_named

    def late(*args: Any) -> Any:
        """The payment waits for the row behind another's; its terminal asks meanwhile."""
        shop.clock.advance(30)
        asked.append(till.status(sale))
        return lock(*args)

    shop.clock.advance(sale.intent.claims.lifetime_s + LATE_PAYMENT_S)
    monkeypatch.setattr(intents, "lock_named", late)
    answer = wallet.call("POST", f"/intents/{sale.intent_id}/pay").json()
    assert (asked, answer["code"], wallet.balance()) == (["expired"], "expired", 1_000_00)


def test_after_a_restart_of_the_server_what_is_due_ends_all_the_same() -> None:
    with postgres.restartable() as server, in_process(server.url, magic_amounts=True) as shop:
        till, wallet = shop.till(), shop.wallet()
        sale = till.sale(10_27)
        assert till.pay(sale, wallet).json()["status"] == "held"
        shop.clock.advance(10)
        said: list[list[str] | None] = []

        def look() -> None:
            said.append(shop.http.get("/v1/health").json().get("failing"))

        steps = Rounds(iter([server.stop, look, look, server.start, look]))
        shop.backend.threads.keep_going("sweep", partial(sweep.sweep, shop.backend), steps, shop.clock)
        assert (said, till.status(sale)) == ([["sweep"], ["sweep"], None], "approved")


def test_one_wallet_pays_everything_at_once_and_never_too_much(shop: Shop) -> None:
    tills, wallet = [shop.till() for _ in range(4)], shop.wallet()
    orders = [(till, sale := till.sale(300_00), wallet.authorise(sale)) for till in tills for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda order: order[0].pay(order[1], wallet, order[2]).json(), orders))
    assert sorted(answer["status"] for answer in answers) == ["approved"] * 3 + ["declined"] * 9
    assert wallet.balance() == 100_00


def test_a_refund_asked_for_at_once_is_given_once(shop: Shop) -> None:
    till, wallet, refund_id = shop.till(), shop.wallet(), str(uuid4())
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: till.refund(sale, 10_00, refund_id).json(), range(8)))
    assert answers == [answers[0]] * 8
    assert wallet.balance() == 991_20


def test_refunds_sent_at_once_give_back_no_more_than_a_day_allows(shop: Shop) -> None:
    refunds_at_once(shop)


@pytest.mark.parametrize("order", ["refund", "cancel"])
def test_what_gives_money_back_is_done_before_a_revocation_is_answered_or_waits_for_a_person(
    shop: Shop, order: str
) -> None:
    """It waits for the merchant's account, as behind many payments, when the operator revokes its key."""
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    with ThreadPoolExecutor(2) as pool:
        with shop.backend.db.engine.begin() as other:
            other.execute(text("SELECT id FROM ledger_accounts WHERE kind = 'merchant' FOR UPDATE"))
            giving_back = pool.submit(till.refund if order == "refund" else till.cancel, sale)
            run(until(lambda: waiting(shop) == 1))
            revoking = pool.submit(shop.operator.call, "POST", f"/terminals/{till.terminal_id}/revoke")
            run(until(lambda: waiting(shop) == 2 or revoking.done()))
            assert not revoking.done()
        assert giving_back.result().json().get("state", "cancelled") in {"done", "cancelled"}
        assert revoking.result().status_code == 204
    assert wallet.balance() == 1_000_00


def test_another_token_beside_a_strangers_key_leaves_none_that_pays(shop: Shop) -> None:
    another_token_beside_a_strangers_key(shop)


def test_claims_at_once_end_none_of_each_other(shop: Shop) -> None:
    claims_at_once(shop)


def test_who_has_left_a_purse_pays_nothing_from_it(shop: Shop) -> None:
    """The tap is judged while the no is on its way."""
    till, wallet = shop.till(), shop.wallet()
    maker = shop.wallet(with_credential=False)
    made = maker.call("POST", "/purses", {"name": "周末", "members": [wallet.account_id]}).json()["purse_id"]
    maker.call("POST", f"/purses/{made}/deposits", {"amount": 100_00, "currency": "CNY"})
    wallet.call("POST", f"/purses/{made}/accept")
    wallet.call("POST", f"/purses/{made}/choose")
    sale = till.sale(18_80)
    signed = wallet.authorise(sale, funding=Funding.SHARED_PURSE)
    with ThreadPoolExecutor(1) as pool:
        with Session(shop.backend.db.engine) as leaving, leaving.begin():
            purses.leave(leaving, wallet.account_id, made, shop.clock.now())
            leaving.flush()
            paying = pool.submit(till.pay, sale, wallet, signed)
            run(until(lambda: waiting(shop) == 1))
        assert paying.result().json()["code"] == "no_purse"


def test_an_alarm_that_comes_again_while_a_person_sees_to_it_is_a_new_one(shop: Shop) -> None:
    till, now = shop.till(), shop.clock.now()

    def rings(session: Session) -> None:
        raise_alarm(session, AlarmKind.KEY_FLOODED, till.terminal_id, {"per_minute": 1}, now)

    shop.backend.db.write(rings)
    [alarm] = shop.operator.call("GET", "/alarms").json()
    with ThreadPoolExecutor(1) as pool:
        with Session(shop.backend.db.engine) as seeing, seeing.begin():
            see(seeing, alarm["id"], now)
            seeing.flush()
            ringing = pool.submit(shop.backend.db.write, rings)
            run(until(lambda: waiting(shop) == 1))
        ringing.result()
    assert len(shop.operator.call("GET", "/alarms?seen=false").json()) == 1


def waiting(shop: Shop) -> int:
    """How many connections wait for another's lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with shop.backend.db.engine.connect() as connection:
        return int(connection.execute(text(asked)).scalar_one())


def test_two_admins_who_remove_each_other_at_once_leave_one(shop: Shop) -> None:
    two_admins_remove_each_other(shop)
    last, *_ = shop.operator.call("GET", "/changes").json()["changes"]
    assert (last["path"], last["status"], last["operator"]) == ("/admin/v1/operators/root", 204, "root")


def test_copies_of_a_wallet_found_at_once_are_listed_once(shop: Shop) -> None:
    tills, wallet = [shop.till() for _ in range(6)], shop.wallet()
    orders = [(till, sale := till.sale(1_00), wallet.authorise(sale, counter=1)) for till in tills]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda order: order[0].pay(order[1], wallet, order[2]).json(), orders))
    assert sorted(answer["status"] for answer in answers) == ["approved"] + ["declined"] * 5
    assert (shop.operator.alarms(), wallet.balance()) == (["wallet_copied"] * 5, 999_00)


def test_promises_delivered_at_once_take_no_more_than_was_set_aside(shop: Shop) -> None:
    tills, wallet = [shop.till() for _ in range(6)], shop.wallet()
    spare = SoftwareKey.generate()
    wallet.certify(spare)
    orders = [(till, sale := till.sale(100_00, online=False), wallet.authorise(sale)) for till in tills for _ in "ab"]
    spend_what_is_free(wallet)
    shop.clock.advance(1)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda order: order[0].pay(order[1], wallet, order[2], offline=True).json(), orders))
    assert sorted(answer["status"] for answer in answers) == ["approved"] * 2 + ["declined"] * 10
    assert {answer.get("borne_by") for answer in answers} == {None, "platform"}
    held = wallet.call("GET", "/balance").json()
    assert (held["available"], held["set_aside"], held["offline_frozen"]) == (0, 200_00, True), "the other key's"
    assert (shop.operator.alarms(), shop.operator.takings()) == (["promise_not_kept"], 12 * 100_00)


def test_keys_certified_at_once_set_aside_no_more_than_the_bound(shop: Shop) -> None:
    wallet, till = shop.wallet(with_credential=False), shop.till()
    sales = [till.sale(150_00) for _ in range(8)]
    for sale in sales:
        till.put(sale)
    with ThreadPoolExecutor(16) as pool:
        certified = [pool.submit(wallet.certify, SoftwareKey.generate()) for _ in range(8)]
        paid = [pool.submit(wallet.call, "POST", f"/intents/{sale.intent_id}/pay") for sale in sales]
        assert [one.result().status_code for one in certified] == [200] * 8
        approved = sum(one.result().json().get("status") == "approved" for one in paid)
    held = wallet.call("GET", "/balance").json()
    assert held["available"] + held["set_aside"] == 1_000_00 - approved * 150_00
    assert (held["available"] >= 0, 0 < held["set_aside"] <= 500_00) == (True, True)


def test_a_due_is_paid_once_however_many_pay_it_at_once(shop: Shop) -> None:
    owed = owing(shop, guaranteed=10_00)
    owed.earns(50_00)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: owed.does("pay").json(), range(8)))
    assert answers == [answers[0]] * 8
    assert (answers[0]["state"], owed.money()) == ("paid", (31_20, 18_80, 0))


def test_a_due_is_paid_or_the_sale_is_booked_and_never_both(shop: Shop) -> None:
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    sales = [till.sale(10_00) for _ in range(8)]
    signed = [(first.authorise(sale), second.authorise(sale)) for sale in sales]
    for wallet in (first, second):
        spend_all(shop, wallet)
    shop.clock.advance(1)  # all of it was signed before the first of them was declined
    for sale, (mine, theirs) in zip(sales, signed, strict=True):
        till.pay(sale, second, theirs)
        till.pay(sale, first, mine, offline=True)
    for wallet in (first, second):
        wallet.call("POST", "/top-ups", {"amount": 80_00, "currency": "CNY"})
    owing_all = [Owing(shop=shop, till=till, wallet=first, sale=sale, authorisation=mine)
                 for sale, (mine, _) in zip(sales, signed, strict=True)]  # fmt: skip
    with ThreadPoolExecutor(16) as pool:
        paying = [pool.submit(owed.says, "pay") for owed in owing_all]
        booking = [pool.submit(till.pay, sale, second, theirs, offline=True)
                   for sale, (_, theirs) in zip(sales, signed, strict=True)]  # fmt: skip
        ends = [(a.result(), b.result().json()["status"]) for a, b in zip(paying, booking, strict=True)]
    assert set(ends) <= {("paid", "declined"), ("withdrawn", "approved")}
    paid = sum(state == "paid" for state, _ in ends)
    assert (first.balance(), second.balance()) == (80_00 - paid * 10_00, paid * 10_00)


def test_a_refund_and_a_payment_of_a_due_at_once_leave_nobody_short(shop: Shop) -> None:
    owed = owing(shop, guaranteed=10_00)
    owed.earns(18_80)
    with ThreadPoolExecutor(2) as pool:
        paying, refunding = pool.submit(owed.says, "pay"), pool.submit(owed.till.refund, owed.sale, 5_00)
        ended = paying.result(), refunding.result().json()["state"]
    assert ended in {("paid", "void"), ("paid", "done")}
    assert owed.money() == (5_00, 13_80, 0)
