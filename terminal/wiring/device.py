# SPDX-License-Identifier: Apache-2.0
"""The device's parts: identity, key, clock, journal, alarms, and the publishing of what changed.

Tests: tests/terminal/test_app.py.
"""

from dataclasses import dataclass

from offline_queue.journal.files import load_or_create_key
from offline_queue.port import JournalPort, Reads, TapReads
from pengpos.core.ports import Signer
from pengpos.keys.file import FileKey
from terminal.api.feed import Feed
from terminal.api.lists import SaleLists
from terminal.api.publishing import Publisher
from terminal.api.screens import Screens
from terminal.api.views import SaleViews
from terminal.device.alarms import Alarms
from terminal.device.clock import DeviceClock
from terminal.device.executor import DIAGNOSIS_LIMIT_S, Executors, SharedJob
from terminal.device.identity import CurrentIdentity, mend_enrolment, read_enrolment, read_identity
from terminal.device.timekeeping import Timekeeper
from terminal.sales.arming import Arming
from terminal.standing.last_heard import HeardFile
from terminal.standing.standing import CurrentStanding
from terminal.wiring.surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceParts:
    """What every other part stands on."""

    signer: Signer
    identity: CurrentIdentity
    clock: DeviceClock
    journal: JournalPort
    tap_reads: TapReads
    list_reads: Reads
    executors: Executors
    diagnosis: SharedJob[dict[str, object]] | None
    """What the doctor finds; None: this terminal was started without one."""
    lists: SaleLists
    views: SaleViews
    screens: Screens
    standing: CurrentStanding
    heard: HeardFile
    feed: Feed
    publisher: Publisher
    alarms: Alarms
    time: Timekeeper
    arming: Arming


def make_device(given: Surroundings) -> DeviceParts:
    """Open the journal of an enrolled device. Raises NotEnrolledError, ConfigError, JournalError."""
    home, clock = given.home, given.clock
    read_enrolment(home.enrolment)  # first: before it there is no key either
    signer = FileKey.load(home.device_key)
    enrolled = read_identity(home.enrolment, signer)
    mend_enrolment(home.enrolment, signer)
    journal = given.open_journal(home.journal, load_or_create_key(home.journal_key, home.journal), clock)
    feed = Feed(first_event_id=clock.now() * 1_000)
    publisher = Publisher(feed)
    alarms = Alarms(journal, clock, publisher.changed)
    time = Timekeeper(clock, journal, alarms)
    time.restore(enrolled)
    list_reads, executors = journal.connect(), Executors()
    arming = Arming()

    def standing_changed() -> None:
        """Phones are offered nothing from this moment on; the sale that waits for one is ended by the next tick."""
        arming.allow(allowed=standing.may_sell)
        publisher.changed()

    heard = HeardFile(home.last_heard, enrolled.terminal_id)
    standing = CurrentStanding(journal, clock, alarms, standing_changed, heard)
    arming.allow(allowed=standing.may_sell)
    views = SaleViews(given.language, lambda: standing.may_sell)
    return DeviceParts(
        signer=signer,
        identity=CurrentIdentity(enrolled),
        clock=clock,
        journal=journal,
        tap_reads=journal.connect(),
        list_reads=list_reads,
        executors=executors,
        diagnosis=None if given.diagnose is None else SharedJob(executors.diagnosis, given.diagnose, DIAGNOSIS_LIMIT_S),
        lists=SaleLists(list_reads, executors.lists, views),
        views=views,
        screens=Screens(clock),
        standing=standing,
        heard=heard,
        feed=feed,
        publisher=publisher,
        alarms=alarms,
        time=time,
        arming=arming,
    )
