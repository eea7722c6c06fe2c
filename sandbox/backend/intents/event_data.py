# SPDX-License-Identifier: Apache-2.0
"""Writes reports as JSON: the data of the events `intent` and `payment`, and what the API's answers are made of.

Times are RFC 3339, signed objects base64url; a member that has nothing to say is left out (backend API, "Rules for all
of it").

Tests: tests/sandbox/backend/kernel/test_events.py, tests/sandbox/backend/payments/test_payments.py
"""

from typing import Any

from pengpos.core.currencies.currency import digits
from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u
from sandbox.backend.intents.reports import DueReport, IntentReport, PaymentReport, RefundReport


def of_intent(report: IntentReport) -> dict[str, Any]:
    """The data of the event `intent`."""
    return _said(
        intent_id=report.intent_id,
        status=report.status.value,
        code=report.code,
        reason=report.reason,
        amount=report.amount_minor,
        currency=report.currency,
        currency_digits=digits(report.currency),
        expires_at=rfc3339(report.expires_at),
        claimed_until=None if report.claimed_until is None else rfc3339(report.claimed_until),
        payment=None if report.payment is None else of_payment(report.payment),
    )


def of_payment(report: PaymentReport) -> dict[str, Any]:
    """The data of the event `payment`."""
    return _said(
        intent_id=report.intent_id,
        status=report.status.value,
        code=report.code,
        reason=report.reason,
        total=report.total_minor,
        currency=report.currency,
        currency_digits=digits(report.currency),
        decided_at=rfc3339(report.decided_at),
        way=report.way.value,
        receipt=None if report.receipt is None else b64u(report.receipt),
        receipt_url=report.receipt_url,
        lines=report.lines,
        payer_display=report.payer_display,
        cards=report.cards,
        held_until=None if report.held_until is None else rfc3339(report.held_until),
        borne_by=None if report.borne_by is None else report.borne_by.value,
        guaranteed=report.guaranteed_minor,
        due=None if report.due is None else of_due(report.due),
        refunded=report.refunded_minor,
        refunds=None if report.refunds is None else [of_refund(refund) for refund in report.refunds],
    )


def of_refund(report: RefundReport) -> dict[str, Any]:
    """A refund, as it comes with its payment."""
    return _said(
        refund_id=report.refund_id,
        state=report.state.value,
        code=report.code,
        amount=report.amount_minor,
        lessens=report.lessens_minor,
        currency=report.currency,
        currency_digits=digits(report.currency),
    )


def of_due(report: DueReport) -> dict[str, Any]:
    """A due, as it comes with its payment."""
    return _said(state=report.state.value, amount=report.amount_minor)


def _said(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
