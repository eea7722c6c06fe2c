# SPDX-License-Identifier: Apache-2.0
"""Tells the backend how the terminal is, and has the journal's head signed: what makes a rolled-back card show.

Source: backend API, `POST /terminal/heartbeat`. If the backend knows a higher head than the last one we hold signed,
either its answer was lost (the journal holds that row: keep it, ask again), or this card was restored from an old
copy: then a new epoch is drawn, every sale that is not over is asked about, and nothing is accepted offline until a
manager has seen to the alarm. The backend holds the new epoch until a person there has said that it is this
terminal's; meanwhile all else goes on.

Tests: tests/journeys/test_caretaking.py, tests/journeys/test_copied_card.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from offline_queue.port import JournalPort
from offline_queue.records.rows import draw_epoch
from offline_queue.values import EpochDrawn, Head, HeadSigned, ValueStored
from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import HeadContent
from pengpos.client import Status
from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context
from terminal.backend.gateway import BackendGateway
from terminal.device.clock import DeviceClock
from terminal.device.identity import Identity
from terminal.device.recording import durable
from terminal.sales.offline import read_document
from terminal.standing.orders import Orders

log = logging.getLogger(__name__)

READERS_MOST = 8
_KIND = "head_of_the_backend"
_HIGHEST = "highest"
_GONE = b""


class Heartbeat:
    """One report after the other. Lives on the loop; `restored` is called when this journal turns out to be old."""

    def __init__(
        self,
        *,
        identity: Callable[[], Identity],
        journal: JournalPort,
        backend: BackendGateway,
        clock: DeviceClock,
        status: Callable[[], Awaitable[Status]],
        denylist_version: Callable[[], int],
        restored: Callable[[], None],
        orders: Orders,
        time_confirmed: Callable[[int], Awaitable[None]],
    ) -> None:
        """`time_confirmed`: the backend has taken our request, and signed its own time over it."""
        self._identity = identity
        self._journal = journal
        self._backend = backend
        self._clock = clock
        self._status = status
        self._denylist_version = denylist_version
        self._restored = restored
        self._orders = orders
        self._time_confirmed = time_confirmed

    async def report(self) -> None:
        """Send one heartbeat and store the signed head. Raises UnusableAnswerError, MalformedError, SignatureError."""
        try:
            await self._send()
        except UnusableAnswerError as error:
            if error.problem is None or error.problem.code != "head_behind" or error.problem.signed_head is None:
                raise
            await self._behind(unb64u(error.problem.signed_head))
            await self._send()

    async def _send(self) -> None:
        status = await self._status()
        head, signed = await asyncio.to_thread(self._heads)
        said = self._orders.said
        body = self._body(status, head, signed) | said
        try:
            answer, backends_time = await self._backend.heartbeat(body)
        except UnusableAnswerError as held:
            if held.backends_time is not None:
                await self._time_confirmed(held.backends_time)
            raise
        self._orders.was_sent(said)
        raw = unb64u(answer.signed_head)
        if self._head_in(raw) != head:  # signed all right, but for another report
            raise MalformedError("the signed head is not the one reported")
        if raw != signed:
            await self._store(head, raw)
        if backends_time is not None:
            await self._time_confirmed(backends_time)

    def _heads(self) -> tuple[Head, bytes | None]:
        """The head to report, and the highest that the backend signed. Reads the journal: not on the loop.

        Reported is the newest row; the one last signed if nothing but that signature has been recorded since. So an
        idle terminal's journal does not grow by a row a minute.
        """
        highest = self._journal.value(_KIND, _HIGHEST)
        head = self._journal.head()
        document = self._journal.document("head")
        signed = highest or (document.body if document is not None else None)
        if document is None or document.version != head.seq - 1:
            return head, signed
        try:
            return self._head_in(document.body), signed
        except SignatureError:  # by an issuer that is none any more: have the newest row signed by a present one
            return head, signed

    def _body(self, status: Status, head: Head, signed: bytes | None) -> dict[str, Any]:
        return {
            "software_version": status.terminal.software_version if status.terminal else None,
            "config_version": status.terminal.config_version if status.terminal else None,
            "denylist_version": self._denylist_version(),
            "queue": {"count": status.queue.count, "total": status.queue.total, "currency": status.queue.currency},
            "readers": [{"name": reader.name, "state": reader.state} for reader in status.readers[:READERS_MOST]],
            "clock": {"now": rfc3339(self._clock.now()), "doubtful": self._clock.doubtful_for_s is not None},
            "standing": status.terminal.standing if status.terminal else None,
            "head": {"epoch": head.epoch, "sequence": head.seq, "hash": b64u(head.hash)},
            "signed_head": b64u(signed) if signed else None,
        }

    def _head_in(self, raw: bytes) -> Head:
        document = read_document(raw, self._identity(), Context.HEAD)
        try:
            head = msgspec.convert(document, HeadContent)
        except msgspec.ValidationError as error:
            raise MalformedError(f"signed head: {error}") from error
        return Head(epoch=head.epoch, seq=head.sequence, hash=unb64u(head.hash))

    async def _store(self, head: Head, raw: bytes) -> None:
        forget = ValueStored(kind=_KIND, key=_HIGHEST, body=_GONE)
        changes = [HeadSigned(head=head, signed=raw)]
        known = await asyncio.to_thread(self._journal.value, _KIND, _HIGHEST)
        await durable(self._journal, [*changes, forget] if known else changes)

    async def _behind(self, raw: bytes) -> None:
        head = self._head_in(raw)
        if await asyncio.to_thread(self._journal.holds, head):
            await self._store(head, raw)
            return
        log.critical("the backend knows row %d of this journal and we do not: restored from an old copy", head.seq)
        self._restored()  # first: a power cut in between finds this journal as old as it was
        own = await asyncio.to_thread(self._journal.head)
        used = self._journal.next_counter().counter - 1 + max(0, head.seq - own.seq)  # a row begins one sale at most
        await durable(
            self._journal,
            [
                EpochDrawn(epoch=draw_epoch(), why="the backend knows a later head", counter=used),
                ValueStored(kind=_KIND, key=_HIGHEST, body=raw),
            ],
        )
