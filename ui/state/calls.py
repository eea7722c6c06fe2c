# SPDX-License-Identifier: Apache-2.0
"""The calls that the screen makes to the daemon, as values, and the one function that makes them."""

import contextlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from pengpos.client import ApiProblem, DaemonAway, LocalClient, NewSale


@dataclass(frozen=True, slots=True)
class StartSale:
    """`POST /v1/sales`. The key is kept until the daemon has answered, so that no repetition makes a second sale."""

    amount_minor: int
    currency: str
    idempotency_key: str


class Verb(StrEnum):
    """Calls that need nothing but the sale."""

    AGAIN = "again"
    CANCEL = "cancel"
    PARK = "park"
    ACCEPT_OFFLINE = "accept_offline"


@dataclass(frozen=True, slots=True)
class SaleCall:
    """`POST /v1/sales/{id}/…`."""

    sale_id: str
    verb: Verb


@dataclass(frozen=True, slots=True)
class SendCode:
    """`POST /v1/sales/{id}/confirmation-code`."""

    sale_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Sync:
    """`POST /v1/queue/sync`."""


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """`POST /v1/alarms/{id}/seen`."""

    alarm_id: str


class Pin:
    """An operator's PIN; no way but `digits` gives it out, and what shows values shows none of it."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str = "") -> None:
        self._digits = digits

    def __len__(self) -> int:
        return len(self._digits)

    def __repr__(self) -> str:
        return "Pin(…)"

    def digits(self) -> str:
        """What was typed."""
        return self._digits


@dataclass(frozen=True, slots=True)
class AsOperator:
    """A call as the operator whose PIN it is: signed in for it, and out again. The PIN is no part of what it equals."""

    call: "Call"
    pin: Pin = field(compare=False, repr=False)


Call = StartSale | SaleCall | SendCode | Sync | AlarmSeen | AsOperator


def perform(client: LocalClient, call: Call, token: str | None = None) -> None:
    """Make the call. Raises ApiProblem and DaemonAway."""
    match call:
        case StartSale(amount_minor, currency, key):
            client.start_sale(NewSale(idempotency_key=key, amount=amount_minor, currency=currency))
        case SaleCall(sale_id, verb):
            by_verb = {
                Verb.AGAIN: client.again,
                Verb.CANCEL: client.cancel,
                Verb.PARK: client.park,
                Verb.ACCEPT_OFFLINE: client.accept_offline,
            }
            by_verb[verb](sale_id, token=token)
        case SendCode(sale_id, code):
            client.confirmation_code(sale_id, code, token=token)
        case Sync():
            client.sync()
        case AlarmSeen(alarm_id):
            client.alarm_seen(alarm_id, token=token)
        case AsOperator(asked, pin):
            session = client.sign_in(pin.digits())
            try:
                perform(client, asked, session.token)
            finally:
                with contextlib.suppress(ApiProblem, DaemonAway):  # it ends by itself soon
                    client.sign_out(session.token)
        case _:
            assert_never(call)
