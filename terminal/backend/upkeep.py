# SPDX-License-Identifier: Apache-2.0
"""What the backend tells the terminal beside payments: policy with its issuers, denylist, and by answering, the time.

Source: backend API, "The backend's documents", `GET /terminal/config`, `GET /terminal/denylist`; tap protocol, *Clock*.

Tests: tests/terminal/backend/test_upkeep.py, tests/journeys/test_caretaking.py, tests/journeys/test_false_wallets.py.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from offline_queue.port import JournalPort
from offline_queue.values import Change, ChangeRefusedError, DocumentStored, IssuerTimeSeen, ValueStored
from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import DenylistContent
from pengpos.core.errors import JournalTransientError, MalformedError, SignatureError
from pengpos.core.times import parse_rfc3339
from pengpos.keys.last_heard import LastHeard
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context
from pengpos.wire.encoding.keys import Issuers, PublicKey
from terminal.backend.denylist import Denylist
from terminal.backend.gateway import DENYLIST_SIZE_MOST, BackendGateway
from terminal.backend.stored_denylist import StoredDenylist
from terminal.device.clock import DeviceClock
from terminal.device.identity import CurrentIdentity
from terminal.device.recording import durable, set_within
from terminal.device.timekeeping import Timekeeper
from terminal.sales.offline import POLICY, NewestPolicy, read_document
from terminal.standing.last_heard import HeardFile
from terminal.standing.standing import CurrentStanding, stops
from terminal.standing.told_alarms import ToldAlarms

log = logging.getLogger(__name__)

EVERY_S = 60.0
HINTS_APART_S = 3.0
_ISSUERS = "issuers"
_OF_THE_POLICY = "under whom the stored policy was signed"

Part = tuple[str, Callable[[], Awaitable[None]]]


class Upkeep:
    """One part after the other, once a minute and when woken; each for itself, so that one refusal harms no other."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._woken = asyncio.Event()
        self._unanswered = False
        self._hinted_s = -HINTS_APART_S
        self._later: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """There is something new."""
        self._woken.set()

    def hint(self) -> None:
        """The backend says so, or who stands between: now, or `HINTS_APART_S` after the last round for a hint."""
        loop = asyncio.get_running_loop()
        if self._later is not None:
            return
        wait_s = max(0.0, self._hinted_s + HINTS_APART_S - loop.time())
        self._hinted_s = loop.time() + wait_s
        if wait_s == 0.0:
            self._woken.set()
        else:
            self._later = loop.call_later(wait_s, self._hinted_before)

    def _hinted_before(self) -> None:
        self._later = None
        self._woken.set()

    def link_is_back(self) -> None:
        """Ask again what got no answer; what is being asked just now, and brought the link back, need not be."""
        if self._unanswered:
            self._woken.set()

    async def run(self) -> None:
        """For ever; trouble is logged and tried again."""
        while True:
            self._woken.clear()
            await self.refresh()
            await set_within(self._woken, EVERY_S)

    async def refresh(self) -> None:
        """Every part once."""
        self._unanswered = False
        for name, part in self._parts:
            try:
                await part()
            except UnusableAnswerError as error:
                self._unanswered = True
                log.info("%s: %s", name, error)
            except (MalformedError, SignatureError, ChangeRefusedError) as error:
                log.error("%s refused: %s", name, error)
            except JournalTransientError as error:
                log.error("%s not stored: %s", name, error)


class Documents:
    """The newest policy and denylist that an issuer signed for us. Lives on the loop."""

    def __init__(
        self,
        *,
        identity: CurrentIdentity,
        journal: JournalPort,
        backend: BackendGateway,
        clock: DeviceClock,
        time: Timekeeper,
        policy: NewestPolicy,
        standing: CurrentStanding,
        heard: HeardFile,
        alarms: ToldAlarms,
        changed: Callable[[], None],
    ) -> None:
        """Reads what the journal holds of them: made before anything waits for the loop."""
        self._identity = identity
        self._journal = journal
        self._backend = backend
        self._clock = clock
        self._time = time
        self._policy = policy
        self._standing = standing
        self._heard = heard
        self._alarms = alarms
        self._changed = changed
        self._denylist = StoredDenylist(journal)
        self._policy_version = self._take_stored_policy()
        standing.policy_says(policy.document)

    @property
    def denylist_version(self) -> int:
        """Which version of the denylist we hold."""
        return self._denylist.now.version

    def denylisted(self, kid: bytes) -> bool:
        """True if this wallet key may not pay (tap protocol §2)."""
        return self._denylist.now.holds(kid)

    async def fetch_policy(self) -> None:
        """`GET /terminal/config`: store a newer signed policy; it may bring new issuers.

        A newer one is an issuer's word by itself. One that we have is news only as the answer to this question: that it
        is the newest still.
        """
        answer, ours = await self._backend.fetch_policy()
        raw = unb64u(answer.policy)
        document = read_document(raw, self._identity(), Context.POLICY)
        issuers = _issuers_in(document)
        if self._policy_version is None or self._policy_version < document["version"]:
            signed_under = self._identity().issuers
            if stops(document):  # is obeyed also where the journal cannot take it
                self._standing.policy_says(document)
            await self._store(
                POLICY, document, raw, ValueStored(kind=_ISSUERS, key=_OF_THE_POLICY, body=_written(signed_under))
            )
            await self._heard.keep(**_beside(raw, signed_under))
            self._policy_version, ours = document["version"], True
            self._policy.take(raw)  # while who signed it is an issuer still
            if issuers is not None:
                self._identity.trust(issuers)
            self._changed()
        if ours and document["version"] == self._policy_version:  # not an older one, put in its place on the way
            self._standing.policy_says(document, answered=True)  # also where its risk cannot be read
            self._alarms.policy_says(document)
        if not self._policy.signs_endings:  # a backend of page 1.1 has no better word; this one may be an old answer
            await self._time.confirm()

    async def keep_beside(self) -> None:
        """At a start: put what the journal holds beside the enrolment too, where a crash kept it off."""
        raw = await asyncio.to_thread(self._stored_policy)
        if raw is not None:
            await self._heard.keep(**_beside(*raw))
            await self._standing.keep_beside()

    def _stored_policy(self) -> tuple[bytes, Issuers] | None:
        """The policy in the journal and under whom it was signed; None where it has none."""
        stored = self._journal.document(POLICY)
        kept = self._journal.value(_ISSUERS, _OF_THE_POLICY)
        return None if stored is None or not kept else (stored.body, _read(kept))

    async def fetch_denylist(self) -> None:
        """`GET /terminal/denylist?since=V`: apply a signed delta that starts where we are."""
        answer = await self._backend.fetch_denylist(self._denylist.now.version)
        news = await asyncio.to_thread(self._next_denylist, unb64u(answer.delta))
        if news is None:
            return
        denylist, change, issued_at = news
        await durable(self._journal, [change, IssuerTimeSeen(at=issued_at)])
        self._denylist.keep(denylist, change)
        self._clock.issuer_signed(issued_at)

    def _next_denylist(self, raw: bytes) -> tuple[Denylist, Change, int] | None:
        """Verify, read and apply a delta, off the loop: it may hold a million keys. None: nothing new."""
        document = read_document(raw, self._identity(), Context.DENYLIST, size_most=DENYLIST_SIZE_MOST)
        try:
            delta = msgspec.convert(document, DenylistContent)
        except msgspec.ValidationError as error:
            raise MalformedError(f"denylist: {error}") from error
        here = self._denylist.now.version
        if delta.since != here:
            raise MalformedError(f"a delta from version {delta.since}, we have {here}")
        if delta.version == here:
            return None
        add, remove = ([unb64u(kid) for kid in kids] for kids in (delta.add, delta.remove))
        denylist, change = self._denylist.next(delta.version, add=add, remove=remove)
        return denylist, change, _issued_at(document)

    async def _store(self, kind: str, document: dict[str, Any], body: bytes, *beside: Change) -> None:
        issued_at = _issued_at(document)
        changes: list[Change] = [
            DocumentStored(kind=kind, version=document["version"], body=body),
            IssuerTimeSeen(at=issued_at),
            *beside,
        ]
        await durable(self._journal, changes)
        self._clock.issuer_signed(issued_at)

    def _take_stored_policy(self) -> int | None:
        """Trust the issuers of the stored policy, then take it, or the enrolment's; the version that is stored."""
        stored = self._journal.document(POLICY)
        if stored is None:
            take_policy_beside(self._policy, self._identity, self._heard.found)
            return None
        kept = self._journal.value(_ISSUERS, _OF_THE_POLICY)
        if kept:  # after two rotations those of the enrolment have not signed it
            self._identity.trust(_read(kept))
        _take(self._policy, self._identity, stored.body)
        return stored.version


def take_policy_beside(policy: NewestPolicy, identity: CurrentIdentity, found: LastHeard | None) -> None:
    """Without a journal's: what stands beside the enrolment, else what the enrolment brought, until the next."""
    if found is None or found.policy is None:
        policy.take(identity().policy)
        return
    try:
        raw, issuers = unb64u(found.policy), Issuers(PublicKey.from_jwk(jwk) for jwk in found.issuers)
    except (KeyError, ValueError, MalformedError) as error:
        log.error("policy beside the enrolment not usable: %s", error)
        policy.take(None)
        return
    identity.trust(issuers)
    _take(policy, identity, raw)


def take_if_newer(policy: NewestPolicy, identity: CurrentIdentity, raw: bytes) -> None:
    """As `Documents.fetch_policy`, where none can be stored. Raises MalformedError, SignatureError."""
    version = read_document(raw, identity(), Context.POLICY)["version"]
    if policy.document is None or policy.document["version"] < version:
        _take(policy, identity, raw)


def _take(policy: NewestPolicy, identity: CurrentIdentity, raw: bytes) -> None:
    policy.take(raw)
    try:
        issuers = _issuers_in(read_document(raw, identity(), Context.POLICY))
    except (MalformedError, SignatureError) as error:
        log.error("stored policy not usable: %s", error)
    else:
        if issuers is not None:
            identity.trust(issuers)


def _issuers_in(policy: dict[str, Any]) -> Issuers | None:
    """New issuers come only in a policy that a present issuer signed: the caller has verified that."""
    jwks = policy.get("issuers")
    if not isinstance(jwks, list) or not jwks:
        return None
    return Issuers(PublicKey.from_jwk(jwk) for jwk in jwks)


def _written(issuers: Issuers) -> bytes:
    return msgspec.json.encode([key.to_jwk() for key in issuers])


def _beside(raw: bytes, signed_under: Issuers) -> dict[str, Any]:
    """As `LastHeard` has it."""
    return {"policy": b64u(raw), "issuers": [key.to_jwk() for key in signed_under]}


def _read(written: bytes) -> Issuers:
    return Issuers(PublicKey.from_jwk(jwk) for jwk in msgspec.json.decode(written, type=list[dict[str, str]]))


def _issued_at(document: dict[str, Any]) -> int:
    return parse_rfc3339(document["issued_at"])
