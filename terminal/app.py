# SPDX-License-Identifier: Apache-2.0
"""One terminal, running: takes up what the journal holds, listens, and ends in order.

Order of start: journal (refuses to trade if it is not safe), key, identity, then readers; what was open in the journal
is taken up before the first phone. Nothing here decides anything about a sale.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from starlette.types import ASGIApp

from offline_queue.values import ENROLMENT, MISSING_ROWS, ValueStored
from pengpos.core.errors import JournalError, JournalTransientError
from pengpos.core.events import Approved, LifeOver, Restarted, SellingStopped
from pengpos.core.machine.states import WAITING_STATES
from pengpos.core.sale import Intent, Sale
from pengpos.core.times import CLOCK_TOLERANCE_S
from terminal.device.alarm_words import answers_unsigned, events_held_back, software_fault
from terminal.device.identity import read_sound
from terminal.device.journal_alarm import SOFTWARE, MediumAlarms, alarm_of
from terminal.device.last_fault import take_fault
from terminal.device.recording import durable, end_tasks
from terminal.taps.reader_board import ReaderBoard
from terminal.wiring.api import make_local_api, make_snapshots
from terminal.wiring.backend import make_backend, make_backend_events, make_upkeep
from terminal.wiring.device import make_device
from terminal.wiring.orders import make_orders
from terminal.wiring.sales import make_sales
from terminal.wiring.surroundings import Surroundings
from terminal.wiring.taps import make_taps

log = logging.getLogger(__name__)

TICK_S = 0.25
HURRY_GAP_S = 10.0
EVENTS_HELD_BACK = "events_held_back"
ANSWERS_UNSIGNED = "answers_unsigned"
ASK_AT_START_S = 2.0


class Terminal:
    """One enrolled terminal. Made, started and stopped on the loop.

    Raises NotEnrolledError, ConfigError, JournalError: then nothing has been started.
    """

    def __init__(self, given: Surroundings) -> None:
        self._last_fault = given.home.last_fault
        self._enrolment = given.home.enrolment
        self._device = make_device(given)
        try:
            self._make(given)
        except BaseException:
            self._device.journal.close()
            raise
        self._hurried_s = -HURRY_GAP_S
        self._tasks: list[asyncio.Task[None]] = []
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def _make(self, given: Surroundings) -> None:
        device, board = self._device, ReaderBoard(self._device.publisher.changed)
        self._standing = device.standing
        self._backend = backend = make_backend(
            given,
            device,
            link_changed=self._link_changed,
            stream_opened=self._stream_opened,
            standing=self._standing,
            revoked=self._told_revoked,
            standing_said=self._standing_said,
        )
        self._sales = sales = make_sales(
            given, device, backend, reader_there=lambda: board.has_reader, broken=self._journal_stopped
        )
        self._taps = make_taps(given, device, backend, sales, board, broken=self._journal_stopped)
        self._snapshots = make_snapshots(given, device, backend, sales, board)
        self._orders = make_orders(device, backend, sales.open_sales, restart=self._restart, found=self._sync_now)
        self._upkeep = make_upkeep(
            device,
            backend,
            self._orders,
            status=self._snapshots.read_status,
            restored=sales.inquiries.ask_all_of_a_restored_journal,
        )
        self._events = make_backend_events(device, backend, sales.open_sales, self._upkeep)
        self._api = make_local_api(given, device, backend, sales, self._snapshots, sync_now=self._sync_now)

    async def start(self) -> ASGIApp:
        """Take up what the journal holds, then listen to readers and backend; the local API of this terminal.

        Raises JournalError if what was under way cannot be taken up: `stop` it then.
        """
        open_sales, clock = self._sales.open_sales, self._device.clock
        open_sales.restore(await asyncio.to_thread(self._device.journal.open_sales))
        for sale in open_sales.sales:
            if sale.state in WAITING_STATES and clock.now() >= sale.intent.expires_at:
                await self._ask_before_it_ends(sale)
            stopped = not self._standing.may_sell and _waits_for_a_phone(sale)
            event = SellingStopped(at=clock.now()) if stopped else Restarted(at=clock.now())
            await open_sales.apply(sale.sale_id, event)
        if (detail := take_fault(self._last_fault)) is not None:
            self._device.alarms.raise_lasting(SOFTWARE, SOFTWARE, software_fault(detail))
        await self._keep_enrolment()
        await self._backend.documents.keep_beside()
        await self._backend.confirmation_secrets.keep_beside()
        noted = await asyncio.to_thread(self._device.journal.values, MISSING_ROWS)
        self._sales.inquiries.ask_where_rows_are_missing(noted)
        self._sales.second_copy.copy(open_sales.sales)
        self._taps.readers.start()
        self._run(self._device.publisher.run(self._snapshots.status, self._snapshots.is_stale), "publishing")
        self._run(self._ticking(), "ticking")
        self._run(self._upkeep.run(), "upkeep")
        self._run(self._sales.drainer.run(), "drainer")
        self._run(self._sales.dues.run(), "asking about dues")
        self._run(self._backend.follower.follow(self._events.told), "following the backend")
        self._run(self._events.ask_about_hints(), "asking about events")
        self._run(self._backend.follower.keep_up(), "asking a silent backend")
        self._device.publisher.changed()
        return self._api.app()

    async def _keep_enrolment(self) -> None:
        """In the journal too: what is stored can be handed in where the file and its copy are lost."""
        content = await asyncio.to_thread(read_sound, self._enrolment, self._device.signer)
        if await asyncio.to_thread(self._device.journal.value, ENROLMENT, "") != content:
            with contextlib.suppress(JournalTransientError):  # a full card: the next start does it
                await durable(self._device.journal, [ValueStored(kind=ENROLMENT, key="", body=content)])

    async def _ask_before_it_ends(self, sale: Sale) -> None:
        """Ask about a sale whose life ran out while the terminal was off, where the backend answers at once.

        It may have been paid in another life, on a card that was put back to an older state since.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASK_AT_START_S):
                answer = await self._backend.gateway.ask(sale)
                if isinstance(answer, Approved):
                    await self._sales.open_sales.apply(sale.sale_id, answer)

    async def ended(self) -> None:
        """Wait for a part of the terminal to break; raises what it broke of. A new start takes up what it left.

        Returns where the operator has ordered a restart: stop it then, and make a new one.
        """
        await asyncio.shield(self._ended)

    async def stop(self) -> None:
        """End every thread and task; what is under way is in the journal."""
        self._device.feed.close()
        self._taps.acceptance.let_go()
        if not await asyncio.to_thread(self._taps.readers.stop):
            log.error("a reader's thread did not end")
        await end_tasks(self._tasks)
        await self._taps.acceptance.close()
        await self._sales.intent_urls.close()
        await self._sales.effect_runner.close()
        await self._sales.second_copy.close()
        await self._backend.place_in_stream.keep()
        await self._orders.close()
        await self._standing.close()
        await self._device.alarms.close()
        await self._sales.open_sales.close()
        self._sales.tag.close()
        await self._backend.client.aclose()
        self._device.executors.close()
        await asyncio.to_thread(self._device.journal.close)
        if not self._ended.done():
            self._ended.cancel()

    def _run(self, part: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(part, name=name)
        task.add_done_callback(self._part_ended)
        self._tasks.append(task)

    def _part_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("%s broke", task.get_name(), exc_info=error)
            self._end(error)

    def _journal_stopped(self, error: JournalError) -> None:
        self._end(error)

    def _end(self, error: BaseException) -> None:
        if not self._ended.done():
            alarms = self._device.alarms
            alarms.show(*alarm_of(error))
            self._device.publisher.publish_last(alarms.shown)
            self._ended.set_exception(error)

    def _restart(self) -> None:
        """The operator wants it: end without an error, and be begun anew by the program that runs us."""
        if not self._ended.done():
            self._ended.set_result(None)

    def _told_revoked(self) -> None:
        """A call was answered so: stop at once, and have the backend say it under its signature."""
        if self._standing.may_sell:
            self._upkeep.wake()
        self._standing.refused_as_revoked()

    def _standing_said(self, word: str) -> None:
        """An answer says otherwise than we obey: have it signed. No event may have come, and the word may be false."""
        if word != self._standing.now:
            self._upkeep.hint()

    def _link_changed(self) -> None:
        """A link that is back cuts back-offs short, which were meant for a dead one; a flapping link, now and then."""
        link, alarms = self._backend.link, self._device.alarms
        for there, kind, words in (
            (link.events_held_back, EVENTS_HELD_BACK, events_held_back),
            (link.answers_unsigned and self._backend.policy.signs_answers, ANSWERS_UNSIGNED, answers_unsigned),
        ):
            if there:
                alarms.show(kind, words())
            else:
                alarms.clear(kind)
        self._device.publisher.changed()
        now_s = self._device.clock.monotonic_s()
        if link.up and now_s >= self._hurried_s + HURRY_GAP_S:
            self._hurried_s = now_s
            self._sales.hurry()
            self._upkeep.link_is_back()

    def _stream_opened(self) -> None:
        self._sales.inquiries.ask_what_pages_pay()
        self._sales.dues.wake()

    def _sync_now(self) -> None:
        """A person asks: also where the link is thought to be down."""
        self._backend.follower.hurry()
        self._sales.hurry()
        self._upkeep.wake()

    async def _ticking(self) -> None:
        """Time as events: an intent's life ends, a link falls silent."""
        open_sales, clock = self._sales.open_sales, self._device.clock
        medium = MediumAlarms(self._device.alarms, self._device.journal.health)
        while True:
            self._backend.link.check()
            sale = open_sales.current
            self._sales.tag.look(sale)
            self._orders.look()
            medium.look()
            if sale is not None and not self._standing.may_sell and _waits_for_a_phone(sale):
                with contextlib.suppress(JournalTransientError):
                    await open_sales.apply(sale.sale_id, SellingStopped(at=clock.now()))
            elif sale is not None and sale.state in WAITING_STATES and not _lives(sale.intent, clock.now()):
                with contextlib.suppress(JournalTransientError):
                    await open_sales.apply(sale.sale_id, LifeOver(at=clock.now(), intent_id=sale.intent.intent_id))
            await asyncio.sleep(TICK_S)


def _waits_for_a_phone(sale: Sale) -> bool:
    return sale.state in WAITING_STATES or sale.claimed


def _lives(intent: Intent, now: int) -> bool:
    """Whether a phone could still pay it. Not either if it was signed by a clock that has been set back since."""
    return intent.issued_at - CLOCK_TOLERANCE_S <= now < intent.expires_at
