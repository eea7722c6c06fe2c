# SPDX-License-Identifier: Apache-2.0
"""Asks, lessens and withdraws dues: what an offline payment that was declined at sync left its shopper to pay.

Source: backend API, *Dues*. When one arises, lessens and ends is here; paying and refusing is in `due_payments`.
Everything that changes one runs under the row lock of its intent, which has at most one due, for ever: goods are given
away once.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import DueRow, DueState, PaymentRow, RefundRow, RefundState, WalletCounterRow
from sandbox.backend.terminals import denylist
from sandbox.backend.trust.liability import liability_of

_ALIVE = frozenset({DueState.OPEN, DueState.REFUSED})
_WITHOUT = "without_due"


def ask(session: Session, payment: PaymentRow, now: int) -> None:
    """Ask for a payment that was accepted offline and has just been declined, if something is left to pay.

    Not where its terminal has not said that it knows dues: it would have the shopper pay another way, and thus twice.
    """
    if not payment.knows_dues:
        return
    amount = _left_to_pay(session, payment)
    if amount <= 0 or not liability_of(payment.code).may_be_due or not _owner_signed(session, payment):
        return
    insert_if_new(
        session,
        DueRow,
        intent_key=payment.intent_key,
        payment_id=payment.id,
        terminal_id=payment.terminal_id,
        account_id=payment.account_id,
        amount_minor=amount,
        to_guarantor_minor=0,
        refunded_minor=0,
        currency=payment.currency,
        state=DueState.OPEN,
        asked_at=now,
    )
    session.info.get(_WITHOUT, set()).discard(payment.intent_key)


def of(session: Session, intent_key: str) -> DueRow | None:
    """An intent's due, in whatever state."""
    without: set[str] = session.info.setdefault(_WITHOUT, set())
    if intent_key in without:
        return None
    due = session.get(DueRow, intent_key)
    if due is None:
        without.add(intent_key)  # as nearly all: a payment asks several times, and under the intent's lock it stays so
    return due


def read_ahead(session: Session, intent_keys: Sequence[str]) -> None:
    """Read the dues of many intents at once; for a session that only reads."""
    note_all(session, intent_keys, session.scalars(select(DueRow).where(DueRow.intent_key.in_(intent_keys))).all())


def note_all(session: Session, intent_keys: Sequence[str], found: Iterable[DueRow]) -> None:
    """These are all dues of these intents; the others have none, and are not asked for again."""
    session.info.setdefault(_WITHOUT, set()).update(set(intent_keys) - {due.intent_key for due in found})


def paid(session: Session, intent_key: str) -> DueRow | None:
    """An intent's due if it has been paid; then nothing of that intent is ever booked."""
    due = of(session, intent_key)
    return due if due is not None and due.state is DueState.PAID else None


def asks_for(session: Session, payment: PaymentRow) -> bool:
    """Whether it is this payment that its intent's due asks for, not another wallet's."""
    due = of(session, payment.intent_key)
    return due is not None and due.payment_id == payment.id


def given_back(session: Session, payment: PaymentRow) -> int:
    """What the merchant has given back of a payment's due since that was paid."""
    due = of(session, payment.intent_key)
    return due.refunded_minor if due is not None and due.payment_id == payment.id else 0


def left_to_pay(session: Session, intent_key: str) -> int:
    """What an intent's due still asks for."""
    due = of(session, intent_key)
    return due.amount_minor if due is not None and due.state in _ALIVE else 0


def lessen(session: Session, intent_key: str, by: int | None, now: int) -> None:
    """A refund was waiting behind the payment: so much less is owed (None: nothing any more)."""
    due = of(session, intent_key)
    if due is None or due.state not in _ALIVE:
        return
    due.amount_minor = 0 if by is None else max(0, due.amount_minor - by)
    if due.amount_minor == 0:
        withdraw(session, intent_key, now)


def withdraw(session: Session, intent_key: str, now: int) -> DueRow | None:
    """Nothing is owed any more; the due, if it was open or refused until now."""
    due = of(session, intent_key)
    if due is None or due.state not in _ALIVE:
        return None
    due.state, due.decided_at = DueState.WITHDRAWN, now
    return due


def _left_to_pay(session: Session, payment: PaymentRow) -> int:
    refunds = select(RefundRow.requested_minor).where(
        RefundRow.intent_key == payment.intent_key, RefundRow.state == RefundState.VOID
    )
    asked_back = session.scalars(refunds).all()
    return 0 if None in asked_back else payment.total_minor - sum(minor or 0 for minor in asked_back)


def _owner_signed(session: Session, payment: PaymentRow) -> bool:
    """Its key is an account's, was on no denylist then, and had not used its counter for another authorisation.

    The code alone does not say: of two things that are wrong with a payment it names one.
    """
    if payment.account_id is None or payment.wallet_kid is None:
        return False
    counter = select(WalletCounterRow.counter).where(
        WalletCounterRow.kid == payment.wallet_kid,
        WalletCounterRow.authorisation_digest == payment.authorisation_digest,
    )
    listed = denylist.listed_at(session, payment.wallet_kid, payment.authorised_at)
    return not listed and session.scalar(counter.limit(1)) is not None
