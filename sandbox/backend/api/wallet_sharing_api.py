# SPDX-License-Identifier: Apache-2.0
"""The routes of the shopper side beyond paying, `/wallet/v1`: vouchers, memberships, purses, 代付, dues.

Tests: tests/sandbox/backend/offers/test_vouchers.py, tests/sandbox/backend/sharing/test_purses.py
"""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from sandbox.backend.api.caller import AccountId, BackendOf
from sandbox.backend.api.rendering import wallet as rendering
from sandbox.backend.api.routing import TerseRoute
from sandbox.backend.contract import wallet_shapes as shapes
from sandbox.backend.errors import InvalidRequestError
from sandbox.backend.intents.intents import read_reference
from sandbox.backend.offers import memberships
from sandbox.backend.offers import vouchers as offered
from sandbox.backend.payments import due_payments
from sandbox.backend.payments import payment_requests as requests
from sandbox.backend.records.tables import PurseRow
from sandbox.backend.sharing import purses

router = APIRouter(prefix="/wallet/v1", tags=["wallet"], route_class=TerseRoute)


@router.get("/vouchers")
def vouchers(
    account_id: AccountId, backend: BackendOf, kid: Annotated[str | None, Query(min_length=11, max_length=11)] = None
) -> shapes.VouchersAnswer:
    """The account's vouchers; with `kid` signed for that key."""
    with backend.db.read() as session:
        if kid is not None:
            offered.check_own_key(session, account_id, kid)
        found = offered.vouchers_of(session, account_id)
    views = []
    for row, spent in found:
        signed = None if kid is None or spent else offered.signed_voucher(backend, row, kid)
        views.append(rendering.voucher(row, spent=spent, signed=signed))
    return shapes.VouchersAnswer(vouchers=views)


@router.post("/memberships")
def join(request: shapes.JoinRequest, account_id: AccountId, backend: BackendOf) -> shapes.MembershipAnswer:
    """Join a merchant's members, and get a pass bound to one key; again: a fresh pass."""
    now = backend.clock.now()

    found = backend.db.write(
        lambda session: memberships.join(session, account_id, request.merchant_id, request.kid, now)
    )
    signed = memberships.signed_pass(backend, found, request.merchant_id, request.kid, now)
    return rendering.membership(found, request.merchant_id, signed)


@router.post("/purses", status_code=201)
def new_purse(request: shapes.NewPurse, account_id: AccountId, backend: BackendOf) -> shapes.Purse:
    """A purse; others are invited."""
    now = backend.clock.now()

    def work(session: Session) -> purses.PurseReport:
        purse = PurseRow(name=request.name, budget_minor=request.budget)  # inside: a lost race makes another
        return purses.make(session, account_id, purse, request.members, now)

    return rendering.purse(backend.db.write(work))


@router.get("/purses")
def all_purses(account_id: AccountId, backend: BackendOf) -> shapes.PursesAnswer:
    """The purses this account is a member of, and those it is asked to join."""
    with backend.db.read() as session:
        return shapes.PursesAnswer(
            purses=[rendering.purse(report) for report in purses.of(session, account_id)],
            invitations=[
                shapes.PurseInvitation(purse_id=one.purse_id, name=one.name, invited_by=one.invited_by)
                for one in purses.invitations(session, account_id)
            ],
        )


@router.post("/purses/{purse_id}/accept")
def accept_purse(purse_id: str, account_id: AccountId, backend: BackendOf) -> shapes.Purse:
    """Become a member."""
    now = backend.clock.now()
    return rendering.purse(backend.db.write(lambda session: purses.accept(session, account_id, purse_id, now)))


@router.post("/purses/{purse_id}/leave", status_code=204)
def leave_purse(purse_id: str, account_id: AccountId, backend: BackendOf) -> None:
    """Refuse an invitation, or be a member no more."""
    backend.db.write(lambda session: purses.leave(session, account_id, purse_id, backend.clock.now()))


@router.post("/purses/{purse_id}/deposits")
def deposit(purse_id: str, request: shapes.TopUp, account_id: AccountId, backend: BackendOf) -> shapes.Purse:
    """Move money of one's own into a purse."""
    now = backend.clock.now()
    report = backend.db.write(
        lambda session: purses.deposit(session, account_id, purse_id, request.amount, request.currency, now)
    )
    return rendering.purse(report)


@router.post("/purses/{purse_id}/choose", status_code=204)
def choose_purse(purse_id: str, account_id: AccountId, backend: BackendOf) -> None:
    """From now on a tap from a shared purse means this one."""
    backend.db.write(lambda session: purses.choose(session, account_id, purse_id, backend.clock.now()))


@router.post("/payment-requests", status_code=201)
def ask_friend(
    request: shapes.NewPaymentRequest, account_id: AccountId, backend: BackendOf
) -> shapes.PaymentRequestView:
    """代付: ask a friend to pay."""
    named = read_reference(request.reference or request.intent_id)
    if named.intent_id != request.intent_id:
        raise InvalidRequestError("the reference is of another intent")
    report = backend.db.write(lambda session: requests.ask(session, backend, account_id, named, request.friend_id))
    return rendering.payment_request(report)


@router.get("/payment-requests")
def payment_requests(account_id: AccountId, backend: BackendOf) -> shapes.PaymentRequestsAnswer:
    """What this account is asked to pay, or has asked others to."""
    with backend.db.read() as session:
        found = requests.asked_of(session, account_id)
        return shapes.PaymentRequestsAnswer(payment_requests=[rendering.payment_request(report) for report in found])


@router.post("/payment-requests/{request_id}/accept")
def accept(request_id: str, account_id: AccountId, backend: BackendOf) -> shapes.PaymentRequestView:
    """Pay for a friend."""
    return rendering.payment_request(
        backend.db.write(lambda session: requests.accept(session, backend, account_id, request_id))
    )


@router.post("/payment-requests/{request_id}/refuse")
def refuse(request_id: str, account_id: AccountId, backend: BackendOf) -> shapes.PaymentRequestView:
    """Not pay for a friend."""
    return rendering.payment_request(
        backend.db.write(lambda session: requests.refuse(session, backend, account_id, request_id))
    )


@router.get("/dues")
def all_dues(account_id: AccountId, backend: BackendOf) -> shapes.DuesAnswer:
    """What this account is or was asked to pay after an offline payment of it was declined at sync."""
    with backend.db.read() as session:
        return shapes.DuesAnswer(dues=[rendering.due(asked) for asked in due_payments.dues_of(session, account_id)])


@router.post("/dues/{reference}/pay")
def pay_due(reference: shapes.Reference, account_id: AccountId, backend: BackendOf) -> shapes.WalletDue:
    """Pay after all; again changes nothing."""
    named = read_reference(reference)
    return rendering.due(backend.db.write(lambda session: due_payments.pay(session, backend, account_id, named)))


@router.post("/dues/{reference}/refuse")
def refuse_due(reference: shapes.Reference, account_id: AccountId, backend: BackendOf) -> shapes.WalletDue:
    """Say no; it may still be paid later."""
    named = read_reference(reference)
    return rendering.due(backend.db.write(lambda session: due_payments.refuse(session, backend, account_id, named)))
