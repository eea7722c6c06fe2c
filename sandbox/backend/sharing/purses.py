# SPDX-License-Identifier: Apache-2.0
"""Keeps purses (小荷包) that several accounts fill and pay from (authorisation, funding 1).

An account is a member only once it has accepted: before that it sees a name and who asks, and the purse is not its own.
"""

from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from pengpos.core.reasons import Reason
from sandbox.backend.errors import NotFoundError, NotPossibleError
from sandbox.backend.kernel import limits
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    AccountRow,
    LedgerAccountRow,
    PaymentRow,
    PaymentStatus,
    PurseMemberRow,
    PurseMemberState,
    PurseRow,
)
from sandbox.backend.sharing import acquaintances
from sandbox.backend.trust.judgement import INSUFFICIENT_FUNDS, Refusal

NO_PURSE = Refusal(Reason.DECLINED_BY_BACKEND, "no_purse")
OVER_BUDGET = Refusal(Reason.DECLINED_BY_BACKEND, "over_budget")
NO_HOLDS_S = 30 * limits.DAY_S
_ENTRIES_SHOWN = 200
_LATER_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class PurseReport:
    """A purse with its members, its money by currency, and the payments from it, newest first.

    `invited`: who was asked to be a member and has not answered.
    """

    purse: PurseRow
    members: list[str]
    invited: list[str]
    spent_minor: int
    balances: dict[str, int]
    payments: list[PaymentRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """All that an account sees of a purse before it is a member."""

    purse_id: str
    name: str
    invited_by: str


def make(session: Session, account_id: str, purse: PurseRow, invited: list[str], now: int) -> PurseReport:
    """Make a purse whose one member is its maker, and invite others.

    Raises NotFoundError for an unknown account, NotPossibleError `refused` for one that refused or left a purse of this
    account within 30 days, TooManyError.
    """
    limits.lock_accounts(session, {account_id, *invited})
    _check_made(session, account_id, now)
    purse.id = ids.short_id("P")
    session.add(purse)
    session.flush()
    session.add(_member(purse, account_id, now, state=PurseMemberState.MEMBER, chosen_at=now))
    for other_id in dict.fromkeys(invited):
        if other_id != account_id:
            _invite(session, purse, account_id, other_id, now)
    session.flush()
    return report(session, purse)


def accept(session: Session, account_id: str, purse_id: str, now: int) -> PurseReport:
    """Become a member of a purse that one was invited to; again changes nothing. Raises NotFoundError, TooManyError."""
    purse, row = _lock(session, account_id, purse_id)
    match row.state:
        case PurseMemberState.LEFT:
            raise NotFoundError("purse")
        case PurseMemberState.INVITED:
            limits.lock_accounts(session, {account_id})
            limits.PURSES.check(_number_of(session, account_id, PurseMemberState.MEMBER), retry_after_s=_LATER_S)
            row.state, row.at = PurseMemberState.MEMBER, now
            session.flush()
        case PurseMemberState.MEMBER:
            pass
        case unexpected:
            assert_never(unexpected)
    return report(session, purse)


def leave(session: Session, account_id: str, purse_id: str, now: int) -> None:
    """Refuse an invitation, or be a member no more; again changes nothing. What one has put in stays in.

    Raises NotFoundError, NotPossibleError `last_member` while there is money that nobody could spend any more, or what
    was paid may still be given back.
    """
    purse, row = _lock(session, account_id, purse_id)
    if row.state is PurseMemberState.MEMBER:
        seen = report(session, purse)
        if seen.members == [account_id] and (any(seen.balances.values()) or _may_get_back(session, purse_id)):
            raise NotPossibleError("last_member", "this purse has money, or may get some back, and no other member")
    if row.state is not PurseMemberState.LEFT:
        row.state, row.at = PurseMemberState.LEFT, now


def _may_get_back(session: Session, purse_id: str) -> bool:
    """Whether a payment from a purse waits, or may still be cancelled or refunded."""
    held = PaymentRow.status == PaymentStatus.HELD
    booked = (PaymentRow.status == PaymentStatus.APPROVED) & (PaymentRow.taken_minor > PaymentRow.refunded_minor)
    found = select(PaymentRow.id).where(PaymentRow.purse_id == purse_id, held | booked)
    return session.scalar(found.limit(1)) is not None


def of(session: Session, account_id: str) -> list[PurseReport]:
    """The purses an account is a member of."""
    return [report(session, row) for row in session.scalars(_of(account_id))]


def held(session: Session, account_id: str, currency: str) -> list[tuple[PurseRow, int]]:
    """The purses an account is a member of, each with what it holds in a currency, which may be nothing."""
    kept = (
        (LedgerAccountRow.kind == AccountKind.PURSE)
        & (LedgerAccountRow.owner == PurseRow.id)
        & (LedgerAccountRow.currency == currency)
    )
    rows = session.execute(
        _of(account_id).outerjoin(LedgerAccountRow, kept).add_columns(LedgerAccountRow.balance_minor)
    )
    return [(purse, minor or 0) for purse, minor in rows]


def _of(account_id: str) -> Select[PurseRow]:
    return (
        select(PurseRow)
        .join(PurseMemberRow)
        .where(PurseMemberRow.account_id == account_id, PurseMemberRow.state == PurseMemberState.MEMBER)
        .order_by(PurseRow.id)
    )


def invitations(session: Session, account_id: str) -> list[Invitation]:
    """The purses an account is asked to join."""
    rows = session.execute(
        select(PurseRow.id, PurseRow.name, PurseMemberRow.invited_by)
        .join(PurseMemberRow)
        .where(PurseMemberRow.account_id == account_id, PurseMemberRow.state == PurseMemberState.INVITED)
        .order_by(PurseRow.id)
    )
    return [Invitation(purse_id=row.id, name=row.name, invited_by=row.invited_by or "") for row in rows]


def own(session: Session, account_id: str, purse_id: str) -> PurseRow:
    """Lock a purse; raises NotFoundError for one that the account is no member of."""
    purse, row = _lock(session, account_id, purse_id)
    if row.state is not PurseMemberState.MEMBER:
        raise NotFoundError("purse")
    return purse


def _lock(session: Session, account_id: str, purse_id: str) -> tuple[PurseRow, PurseMemberRow]:
    purse = session.get(PurseRow, purse_id, with_for_update=True)
    row = session.get(PurseMemberRow, (purse_id, account_id), populate_existing=True)
    if purse is None or row is None:
        raise NotFoundError("purse")
    return purse, row


def _member(
    purse: PurseRow,
    account_id: str,
    now: int,
    *,
    state: PurseMemberState,
    chosen_at: int = 0,
    invited_by: str | None = None,
) -> PurseMemberRow:
    return PurseMemberRow(
        purse_id=purse.id, account_id=account_id, chosen_at=chosen_at, state=state, invited_by=invited_by, at=now
    )


def _invite(session: Session, purse: PurseRow, account_id: str, other_id: str, now: int) -> None:
    if session.get(AccountRow, other_id) is None:
        raise NotFoundError("account")
    refused = select(PurseMemberRow.purse_id).where(
        PurseMemberRow.account_id == other_id,
        PurseMemberRow.invited_by == account_id,
        PurseMemberRow.state == PurseMemberState.LEFT,
        PurseMemberRow.at > now - NO_HOLDS_S,
    )
    if session.scalars(refused.limit(1)).first() is not None:
        raise NotPossibleError("refused", "this account does not want to be asked again")
    invited = (PurseMemberRow.account_id == other_id, PurseMemberRow.state == PurseMemberState.INVITED)
    inviters = session.scalars(select(func.coalesce(PurseMemberRow.invited_by, "")).where(*invited)).all()
    limits.INVITATIONS.check(len(inviters), retry_after_s=_LATER_S)
    if not acquaintances.know_each_other(session, account_id, other_id):
        acquaintances.check_stranger(
            session,
            account_id,
            other_id,
            inviters,
            of_one=limits.INVITATIONS_BY_STRANGER,
            of_all=limits.INVITATIONS_BY_STRANGERS,
            again_s=_LATER_S,
        )
    session.add(_member(purse, other_id, now, state=PurseMemberState.INVITED, invited_by=account_id))


def _check_made(session: Session, account_id: str, now: int) -> None:
    limits.PURSES.check(_number_of(session, account_id, PurseMemberState.MEMBER), retry_after_s=_LATER_S)
    made = (
        select(func.count())
        .select_from(PurseMemberRow)
        .where(
            PurseMemberRow.account_id == account_id,
            PurseMemberRow.invited_by.is_(None),
            PurseMemberRow.at > now - limits.DAY_S,
        )
    )
    limits.PURSES_MADE.check(session.scalar(made) or 0, retry_after_s=_LATER_S)


def _number_of(session: Session, account_id: str, state: PurseMemberState) -> int:
    counted = (
        select(func.count())
        .select_from(PurseMemberRow)
        .where(PurseMemberRow.account_id == account_id, PurseMemberRow.state == state)
    )
    return session.scalar(counted) or 0


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
        raise NotPossibleError(INSUFFICIENT_FUNDS.code, "this account has insufficient funds") from error
    purse.filled_minor += amount_minor
    return report(session, purse)


def choose(session: Session, account_id: str, purse_id: str, now: int) -> None:
    """From now on a tap with funding 1 means this purse."""
    own(session, account_id, purse_id)
    newest = session.scalar(select(func.max(PurseMemberRow.chosen_at)).where(PurseMemberRow.account_id == account_id))
    session.get_one(PurseMemberRow, (purse_id, account_id)).chosen_at = max(now, (newest or 0) + 1)


def chosen(session: Session, account_id: str) -> str | None:
    """Lock the purse that a tap of this account means, so that it stays a member's until then; None if it has none."""
    found = (
        select(PurseMemberRow.purse_id)
        .where(PurseMemberRow.account_id == account_id, PurseMemberRow.state == PurseMemberState.MEMBER)
        .order_by(PurseMemberRow.chosen_at.desc(), PurseMemberRow.purse_id)
        .limit(1)
    )
    while (purse_id := session.scalar(found)) is not None:
        _, row = _lock(session, account_id, purse_id)
        if row.state is PurseMemberState.MEMBER:
            return purse_id
    return None


def over_budget(session: Session, purse_id: str, taken: int) -> bool:
    """Whether taking `taken` more would exceed the purse's budget; locks the purse."""
    purse = session.get_one(PurseRow, purse_id, with_for_update=True, populate_existing=True)
    if purse.budget_minor is None:
        return False
    return _spent(purse, _balances(session, purse)) + taken > purse.budget_minor


def report(session: Session, purse: PurseRow) -> PurseReport:
    """A purse as its members see it."""
    people = session.execute(
        select(PurseMemberRow.account_id, PurseMemberRow.state)
        .where(PurseMemberRow.purse_id == purse.id)
        .order_by(PurseMemberRow.account_id)
    ).all()
    payments = session.scalars(
        select(PaymentRow)
        .where(PaymentRow.purse_id == purse.id, PaymentRow.status == PaymentStatus.APPROVED)
        .order_by(PaymentRow.id.desc())
        .limit(_ENTRIES_SHOWN)
    ).all()
    balances = _balances(session, purse)
    return PurseReport(
        purse=purse,
        members=[person.account_id for person in people if person.state is PurseMemberState.MEMBER],
        invited=[person.account_id for person in people if person.state is PurseMemberState.INVITED],
        spent_minor=_spent(purse, balances),
        balances=balances,
        payments=list(payments),
    )


def _balances(session: Session, purse: PurseRow) -> dict[str, int]:
    return ledger.balances(session, Account(AccountKind.PURSE, purse.id))


def _spent(purse: PurseRow, balances: dict[str, int]) -> int:
    """What was put in and is not there: all that leaves a purse pays, and what comes back was paid by it."""
    return purse.filled_minor - sum(balances.values())
