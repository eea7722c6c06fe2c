# SPDX-License-Identifier: Apache-2.0
"""Keeps the money behind offline promises: set aside for a wallet key, taken for what it promised, given back.

Source: backend API, *Money set aside*. One ledger account a key. A payment draws on free money first, and on what is
set aside for its key only for what it promised (claim 5), so an honest wallet never promises what is not there. A
promise that is not kept all the same proves a wallet that breaks the rules: every key of its account is blocked.

Tests: tests/sandbox/backend/booking/test_set_aside.py, tests/sandbox/backend/booking/test_set_aside_model.py
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.core.times import CLOCK_TOLERANCE_S
from sandbox.backend.intents.finality import MOST_MAX_AGE_S
from sandbox.backend.kernel.alarms import raise_alarm
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.records.tables import (
    AccountRow,
    AlarmKind,
    IntentRow,
    LedgerAccountRow,
    PaymentRow,
    PaymentStatus,
    WalletCredentialRow,
)
from sandbox.backend.terminals import denylist

CLAIMABLE_S = MOST_MAX_AGE_S + 2 * CLOCK_TOLERANCE_S
"""How long after a credential's end something signed under it may still be taken, however clocks differ."""


def of_key(kid: str) -> Account:
    """What is set aside for a key."""
    return Account(AccountKind.SET_ASIDE, kid)


def of_account(session: Session, account_id: str, currency: str) -> int:
    """What is set aside for all keys of an account."""
    keys = select(WalletCredentialRow.kid).where(
        WalletCredentialRow.account_id == account_id, WalletCredentialRow.claimable_until.is_not(None)
    )
    found = session.scalar(
        select(func.sum(LedgerAccountRow.balance_minor)).where(
            LedgerAccountRow.kind == AccountKind.SET_ASIDE,
            LedgerAccountRow.currency == currency,
            LedgerAccountRow.owner.in_(keys),
        )
    )
    return int(found or 0)


def covers(session: Session, kid: str, intent: IntentRow, total_minor: int) -> bool:
    """Whether what is set aside for a key pays a promise, whatever else its account has or owes."""
    return ledger.balance(session, of_key(kid), intent.currency) >= total_minor


def put_by(session: Session, row: WalletCredentialRow, currency: str, now: int) -> None:
    """Set the allowance of a new key aside; raises InsufficientFundsError if the free balance has less."""
    ledger.transfer(
        session,
        PostingKind.SET_ASIDE,
        giver=Account(AccountKind.SHOPPER, row.account_id),
        taker=of_key(row.kid),
        amount_minor=row.allowance_minor,
        currency=currency,
        at=now,
    )
    row.claimable_until = row.expires_at + CLAIMABLE_S


def pay(
    session: Session, intent: IntentRow, payment: PaymentRow, *, giver: Account, merchant: Account, minor: int, now: int
) -> None:
    """Take a payment's money; raises InsufficientFundsError, and then nothing has been posted."""
    shares = [(giver, minor)]
    try:
        _gather(session, intent, payment, shares, merchant, now)
    except ledger.InsufficientFundsError as error:
        if not payment.promised or payment.wallet_kid is None or payment.purse_id is not None:
            raise
        shares = [(giver, minor - error.short_minor), (of_key(payment.wallet_kid), error.short_minor)]
        _gather(session, intent, payment, shares, merchant, now)
        payment.from_set_aside_minor = error.short_minor


def unpay(
    session: Session, intent: IntentRow, payment: PaymentRow, *, giver: Account, merchant: Account, now: int
) -> None:
    """Undo `pay`: what came from money set aside is set aside again, unless that has been given back meanwhile."""
    aside = payment.from_set_aside_minor
    if aside > 0:
        assert payment.wallet_kid is not None
        key = session.get_one(WalletCredentialRow, payment.wallet_kid, with_for_update=True, populate_existing=True)
        aside = aside if key.claimable_until is not None else 0
    shares = [(giver, payment.taken_minor - aside)]
    if aside > 0:
        assert payment.wallet_kid is not None
        shares.append((of_key(payment.wallet_kid), aside))
    ledger.share_out(
        session,
        PostingKind.REVERSAL,
        giver=merchant,
        shares=shares,
        currency=payment.currency,
        at=now,
        intent_key=intent.key,
    )
    payment.from_set_aside_minor = 0


def give_back(session: Session, kid: str, now: int) -> None:
    """Free what is still set aside for a key, if nothing that it signed can be taken any more."""
    key = session.get_one(WalletCredentialRow, kid, with_for_update=True, populate_existing=True)
    held = select(PaymentRow.id).where(PaymentRow.wallet_kid == kid, PaymentRow.status == PaymentStatus.HELD).limit(1)
    if key.claimable_until is None or now <= key.claimable_until or session.scalar(held) is not None:
        return
    for currency, minor in ledger.balances(session, of_key(kid)).items():
        ledger.transfer(
            session,
            PostingKind.GIVEN_BACK,
            giver=of_key(kid),
            taker=Account(AccountKind.SHOPPER, key.account_id),
            amount_minor=minor,
            currency=currency,
            at=now,
        )
    key.claimable_until = None


def not_kept(session: Session, payment: PaymentRow, now: int) -> None:
    """An account promised what is not there: block all its keys, freeze its promises, alarm; once."""
    if payment.account_id is None or payment.purse_id is not None:
        return
    # Not against those that refer to the account: they hold that, and wait for the merchant's money that we hold.
    lock = {"key_share": True}
    account = session.get_one(AccountRow, payment.account_id, with_for_update=lock, populate_existing=True)
    keys = session.scalars(
        select(WalletCredentialRow.kid).where(
            WalletCredentialRow.account_id == account.id, WalletCredentialRow.expires_at > now
        )
    ).all()
    listed = denylist.list_all(
        session, [*keys, *([payment.wallet_kid] if payment.wallet_kid else [])], denylist.NOT_KEPT, now
    )
    if listed or account.offline_frozen_at is None:
        _freeze(session, account, payment, len(listed), now)


def freeze(session: Session, payment: PaymentRow, now: int) -> None:
    """A key that its account's owner had blocked has promised on: no key of the account promises any more, alarm; once.

    What lies aside for the others still pays what they promise.
    """
    if payment.account_id is None or payment.purse_id is not None:
        return
    account = session.get_one(
        AccountRow, payment.account_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if account.offline_frozen_at is None:
        _freeze(session, account, payment, 0, now)


def _freeze(session: Session, account: AccountRow, payment: PaymentRow, blocked: int, now: int) -> None:
    account.offline_frozen_at = account.offline_frozen_at or now
    detail = {
        "account_id": account.id,
        "kid": payment.wallet_kid,
        "keys": blocked,
        "total": payment.total_minor,
        "currency": payment.currency,
    }
    raise_alarm(session, AlarmKind.PROMISE_NOT_KEPT, payment.terminal_id, detail, now)


def _gather(
    session: Session,
    intent: IntentRow,
    payment: PaymentRow,
    shares: list[tuple[Account, int]],
    merchant: Account,
    now: int,
) -> None:
    ledger.gather(
        session,
        PostingKind.PAYMENT,
        shares=shares,
        taker=merchant,
        currency=payment.currency,
        at=now,
        intent_key=intent.key,
    )
