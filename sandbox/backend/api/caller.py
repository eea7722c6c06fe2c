# SPDX-License-Identifier: Apache-2.0
"""Finds out who is calling: a terminal, by its device key; a wallet or an operator, by a bearer token.

Tests: tests/sandbox/backend/trust/test_request_signature.py, tests/sandbox/backend/api/test_admin_api.py
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.api.admission import (
    Terminal,
    admit_question,
    admit_trading,
    admitted,
    check_freshness,
    giving_back,
    is_of_now,
    nonce_reused,
    trading,
)
from sandbox.backend.api.request_head import address_of, get_backend, head_of
from sandbox.backend.contract.problems import ProblemError
from sandbox.backend.errors import RequestSignatureError, TokenEndedError, TooManyError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.operators import roster
from sandbox.backend.operators.roster import Caller
from sandbox.backend.people import accounts
from sandbox.backend.records import ids
from sandbox.backend.records.tables import BackendRole, TerminalKeyRow, TerminalKeyState
from sandbox.backend.terminals import suspicion
from sandbox.backend.trust.request_signature import (
    Signed,
    SignedRequest,
    VerifiedHead,
    verify,
    verify_head,
)

_BEARER = HTTPBearer(auto_error=False)


async def _backend(request: Request) -> Backend:
    """As `get_backend`, but nothing is written once the token of the call has ended, however long its body took."""
    backend = get_backend(request)
    still = cast("Callable[[Session], None] | None", getattr(request.state, "token_is_good", None))
    return backend if still is None else replace(backend, db=backend.db.only_while(still))


async def _backend_for_token(request: Request) -> Backend:
    return get_backend(request)


async def _address(request: Request) -> str:
    return address_of(request)


Address = Annotated[str, Depends(_address)]
BackendOf = Annotated[Backend, Depends(_backend)]
BackendForToken = Annotated[Backend, Depends(_backend_for_token)]
"""For a call that looks at the token of its account itself, and ends it."""


async def _signed_request(request: Request, backend: BackendOf) -> SignedRequest:
    head = head_of(request, backend)
    return SignedRequest(method=head.method, url=head.url, fields=head.fields, body=await request.body())


Incoming = Annotated[SignedRequest, Depends(_signed_request)]


def check_new_key(backend: Backend, request: SignedRequest, key: PublicKey, kid: str) -> None:
    """An enrolment is signed by the new key itself; raises ProblemError 401."""
    signed = verify(request, lambda keyid: key if keyid == kid else None)
    backend.db.write(lambda session: check_freshness(session, backend, signed))


async def _terminal(request: Request, response: Response, backend: BackendOf) -> Terminal:
    terminal = await run_in_threadpool(admitted, backend, await _whole(request, backend))
    response.headers["Pengpos-Standing"] = terminal.standing
    return terminal


async def terminal_before_body(request: Request, backend: Backend) -> None:
    """Find out which terminal sends a request before its body is read; raises as every call of a terminal does."""
    head, missed = head_of(request, backend), False

    def kept(kid: str) -> PublicKey | None:
        nonlocal missed
        key = backend.kept.device_keys.get(kid)
        missed = key is None
        return key

    try:
        request.state.signed_head = verify_head(head, kept)
    except RequestSignatureError:
        if not missed:
            raise
        request.state.signed_head = await run_in_threadpool(verify_head, head, lambda kid: _read_key(backend, kid))
    signed = request.state.signed_head.signed
    if backend.nonces.was_taken(signed.keyid, signed.nonce):
        raise nonce_reused()
    share = backend.rates.places_of_key.share_of(signed.keyid, address_of(request))
    await _or_note_flood(backend, signed, lambda: backend.rates.signed_requests.look(share))


async def _whole(request: Request, backend: Backend) -> Signed:
    """What a request's signature says, once it covers the body too; then its nonce is taken, in this process.

    In the tables it is once the request is let in. `is_fresh`: its answer is signed, whatever it is. Only what is fresh
    counts towards the limit: a request that was captured and is sent again locks nobody out.
    """
    signed = cast("VerifiedHead", request.state.signed_head).with_body(await request.body())
    if is_of_now(backend, signed):
        if not backend.nonces.take(signed.keyid, signed.nonce):
            raise nonce_reused()
        share = backend.rates.places_of_key.keep(signed.keyid, address_of(request))
        with giving_back(backend, signed):
            await _or_note_flood(backend, signed, lambda: backend.rates.signed_requests.take(share))
        request.state.is_fresh = True
    return signed


async def admit_later(request: Request, backend: BackendOf) -> Signed:
    """Who signed a request, body and all; the handler admits it, or `admit_all_the_same`."""
    signed = await _whole(request, backend)
    request.state.admit = partial(admit_trading, backend, signed)
    return signed


async def admit_any_later(request: Request, backend: BackendOf) -> Signed:
    """As `admit_later`, also of a terminal that is revoked."""
    signed = await _whole(request, backend)
    request.state.admit = partial(admitted, backend, signed)
    return signed


NotAdmitted = Annotated[Signed, Depends(admit_later)]
"""Who signed a request, which its handler has yet to admit: by `admit_trading`, or with what it does."""
AnyNotAdmitted = Annotated[Signed, Depends(admit_any_later)]
"""As `NotAdmitted`, of a terminal that may be revoked: admitted by `admission.admitted_with`."""


async def admit_all_the_same(request: Request) -> None:
    """Of a request whose body is no good, its handler was not asked: it counts, and its nonce is used, as any other's.

    Raises as every call of a terminal does.
    """
    admit = cast("Callable[[], Terminal] | None", getattr(request.state, "admit", None))
    if admit is not None:
        await run_in_threadpool(admit)


async def _asking_terminal(request: Request, response: Response, backend: BackendOf) -> Terminal:
    terminal = await run_in_threadpool(admit_question, backend, await _whole(request, backend))
    response.headers["Pengpos-Standing"] = terminal.standing
    return terminal


async def _trading_terminal(terminal: Annotated[Terminal, Depends(_terminal)]) -> Terminal:
    return trading(terminal)


async def knows_dues(pengpos_knows: Annotated[str | None, Header()] = None) -> bool:
    """Whether the header says so."""
    return "dues" in [word.strip() for word in (pengpos_knows or "").split(",")]


KnowsDues = Annotated[bool, Depends(knows_dues)]
"""Whether a terminal says of itself that it knows dues: under its signature, or, of page 1.2, beside it."""
AnyTerminal = Annotated[Terminal, Depends(_terminal)]
"""A terminal, revoked or not."""
AskingTerminal = Annotated[Terminal, Depends(_asking_terminal)]
"""As `AnyTerminal`, of a call that only reads: it writes nothing, so its nonce is taken in this process alone."""
TradingTerminal = Annotated[Terminal, Depends(_trading_terminal)]
"""A terminal that is not revoked."""


async def _or_note_flood(backend: Backend, signed: Signed, count: Callable[[], None]) -> None:
    """Count a request; that its key has reached its limit is an alarm, now and then, and refused every time."""
    try:
        count()
    except TooManyError:
        if backend.rates.floods_noted.has_room(signed.keyid):
            now = backend.clock.now()
            note = partial(suspicion.note_flood, kid=signed.keyid, now=now)
            await run_in_threadpool(backend.db.write, note)
        raise


def _read_key(backend: Backend, kid: str) -> PublicKey | None:
    """Read a terminal's key and keep it; that it is still good, `_admit` says each time."""
    with backend.db.read() as session:
        row = session.get(TerminalKeyRow, kid)
        if row is None or row.state is TerminalKeyState.RETIRED:
            return None
        key = PublicKey(row.x, row.y)
    backend.kept.device_keys.put(kid, key)
    return key


def _bearer(credentials: HTTPAuthorizationCredentials | None) -> str:
    if credentials is None or credentials.scheme.lower() != "bearer":
        headers = {"WWW-Authenticate": "Bearer"}
        raise ProblemError(401, "token", "a bearer token is needed", headers=headers)
    return credentials.credentials


Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


async def _account(request: Request, _: Bearer) -> str:
    return cast("str", request.state.account_id)


async def _find_account(request: Request, backend: Backend) -> None:
    token_hash = ids.token_hash(_bearer(await _BEARER(request)))

    def owner() -> str | None:
        with backend.db.read() as session:
            return accounts.of_token(session, token_hash)

    request.state.account_id, request.state.token_hash = await run_in_threadpool(owner), token_hash
    if request.state.account_id is None:
        raise TokenEndedError("no account has this token")
    request.state.token_is_good = partial(accounts.check_token, token_hash=token_hash)


async def _account_before_body(request: Request, backend: Backend) -> None:
    await _find_account(request, backend)
    backend.rates.wallet_requests.take(request.state.account_id)


async def _token_hash(request: Request, _: Annotated[str, Depends(_account)]) -> str:
    return cast("str", request.state.token_hash)


async def _account_or_none(request: Request, _: Bearer) -> str | None:
    return cast("str | None", request.state.account_id)


async def _account_or_none_before_body(request: Request, backend: Backend) -> None:
    if "authorization" in request.headers:
        await _account_before_body(request, backend)
    else:
        backend.rates.looks_of_address.take(address_of(request))
        request.state.account_id = None


async def find_operator(request: Request, backend: Backend) -> Caller:
    """The operator whose token a request has; raises ProblemError 401."""
    token = _bearer(await _BEARER(request))

    def owner() -> Caller | None:
        with backend.db.read() as session:
            return roster.find(session, token)

    found = await run_in_threadpool(owner)
    if found is None:
        raise TokenEndedError("the token is no operator's")
    request.state.operator, request.state.token_is_good = found, partial(roster.check, token=token)
    return found


@dataclass(frozen=True, slots=True)
class NeedsRole:
    """Which role a call of the operator side needs; each may what those before it may."""

    role: BackendRole

    async def __call__(self, _: Bearer) -> None:
        """Token and role were looked at before the body."""

    async def before_body(self, request: Request, backend: Backend) -> None:
        """Raise ProblemError 401, or 403 if this operator has not the role."""
        found = cast("Caller | None", getattr(request.state, "operator", None))
        found = found or await find_operator(request, backend)
        if not roster.may(found.role, self.role):
            roles = [role.value for role in roster.roles_for(self.role)]
            raise ProblemError(403, "role_needed", f"this takes the role {' or '.join(roles)}", {"roles": roles})


async def _operator(request: Request) -> Caller:
    return cast("Caller", request.state.operator)


AccountId = Annotated[str, Depends(_account)]
TokenHash = Annotated[str, Depends(_token_hash)]
"""SHA-256 in hexadecimal of the bearer token by which the account was found."""
AccountIdOrNone = Annotated[str | None, Depends(_account_or_none)]
"""Whoever asks, of a call that takes a token and needs none."""
OperatorOf = Annotated[Caller, Depends(_operator)]
"""Who calls, of a call that needs a role."""
SUPPORT, RISK, ADMIN = (Depends(NeedsRole(role)) for role in BackendRole)

_BEFORE_BODY: Mapping[Callable[..., Any], Callable[[Request, Backend], Awaitable[None]]] = {
    _terminal: terminal_before_body,
    _asking_terminal: terminal_before_body,
    admit_later: terminal_before_body,
    admit_any_later: terminal_before_body,
    _account: _account_before_body,
    _account_or_none: _account_or_none_before_body,
}


async def check_before_body(request: Request, callers: Iterable[Callable[..., Any]]) -> None:
    """Find out who is calling from the head alone, for each kind of caller among a route's dependencies.

    FastAPI reads and parses a body before it asks who sent it. Raises ProblemError, RequestSignatureError.
    """
    for caller in callers:
        check = caller.before_body if isinstance(caller, NeedsRole) else _BEFORE_BODY.get(caller)
        if check is not None:
            await check(request, get_backend(request))
