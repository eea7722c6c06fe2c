# SPDX-License-Identifier: Apache-2.0
"""Keeps purses (小荷包) that several accounts fill and pay from (authorisation, funding 1)."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.core.reasons import Reason
from sandbox.backend.errors import NotFoundError, NotPossibleError
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.records import ids
from sandbox.backend.records.tables import AccountRow, PaymentRow, PaymentStatus, PurseMemberRow, PurseRow
from sandbox.backend.trust.judgement import INSUFFICIENT_FUNDS, Refusal

NO_PURSE = Refusal(Reason.DECLINED_BY_BACKEND, "no_purse")
OVER_BUDGET = Refusal(Reason.DECLINED_BY_BACKEND, "over_budget")
_ENTRIES_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PurseReport:
    """A purse with its members, its money by currency, and the payments from it, newest first."""

    purse: PurseRow
    members: list[str]
    spent_minor: int
    balances: dict[str, int]
    payments: list[PaymentRow]


def make(session: Session, account_id: str, purse: PurseRow, members: list[str], now: int) -> PurseReport:
    """Make a purse with its members, its maker among them; raises NotFoundError for an unknown member."""
    purse.id = ids.short_id("P")
    session.add(purse)
    session.flush()
    for member_id in dict.fromkeys([account_id, *members]):
        if session.get(AccountRow, member_id) is None:
            raise NotFoundError("account")
        session.add(
            PurseMemberRow(purse_id=purse.id, account_id=member_id, chosen_at=now if member_id == account_id else 0)
        )
    session.flush()
    return report(session, purse)


def of(session: Session, account_id: str) -> list[PurseReport]:
    """The purses an account is a member of."""
    rows = session.scalars(
        select(PurseRow).join(PurseMemberRow).where(PurseMemberRow.account_id == account_id).order_by(PurseRow.id)
    )
    return [report(session, row) for row in rows]


def own(session: Session, account_id: str, purse_id: str) -> PurseRow:
    """Lock a purse; raises NotFoundError for one that the account is no member of."""
    row = session.get(PurseRow, purse_id, with_for_update=True)
    if row is None or session.get(PurseMemberRow, (purse_id, account_id)) is None:
        raise NotFoundError("purse")
    return row


def deposit(
    session: Session, account_id: str, purse_id: str, amount_minor: int, currency: str, now: int
) -> PurseReport:
    """Move money of one's own into a purse; raises NotFoundError, NotPossibleError."""
    purse = own(session, account_id, purse_id)
    try:
        ledger.transfer(
            session,
            PostingKind.PURSE_FILLED,
            giver=Account(AccountKind.SHOPPER, account_id),
            taker=Account(AccountKind.PURSE, purse_id),
            amount_minor=amount_minor,
            currency=currency,
            at=now,
        )
    except ledger.InsufficientFundsError as error:
        raise NotPossibleError(INSUFFICIENT_FUNDS.code, "there is not enough money on this account") from error
    return report(session, purse)


def choose(session: Session, account_id: str, purse_id: str, now: int) -> None:
    """From now on a tap with funding 1 means this purse."""
    own(session, account_id, purse_id)
    newest = session.scalar(select(func.max(PurseMemberRow.chosen_at)).where(PurseMemberRow.account_id == account_id))
    session.get_one(PurseMemberRow, (purse_id, account_id)).chosen_at = max(now, (newest or 0) + 1)


def chosen(session: Session, account_id: str) -> str | None:
    """The purse that a tap of this account means; None if it has none."""
    return session.scalars(
        select(PurseMemberRow.purse_id)
        .where(PurseMemberRow.account_id == account_id)
        .order_by(PurseMemberRow.chosen_at.desc(), PurseMemberRow.purse_id)
        .limit(1)
    ).first()


def over_budget(session: Session, purse_id: str, taken: int) -> bool:
    """Whether taking `taken` more would exceed the purse's budget; locks the purse."""
    purse = session.get_one(PurseRow, purse_id, with_for_update=True)
    return purse.budget_minor is not None and _spent(session, purse_id) + taken > purse.budget_minor


def report(session: Session, purse: PurseRow) -> PurseReport:
    """A purse as its members see it."""
    members = session.scalars(
        select(PurseMemberRow.account_id).where(PurseMemberRow.purse_id == purse.id).order_by(PurseMemberRow.account_id)
    ).all()
    payments = session.scalars(
        select(PaymentRow)
        .where(PaymentRow.purse_id == purse.id, PaymentRow.status == PaymentStatus.APPROVED)
        .order_by(PaymentRow.id.desc())
        .limit(_ENTRIES_SHOWN)
    ).all()
    return PurseReport(
        purse=purse,
        members=list(members),
        spent_minor=_spent(session, purse.id),
        balances=ledger.balances(session, Account(AccountKind.PURSE, purse.id)),
        payments=list(payments),
    )


def _spent(session: Session, purse_id: str) -> int:
    total = session.scalar(
        select(func.coalesce(func.sum(PaymentRow.taken_minor - PaymentRow.refunded_minor), 0)).where(
            PaymentRow.purse_id == purse_id, PaymentRow.status == PaymentStatus.APPROVED
        )
    )
    return int(total or 0)
