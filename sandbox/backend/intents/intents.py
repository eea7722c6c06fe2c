# SPDX-License-Identifier: Apache-2.0
"""Registers, finds and ends intents, which are kept for ever. All under the intent's row lock.

Source: backend API, *Exactly once*, `PUT` and `GET /intents/{id}`.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/payments/test_payments_any_order.py,
tests/sandbox/backend/intents/test_two_contents_of_one_id.py
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.times import CLOCK_TOLERANCE_S, LATEST_TIME
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.errors import InvalidRequestError, NotFoundError, TwoContentsError
from sandbox.backend.intents import dues, event_data, reports
from sandbox.backend.kernel.alarms import raise_alarm, raise_collision
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.events import emit
from sandbox.backend.records import ids
from sandbox.backend.records.database import insert_if_new, new_row
from sandbox.backend.records.tables import (
    AlarmKind,
    EventKind,
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    TerminalCounterRow,
)
from sandbox.backend.trust.judgement import EXPIRED, content_digest

OPEN = frozenset({IntentStatus.CREATED, IntentStatus.HELD})
"""Statuses under which an intent may still be paid."""


def read_presentation(text: str, issuers: Issuers) -> Presentation:
    """Verify a presentation from a request; raises InvalidRequestError `bad_presentation`."""
    try:
        presentation = Presentation.read(unb64u(text), issuers)
    except (MalformedError, SignatureError) as error:
        raise InvalidRequestError(f"the presentation is not good: {error}", code="bad_presentation") from error
    if presentation.intent.claims.issued_at > LATEST_TIME:
        raise InvalidRequestError("the presentation is not good: a time beyond the year 9999", code="bad_presentation")
    return presentation


def read_own_presentation(text: str, issuers: Issuers, terminal_id: str) -> Presentation:
    """As `read_presentation`; raises NotFoundError for another terminal's intent."""
    presentation = read_presentation(text, issuers)
    check_own(presentation, terminal_id)
    return presentation


def check_own(presentation: Presentation, terminal_id: str) -> None:
    """Raise NotFoundError for another terminal's intent."""
    if presentation.credential.subject != terminal_id:
        raise NotFoundError("intent")


def intent_id_of(presentation: Presentation) -> str:
    """The intent id as UUID text."""
    return str(uuid_of(presentation))


def uuid_of(presentation: Presentation) -> UUID:
    """The intent id."""
    return UUID(bytes=presentation.intent.claims.intent_id)


def read_reference(text: str) -> ids.IntentReference:
    """Read how an address names an intent; raises NotFoundError for what names none."""
    try:
        return ids.parse_reference(text)
    except MalformedError as error:
        raise NotFoundError("intent") from error


def url_of(backend: Backend, row: IntentRow) -> str:
    """What tag and QR carry for a registered intent (tap protocol §3); it names this terminal's, whoever has its id."""
    return f"{backend.origin}/t/{ids.reference_beside(row.key) or b64u(UUID(row.intent_id).bytes)}"


def register(
    session: Session, presentation: Presentation, now: int, *, number: str | None = None, goods_are_gone: bool = False
) -> IntentRow:
    """Find or make the intent's row and lock it; raises TwoContentsError if the id came with another payload.

    The id is this terminal's own: that another terminal's intent has it too raises an alarm and changes nothing else.
    A new id under a used (terminal, epoch, counter) is registered all the same, and raises an alarm. `number`: what the
    terminal calls the sale; the first that it says stays.

    No terminal signs two contents under one id: who does has a copy of its key, and the alarm says so. What that one
    had registered and nobody has paid gives way once its time is over, where the terminal delivers what it accepted
    offline (`goods_are_gone`): else a payment that it holds could be kept from being paid for ever.
    """
    claims = presentation.intent.claims
    intent_id, terminal_id = intent_id_of(presentation), claims.terminal_id
    row, is_new = lock_own(session, intent_id, terminal_id, now), False
    if row is None:
        row, is_new = _insert(session, presentation, intent_id, now)
    if row is None:  # the id was taken, but not by this terminal
        row, is_new = _insert(session, presentation, ids.key_beside(intent_id, terminal_id), now)
        assert row is not None
        if is_new:
            _note_collision(session, row, now)
    if row.content_digest != content_digest(presentation.intent.sign1):
        raise_collision(session, "intent", intent_id, first=terminal_id, second=terminal_id, at=now)
        if not (goods_are_gone and _gives_way(session, row, now)):
            raise TwoContentsError("this intent id came before with another payload")
        _take_over(session, row, presentation, now)
        is_new = True
    if number is not None and row.number is None:
        row.number = number
    if is_new:
        _note_counter(session, row, now)
    return row


def find_same(session: Session, presentation: Presentation, now: int) -> IntentRow | None:
    """Lock the intent that a presentation is of, if it is registered with this very content."""
    row = lock_own(session, intent_id_of(presentation), presentation.intent.claims.terminal_id, now)
    return None if row is None or row.content_digest != content_digest(presentation.intent.sign1) else row


def _gives_way(session: Session, row: IntentRow, now: int) -> bool:
    """Whether nothing hangs on an intent: no money, no person's or terminal's final word, no time that still runs.

    One that is dated ahead, as no terminal does, would run for as long as its signer likes.
    """
    is_over = row.status in {IntentStatus.EXPIRED, IntentStatus.DECLINED}
    is_dated_ahead = row.status is IntentStatus.CREATED and row.issued_at > now + 2 * CLOCK_TOLERANCE_S
    if row.cancel_answer is not None or not (is_over or is_dated_ahead) or dues.paid(session, row.key) is not None:
        return False
    in_hand = PaymentRow.status.in_((PaymentStatus.APPROVED, PaymentStatus.HELD))
    return session.scalar(select(PaymentRow.id).where(PaymentRow.intent_key == row.key, in_hand).limit(1)) is None


def _take_over(session: Session, row: IntentRow, presentation: Presentation, now: int) -> None:
    for name, value in new_values(presentation, row.key, now).items():
        setattr(row, name, value)
    row.number = row.code = row.reason = row.payment_requested_at = row.claimed_by = row.claimed_until = None
    session.flush()


def _insert(session: Session, presentation: Presentation, key: str, now: int) -> tuple[IntentRow | None, bool]:
    """The new row, which is thereby locked; else that of the same intent which another transaction was first to make.

    Neither where the key is taken by another terminal's intent. And whether it is new.
    """
    values = new_values(presentation, key, now)
    made = new_row(session, IntentRow, **values)
    if made is None:
        return lock_own(session, values["intent_id"], values["terminal_id"], now), False
    _note_lapse(session, made, now)
    return made, True


def new_values(presentation: Presentation, key: str, now: int) -> dict[str, Any]:
    """The columns of an intent that comes for the first time."""
    claims = presentation.intent.claims
    return {
        "key": key,
        "intent_id": intent_id_of(presentation),
        "terminal_id": claims.terminal_id,
        "epoch": claims.epoch,
        "counter": claims.counter,
        "amount_minor": claims.amount_minor,
        "currency": claims.currency,
        "issued_at": claims.issued_at,
        "lifetime_s": claims.lifetime_s,
        "purpose": int(claims.purpose),
        "online": claims.online,
        "reference": claims.reference,
        "presentation": presentation.raw,
        "content_digest": content_digest(presentation.intent.sign1),
        "created_at": now,
        "status": IntentStatus.CREATED,
        "expires_at": claims.expires_at,
    }


def lock(session: Session, key: str, now: int) -> IntentRow | None:
    """Lock an intent's row for this transaction; one that has lapsed meanwhile says so."""
    return _lock(session, IntentRow.key == key, now)


def lock_own(session: Session, intent_id: str, terminal_id: str, now: int) -> IntentRow | None:
    """As `lock`, by the terminal's own id."""
    return _lock(session, is_named(ids.IntentReference(intent_id, terminal_id)), now)


def lock_named(session: Session, reference: ids.IntentReference, now: int) -> IntentRow | None:
    """As `lock`, by how an address names it: a bare id means the first that was registered."""
    return _lock(session, is_named(reference), now)


def is_named(reference: ids.IntentReference) -> ColumnElement[bool]:
    """Whether an address names an intent, as a condition of a query."""
    if reference.terminal_id is None:
        return IntentRow.key == reference.intent_id
    return and_(IntentRow.intent_id == reference.intent_id, IntentRow.terminal_id == reference.terminal_id)


def _lock(session: Session, which: ColumnElement[bool], now: int) -> IntentRow | None:
    row = session.scalars(
        select(IntentRow).where(which).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if row is not None:
        _note_lapse(session, row, now)
    return row


def _note_lapse(session: Session, row: IntentRow, now: int) -> None:
    if has_lapsed(row, now):
        end(row, IntentStatus.EXPIRED, EXPIRED.code, int(EXPIRED.reason))
        announce(session, row, now)


def has_lapsed(row: IntentRow, now: int) -> bool:
    """Whether its time is over and its row does not say so yet: until it does, what came in time may be booked."""
    return row.status is IntentStatus.CREATED and now > row.payable_until


def find_own(session: Session, intent_id: str, terminal_id: str) -> IntentRow:
    """Find an intent without locking it; raises NotFoundError if unknown or another terminal's."""
    row = session.scalars(
        select(IntentRow).where(IntentRow.intent_id == intent_id, IntentRow.terminal_id == terminal_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("intent")
    return row


def end(row: IntentRow, status: IntentStatus, code: str, reason: int | None) -> None:
    """Give an intent its fate; a claim on it ends."""
    row.status, row.code, row.reason = status, code, reason
    row.claimed_by = row.claimed_until = None


def announce(session: Session, row: IntentRow, now: int) -> None:
    """Emit the event `intent`: each change of status."""
    session.flush()
    emit(session, row.terminal_id, EventKind.INTENT, event_data.of_intent(reports.of_intent(session, row, now)), now)


def _note_counter(session: Session, row: IntentRow, now: int) -> None:
    key = {"terminal_id": row.terminal_id, "epoch": row.epoch, "counter": row.counter}
    if insert_if_new(session, TerminalCounterRow, **key, intent_id=row.intent_id):
        return
    first = session.get_one(TerminalCounterRow, (row.terminal_id, row.epoch, row.counter))
    detail = {"epoch": row.epoch, "counter": row.counter, "intent_ids": [first.intent_id, row.intent_id]}
    raise_alarm(session, AlarmKind.TERMINAL_COUNTER_REUSED, row.terminal_id, detail, now)


def _note_collision(session: Session, row: IntentRow, now: int) -> None:
    first = session.get_one(IntentRow, row.intent_id)
    raise_collision(session, "intent", row.intent_id, first=first.terminal_id, second=row.terminal_id, at=now)
