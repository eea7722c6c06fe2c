# SPDX-License-Identifier: Apache-2.0
"""Transactions: all or nothing, once more after a lost race; and what must never be is a constraint."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.records.database import Database, RaceLostError
from sandbox.backend.records.tables import LedgerAccountRow, PaymentRow
from tests.support.backend import Shop

SHOPPER, MERCHANT = Account(AccountKind.SHOPPER, "A-1"), Account(AccountKind.MERCHANT, "M-1")
PLAY_MONEY = Account(AccountKind.PLAY_MONEY)


def move(session: Session, giver: Account, taker: Account, amount: int) -> None:
    ledger.transfer(session, PostingKind.PAYMENT, giver=giver, taker=taker, amount_minor=amount, currency="CNY", at=0)


def test_an_intent_cannot_be_booked_twice_even_by_a_bug(shop: Shop) -> None:
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(1_00)
    till.pay(sale, first)
    till.pay(sale, second)
    bug = update(PaymentRow).where(PaymentRow.status == "already_paid").values(status="approved")
    with pytest.raises(IntegrityError):
        shop.backend.db.write(lambda session: session.execute(bug))


def test_more_cannot_be_refunded_than_was_taken_even_by_a_bug(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(1_00), wallet)
    with pytest.raises(IntegrityError):
        shop.backend.db.write(lambda session: session.execute(update(PaymentRow).values(refunded_minor=1_01)))


def test_who_loses_a_race_begins_again_with_nothing_done(database_url: str) -> None:
    database, tries = Database(database_url), []

    def work(session: Session) -> int:
        move(session, PLAY_MONEY, SHOPPER, 5)
        tries.append(1)
        if len(tries) < 3:
            raise RaceLostError
        return ledger.balance(session, SHOPPER, "CNY")

    assert database.write(work) == 5
    database.close()


def test_an_exception_undoes_everything(database_url: str) -> None:
    database = Database(database_url)

    def work(session: Session) -> None:
        move(session, PLAY_MONEY, SHOPPER, 5)
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        database.write(work)
    with database.read() as session:
        assert session.scalars(select(LedgerAccountRow)).all() == []
    database.close()
