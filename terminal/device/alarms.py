# SPDX-License-Identifier: Apache-2.0
"""What a person must see to: kept in the journal until then, shown with the way out."""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from offline_queue.port import JournalPort
from offline_queue.retries import retry_until_recorded
from offline_queue.values import Change, ValueStored
from pengpos.client import AlarmView
from pengpos.core.effects import AlarmKind
from pengpos.core.ports import Clock
from pengpos.core.sale import Sale
from pengpos.core.times import rfc3339
from terminal.device.alarm_words import AlarmWords, about_sale
from terminal.device.recording import durable, end_tasks, report_if_broken

log = logging.getLogger(__name__)

_KIND = "alarm"
_SEEN = b""
_SEEN_KIND = "alarm_seen"
"""By alarm: the operator who has seen to it."""
SAVE_AGAIN_S = 2.0


class Alarms:
    """The alarms of this terminal: lasting ones survive a restart, the rest follow their cause. Lives on the loop."""

    def __init__(self, journal: JournalPort, clock: Clock, changed: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._changed = changed
        self._passing: dict[str, AlarmView] = {}
        stored = journal.values(_KIND)
        self._raised = frozenset(stored)
        """All that were ever raised to last, as of the start."""
        self._lasting = {key: msgspec.json.decode(body, type=AlarmView) for key, body in stored.items() if body}
        self._once: set[str] = set()
        """Of those that another place says again and again, the ones raised in this life."""
        self._unsaved: dict[str, bytes] = {}
        self._seen_by: dict[str, str] = {}
        """Of those seen to and not yet saved: the operator, where one had signed in."""
        self._on_their_way: dict[str, bool] = {}
        """Whose row leaves with its cause; true if a save has gone out behind it."""
        self._saving: asyncio.Task[None] | None = None

    @property
    def shown(self) -> list[AlarmView]:
        """All alarms, the newest first."""
        return sorted([*self._lasting.values(), *self._passing.values()], key=lambda alarm: alarm.at, reverse=True)

    def rows_of(self, kind: AlarmKind, sale: Sale) -> list[Change]:
        """What makes an alarm about a sale last, to be recorded with the row that is its cause; none if it stands so.

        Recorded after it, a crash between the two would leave a sale that is over and no alarm.
        """
        alarm = self._about(kind, sale)
        self._on_their_way[alarm.id] = False
        if self._stands_so(alarm):
            return []
        self._unsaved.pop(alarm.id, None)  # that the one before was seen to must not be saved behind this row
        return [_row(alarm.id, msgspec.json.encode(alarm))]

    def raise_alarm(self, kind: AlarmKind, sale: Sale) -> None:
        """Show an alarm about a sale, whose row is recorded; the same words again change nothing, others replace them.

        One that was seen to comes back if the sale has news: a due that was paid, or refused. Was that one
        seen to while this one's row was on its way, its empty row may lie behind it: then this one is saved again.
        """
        alarm = self._about(kind, sale)
        overtaken = self._on_their_way.pop(alarm.id, False)
        if not self._show(alarm):
            return
        self._unsaved.pop(alarm.id, None)
        if overtaken:
            self._save(alarm.id, msgspec.json.encode(alarm))

    def raise_lasting(self, alarm_id: str, kind: str, words: AlarmWords) -> None:
        """An alarm that stays, also over a restart, until a person has seen to it."""
        alarm = self._view(alarm_id, kind, words)
        if self._show(alarm):
            self._save(alarm_id, msgspec.json.encode(alarm))

    def _about(self, kind: AlarmKind, sale: Sale) -> AlarmView:
        return self._view(f"{kind}-{sale.sale_id}", kind.value, about_sale(kind, sale), str(sale.sale_id))

    def raise_once(self, kind: str, at: int, words: AlarmWords) -> None:
        """As `raise_lasting`, for what another place says again and again: each that arose `at` a time there, once."""
        mark = f"{kind}@{at}"
        if mark in self._once or mark in self._raised:
            return
        self._once.add(mark)
        self._save(mark, _SEEN)
        self.raise_lasting(kind, kind, words)

    def _view(self, alarm_id: str, kind: str, words: AlarmWords, sale_id: str | None = None) -> AlarmView:
        return alarm_view(alarm_id, kind, words, self._clock.now(), sale_id)

    def _stands_so(self, alarm: AlarmView) -> bool:
        known = self._lasting.get(alarm.id)
        return known is not None and known.text == alarm.text

    def _show(self, alarm: AlarmView) -> bool:
        if self._stands_so(alarm):
            return False
        log.log(logging.INFO if alarm.calm else logging.ERROR, "alarm %s: %s", alarm.kind, alarm.text)
        self._lasting[alarm.id] = alarm
        self._seen_by.pop(alarm.id, None)  # who saw to the one before has not seen to this one
        self._changed()
        return True

    def was_raised(self, alarm_id: str) -> bool:
        """True if it stands, or was raised in an earlier life of this terminal, and perhaps seen to."""
        return alarm_id in self._lasting or alarm_id in self._raised

    def stands(self, alarm_id: str) -> bool:
        """True until this alarm is seen to."""
        return alarm_id in self._lasting

    def seen_to(self, alarm_id: str, by: str | None = None) -> bool:
        """A person has seen to it, by id where an operator had signed in; False if there is no such alarm."""
        if self._lasting.pop(alarm_id, None) is None:
            return False
        if by is not None:
            self._seen_by[alarm_id] = by
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
            await retry_until_recorded(self._save_next, what="an alarm", every_s=SAVE_AGAIN_S)

    async def _save_next(self) -> None:
        """Save the one that has waited longest. Raises JournalTransientError."""
        if not self._unsaved:  # its cause was recorded meanwhile
            return
        alarm_id, body = next(iter(self._unsaved.items()))
        if alarm_id in self._on_their_way:
            self._on_their_way[alarm_id] = True
        rows = [_row(alarm_id, body)]
        if body is _SEEN and (by := self._seen_by.get(alarm_id)) is not None:
            rows.append(ValueStored(kind=_SEEN_KIND, key=alarm_id, body=by.encode()))
        await durable(self._journal, rows)
        if self._unsaved.get(alarm_id) is body:  # else it has been seen to meanwhile
            del self._unsaved[alarm_id]
            self._seen_by.pop(alarm_id, None)

    def show(self, kind: str, words: AlarmWords) -> None:
        """An alarm that lasts as long as its cause."""
        if kind not in self._passing or self._passing[kind].text != words.text.en:
            log.error("alarm %s: %s", kind, words.text.en)
            self._passing[kind] = self._view(kind, kind, words)
            self._changed()

    def clear(self, kind: str) -> None:
        """The cause is gone."""
        if self._passing.pop(kind, None) is not None:
            log.info("alarm %s is over", kind)
            self._changed()


def alarm_view(alarm_id: str, kind: str, words: AlarmWords, now: int, sale_id: str | None = None) -> AlarmView:
    """An alarm as the local API shows it, raised at `now`."""
    return AlarmView(
        id=alarm_id,
        kind=kind,
        at=rfc3339(now),
        text=words.text.en,
        cure=words.cure.en,
        text_in=words.text,
        cure_in=words.cure,
        sale_id=sale_id,
        calm=words.calm,
    )


def _row(alarm_id: str, body: bytes) -> Change:
    return ValueStored(kind=_KIND, key=alarm_id, body=body)
