# SPDX-License-Identifier: Apache-2.0
"""Renders values as the shapes of the shopper side.

Tests: tests/sandbox/backend/payments/test_page_payments.py, tests/sandbox/backend/sharing/test_purses.py
"""

from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u
from sandbox.backend.contract import bill_shapes
from sandbox.backend.contract import wallet_shapes as shapes
from sandbox.backend.contract.terminal_shapes import Line
from sandbox.backend.intents import event_data
from sandbox.backend.offers.memberships import Standing
from sandbox.backend.payments.due_payments import AskedDue
from sandbox.backend.payments.means import MeansReport
from sandbox.backend.payments.page_payments import Opened, Quote
from sandbox.backend.payments.page_reports import (
    PagePaymentReport,
    PayableReport,
    PaymentsPage,
    PromiseReport,
    ReceiptReport,
)
from sandbox.backend.payments.payment_requests import PaymentRequestReport
from sandbox.backend.people.accounts import CURRENCY, AccountBalance
from sandbox.backend.records import ids
from sandbox.backend.records.tables import MerchantRow, PaymentRow, VoucherRow
from sandbox.backend.sharing.purses import PurseReport
from sandbox.backend.trust.issuer import Issuer


def merchant(row: MerchantRow) -> shapes.MerchantView:
    """Who wants the money."""
    return shapes.MerchantView(id=row.id, name=row.name)


def balance(held: AccountBalance) -> shapes.BalanceAnswer:
    """All an account holds."""
    return shapes.BalanceAnswer(
        amount=held.by_currency[CURRENCY],
        currency=CURRENCY,
        available=held.by_currency[CURRENCY] - held.set_aside_minor,
        set_aside=held.set_aside_minor,
        balances=_balances(held.by_currency),
        offline_total=held.offline_total_minor,
        offline_frozen=held.offline_frozen,
    )


def payment(report: PagePaymentReport, issuer: Issuer | None = None) -> shapes.WalletPayment:
    """A payment as its payer sees it; what became of a promise is signed where there is an issuer."""
    return shapes.WalletPayment.model_validate(
        {
            **event_data.of_payment(report.payment),
            "reference": report.reference,
            "number": report.number,
            "till_reference": report.till_reference,
            "merchant": merchant(report.merchant),
            "confirmation_code": report.confirmation_code,
            "final": report.final,
            "from_set_aside": report.from_set_aside_minor,
            "promise": _promise(report.promise, issuer),
        }
    )


def _promise(report: PromiseReport | None, issuer: Issuer | None) -> str | None:
    if report is None or issuer is None:
        return None
    return issuer.promise(
        {
            "kid": report.kid,
            "terminal_id": report.terminal_id,
            "intent_id": report.intent_id,
            "taken": report.taken,
            "from_set_aside": report.from_set_aside_minor,
        }
    )


def payments(page: PaymentsPage, issuer: Issuer) -> shapes.WalletPayments:
    """Some of an account's payments."""
    return shapes.WalletPayments(
        payments=[payment(report, issuer) for report in page.payments],
        next=None if page.after is None else str(page.after),
    )


def payable(report: PayableReport, issuer: Issuer | None = None) -> shapes.PayableIntent:
    """What a shopper sees before paying, and after; what becomes of a promise is signed where there is an issuer."""
    return shapes.PayableIntent(
        intent_id=report.intent_id,
        reference=report.reference,
        number=report.number,
        till_reference=report.till_reference,
        status=report.status.value,
        code=report.code,
        reason=report.reason,
        cancel_reason=None if report.cancel_reason is None else report.cancel_reason.value,
        merchant=merchant(report.merchant),
        amount=report.amount_minor,
        currency=report.currency,
        online=report.online,
        now=rfc3339(report.now),
        expires_at=rfc3339(report.expires_at),
        claimed_until=None if report.claimed_until is None else rfc3339(report.claimed_until),
        claimed_by_me=report.claimed_by_me,
        payment=None if report.payment is None else payment(report.payment, issuer),
        final=report.final,
        promise=_promise(report.promise, issuer),
        test_amount=report.test_amount,
    )


def opened(found: Opened) -> shapes.OpenedIntent:
    """An intent whose page has been opened, with what it may be paid with."""
    return shapes.OpenedIntent(
        intent=payable(found.intent),
        means=None if found.found is None else means(found.found),
        quote=None if found.quote is None else quote(found.quote),
    )


def quote(told: Quote) -> bill_shapes.QuoteAnswer:
    """What a bill comes to."""
    return bill_shapes.QuoteAnswer(
        lines=[Line.model_validate(line) for line in told.lines],
        total=told.total_minor,
        currency=told.currency,
        honoured_until=None if told.honoured_until is None else rfc3339(told.honoured_until),
    )


def means(found: MeansReport) -> shapes.Means:
    """What an account may pay with."""
    return shapes.Means(
        available=found.available_minor,
        set_aside=found.set_aside_minor,
        purses=[shapes.PurseHeld(purse_id=row.id, name=row.name, held=minor) for row, minor in found.purses],
        vouchers=[
            shapes.FittingVoucher(voucher_id=row.id, value=row.value_minor, not_after=rfc3339(row.not_after))
            for row in found.vouchers
        ],
    )


def receipt(report: ReceiptReport) -> shapes.ReceiptView:
    """What a receipt's URL shows."""
    row = report.payment
    all_back = row.refunded_minor == row.taken_minor
    return shapes.ReceiptView(
        merchant=report.merchant.name,
        number=report.number,
        till_reference=report.till_reference,
        amount=row.taken_minor,
        currency=row.currency,
        at=rfc3339(row.decided_at),
        status="paid" if row.refunded_minor == 0 else "refunded" if all_back else "partly_refunded",
        lines=[Line.model_validate(line) for line in row.lines],
    )


def voucher(row: VoucherRow, *, spent: bool, signed: bytes | None) -> shapes.VoucherView:
    """A voucher, signed for the key that was asked for."""
    return shapes.VoucherView(
        voucher_id=row.id,
        merchant_id=row.merchant_id,
        value=row.value_minor,
        currency=row.currency,
        minimum=row.minimum_minor,
        not_before=rfc3339(row.not_before),
        not_after=rfc3339(row.not_after),
        spent=spent,
        voucher=None if signed is None else b64u(signed),
    )


def membership(found: Standing, merchant_id: str, signed_pass: bytes) -> shapes.MembershipAnswer:
    """A member's points and tier, and the pass to show."""
    return shapes.MembershipAnswer(
        merchant_id=merchant_id,
        member_id=found.member_id,
        points=found.points,
        tier=found.tier,
        membership=b64u(signed_pass),
    )


def purse(report: PurseReport) -> shapes.Purse:
    """A purse as its members see it."""
    return shapes.Purse(
        purse_id=report.purse.id,
        name=report.purse.name,
        members=report.members,
        invited=report.invited,
        budget=report.purse.budget_minor,
        spent=report.spent_minor,
        balances=_balances(report.balances),
        entries=[_purse_entry(row) for row in report.payments],
    )


def payment_request(report: PaymentRequestReport) -> shapes.PaymentRequestView:
    """A request, with what is to be paid to whom."""
    row = report.request
    return shapes.PaymentRequestView(
        request_id=row.id,
        intent_id=report.intent.intent_id,
        reference=ids.reference_beside(row.intent_key),
        asker_id=row.asker_id,
        asker_name=report.asker_name,
        friend_id=row.friend_id,
        state=row.state.value,
        merchant=merchant(report.merchant),
        amount=report.intent.amount_minor,
        currency=report.intent.currency,
        at=rfc3339(row.at),
    )


def due(asked: AskedDue) -> shapes.WalletDue:
    """A due with who asks, and why."""
    row = asked.due
    return shapes.WalletDue(
        intent_id=ids.intent_id_of_key(row.intent_key),
        reference=ids.reference_beside(row.intent_key),
        merchant=merchant(asked.merchant),
        amount=row.amount_minor,
        currency=row.currency,
        code=asked.payment.code,
        reason=asked.payment.reason,
        authorised_at=rfc3339(asked.payment.authorised_at),
        asked_at=rfc3339(row.asked_at),
        state=row.state.value,
        decided_at=None if row.decided_at is None else rfc3339(row.decided_at),
    )


def _balances(by_currency: dict[str, int]) -> list[shapes.Balance]:
    return [shapes.Balance(amount=minor, currency=currency) for currency, minor in by_currency.items()]


def _purse_entry(row: PaymentRow) -> shapes.PurseEntry:
    return shapes.PurseEntry(
        intent_id=ids.intent_id_of_key(row.intent_key),
        account_id=row.account_id or "",
        amount=row.taken_minor - row.refunded_minor,
        currency=row.currency,
        at=rfc3339(row.decided_at),
    )
