# SPDX-License-Identifier: Apache-2.0
"""Takes payment requests (代付): a friend pays an intent that the shopper has claimed or holds by a tap (funding 2).

`POST /payment-requests` of the terminal gives it 15 minutes: they take the place of the claim's 60 s and of the
intent's expiry in every rule (backend API).
"""

from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from pengpos.core.reasons import Reason
from sandbox.backend.booking import booking
from sandbox.backend.errors import InvalidRequestError, NotFoundError, NotPossibleError
from sandbox.backend.intents import intents, reports
from sandbox.backend.intents.reports import ReportedStatus
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments import claims, page_payments, request_bounds
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    AccountRow,
    ClaimRow,
    IntentRow,
    IntentStatus,
    MerchantRow,
    PaymentRequestRow,
    PaymentRequestState,
    PaymentRow,
    PaymentStatus,
    TerminalRow,
)
from sandbox.backend.terminals.merchants import merchant_of
from sandbox.backend.trust.judgement import Refusal

REQUEST_S = 900
FRIEND_REFUSED = Refusal(Reason.DECLINED_BY_BACKEND, "friend_refused")
TERMINAL_REVOKED = Refusal(Reason.DECLINED_BY_BACKEND, "terminal_revoked")
"""A revoked terminal's payments are else held for a person, who could only charge the account that asked the friend."""
FRIEND_ASKED = "friend_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequestReport:
    """A request as both sides see it."""

    request: PaymentRequestRow
    intent: IntentRow
    merchant: MerchantRow
    asker_name: str


def give_time(session: Session, intent: IntentRow, now: int) -> None:
    """The terminal parks the sale: who has claimed the intent may pay it for 15 minutes. Again changes nothing.

    Raises NotPossibleError `not_claimed`.
    """
    if intent.payment_requested_at is not None or intent.status is not IntentStatus.CREATED:
        return
    if reports.status_of(intent, now) is not ReportedStatus.CLAIMED:
        raise NotPossibleError("not_claimed", "this intent is not claimed")
    intent.payment_requested_at = now
    intent.expires_at = now + REQUEST_S
    claims.lengthen(session, intent, now, intent.expires_at)
    intents.announce(session, intent, now)


def ask(
    session: Session, backend: Backend, account_id: str, named: ids.IntentReference, friend_id: str
) -> PaymentRequestReport:
    """Ask a friend to pay what this account has claimed, or holds by a tap.

    Of several terminals' intents under a bare id the one that this account has so; the first, if it has several.
    Once for one intent and friend: again gives the same request. Raises NotFoundError, InvalidRequestError
    `no_such_friend`, NotPossibleError `not_claimed`, or `refused` where the friend has said no, TooManyError.
    """
    now = backend.clock.now()
    intent = intents.lock_named(session, _having(session, account_id, named), now)
    if intent is None:
        raise NotFoundError("intent")
    if session.get(AccountRow, friend_id) is None or friend_id == account_id:
        raise InvalidRequestError("a friend is another account", code="no_such_friend")
    is_claimed = reports.status_of(intent, now) is ReportedStatus.CLAIMED
    has_claimed = is_claimed and claims.own_until(session, intent, account_id, now) is not None
    if not has_claimed and _held_for(session, intent, account_id) is None:
        raise NotPossibleError("not_claimed", "this account has neither claimed this intent nor holds it")
    if (before := request_bounds.asked_before(session, intent, account_id, friend_id)) is not None:
        return report(session, before)
    request_bounds.check(session, intent, account_id, friend_id, now)
    row = PaymentRequestRow(
        id=ids.short_id("F"),
        intent_key=intent.key,
        asker_id=account_id,
        friend_id=friend_id,
        state=PaymentRequestState.OPEN,
        at=now,
    )
    session.add(row)
    session.flush()
    return report(session, row)


def asked_of(session: Session, account_id: str) -> list[PaymentRequestReport]:
    """What this account is asked to pay, or has asked others to."""
    rows = session.scalars(
        select(PaymentRequestRow)
        .where((PaymentRequestRow.friend_id == account_id) | (PaymentRequestRow.asker_id == account_id))
        .order_by(PaymentRequestRow.at.desc())
        .limit(100)
    )
    return [report(session, row) for row in rows]


def accept(session: Session, backend: Backend, account_id: str, request_id: str) -> PaymentRequestReport:
    """Pay for a friend; raises NotFoundError, or NotPossibleError with the code of what is in the way."""
    row, intent = _own(session, backend, account_id, request_id)
    match row.state:
        case PaymentRequestState.ACCEPTED:
            return report(session, row)
        case PaymentRequestState.REFUSED:
            raise NotPossibleError(row.state.value, f"this request is {row.state}")
        case PaymentRequestState.OPEN:
            pass
        case unexpected:
            assert_never(unexpected)
    now = backend.clock.now()
    payment = _held_for(session, intent, row.asker_id)
    if payment is None:
        if claims.own_until(session, intent, row.asker_id, now) is None:
            raise NotPossibleError(intent.code or "not_claimed", "there is nothing to pay any more")
        page_payments.check_payable(session, intent, row.asker_id, now)
        payment = page_payments.new_payment(session, intent, account_id, page_payments.PageOrder(), now)
    elif session.get_one(TerminalRow, intent.terminal_id).revoked_at is not None:
        raise NotPossibleError(TERMINAL_REVOKED.code, "this terminal may not take payments")
    payment.account_id = account_id
    refusal = booking.book(session, backend, intent, payment, now)
    if refusal is not None:
        raise NotPossibleError(refusal.code, "insufficient funds on this account, or a voucher is spent")
    row.state = PaymentRequestState.ACCEPTED
    session.flush()
    return report(session, row)


def refuse(session: Session, backend: Backend, account_id: str, request_id: str) -> PaymentRequestReport:
    """Not pay for a friend: what a tap holds for it is declined, a claimed intent stays claimed."""
    row, intent = _own(session, backend, account_id, request_id)
    if row.state is not PaymentRequestState.OPEN:
        return report(session, row)
    row.state = PaymentRequestState.REFUSED
    payment = _held_for(session, intent, row.asker_id)
    if payment is not None:
        booking.decline(session, backend, intent, payment, FRIEND_REFUSED, backend.clock.now())
    return report(session, row)


def report(session: Session, row: PaymentRequestRow) -> PaymentRequestReport:
    """A request, with what is to be paid to whom."""
    intent = session.get_one(IntentRow, row.intent_key)
    return PaymentRequestReport(
        request=row,
        intent=intent,
        merchant=merchant_of(session, intent.terminal_id),
        asker_name=session.get_one(AccountRow, row.asker_id).name,
    )


def _own(session: Session, backend: Backend, account_id: str, request_id: str) -> tuple[PaymentRequestRow, IntentRow]:
    row = session.get(PaymentRequestRow, request_id)
    if row is None or row.friend_id != account_id:
        raise NotFoundError("request")
    intent = intents.lock(session, row.intent_key, backend.clock.now())
    assert intent is not None
    session.refresh(row)
    return row, intent


def _having(session: Session, account_id: str, named: ids.IntentReference) -> ids.IntentReference:
    """Names the terminal too, where a bare id means the one that this account has claimed or holds."""
    if named.terminal_id is not None:
        return named
    asked_for = (PaymentRow.account_id == account_id) & (PaymentRow.code == FRIEND_ASKED)
    claimed = exists().where(
        ClaimRow.intent_key == IntentRow.key, ClaimRow.account_id == account_id, ClaimRow.lasts_until.is_not(None)
    )
    held = exists().where(PaymentRow.intent_key == IntentRow.key, PaymentRow.status == PaymentStatus.HELD, asked_for)
    terminal_id = session.scalars(
        select(IntentRow.terminal_id)
        .where(IntentRow.intent_id == named.intent_id, IntentRow.claimed_by.is_not(None) & claimed | held)
        .order_by(IntentRow.key != IntentRow.intent_id)
        .limit(1)
    ).first()
    return ids.IntentReference(named.intent_id, terminal_id)


def _held_for(session: Session, intent: IntentRow, account_id: str) -> PaymentRow | None:
    return session.scalars(
        select(PaymentRow).where(
            PaymentRow.intent_key == intent.key,
            PaymentRow.account_id == account_id,
            PaymentRow.status == PaymentStatus.HELD,
            PaymentRow.code == FRIEND_ASKED,
        )
    ).one_or_none()
