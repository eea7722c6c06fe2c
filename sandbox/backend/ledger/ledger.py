# SPDX-License-Identifier: Apache-2.0
"""Keeps the books by double entry: a posting adds up to zero per currency, a balance is the sum of its entries.

Accounts: `shopper` (what we owe a shopper), `purse` (what several shoppers hold together), `merchant` (what we owe a
merchant), `play_money` (where top-ups come from, so it goes below zero), `guarantee` (what offline promises that were
not kept have cost us), `set_aside` (what we owe a shopper, and keep for what one of their wallet keys may promise),
`by_merchant`, `by_store`, `by_platform`, `by_sponsor` (what each has paid for campaigns and vouchers, below zero), and
`given_away` (what a merchant has forgone of its own takings by them, the other side of the first two).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.orm import Session

from sandbox.backend.errors import BackendError
from sandbox.backend.ledger import statements
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import AccountKind, EntryRow, LedgerAccountRow, PostingKind, PostingRow

__all__ = [
    "Account",
    "AccountKind",
    "Check",
    "InsufficientFundsError",
    "PostingKind",
    "balance",
    "balances",
    "check",
    "gather",
    "lock",
    "share_out",
    "transfer",
    "transfer_if_there",
]

_WITHOUT_CREDIT = frozenset({AccountKind.SHOPPER, AccountKind.PURSE, AccountKind.SET_ASIDE})


@dataclass(frozen=True, slots=True)
class Account:
    """The name of an account; `owner` is an account's, a merchant's, a purse's or a key's id, empty for our own."""

    kind: AccountKind
    owner: str = ""


@dataclass(eq=False)
class InsufficientFundsError(BackendError):
    """`account` is `short_minor` short of what was to be taken; nothing has been posted."""

    account: Account
    short_minor: int

    def __str__(self) -> str:
        return f"{self.account.kind} {self.account.owner} is short of {self.short_minor}"


@dataclass(frozen=True, slots=True)
class Check:
    """The ledger added up: `balanced` is true if postings, entries and balances all agree."""

    balanced: bool
    postings: int
    accounts: int


def transfer(
    session: Session,
    kind: PostingKind,
    *,
    giver: Account,
    taker: Account,
    amount_minor: int,
    currency: str,
    at: int,
    intent_key: str | None = None,
) -> None:
    """Post `amount_minor` from `giver` to `taker`; nothing for zero.

    Raises InsufficientFundsError if a shopper's balance would go below zero, ValueError for a negative amount.
    """
    share_out(
        session, kind, giver=giver, shares=[(taker, amount_minor)], currency=currency, at=at, intent_key=intent_key
    )


def share_out(
    session: Session,
    kind: PostingKind,
    *,
    giver: Account,
    shares: Sequence[tuple[Account, int]],
    currency: str,
    at: int,
    intent_key: str | None = None,
) -> None:
    """Post from `giver` to several at once, in one posting; nothing for a share of zero.

    Raises as `transfer` does; then nothing has been posted.
    """
    if any(amount_minor < 0 for _, amount_minor in shares):
        raise ValueError("a transfer goes one way")
    given = [share for share in shares if share[1] > 0]
    if given:
        total = sum(amount_minor for _, amount_minor in given)
        _post(session, kind, [(giver, -total), *given], currency=currency, at=at, intent_key=intent_key)


def transfer_if_there(
    connection: Connection,
    kind: PostingKind,
    *,
    giver: Account,
    taker: Account,
    amount_minor: int,
    currency: str,
    at: int,
    intent_key: str,
) -> bool:
    """As `transfer`, by four statements; False: an account is short or has not been used yet.

    Then the caller undoes its transaction, or its part of one.
    """
    moved = list[tuple[int, int]]()
    for account, amount in sorted(((giver, -amount_minor), (taker, amount_minor)), key=_by_name):
        account_id = _move(connection, account, amount, currency)
        if account_id is None:
            return False
        moved.append((account_id, amount))
    _write_down(connection, kind, moved, at=at, intent_key=intent_key)
    return True


def lock(session: Session, account: Account, currency: str) -> None:
    """Keep an account from every other transaction until this one ends, for a decision on what it has given before."""
    _locked(session, account, currency)


def gather(
    session: Session,
    kind: PostingKind,
    *,
    shares: Sequence[tuple[Account, int]],
    taker: Account,
    currency: str,
    at: int,
    intent_key: str | None = None,
) -> None:
    """Post to `taker` from several at once, in one posting; nothing for a share of zero. Raises as `transfer` does."""
    if any(amount_minor < 0 for _, amount_minor in shares):
        raise ValueError("a transfer goes one way")
    taken = [(giver, -amount_minor) for giver, amount_minor in shares if amount_minor > 0]
    if taken:
        total = -sum(amount_minor for _, amount_minor in taken)
        _post(session, kind, [*taken, (taker, total)], currency=currency, at=at, intent_key=intent_key)


def balance(session: Session, account: Account, currency: str) -> int:
    """The balance of an account; 0 if it was never used."""
    return session.scalar(select(LedgerAccountRow.balance_minor).where(*_is(account, currency))) or 0


def balances(session: Session, account: Account) -> dict[str, int]:
    """The balance of an account in each currency it has ever held."""
    rows = session.execute(
        select(LedgerAccountRow.currency, LedgerAccountRow.balance_minor).where(
            LedgerAccountRow.kind == account.kind, LedgerAccountRow.owner == account.owner
        )
    )
    return {row.currency: row.balance_minor for row in rows}


def check(session: Session) -> Check:
    """Add everything up again from the entries."""
    unbalanced_postings = session.execute(
        select(EntryRow.posting_id)
        .join(LedgerAccountRow, LedgerAccountRow.id == EntryRow.account_id)
        .group_by(EntryRow.posting_id, LedgerAccountRow.currency)
        .having(func.sum(EntryRow.amount_minor) != 0)
        .limit(1)
    ).first()
    sums = (
        select(EntryRow.account_id, func.sum(EntryRow.amount_minor).label("total"))
        .group_by(EntryRow.account_id)
        .subquery()
    )
    wrong_balances = session.execute(
        select(LedgerAccountRow.id)
        .outerjoin(sums, sums.c.account_id == LedgerAccountRow.id)
        .where(LedgerAccountRow.balance_minor != func.coalesce(sums.c.total, 0))
        .limit(1)
    ).first()
    grand_total = session.scalar(select(func.sum(LedgerAccountRow.balance_minor))) or 0
    return Check(
        balanced=unbalanced_postings is None and wrong_balances is None and grand_total == 0,
        postings=session.scalar(select(func.count()).select_from(PostingRow)) or 0,
        accounts=session.scalar(select(func.count()).select_from(LedgerAccountRow)) or 0,
    )


def _post(
    session: Session,
    kind: PostingKind,
    entries: Sequence[tuple[Account, int]],
    *,
    currency: str,
    at: int,
    intent_key: str | None,
) -> None:
    """Money first, each account by one statement that also says whether it is there and has so much."""
    if sum(amount for _, amount in entries) != 0:
        raise ValueError("a posting that does not add up to zero")
    session.flush()
    connection, moved = session.connection(), list[tuple[int, int]]()
    # Always in one order, so that two postings never wait for each other.
    for account, amount in sorted(entries, key=_by_name):
        try:
            moved.append((_move_or_raise(session, account, amount, currency), amount))
        except InsufficientFundsError:
            for account_id, undone in moved:
                statements.MOVE_BACK.run(connection, account_id=account_id, minor=undone)
            raise
    _write_down(connection, kind, moved, at=at, intent_key=intent_key)


def _move_or_raise(session: Session, account: Account, amount: int, currency: str) -> int:
    """As `_move`, of an account that may not be there yet. Raises InsufficientFundsError, with nothing changed."""
    moved = _move(session.connection(), account, amount, currency)
    if moved is None:
        left = _locked(session, account, currency) + amount
        if left < 0 and account.kind in _WITHOUT_CREDIT:
            raise InsufficientFundsError(account, -left)
        moved = _move(session.connection(), account, amount, currency)
        assert moved is not None
    return moved


def _move(connection: Connection, account: Account, amount: int, currency: str) -> int | None:
    """Change one balance; the account's own number. None: it is short, or not there, and nothing has been changed."""
    statement = statements.MOVE_IF_THERE if account.kind in _WITHOUT_CREDIT else statements.MOVE
    moved = statement.first(
        connection, of_kind=account.kind, of_owner=account.owner, in_currency=currency, minor=amount
    )
    return None if moved is None else int(moved[0])


def _write_down(
    connection: Connection, kind: PostingKind, moved: Sequence[tuple[int, int]], *, at: int, intent_key: str | None
) -> None:
    posting = statements.POSTING.first(connection, kind=kind, intent_key=intent_key, at=at)
    assert posting is not None
    sides: dict[str, int] = {}
    for place, (account_id, amount) in enumerate(moved):
        sides |= {f"account{place}": account_id, f"minor{place}": amount}
    statements.entries(len(moved)).run(connection, posting_id=posting[0], **sides)


def _by_name(entry: tuple[Account, int]) -> tuple[str, str]:
    return entry[0].kind, entry[0].owner


def _locked(session: Session, account: Account, currency: str) -> int:
    """The balance of an account, made if it was not there, and kept from every other transaction."""
    locked = select(LedgerAccountRow.balance_minor).where(*_is(account, currency)).with_for_update()
    found = session.scalar(locked)
    if found is None:
        insert_if_new(
            session, LedgerAccountRow, kind=account.kind, owner=account.owner, currency=currency, balance_minor=0
        )
        found = session.scalars(locked).one()
    return found


def _is(account: Account, currency: str) -> tuple[ColumnElement[bool], ...]:
    return (
        LedgerAccountRow.kind == account.kind,
        LedgerAccountRow.owner == account.owner,
        LedgerAccountRow.currency == currency,
    )
