# SPDX-License-Identifier: Apache-2.0
"""The shopper side, what goes beyond paying: vouchers, memberships, purses, 代付, dues. Routes only."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from pengpos.wire.encoding.base64url import b64u
from sandbox.backend.api.caller import AccountId, BackendOf
from sandbox.backend.api.routing import TerseRoute
from sandbox.backend.contract import wallet_shapes as shapes
from sandbox.backend.contract.problems import not_found
from sandbox.backend.contract.terminal_shapes import Uuid
from sandbox.backend.offers import vouchers as coupons
from sandbox.backend.payments import due_payments
from sandbox.backend.payments import payment_requests as friends
from sandbox.backend.records.tables import MerchantRow
from sandbox.backend.records.times import rfc3339
from sandbox.backend.sharing import purses

router = APIRouter(prefix="/wallet/v1", tags=["wallet"], route_class=TerseRoute)


@router.get("/vouchers")
def vouchers(
    account_id: AccountId, backend: BackendOf, kid: Annotated[str | None, Query(min_length=11, max_length=11)] = None
) -> shapes.VouchersAnswer:
    """The account's vouchers; with `kid` signed for that key."""
    with backend.db.read() as session:
        if kid is not None:
            coupons.check_own_key(session, account_id, kid)
        return shapes.VouchersAnswer(
            vouchers=[
                shapes.VoucherView(
                    voucher_id=row.id,
                    merchant_id=row.merchant_id,
                    value=row.value_minor,
                    currency=row.currency,
                    minimum=row.minimum_minor,
                    not_before=rfc3339(row.not_before),
                    not_after=rfc3339(row.not_after),
                    spent=spent,
                    voucher=None if kid is None or spent else b64u(coupons.signed_voucher(backend, row, kid)),
                )
                for row, spent in coupons.vouchers_of(session, account_id)
            ]
        )


@router.post("/memberships")
def join(request: shapes.JoinRequest, account_id: AccountId, backend: BackendOf) -> shapes.MembershipAnswer:
    """Join a merchant's members, and get a pass bound to one key; again: a fresh pass."""
    now = backend.clock.now()

    def work(session: Session) -> shapes.MembershipAnswer:
        coupons.check_own_key(session, account_id, request.kid)
        if session.get(MerchantRow, request.merchant_id) is None:
            raise not_found("merchant")
        coupons.join(session, account_id, request.merchant_id, now)
        found = coupons.standing(session, account_id, request.merchant_id)
        assert found is not None
        return shapes.MembershipAnswer(
            merchant_id=request.merchant_id,
            member_id=found.member_id,
            points=found.points,
            tier=found.tier,
            membership=b64u(coupons.signed_pass(backend, found, request.merchant_id, request.kid, now)),
        )

    return backend.db.write(work)


@router.post("/purses", status_code=201)
def new_purse(request: shapes.NewPurse, account_id: AccountId, backend: BackendOf) -> shapes.Purse:
    """A purse with its members."""
    return backend.db.write(lambda session: purses.make(session, account_id, request, backend.clock.now()))


@router.get("/purses")
def all_purses(account_id: AccountId, backend: BackendOf) -> shapes.PursesAnswer:
    """The purses this account is a member of."""
    with backend.db.read() as session:
        return shapes.PursesAnswer(purses=purses.of(session, account_id))


@router.post("/purses/{purse_id}/deposits")
def deposit(purse_id: str, request: shapes.TopUp, account_id: AccountId, backend: BackendOf) -> shapes.Purse:
    """Move money of one's own into a purse."""
    now = backend.clock.now()
    return backend.db.write(lambda session: purses.deposit(session, account_id, purse_id, request, now))


@router.post("/purses/{purse_id}/choose", status_code=204)
def choose_purse(purse_id: str, account_id: AccountId, backend: BackendOf) -> None:
    """From now on a tap from a shared purse means this one."""
    backend.db.write(lambda session: purses.choose(session, account_id, purse_id, backend.clock.now()))


@router.post("/payment-requests", status_code=201)
def ask_friend(
    request: shapes.NewPaymentRequest, account_id: AccountId, backend: BackendOf
) -> shapes.PaymentRequestView:
    """代付: ask a friend to pay."""
    return backend.db.write(lambda session: friends.ask(session, backend, account_id, request))


@router.get("/payment-requests")
def payment_requests(account_id: AccountId, backend: BackendOf) -> shapes.PaymentRequestsAnswer:
    """What this account is asked to pay, or has asked others to."""
    with backend.db.read() as session:
        return shapes.PaymentRequestsAnswer(payment_requests=friends.asked_of(session, account_id))


@router.post("/payment-requests/{request_id}/accept")
def accept(request_id: str, account_id: AccountId, backend: BackendOf) -> shapes.PaymentRequestView:
    """Pay for a friend."""
    return backend.db.write(lambda session: friends.accept(session, backend, account_id, request_id))


@router.post("/payment-requests/{request_id}/refuse")
def refuse(request_id: str, account_id: AccountId, backend: BackendOf) -> shapes.PaymentRequestView:
    """Not pay for a friend."""
    return backend.db.write(lambda session: friends.refuse(session, backend, account_id, request_id))


@router.get("/dues")
def all_dues(account_id: AccountId, backend: BackendOf) -> shapes.DuesAnswer:
    """What this account is or was asked to pay after an offline payment of it was declined at sync."""
    with backend.db.read() as session:
        return shapes.DuesAnswer(dues=due_payments.dues_of(session, account_id))


@router.post("/dues/{intent_id}/pay")
def pay_due(intent_id: Uuid, account_id: AccountId, backend: BackendOf) -> shapes.WalletDue:
    """Pay after all; again changes nothing."""
    return backend.db.write(lambda session: due_payments.pay(session, backend, account_id, intent_id))


@router.post("/dues/{intent_id}/refuse")
def refuse_due(intent_id: Uuid, account_id: AccountId, backend: BackendOf) -> shapes.WalletDue:
    """Say no; it may still be paid later."""
    return backend.db.write(lambda session: due_payments.refuse(session, backend, account_id, intent_id))
