# SPDX-License-Identifier: Apache-2.0
"""What the operator wants done: restart, and say what the doctor finds. Each stands in the policy with its time.

Source: backend API, *Standing*. An order is done once: its time is in the journal before it is begun. A restart waits
until no sale is at the counter, and comes at most every ten minutes, whoever orders it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from offline_queue.port import JournalPort
from offline_queue.values import ValueStored
from pengpos.core.errors import JournalTransientError
from pengpos.core.ports import Clock
from pengpos.core.times import parse_rfc3339, rfc3339
from terminal.device.recording import durable, end_tasks, report_if_broken

log = logging.getLogger(__name__)

RESTART_GAP_S = 600
_KIND = "order_done"
_LAST_RESTART = "last_restart"
_FINDINGS_MOST, _SENTENCE_MOST = 40, 400
_HANGS = {
    "name": "Doctor",
    "light": "red",
    "says": "it is not done in time: some part of this device hangs",
    "cure": "Start the device anew",
}

Diagnosis = dict[str, object]


class Order(StrEnum):
    """What can be ordered: the name under which it is acknowledged."""

    RESTART = "restart"
    DIAGNOSE = "diagnose"


class Orders:
    """Carries out what the newest policy orders. Lives on the loop."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        *,
        document: Callable[[], dict[str, Any] | None],
        idle: Callable[[], bool],
        restart: Callable[[], None],
        diagnose: Callable[[], Awaitable[Diagnosis]] | None,
        found: Callable[[], None],
    ) -> None:
        """`idle`: no sale is at the counter. `restart` ends the terminal, to be begun anew. `found`: have it sent."""
        self._journal = journal
        self._clock = clock
        self._document = document
        self._idle = idle
        self._restart = restart
        self._diagnose = diagnose
        self._found = found
        self._done = {order: _text(journal.value(_KIND, order.value)) for order in Order}
        last = _text(journal.value(_KIND, _LAST_RESTART))
        self._last_restart = int(last) if last is not None else None
        self._diagnosis: Diagnosis | None = None
        self._working: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Begin what is ordered and not done; returns at once. Called now and then."""
        if self._working is not None and not self._working.done():
            return
        order = next((order for order in Order if self._is_due(order)), None)
        if order is not None:
            self._working = asyncio.get_running_loop().create_task(self._carry_out(order), name=f"order {order}")
            self._working.add_done_callback(report_if_broken)

    @property
    def said(self) -> dict[str, Any]:
        """What the next heartbeat says of them."""
        done = {order.value: at for order, at in self._done.items() if at is not None}
        return {"orders_done": done or None, "diagnosis": self._diagnosis}

    def was_sent(self, said: dict[str, Any]) -> None:
        """A heartbeat with this has arrived."""
        if said.get("diagnosis") is self._diagnosis:
            self._diagnosis = None

    async def close(self) -> None:
        """Stop; an order that is begun counts as done."""
        if self._working is not None:
            await end_tasks([self._working])

    def _asked_at(self, order: Order) -> str | None:
        asked = (self._document() or {}).get(f"{order}_asked_at")
        return asked if isinstance(asked, str) else None

    def _is_due(self, order: Order) -> bool:
        asked = self._asked_at(order)
        if asked is None or asked == self._done[order] or not _is_newer(asked, self._done[order]):
            return False
        match order:
            case Order.RESTART:
                soon = self._last_restart is not None and abs(self._clock.now() - self._last_restart) < RESTART_GAP_S
                return self._idle() and not soon
            case Order.DIAGNOSE:
                return self._diagnose is not None

    async def _carry_out(self, order: Order) -> None:
        asked = self._asked_at(order)
        assert asked is not None  # it was due just now
        rows = [ValueStored(kind=_KIND, key=order.value, body=asked.encode())]
        now = self._clock.now()
        if order is Order.RESTART:
            rows.append(ValueStored(kind=_KIND, key=_LAST_RESTART, body=str(now).encode()))
        try:
            await durable(self._journal, rows)
        except JournalTransientError as error:
            log.error("order %s waits for the journal: %s", order, error)
            return
        self._done[order] = asked
        log.warning("%s, as the operator ordered at %s", order, asked)
        if order is Order.RESTART:
            self._last_restart = now
            self._restart()
        elif self._diagnose is not None:
            try:
                self._diagnosis = _short(await self._diagnose())
            except TimeoutError:
                self._diagnosis = {"at": rfc3339(now), "healthy": False, "findings": [_HANGS]}
            except JournalTransientError as error:  # others wait for it
                self._diagnosis = None
                log.error("order %s: %s", order, error)
            self._found()


def _is_newer(asked: str, done: str | None) -> bool:
    """Whether an order is of a later time than the one done; a stored word that is no time counts as none done."""
    asked_at = _time(asked)
    if asked_at is None:
        log.error("an order at %r, which is no time", asked[:40])
        return False
    done_at = None if done is None else _time(done)
    return done_at is None or asked_at > done_at


def _time(text: str) -> int | None:
    try:
        return parse_rfc3339(text)
    except ValueError:
        return None


def _text(body: bytes | None) -> str | None:
    return body.decode() if body else None


def _short(diagnosis: Diagnosis) -> Diagnosis:
    """What `GET /v1/diagnosis` answers, cut to what a heartbeat takes; no path of this machine leaves it."""
    found = diagnosis.get("findings")
    findings = [_finding(one) for one in found[:_FINDINGS_MOST]] if isinstance(found, list) else []
    return {"at": diagnosis.get("at"), "healthy": diagnosis.get("healthy"), "findings": findings}


def _finding(found: dict[str, Any]) -> dict[str, Any]:
    said = {name: found.get(name) for name in ("name", "light", "says", "cure")}
    return {name: None if value is None else str(value)[:_SENTENCE_MOST] for name, value in said.items()}
