# SPDX-License-Identifier: Apache-2.0
"""Renders values as the shapes of the terminal side.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/settlement/test_settlements.py
"""

from pengpos.core.times import rfc3339
from sandbox.backend.api.rendering.endings import Endings
from sandbox.backend.booking.cancel import Cancelled
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.intents import event_data
from sandbox.backend.intents.reports import DueReport, IntentReport, PaymentReport, RefundReport
from sandbox.backend.records.tables import SplitRow
from sandbox.backend.settlement.funded import Funded
from sandbox.backend.settlement.settlements import DayEntry, DaySettlement, Total


def payment(report: PaymentReport) -> shapes.Payment:
    """The verdict on a payment."""
    return shapes.Payment.model_validate(event_data.of_payment(report))


def intent(report: IntentReport, endings: Endings | None = None) -> shapes.Intent:
    """An intent with its payment; without `endings` nothing is signed."""
    data = event_data.of_intent(report)
    return shapes.Intent.model_validate(data if endings is None else endings.intent(data))


def refund(report: RefundReport, intent_id: str = "", endings: Endings | None = None) -> shapes.Refund:
    """A refund, of this intent's payment; without `endings` it is not signed."""
    data = event_data.of_refund(report)
    return shapes.Refund.model_validate(data if endings is None else endings.refund(intent_id, data))


def due(report: DueReport | None) -> shapes.Due | None:
    """What was asked after a decline at sync."""
    return None if report is None else shapes.Due.model_validate(event_data.of_due(report))


def cancelled(answer: Cancelled, endings: Endings | None = None) -> shapes.CancelAnswer:
    """The answer to a cancel."""
    found = intent(answer.intent, endings)
    return shapes.CancelAnswer(
        status=answer.outcome.value,
        code=answer.code,
        given_back=answer.given_back_minor,
        receipt=found.receipt,
        intent=found,
    )


def split(row: SplitRow) -> shapes.Split:
    """The shares of a bill."""
    return shapes.Split(split_id=row.id, total=row.total_minor, currency=row.currency, shares=row.shares_minor)


def settlement(day: DaySettlement, signed: str) -> shapes.Settlement:
    """A terminal's part of a business date."""
    return shapes.Settlement(
        business_date=day.business_date,
        final=day.final,
        totals=[_total(total) for total in day.totals],
        entries=[_entry(entry) for entry in day.entries],
        funded=[funded(one) for one in day.funded],
        signed=signed,
    )


def funded(one: Funded) -> shapes.FundedLines:
    """What one funder has paid for, and got back."""
    return shapes.FundedLines(
        funder=one.funder.kind.value,
        sponsor=one.funder.sponsor or None,
        kind=one.kind.value,
        source=one.source or None,
        count=one.count,
        amount=one.amount_minor,
        back=one.back_minor,
        currency=one.currency,
    )


def _total(total: Total) -> shapes.SettlementTotal:
    return shapes.SettlementTotal(
        kind=total.kind.value, count=total.count, amount=total.amount_minor, currency=total.currency
    )


def _entry(entry: DayEntry) -> shapes.SettlementEntry:
    return shapes.SettlementEntry(
        kind=entry.kind.value,
        intent_id=entry.intent_id,
        refund_id=entry.refund_id,
        amount=entry.amount_minor,
        currency=entry.currency,
        at=rfc3339(entry.at),
        business_date=entry.business_date,
    )
