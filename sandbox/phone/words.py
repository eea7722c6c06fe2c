# SPDX-License-Identifier: Apache-2.0
"""Writes events, payments and reasons as sentences for the phone's owner, and what `pengpos phone` says beside them."""

from pathlib import Path
from typing import Final

from pengpos.console import language
from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from pengpos.core.reasons import Reason
from pengpos.i18n import Catalogue, Message
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

CATALOGUE: Final = Catalogue("phone", Path(__file__).with_name("locale"))
message = CATALOGUE.message

_REASONS: Final = {
    Reason.DECLINED_BY_SHOPPER: message("reason.declined_by_shopper"),
    Reason.NOT_ENOUGH_MONEY: message("reason.not_enough_money"),
    Reason.OVER_A_LIMIT: message("reason.over_a_limit"),
    Reason.NOT_TRUSTED: message("reason.not_trusted"),
    Reason.PHONE_CLOCK: message("reason.phone_clock"),
    Reason.UNSUPPORTED: message("reason.unsupported"),
    Reason.BLOCKED_BY_OWNER: message("reason.blocked_by_owner"),
    Reason.BEGUN_ANOTHER_WAY: message("reason.begun_another_way"),
}
_STATUSES: Final = {
    "approved": message("status.approved"),
    "already_paid": message("status.already_paid"),
    "held": message("status.held"),
}
_DECLINED: Final = {
    "insufficient_funds": message("declined.insufficient_funds"),
    "over_budget": message("declined.over_budget"),
    "no_purse": message("declined.no_purse"),
    "too_old": message("declined.too_late"),
    "expired": message("declined.too_late"),
    "offline_frozen": message("declined.offline_frozen"),
    "offline_not_allowed": message("declined.offline_not_allowed"),
    "over_policy": message("declined.over_policy"),
}
_DUES: Final = {
    "paid": message("due.paid"),
    "refused": message("due.refused"),
    "withdrawn": message("due.withdrawn"),
    "open": message("due.open"),
}
# What the command says.
ASK_PAY: Final = message("ask.pay")
LIFTED: Final = message("tap.lifted")
TOO_EARLY: Final = message("tap.too_early")
NOTHING_ASKED: Final = message("tap.nothing")
AVAILABLE: Final = message("balance.available")
PROMISABLE: Final = message("balance.promisable")
NO_PAYMENTS: Final = message("payments.none")
NO_DUES: Final = message("dues.none")
ONE_OF_DUES: Final = message("dues.one")
FALSE_ISSUERS: Final = message("backend.false_issuers")
STRANGERS_KEYS: Final = message("backend.strangers_keys")
GOING_ON: Final = message("backend.going_on")
UNKNOWN_ACCOUNT: Final = message("backend.unknown_account")
ANOTHER_NAME: Final = message("backend.another_name")
READER: Final = message("reader.name")
READER_NONE: Final = message("reader.none")
READER_CURE: Final = message("reader.cure")
PORT: Final = message("port.name")
PORT_CURE: Final = message("port.cure")
ONE_MANNER: Final = message("tap.one_manner")
HELP: Final = message("help.phone")
HELP_BACKEND: Final = message("help.backend")
HELP_PORT: Final = message("help.port")
HELP_NAME: Final = message("help.name")
HELP_TAP: Final = message("help.tap")
HELP_HOLD: Final = message("help.tap.hold")
HELP_LOCK: Final = message("help.tap.lock")
HELP_LIMIT: Final = message("help.tap.limit")
HELP_ASK: Final = message("help.tap.ask")
HELP_NO: Final = message("help.tap.no")
HELP_YES: Final = message("help.tap.yes")
HELP_TIP: Final = message("help.tap.tip")
HELP_TEAR: Final = message("help.tap.tear")
HELP_LEAVE: Final = message("help.tap.leave")
HELP_SLOW: Final = message("help.tap.slow")
HELP_GARBAGE: Final = message("help.tap.garbage")
HELP_OFFLINE: Final = message("help.tap.offline")
HELP_SCAN: Final = message("help.scan")
HELP_BALANCE: Final = message("help.balance")
HELP_PAYMENTS: Final = message("help.payments")
HELP_DUES: Final = message("help.dues")
HELP_PAY: Final = message("help.dues.pay")
HELP_REFUSE: Final = message("help.dues.refuse")

_HINTS: Final = {
    Hint.UNLOCK: message("hint.unlock"),
    Hint.CONFIRM: message("hint.confirm"),
    Hint.CHOOSE: message("hint.choose"),
}


def of_event(event: Event) -> str:
    """One line for one event."""
    match event:
        case Asked(offer=offer, hint=hint, total_minor=total_minor):
            extra = _total(total_minor, offer)
            return _say(message("event.asked"), offer=of_offer(offer), extra=extra, hint=_HINTS[hint])
        case Authorised(payment=payment, again=True):
            return _say(message("event.authorised_again"), payment=_what(payment))
        case Authorised(payment=payment):
            return _say(message("event.authorised"), payment=_what(payment))
        case Refused(offer=Offer() as offer, reason=reason):
            return _say(message("event.refused"), offer=of_offer(offer), reason=_REASONS[reason])
        case Refused(reason=reason):
            return _say(message("event.refused_unread"), reason=_REASONS[reason])
        case PaidAnotherWay(offer=offer):
            return _say(message("event.paid_another_way"), offer=of_offer(offer))
        case PaidByAnother(payment=payment) | ReceiptKept(payment=payment):
            return of_payment(payment)


def of_offer(offer: Offer) -> str:
    """Who asks for what: ``晨光咖啡 18.80 CNY``."""
    what = message("offer.check_in") if offer.purpose is Purpose.CHECK_IN else offer.amount
    if offer.reference:
        return _say(message("offer.with_reference"), merchant=offer.merchant, what=what, reference=offer.reference)
    return _say(message("offer.plain"), merchant=offer.merchant, what=what)


def of_payment(payment: Signed) -> str:
    """How a payment by tap stands: ``晨光咖啡 18.80 CNY, paid, receipt https://…``."""
    what = _what(payment)
    if payment.paid_by_another:
        return _say(message("payment.paid_by_another"), payment=what)
    match payment.outcome:
        case None:
            return _say(message("payment.no_receipt"), payment=what)
        case Outcome.ACCEPTED_OFFLINE:
            return _say(message("payment.accepted_offline"), payment=what)
        case Outcome.DECLINED if payment.reason:
            return _say(message("payment.declined_because"), payment=what, reason=payment.reason)
        case Outcome.DECLINED | Outcome.CANCELLED | Outcome.EXPIRED:
            return _say(message("payment.declined"), payment=what)
        case Outcome.APPROVED if payment.url:
            return _say(message("payment.approved_receipt"), payment=what, url=payment.url)
        case Outcome.APPROVED:
            return _say(message("payment.approved"), payment=what)


def of_account_payment(paid: AccountPayment) -> str:
    """How the backend has booked a payment, with the code for the cashier of an offline terminal."""
    status: Message | str = _STATUSES.get(paid.status, paid.status)
    if paid.due is not None:
        status = _say(message("booked.declined_at_sync"), due=_DUES.get(paid.due.state, paid.due.state))
    minor = paid.total if paid.due is None else paid.due.amount
    return _say(
        message("booked.payment"),
        merchant=" ".join(filter(None, (paid.merchant.name, paid.number, paid.till_reference))),
        amount=Money(minor, paid.currency),
        status=status,
        refunded=_say(message("booked.refunded"), amount=Money(paid.refunded, paid.currency)) if paid.refunded else "",
        receipt=_say(message("booked.receipt"), url=paid.receipt_url) if paid.receipt_url else "",
        code=_say(message("booked.code"), code=paid.confirmation_code) if paid.confirmation_code else "",
    )


def of_due(due: AccountDue) -> str:
    """Who asks for how much, why, and what can be done about it: one sentence, or two."""
    what = f"{due.merchant.name} {Money(due.amount, due.currency)}" if due.amount else due.merchant.name
    if due.state not in {"open", "refused"}:
        return _say(message("due.over"), what=what, state=_DUES.get(due.state, due.state))
    pay, refuse = (f"`pengpos phone dues --{way} {due.name}`" for way in ("pay", "refuse"))
    if due.state == "refused":
        return _say(message("due.refused_still"), what=what, state=_DUES[due.state], pay=pay)
    why = _DECLINED.get(due.code) or _say(message("declined.other"), code=due.code)
    return _say(message("due.asked"), what=what, why=why, pay=pay, refuse=refuse)


def _say(said: Message, **values: object) -> str:
    return said.in_language(language(), **values)


def _what(payment: Signed) -> str:
    minor = payment.total_minor if not payment.taken_minor else payment.taken_minor
    return f"{payment.merchant} {Money(minor, payment.currency)}"


def _total(total_minor: int, offer: Offer) -> str:
    if total_minor == offer.amount.minor or total_minor > AMOUNT_LIMIT_MINOR:
        return ""
    return _say(message("event.total"), total=Money(total_minor, offer.amount.currency))
