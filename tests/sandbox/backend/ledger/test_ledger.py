# SPDX-License-Identifier: Apache-2.0
"""The ledger: it adds up, it goes one way, and a shopper has no credit."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, InsufficientFundsError, PostingKind
from sandbox.backend.records.database import Database
from sandbox.backend.records.tables import LedgerAccountRow
from tests.support.backend import Shop

SHOPPER, MERCHANT = Account(AccountKind.SHOPPER, "A-1"), Account(AccountKind.MERCHANT, "M-1")
PLAY_MONEY = Account(AccountKind.PLAY_MONEY)


def move(session: Session, giver: Account, taker: Account, amount: int) -> None:
    ledger.transfer(session, PostingKind.PAYMENT, giver=giver, taker=taker, amount_minor=amount, currency="CNY", at=0)


def test_a_shopper_has_no_credit(shop: Shop) -> None:
    with pytest.raises(InsufficientFundsError):
        shop.backend.db.write(lambda session: move(session, SHOPPER, MERCHANT, 1))
    with shop.backend.db.read() as session:
        assert ledger.balance(session, MERCHANT, "CNY") == 0


def test_what_is_short_leaves_the_others_as_they_were(shop: Shop) -> None:
    """Of a posting whose transaction goes on: money set aside then pays what the shopper's own could not."""
    aside = Account(AccountKind.SET_ASIDE, "k-1")

    def pay(session: Session) -> dict[Account, int]:
        move(session, PLAY_MONEY, SHOPPER, 5)
        move(session, PLAY_MONEY, aside, 3)
        shares = [(aside, 3), (SHOPPER, 6)]
        with pytest.raises(InsufficientFundsError) as short:
            ledger.gather(session, PostingKind.PAYMENT, shares=shares, taker=MERCHANT, currency="CNY", at=0)
        assert (short.value.account, short.value.short_minor) == (SHOPPER, 1)
        return {one: ledger.balance(session, one, "CNY") for one in (MERCHANT, SHOPPER, aside)}

    assert shop.backend.db.write(pay) == {MERCHANT: 0, SHOPPER: 5, aside: 3}
    with shop.backend.db.read() as session:
        assert ledger.check(session).balanced


@pytest.mark.parametrize("amount", [-1, -1_000])
def test_a_transfer_goes_one_way(shop: Shop, amount: int) -> None:
    with pytest.raises(ValueError, match="one way"):
        shop.backend.db.write(lambda session: move(session, PLAY_MONEY, SHOPPER, amount))


def test_the_check_finds_a_ledger_that_somebody_touched(database_url: str) -> None:
    database = Database(database_url)
    database.write(lambda session: move(session, PLAY_MONEY, SHOPPER, 5))
    with database.read() as session:
        assert ledger.check(session).balanced
    database.write(
        lambda s: s.execute(update(LedgerAccountRow).values(balance_minor=LedgerAccountRow.balance_minor + 1))
    )
    with database.read() as session:
        assert not ledger.check(session).balanced
    database.close()
