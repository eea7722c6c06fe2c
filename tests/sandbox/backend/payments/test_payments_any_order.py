# SPDX-License-Identifier: Apache-2.0
"""Whatever arrives in whatever order, how often and by whom: money is taken once and the ledger balances.

By function calls, not over HTTP: it is the same code below the routes, a hundred times as often.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox.backend.booking import cancel, refunds
from sandbox.backend.errors import RefusedRequestError
from sandbox.backend.intents import intents
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind
from sandbox.backend.payments import due_payments, page_payments, payments
from sandbox.backend.people import accounts
from sandbox.backend.records.ids import parse_reference
from sandbox.backend.records.tables import CancelReason, DueRow, IntentRow, PaymentRow
from tests.support.backend import Shop
from tests.support.shop import MERCHANT_ID, Sale, Till, Wallet

PLAY_MONEY = 1_000_00
AMOUNTS = (300_00, 199_00, 400_00, 1_50)
"""Four bills that one wallet cannot pay together."""

ACTION = st.one_of(
    st.tuples(st.just("tap"), st.integers(0, 3), st.integers(0, 2), st.booleans(), st.integers(0, 1)),
    st.tuples(st.just("page"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("cancel"), st.integers(0, 3)),
    st.tuples(st.just("refund"), st.integers(0, 3), st.sampled_from((None, 1, 100_00, 250_00)), st.integers(0, 3)),
    st.tuples(st.just("due"), st.integers(0, 3), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from((1, 200, 421, 86_400))),
)


class Counter:
    """One counter with four bills and three shoppers; plays actions and remembers nothing but what was signed."""

    def __init__(self, shop: Shop, till: Till, wallets: list[Wallet]) -> None:
        self.shop, self.till, self.wallets = shop, till, wallets
        self.sales = [till.sale(amount) for amount in AMOUNTS]
        self.signed: dict[tuple[int, int, int], bytes] = {}

    def play(self, action: tuple[Any, ...]) -> None:
        """Carry one action out; a refusal is a good answer."""
        verbs: dict[str, Callable[..., None]] = {
            "tap": self.tap, "page": self.page, "cancel": self.cancel, "refund": self.refund,
            "due": self.due, "wait": self.shop.clock.advance,
        }  # fmt: skip
        with suppress(RefusedRequestError):
            verbs[action[0]](*action[1:])

    def tap(self, at: int, who: int, offline: bool, tip: int) -> None:
        """The same bytes each time it is the same bill, shopper and tip."""
        sale, wallet, key = self.sales[at], self.wallets[who], (at, who, tip)
        if key not in self.signed:
            self.signed[key] = wallet.authorise(sale, tip_minor=tip, authorised_at=sale.intent.claims.issued_at)
        item = self.till.item(sale, wallet, self.signed[key], offline=offline)
        order = payments.PaymentOrder(**item)
        presented = payments.read_order(self.shop.backend, self.till.terminal_id, order, knows_dues=True)
        payments.take(self.shop.backend, presented)

    def page(self, at: int, who: int) -> None:
        """By the presentation, as a `#P` is paid."""
        backend, account_id = self.shop.backend, self.wallets[who].account_id
        reference = page_payments.read_reference(backend, self.sales[at].text, None)
        order = page_payments.PageOrder()
        backend.db.write(lambda session: page_payments.pay(session, backend, account_id, reference, order))

    def cancel(self, at: int) -> None:
        """By the terminal that signed it."""
        backend = self.shop.backend
        presentation = intents.read_presentation(self.sales[at].text, backend.issuer.trusted)
        backend.db.write(lambda session: cancel.cancel(session, backend, presentation, CancelReason.CUSTOMER))

    def refund(self, at: int, amount: int | None, which: int) -> None:
        """One of four refund ids a bill, so that they come again with the same and with another amount."""
        sale: Sale = self.sales[at]
        refund_id = str(UUID(int=UUID(sale.intent_id).int ^ (which + 1)))
        order = refunds.RefundOrder(refund_id=refund_id, amount_minor=amount, reason="returned")
        give = partial(refunds.refund, backend=self.shop.backend, terminal_id=self.till.terminal_id,
                       intent_id=sale.intent_id, order=order)  # fmt: skip
        self.shop.backend.db.write(give)

    def due(self, at: int, who: int, pays: bool) -> None:
        """Whoever is asked, and whoever is not, pays or says no."""
        backend, account_id = self.shop.backend, self.wallets[who].account_id
        named = parse_reference(self.sales[at].intent_id)
        answer = due_payments.pay if pays else due_payments.refuse
        backend.db.write(lambda session: answer(session, backend, account_id, named))


@pytest.fixture
def counter_of(shop: Shop) -> Callable[[], Counter]:
    def make() -> Counter:
        return Counter(shop, shop.till(), [shop.wallet() for _ in range(3)])

    return make


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(ACTION, min_size=1, max_size=14))
def test_money_is_taken_once_in_any_order(counter_of: Callable[[], Counter], actions: list[tuple[Any, ...]]) -> None:
    counter = counter_of()
    for action in actions:
        counter.play(action)

    with counter.shop.backend.db.read() as session:
        assert ledger.check(session).balanced
        spent = dict.fromkeys((wallet.account_id for wallet in counter.wallets), 0)
        for sale in counter.sales:
            intent = session.get(IntentRow, sale.intent_id)
            tried = session.scalars(select(PaymentRow).where(PaymentRow.intent_key == sale.intent_id)).all()
            booked = [payment for payment in tried if payment.status == "approved"]
            assert len(booked) == (1 if intent is not None and intent.status == "approved" else 0)
            for payment in tried:
                assert payment.taken_minor >= payment.refunded_minor >= 0
                assert payment.taken_minor == 0 or payment in booked
                if payment.account_id is not None:
                    spent[payment.account_id] += payment.taken_minor - payment.refunded_minor
            due = session.get(DueRow, sale.intent_id)
            if due is not None:
                assert not (booked and due.state in {"open", "refused", "paid"}), "asked for, or paid, and booked"
                assert due.state != "paid" or (intent is not None and intent.status == "declined")
                spent[due.account_id] += due.amount_minor - due.refunded_minor if due.state == "paid" else 0
        for account_id, total in spent.items():
            left = accounts.balance(session, account_id).by_currency["CNY"]
            assert left == PLAY_MONEY - total >= 0
        assert_shop_and_guarantor_have_the_rest(session)


def assert_shop_and_guarantor_have_the_rest(session: Session) -> None:
    """Of all payments and dues there ever were: each part of each at one place, and at one only."""
    booked, guaranteed = session.execute(
        select(func.sum(PaymentRow.taken_minor - PaymentRow.refunded_minor), func.sum(PaymentRow.guaranteed_minor))
    ).one()
    dues = session.scalars(select(DueRow).where(DueRow.state == "paid")).all()
    paid, made_whole = (
        sum(due.amount_minor - due.refunded_minor for due in dues),
        sum(due.to_guarantor_minor for due in dues),
    )
    merchant = ledger.balance(session, Account(AccountKind.MERCHANT, MERCHANT_ID), "CNY")
    assert merchant == (booked or 0) + (guaranteed or 0) + paid - made_whole >= 0
    assert ledger.balance(session, Account(AccountKind.GUARANTEE), "CNY") == made_whole - (guaranteed or 0) <= 0
