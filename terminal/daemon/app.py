# SPDX-License-Identifier: Apache-2.0
"""The composition root of the device: puts a terminal together, runs it, takes it apart.

Order of start: journal (refuses to trade if it is not safe), key, identity, then readers; what was open in the journal
is taken up before the first phone. Nothing here decides anything about a sale.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

import httpx
from starlette.types import ASGIApp

from offline_queue.export import seal_unsent
from offline_queue.files import load_or_create_key
from offline_queue.journal import Journal
from offline_queue.mirror import Mirror, MirrorHealth, MirrorState
from offline_queue.port import JournalPort
from offline_queue.reader import JournalReader
from offline_queue.rows import read_boot_id
from offline_queue.sync import Drainer
from terminal.client import Home, Language
from terminal.core.effects import AskBackend
from terminal.core.errors import JournalFullError
from terminal.core.events import LifeOver, Restarted
from terminal.core.ports import Clock, TapListener
from terminal.core.sale import Sale, SaleState, Way
from terminal.daemon.alarms import Alarms
from terminal.daemon.backend_events import BackendEvents
from terminal.daemon.clock import DeviceClock
from terminal.daemon.counter import Counter
from terminal.daemon.day import DayClose
from terminal.daemon.desk import Desk
from terminal.daemon.errands import Errands
from terminal.daemon.feed import Feed
from terminal.daemon.heartbeat import Heartbeat
from terminal.daemon.identity import read_identity
from terminal.daemon.judging import Judging
from terminal.daemon.link import Link
from terminal.daemon.local_api import LocalApi
from terminal.daemon.offline import OfflinePolicy
from terminal.daemon.settings import Settings, read_settings
from terminal.daemon.snapshot import Snapshots
from terminal.daemon.tap import TapDesk
from terminal.daemon.upkeep import CLOCK_KIND, CONFIRMED_BOOT, Upkeep
from terminal.gateway.backend import BackendGateway
from terminal.gateway.signing import RequestSigner
from terminal.keys.file import FileKey

log = logging.getLogger(__name__)

TICK_S = 0.25
PUBLISH_GAP_S = 0.01
RESTORED_ALARM = "restored_card"
MIRROR_ALARM = "mirror"
_MORTAL = frozenset({SaleState.SIGNED, SaleState.PRESENTED})


class Readers(Protocol):
    """All readers of the device, each in its own thread."""

    def start(self) -> None:
        """Begin to watch."""

    def stop(self) -> bool:
        """End every thread, within a bound; false if one did not end."""


ReadersFactory = Callable[[TapListener], Readers]
OpenJournal = Callable[[Path, bytes, Clock], JournalPort]


def _open_journal(path: Path, key: bytes, clock: Clock) -> JournalPort:
    return Journal.open(path, key=key, clock=clock)


class Terminal:
    """One enrolled terminal, running. Made, started and stopped on the loop.

    `transport`, `clock` and `open_journal` are the three ways in which the world can fail it: tests put their own in.
    """

    def __init__(
        self,
        home: Home,
        readers: ReadersFactory,
        language: Language,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        clock: DeviceClock | None = None,
        open_journal: OpenJournal = _open_journal,
    ) -> None:
        signer = FileKey.load(home.device_key)
        identity = read_identity(home.enrolment, signer)
        self._loop = loop = asyncio.get_running_loop()
        key = load_or_create_key(home.journal_key)
        self._clock = clock or DeviceClock()
        self._journal_file = (home.journal, key)
        self._journal = open_journal(home.journal, key, self._clock)
        self._clock.issuer_signed(max(self._journal.latest_issuer_time(), identity.credential.issued_at))
        if identity.enrolled_at > self._clock.booted_at or (
            self._journal.value(CLOCK_KIND, CONFIRMED_BOOT) == read_boot_id()
        ):
            self._clock.confirm()
        self._client = httpx.AsyncClient(
            base_url=identity.backend,
            auth=RequestSigner(signer, self._clock.now),
            trust_env=False,
            transport=transport,
            timeout=httpx.Timeout(5.0),
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=60.0),
        )
        self._feed = Feed()
        self._unpublished = asyncio.Event()
        backend = BackendGateway(
            self._client,
            issuers=lambda: self._upkeep.identity.issuers,
            clock=self._clock,
            heard=lambda: self._link.heard(),
            lost=lambda: self._link.lost(),
        )
        self._link = Link(backend, self._clock, self._link_changed)
        self._desk = Desk(self._journal, self._changed)
        self._alarms = Alarms(self._journal, self._clock, self._changed)
        self._upkeep = Upkeep(
            identity=identity,
            journal=self._journal,
            backend=backend,
            clock=self._clock,
            report=lambda: heartbeat.report(),
            changed=self._changed,
        )
        heartbeat = Heartbeat(
            identity=lambda: self._upkeep.identity,
            journal=self._journal,
            backend=backend,
            clock=self._clock,
            status=lambda: self._snapshots.status(),
            denylist_version=lambda: self._upkeep.denylist_version,
            restored=self._restored,
        )
        policy = OfflinePolicy(
            self._journal,
            lambda: self._upkeep.identity,
            self._clock,
            suspended=lambda: self._alarms.stands(RESTORED_ALARM),
        )
        self._snapshots = Snapshots(
            desk=self._desk,
            journal=self._journal,
            identity=lambda: self._upkeep.identity,
            link=self._link,
            policy=policy,
            alarms=self._alarms,
            clock=self._clock,
            language=language,
        )
        self._judging = Judging(
            desk=self._desk,
            journal=self._journal,
            identity=lambda: self._upkeep.identity,
            signer=signer,
            clock=self._clock,
            policy=policy,
            denylisted=self._upkeep.denylisted,
            board=self._snapshots,
        )
        tap_desk = TapDesk(loop, self._judging, self._clock)
        self._judging.attach(tap_desk)
        counter = Counter(
            desk=self._desk,
            journal=self._journal,
            identity=lambda: self._upkeep.identity,
            signer=signer,
            clock=self._clock,
            policy=policy,
            online=self._link.online,
            ways=lambda: (Way.READER,),
        )
        self._errands = Errands(
            desk=self._desk,
            backend=backend,
            arming=tap_desk,
            counter=counter,
            alarms=self._alarms,
            clock=self._clock,
            stored=self._stored,
        )
        self._drainer = Drainer(
            journal=self._journal,
            deliverer=backend,
            apply_all=self._desk.apply_all,
            clock=self._clock,
            link_up=lambda: self._link.up,
        )
        self._desk.attach(self._errands)
        self._backend_events = BackendEvents(desk=self._desk, backend=backend, upkeep=self._upkeep)
        self._readers = readers(tap_desk)
        self._mirror = self._open_mirror(read_settings(home.settings), home)
        self._api = LocalApi(
            desk=self._desk,
            counter=counter,
            journal=self._journal,
            snapshots=self._snapshots,
            feed=self._feed,
            alarms=self._alarms,
            days=DayClose(desk=self._desk, journal=self._journal, backend=backend, clock=self._clock),
            export=self._export,
            sync_now=self._hurry,
            language=language,
        )
        self._tasks: list[asyncio.Task[None]] = []

    def _open_mirror(self, settings: Settings, home: Home) -> Mirror | None:
        if settings.mirror is None:
            return None
        identity = self._upkeep.identity
        return Mirror(
            Path(settings.mirror.directory),
            terminal_id=identity.terminal_id,
            recipient=next(iter(identity.issuers)),
            journal_directory=home.journal.parent,
            changed=self._mirror_changed,
        )

    async def start(self) -> ASGIApp:
        """Take up what the journal holds, then listen to readers and backend; the local API of this terminal."""
        self._snapshots.changed = self._changed
        self._desk.restore(self._journal.open_sales())
        for sale in self._desk.sales:
            await self._desk.apply(sale.sale_id, Restarted(at=self._clock.now()))
        if self._mirror is not None:
            self._mirror.copy(self._desk.sales)
        self._readers.start()
        self._run(self._publishing())
        self._run(self._ticking())
        self._run(self._upkeep.run())
        self._run(self._drainer.run())
        self._run(self._link.follow(self._backend_events.told))
        self._changed()
        return self._api.app()

    async def stop(self) -> None:
        """End every thread and task; what is under way is in the journal."""
        await asyncio.to_thread(self._readers.stop)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._errands.close()
        if self._mirror is not None:
            await asyncio.to_thread(self._mirror.close)
        await self._client.aclose()
        await asyncio.to_thread(self._journal.close)

    def _run(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(what)
        task.add_done_callback(_report)
        self._tasks.append(task)

    def _changed(self) -> None:
        """Something that a screen shows is different."""
        self._judging.sale_changed()
        self._unpublished.set()

    async def _publishing(self) -> None:
        """One snapshot for all that changed meanwhile: a tap waits for no screen, a drain builds no thousands."""
        while True:
            await self._unpublished.wait()
            self._unpublished.clear()
            self._feed.publish(self._snapshots.status())
            await asyncio.sleep(PUBLISH_GAP_S)

    def _link_changed(self) -> None:
        self._changed()
        if self._link.up:
            self._hurry()

    def _stored(self, sale: Sale) -> None:
        """A payment was accepted offline: copy it to the second medium, and send it when there is a link."""
        if self._mirror is not None:
            self._mirror.copy([sale])
        self._drainer.wake()

    def _export(self) -> str:
        """Everything unsent, sealed to the backend."""
        identity = self._upkeep.identity
        recipient = next(iter(identity.issuers))
        reader = JournalReader(*self._journal_file)
        try:
            return seal_unsent(reader, recipient, terminal_id=identity.terminal_id, made_at=self._clock.now())
        finally:
            reader.close()

    def _mirror_changed(self, health: MirrorHealth) -> None:
        """Called in the mirror's thread."""
        self._loop.call_soon_threadsafe(self._show_mirror, health)

    def _show_mirror(self, health: MirrorHealth) -> None:
        if health.state is MirrorState.WELL:
            self._alarms.clear(MIRROR_ALARM)
        else:
            text = f"The second copy is {health.state}: {health.detail}. {health.waiting} payments are not copied yet"
            self._alarms.show(MIRROR_ALARM, text, health.cure)

    def _restored(self) -> None:
        """This journal is an old copy: every sale it holds open may have gone on without it. Ask, accept nothing."""
        self._alarms.raise_lasting(
            RESTORED_ALARM,
            RESTORED_ALARM,
            "This terminal was restored from an old copy: sales it made since are not in its journal",
            "A manager compares the day with the backend's and confirms; until then nothing is accepted offline",
        )
        for sale in self._desk.sales:
            self._errands.carry_out(sale, AskBackend())

    def _hurry(self) -> None:
        self._errands.hurry()
        self._drainer.hurry()

    async def _ticking(self) -> None:
        """Time as events: an intent's life ends, a link falls silent."""
        while True:
            self._link.check()
            now = self._clock.now()
            sale = self._desk.current
            if sale is not None and sale.state in _MORTAL and now >= sale.intent.expires_at:
                with contextlib.suppress(JournalFullError):
                    await self._desk.apply(sale.sale_id, LifeOver(at=now, intent_id=sale.intent.intent_id))
            await asyncio.sleep(TICK_S)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("a part of the daemon broke", exc_info=error)
