# SPDX-License-Identifier: Apache-2.0
"""Takes in the sealed export of a dead or cut-off terminal as deliveries of that terminal, and acknowledges it.

Source: backend API, `POST /admin/v1/imports`; docs/journal.md has the export's format. Every payment goes the way it
would have gone from the terminal (batch, cancel, refunds), so a second import, or a drain besides, changes nothing.

The acknowledgement is a journal head (context `PengTap1 head`) with one member more. It says the head that the export
carried, and under `imported` the ids of the intents that need the terminal no more. It is not the head that
heartbeats go by: that stays the highest a heartbeat has brought.

So does the file of a second copy, whose payments come without rows.

The terminal's key signs an export (`export_statement`); one without that statement is from before page 1.2 or of a
device that lost its key: it is taken, with an alarm, for what pays is signed inside. What an import would give back,
refunds and cancels of what was taken, waits for a person, whoever signed. Rows that contradict the head we signed last
are a restored card's: its payments are real, so they are taken, with an alarm.

Tests: tests/sandbox/backend/api/test_imports.py, tests/sandbox/backend/api/test_signed_imports.py
"""

import contextlib
import json
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.sale import refund_id_after_cancel
from pengpos.core.times import rfc3339
from pengpos.keys.sealed import Opened
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.api import batch
from sandbox.backend.api.rendering import terminal as rendering
from sandbox.backend.booking import cancel, refunds
from sandbox.backend.contract import import_shapes as wire
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.errors import InvalidRequestError, RefusedRequestError
from sandbox.backend.intents import intents, reports
from sandbox.backend.kernel import limits
from sandbox.backend.kernel.alarms import raise_alarm
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.tables import AlarmKind, CancelReason, TerminalRow
from sandbox.backend.terminals.heartbeat import HEAD_LIFE_S
from sandbox.backend.terminals.held_orders import Imported
from sandbox.backend.trust.export_statement import is_signed

_AGAIN_AFTER_S = 10
_FINAL_REFUSALS = frozenset({"exceeds_captured"})
"""Refusals of a refund that no second import could change: it is over, as it would be for the terminal."""


def take(backend: Backend, sealed: str, by: str) -> wire.ImportAnswer:
    """Take in an export that the operator `by` has brought.

    Raises InvalidRequestError `bad_export`, `foreign_export`; then nothing of it was taken.

    One at a time: raises TooManyError while another is under way.
    """
    if not backend.rates.importing.acquire(blocking=False):
        limits.IMPORTS.check(limits.IMPORTS.most, retry_after_s=_AGAIN_AFTER_S)
    try:
        return _take(backend, sealed, by)
    finally:
        backend.rates.importing.release()


def _take(backend: Backend, sealed: str, by: str) -> wire.ImportAnswer:
    export, opened = _open(backend, sealed)
    with backend.db.read() as session:
        terminal = session.get(TerminalRow, export.terminal_id)
        if terminal is None:
            raise InvalidRequestError("the export is of a terminal that was never enrolled here", code="foreign_export")
        signed_head = _head_of(terminal.head)
        try:
            signed = is_signed(session, opened, export.terminal_id, export.stated())
        except (MalformedError, SignatureError) as error:
            raise _bad(str(error)) from error
    hashes = _check_rows(export)
    how = Imported(by=by, signed=signed)
    presented = [_presented(backend, export.terminal_id, payment) for payment in export.payments]
    verdicts = [
        _deliver(backend, export.terminal_id, payment, presentation, how)
        for payment, presentation in zip(export.payments, presented, strict=True)
    ]
    imported = [verdict.intent_id for verdict in verdicts if verdict.imported]
    restored = signed_head is not None and _contradicts(export, hashes, signed_head)
    alarms = [AlarmKind.HEAD_WENT_BACK] * restored + [AlarmKind.UNSIGNED_IMPORT] * (not signed)
    raw = backend.db.write(lambda session: _acknowledge(session, backend, export, imported, alarms))
    return wire.ImportAnswer(verdicts=verdicts, acknowledgement=b64u(raw))


def _open(backend: Backend, sealed: str) -> tuple[wire.Export, Opened]:
    if sealed.lstrip().startswith("{"):
        return _second_copy(backend, sealed), Opened(content=b"", statement=None)
    try:
        opened = backend.issuer.unseal(sealed)
        return wire.Export.model_validate_json(opened.content), opened
    except (MalformedError, SignatureError) as error:
        raise _bad(str(error)) from error
    except ValidationError as error:
        raise _bad(f"{error.error_count()} members are missing or wrong") from error


def _second_copy(backend: Backend, lines: str) -> wire.Export:
    """A mirror's file (docs/journal.md): each payment sealed by itself, without rows, of two with one intent the later.

    Lines that are torn or none of ours are passed over. No head stands for it, so what acknowledges it frees no device.
    """
    payments: dict[str, wire.MirroredPayment] = {}
    for line in lines.splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError, MalformedError, SignatureError):
            content = backend.issuer.unseal(json.loads(line)["sealed"]).content
            payment = wire.MirroredPayment.model_validate_json(content)
            payments[payment.intent_id] = payment
    if not payments:
        raise _bad("no line of it is a payment sealed to this backend")
    try:
        first = next(iter(payments.values())).presentation
        subject = intents.read_presentation(first, backend.issuer.trusted).credential.subject
    except RefusedRequestError as error:
        raise _bad(str(error)) from error
    return wire.Export.model_construct(
        format="pengpos-export-1", terminal_id=subject, made_at=backend.clock.now(), epoch=0, seq=1,
        hash=b64u(bytes(32)), payments=list(payments.values()),
    )  # fmt: skip


def _check_rows(export: wire.Export) -> dict[int, str]:
    """Hold the rows against their hashes, each other and the export's head; returns all hashes known by row number."""
    hashes = {export.seq: export.hash}
    rows = sorted((row for payment in export.payments for row in payment.rows), key=lambda row: row.seq)
    for row in rows:
        try:
            follows = row.follows()
        except MalformedError as error:
            raise _bad(f"row {row.seq}: {error}") from error
        before = hashes.setdefault(row.seq - 1, row.previous)
        if not follows or row.seq > export.seq or row.previous != before or row.hash != hashes.get(row.seq, row.hash):
            raise _bad(f"row {row.seq} does not follow from the one before it")
        hashes[row.seq] = row.hash
    for payment in export.payments:
        if not isinstance(payment, wire.MirroredPayment):
            _check_newest_row(payment)
    return hashes


def _contradicts(export: wire.Export, hashes: dict[int, str], signed: dict[str, Any]) -> bool:
    known: str = signed["hash"]
    return bool(signed["epoch"] == export.epoch) and hashes.get(signed["sequence"], known) != known


def _check_newest_row(payment: wire.ExportedPayment) -> None:
    """The row's body is a journal's own matter; that the signed bytes are in it can be seen from outside."""
    if any(row.kind != "sale" or row.subject != payment.sale_id for row in payment.rows):
        raise _bad(f"payment {payment.intent_id} comes with the rows of something else")
    body = unb64u(max(payment.rows, key=lambda row: row.seq).body)
    signed = (payment.presentation, payment.wallet_credential, payment.authorisation)
    try:
        held = all(unb64u(text) in body for text in signed if text is not None)
    except MalformedError as error:
        raise _bad(f"payment {payment.intent_id}: {error}") from error
    if not held or (payment.accepted_offline and b"accepted_offline" not in body):
        raise _bad(f"payment {payment.intent_id} is not what its row says")


def _presented(backend: Backend, terminal_id: str, payment: wire.ExportedPayment) -> Presentation | RefusedRequestError:
    """The payment's presentation; one that is not good is that payment's trouble, another's is the whole export's."""
    try:
        presentation = intents.read_presentation(payment.presentation, backend.issuer.trusted)
    except RefusedRequestError as error:
        return error
    if presentation.credential.subject != terminal_id:
        raise InvalidRequestError(f"payment {payment.intent_id} is another terminal's", code="foreign_export")
    if intents.intent_id_of(presentation) != payment.intent_id:
        raise _bad(f"payment {payment.intent_id} carries another intent")
    return presentation


def _deliver(
    backend: Backend,
    terminal_id: str,
    payment: wire.ExportedPayment,
    presentation: Presentation | RefusedRequestError,
    how: Imported,
) -> wire.ImportVerdict:
    if isinstance(presentation, RefusedRequestError):
        problem = batch.item_problem(presentation)
        return wire.ImportVerdict(intent_id=payment.intent_id, imported=False, verdict=problem, refunds=[])
    asked = [refund.model_dump() for refund in payment.refunds]
    verdict: shapes.Payment | shapes.CancelAnswer | shapes.Intent | shapes.ItemProblem
    if payment.being_undone:
        verdict = _cancel(backend, payment, presentation, how)
        if isinstance(verdict, shapes.CancelAnswer) and verdict.status == "settled" and verdict.code is None:
            asked.append(_refund_of_all(presentation))
    elif payment.authorisation is not None:
        items = [_item(payment)]  # of a journal of ours, so it knows dues
        [verdict] = batch.take_all(backend, terminal_id, items, knows_dues=True, imported_by=how.by)
    else:
        verdict = _ask(backend, presentation)
    answers = [_refund(backend, terminal_id, payment.intent_id, one, how) for one in asked]
    imported = not isinstance(verdict, shapes.ItemProblem) and all(_is_over(answer) for answer in answers)
    return wire.ImportVerdict(intent_id=payment.intent_id, imported=imported, verdict=verdict, refunds=answers)


def _item(payment: wire.ExportedPayment) -> dict[str, Any]:
    """The payment as an item of a batch."""
    return {
        "presentation": payment.presentation,
        "authorisation": payment.authorisation,
        "wallet_credential": payment.wallet_credential,
        "accepted_offline": payment.accepted_offline,
        "occurred_at": None if payment.occurred_at is None else rfc3339(payment.occurred_at),
    }


def _cancel(
    backend: Backend, payment: wire.ExportedPayment, presentation: Presentation, how: Imported
) -> shapes.CancelAnswer | shapes.ItemProblem:
    try:
        asked = shapes.CancelRequest.model_validate({"presentation": payment.presentation, "reason": payment.cancel})
        reason = CancelReason(asked.reason)
        answer = backend.db.write(lambda session: cancel.cancel(session, backend, presentation, reason, imported=how))
        return rendering.cancelled(answer)
    except ValidationError:
        return batch.item_problem(InvalidRequestError("a cancel without a reason that we know"))
    except RefusedRequestError as error:
        return batch.item_problem(error)


def _ask(backend: Backend, presentation: Presentation) -> shapes.Intent | shapes.ItemProblem:
    """No wallet authorised it at the terminal: it may have been paid by the page, or will lapse."""
    now = backend.clock.now()
    try:
        return rendering.intent(
            backend.db.write(
                lambda session: reports.of_intent(session, intents.register(session, presentation, now), now)
            )
        )
    except RefusedRequestError as error:
        return batch.item_problem(error)


def _refund_of_all(presentation: Presentation) -> dict[str, Any]:
    """What the terminal does when its cancel came too late, under the same id."""
    refund_id = refund_id_after_cancel(intents.uuid_of(presentation))
    return {"refund_id": str(refund_id), "amount": None, "reason": "cancelled by the merchant"}


def _refund(
    backend: Backend, terminal_id: str, intent_id: str, asked: dict[str, Any], how: Imported
) -> shapes.Refund | shapes.ItemProblem:
    try:
        request = shapes.RefundRequest.model_validate(asked)
        order = refunds.RefundOrder(
            refund_id=request.refund_id, amount_minor=request.amount, reason=request.reason, imported=how
        )
        return rendering.refund(
            backend.db.write(lambda session: refunds.refund(session, backend, terminal_id, intent_id, order))
        )
    except ValidationError as error:
        return batch.item_problem(
            InvalidRequestError(f"{error.error_count()} members of a refund are missing or wrong")
        )
    except RefusedRequestError as error:
        return batch.item_problem(error)


def _is_over(answer: shapes.Refund | shapes.ItemProblem) -> bool:
    return isinstance(answer, shapes.Refund) or answer.code in _FINAL_REFUSALS


def _acknowledge(
    session: Session, backend: Backend, export: wire.Export, imported: list[str], alarms: list[AlarmKind]
) -> bytes:
    now = backend.clock.now()
    for kind in alarms:
        shown = {"epoch": export.epoch, "sequence": export.seq, "hash": export.hash}
        raise_alarm(session, kind, export.terminal_id, {"imported": shown}, now)
    terminal = session.get_one(TerminalRow, export.terminal_id, with_for_update=True)
    terminal.head_version += 1
    return backend.issuer.document(
        Context.HEAD,
        terminal_id=terminal.id,
        version=terminal.head_version,
        now=now,
        not_after=now + HEAD_LIFE_S,
        content={"epoch": export.epoch, "sequence": export.seq, "hash": export.hash, "imported": imported},
    )


def _head_of(raw: bytes | None) -> dict[str, Any] | None:
    """The head we signed last, from our own database."""
    if raw is None:
        return None
    members: dict[str, Any] = json.loads(Sign1.parse(raw).payload)
    return members


def _bad(detail: str) -> InvalidRequestError:
    return InvalidRequestError(f"the export is not good: {detail}", code="bad_export")
