# SPDX-License-Identifier: Apache-2.0
"""Renders values as the shapes of the terminal side.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/settlement/test_settlements.py
"""

from pengpos.core.times import rfc3339
from sandbox.backend.booking.cancel import Cancelled
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.intents import event_data
from sandbox.backend.intents.reports import DueReport, IntentReport, PaymentReport, RefundReport
from sandbox.backend.records.tables import SplitRow
from sandbox.backend.settlement.settlements import DayEntry, DaySettlement, Total


def payment(report: PaymentReport) -> shapes.Payment:
    """The verdict on a payment."""
    return shapes.Payment.model_validate(event_data.of_payment(report))


def intent(report: IntentReport) -> shapes.Intent:
    """An intent with its payment."""
    return shapes.Intent.model_validate(event_data.of_intent(report))


def refund(report: RefundReport) -> shapes.Refund:
    """A refund."""
    return shapes.Refund.model_validate(event_data.of_refund(report))


def due(report: DueReport | None) -> shapes.Due | None:
    """What was asked after a decline at sync."""
    return None if report is None else shapes.Due.model_validate(event_data.of_due(report))


def cancelled(answer: Cancelled) -> shapes.CancelAnswer:
    """The answer to a cancel."""
    return shapes.CancelAnswer(status=answer.outcome.value, code=answer.code, intent=intent(answer.intent))


def split(row: SplitRow) -> shapes.Split:
    """The shares of a bill."""
    return shapes.Split(split_id=row.id, total=row.total_minor, currency=row.currency, shares=row.shares_minor)


def settlement(day: DaySettlement) -> shapes.Settlement:
    """A terminal's part of a business date."""
    return shapes.Settlement(
        business_date=day.business_date,
        final=day.final,
        totals=[_total(total) for total in day.totals],
        entries=[_entry(entry) for entry in day.entries],
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
