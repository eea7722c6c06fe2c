# SPDX-License-Identifier: Apache-2.0
"""Open sales: the one place where a sale changes. Steps, journals, publishes, then lets the effects happen.

Lives on the loop and knows no reader, no HTTP and no screen. Source: architecture, "Processes and threads".
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from offline_queue.port import JournalPort
from offline_queue.retries import retry_until_recorded
from offline_queue.values import Change, ChangeRefusedError, SaleChanged
from pengpos.core.effects import AlarmKind, Arm, Effect, NotNow, RaiseAlarm, Then
from pengpos.core.errors import JournalClosedError, JournalError, JournalTransientError, PengposError
from pengpos.core.events import Event, Restarted
from pengpos.core.machine import durably_different, step
from pengpos.core.machine.states import IN_DOUBT_STATES, OPEN_STATES
from pengpos.core.sale import Sale
from terminal.device.recording import durable, report_if_broken

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 1.0
STEPS_AT_ONCE = 16  # a batch of verdicts gives way to a tap after so many


@dataclass(eq=False)
class UnknownSaleError(PengposError):
    """No sale has this id."""

    sale_id: UUID

    def __str__(self) -> str:
        return f"there is no sale {self.sale_id}"


class EffectSink(Protocol):
    """The part that carries effects out, after their row is durable."""

    def carry_out(self, sale: Sale, effect: Effect) -> None:
        """Start what the effect asks for; returns at once."""


class OpenSales:
    """All sales that are not over, and the current one.

    `changed` is called after every change, `moved` with each sale that is different then; `medium` with what is wrong
    with the journal's medium, and with None once it takes rows again. `alarm_rows` says what an alarm's lasting takes:
    it is recorded with its cause.
    """

    def __init__(
        self,
        journal: JournalPort,
        changed: Callable[[], None],
        medium: Callable[[JournalError | None], None] = lambda _trouble: None,
        alarm_rows: Callable[[AlarmKind, Sale], Sequence[Change]] = lambda _kind, _sale: (),
        moved: Callable[[Sale], None] = lambda _sale: None,
    ) -> None:
        self._journal = journal
        self._changed = changed
        self._medium = medium
        self._alarm_rows = alarm_rows
        self._tell_moved = moved
        self._failing: type[JournalError] | None = None
        """How the journal failed last; None: it takes rows."""
        self._sink: EffectSink | None = None
        self._lock = asyncio.Lock()
        self._closed = False
        self._moved = asyncio.Event()
        self._sales: dict[UUID, Sale] = {}
        self._current_id: UUID | None = None
        self._doubted: dict[UUID, tuple[Sale, tuple[RaiseAlarm, ...]]] = {}
        self._resolving: asyncio.Task[None] | None = None
        self.taken_up: tuple[Sale, ...] = ()
        """What the journal held open at start, as it was then."""

    def attach(self, sink: EffectSink) -> None:
        """Say who carries effects out; once, while the daemon is put together."""
        self._sink = sink

    async def close(self) -> None:
        """Let the change under way become durable, and take no further one: from here on JournalError."""
        async with self._lock:
            self._closed = True
        if self._resolving is not None:
            self._resolving.cancel()
            await asyncio.wait({self._resolving})

    # --- reading ------------------------------------------------------------------------------------------------------

    @property
    def sales(self) -> Sequence[Sale]:
        """Every sale that is not over, oldest first, and the current one."""
        return tuple(self._sales.values())

    @property
    def current(self) -> Sale | None:
        """The sale that no other may start beside, else the last one that was."""
        return self._sales.get(self._current_id) if self._current_id else None

    @property
    def blocking(self) -> Sale | None:
        """The sale because of which no other may start."""
        sale = self.current
        return sale if sale is not None and sale.blocks_next_sale else None

    async def find(self, sale_id: UUID) -> Sale:
        """A sale by id, also one long over. Raises UnknownSaleError."""
        sale = self._sales.get(sale_id) or await asyncio.to_thread(self._journal.sale, sale_id)
        if sale is None:
            raise UnknownSaleError(sale_id)
        return sale

    async def until(self, sale_id: UUID, holds: Callable[[Sale], bool]) -> Sale:
        """Wait until something holds of a sale; the caller says for how long. Raises UnknownSaleError."""
        while True:
            moved = self._moved
            sale = await self.find(sale_id)
            if holds(sale):
                return sale
            await moved.wait()

    # --- changing -----------------------------------------------------------------------------------------------------

    async def open(self, sale: Sale, why: str) -> None:
        """Make a new sale the current one and want phones for it. Raises JournalError: then there is no sale."""
        await asyncio.shield(asyncio.ensure_future(self._open(sale, why)))

    async def _open(self, sale: Sale, why: str) -> None:
        async with self._lock:
            await self._record([SaleChanged(sale=sale, why=why)])
            self._keep(sale)
        self._tell_moved(sale)
        self._tell()
        self._carry_out(sale, (Arm(),))

    def restore(self, sales: Sequence[Sale]) -> None:
        """Take up what the journal holds at start.

        Current is the sale that no other may start beside, else the newest whose money is in doubt:
        what was approved or stored before the restart is no news to the shopper who stands there now.
        """
        self._sales = {sale.sale_id: sale for sale in sales}
        self.taken_up = tuple(sales)
        holding = [sale for sale in sales if sale.blocks_next_sale]
        shown = holding or [sale for sale in sales if sale.state in IN_DOUBT_STATES]
        self._current_id = shown[-1].sale_id if shown else None
        self._tell()

    def has(self, sale_id: UUID) -> bool:
        """True if the sale is among `sales`: not over, or current."""
        return sale_id in self._sales

    async def take_up(self, sale: Sale, at: int) -> Sale:
        """Make a sale ours of which only the journal knows, as after a restart. Raises JournalError."""
        log.warning("sale %s is in the journal after all", sale.number)
        self._keep(sale)
        taken, _ = await self.apply(sale.sale_id, Restarted(at=at))
        return taken

    async def apply(
        self, sale_id: UUID, event: Event, check: Callable[[Sale], None] = lambda _sale: None
    ) -> tuple[Sale, tuple[Effect, ...]]:
        """One event on one sale. Raises UnknownSaleError, JournalError (nothing has changed then).

        `check` sees the sale once its turn has come; what it raises is raised here, and nothing has changed.
        """

        def passes(sale: Sale) -> bool:
            check(sale)
            return True

        return (await asyncio.shield(asyncio.ensure_future(self._apply_all([(sale_id, event)], passes))))[0]

    async def apply_if(
        self, sale_id: UUID, event: Event, holds: Callable[[Sale], bool]
    ) -> tuple[Sale, tuple[Effect, ...]] | None:
        """As `apply`, if something still holds of the sale once its turn has come; None if not, nothing has changed.

        The turn may be long in coming: another row's sync is waited for, and a slow card takes seconds.
        """
        results = await asyncio.shield(asyncio.ensure_future(self._apply_all([(sale_id, event)], holds)))
        return results[0] if results else None

    async def apply_all(self, events: Sequence[tuple[UUID, Event]]) -> list[tuple[Sale, tuple[Effect, ...]]]:
        """Several events in one commit: the drainer's verdicts come by the batch.

        The caller may be cancelled meanwhile; what the journal has and what is shown must not part for that.
        """
        return await asyncio.shield(asyncio.ensure_future(self._apply_all(events)))

    async def _apply_all(
        self, events: Sequence[tuple[UUID, Event]], holds: Callable[[Sale], bool] = lambda _sale: True
    ) -> list[tuple[Sale, tuple[Effect, ...]]]:
        async with self._lock:
            changes: list[Change] = []
            results: list[tuple[Sale, tuple[Effect, ...]]] = []
            moved: dict[UUID, Sale] = {}
            different: dict[UUID, Sale] = {}
            approved_by_code: set[UUID] = set()
            for sale_id, event in events:
                before = moved.get(sale_id) or await self.find(sale_id)
                if not holds(before):
                    continue
                after, effects, rows = _all_steps(before, event)
                moved[sale_id] = after
                if after != before:
                    different[sale_id] = after
                if before.booking is None and after.booking is not None and not after.booking.confirmed:
                    approved_by_code.add(sale_id)
                changes += [*rows, *self._rows_of_alarms(effects, after)]
                results.append((after, effects))
                if len(results) % STEPS_AT_ONCE == 0:
                    await asyncio.sleep(0)
            if changes:
                try:
                    await self._record(changes)
                except JournalTransientError:
                    self._doubt(moved, results)
                    raise
            for sale in moved.values():
                self._keep(sale, is_news=sale.sale_id in approved_by_code)
        for sale in different.values():
            self._tell_moved(sale)
        self._tell()
        for sale, effects in results:
            self._carry_out(sale, effects)
        return results

    def _rows_of_alarms(self, effects: Sequence[Effect], sale: Sale) -> list[Change]:
        kinds = [effect.kind for effect in effects if isinstance(effect, RaiseAlarm)]
        return [row for kind in kinds for row in self._alarm_rows(kind, sale)]

    async def _record(self, changes: Sequence[Change]) -> None:
        if self._closed:
            raise JournalClosedError("the terminal")
        try:
            await durable(self._journal, changes, in_a_thread=len(changes) > STEPS_AT_ONCE)
        except ChangeRefusedError:
            raise
        except JournalError as error:
            if self._failing is not type(error):
                log.critical("journal takes nothing: %s", error)
                self._failing = type(error)
                self._medium(error)
            raise
        if self._failing is not None:
            log.warning("journal takes rows again")
            self._failing = None
            self._medium(None)

    # --- what the medium refused and kept all the same ----------------------------------------------------------------

    def _doubt(self, refused: Mapping[UUID, Sale], results: Sequence[tuple[Sale, tuple[Effect, ...]]]) -> None:
        alarms = {sale.sale_id: tuple(effect for effect in effects if isinstance(effect, RaiseAlarm))
                  for sale, effects in results}  # fmt: skip
        self._doubted |= {sale_id: (sale, alarms[sale_id]) for sale_id, sale in refused.items()}
        if self._resolving is None or self._resolving.done():
            self._resolving = asyncio.get_running_loop().create_task(self._resolve_doubts(), name="resolving doubts")
            self._resolving.add_done_callback(report_if_broken)

    async def _resolve_doubts(self) -> None:
        """A row that fails at its sync may be there all the same, and the journal is the truth: look, and follow it."""
        while self._doubted:
            await asyncio.sleep(LOOK_AGAIN_S)
            await retry_until_recorded(self._resolve_doubt, what="a sale in doubt", every_s=LOOK_AGAIN_S)

    async def _resolve_doubt(self) -> None:
        """Look at the sale that has been in doubt for longest. Raises JournalTransientError."""
        sale_id, doubt = next(iter(self._doubted.items()))
        refused, alarms = doubt
        stored = await asyncio.to_thread(self._journal.sale, sale_id)
        ours = self._sales.get(sale_id)
        if stored is not None and ours is not None and stored.history == refused.history != ours.history:
            self._carry_out(stored, alarms)
            await self.take_up(stored, stored.history[-1].at)
        if self._doubted.get(sale_id) is doubt:  # else it has been refused again meanwhile
            del self._doubted[sale_id]

    def _keep(self, sale: Sale, *, is_news: bool = False) -> None:
        """Remember a sale as it is now; one that blocks the next sale becomes the current one.

        So does `is_news`: the shopper who came back with a code waits to see what it was good for.
        """
        self._sales[sale.sale_id] = sale
        if (sale.blocks_next_sale or is_news) and self.blocking is None:
            previous, self._current_id = self.current, sale.sale_id
            if previous is not None:
                self._let_go(previous)
        self._let_go(sale)

    def _let_go(self, sale: Sale) -> None:
        """Forget a sale that is over and not current; the journal keeps it."""
        if sale.state not in OPEN_STATES and sale.sale_id != self._current_id:
            self._sales.pop(sale.sale_id, None)

    def _tell(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        self._changed()

    def _carry_out(self, sale: Sale, effects: tuple[Effect, ...]) -> None:
        assert self._sink is not None  # attached before the first event
        for effect in effects:
            if not isinstance(effect, NotNow):
                self._sink.carry_out(sale, effect)


def _all_steps(sale: Sale, event: Event) -> tuple[Sale, tuple[Effect, ...], list[SaleChanged]]:
    """The step and those it asks to be taken with it: one journal row for each arrow."""
    rows: list[SaleChanged] = []
    effects: list[Effect] = []
    queue: list[Event] = [event]
    while queue:
        current = queue.pop(0)
        after, follow = step(sale, current)
        if durably_different(sale, after):
            rows.append(SaleChanged(sale=after, why=type(current).__name__))
        sale = after
        queue += [effect.event for effect in follow if isinstance(effect, Then)]
        effects += [effect for effect in follow if not isinstance(effect, Then)]
    return sale, tuple(effects), rows
