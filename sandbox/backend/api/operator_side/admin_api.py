# SPDX-License-Identifier: Apache-2.0
"""The routes of the operator side, `/admin/v1`. Each says which role it needs.

Tests: tests/sandbox/backend/api/test_admin_api.py
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from pengpos.core.times import rfc3339
from pengpos.wire.encoding.keys import fingerprint_of
from sandbox.backend.api.caller import ADMIN, RISK, SUPPORT, BackendOf, OperatorOf
from sandbox.backend.api.operator_side import imports
from sandbox.backend.api.operator_side.operator_route import OperatorRoute
from sandbox.backend.api.rendering import operator as rendering
from sandbox.backend.api.rendering import terminal as terminal_rendering
from sandbox.backend.contract import admin_shapes as shapes
from sandbox.backend.contract import bill_shapes, import_shapes
from sandbox.backend.intents.intents import read_reference
from sandbox.backend.kernel import alarms as kernel_alarms
from sandbox.backend.ledger import ledger
from sandbox.backend.offers import campaigns, vouchers
from sandbox.backend.payments import reviews
from sandbox.backend.records.tables import MerchantRow, StoreRow, VoucherRow
from sandbox.backend.settlement import settlements
from sandbox.backend.terminals import denylist, enrolment, operators, standing, suspicion
from sandbox.backend.terminals import merchants as owners

router = APIRouter(prefix="/admin/v1", tags=["admin"], route_class=OperatorRoute)


@router.post("/activation-codes", status_code=201, dependencies=[ADMIN])
def new_activation_code(request: shapes.CodeRequest, backend: BackendOf) -> shapes.CodeAnswer:
    """A code for enrolling one terminal in a store; 15 minutes of life."""
    now = backend.clock.now()
    kid = None if request.fingerprint is None else bytes.fromhex(request.fingerprint.replace("-", ""))
    code = backend.db.write(lambda session: enrolment.new_activation_code(session, request.store_id, now, kid))
    return shapes.CodeAnswer(
        activation_code=code.code,
        store_id=code.store_id,
        fingerprint=None if kid is None else fingerprint_of(kid),
        expires_at=rfc3339(code.expires_at),
    )


@router.get("/ledger/check", dependencies=[SUPPORT])
def check_ledger(backend: BackendOf) -> shapes.LedgerCheck:
    """Add the whole ledger up again."""
    with backend.db.read(long=True) as session:
        found = ledger.check(session)
    return shapes.LedgerCheck(balanced=found.balanced, postings=found.postings, accounts=found.accounts)


@router.get("/payments", dependencies=[SUPPORT])
def payments(
    backend: BackendOf,
    next_page: Annotated[str | None, Query(alias="next", max_length=36)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> shapes.PaymentsAnswer:
    """Every intent that was paid or tried, one entry each, in the order of intent ids."""
    with backend.db.read() as session:
        return rendering.payments(session, next_page, limit)


@router.post("/payments/{reference}/review", status_code=204, dependencies=[RISK])
def review(reference: str, request: shapes.Review, backend: BackendOf, operator: OperatorOf) -> None:
    """End the hold on a payment, named by its intent."""
    named, by = read_reference(reference), operator.operator_id
    backend.db.write(lambda session: reviews.review(session, backend, named, approve=request.approve, by=by))


@router.post("/coupons", status_code=201, dependencies=[ADMIN])
def new_coupon(request: shapes.NewCoupon, backend: BackendOf) -> shapes.CouponAnswer:
    """A voucher for one account at one merchant."""

    def work(session: Session) -> str:
        row = VoucherRow(
            account_id=request.account_id,
            merchant_id=request.merchant_id,
            value_minor=request.value,
            currency=request.currency,
            minimum_minor=request.minimum,
            not_before=request.not_before,
            not_after=request.not_after,
        )
        return vouchers.offer(session, row)

    return shapes.CouponAnswer(voucher_id=backend.db.write(work))


@router.post("/settlements/{business_date}", dependencies=[ADMIN])
def run_settlement(business_date: str, backend: BackendOf) -> shapes.SettlementRun:
    """Settle a business date; again, whatever has come late since."""
    on = settlements.read_date(business_date)
    return shapes.SettlementRun(business_date=on, settled=settlements.run(backend, on))


@router.get("/merchants/{merchant_id}/funded/{business_date}", dependencies=[SUPPORT])
def funded(merchant_id: str, business_date: str, backend: BackendOf) -> bill_shapes.FundedAnswer:
    """Who has paid for what a merchant's bills had off on one day."""
    on = settlements.read_date(business_date)
    with backend.db.read(long=True) as session:
        found = settlements.funded_on(session, merchant_id, on)
    lines = [terminal_rendering.funded(one) for one in found]
    return bill_shapes.FundedAnswer(merchant_id=merchant_id, business_date=on, funded=lines)


@router.get("/merchants", dependencies=[SUPPORT])
def merchants(backend: BackendOf) -> list[shapes.MerchantEntry]:
    """All merchants, with what we owe them."""
    with backend.db.read() as session:
        return rendering.merchants(session)


@router.post("/merchants", status_code=201, dependencies=[ADMIN])
def new_merchant(request: shapes.NewMerchant, backend: BackendOf) -> shapes.MerchantMade:
    """A merchant."""
    backend.db.write(lambda session: owners.new_merchant(session, MerchantRow(**request.model_dump(), config={})))
    return shapes.MerchantMade(**request.model_dump())


@router.get("/stores", dependencies=[SUPPORT])
def stores(backend: BackendOf) -> list[shapes.StoreEntry]:
    """All stores."""
    with backend.db.read() as session:
        return rendering.stores(session)


@router.post("/stores", status_code=201, dependencies=[ADMIN])
def new_store(request: shapes.NewStore, backend: BackendOf) -> shapes.NewStore:
    """A store of a merchant."""
    backend.db.write(lambda session: owners.new_store(session, StoreRow(**request.model_dump(), config={})))
    return request


@router.get("/terminals", dependencies=[SUPPORT])
def terminals(backend: BackendOf) -> list[shapes.TerminalEntry]:
    """All terminals: last seen, queue, version."""
    with backend.db.read() as session:
        return rendering.terminals(session)


@router.post("/terminals/{terminal_id}/revoke", status_code=204, dependencies=[RISK])
def revoke(terminal_id: str, backend: BackendOf, operator: OperatorOf) -> None:
    """Revoke a terminal: it takes no payment any more, and what it delivers is held for review."""
    backend.db.write(lambda session: standing.revoke(session, backend, terminal_id, operator.operator_id))


@router.post("/terminals/{terminal_id}/trust", status_code=204, dependencies=[RISK])
def trust(terminal_id: str, backend: BackendOf) -> None:
    """Say that a suspected terminal's key is in one place again; what is held stays held until it is decided."""
    backend.db.write(lambda session: suspicion.trust(session, terminal_id))


@router.post("/terminals/{terminal_id}/commands", status_code=202, dependencies=[RISK])
def command(terminal_id: str, request: shapes.Command, backend: BackendOf) -> dict[str, Any]:
    """Tell a terminal to lock, unlock, diagnose or restart."""
    ordered = standing.CommandKind(request.command)
    backend.db.write(lambda session: standing.command(session, backend, terminal_id, ordered))
    return {"command": request.command}


@router.get("/alarms", dependencies=[SUPPORT])
def alarms(backend: BackendOf, *, seen: bool | None = None) -> list[shapes.AlarmEntry]:
    """The newest alarms; `seen`: only those that a person has, or has not, seen to."""
    with backend.db.read() as session:
        return rendering.alarms(session, seen=seen)


@router.post("/alarms/{alarm_id}/seen", status_code=204, dependencies=[SUPPORT])
def see_alarm(alarm_id: int, backend: BackendOf) -> None:
    """A person has seen to it."""
    now = backend.clock.now()
    backend.db.write(lambda session: kernel_alarms.see(session, alarm_id, now))


@router.post("/imports", dependencies=[ADMIN])
def take_import(
    request: import_shapes.ImportRequest, backend: BackendOf, operator: OperatorOf
) -> import_shapes.ImportAnswer:
    """Take in the sealed export of a dead or cut-off terminal; the acknowledgement frees the device."""
    return imports.take(backend, request.sealed, operator.operator_id)


@router.post("/denylist", dependencies=[RISK])
def change_denylist(request: shapes.DenylistChange, backend: BackendOf) -> shapes.DenylistVersion:
    """Put a wallet key on the denylist, or take it off."""
    now = backend.clock.now()
    version = backend.db.write(
        lambda session: denylist.change(session, request.kid, listed=request.listed, why=request.why, at=now)
    )
    return shapes.DenylistVersion(version=version)


@router.get("/{level}/{owner_id}/campaigns", dependencies=[SUPPORT])
def counted_campaigns(level: owners.Level, owner_id: str, backend: BackendOf) -> list[bill_shapes.CampaignEntry]:
    """What each campaign of an owner has cost that is counted."""
    with backend.db.read() as session:
        owners.operators_of(session, level, owner_id)  # an owner that is none is said
        return [rendering.campaign(*one) for one in campaigns.counted(session, level, owner_id)]


@router.put("/{level}/{owner_id}/settings", status_code=204, dependencies=[ADMIN])
def change_settings(level: owners.Level, owner_id: str, request: shapes.Settings, backend: BackendOf) -> None:
    """Change what a merchant, store or terminal sets; members left out stay."""
    changes, now = request.model_dump(exclude_none=True), backend.clock.now()
    known: list[dict[str, Any]] = []
    if "operators" in changes:  # hashed before the transaction: it takes a tenth of a second a PIN
        with backend.db.read() as session:
            known = owners.operators_of(session, level, owner_id)
        changes["operators"] = operators.with_hashed_pins(changes["operators"], known)

    def work(session: Session) -> None:
        owners.change_settings(session, level, owner_id, changes, now, known)
        campaigns.set_counters(session, level, owner_id, changes.get("campaigns", []))

    backend.db.write(work)
