# SPDX-License-Identifier: Apache-2.0
"""The parts in which sales change: open sales, commands, effects, the drainer, and what is shown by tag and QR.

Tests: tests/terminal/test_app.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from offline_queue.sync import Drainer
from pengpos.client import Home
from pengpos.core.errors import JournalError
from pengpos.core.sale import Sale, Way
from terminal.device.journal_alarm import JournalAlarm, JournalUse
from terminal.device.second_copy import SecondCopy
from terminal.device.settings import read_settings
from terminal.sales.commands import SaleCommands
from terminal.sales.effects import EffectRunner
from terminal.sales.inquiries import Inquiries, looks_put_back
from terminal.sales.intent_url import IntentUrls
from terminal.sales.limits import UsedLimits
from terminal.sales.offline import OfflinePolicy
from terminal.sales.open_dues import OpenDues
from terminal.sales.open_sales import OpenSales
from terminal.taps.tag import Tag
from terminal.taps.tag_alarms import TagAlarms
from terminal.wiring.backend import BackendParts
from terminal.wiring.device import DeviceParts
from terminal.wiring.surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleParts:
    """Sales, and the parts that bring them commands and answers."""

    journal_alarm: JournalAlarm
    tag: Tag
    open_sales: OpenSales
    policy: OfflinePolicy
    commands: SaleCommands
    drainer: Drainer
    second_copy: SecondCopy
    intent_urls: IntentUrls
    effect_runner: EffectRunner
    inquiries: Inquiries
    dues: OpenDues

    def hurry(self) -> None:
        """Try everything that waits, now."""
        self.intent_urls.hurry()
        self.effect_runner.hurry()
        self.drainer.hurry()


def make_sales(
    given: Surroundings,
    device: DeviceParts,
    backend: BackendParts,
    *,
    reader_there: Callable[[], bool],
    broken: Callable[[JournalError], None],
) -> SaleParts:
    """Make them over an open journal. `broken`: the journal failed for good; it must end the process."""
    tag = Tag(given.tag, device.clock)
    if given.tag is not None:
        given.tag.tell(TagAlarms(device.alarms).hear)
    journal_alarm = JournalAlarm(device.alarms, broken)
    open_sales = _open_sales(given, device, tag, journal_alarm)
    policy = OfflinePolicy(
        backend.policy,
        device.identity,
        device.clock,
        suspended=lambda: not backend.standing.may_sell or looks_put_back(device.alarms),
    )
    commands = _commands(device, backend, tag, open_sales, policy)
    drainer = Drainer(
        journal=device.journal,
        deliverer=backend.gateway,
        apply_all=open_sales.apply_all,
        clock=device.clock,
        link_up=lambda: backend.link.up,
        trouble=journal_alarm.of(JournalUse.QUEUE),
    )
    second_copy = _second_copy(given.home, device)
    intent_urls = IntentUrls(
        open_sales=open_sales,
        register=backend.gateway.put_intent,
        origin=lambda: device.identity().backend,
        clock=device.clock,
    )

    def stored(sale: Sale) -> None:
        """Copy a payment accepted offline to the second medium, and have it sent when there is a link."""
        second_copy.copy([sale])
        drainer.wake()

    effect_runner = EffectRunner(
        open_sales=open_sales,
        backend=backend.gateway,
        arming=device.arming,
        intent_urls=intent_urls,
        commands=commands,
        alarms=device.alarms,
        clock=device.clock,
        link_up=lambda: backend.link.up,
        reader_there=reader_there,
        stored=stored,
    )
    open_sales.attach(effect_runner)
    inquiries = Inquiries(open_sales, device.alarms, effect_runner.carry_out)
    return SaleParts(
        journal_alarm=journal_alarm,
        tag=tag,
        open_sales=open_sales,
        policy=policy,
        commands=commands,
        drainer=drainer,
        second_copy=second_copy,
        intent_urls=intent_urls,
        effect_runner=effect_runner,
        inquiries=inquiries,
        dues=OpenDues(device.journal, device.clock, inquiries.ask, journal_alarm.of(JournalUse.DUES)),
    )


def _open_sales(given: Surroundings, device: DeviceParts, tag: Tag, journal_alarm: JournalAlarm) -> OpenSales:
    def changed() -> None:
        tag.look(open_sales.current)
        device.publisher.changed()

    def moved(sale: Sale) -> None:
        device.lists.moved(sale)
        device.feed.sale_moved(str(sale.sale_id), lambda: device.views.of(sale))

    open_sales = OpenSales(
        device.journal, changed, journal_alarm.of(JournalUse.WRITES), device.alarms.rows_of, moved
    )  # `changed` is called from here on
    return open_sales


def _commands(
    device: DeviceParts, backend: BackendParts, tag: Tag, open_sales: OpenSales, policy: OfflinePolicy
) -> SaleCommands:
    def ways() -> tuple[Way, ...]:
        """All by which this terminal can reach a phone."""
        return (Way.READER, Way.TAG, Way.QR) if tag.is_there else (Way.READER, Way.QR)

    return SaleCommands(
        open_sales=open_sales,
        journal=device.journal,
        tap_reads=device.tap_reads,
        tap_executor=device.executors.tap,
        identity=device.identity,
        signer=device.signer,
        clock=device.clock,
        policy=policy,
        limits=UsedLimits(
            policy=policy,
            reads=device.list_reads,
            executor=device.executors.lists,
            clock=device.clock,
        ),
        standing=lambda: backend.standing.now,
        secrets_of=backend.confirmation_secrets.of,
        denylisted=backend.documents.denylisted,
        online=backend.follower.online,
        ways=ways,
        currency=lambda: policy.currency,
    )


def _second_copy(home: Home, device: DeviceParts) -> SecondCopy:
    return SecondCopy(read_settings(home.settings), home, device.identity(), device.alarms, device.list_reads)
