# SPDX-License-Identifier: Apache-2.0
"""The routes of the terminal side, `/v1`; the modules they call say what each means.

Tests: tests/sandbox/backend/api/test_routing.py, tests/sandbox/backend/payments/test_payments.py
"""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError
from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.api import batch, paying, problem_translation
from sandbox.backend.api.admission import Terminal, admitted_if_refused, admitted_with
from sandbox.backend.api.caller import (
    Address,
    AnyNotAdmitted,
    AnyTerminal,
    AskingTerminal,
    BackendOf,
    Incoming,
    KnowsDues,
    NotAdmitted,
    TradingTerminal,
    check_new_key,
)
from sandbox.backend.api.paying import STANDING
from sandbox.backend.api.payment_route import PaymentRoute
from sandbox.backend.api.rendering import terminal as rendering
from sandbox.backend.api.rendering.endings import Endings
from sandbox.backend.api.routing import TerseRoute
from sandbox.backend.booking import cancel, given_back, refunds
from sandbox.backend.contract import heartbeat_shapes
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.contract.problems import ProblemError
from sandbox.backend.errors import (
    ExceedsCapturedError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotPossibleError,
)
from sandbox.backend.intents import intents, reports
from sandbox.backend.kernel import events
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments import payment_requests
from sandbox.backend.records import ids
from sandbox.backend.records.tables import CancelReason, EventKind, EventRow, IntentRow, IntentStatus
from sandbox.backend.settlement import settlements
from sandbox.backend.sharing import splits
from sandbox.backend.terminals import confirmation, denylist, enrolment, heartbeat, policy, suspicion
from sandbox.backend.trust.proof_of_possession import read_key

router = APIRouter(prefix="/v1", tags=["terminal"], route_class=TerseRoute)


@router.get("/health")
def health(backend: BackendOf) -> shapes.Health:
    """Alive, and whether its own threads are; needs no signature."""
    return shapes.Health(
        now=rfc3339(backend.clock.now()),
        magic_amounts=backend.magic_amounts,
        failing=backend.threads.failing(backend.clock) or None,
    )


@router.post("/enrolments")
def enrol(
    request: shapes.EnrolmentRequest, incoming: Incoming, backend: BackendOf, address: Address
) -> shapes.EnrolmentAnswer:
    """Enrol a terminal; the request is signed by the new key."""
    backend.rates.enrolments_of_address.take(address)
    key = read_key(request.public_key.model_dump())
    check_new_key(backend, incoming, key, request.public_key.kid)
    device = enrolment.Device(
        key=key, hardware=request.hardware.model_dump(), software_version=request.software_version
    )
    answer = backend.db.write(lambda session: enrolment.enrol(session, backend, request.activation_code, device))
    if isinstance(answer, ForbiddenError):
        raise answer
    return shapes.EnrolmentAnswer.model_validate(answer)


@router.post("/terminal/credential")
def renew(
    terminal: AnyTerminal, backend: BackendOf, request: shapes.RenewalRequest | None = None
) -> shapes.RenewalAnswer:
    """Renew the credential, also with a new key."""
    wanted = request or shapes.RenewalRequest()
    new_key = None if wanted.public_key is None else wanted.public_key.model_dump()
    credential = backend.db.write(
        lambda session: enrolment.renew(
            session, backend, terminal.terminal_id, terminal.kid, new_key=new_key, proof=wanted.proof
        )
    )
    if isinstance(credential, NotPossibleError):
        raise credential
    return shapes.RenewalAnswer.model_validate({"credential": b64u(credential), "issuers": backend.issuer.jwks()})


@router.post("/terminal/confirmation-secret")
def confirmation_secret(
    request: shapes.SecretRequest, terminal: TradingTerminal, backend: BackendOf
) -> shapes.SecretAnswer:
    """The secret behind confirmation codes: which one the terminal has stored, and which it is to store."""
    offer = backend.db.write(
        lambda session: confirmation.offer(session, backend, terminal.terminal_id, request.version)
    )
    document = None if offer.document is None else b64u(offer.document)
    return shapes.SecretAnswer(document=document, in_use=offer.in_use)


@router.get("/terminal/config", response_model=shapes.ConfigAnswer, responses={304: {"description": "not changed"}})
def config(
    terminal: AnyTerminal,
    backend: BackendOf,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:
    """Risk policy and settings as one signed document, inherited company → store → terminal."""
    document = backend.db.write(
        lambda session: policy.current(session, backend.issuer, terminal.terminal_id, backend.clock.now())
    )
    etag = f'"{document.version}"'
    if if_none_match is not None and etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return shapes.ConfigAnswer(policy=b64u(document.raw), version=document.version)


@router.get("/terminal/denylist")
def denylist_delta(
    terminal: TradingTerminal, backend: BackendOf, since: Annotated[int, Query(ge=0, le=2**53)] = 0
) -> shapes.DenylistAnswer:
    """What changed on the denylist after version `since`."""
    del terminal  # the list is the same for all
    with backend.db.read() as session:
        return shapes.DenylistAnswer(delta=b64u(denylist.delta(session, backend.issuer, since, backend.clock.now())))


@router.get(
    "/terminal/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-Sent Events"}},
)
def event_stream(
    terminal: AnyTerminal,
    backend: BackendOf,
    last_event_id: Annotated[str | None, Header()] = None,
    pengpos_process: Annotated[str | None, Header(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = None,
) -> StreamingResponse:
    """What concerns this terminal, by `EventKind`; `Last-Event-ID` resumes, without it from now on."""
    named = last_event_id is None or (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19)
    if not named:
        raise InvalidRequestError("Last-Event-ID is a number that we gave")
    after = events.place(backend, terminal.terminal_id, None if last_event_id is None else int(last_event_id))
    now, process = backend.clock.now(), pengpos_process or ""
    if backend.db.write(lambda session: suspicion.note_stream(session, terminal.terminal_id, process, now)):
        backend.hub.end_all(terminal.terminal_id)
    return StreamingResponse(
        events.stream(backend, terminal.terminal_id, terminal.kid, after, partial(_told, backend, terminal)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"},
    )


@router.post("/terminal/heartbeat")
def beat(
    request: heartbeat_shapes.HeartbeatRequest, terminal: AnyTerminal, backend: BackendOf
) -> heartbeat_shapes.HeartbeatAnswer:
    """How the terminal is; its journal head comes back signed."""
    said = heartbeat.Heartbeat(
        head=request.head.model_dump(),
        signed_head=request.signed_head,
        software_version=request.software_version,
        report=request.model_dump(mode="json", exclude={"signed_head"}),
    )
    head = backend.db.write(lambda session: heartbeat.heartbeat(session, backend, terminal.terminal_id, said))
    if isinstance(head, heartbeat.HeadBehind):
        more = {} if head.signed_head is None else {"signed_head": b64u(head.signed_head)}
        raise ProblemError(409, "head_behind", "the last signed head is not the highest we know", more)
    now = backend.issuer.clock(nonce=terminal.nonce, now=backend.clock.now())
    if isinstance(head, heartbeat.EpochHeld):
        if head.refused:
            raise NotPossibleError("review_refused", "a person has said that this journal is not the terminal's")
        detail = "another journal than the known one: a person must say which is true"
        raise ProblemError(409, "epoch_held", detail, {"now": now, "nonce": terminal.nonce})
    return heartbeat_shapes.HeartbeatAnswer(signed_head=b64u(head), clock=now)


@router.put("/intents/{intent_id}")
def put_intent(
    intent_id: str, request: shapes.IntentRequest, terminal: TradingTerminal, backend: BackendOf
) -> shapes.IntentRegistered:
    """Register an intent for tag mode, QR and 代付."""
    presentation = _own(backend, terminal.terminal_id, intent_id, request.presentation)
    if presentation.credential.expired(presentation.intent.claims.issued_at):
        raise ForbiddenError("terminal_credential_expired", "an expired credential signs no new intent; renew it")
    now = backend.clock.now()
    row = backend.db.write(lambda session: intents.register(session, presentation, now, number=request.number))
    return shapes.IntentRegistered(url=intents.url_of(backend, row), status=reports.status_of(row, now).value)


@router.get("/intents/{intent_id}")
def get_intent(intent_id: str, terminal: AskingTerminal, backend: BackendOf) -> shapes.Intent:
    """How an intent stands, with its payment when there is one."""
    wanted, now = _intent_id(intent_id), backend.clock.now()

    def told(session: Session, row: IntentRow) -> shapes.Intent:
        gave_back = given_back.by_cancel_minor(session, row) if row.status is IntentStatus.CANCELLED else 0
        intent = rendering.intent(reports.of_intent(session, row, now), _endings(backend, terminal))
        return intent.model_copy(update={"given_back": gave_back or None})

    def ended(session: Session) -> shapes.Intent:
        row = intents.lock_own(session, wanted, terminal.terminal_id, now)
        assert row is not None
        return told(session, row)

    with backend.db.read() as session:
        row = intents.find_own(session, wanted, terminal.terminal_id)
        if not intents.has_lapsed(row, now):
            return told(session, row)
    return backend.db.write(ended)  # else what still waits for the database is booked after all


@router.post("/intents/{intent_id}/cancel")
def cancel_intent(
    intent_id: str, request: shapes.CancelRequest, signed: AnyNotAdmitted, backend: BackendOf, response: Response
) -> shapes.CancelAnswer:
    """Cancel: final."""
    reason = CancelReason(request.reason)
    with admitted_if_refused(backend, signed):
        presentation = intents.read_presentation(request.presentation, backend.issuer.trusted)

    def end(session: Session, terminal: Terminal) -> cancel.Cancelled:
        _check_own(presentation, terminal.terminal_id, intent_id)
        return cancel.cancel(session, backend, presentation, reason, unless_paid=request.unless_paid)

    terminal, done = admitted_with(backend, signed, end)
    response.headers[STANDING] = terminal.standing
    return rendering.cancelled(done, _endings(backend, terminal))


async def pay(request: shapes.PaymentRequest, signed: NotAdmitted, backend: BackendOf, knows_dues: KnowsDues) -> Any:
    """Judge a payment and book it; the same request gives the same answer."""
    return await paying.pay(backend, signed, request, knows_dues=knows_dues)


router.add_api_route(
    "/payments", pay, methods=["POST"], response_model=shapes.Payment, route_class_override=PaymentRoute
)


@router.post("/payments/batch")
def pay_batch(
    terminal: AnyTerminal,
    backend: BackendOf,
    knows_dues: KnowsDues,
    request: Annotated[shapes.BatchRequest | list[Any], Body()],
) -> shapes.BatchAnswer:
    """Up to 200 payments; one verdict an item."""
    items = request if isinstance(request, list) else request.payments
    if len(items) > shapes.BATCH_LIMIT:
        raise InvalidRequestError(f"at most {shapes.BATCH_LIMIT} payments a batch")
    verdicts = batch.take_all(backend, terminal.terminal_id, items, knows_dues=knows_dues)
    return shapes.BatchAnswer(verdicts=verdicts)


@router.post("/payments/{intent_id}/refunds")
def refund(
    intent_id: str, request: shapes.RefundRequest, signed: AnyNotAdmitted, backend: BackendOf, response: Response
) -> shapes.Refund:
    """Give money back."""
    order = refunds.RefundOrder(refund_id=request.refund_id, amount_minor=request.amount, reason=request.reason)

    def give(session: Session, terminal: Terminal) -> reports.RefundReport:
        wanted = _intent_id(intent_id)
        try:
            return refunds.refund(session, backend, terminal.terminal_id, wanted, order)
        except ExceedsCapturedError as error:
            refused = _endings(backend, terminal).refused_refund(wanted, order.refund_id, order.amount_minor)
            raise problem_translation.problem_of(error, refund=refused) from error

    terminal, report = admitted_with(backend, signed, give)
    response.headers[STANDING] = terminal.standing
    return rendering.refund(report, _intent_id(intent_id), _endings(backend, terminal))


@router.post("/splits")
def split_bill(request: shapes.SplitRequest, terminal: TradingTerminal, backend: BackendOf) -> shapes.Split:
    """AA: divide a bill into shares that add up exactly."""
    row = backend.db.write(
        lambda session: splits.split(
            session,
            terminal.terminal_id,
            request.split_id,
            total_minor=request.total,
            currency=request.currency,
            shares=request.shares,
            now=backend.clock.now(),
        )
    )
    return rendering.split(row)


@router.post("/payment-requests")
def request_payment(
    request: shapes.PresentationRequest, terminal: TradingTerminal, backend: BackendOf
) -> shapes.PaymentRequested:
    """代付: a claimed intent may be paid for 15 minutes from here."""
    presentation = intents.read_own_presentation(request.presentation, backend.issuer.trusted, terminal.terminal_id)
    now = backend.clock.now()

    def work(session: Session) -> shapes.PaymentRequested:
        row = intents.register(session, presentation, now)
        payment_requests.give_time(session, row, now)
        return shapes.PaymentRequested(
            intent_id=row.intent_id,
            url=intents.url_of(backend, row),
            status=reports.status_of(row, now).value,
            expires_at=rfc3339(row.expires_at),
        )

    return backend.db.write(work)


@router.get("/settlements/{business_date}")
def settlement(business_date: str, terminal: AskingTerminal, backend: BackendOf) -> shapes.Settlement:
    """This terminal's part of a business date: totals by kind and every entry."""
    on = settlements.read_date(business_date)
    with backend.db.read() as session:
        day = settlements.settlement(session, terminal.terminal_id, on)
    return rendering.settlement(day, _endings(backend, terminal).settlement(day, terminal.nonce))


def _endings(backend: Backend, terminal: Terminal) -> Endings:
    return Endings(issuer=backend.issuer, terminal_id=terminal.terminal_id, at=backend.clock.now())


def _told(backend: Backend, terminal: Terminal, event: EventRow) -> dict[str, Any]:
    """The data of an event, its endings signed as of its time."""
    endings = Endings(issuer=backend.issuer, terminal_id=terminal.terminal_id, at=event.at)
    match event.kind:
        case EventKind.INTENT:
            return endings.intent(event.data)
        case EventKind.PAYMENT:
            return endings.payment(event.data)
        case _:
            return event.data


def _intent_id(text: str) -> str:
    try:
        return str(ids.parse_intent_id(text))
    except MalformedError as error:
        raise NotFoundError("intent") from error


def _own(backend: Backend, terminal_id: str, intent_id: str, text: str) -> Presentation:
    presentation = intents.read_presentation(text, backend.issuer.trusted)
    _check_own(presentation, terminal_id, intent_id)
    return presentation


def _check_own(presentation: Presentation, terminal_id: str, intent_id: str) -> None:
    intents.check_own(presentation, terminal_id)
    if intents.intent_id_of(presentation) != _intent_id(intent_id):
        raise InvalidRequestError("the presentation is of another intent", code="bad_presentation")
