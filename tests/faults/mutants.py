# SPDX-License-Identifier: Apache-2.0
"""Terminals and backends with one thing wrong: each must make the campaign fail, or the campaign proves nothing.

A mutant is a change to the running code for as long as its context lasts. Wrong settings of the database are mutants of
`powerloss` and judged there.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.orm import Session

from offline_queue.lease import Leases
from offline_queue.values import Change, SaleChanged
from pengpos.backend_api import calls
from pengpos.client import NewSale
from pengpos.core.events import Event, NoAnswer, RefundAnswered
from pengpos.core.machine import _with_money
from pengpos.core.machine._common import arrow
from pengpos.core.sale import Intent, Refund, Sale, SaleState
from pengpos.wire.objects.receipt import Outcome, Receipt
from sandbox.backend.booking import set_aside
from sandbox.backend.records.tables import BorneBy, WalletCredentialRow
from sandbox.backend.trust import liability
from terminal.backend import endings, link
from terminal.backend.endings import Terms
from terminal.backend.events import BackendEvents, Told
from terminal.backend.gateway import BackendGateway
from terminal.sales import open_sales as desk_module
from terminal.sales.arming import Arming
from terminal.sales.commands import SaleCommands
from terminal.sales.open_sales import OpenSales
from tests.faults.campaign import Sweep
from tests.faults.chaos import Kind, Moment
from tests.support.fault_proxy import Wire


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is wrong with it, and where the campaign must look: journey, sweep, into what; and what it must say."""

    name: str
    wrong: Callable[[], AbstractContextManager[Any]]
    journey: str
    sweep: Sweep
    says: str
    into: str = ""

    def __str__(self) -> str:
        return self.name


@contextmanager
def unrecorded(state: SaleState) -> Iterator[None]:
    """Open sales that write down every arrow but those into one state."""
    record = OpenSales._record

    async def forgetful(self: OpenSales, changes: Sequence[Change]) -> None:
        kept = [change for change in changes if not (isinstance(change, SaleChanged) and change.sale.state is state)]
        if kept:
            await record(self, kept)

    with patch.object(OpenSales, "_record", forgetful):
        yield


@contextmanager
def unrecorded_and_never_told() -> Iterator[None]:
    """As above, and its place in the event stream is not kept: else what it forgot is told again, and it mends."""
    with unrecorded(SaleState.AUTHORISED), patch.object(link, "_event_id_in", lambda _path: None):
        yield


@contextmanager
def fresh_refund_id() -> Iterator[None]:
    """A gateway that gives a refund a new id each time it sends it."""
    refund = BackendGateway.refund

    async def fresh(self: BackendGateway, sale: Sale, ordered: Refund) -> Event:
        answer = await refund(self, sale, replace(ordered, refund_id=uuid4()))
        return replace(answer, refund_id=ordered.refund_id) if isinstance(answer, RefundAnswered) else answer

    with patch.object(BackendGateway, "refund", fresh):
        yield


@contextmanager
def silence_is_no() -> Iterator[None]:
    """A machine that takes silence for a refusal, as if the backend could not have acted."""
    honest = _with_money.authorised

    def impatient(sale: Sale, event: Event) -> Any:
        if isinstance(event, NoAnswer):
            return arrow(sale, SaleState.DECLINED, event.at, "no usable answer"), ()
        return honest(sale, event)

    with patch("pengpos.core.machine.authorised", impatient):
        yield


@contextmanager
def forgotten_key() -> Iterator[None]:
    """Sale commands that make a new sale whenever they are asked, whatever the till's key says."""
    start = SaleCommands.start

    async def forgetful(self: SaleCommands, new: NewSale, *, by: str | None = None) -> tuple[Sale, bool]:
        return await start(self, msgspec.structs.replace(new, idempotency_key=str(uuid4())), by=by)

    with patch.object(SaleCommands, "start", forgetful):
        yield


@contextmanager
def no_lease() -> Iterator[None]:
    """A journal that leases the same thing to everybody."""
    with patch.object(Leases, "hold", lambda _self, _name: nullcontext()):
        yield


@contextmanager
def effects_first() -> Iterator[None]:
    """Open sales that let the effects happen, and then write down why."""
    apply_all = OpenSales._apply_all

    async def hasty(self: OpenSales, events: Sequence[tuple[UUID, Event]], *conditions: Callable[[Sale], bool]) -> Any:
        for sale_id, event in events:
            sale = await self.find(sale_id)
            after, effects, _ = desk_module._all_steps(sale, event)
            if after.state is SaleState.AUTHORISED:
                self._sales[sale_id] = after
                self._carry_out(after, effects)
                await asyncio.sleep(0.2)
                self._sales[sale_id] = sale
        return await apply_all(self, events, *conditions)

    with patch.object(OpenSales, "_apply_all", hasty):
        yield


@contextmanager
def nobody_else_can_pay() -> Iterator[None]:
    """A machine that has forgotten that a page may pay: it cancels without asking the backend."""
    with patch.object(Intent, "payable_elsewhere", property(lambda _self: False)):
        yield


@contextmanager
def liability_without(code: str) -> Iterator[None]:
    """A backend whose table of who bears it has no row for one of its own codes."""
    kept = {name: row for name, row in liability.LIABILITY.items() if name != code}
    with patch.object(liability, "LIABILITY", kept):
        yield


@contextmanager
def liability_of_the_merchant(code: str) -> Iterator[None]:
    """A backend that has its merchants bear what no terminal could foresee."""
    changed = {**liability.LIABILITY, code: liability.Liability(BorneBy.MERCHANT, may_be_due=True)}
    with patch.object(liability, "LIABILITY", changed):
        yield


@contextmanager
def nothing_set_aside() -> Iterator[None]:
    """A backend that certifies a key with an allowance, and moves no money."""

    def moved_nothing(session: Session, row: WalletCredentialRow, currency: str, now: int) -> None:
        row.claimable_until = row.expires_at + set_aside.CLAIMABLE_S

    with patch.object(set_aside, "put_by", moved_nothing):
        yield


@contextmanager
def unsigned_no_believed() -> Iterator[None]:
    """A terminal that believes an ending without an issuer's signature, though the signed policy promises one."""
    honest = endings._ending

    def gullible(sale: Sale, text: str | None, outcomes: frozenset[Outcome], terms: Terms) -> Receipt | None:
        return honest(sale, text, outcomes, replace(terms, signs_endings=False))

    with patch.object(endings, "_ending", gullible), any_answer_believed():
        yield


@contextmanager
def any_answer_believed() -> Iterator[None]:
    """A terminal that takes an answer whether or not it is signed over its question."""
    with patch.object(calls, "check_answer", lambda *_: None):
        yield


@contextmanager
def events_believed() -> Iterator[None]:
    """A terminal that takes what an event says for what the backend says, though that signs its answers."""

    async def gullible(self: BackendEvents, sale: Sale, intent_id: UUID, *messages: Told) -> None:
        for message in messages:
            await self._apply(sale, self._read_told(sale.as_of(intent_id), message))

    with patch.object(BackendEvents, "_hint", gullible):
        yield


@contextmanager
def armed_whatever_is_ordered() -> Iterator[None]:
    """A terminal that ends its sale when it must not sell, and offers it to phones until then."""
    with patch.object(Arming, "allow", lambda _self, *, allowed: None):
        yield


MUTANTS = (
    Mutant("a cancel that asks nobody", nobody_else_can_pay,
           "paid while cancelling", Sweep(Kind.KILL, Moment.SHOWN), "shown wrongly"),
    Mutant("the authorisation is not written down", unrecorded_and_never_told,
           "by reader only, the shopper leaves", Sweep(Kind.KILL, Moment.ANSWERED), "shown wrongly",
           "POST /v1/payments"),
    Mutant("the offline acceptance is not written down", partial(unrecorded, SaleState.ACCEPTED_OFFLINE),
           "offline sale, the shopper leaves", Sweep(Kind.KILL, Moment.SHOWN), "lost"),
    Mutant("a fresh id for a refund sent again", fresh_refund_id,
           "part refunds", Sweep(Kind.KILL, Moment.ANSWERED), "doubled", "/refunds"),
    Mutant("silence taken for a no", silence_is_no,
           "sale", Sweep(Wire.CUT_AFTER, Moment.CALL), "shown wrongly", "POST /v1/payments"),
    Mutant("a fresh sale for a request said again", forgotten_key,
           "sale", Sweep(Kind.KILL, Moment.RECORDED), "doubled", "SaleChanged"),
    Mutant("a second drainer without lease", no_lease,
           "sales while draining", Sweep(Kind.SECOND_DRAINER, Moment.JOURNAL), "doubled", "queue_entries"),
    Mutant("effects before the commit", effects_first,
           "by reader only, the shopper leaves", Sweep(Kind.KILL, Moment.RECORD), "shown wrongly", "SaleChanged"),
    Mutant("a code without a row in the table of who bears it", partial(liability_without, "insufficient_funds"),
           "declined at sync", Sweep(Kind.KILL, Moment.ANSWERED), "unfinished"),
    Mutant("a merchant who bears what nobody foresees", partial(liability_of_the_merchant, "insufficient_funds"),
           "declined at sync", Sweep(Kind.KILL, Moment.ANSWERED), "owed"),
    Mutant("an allowance without money set aside", nothing_set_aside,
           "spent meanwhile", Sweep(Kind.KILL, Moment.ANSWERED), "owed"),
    Mutant("an unsigned no believed", unsigned_no_believed,
           "a TLS end says no", Sweep(Kind.KILL, Moment.SHOWN), "shown wrongly"),
    Mutant("an unsigned no believed of what was stored", unsigned_no_believed,
           "a TLS end says no at sync", Sweep(Kind.KILL, Moment.SHOWN), "shown wrongly"),
    Mutant("an answer believed that answers another question", any_answer_believed,
           "a TLS end plays an approval back", Sweep(Kind.KILL, Moment.SHOWN), "shown wrongly"),
    Mutant("an invented event is believed", events_believed,
           "an invented event", Sweep(Kind.KILL, Moment.SHOWN), "shown wrongly"),
    Mutant("armed whatever is ordered", armed_whatever_is_ordered,
           "revoked while no event comes", Sweep(Kind.KILL, Moment.SHOWN), "disobeyed"),
)  # fmt: skip
