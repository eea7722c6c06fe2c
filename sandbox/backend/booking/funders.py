# SPDX-License-Identifier: Apache-2.0
"""Books who pays for what a bill's lines take off: one posting a line, undone by refunds in proportion.

What platform or sponsor pays is the merchant's. What merchant or store pays it forgoes of its own takings: that is on
record against `given_away`, and no money moves. The merchant's own account is locked before a funder's, everywhere.

Source: backend API, *The bill*.

Tests: tests/sandbox/backend/offers/test_bills.py
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from sandbox.backend.bill import lines as bill_lines
from sandbox.backend.bill import undoing
from sandbox.backend.bill.lines import BillLine, Funder, FunderKind, LineKind
from sandbox.backend.intents import reports
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.offers import bills, campaigns
from sandbox.backend.records.tables import IntentRow, PaymentRow, RefundRow, RefundState, TerminalRow

POSTINGS: Final = {
    LineKind.CAMPAIGN: (PostingKind.CAMPAIGN, PostingKind.CAMPAIGN_BACK),
    LineKind.VOUCHER: (PostingKind.VOUCHER, PostingKind.VOUCHER_BACK),
}
"""By the kind of the line: when it is paid for, and when that is undone."""


def sides_of(funder: Funder, *, merchant_id: str, store_id: str) -> tuple[Account, Account]:
    """Who gives for a line, and who gets it."""
    match funder.kind:
        case FunderKind.MERCHANT:
            return Account(AccountKind.BY_MERCHANT, merchant_id), Account(AccountKind.GIVEN_AWAY, merchant_id)
        case FunderKind.STORE:
            return Account(AccountKind.BY_STORE, store_id), Account(AccountKind.GIVEN_AWAY, merchant_id)
        case FunderKind.PLATFORM:
            return Account(AccountKind.BY_PLATFORM), Account(AccountKind.MERCHANT, merchant_id)
        case FunderKind.SPONSOR:
            return Account(AccountKind.BY_SPONSOR, funder.sponsor), Account(AccountKind.MERCHANT, merchant_id)


def pay(session: Session, intent: IntentRow, lines: Sequence[BillLine], now: int) -> None:
    """Each funder pays for its lines of a payment that has just been booked."""
    for line, funder in bill_lines.funded(lines):
        _post(session, intent, line, funder, now, is_undone=False)


def unpay(session: Session, intent: IntentRow, payment: PaymentRow, now: int) -> None:
    """A cancel has undone a payment of which nothing had been refunded: each funder has all of it back."""
    lines = bill_lines.read(payment.lines)
    for line, funder in bill_lines.funded(lines):
        _post(session, intent, line, funder, now, is_undone=True)
    bills.undo(session, payment, lines)


def give_back(session: Session, intent: IntentRow, payment: PaymentRow, row: RefundRow, now: int) -> None:
    """A refund undoes its part of each funded line; `payment.refunded_minor` counts it already.

    One that may fail yet gives no budget back: others would have spent that by then.
    """
    before = defaultdict[str, int](int)
    lines = bill_lines.read(payment.lines)
    if not bill_lines.funded(lines):
        row.lines = []
        return
    for refund in reports.refunds_of(session, intent.key):
        if refund is not row and refund.state is RefundState.DONE:
            for line in bill_lines.read(refund.lines):
                before[undoing.place_of(line)] += line.amount_minor
    undone = undoing.undone(lines, before, payment.refunded_minor, payment.taken_minor)
    for line in undone:
        assert line.funder is not None
        _post(session, intent, line, line.funder, now, is_undone=True)
    row.lines = [line.said("") for line in undone]
    if payment.campaign_key is not None and row.fails_at is None and (discount := bills.discount_in(undone)):
        campaigns.give_back(session, payment.campaign_key, discount)


def pay_again(session: Session, intent: IntentRow, row: RefundRow, now: int) -> None:
    """A refund has failed after all: what it had undone is paid for as before."""
    for line in bill_lines.read(row.lines):
        assert line.funder is not None
        _post(session, intent, line, line.funder, now, is_undone=False)


def _post(session: Session, intent: IntentRow, line: BillLine, funder: Funder, now: int, *, is_undone: bool) -> None:
    terminal = session.get_one(TerminalRow, intent.terminal_id)
    giver, taker = sides_of(funder, merchant_id=terminal.merchant_id, store_id=terminal.store_id)
    ledger.transfer(
        session,
        POSTINGS[line.kind][is_undone],
        giver=taker if is_undone else giver,
        taker=giver if is_undone else taker,
        amount_minor=abs(line.amount_minor),
        currency=intent.currency,
        at=now,
        intent_key=intent.key,
    )
