# SPDX-License-Identifier: Apache-2.0
"""The routes of the shopper side, `/wallet/v1`: accounts and payments.

Tests: tests/sandbox/backend/people/test_accounts.py, tests/sandbox/backend/payments/test_page_payments.py
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session

from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u
from sandbox.backend.api.caller import AccountId, AccountIdOrNone, Address, BackendForToken, BackendOf, TokenHash
from sandbox.backend.api.delivery import LostAnswer
from sandbox.backend.api.rendering import wallet as rendering
from sandbox.backend.api.routing import TerseRoute
from sandbox.backend.contract import bill_shapes
from sandbox.backend.contract import wallet_shapes as shapes
from sandbox.backend.payments import page_payments, page_reports
from sandbox.backend.people import accounts, tokens
from sandbox.backend.terminals import revoked
from sandbox.backend.trust.proof_of_possession import read_key

router = APIRouter(prefix="/wallet/v1", tags=["wallet"], route_class=TerseRoute)


@router.post("/accounts", status_code=201)
def sign_up(request: shapes.SignUp, backend: BackendOf, address: Address) -> shapes.SignedUp:
    """Sign up; the token is shown once."""
    backend.rates.sign_ups_of_address.take(address)
    backend.rates.sign_ups.take("")
    now = backend.clock.now()
    made = backend.db.write(lambda session: accounts.sign_up(session, request.name, request.languages, now))
    return shapes.SignedUp(account_id=made.account_id, token=made.token)


@router.get("/issuers")
def issuers(backend: BackendOf) -> shapes.IssuersAnswer:
    """The issuers to trust; needs no token."""
    document = b64u(backend.issuer.issuers_document(backend.clock.now()))
    return shapes.IssuersAnswer.model_validate({"issuers": backend.issuer.jwks(), "documents": [document]})


@router.get("/revoked")
def revoked_keys(backend: BackendOf) -> shapes.RevokedAnswer:
    """The device keys of revoked terminals; needs no token."""
    with backend.db.read() as session:
        document = revoked.signed(session, backend.issuer, backend.clock.now())
    return shapes.RevokedAnswer(document=b64u(document))


@router.post("/token")
def renew_token(
    request: shapes.NewToken, account_id: AccountId, by: TokenHash, backend: BackendForToken
) -> shapes.TokenAnswer:
    """Put another token in the place of the one that this call is made with."""
    wanted = tokens.Wanted(account_id=account_id, by=by, token_hash=request.token_hash, keys=request.keys)
    signed = backend.db.write(
        lambda session: tokens.renew(session, backend, wanted, kid=request.kid, proof=request.proof)
    )
    return shapes.TokenAnswer(signed=b64u(signed))


@router.post("/credentials")
def issue_credential(
    request: shapes.CredentialRequest, account_id: AccountId, backend: BackendOf
) -> shapes.CredentialAnswer:
    """Certify a fresh key."""
    key = read_key(request.public_key.model_dump())
    row = backend.db.write(
        lambda session: accounts.issue_credential(session, backend, account_id, key, request.proof, request.merchant_id)
    )
    return shapes.CredentialAnswer(credential=b64u(row.credential), expires_at=rfc3339(row.expires_at))


@router.put("/offline-allowance", status_code=204)
def set_offline_allowance(request: shapes.OfflineAllowance, account_id: AccountId, backend: BackendOf) -> None:
    """How much may be promised offline."""
    backend.db.write(
        lambda session: accounts.set_offline_allowance(session, account_id, request.total, request.merchants)
    )


@router.get("/balance")
def balance(account_id: AccountId, backend: BackendOf) -> shapes.BalanceAnswer:
    """What the account holds."""
    with backend.db.read() as session:
        return rendering.balance(accounts.balance(session, account_id))


@router.post("/top-ups")
def top_up(request: shapes.TopUp, account_id: AccountId, backend: BackendOf) -> shapes.BalanceAnswer:
    """More play money."""
    now = backend.clock.now()

    def work(session: Session) -> accounts.AccountBalance:
        accounts.top_up(session, account_id, request.amount, request.currency, now)
        return accounts.balance(session, account_id)

    return rendering.balance(backend.db.write(work))


@router.get("/payments")
def payments(
    account_id: AccountId,
    backend: BackendOf,
    next_page: Annotated[int | None, Query(alias="next", ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> shapes.WalletPayments:
    """The account's payments, newest first."""
    with backend.db.read() as session:
        now = backend.clock.now()
        page = page_reports.payments_of(session, account_id, next_page, limit, now)
    return rendering.payments(page, backend.issuer)


@router.get("/intents/{reference}")
def look(
    reference: str,
    account_id: AccountIdOrNone,
    backend: BackendOf,
    kid: Annotated[str | None, Query(min_length=11, max_length=11)] = None,
) -> shapes.PayableIntent:
    """Merchant and amount, by intent id (UUID or 22 characters) or presentation; claims nothing."""
    wanted = page_payments.read_reference(backend, reference, None)
    report = backend.db.write(lambda session: page_payments.look(session, backend, account_id, wanted, kid))
    return rendering.payable(report, backend.issuer)


@router.post("/intents/{reference}/claim")
def claim(
    reference: str, account_id: AccountId, backend: BackendOf, request: shapes.ReferredIntent | None = None
) -> shapes.PayableIntent:
    """Claim for 60 s."""
    wanted = page_payments.read_reference(backend, reference, request.presentation if request else None)
    return rendering.payable(
        backend.db.write(lambda session: page_payments.claim(session, backend, account_id, wanted))
    )


@router.post("/intents/{reference}/open")
def open_to_pay(
    reference: str, account_id: AccountId, backend: BackendOf, request: shapes.ReferredIntent | None = None
) -> shapes.OpenedIntent:
    """Look, claim if it is open, and see what to pay with: all that a page asks before its owner pays."""
    wanted = page_payments.read_reference(backend, reference, request.presentation if request else None)
    return rendering.opened(
        backend.db.write(lambda session: page_payments.open_to_pay(session, backend, account_id, wanted))
    )


@router.post("/intents/{reference}/quote")
def quote(
    reference: str, account_id: AccountId, backend: BackendOf, request: bill_shapes.QuoteRequest | None = None
) -> bill_shapes.QuoteAnswer:
    """What it comes to with what the shopper has chosen; nothing is taken."""
    asked = request or bill_shapes.QuoteRequest()
    wanted = page_payments.read_reference(backend, reference, asked.presentation)
    order = page_payments.PageOrder(tip_minor=asked.tip, vouchers=tuple(asked.vouchers))
    return rendering.quote(
        backend.db.write(lambda session: page_payments.quote(session, backend, account_id, wanted, order))
    )


@router.post("/intents/{reference}/release")
def release(
    reference: str, account_id: AccountId, backend: BackendOf, request: shapes.ReferredIntent | None = None
) -> shapes.PayableIntent:
    """Give the claim up."""
    wanted = page_payments.read_reference(backend, reference, request.presentation if request else None)
    return rendering.payable(
        backend.db.write(lambda session: page_payments.release(session, backend, account_id, wanted))
    )


@router.post("/intents/{reference}/pay", response_model=shapes.WalletPayment)
async def pay(
    reference: str, account_id: AccountId, backend: BackendOf, request: shapes.PayRequest | None = None
) -> Any:
    """Pay by the page, by intent id or with a presentation."""
    asked = request or shapes.PayRequest()
    order = page_payments.PageOrder(
        tip_minor=asked.tip,
        vouchers=tuple(asked.vouchers),
        purse=asked.purse,
        show_membership=asked.show_membership,
        told_minor=asked.total,
    )

    def book() -> page_payments.PageVerdict:
        wanted = page_payments.read_reference(backend, reference, asked.presentation)
        return backend.db.write(lambda session: page_payments.pay(session, backend, account_id, wanted, order))

    verdict = await run_in_threadpool(book)
    if verdict.delivery.delay_s:
        await backend.sleep(verdict.delivery.delay_s)
    return LostAnswer() if verdict.delivery.lost else rendering.payment(verdict.payment)


@router.get("/receipts/{token}")
def receipt(token: str, backend: BackendOf) -> shapes.ReceiptView:
    """What a receipt's URL shows; needs no token but the URL's own."""
    with backend.db.read() as session:
        return rendering.receipt(page_reports.of_receipt(session, token))
