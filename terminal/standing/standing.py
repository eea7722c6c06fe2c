# SPDX-License-Identifier: Apache-2.0
"""Whether this terminal may sell: what the newest signed policy says of it, or a call that was answered `403 revoked`.

Source: backend API, *Standing*. It is kept in the journal, so that a restart without a line changes nothing, and so
that it can be read there since when which standing was obeyed; and beside the enrolment, for a journal set aside. It
does not end with the policy's `not_after`. Where neither knows a policy, it must not sell until the backend answers.

Tests: tests/journeys/test_standing.py
"""

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any

import msgspec

from offline_queue.port import JournalPort, Reads
from offline_queue.retries import retry_until_recorded
from offline_queue.values import ValueStored
from pengpos.core.ports import Clock
from pengpos.core.times import parse_rfc3339
from pengpos.keys.last_heard import LastHeard
from terminal.device.alarm_words import must_not_sell, unheard
from terminal.device.alarms import Alarms
from terminal.device.recording import durable, end_tasks, report_if_broken
from terminal.standing.last_heard import HeardFile

log = logging.getLogger(__name__)

SAVE_AGAIN_S = 2.0
UNHEARD = "terminal_unheard"
"""The kind of the alarm where nothing is known of what the backend said last."""
_KIND, _KEY = "standing", "obeyed"


class Standing(StrEnum):
    """Whether the terminal may sell, in the words of the policy and of the local API."""

    ACTIVE = "active"
    LOCKED = "locked"
    REVOKED = "revoked"


class Obeyed(msgspec.Struct, frozen=True, kw_only=True):
    """The standing that is obeyed, as the journal keeps it."""

    standing: Standing = Standing.ACTIVE
    since: int | None = None
    """Unix seconds, as the policy says it, else when it was heard; None where it may sell."""
    by_refusal: bool = False
    """Not signed: a call was answered `403 revoked`, or only the file beside the enrolment says so. It counts until
    the backend answers with a policy."""
    unheard: bool = False
    """Nothing is known of what the backend said last. It counts until the backend answers with a policy."""


class CurrentStanding:
    """The standing in force. Changed on the loop, read in any thread."""

    def __init__(
        self, journal: JournalPort, clock: Clock, alarms: Alarms, changed: Callable[[], None], heard: HeardFile
    ) -> None:
        self._journal = journal
        self._heard = heard
        self._clock = clock
        self._alarms = alarms
        self._changed = changed
        self._saving: asyncio.Task[None] | None = None
        self._saved = kept(journal)
        self._obeyed = at_start(journal, heard.found)
        self._show()

    @property
    def now(self) -> Standing:
        """What is obeyed now."""
        return self._obeyed.standing

    @property
    def since(self) -> int | None:
        """Since when it may not sell, Unix seconds; None where it may."""
        return self._obeyed.since

    @property
    def may_sell(self) -> bool:
        """True where nothing keeps it from selling."""
        return self._obeyed.standing is Standing.ACTIVE

    def policy_says(self, document: dict[str, Any] | None, *, answered: bool = False) -> None:
        """Obey the newest signed policy; `answered`: the backend has just given it, or said that there is no newer."""
        if document is None:
            return
        signed = _signed(document)
        unsigned = self._obeyed.by_refusal or self._obeyed.unheard
        if unsigned and not answered and signed.standing is not Standing.REVOKED:
            return
        self._obey(signed)

    def refused_as_revoked(self) -> None:
        """A call was answered `403 revoked`. Nobody signed it, so it can only stop the selling, never allow it."""
        if self._obeyed.standing is not Standing.REVOKED:
            self._obey(Obeyed(standing=Standing.REVOKED, since=self._clock.now(), by_refusal=True))

    async def close(self) -> None:
        """Stop trying to save: what is not saved is heard again."""
        if self._saving is not None:
            await end_tasks([self._saving])

    def _obey(self, wanted: Obeyed) -> None:
        if wanted == self._obeyed:
            return
        log.warning("standing: %s, it was %s", wanted.standing, self._obeyed.standing)
        self._obeyed = wanted
        self._show()
        self._changed()
        if self._saving is None or self._saving.done():
            self._saving = asyncio.get_running_loop().create_task(self._save(), name="saving the standing")
            self._saving.add_done_callback(report_if_broken)

    def _show(self) -> None:
        obeyed = self._obeyed
        kind = None if obeyed.standing is Standing.ACTIVE else alarm_kind(obeyed.standing)
        if obeyed.unheard:
            kind = UNHEARD
        for other in {UNHEARD, alarm_kind(Standing.LOCKED), alarm_kind(Standing.REVOKED)} - {kind}:
            self._alarms.clear(other)
        if kind is not None:
            words = unheard() if obeyed.unheard else must_not_sell(revoked=obeyed.standing is Standing.REVOKED)
            self._alarms.show(kind, words)

    async def _save(self) -> None:
        """Beside the enrolment first: a journal on a full card may take it only after this process has ended."""
        while self._saved != self._obeyed:
            obeyed = self._obeyed
            await self.keep_beside(obeyed)
            row = ValueStored(kind=_KIND, key=_KEY, body=msgspec.json.encode(obeyed))
            attempt = partial(durable, self._journal, [row])
            await retry_until_recorded(attempt, what="the standing", every_s=SAVE_AGAIN_S)
            self._saved = obeyed

    async def keep_beside(self, obeyed: Obeyed | None = None) -> None:
        """Write what is obeyed beside the enrolment too, unless it stands there. Not while nothing is known."""
        obeyed = obeyed or self._obeyed
        if not obeyed.unheard:
            beside = {"standing": obeyed.standing.value, "since": obeyed.since, "by_refusal": obeyed.by_refusal}
            await self._heard.keep(**beside)


def kept(journal: Reads) -> Obeyed:
    """What the journal says was obeyed last."""
    body = journal.value(_KIND, _KEY)
    return msgspec.json.decode(body, type=Obeyed) if body else Obeyed()


def at_start(journal: Reads, heard: LastHeard | None) -> Obeyed:
    """What is obeyed until a policy is read: where journal and file differ, what stops it. Both gone: that stops it."""
    kept_here = kept(journal)
    if heard is None and journal.document("policy") is None:
        return Obeyed(standing=Standing.LOCKED, unheard=True)
    if heard is None or kept_here.standing is not Standing.ACTIVE:
        return kept_here
    standing = _standing(heard.standing)
    is_stopped = standing is not Standing.ACTIVE  # the journal's policy may be older: on a full card it took no newer
    return Obeyed(standing=standing, since=heard.since, by_refusal=is_stopped)


def alarm_kind(standing: Standing) -> str:
    """The kind of the alarm that stands while the terminal must not sell, and the code that its commands answer."""
    return f"terminal_{standing}"


def stops(document: dict[str, Any]) -> bool:
    """Whether this policy says that the terminal must not sell."""
    return _standing(document.get("standing", Standing.ACTIVE.value)) is not Standing.ACTIVE


def _standing(word: object) -> Standing:
    return Standing(str(word)) if word in Standing.__members__.values() else Standing.LOCKED


def _signed(document: dict[str, Any]) -> Obeyed:
    """What a policy says; a word that we do not know means that it must not sell."""
    standing = _standing(document.get("standing", Standing.ACTIVE.value))
    if standing is Standing.ACTIVE:
        return Obeyed()
    try:
        since = parse_rfc3339(str(document["standing_since"]))
    except (KeyError, ValueError):
        since = parse_rfc3339(document["issued_at"])  # it was read when the document was verified
    return Obeyed(standing=standing, since=since)
