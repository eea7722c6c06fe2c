# SPDX-License-Identifier: Apache-2.0
"""Says what an account may pay an intent with by the page: its balance, its purses, the vouchers that fit.

All in the intent's currency, so that a page asks once and adds up without knowing any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sandbox.backend.booking import set_aside
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind
from sandbox.backend.offers import vouchers
from sandbox.backend.records.tables import IntentRow, PurseRow, VoucherRow
from sandbox.backend.sharing import purses


@dataclass(frozen=True, slots=True, kw_only=True)
class MeansReport:
    """What may be spent; `set_aside_minor`: what the account holds beside it for offline payments.

    `purses`: each with what it holds.
    """

    available_minor: int
    set_aside_minor: int
    purses: Sequence[tuple[PurseRow, int]]
    vouchers: Sequence[VoucherRow]


def of_account(session: Session, intent: IntentRow, account_id: str, now: int) -> MeansReport:
    """What this account may pay an intent with."""
    own = Account(AccountKind.SHOPPER, account_id)
    return MeansReport(
        available_minor=ledger.balance(session, own, intent.currency),
        set_aside_minor=set_aside.of_account(session, account_id, intent.currency),
        purses=purses.held(session, account_id, intent.currency),
        vouchers=vouchers.fitting(session, intent, account_id, now),
    )
