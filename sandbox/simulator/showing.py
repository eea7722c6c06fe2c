# SPDX-License-Identifier: Apache-2.0
"""Writes what a virtual phone's screen shows as JSON for the page: kinds and figures. The page has the words."""

from collections.abc import Iterable
from typing import Any, Final, TypedDict
from uuid import UUID

from pengpos.core.currencies.currency import digits
from pengpos.wire.objects.receipt import Outcome
from sandbox.phone.account import AccountDue, AccountPayment, BackendRefusedError
from sandbox.phone.phone import VirtualPhone
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

HISTORY_MOST = 4
DUES_MOST = 3


class Screen(TypedDict, total=False):
    """`kind` says which face; amounts are minor units."""

    kind: str
    merchant: str
    amount: int
    total: int
    currency: str
    currency_digits: int
    hint: str
    reason: int
    again: bool
    url: str
    code: str
    detail: str
    intent: str
    why: str


IDLE: Final[Screen] = {"kind": "idle"}
NEAR: Final[Screen] = {"kind": "near"}
TORN: Final[Screen] = {"kind": "torn"}
NOTHING_ASKED: Final[Screen] = {"kind": "nothing_asked"}
NO_READER: Final[Screen] = {"kind": "no_reader"}
NO_NETWORK: Final[Screen] = {"kind": "no_network"}
SCANNING: Final[Screen] = {"kind": "scanning"}
NOT_ENOUGH: Final[Screen] = {"kind": "not_enough"}
_OUTCOMES: Final = {
    None: "authorised",
    Outcome.APPROVED: "paid",
    Outcome.ACCEPTED_OFFLINE: "stored",
    Outcome.DECLINED: "declined",
}


def of_event(event: Event) -> Screen:
    """The screen that a tap's event brings up."""
    match event:
        case Asked(offer=offer, hint=hint, total_minor=total):
            return {**_offer(offer), "kind": "asked", "hint": hint.name.lower(), "total": total}
        case Authorised(payment=payment, again=again):
            return {**_payment(payment), "kind": "authorised", "again": again}
        case Refused(reason=reason, offer=offer):
            return {**(_offer(offer) if offer is not None else {}), "kind": "refused", "reason": reason.value}
        case PaidAnotherWay(offer=offer):
            return {**_offer(offer), "kind": "paid_another_way"}
        case PaidByAnother(payment=payment) | ReceiptKept(payment=payment):
            return _payment(payment)


def of_decision(asked: Asked, *, agrees: bool) -> Screen:
    """The screen after the owner decided: it asks for the same tap again."""
    return {**_offer(asked.offer), "kind": "confirmed" if agrees else "denied", "total": asked.total_minor}


def of_account_payment(paid: AccountPayment) -> Screen:
    """The screen after paying by the code."""
    kind = {"approved": "paid", "held": "held", "already_paid": "paid_by_another"}.get(paid.status, "declined")
    screen: Screen = {
        "kind": kind,
        "merchant": paid.merchant.name,
        "total": paid.total,
        "currency": paid.currency,
        "currency_digits": digits(paid.currency),
    }
    if paid.confirmation_code:
        screen["code"] = paid.confirmation_code
    if paid.receipt_url:
        screen["url"] = paid.receipt_url
    return screen


def of_due(due: AccountDue) -> Screen:
    """The screen of a due: what is asked after all and why, or what came of it."""
    return {
        "kind": f"due_{due.state}", "merchant": due.merchant.name, "total": due.amount,
        "currency": due.currency, "currency_digits": digits(due.currency),
        "why": due.code, "intent": str(due.intent_id),
    }  # fmt: skip


def refused(error: BackendRefusedError) -> Screen:
    """The screen after the backend refused."""
    if error.code == "already_paid":
        return {"kind": "paid_by_another"}
    if error.code == "insufficient_funds":
        return NOT_ENOUGH
    if error.code == "withdrawn":
        return {"kind": "due_withdrawn"}
    return {"kind": "trouble", "detail": str(error)}


def trouble(detail: str) -> Screen:
    """The screen that says what is wrong with the phone itself."""
    return {"kind": "trouble", "detail": detail}


def balances(phone: VirtualPhone) -> list[dict[str, Any]]:
    """What it holds as far as it knows, how much of it is set aside, may be promised offline, and has been."""
    now = phone.wallet.now()
    promisable, promised = phone.store.promisable(now), phone.store.promised(now)
    return [
        {
            "currency": currency,
            "currency_digits": digits(currency),
            "amount": phone.store.spendable_minor(currency),
            "available": phone.store.available_minor(currency),
            "set_aside": phone.store.set_aside_minor(currency),
            "promisable": promisable.get(currency, 0),
            "promised": promised.get(currency, 0),
        }
        for currency in sorted(phone.store.currencies())
    ]


def history(phone: VirtualPhone, dues: Iterable[AccountDue] = ()) -> list[Screen]:
    """What it signed last, the newest first, each as it stands; of `dues` those that were paid after all."""
    paid = {due.intent_id.bytes: of_due(due) for due in dues if due.state == "paid"}
    return [paid.get(payment.intent_id) or _payment(payment) for payment in phone.store.history(HISTORY_MOST)]


def asked(dues: Iterable[AccountDue]) -> list[Screen]:
    """What its owner is asked to pay after all and has not answered, the newest first."""
    return [of_due(due) for due in dues if due.state == "open"][:DUES_MOST]


def _offer(offer: Offer) -> Screen:
    return {
        "merchant": offer.merchant,
        "amount": offer.amount.minor,
        "currency": offer.amount.currency,
        "currency_digits": digits(offer.amount.currency),
    }


def _payment(payment: Signed) -> Screen:
    shown: Screen = {
        "kind": "paid_by_another" if payment.paid_by_another else _OUTCOMES[payment.outcome],
        "merchant": payment.merchant,
        "total": payment.taken_minor or payment.total_minor,
        "currency": payment.currency,
        "currency_digits": digits(payment.currency),
        "intent": str(UUID(bytes=payment.intent_id)),
    }
    if payment.url:
        shown["url"] = payment.url
    if payment.reason is not None:
        shown["reason"] = payment.reason
    return shown
