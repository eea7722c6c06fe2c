# SPDX-License-Identifier: Apache-2.0
"""Books a payment in which nothing is out of the ordinary, by twelve statements in one transaction.

Straight-through processing: all is checked and signed before the transaction, on what this process keeps of shop and
key; in it the rows are written once, as they stay, and each statement also shows that what was taken for granted is
so. The first thing that is otherwise undoes all of it, and `payments.take` judges: every refusal, hold and repetition
is there, and only there. The rows, events and answers are the same either way; a test holds them side by side.

Tests: tests/sandbox/backend/payments/test_straight_through.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from pengpos.core.times import CLOCK_TOLERANCE_S, LATEST_TIME
from pengpos.wire.objects.authorisation import Funding
from sandbox.backend.bill import pricing
from sandbox.backend.bill.campaigns import Campaign
from sandbox.backend.bill.lines import total_of
from sandbox.backend.booking import booking, funders
from sandbox.backend.errors import BackendError
from sandbox.backend.intents import event_data, finality, intents, reports, trial_amounts
from sandbox.backend.kernel import events
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.kept import Shop, SignedRisk
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.offers import bills, campaigns, line_items
from sandbox.backend.payments import payments
from sandbox.backend.payments import straight_statements as statements
from sandbox.backend.payments.payments import Presented
from sandbox.backend.records.tables import (
    DocumentRow,
    EventKind,
    IntentRow,
    IntentStatus,
    PaymentRow,
    TerminalKeyState,
    TerminalRow,
)
from sandbox.backend.terminals import policy
from sandbox.backend.terminals.merchants import merchant_of
from sandbox.backend.terminals.policy import TerminalStanding
from sandbox.backend.trust import judgement
from sandbox.backend.trust.judgement import Authorised, Sound
from sandbox.backend.trust.request_signature import Signed

_USED_UP_FOR_S = 10
"""A refund may give a budget something back: so long a campaign is passed over without asking."""


class NotStraightError(BackendError):
    """Something is out of the ordinary; nothing has been changed."""


@dataclass(eq=False)
class ShopChangedError(BackendError):
    """What was kept of the shop is not true any more; nothing has been changed.

    `used_up`: the key of the campaign of whose budget too little is left, where it is that.
    """

    used_up: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A payment that went straight through, and what its terminal is told beside it."""

    payment: reports.PaymentReport
    standing: TerminalStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A payment as it will stand if all is as it seems. `wallet_kid`, `digest`: the key, and what it has signed."""

    presented: Presented
    read: Authorised
    digest: bytes
    shop: Shop
    intent: IntentRow
    payment: PaymentRow
    now: int
    campaign: Campaign | None = None

    @property
    def comes_after_its_time(self) -> bool:
        """Its intent would have lapsed, had it been known: its terminal hears of that first."""
        return self.now > self.intent.payable_until


def take(backend: Backend, presented: Presented, signed: Signed | None) -> Booked | None:
    """Book a payment that is sound in all; None: it is not, nothing has been changed, and it must be judged.

    `signed`: the request that brought it, which is then admitted in the same transaction; None: it is admitted already.
    """
    if signed is not None and abs(backend.clock.now() - signed.created) > CLOCK_TOLERANCE_S:
        return None  # before anything is checked or signed for it
    booked, _ = book_some(backend, plan_some(backend, [presented]), signed)
    return booked[0] if booked else None


def plan_some(backend: Backend, many: Sequence[Presented]) -> list[Plan]:
    """Of payments of one terminal, in their order, those before the first that must be judged."""
    plans = list[Plan]()
    for presented in many:
        try:
            plans.append(_plan(backend, presented))
        except (NotStraightError, DataError):  # the latter: a value that this database cannot store
            break
    return plans


def book_some(backend: Backend, plans: list[Plan], signed: Signed | None = None) -> tuple[list[Booked], list[Plan]]:
    """Book them in their order, and give back what is left: the first of it must be judged."""
    booked, may_be_anew = list[Booked](), True
    while plans:
        done, error = backend.db.write_in_order(
            [partial(_carry_out, plan=plan, signed=signed) for plan in plans],
            wake=plans[0].intent.terminal_id,
        )
        booked += done
        plans = plans[len(done) :]
        if isinstance(error, ShopChangedError) and error.used_up is not None:
            backend.kept.used_up.put(error.used_up, backend.clock.now() + _USED_UP_FOR_S)
        if isinstance(error, ShopChangedError) and may_be_anew:
            backend.kept.shops.drop(plans[0].presented.presentation.credential.subject)
            plans, may_be_anew = plan_some(backend, [plan.presented for plan in plans]), False
        elif isinstance(error, NotStraightError | ShopChangedError | DataError):
            break
        elif error is not None:
            raise error
    return booked, plans


# --- before the transaction -------------------------------------------------------------------------------------------


def _plan(backend: Backend, presented: Presented) -> Plan:
    """Read, check and sign all that does not hang on other payments; raises NotStraightError."""
    now, presentation = backend.clock.now(), presented.presentation
    read = judgement.read(presentation, presented.wallet_credential, presented.authorisation, backend.issuer.trusted)
    if not isinstance(read, Authorised) or not _is_plain(backend, presented, read):
        raise NotStraightError
    shop = _shop(backend, presentation.credential.subject, now)
    key = intents.intent_id_of(presentation)
    intent = IntentRow(**intents.new_values(presentation, key, now), number=presented.number)
    digest = judgement.identity_of(read, presented.wallet_credential, presented.authorisation)
    payment = payments.new_payment(presented, intent, digest, read, now)
    plan = Plan(presented=presented, read=read, digest=digest, shop=shop, intent=intent, payment=payment, now=now)
    campaign = bills.best_for_anybody(shop, intent, payment, now, backend.kept.used_up)
    if campaign is not None and campaign.asks_for_shopper:
        raise NotStraightError
    plan = replace(plan, campaign=campaign)
    lines = pricing.lines_with(bills.bill_of(intent, payment.tip_minor), campaign, ())
    taken_minor = total_of(lines)
    if taken_minor == 0 or not _is_sound(backend, plan):
        raise NotStraightError
    booking.mark_booked(backend, payment, taken_minor, now)
    payment.business_date = booking.business_date_at(shop.merchant, booking.counts_at(payment))
    payment.receipt = booking.signed_receipt(backend, intent, payment, reason=None)
    payment.lines, payment.answers = line_items.said(shop.merchant, lines), 1
    payment.campaign_key = None if campaign is None else campaign.key or None
    return plan


def _is_plain(backend: Backend, presented: Presented, read: Authorised) -> bool:
    """The shopper's own money, no voucher, no pass, and no amount that is to do something."""
    claims = read.claims
    if backend.magic_amounts and not trial_amounts.is_ordinary(presented.presentation.intent.claims.amount_minor):
        return False
    return claims.funding is Funding.BALANCE and not claims.vouchers and claims.membership is None


def _is_sound(backend: Backend, plan: Plan) -> bool:
    """All checks of `payments` that need no other row, as if nothing spoke against key, counter and terminal."""
    payment, now = plan.payment, plan.now
    risk = policy.risk_among(plan.shop.risks, min(plan.read.claims.authorised_at, LATEST_TIME))
    if not payment.accepted_offline and plan.comes_after_its_time:
        return False
    if payment.accepted_offline and finality.is_past(risk, payment, now):
        return False
    seems = judgement.Known(
        issued_here=True,
        denylisted=False,
        offline_frozen=False,
        counter_copied=False,
        voucher_spent=lambda _: False,
        risk=risk,
        now=now,
    )
    verdict = judgement.judge(
        plan.presented.presentation,
        plan.read,
        seems,
        backend.issuer.trusted,
        accepted_offline=payment.accepted_offline,
    )
    return isinstance(verdict, Sound)


def _shop(backend: Backend, terminal_id: str, now: int) -> Shop:
    """What is kept of a terminal's shop; read where nothing is. Raises NotStraightError for no terminal of ours."""
    kept = backend.kept.shops.get(terminal_id)
    if kept is not None:
        return kept
    with backend.db.read() as session:
        shop = _read_shop(session, terminal_id, now)
    backend.kept.shops.put(terminal_id, shop)
    return shop


def _read_shop(session: Session, terminal_id: str, now: int) -> Shop:
    if session.get(TerminalRow, terminal_id) is None:
        raise NotStraightError
    merchant = merchant_of(session, terminal_id)
    store_id = session.get_one(TerminalRow, terminal_id).store_id
    signed = session.execute(
        select(DocumentRow.version, DocumentRow.issued_at, DocumentRow.not_after, DocumentRow.content)
        .where(DocumentRow.terminal_id == terminal_id, DocumentRow.not_after >= now - finality.MOST_MAX_AGE_S)
        .order_by(DocumentRow.version)
    ).all()
    session.expunge(merchant)
    return Shop(
        merchant=merchant,
        store_id=store_id,
        policy_version=signed[-1].version if signed else 0,
        risks=tuple(SignedRisk(one.issued_at, one.not_after, one.content["risk"]) for one in signed),
        campaigns=campaigns.of_terminal(session, terminal_id),
    )


# --- in the transaction -----------------------------------------------------------------------------------------------


def _carry_out(connection: Connection, *, plan: Plan, signed: Signed | None) -> Booked:
    """The twelve statements, and five more with a campaign's budget; raises NotStraightError, ShopChangedError."""
    payment = plan.payment
    _use_nonce(connection, signed, plan.now)
    _approve_intent(connection, plan)
    _use_counters(connection, plan)
    wallet = _meet_wallet(connection, plan, signed)
    payment.account_id = wallet.account_id
    payment.cards = [line_items.receipt_card(payment, wallet.languages)]
    statements.PAYMENT.first(connection, **_values_of(payment, statements.PAYMENT_COLUMNS))
    _take_budget(connection, plan)
    _move_money(connection, plan)
    _tell_terminal(connection, plan, is_seen=signed is not None)
    return Booked(payment=reports.of_first_payment(payment), standing=wallet.standing)


def _use_nonce(connection: Connection, signed: Signed | None, now: int) -> None:
    if signed is not None:
        _must(statements.NONCE.first(connection, kid=signed.keyid, nonce=signed.nonce, seen_at=now))


def _approve_intent(connection: Connection, plan: Plan) -> None:
    intents.end(plan.intent, IntentStatus.APPROVED, "approved", None)
    try:
        stands = statements.INTENT.first(connection, **_values_of(plan.intent, statements.INTENT_COLUMNS), now=plan.now)
    except IntegrityError as error:  # another terminal's has this id, and ours stands beside it
        raise NotStraightError from error
    (plan.intent.number,) = _must(stands)


def _use_counters(connection: Connection, plan: Plan) -> None:
    """The terminal's may be this very intent's, registered before: that is seen with the wallet."""
    intent = plan.intent
    statements.TERMINAL_COUNTER.first(
        connection,
        terminal_id=intent.terminal_id,
        epoch=intent.epoch,
        counter=intent.counter,
        intent_id=intent.intent_id,
    )
    counter = plan.read.claims.counter
    kid = plan.payment.wallet_kid
    _must(statements.WALLET_COUNTER.first(connection, kid=kid, counter=counter, authorisation_digest=plan.digest))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wallet:
    account_id: str
    languages: list[str]
    standing: TerminalStanding


def _meet_wallet(connection: Connection, plan: Plan, signed: Signed | None) -> _Wallet:
    """Whose key it is; and that all is so that was taken for granted of key, terminal, shop and intent."""
    intent, payment = plan.intent, plan.payment
    as_of = min(payment.authorised_at, intent.issued_at, LATEST_TIME) if payment.accepted_offline else plan.now
    found = _must(
        statements.WALLET.first(
            connection,
            wallet_kid=payment.wallet_kid,
            now=plan.now,
            as_of=as_of,
            terminal_id=intent.terminal_id,
            epoch=intent.epoch,
            counter=intent.counter,
            terminal_kid="" if signed is None else signed.keyid,
            merchant_id=plan.shop.merchant.id,
            key=intent.key,
        )
    )
    account_id, languages, frozen_at, listed, counted, *more = found
    revoked_at, locked_at, key, version, policy_version, paid = more
    if (version, policy_version or 0) != (plan.shop.merchant.version, plan.shop.policy_version):
        raise ShopChangedError
    is_frozen = payment.accepted_offline and frozen_at is not None
    key_is_good = signed is None or key is TerminalKeyState.ACTIVE
    if listed or paid or is_frozen or not key_is_good or revoked_at is not None or counted != intent.intent_id:
        raise NotStraightError
    standing = TerminalStanding.ACTIVE if locked_at is None else TerminalStanding.LOCKED
    return _Wallet(account_id=account_id, languages=languages, standing=standing)


def _move_money(connection: Connection, plan: Plan) -> None:
    """Last of what others wait for; who funds the campaign pays for it behind that, in a posting of its own."""
    payment, merchant = plan.payment, Account(AccountKind.MERCHANT, plan.shop.merchant.id)
    assert payment.account_id is not None
    shopper = Account(AccountKind.SHOPPER, payment.account_id)
    _transfer(connection, plan, PostingKind.PAYMENT, (shopper, merchant), payment.taken_minor)
    if plan.campaign is not None:
        owners = {"merchant_id": plan.shop.merchant.id, "store_id": plan.shop.store_id}
        sides = funders.sides_of(plan.campaign.funder, **owners)
        _transfer(connection, plan, PostingKind.CAMPAIGN, sides, payment.total_minor - payment.taken_minor)


def _transfer(
    connection: Connection, plan: Plan, kind: PostingKind, sides: tuple[Account, Account], minor: int
) -> None:
    """Raises NotStraightError where the shopper is short, or an account has not been used yet."""
    giver, taker = sides
    moved = ledger.transfer_if_there(
        connection,
        kind,
        giver=giver,
        taker=taker,
        amount_minor=minor,
        currency=plan.payment.currency,
        at=plan.now,
        intent_key=plan.payment.intent_key,
    )
    if not moved:
        raise NotStraightError


def _take_budget(connection: Connection, plan: Plan) -> None:
    campaign = plan.campaign
    if campaign is None or not campaign.has_budget:
        return
    minor, day = plan.payment.total_minor - plan.payment.taken_minor, bills.day_of(plan.shop.merchant, plan.now)
    if statements.BUDGET.first(connection, campaign_key=campaign.key, minor=minor, day=day) is None:
        raise ShopChangedError(campaign.key)


def _tell_terminal(connection: Connection, plan: Plan, *, is_seen: bool) -> None:
    intent, now = plan.intent, plan.now
    report = reports.of_first_payment(plan.payment)
    told = [
        (EventKind.PAYMENT, event_data.of_payment(report)),
        (EventKind.INTENT, event_data.of_intent(reports.of_intent_beside(intent, report, now))),
    ]
    if plan.comes_after_its_time:
        told.insert(0, (EventKind.INTENT, _lapsed(plan)))
    events.write(connection, intent.terminal_id, told, now, is_seen=is_seen)


def _lapsed(plan: Plan) -> dict[str, Any]:
    """What its terminal hears of an intent that first comes when its time is over."""
    lapsed = IntentRow(**{name: getattr(plan.intent, name) for name in statements.INTENT_COLUMNS})
    intents.end(lapsed, IntentStatus.EXPIRED, judgement.EXPIRED.code, int(judgement.EXPIRED.reason))
    return event_data.of_intent(reports.of_intent_beside(lapsed, None, plan.now))


def _values_of(row: IntentRow | PaymentRow, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _must(found: tuple[Any, ...] | None) -> tuple[Any, ...]:
    if found is None:
        raise NotStraightError
    return found
