# SPDX-License-Identifier: Apache-2.0
"""Judges an authorisation exactly once, however often, in whatever order and by whatever way it arrives.

Source: backend API, *Exactly once* and *Judged as of its time*. Everything here runs under the intent's row lock.
"""

from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError
from pengpos.core.reasons import Reason
from pengpos.core.times import LATEST_TIME, parse_rfc3339
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.authorisation import Funding
from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.booking import booking, set_aside
from sandbox.backend.errors import ConflictError, InvalidRequestError
from sandbox.backend.intents import finality, intents, reports, trial_amounts
from sandbox.backend.kernel.alarms import raise_alarm
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments import payment_requests
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import (
    AccountRow,
    AlarmKind,
    HoldOutcome,
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    PaymentWay,
    SpentVoucherRow,
    TerminalRow,
    WalletCounterRow,
    WalletCredentialRow,
)
from sandbox.backend.sharing import purses
from sandbox.backend.terminals import denylist, policy
from sandbox.backend.trust import judgement
from sandbox.backend.trust.judgement import Authorised, Refusal

_TAKEN_ONLINE = frozenset({PaymentStatus.APPROVED, PaymentStatus.HELD})
"""Its terminal may have got no answer and accepted the same authorisation offline since: its day follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A payment as a terminal sent it, its presentation verified and nothing else."""

    presentation: Presentation
    wallet_credential: bytes
    authorisation: bytes
    accepted_offline: bool
    occurred_at: int
    number: str | None
    """What the terminal calls the sale."""
    knows_dues: bool
    """Whether its sender knows dues, and will not have the shopper pay another way."""
    imported_by: str | None = None
    """The operator who has brought it in a sealed export."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a payment, and what happens to the answer on its way."""

    payment: reports.PaymentReport
    delivery: trial_amounts.Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """A payment as a terminal sends it: signed objects in base64url, the time as RFC 3339."""

    presentation: str
    authorisation: str
    wallet_credential: str
    accepted_offline: bool
    occurred_at: str
    number: str | None = None


def read_order(backend: Backend, terminal_id: str, order: PaymentOrder, *, knows_dues: bool) -> Presented:
    """As `read_any_order`; raises NotFoundError for another terminal's intent."""
    presentation = intents.read_own_presentation(order.presentation, backend.issuer.trusted, terminal_id)
    return _presented(presentation, order, knows_dues=knows_dues)


def read_any_order(backend: Backend, order: PaymentOrder, *, knows_dues: bool) -> Presented:
    """Read an order as far as it can be refused without a verdict; raises InvalidRequestError."""
    presentation = intents.read_presentation(order.presentation, backend.issuer.trusted)
    return _presented(presentation, order, knows_dues=knows_dues)


def _presented(presentation: Presentation, order: PaymentOrder, *, knows_dues: bool) -> Presented:
    try:
        return Presented(
            presentation=presentation,
            wallet_credential=unb64u(order.wallet_credential),
            authorisation=unb64u(order.authorisation),
            accepted_offline=order.accepted_offline,
            occurred_at=parse_rfc3339(order.occurred_at),
            number=order.number,
            knows_dues=knows_dues,
        )
    except (MalformedError, ValueError) as error:
        raise InvalidRequestError(str(error)) from error


def take(backend: Backend, presented: Presented) -> Verdict:
    """Judge a payment and book it, or give the verdict it had before; raises ConflictError.

    What a revoked terminal delivers is held for a person.
    """
    outcome = backend.db.write(lambda session: _take(session, backend, presented))
    if isinstance(outcome, ConflictError):
        raise outcome  # only now: that the wallet's key was copied has been stored
    return outcome


def _take(session: Session, backend: Backend, presented: Presented) -> Verdict | ConflictError:
    now = backend.clock.now()
    issuers = backend.issuer.trusted
    intent = intents.register(
        session,
        presented.presentation,
        now,
        number=presented.number,
        goods_are_gone=presented.accepted_offline,
    )
    read = judgement.read(presented.presentation, presented.wallet_credential, presented.authorisation, issuers)
    digest = judgement.identity_of(read, presented.wallet_credential, presented.authorisation)
    payment = session.scalars(
        select(PaymentRow).where(PaymentRow.intent_key == intent.key, PaymentRow.authorisation_digest == digest)
    ).one_or_none()
    if payment is None:
        copied = isinstance(read, Authorised) and not _counter_is_its_own(session, read, digest, intent, now)
        if isinstance(read, Authorised) and _signed_twice(session, intent, read):
            return ConflictError("this wallet has sent another authorisation for the same intent")
        payment = _add_payment(session, presented, intent, digest, read, now)
        _decide(session, backend, presented, intent, payment, read, copied=copied)
    elif presented.accepted_offline and finality.may_be_judged_again(session, intent, payment):
        payment.accepted_offline, payment.occurred_at = True, presented.occurred_at
        payment.knows_dues, payment.promised = presented.knows_dues, _promises(read)
        payment.imported_by = presented.imported_by
        payment.business_date = booking.business_date_of(session, intent.terminal_id, payment.authorised_at)
        copied = isinstance(read, Authorised) and _counter_owner(session, read) != digest
        _decide(session, backend, presented, intent, payment, read, copied=copied)
    elif presented.accepted_offline and payment.status in _TAKEN_ONLINE and not payment.accepted_offline:
        booking.hear_of_offline_acceptance(session, payment, presented.occurred_at)
        payment.knows_dues = payment.knows_dues or presented.knows_dues
    payment.answers += 1
    session.flush()
    delivery = trial_amounts.Delivery()
    if backend.magic_amounts:
        delivery = trial_amounts.delivery(intent.amount_minor, first=payment.answers == 1)
    return Verdict(reports.of_payment(session, payment), delivery)


def _decide(
    session: Session,
    backend: Backend,
    presented: Presented,
    intent: IntentRow,
    payment: PaymentRow,
    read: Authorised | Refusal,
    *,
    copied: bool,
) -> None:
    """Give a payment that has no verdict yet (or may have a second one) its verdict."""
    now = backend.clock.now()
    again = payment.status is PaymentStatus.DECLINED
    if intent.status is IntentStatus.APPROVED:
        payment.status, payment.code = PaymentStatus.ALREADY_PAID, "already_paid"
        return
    if (refusal := _fate(session, intent, payment, now, again=again)) is not None:
        late = refusal == judgement.EXPIRED
        (booking.expire if late else booking.decline)(session, backend, intent, payment, refusal, now)
        return
    if isinstance(read, Refusal):
        booking.decline(session, backend, intent, payment, read, now)
        return
    known = _known(session, intent, read, presented, now, copied=copied)
    verdict = judgement.judge(
        presented.presentation, read, known, backend.issuer.trusted, accepted_offline=presented.accepted_offline
    )
    if isinstance(verdict, Refusal):
        booking.decline(session, backend, intent, payment, verdict, now)
        if verdict is judgement.OFFLINE_FROZEN:  # it promises on without the money for it
            set_aside.not_kept(session, payment, now)
        elif verdict is judgement.CREDENTIAL_BLOCKED and presented.accepted_offline:
            _of_a_key_its_owner_blocked(session, payment, now)
        return
    payment.vouchers = [b64u(voucher_id) for voucher_id in verdict.voucher_ids]
    match read.claims.funding:
        case Funding.BALANCE:
            pass
        case Funding.SHARED_PURSE:
            assert payment.account_id is not None
            payment.purse_id = purses.chosen(session, payment.account_id)
            if payment.purse_id is None:
                booking.decline(session, backend, intent, payment, purses.NO_PURSE, now)
                return
        case Funding.FRIEND:
            if session.get_one(TerminalRow, intent.terminal_id).revoked_at is not None:
                booking.decline(session, backend, intent, payment, payment_requests.TERMINAL_REVOKED, now)
                return
            code, wait_s = payment_requests.FRIEND_ASKED, payment_requests.REQUEST_S
            booking.hold(session, intent, payment, now, code=code, outcome=HoldOutcome.DECLINED, for_s=wait_s)
            return
        case unexpected:
            assert_never(unexpected)
    _complete(session, backend, intent, payment)


def _of_a_key_its_owner_blocked(session: Session, payment: PaymentRow, now: int) -> None:
    """The platform bears it, and an owner who blocks keys of their own and promises on must not live by that."""
    key = None if payment.wallet_kid is None else session.get(WalletCredentialRow, payment.wallet_kid)
    if key is not None and key.blocked_at is not None:
        set_aside.freeze(session, payment, now)


def _complete(session: Session, backend: Backend, intent: IntentRow, payment: PaymentRow) -> None:
    """A sound payment: hold it, refuse it, or book it and spend what it spends."""
    now = backend.clock.now()
    revoked_at = session.get_one(TerminalRow, intent.terminal_id).revoked_at
    if revoked_at is not None:
        # By its date it was accepted before, and is owed; but who has the key and a wallet writes the date: a person
        # decides. What came after is not owed, unless a person says so in time.
        outcome = None if payment.authorised_at < revoked_at else HoldOutcome.DECLINED
        code, for_s = "terminal_revoked", booking.REVIEW_S
        booking.hold(session, intent, payment, now, code=code, outcome=outcome, for_s=for_s)
        detail = {"kind": "payment", "intent_id": intent.intent_id, "why": "revoked", "total": payment.total_minor}
        raise_alarm(session, AlarmKind.ORDER_HELD, intent.terminal_id, detail, now)
        return
    refusal: Refusal | trial_amounts.HeldForReview | None = None
    if backend.magic_amounts:
        refusal = trial_amounts.outcome(session, intent, accepted_offline=payment.accepted_offline)
    if isinstance(refusal, trial_amounts.HeldForReview):
        booking.review(session, intent, payment, now, for_s=trial_amounts.REVIEW_S)
        return
    if refusal is not None:
        booking.decline(session, backend, intent, payment, refusal, now)
        return
    booked = booking.book_or_decline(session, backend, intent, payment, now)
    if booked and backend.magic_amounts and trial_amounts.announces_twice(intent.amount_minor):
        booking.announce(session, intent, payment, now)


def _fate(session: Session, intent: IntentRow, payment: PaymentRow, now: int, *, again: bool) -> Refusal | None:
    """What the intent's own state and the time of arrival say, before the authorisation is looked at."""
    match intent.status:
        case IntentStatus.CANCELLED:
            return judgement.CANCELLED
        case IntentStatus.DECLINED if not again:
            assert intent.code is not None
            assert intent.reason is not None
            return Refusal(Reason(intent.reason), intent.code)
        case IntentStatus.CREATED | IntentStatus.HELD | IntentStatus.EXPIRED | IntentStatus.DECLINED:
            pass
        case IntentStatus.APPROVED:
            raise AssertionError("unreachable: a booked intent is answered before")
        case unexpected:
            assert_never(unexpected)
    if not payment.accepted_offline:
        late = intent.status is IntentStatus.EXPIRED or now > intent.payable_until
        return judgement.EXPIRED if late else None
    return judgement.TOO_OLD if finality.is_too_old(session, payment, now) else None


def _known(
    session: Session, intent: IntentRow, read: Authorised, presented: Presented, now: int, *, copied: bool
) -> judgement.Known:
    kid = b64u(read.credential.key.kid)
    credential = session.get(WalletCredentialRow, kid)
    account = None if credential is None else session.get(AccountRow, credential.account_id)
    as_of = read.claims.authorised_at if presented.accepted_offline else now
    frozen_at = None if account is None else account.offline_frozen_at
    frozen = frozen_at is not None and frozen_at <= as_of
    # A wallet dates what it signs, and would choose how it is refused: its terminal's date counts where it is earlier.
    listed_as_of = min(as_of, intent.issued_at) if presented.accepted_offline else now
    blocked_at = None if credential is None else credential.blocked_at
    blocked = blocked_at is not None and blocked_at <= listed_as_of
    return judgement.Known(
        issued_here=credential is not None,
        denylisted=blocked or denylist.listed_at(session, kid, min(listed_as_of, LATEST_TIME)),
        offline_frozen=frozen and not set_aside.covers(session, kid, intent, read.claims.total_minor),
        counter_copied=copied,
        voucher_spent=lambda voucher_id: _spent(session, voucher_id),
        risk=policy.risk_as_of(session, intent.terminal_id, min(as_of, LATEST_TIME)),
        now=now,
    )


def _spent(session: Session, voucher_id: bytes) -> bool:
    return session.get(SpentVoucherRow, b64u(voucher_id)) is not None


def _signed_twice(session: Session, intent: IntentRow, read: Authorised) -> bool:
    kid = b64u(read.credential.key.kid)
    other = select(PaymentRow.id).where(PaymentRow.intent_key == intent.key, PaymentRow.wallet_kid == kid).limit(1)
    return session.scalar(other) is not None


def _counter_is_its_own(session: Session, read: Authorised, digest: bytes, intent: IntentRow, now: int) -> bool:
    """False if the wallet's counter was used for another authorisation: the key is a copy, and is blocked."""
    kid = b64u(read.credential.key.kid)
    counter = read.claims.counter
    if insert_if_new(session, WalletCounterRow, kid=kid, counter=counter, authorisation_digest=digest):
        return True
    if _counter_owner(session, read) == digest:
        return True
    denylist.change(session, kid, listed=True, why="two authorisations under one counter", at=now)
    credential = session.get(WalletCredentialRow, kid)
    if credential is not None:
        account = session.get_one(AccountRow, credential.account_id)
        account.offline_frozen_at = account.offline_frozen_at or now
    detail = {"kid": kid, "counter": counter, "intent_id": intent.intent_id}
    raise_alarm(session, AlarmKind.WALLET_COPIED, intent.terminal_id, detail, now)
    return False


def _counter_owner(session: Session, read: Authorised) -> bytes:
    """The identity of the authorisation that came first under this key and counter."""
    key = (b64u(read.credential.key.kid), read.claims.counter)
    return session.get_one(WalletCounterRow, key).authorisation_digest


def _promises(read: Authorised | Refusal) -> bool:
    """Whether its wallet promised it (claim 5), of its own money."""
    return isinstance(read, Authorised) and read.claims.offline_allowed and read.claims.funding is Funding.BALANCE


def _add_payment(
    session: Session, presented: Presented, intent: IntentRow, digest: bytes, read: Authorised | Refusal, now: int
) -> PaymentRow:
    kid = b64u(read.credential.key.kid) if isinstance(read, Authorised) else None
    credential = None if kid is None else session.get(WalletCredentialRow, kid)
    if credential is not None:
        credential.last_used_at = now
    payment = new_payment(presented, intent, digest, read, now)
    payment.account_id = None if credential is None else credential.account_id
    payment.business_date = booking.business_date_of(session, intent.terminal_id, booking.counts_at(payment))
    session.add(payment)
    session.flush()
    return payment


def new_payment(
    presented: Presented, intent: IntentRow, digest: bytes, read: Authorised | Refusal, now: int
) -> PaymentRow:
    """A payment that comes for the first time; its account and its business date are the caller's."""
    claims = read.claims if isinstance(read, Authorised) else None
    return PaymentRow(
        intent_key=intent.key,
        terminal_id=intent.terminal_id,
        authorisation_digest=digest,
        way=PaymentWay.READER,
        wallet_kid=b64u(read.credential.key.kid) if isinstance(read, Authorised) else None,
        status=PaymentStatus.NEW,
        code="",
        amount_minor=intent.amount_minor,
        total_minor=intent.amount_minor if claims is None else claims.total_minor,
        tip_minor=0 if claims is None else claims.tip_minor,
        taken_minor=0,
        from_set_aside_minor=0,
        refunded_minor=0,
        currency=intent.currency,
        accepted_offline=presented.accepted_offline,
        promised=_promises(read),
        authorised_at=now if claims is None else min(claims.authorised_at, LATEST_TIME),
        occurred_at=presented.occurred_at,
        knows_dues=presented.knows_dues,
        imported_by=presented.imported_by,
        decided_at=now,
        lines=[],
        cards=[],
        vouchers=[],
        membership_shown=claims is not None and claims.membership is not None,
        guaranteed_minor=0,
        answers=0,
    )
