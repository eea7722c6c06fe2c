# SPDX-License-Identifier: Apache-2.0
"""One life of the daemon, from start to death, with everything that leaves or enters it under a fault's hand.

Death is what `kill -9` is to durability: from one moment on nothing the process does has any effect, and the next one
finds the journal's files as they were then. It is the real `Terminal` over the real journal; its loop's time jumps.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx

from offline_queue.journal.journal import Journal
from offline_queue.port import JournalPort
from offline_queue.sync import Drainer
from offline_queue.values import Change, JournalBusyError, Recorded
from pengpos.client import Home, SaleView, Status
from pengpos.core.effects import Effect
from pengpos.core.errors import JournalFullError
from pengpos.core.ports import Clock, TapListener
from pengpos.core.sale import Sale
from sandbox.phone.field.in_process import VirtualField
from terminal.app import Terminal
from terminal.device.clock import DeviceClock
from terminal.sales.open_sales import EffectSink
from terminal.taps.fields import Fields
from terminal.wiring import Surroundings
from tests.faults.chaos import Chaos, Moment
from tests.support.fault_proxy import FAULT
from tests.support.in_loop import InLoop
from tests.support.jumping_loop import OWNER, Killed
from tests.support.lockstep import Lockstep

READER = "reader 0"
LOCAL = "http://terminal"


class BrokenError(Exception):
    """A part of the daemon broke and ended it, in order: whoever supervises it starts it again."""


class Reader:
    """`daemon.wiring.Readers`: one field, looked at when somebody says so."""

    def __init__(self, listener: TapListener, field: VirtualField) -> None:
        assert isinstance(listener, Fields)
        self._tap_fields = listener
        self._field = field
        self._lockstep = Lockstep(listener)

    def start(self) -> None:
        """Nothing runs by itself."""

    def look_again(self) -> None:
        """Nothing waits."""

    def stop(self) -> bool:
        """Nothing ran."""
        return True

    async def look(self) -> None:
        """Observe the field once, as the reader's thread would."""
        await self._lockstep.run(lambda: self._tap_fields.field(READER, self._field.wait(0)))


class Life:
    """Made, lived, and ended by `die` (from inside, by a fault) or `stop`."""

    def __init__(
        self,
        home: Home,
        *,
        chaos: Chaos,
        clock: DeviceClock,
        road: httpx.AsyncBaseTransport,
        field: VirtualField,
        saw: Callable[[Status], None],
        saw_sale: Callable[[SaleView], None],
    ) -> None:
        self.home = home
        self.grave: Home | None = None
        """Where the files lie as they were at death."""
        self._chaos = chaos
        self._clock = clock
        self._road = road
        self._field = field
        self._saw = saw
        self._saw_sale = saw_sale
        self._tasks: set[asyncio.Task[Any]] = set()
        self._journal: FaultyJournal | None = None
        self.died = False
        self.broke: Exception | None = None
        self.over = asyncio.Event()

    async def start(self) -> None:
        """Begin to live. Raises what a daemon that cannot start raises; Killed if it does not live so long."""
        context = copy_context()
        context.run(OWNER.set, self._tasks)
        starting = asyncio.get_running_loop().create_task(self._start(), context=context)
        await self._or_death(starting)

    async def _start(self) -> None:
        given = Surroundings(
            home=self.home, readers=self._make_reader, language="en", transport=_Gated(self), clock=self._clock,
            open_journal=self._open_journal,
        )  # fmt: skip
        self.terminal = Terminal(given)
        open_sales, feed = self.terminal._sales.open_sales, self.terminal._device.feed
        assert open_sales._sink is not None
        open_sales._sink = _GatedSink(self, open_sales._sink)
        publish, sale_moved = feed.publish, feed.sale_moved

        def seen(status: Status) -> None:
            self.gate(Moment.SHOWN, "snapshot")
            self._saw(status)
            publish(status)

        def moved(sale_id: str, view: Callable[[], SaleView]) -> None:
            if not self.died:
                self._saw_sale(view())
            sale_moved(sale_id, view)

        feed.publish, feed.sale_moved = seen, moved  # type: ignore[method-assign]  # the witness stands outside
        api = InLoop(await self.terminal.start(), self._context)
        self._client = httpx.AsyncClient(transport=api, base_url=LOCAL)
        asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        """Notice that a part of the daemon broke: it ends then, to be started again."""
        try:
            await self.terminal.ended()
        except Exception as error:  # noqa: BLE001  # whatever it broke of
            self.broke = error
            self.over.set()

    async def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One call of the local API, by whoever stands outside. Raises Killed if the daemon dies over it."""
        asking = asyncio.get_running_loop().create_task(
            self._client.request(method, path, json=body), context=self._context()
        )
        response: httpx.Response = await self._or_death(asking)
        return response

    async def look(self) -> None:
        """The reader observes its field. Raises Killed if the daemon dies over it."""
        looking = asyncio.get_running_loop().create_task(self._reader.look(), context=self._context())
        await self._or_death(looking)

    def gate(self, moment: Moment, what: str) -> None:
        """Every effect on the world goes through here. Raises Killed once this process is dead."""
        if self.died:
            raise Killed
        self._chaos.reach(moment, what, self.die)

    def die(self) -> None:
        """kill -9: the files stay as they are now."""
        self.grave = self.copy_files("+")
        self.died = True
        self.over.set()

    def copy_files(self, mark: str) -> Home:
        """What the card holds at this moment, as another card; its name has `mark` behind it."""
        copy = Home(self.home.root.with_name(self.home.root.name + mark))
        copy.root.mkdir()
        for path in self.home.root.iterdir():
            if path.is_file() and not path.name.endswith((".lock", "-shm")):
                shutil.copy(path, copy.root / path.name)
        return copy

    def on_the_card(self, intent_id: UUID) -> Sale:
        """The sale of an intent, as who has a copy of the card reads it: past every gate."""
        assert self._journal is not None
        sale = self._journal.inner.sale_by_intent(intent_id)
        assert sale is not None
        return sale

    def second_drainer(self) -> None:
        """Start another drainer over the same queue. It must be turned away."""
        asyncio.get_running_loop().create_task(self._drain_too(), context=self._context())

    async def _drain_too(self) -> None:
        sales, backend = self.terminal._sales, self.terminal._backend
        other = Drainer(
            journal=self.terminal._device.journal, deliverer=backend.gateway, apply_all=sales.open_sales.apply_all,
            clock=self._clock, link_up=lambda: True,
        )  # fmt: skip
        with contextlib.suppress(JournalBusyError):
            await other.run()

    async def bury(self) -> None:
        """Take away what is left of a dead process."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._journal is not None:
            self._journal.inner.close()

    async def stop(self) -> None:
        """Ask it to end, as systemd does. Raises Killed."""
        stopping = asyncio.get_running_loop().create_task(self.terminal.stop(), context=self._context())
        await self._or_death(stopping)
        await self.bury()

    async def bury_broken(self) -> None:
        """Put away a daemon of which a part broke, as it does itself before it ends. Raises Killed."""
        self.broke = None
        self.over = asyncio.Event()
        await self.stop()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _context(self) -> Context:
        context = copy_context()
        context.run(OWNER.set, self._tasks)
        return context

    async def _or_death(self, task: "asyncio.Task[Any]") -> Any:
        """What the task brings, unless the process ends first. Raises Killed, Broken."""
        ending = asyncio.get_running_loop().create_task(self.over.wait())
        try:
            await asyncio.wait({task, ending}, return_when=asyncio.FIRST_COMPLETED)
            if self.died:
                raise Killed
            if self.broke is not None:
                raise BrokenError
            return await task
        finally:
            ending.cancel()
            task.cancel()

    def _make_reader(self, listener: TapListener) -> Reader:
        self._reader = Reader(listener, self._field)
        return self._reader

    def _open_journal(self, path: Path, key: bytes, clock: Clock) -> JournalPort:
        self._journal = FaultyJournal(Journal.open(path, key=key, clock=clock), self)
        return cast("JournalPort", self._journal)

    # --- what stands at the gates ---------------------------------------------------------------------------------

    async def through(self, request: httpx.Request) -> httpx.Response:
        """One call to the backend."""
        what = f"{request.method} {request.url.path}"
        self.gate(Moment.CALL, what)
        if (wire := self._chaos.take_wire()) is not None:
            request.headers[FAULT] = wire.value
        response = await self._road.handle_async_request(request)
        if "event-stream" not in response.headers.get("content-type", ""):
            content = await response.aread()
            response = httpx.Response(response.status_code, headers=response.headers, content=content, request=request)
        self.gate(Moment.ANSWERED, what)
        return response

    def journal_call(self, name: str) -> None:
        """One call of the journal. Raises JournalFullError where it fails."""
        self.gate(Moment.JOURNAL, name)
        if self._chaos.journal_fails():
            raise JournalFullError(f"injected into {name}")

    def journal_lies(self) -> bool:
        """See `Chaos.journal_lies`."""
        return self._chaos.journal_lies()


class FaultyJournal:
    """The real journal, each call through a gate; what it acknowledges is on the medium before the loop goes on."""

    def __init__(self, inner: Journal, life: Life) -> None:
        self.inner = inner
        self._life = life

    def record(self, changes: Sequence[Change]) -> "Future[Recorded]":
        """See `JournalPort`."""
        what = ", ".join(type(change).__name__ for change in changes)
        self._life.gate(Moment.RECORD, what)
        try:
            self._life.journal_call("record")
        except JournalFullError as error:
            return _failed(error)
        future = self.inner.record(changes)
        future.exception(30)
        if self._life.journal_lies():
            return _failed(JournalFullError("written, and denied"))
        self._life.gate(Moment.RECORDED, what)
        return future

    def connect(self) -> "FaultyJournal":
        """See `JournalPort`: what is read there fails as the rest does."""
        return FaultyJournal(cast("Journal", self.inner.connect()), self._life)

    def close(self) -> None:
        """See `JournalPort`."""
        self.inner.close()

    def lease(self, name: str) -> Any:
        """See `JournalPort`: no medium is asked for it."""
        return self.inner.lease(name)

    def next_counter(self) -> Any:
        """See `JournalPort`: no medium is asked for it."""
        return self.inner.next_counter()

    def __getattr__(self, name: str) -> Any:
        read = getattr(self.inner, name)

        def through(*args: Any, **more: Any) -> Any:
            self._life.journal_call(name)
            return read(*args, **more)

        return through


def _failed(error: JournalFullError) -> "Future[Recorded]":
    future: Future[Recorded] = Future()
    future.set_exception(error)
    return future


class _GatedSink:
    """`daemon.open_sales.EffectSink` behind a gate."""

    def __init__(self, life: Life, inner: EffectSink) -> None:
        self._life = life
        self._inner = inner

    def carry_out(self, sale: Sale, effect: Effect) -> None:
        self._life.gate(Moment.EFFECT, type(effect).__name__)
        self._inner.carry_out(sale, effect)


class _Gated(httpx.AsyncBaseTransport):
    """The road to the backend behind a gate."""

    def __init__(self, life: Life) -> None:
        self._life = life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._life.through(request)
