# SPDX-License-Identifier: Apache-2.0
"""What a person must see to: kept in the journal until somebody has, shown with the way out."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec

from offline_queue.port import JournalPort
from offline_queue.values import Change, ValueStored
from terminal.client import AlarmView
from terminal.core.effects import AlarmKind
from terminal.core.errors import JournalFullError
from terminal.core.money import Money
from terminal.core.ports import Clock
from terminal.core.sale import Sale
from terminal.daemon.durable import durable, end_tasks, report_if_broken
from terminal.daemon.views import utc

log = logging.getLogger(__name__)

_KIND = "alarm"
_SEEN = b""
SAVE_AGAIN_S = 2.0

_WORDS: Final[dict[AlarmKind, tuple[str, str]]] = {
    AlarmKind.DECLINED_AT_SYNC: (
        "Sale {number} was accepted offline and declined when it was sent",
        "Ask the shopper to pay again; the day's report counts it",
    ),
    AlarmKind.CODE_NOT_CONFIRMED: (
        "Sale {number} was approved by a code that the backend does not confirm",
        "Keep the slip and call the helpdesk with the number",
    ),
    AlarmKind.DELIVERY_FAILING: (
        "Sale {number} could not be delivered ten times; it is kept and tried again",
        "Check the link; the helpdesk can take the sealed export",
    ),
    AlarmKind.REFUND_FAILED: ("A refund of sale {number} failed", "Give the money back another way, or try again"),
    AlarmKind.PAID_AFTER_CANCEL: (
        "Sale {number} was paid after it had ended here",
        "Ask the helpdesk first: it may have been given back already",
    ),
}


class Alarms:
    """The alarms of this terminal: lasting ones survive a restart, the rest follow their cause. Lives on the loop."""

    def __init__(self, journal: JournalPort, clock: Clock, changed: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._changed = changed
        self._passing: dict[str, AlarmView] = {}
        self._lasting = {
            key: msgspec.json.decode(body, type=AlarmView) for key, body in journal.values(_KIND).items() if body
        }
        self._unsaved: dict[str, bytes] = {}
        self._saving: asyncio.Task[None] | None = None

    @property
    def shown(self) -> list[AlarmView]:
        """All alarms, the newest first."""
        return sorted([*self._lasting.values(), *self._passing.values()], key=lambda alarm: alarm.at, reverse=True)

    def rows_of(self, kind: AlarmKind, sale: Sale) -> list[Change]:
        """What makes an alarm about a sale last, to be recorded with the row that is its cause; none if it stands.

        Recorded after it, a crash between the two would leave a sale that is over and nobody told.
        """
        alarm = self._about(kind, sale)
        return [] if alarm.id in self._lasting else [_row(alarm.id, msgspec.json.encode(alarm))]

    def raise_alarm(self, kind: AlarmKind, sale: Sale) -> None:
        """Show an alarm about a sale, whose row is recorded; the same one again changes nothing."""
        self._show(self._about(kind, sale))

    def raise_lasting(self, alarm_id: str, kind: str, text: str, cure: str) -> None:
        """An alarm that stays, also over a restart, until a person has seen to it."""
        alarm = AlarmView(id=alarm_id, kind=kind, at=utc(self._clock.now()), text=text, cure=cure)
        if self._show(alarm):
            self._save(alarm_id, msgspec.json.encode(alarm))

    def _about(self, kind: AlarmKind, sale: Sale) -> AlarmView:
        text, cure = _WORDS[kind]
        return AlarmView(
            id=f"{kind}-{sale.sale_id}",
            kind=kind.value,
            at=utc(self._clock.now()),
            text=text.format(number=sale.number) + _who_bears(sale),
            cure=cure,
            sale_id=str(sale.sale_id),
        )

    def _show(self, alarm: AlarmView) -> bool:
        if alarm.id in self._lasting:
            return False
        log.error("alarm %s: %s", alarm.kind, alarm.text)
        self._lasting[alarm.id] = alarm
        self._changed()
        return True

    def stands(self, alarm_id: str) -> bool:
        """True while nobody has seen to this alarm."""
        return alarm_id in self._lasting

    def seen_to(self, alarm_id: str) -> bool:
        """A person has seen to it; False if there is no such alarm."""
        if self._lasting.pop(alarm_id, None) is None:
            return False
        self._save(alarm_id, _SEEN)
        self._changed()
        return True

    async def close(self) -> None:
        """Stop trying to save; what is unsaved is raised again by its cause, or seen to again."""
        if self._saving is not None:
            await end_tasks([self._saving])

    def _save(self, alarm_id: str, body: bytes) -> None:
        self._unsaved[alarm_id] = body
        if self._saving is None or self._saving.done():
            self._saving = asyncio.get_running_loop().create_task(self._save_all(), name="saving alarms")
            self._saving.add_done_callback(report_if_broken)

    async def _save_all(self) -> None:
        """An alarm outlives a full card: it is kept here, and saved once the journal takes rows again."""
        while self._unsaved:
            alarm_id, body = next(iter(self._unsaved.items()))
            try:
                await durable(self._journal, [_row(alarm_id, body)])
            except JournalFullError:
                await asyncio.sleep(SAVE_AGAIN_S)
                continue
            if self._unsaved[alarm_id] is body:  # else it has been seen to meanwhile
                del self._unsaved[alarm_id]

    def show(self, kind: str, text: str, cure: str) -> None:
        """An alarm that lasts as long as its cause."""
        if kind not in self._passing or self._passing[kind].text != text:
            log.error("alarm %s: %s", kind, text)
            self._passing[kind] = AlarmView(id=kind, kind=kind, at=utc(self._clock.now()), text=text, cure=cure)
            self._changed()

    def clear(self, kind: str) -> None:
        """The cause is gone."""
        if self._passing.pop(kind, None) is not None:
            log.info("alarm %s is over", kind)
            self._changed()


def _who_bears(sale: Sale) -> str:
    """Who bears a payment declined at sync, as far as the backend said."""
    refusal = sale.refusal
    if refusal is None or refusal.borne_by is None:
        return ""
    if refusal.borne_by == "platform":
        return f"; the platform bears it and owes you {Money(refusal.guaranteed_minor, sale.amount.currency)}"
    return "; you bear it"


def _row(alarm_id: str, body: bytes) -> ValueStored:
    return ValueStored(kind=_KIND, key=alarm_id, body=body)
