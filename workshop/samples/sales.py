# SPDX-License-Identifier: Apache-2.0
"""A sale in any state and what the backend may say of it, for tests: the signed bytes are not real.

The backend's words are those of one second after the sample payment, about the sample sale's only intent.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from pengpos.core.events import Approved, BackendCall, BackendStatus, Declined, DueTold, Held, StatusHeard
from pengpos.core.machine.states import OPEN_STATES, TAKEN_STATES
from pengpos.core.money import Money
from pengpos.core.reasons import Reason
from pengpos.core.sale import (
    Authorised,
    Booking,
    Cancel,
    CancelReason,
    Due,
    DueState,
    Intent,
    Refund,
    Refusal,
    Sale,
    SaleState,
    Step,
    Way,
)

NOON = 1_800_000_000
"""When the sample sale's intent was signed, Unix seconds."""
LIFETIME_S = 120
LIFE_OVER = NOON + LIFETIME_S
AMOUNT_MINOR = 18_80
HEARD_AT = NOON + 4

_UUID7 = 0x01A3185C_5000_7000_8000_000000000000

_AUTHORISED = frozenset({
    SaleState.AUTHORISED, SaleState.UNKNOWN, SaleState.REVERSING, SaleState.REVERSED,
    SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING, SaleState.DECLINED_AT_SYNC,
})  # fmt: skip


def intent(number: int = 1, **changes: Any) -> Intent:
    """The `number`-th intent of this terminal, signed online at `NOON` unless changed."""
    sample = Intent(
        intent_id=UUID(int=_UUID7 + number),
        epoch=7,
        counter=number,
        issued_at=NOON,
        lifetime_s=LIFETIME_S,
        online=True,
        presentation=b"presentation %d" % number,
    )
    return replace(sample, **changes)


def authorised(**changes: Any) -> Authorised:
    """A wallet's plain yes to the whole amount, good offline too."""
    sample = Authorised(
        wallet_credential=b"wallet credential",
        authorisation=b"authorisation",
        wallet_kid=b"kid of 8",
        counter=3,
        total_minor=AMOUNT_MINOR,
        tip_minor=0,
        authorised_at=NOON + 2,
        occurred_at=NOON + 2,
        offline_allowed=True,
    )
    return replace(sample, **changes)


def booking(**changes: Any) -> Booking:
    """The whole amount taken, with an issuer's receipt."""
    return replace(Booking(total_minor=AMOUNT_MINOR, booked_at=NOON + 3, by=Way.READER, receipt=b"receipt"), **changes)


def refund(number: int = 1, **changes: Any) -> Refund:
    """The `number`-th refund of a sale: all of it, not yet sent."""
    sample = Refund(
        refund_id=UUID(int=_UUID7 + 1000 + number),
        idempotency_key=f"refund {number}",
        amount_minor=None,
        reason="customer",
        at=NOON + 60,
    )
    return replace(sample, **changes)


def refusal(due: Due | None = None, **changes: Any) -> Refusal:
    """Not enough money, and the shopper asked for what is due."""
    return replace(Refusal(reason=Reason.DECLINED_BY_BACKEND, code="insufficient_funds", due=due), **changes)


def due(state: DueState = DueState.OPEN, amount_minor: int = AMOUNT_MINOR) -> Due:
    """What a payment declined at sync left to pay: all of it unless changed."""
    return Due(state=state, amount_minor=amount_minor)


def says_due(state: DueState = DueState.OPEN, amount_minor: int = AMOUNT_MINOR, **changes: Any) -> DueTold:
    """What has become of the due."""
    return replace(DueTold(at=HEARD_AT, intent_id=intent().intent_id, due=due(state, amount_minor)), **changes)


def says_approved(call: BackendCall | None = None, **changes: Any) -> Approved:
    """The backend has booked it."""
    return replace(Approved(at=HEARD_AT, intent_id=intent().intent_id, call=call, booking=booking()), **changes)


def says_declined(call: BackendCall | None = None, **changes: Any) -> Declined:
    """The backend has not taken it and will not."""
    return replace(Declined(at=HEARD_AT, intent_id=intent().intent_id, call=call, refusal=refusal()), **changes)


def says_held(call: BackendCall | None = None, **changes: Any) -> Held:
    """The backend has not decided."""
    return replace(Held(at=HEARD_AT, intent_id=intent().intent_id, call=call), **changes)


def says(status: BackendStatus, call: BackendCall | None = None, **changes: Any) -> StatusHeard:
    """Anything else the backend knows of the intent."""
    return replace(StatusHeard(at=HEARD_AT, intent_id=intent().intent_id, call=call, status=status), **changes)


def sale_in(state: SaleState, **changes: Any) -> Sale:
    """A sale of 18.80 CNY in this state, with the authorisation, booking or cancel that the state goes with.

    `changes` to the newest intent are given as ``intent__put_sent=True``.
    """
    of_intent = {name.removeprefix("intent__"): changes.pop(name) for name in list(changes) if "intent__" in name}
    if state not in OPEN_STATES:
        of_intent |= {"ended_at": NOON + 3, "end": SaleState.APPROVED if state in TAKEN_STATES else state}
    sample = Sale(
        sale_id=UUID("5a1e0000-0000-4000-8000-000000000000"),
        idempotency_key="order 7",
        request_hash=bytes(32),
        number="0001-0001",
        amount=Money(AMOUNT_MINOR, "CNY"),
        ways=tuple(Way),
        state=state,
        created_at=NOON,
        intents=(intent(**of_intent),),
        authorised=authorised() if state in _AUTHORISED else None,
        booking=booking() if state in TAKEN_STATES else None,
        cancel=_cancel(state),
        settled_on="2027-01-15" if state is SaleState.SETTLED else None,
        history=(Step(state, NOON, "sample"),),
    )
    return replace(sample, **changes)


def _cancel(state: SaleState) -> Cancel | None:
    undone = {SaleState.CANCELLING, SaleState.REVERSING, SaleState.REVERSED}
    return Cancel(reason=CancelReason.CUSTOMER) if state in undone else None
