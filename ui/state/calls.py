# SPDX-License-Identifier: Apache-2.0
"""The calls that the screen makes to the daemon, as values, and the one function that makes them."""

import contextlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from pengpos.client import ApiProblem, DaemonAway, DayReport, LocalClient, NewSale, SalesPage, SaleView


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


@dataclass(frozen=True, slots=True)
class ReadSales:
    """`GET /v1/sales?date=…`: a page of the sales of a business date."""

    date: str
    before: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class ReadSale:
    """`GET /v1/sales/{id}`."""

    sale_id: str


@dataclass(frozen=True, slots=True)
class GiveBack:
    """`POST /v1/sales/{id}/refunds`; no amount: all that is left. The key is kept until the daemon has answered."""

    sale_id: str
    amount_minor: int | None
    reason: str
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class CloseDay:
    """`POST /v1/day/close` of a business date."""

    date: str


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


Reading = ReadSales | ReadSale
"""Calls that change nothing."""
Call = StartSale | SaleCall | SendCode | Sync | AlarmSeen | GiveBack | CloseDay | Reading | AsOperator
Found = SalesPage | SaleView | DayReport | None
"""What an answer says that the next snapshot does not."""


def is_of_office(call: Call) -> bool:
    """Whether it belongs to the pages behind the menu: no sale waits for it."""
    asked = call.call if isinstance(call, AsOperator) else call
    return isinstance(asked, ReadSales | ReadSale | GiveBack | CloseDay)


def perform(client: LocalClient, call: Call, token: str | None = None) -> Found:
    """Make the call; gives what it found. Raises ApiProblem and DaemonAway."""
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
        case ReadSales(date, before, limit):
            return client.sales(date, before=before, limit=limit)
        case ReadSale(sale_id):
            return client.sale(sale_id)
        case GiveBack(sale_id, amount, reason, key):
            client.refund(sale_id, key, reason, amount, token=token)
        case CloseDay(date):
            return client.close_day(date, token=token)
        case AsOperator(asked, pin):
            session = client.sign_in(pin.digits())
            try:
                return perform(client, asked, session.token)
            finally:
                with contextlib.suppress(ApiProblem, DaemonAway):  # it ends by itself soon
                    client.sign_out(session.token)
        case _:
            assert_never(call)
    return None
