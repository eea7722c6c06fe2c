# SPDX-License-Identifier: Apache-2.0
"""What the phone's owner reads, in plain English: events, payments and reasons as sentences."""

from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from pengpos.core.reasons import Reason
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import Hint
from sandbox.phone.account import AccountDue, AccountPayment
from sandbox.phone.wallet.events import (
    Asked,
    Authorised,
    Event,
    Offer,
    PaidAnotherWay,
    PaidByAnother,
    ReceiptKept,
    Refused,
)
from sandbox.phone.wallet.store import Signed

_REASONS = {
    Reason.DECLINED_BY_SHOPPER: "you said no",
    Reason.NOT_ENOUGH_MONEY: "there is not enough money",
    Reason.OVER_A_LIMIT: "that is above a limit you set",
    Reason.NOT_TRUSTED: "this terminal or its request is not to be trusted",
    Reason.PHONE_CLOCK: "the request is out of time, or this phone's clock is wrong",
    Reason.UNSUPPORTED: "this phone cannot pay here: another currency, or no credential left for a new shop",
    Reason.BLOCKED_BY_OWNER: "this phone is blocked",
    Reason.BEGUN_ANOTHER_WAY: "it is being paid another way already, and how that ended is not known yet",
}
_STATUSES = {"approved": "paid", "already_paid": "paid by somebody else already", "held": "held for review"}
_DECLINED = {
    "insufficient_funds": "there was not enough money on your account",
    "over_budget": "the shared purse had not enough left",
    "no_purse": "there is no shared purse to pay from",
    "too_old": "it came too late",
    "expired": "it came too late",
    "offline_frozen": "this account may not promise anything offline any more",
    "offline_not_allowed": "it was more than this phone may promise offline",
    "over_policy": "it was more than that shop may take offline",
}
_DUES = {
    "paid": "paid after all",
    "refused": "you said you will not pay it",
    "withdrawn": "nothing is owed any more",
    "open": "you are asked to pay it after all, see `pengpos phone dues`",
}
_HINTS = {
    Hint.UNLOCK: "unlock the phone, then tap again",
    Hint.CONFIRM: "confirm, then tap again",
    Hint.CHOOSE: "choose how to pay, then tap again",
}


def of_event(event: Event) -> str:
    """One line for one event."""
    match event:
        case Asked(offer=offer, hint=hint, total_minor=total_minor):
            extra = _total(total_minor, offer)
            return f"{of_offer(offer)}{extra}: {_HINTS[hint]}"
        case Authorised(payment=payment, again=True):
            return f"{_what(payment)}, the same answer as before"
        case Authorised(payment=payment):
            return f"{_what(payment)}, authorised"
        case Refused(offer=offer, reason=reason):
            return f"{of_offer(offer)}, not paid: {_REASONS[reason]}" if offer else f"Not paid: {_REASONS[reason]}"
        case PaidAnotherWay(offer=offer):
            return f"{of_offer(offer)}, paid already by tag or QR: showed the receipt"
        case PaidByAnother(payment=payment) | ReceiptKept(payment=payment):
            return of_payment(payment)


def of_offer(offer: Offer) -> str:
    """Who asks for what: ``晨光咖啡 18.80 CNY``."""
    what = "check-in" if offer.purpose is Purpose.CHECK_IN else str(offer.amount)
    return f"{offer.merchant} {what}" + (f" ({offer.reference})" if offer.reference else "")


def of_payment(payment: Signed) -> str:
    """How a payment by tap stands: ``晨光咖啡 18.80 CNY, paid, receipt https://…``."""
    if payment.paid_by_another:
        return f"{_what(payment)}, paid by somebody else already; you were not charged"
    match payment.outcome:
        case None:
            return f"{_what(payment)}, authorised; no receipt has come yet"
        case Outcome.ACCEPTED_OFFLINE:
            return f"{_what(payment)}, accepted offline; it is booked once the shop is online again"
        case Outcome.DECLINED:
            return f"{_what(payment)}, declined" + (f" (reason {payment.reason})" if payment.reason else "")
        case Outcome.APPROVED:
            return f"{_what(payment)}, paid" + (f", receipt {payment.url}" if payment.url else "")


def of_account_payment(paid: AccountPayment) -> str:
    """How the backend has booked a payment, with the code for the cashier of an offline terminal."""
    status = _STATUSES.get(paid.status, paid.status)
    if paid.due is not None:
        status = f"declined when the shop came online again; {_DUES.get(paid.due.state, paid.due.state)}"
    minor = paid.total if paid.due is None else paid.due.amount
    refunded = f", {Money(paid.refunded, paid.currency)} refunded" if paid.refunded else ""
    receipt = f", receipt {paid.receipt_url}" if paid.receipt_url else ""
    code = f". Tell the cashier this code: {paid.confirmation_code}" if paid.confirmation_code else ""
    return f"{paid.merchant.name} {Money(minor, paid.currency)}, {status}{refunded}{receipt}{code}"


def of_due(due: AccountDue) -> str:
    """Who asks for how much, why, and what can be done about it: one sentence, or two."""
    what = due.merchant.name + (f" {Money(due.amount, due.currency)}" if due.amount else "")
    if due.state not in {"open", "refused"}:
        return f"{what}, {_DUES.get(due.state, due.state)}."
    pay, refuse = (f"`pengpos phone dues --{way} {due.intent_id}`" for way in ("pay", "refuse"))
    if due.state == "refused":
        return f"{what}, {_DUES[due.state]}. Should you change your mind: {pay}."
    why = _DECLINED.get(due.code, f"the answer was {due.code}")
    return (
        f"{what}, please: you paid this while the shop was offline, and it was declined when the shop came online "
        f"again, because {why}. To pay it: {pay}. If it is not yours: {refuse}."
    )


def _what(payment: Signed) -> str:
    minor = payment.total_minor if not payment.taken_minor else payment.taken_minor
    return f"{payment.merchant} {Money(minor, payment.currency)}"


def _total(total_minor: int, offer: Offer) -> str:
    if total_minor == offer.amount.minor or total_minor > AMOUNT_LIMIT_MINOR:
        return ""
    return f", {Money(total_minor, offer.amount.currency)} with tip and vouchers"
