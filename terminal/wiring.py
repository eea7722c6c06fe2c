# SPDX-License-Identifier: Apache-2.0
"""Puts a terminal together: every part is made here, once, from those before it. Decides nothing, starts nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import httpx

from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from offline_queue.port import JournalPort
from offline_queue.sync import Drainer
from pengpos.backend_api.calls import Calls
from pengpos.backend_api.signing import RequestSigner
from pengpos.client import Home, Language
from pengpos.core.effects import AskBackend
from pengpos.core.errors import JournalError, JournalFullError
from pengpos.core.ports import Clock, Signer, TagPresenter, TapListener
from pengpos.core.sale import Sale, SaleState, Way
from pengpos.keys.file import FileKey
from terminal.api.feed import Feed
from terminal.api.local_api import LocalApi
from terminal.api.publishing import Publisher
from terminal.api.snapshot import Snapshots
from terminal.api.views import sale_view
from terminal.backend.events import BackendEvents
from terminal.backend.gateway import BackendGateway, Deadlines
from terminal.backend.heartbeat import Heartbeat
from terminal.backend.link import Follower, Link
from terminal.backend.renewal import Renewal
from terminal.backend.upkeep import Documents, Upkeep
from terminal.device.alarm_words import RESTORED, storage_full
from terminal.device.alarms import Alarms
from terminal.device.clock import DeviceClock
from terminal.device.identity import CurrentIdentity, read_enrolment, read_identity
from terminal.device.second_copy import SecondCopy, sealed_export
from terminal.device.settings import read_settings
from terminal.device.timekeeping import Timekeeper
from terminal.sales.arming import Arming
from terminal.sales.commands import SaleCommands
from terminal.sales.day import DayClose
from terminal.sales.effects import EffectRunner
from terminal.sales.intent_url import IntentUrls
from terminal.sales.offline import OfflinePolicy
from terminal.sales.open_dues import OpenDues
from terminal.sales.open_sales import OpenSales
from terminal.taps.acceptance import Acceptance
from terminal.taps.fields import Fields
from terminal.taps.tag import Tag

RESTORED_ALARM = "restored_card"
_JOURNAL_ALARM = "journal"
_BY_PAGE = frozenset({SaleState.SIGNED, SaleState.PRESENTED, SaleState.PENDING})


class Readers(Protocol):
    """All readers of the device, each in its own thread."""

    def start(self) -> None:
        """Begin to watch."""

    def stop(self) -> bool:
        """End every thread, within a bound; false if one did not end."""


OpenJournal = Callable[[Path, bytes, Clock], JournalPort]


def _open_journal(path: Path, key: bytes, clock: Clock) -> JournalPort:
    return Journal.open(path, key=key, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a terminal is given; what is left out is the device's own.

    `transport`, `clock` and `open_journal` are the three ways in which the world can fail it: tests put their own in.
    """

    home: Home
    readers: Callable[[TapListener], Readers]
    tag: TagPresenter | None = None
    """Where there is one; else no sale is presented by tag."""
    language: Language = "zh-Hans"
    diagnose: Callable[[], dict[str, object]] | None = None
    """What `pengpos doctor --json` prints; blocks for seconds."""
    transport: httpx.AsyncBaseTransport | None = None
    clock: DeviceClock = field(default_factory=DeviceClock)
    open_journal: OpenJournal = _open_journal
    deadlines: Deadlines = field(default_factory=Deadlines)


class Ground:
    """What every other part stands on. Raises NotEnrolledError, ConfigError, JournalError."""

    def __init__(self, given: Surroundings) -> None:
        home = given.home
        read_enrolment(home.enrolment)  # first: before it there is no key either
        self.signer: Signer = FileKey.load(home.device_key)
        enrolled = read_identity(home.enrolment, self.signer)
        self.identity = CurrentIdentity(enrolled)
        self.clock = given.clock
        self.journal = given.open_journal(home.journal, load_or_create_key(home.journal_key), self.clock)
        self.feed = Feed(first_event_id=self.clock.now() * 1_000)
        self.publisher = Publisher(self.feed)
        self.alarms = Alarms(self.journal, self.clock, self.publisher.changed)
        self.time = Timekeeper(self.clock, self.journal, self.alarms)
        self.time.restore(enrolled)
        self.arming = Arming()


class Road:
    """The way to the backend, and what comes along it unasked."""

    def __init__(
        self,
        given: Surroundings,
        ground: Ground,
        link_changed: Callable[[], None],
        stream_opened: Callable[[], None],
    ) -> None:
        self.client = httpx.AsyncClient(
            base_url=ground.identity().backend,
            auth=RequestSigner(ground.signer, ground.clock.now),
            trust_env=False,
            transport=given.transport,
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=60.0),
        )
        self.link = Link(ground.clock, link_changed)
        calls = Calls(
            self.client,
            issuers=ground.identity.issuers,
            heard=self.link.heard,
            lost=self.link.lost,
            opened=stream_opened,
            time_signed=ground.time.issuer_signed,
        )
        self.backend = BackendGateway(
            calls, issuers=ground.identity.issuers, clock=ground.clock, deadlines=given.deadlines
        )
        self.follower = Follower(self.link, self.backend, ground.clock)
        self.documents = Documents(
            identity=ground.identity,
            journal=ground.journal,
            backend=self.backend,
            clock=ground.clock,
            time=ground.time,
            changed=ground.publisher.changed,
        )
        self.renewal = Renewal(
            identity=ground.identity,
            enrolment=given.home.enrolment,
            backend=self.backend,
            clock=ground.clock,
            alarms=ground.alarms,
        )


class Till:
    """Sales: where they change, and the parts that bring commands, taps and answers."""

    def __init__(self, given: Surroundings, ground: Ground, road: Road, broken: Callable[[JournalError], None]) -> None:
        self._alarms = ground.alarms
        self._broken = broken
        self._changed = ground.publisher.changed
        self.tag = Tag(given.tag, ground.clock)
        self.open_sales = OpenSales(
            ground.journal, self._sales_changed, self._medium, ground.alarms.rows_of, partial(_told, given, ground.feed)
        )
        self.policy = OfflinePolicy(
            ground.journal, ground.identity, ground.clock, suspended=lambda: ground.alarms.stands(RESTORED_ALARM)
        )
        self.commands = SaleCommands(
            open_sales=self.open_sales,
            journal=ground.journal,
            identity=ground.identity,
            signer=ground.signer,
            clock=ground.clock,
            policy=self.policy,
            denylisted=road.documents.denylisted,
            online=road.follower.online,
            ways=self._ways,
            currency=lambda: self.policy.currency,
        )
        self.drainer = Drainer(
            journal=ground.journal,
            deliverer=road.backend,
            apply_all=self.open_sales.apply_all,
            clock=ground.clock,
            link_up=lambda: road.link.up,
        )
        self.second_copy = SecondCopy(read_settings(given.home.settings), given.home, ground.identity(), ground.alarms)
        self.intent_urls = IntentUrls(
            open_sales=self.open_sales,
            register=road.backend.put_intent,
            origin=lambda: ground.identity().backend,
            clock=ground.clock,
        )
        self.effect_runner = EffectRunner(
            open_sales=self.open_sales,
            backend=road.backend,
            arming=ground.arming,
            intent_urls=self.intent_urls,
            commands=self.commands,
            alarms=ground.alarms,
            clock=ground.clock,
            link_up=lambda: road.link.up,
            reader_there=lambda: self.snapshots.has_reader,
            stored=self._stored,
        )
        self.open_sales.attach(self.effect_runner)
        self.dues = OpenDues(
            ground.journal, ground.clock, lambda sale: self.effect_runner.carry_out(sale, AskBackend())
        )
        self.snapshots = self._snapshots(given, ground, road)
        self.acceptance = self._acceptance(ground, road)

    def _snapshots(self, given: Surroundings, ground: Ground, road: Road) -> Snapshots:
        return Snapshots(
            open_sales=self.open_sales,
            journal=ground.journal,
            identity=ground.identity,
            link=road.link,
            policy=self.policy,
            alarms=ground.alarms,
            clock=ground.clock,
            language=given.language,
            changed=ground.publisher.changed,
        )

    def _acceptance(self, ground: Ground, road: Road) -> Acceptance:
        return Acceptance(
            open_sales=self.open_sales,
            journal=ground.journal,
            identity=ground.identity,
            signer=ground.signer,
            clock=ground.clock,
            policy=self.policy,
            denylisted=road.documents.denylisted,
            arming=ground.arming,
            board=self.snapshots,
        )

    def _ways(self) -> tuple[Way, ...]:
        """All by which this terminal can reach a phone."""
        return (Way.READER, Way.TAG, Way.QR) if self.tag.is_there else (Way.READER, Way.QR)

    def _sales_changed(self) -> None:
        self.tag.look(self.open_sales.current)
        self._changed()

    def hurry(self) -> None:
        """Try everything that waits, now."""
        self.intent_urls.hurry()
        self.effect_runner.hurry()
        self.drainer.hurry()

    def ask_what_pages_pay(self) -> None:
        """Of what happened while nobody listened no event comes: ask about every intent that a page may be paying."""
        for sale in self.open_sales.sales:
            if sale.state in _BY_PAGE and sale.intent.payable_elsewhere:
                self.effect_runner.carry_out(sale, AskBackend())

    def _stored(self, sale: Sale) -> None:
        """A payment was accepted offline: copy it to the second medium, and send it when there is a link."""
        self.second_copy.copy([sale])
        self.drainer.wake()

    def restored(self) -> None:
        """This journal is an old copy: every sale it holds open may have gone on without it. Ask, accept nothing."""
        self._alarms.raise_lasting(RESTORED_ALARM, RESTORED_ALARM, RESTORED)
        asked = {sale.sale_id: sale for sale in (*self.open_sales.taken_up, *self.open_sales.sales)}
        for (
            sale
        ) in asked.values():  # also of those that have ended since the start: by time, without a word of the backend
            self.effect_runner.carry_out(sale, AskBackend())

    def _medium(self, trouble: JournalError | None) -> None:
        if trouble is None:
            self._alarms.clear(_JOURNAL_ALARM)
        elif isinstance(trouble, JournalFullError):
            self._alarms.show(_JOURNAL_ALARM, storage_full(trouble))
        else:
            self._broken(trouble)


def _told(given: Surroundings, feed: Feed, sale: Sale) -> None:
    """Whoever follows the events hears of every sale that moved."""
    feed.sale_moved(str(sale.sale_id), lambda: sale_view(sale, given.language))


def make_upkeep(ground: Ground, road: Road, till: Till) -> Upkeep:
    """What is looked after once a minute."""
    heartbeat = Heartbeat(
        identity=ground.identity,
        journal=ground.journal,
        backend=road.backend,
        clock=ground.clock,
        status=till.snapshots.status,
        denylist_version=lambda: road.documents.denylist_version,
        restored=till.restored,
    )
    return Upkeep([
        ("policy", road.documents.fetch_policy),
        ("denylist", road.documents.fetch_denylist),
        ("heartbeat", heartbeat.report),
        ("credential", road.renewal.renew_if_due),
    ])  # fmt: skip


def make_local_api(
    given: Surroundings, ground: Ground, road: Road, till: Till, sync_now: Callable[[], None]
) -> LocalApi:
    """What the screen, tills and scripts use."""
    days = DayClose(open_sales=till.open_sales, journal=ground.journal, backend=road.backend, clock=ground.clock)
    return LocalApi(
        open_sales=till.open_sales,
        commands=till.commands,
        journal=ground.journal,
        snapshots=till.snapshots,
        feed=ground.feed,
        alarms=ground.alarms,
        days=days,
        export=partial(sealed_export, given.home, ground.identity, ground.clock),
        sync_now=sync_now,
        diagnose=given.diagnose,
        language=given.language,
    )


def make_readers(given: Surroundings, ground: Ground, till: Till) -> Readers:
    """The readers' threads and the fields they watch."""
    return given.readers(Fields(asyncio.get_running_loop(), till.acceptance, ground.clock, ground.arming))


def make_backend_events(ground: Ground, road: Road, till: Till, upkeep: Upkeep) -> BackendEvents:
    """Whoever takes what the backend says by itself."""
    return BackendEvents(
        open_sales=till.open_sales, journal=ground.journal, backend=road.backend, documents_changed=upkeep.wake
    )
