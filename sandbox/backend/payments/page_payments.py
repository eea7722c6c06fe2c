# SPDX-License-Identifier: Apache-2.0
"""Takes payments by the page: a shopper claims an intent and pays it, by its id or with the presentation of a `#P`.

Source: tap protocol §3; backend API, "Shopper side". A claim keeps others from claiming and paying here for 60 s; a
signed authorisation that is booked first wins all the same.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, assert_never

from sqlalchemy.orm import Session

from pengpos.core.times import CLOCK_TOLERANCE_S
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.bill.lines import total_of
from sandbox.backend.bill.pricing import lines_with
from sandbox.backend.booking import booking
from sandbox.backend.errors import ClaimedError, InvalidRequestError, NotFoundError, NotPossibleError, TooManyError
from sandbox.backend.intents import intents, reports, trial_amounts
from sandbox.backend.intents.reports import ReportedStatus
from sandbox.backend.kernel.context import Backend
from sandbox.backend.offers import bills, line_items, vouchers
from sandbox.backend.payments import claims, means, page_reports
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    PaymentWay,
    TerminalKeyRow,
    TerminalKeyState,
    TerminalRow,
)
from sandbox.backend.sharing import purses
from sandbox.backend.terminals.merchants import merchant_of
from sandbox.backend.trust.judgement import Refusal

_LONGEST_REFERENCE = 49
"""UUID, dot, terminal id; every presentation is longer."""


@dataclass(frozen=True, slots=True)
class PageVerdict:
    """The verdict on a payment by the page, and what happens to the answer on its way."""

    payment: page_reports.PagePaymentReport
    delivery: trial_amounts.Delivery


@dataclass(frozen=True, slots=True)
class Quote:
    """What a bill comes to for an account, and until when that holds; None: it may have changed a moment later."""

    lines: list[dict[str, Any]]
    total_minor: int
    currency: str
    honoured_until: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    """An intent as an account sees it that has opened its page; `found`: what it may pay with, if it may."""

    intent: page_reports.PayableReport
    found: means.MeansReport | None
    quote: Quote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOrder:
    """What a shopper pays with beside the balance; `vouchers`: ids; `purse`: an id."""

    tip_minor: int = 0
    vouchers: tuple[str, ...] = ()
    purse: str | None = None
    show_membership: bool = False
    told_minor: int | None = None
    """What the shopper was told that it comes to: another total is not taken."""


@dataclass(frozen=True, slots=True)
class Reference:
    """How a phone names an intent: as an address does, or with its presentation, which names its terminal."""

    named: ids.IntentReference
    presentation: Presentation | None


def read_reference(backend: Backend, path: str, body: str | None) -> Reference:
    """Read what the path (id, id with terminal, or presentation) and the body (presentation) say.

    Raises NotFoundError, InvalidRequestError.
    """
    in_path = path if len(path) > _LONGEST_REFERENCE else None
    text = body or in_path
    presentation = None if text is None else intents.read_presentation(text, backend.issuer.trusted)
    if presentation is not None and in_path is not None:
        return Reference(_named_by(presentation), presentation)
    named = intents.read_reference(path)
    if presentation is not None and not _is_of(presentation, named):
        raise InvalidRequestError("the presentation is of another intent", code="bad_presentation")
    return Reference(named, presentation)


def _named_by(presentation: Presentation) -> ids.IntentReference:
    return ids.IntentReference(intents.intent_id_of(presentation), presentation.intent.claims.terminal_id)


def _is_of(presentation: Presentation, named: ids.IntentReference) -> bool:
    """Whether a presentation is of the intent that an address names; a bare id fits every terminal's."""
    found = _named_by(presentation)
    return found.intent_id == named.intent_id and named.terminal_id in {None, found.terminal_id}


def look(
    session: Session, backend: Backend, account_id: str | None, reference: Reference, kid: str | None = None
) -> page_reports.PayableReport:
    """What is to be paid to whom; claims nothing. Whoever has the address may ask, also without an account.

    With `kid` also what becomes of what this key of the account's has signed. Raises NotFoundError for another's key.
    """
    intent = _lock(session, backend, reference)
    report = _report(session, backend, intent, account_id)
    if kid is None:
        return report
    if account_id is None:
        raise NotFoundError("key")
    vouchers.check_own_key(session, account_id, kid)
    return replace(report, promise=page_reports.never_delivered(session, intent, kid))


def claim(session: Session, backend: Backend, account_id: str, reference: Reference) -> page_reports.PayableReport:
    """Claim an intent for 60 s; again by the same account, while it lasts, changes nothing.

    Raises NotPossibleError, TooManyError.
    """
    intent = _lock(session, backend, reference)
    _claim(session, intent, account_id, backend.clock.now())
    return _report(session, backend, intent, account_id)


def open_to_pay(session: Session, backend: Backend, account_id: str, reference: Reference) -> Opened:
    """All that a page asks before a shopper pays, at once: how an intent stands, its claim, and what to pay with.

    What is open is claimed, unless the account or the intent has had too many claims: then it may be paid without one.
    What is not open is told. Raises NotPossibleError as `claim` does of an open one.
    """
    intent = _lock(session, backend, reference)
    now = backend.clock.now()
    status = reports.status_of(intent, now)
    is_open = status is ReportedStatus.CREATED or (
        status is ReportedStatus.CLAIMED and _may_join(session, intent, account_id, now)
    )
    if is_open:
        with suppress(TooManyError):
            _claim(session, intent, account_id, now)
    report = _report(session, backend, intent, account_id)
    may_pay = is_open or report.claimed_by_me
    if not may_pay:
        return Opened(report, None, None)
    found = means.of_account(session, intent, account_id, now)
    return Opened(report, found, _quote(session, intent, account_id, PageOrder(), now))


def quote(session: Session, backend: Backend, account_id: str, reference: Reference, order: PageOrder) -> Quote:
    """What an intent comes to with this tip and these vouchers; raises NotPossibleError, InvalidRequestError."""
    intent = _lock(session, backend, reference)
    now = backend.clock.now()
    check_payable(session, intent, account_id, now)
    check_choices(intent, order)
    return _quote(session, intent, account_id, order, now)


def _quote(session: Session, intent: IntentRow, account_id: str, order: PageOrder, now: int) -> Quote:
    wanted = vouchers.for_page(session, intent, account_id, list(order.vouchers), now)
    lines = bills.quote(session, intent, account_id, order.tip_minor, wanted, now)
    until = claims.note_quote(session, intent, account_id, now)
    merchant = merchant_of(session, intent.terminal_id)
    return Quote(line_items.said(merchant, lines), total_of(lines), intent.currency, until)


def _claim(session: Session, intent: IntentRow, account_id: str, now: int) -> None:
    check_payable(session, intent, account_id, now)
    if claims.own_until(session, intent, account_id, now) is None:
        claims.take(session, intent, account_id, now)
        intents.announce(session, intent, now)


def release(session: Session, backend: Backend, account_id: str, reference: Reference) -> page_reports.PayableReport:
    """Give a claim up; nothing if it is not this account's."""
    intent = _lock(session, backend, reference)
    now = backend.clock.now()
    if claims.release(session, intent, account_id, now):
        intents.announce(session, intent, now)
    return _report(session, backend, intent, account_id)


def pay(session: Session, backend: Backend, account_id: str, reference: Reference, order: PageOrder) -> PageVerdict:
    """Pay an intent; again by the same account gives the same answer, by another `already_paid` with the receipt.

    The same answer whatever it was: a shopper who asks again after a refusal, or while a person still looks at it, has
    lost the first answer and begins nothing new. Raises NotPossibleError with the code of what is in the way,
    `insufficient_funds` included: that one ends nothing, the shopper may top up.
    """
    intent = _lock(session, backend, reference)
    now = backend.clock.now()
    payment = _begun(session, intent, account_id)
    if payment is None:
        payment = _begin(session, backend, intent, account_id, order, now)
    payment.answers += 1
    session.flush()
    delivery = trial_amounts.Delivery()
    if backend.magic_amounts:
        delivery = trial_amounts.delivery(intent.amount_minor, first=payment.answers == 1)
    return PageVerdict(page_reports.of_payment(session, payment, account_id, now), delivery)


def _report(
    session: Session, backend: Backend, intent: IntentRow, account_id: str | None
) -> page_reports.PayableReport:
    report = page_reports.of_intent(session, intent, account_id, backend.clock.now())
    return replace(report, test_amount=backend.magic_amounts and trial_amounts.is_one(intent.amount_minor))


def _begun(session: Session, intent: IntentRow, account_id: str) -> PaymentRow | None:
    """The booked payment, of whatever account, else what this account has begun by the page."""
    standing = reports.standing_payment(session, intent)
    if standing is not None and standing.status is PaymentStatus.APPROVED:
        return standing
    mine = page_reports.own_payment(session, intent, account_id)
    return mine if mine is not None and mine.way is PaymentWay.PAGE else None


def _begin(
    session: Session,
    backend: Backend,
    intent: IntentRow,
    account_id: str,
    order: PageOrder,
    now: int,
) -> PaymentRow:
    check_payable(session, intent, account_id, now)
    check_choices(intent, order)
    payment = new_payment(session, intent, account_id, order, now)
    refusal = trial_amounts.outcome(session, intent, accepted_offline=False) if backend.magic_amounts else None
    if isinstance(refusal, trial_amounts.HeldForReview):
        booking.review(session, intent, payment, now, for_s=trial_amounts.REVIEW_S)
    elif isinstance(refusal, Refusal):
        booking.decline(session, backend, intent, payment, refusal, now)
    elif (refusal := booking.book(session, backend, intent, payment, now)) is not None:
        raise NotPossibleError(refusal.code, "insufficient funds, or a voucher is spent")
    if order.told_minor not in {None, payment.taken_minor} and payment.status is PaymentStatus.APPROVED:
        raise NotPossibleError("price_changed", "it comes to another sum than the shopper was told; nothing is taken")
    return payment


def check_choices(intent: IntentRow, order: PageOrder) -> None:
    """Raise InvalidRequestError for what an offline terminal could not be told of."""
    if not intent.online and (order.tip_minor or order.vouchers):
        raise InvalidRequestError("the terminal is offline: neither tip nor voucher", code="terminal_offline")


def _lock(session: Session, backend: Backend, reference: Reference) -> IntentRow:
    now = backend.clock.now()
    if reference.presentation is not None:
        if reference.presentation.credential.expired(reference.presentation.intent.claims.issued_at):
            raise NotPossibleError("terminal_credential_expired", "the terminal's credential had run out")
        return _presented(session, reference.presentation, now)
    intent = intents.lock_named(session, reference.named, now)
    if intent is None:
        raise NotFoundError("intent")
    return intent


def _presented(session: Session, presentation: Presentation, now: int) -> IntentRow:
    """The intent of a presentation, registered if its terminal might do so itself.

    A key that was replaced, or whose terminal was revoked, signs nothing new: who shows such a presentation may have
    made it, under the id of a payment that the terminal still holds. Raises NotPossibleError.
    """
    key = session.get(TerminalKeyRow, b64u(presentation.credential.key.kid))
    terminal = session.get(TerminalRow, presentation.intent.claims.terminal_id)
    is_retired = key is not None and key.state is TerminalKeyState.RETIRED
    if not is_retired and (terminal is None or terminal.revoked_at is None):
        return intents.register(session, presentation, now)
    intent = intents.find_same(session, presentation, now)
    if intent is None:
        raise NotPossibleError("terminal_revoked", "the key that signed this may not take payments")
    return intent


def check_payable(session: Session, intent: IntentRow, account_id: str, now: int) -> None:
    """Raise NotPossibleError with the code of what keeps this account from paying by the page."""
    terminal = session.get_one(TerminalRow, intent.terminal_id)
    if terminal.revoked_at is not None:
        raise NotPossibleError("terminal_revoked", "this terminal may not take payments")
    match intent.status:
        case IntentStatus.APPROVED:
            raise NotPossibleError("already_paid", "this is paid already")
        case IntentStatus.DECLINED | IntentStatus.CANCELLED | IntentStatus.EXPIRED:
            raise NotPossibleError(intent.code or intent.status, f"this intent is {intent.status}")
        case IntentStatus.CREATED | IntentStatus.HELD:
            pass
        case unexpected:
            assert_never(unexpected)
    if now > intent.payable_until or now < intent.issued_at - CLOCK_TOLERANCE_S:
        raise NotPossibleError("expired", "this intent is not in time")
    is_claimed = reports.status_of(intent, now) is ReportedStatus.CLAIMED
    if is_claimed and not _may_join(session, intent, account_id, now):
        raise ClaimedError(intent.claimed_until)


def _may_join(session: Session, intent: IntentRow, account_id: str, now: int) -> bool:
    """Whether an account may claim and pay what is claimed now."""
    is_own = claims.own_until(session, intent, account_id, now) is not None
    return is_own or not claims.keeps_others_out(session, intent)


def new_payment(session: Session, intent: IntentRow, account_id: str, order: PageOrder, now: int) -> PaymentRow:
    """A payment by the page that has no verdict yet; raises NotFoundError, NotPossibleError."""
    wanted = vouchers.for_page(session, intent, account_id, list(order.vouchers), now)
    if order.purse is not None:
        purses.own(session, account_id, order.purse)
    payment = PaymentRow(
        intent_key=intent.key,
        terminal_id=intent.terminal_id,
        way=PaymentWay.PAGE,
        account_id=account_id,
        status=PaymentStatus.NEW,
        code="",
        amount_minor=intent.amount_minor,
        purse_id=order.purse,
        total_minor=total_of(lines_with(bills.bill_of(intent, order.tip_minor), None, wanted)),
        tip_minor=order.tip_minor,
        taken_minor=0,
        refunded_minor=0,
        currency=intent.currency,
        accepted_offline=False,
        authorised_at=now,
        occurred_at=now,
        decided_at=now,
        business_date=booking.business_date_of(session, intent.terminal_id, now),
        lines=[],
        cards=[],
        vouchers=list(order.vouchers),
        membership_shown=order.show_membership,
        guaranteed_minor=0,
        answers=0,
    )
    session.add(payment)
    session.flush()
    return payment
