# SPDX-License-Identifier: Apache-2.0
"""What the backend tells the terminal beside payments: policy with its issuers, denylist, and by answering, the time.

Source: backend API, "The backend's documents", `GET /terminal/config`, `GET /terminal/denylist`; tap protocol, *Clock*.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from offline_queue.port import JournalPort
from offline_queue.rows import read_boot_id
from offline_queue.values import Change, ChangeRefusedError, DocumentStored, IssuerTimeSeen, ValueStored
from terminal.core.errors import JournalError, MalformedError, SignatureError
from terminal.daemon.clock import DeviceClock
from terminal.daemon.identity import Identity
from terminal.daemon.offline import POLICY, read_document
from terminal.gateway.backend import BackendGateway, UnusableAnswerError
from terminal.gateway.messages import ConfigMessage, DenylistMessage
from terminal.wire.base64url import unb64u
from terminal.wire.cose import Context
from terminal.wire.keys import Issuers, PublicKey

log = logging.getLogger(__name__)

DENYLIST = "denylist"
CLOCK_KIND = "clock"
CONFIRMED_BOOT = "confirmed_boot"
EVERY_S = 60.0
KID_SIZE = 8


class Upkeep:
    """Keeps documents fresh and the backend informed. Lives on the loop."""

    def __init__(
        self,
        *,
        identity: Identity,
        journal: JournalPort,
        backend: BackendGateway,
        clock: DeviceClock,
        report: Callable[[], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        self._identity = identity
        self._journal = journal
        self._backend = backend
        self._clock = clock
        self._report = report
        self._changed = changed
        self._denied, self._denied_version = self._stored_denylist()
        self._trust_stored_policy()

    @property
    def identity(self) -> Identity:
        """Who we are, with the issuers of the newest policy."""
        return self._identity

    @property
    def denylist_version(self) -> int:
        """Which version of the denylist we hold."""
        return self._denied_version

    def denylisted(self, kid: bytes) -> bool:
        """True if this wallet key may not pay (tap protocol §2)."""
        return kid in self._denied

    async def run(self) -> None:
        """Everything once a minute, for ever; trouble is logged and tried again."""
        while True:
            await self.refresh()
            await asyncio.sleep(EVERY_S)

    async def refresh(self) -> None:
        """Fetch what is new and report; each part for itself, so that one refusal harms no other."""
        for part in (self.fetch_policy, self.fetch_denylist, self._report):
            try:
                await part()
            except UnusableAnswerError as error:
                log.info("%s: %s", part.__name__, error)
            except (MalformedError, SignatureError, ChangeRefusedError) as error:
                log.error("%s refused: %s", part.__name__, error)
            except JournalError as error:
                log.error("%s not stored: %s", part.__name__, error)

    # --- documents ----------------------------------------------------------------------------------------------------

    async def fetch_policy(self) -> None:
        """`GET /terminal/config`: store a newer signed policy; it may bring new issuers."""
        answer = await self._backend.fetch("GET", "/v1/terminal/config", ConfigMessage)
        raw = unb64u(answer.policy)
        document = read_document(raw, self._identity, Context.POLICY)
        stored = self._journal.document(POLICY)
        if stored is None or stored.version < document["version"]:
            await self._store(POLICY, document, raw)
            self._trust(document)
            self._changed()
        await self._confirm_clock()

    async def _confirm_clock(self) -> None:
        """The backend took a request signed at our time: no doubt until the next boot, also after a restart."""
        self._clock.confirm()
        boot = read_boot_id()
        if self._journal.value(CLOCK_KIND, CONFIRMED_BOOT) != boot:
            confirmed = ValueStored(kind=CLOCK_KIND, key=CONFIRMED_BOOT, body=boot)
            await asyncio.wrap_future(self._journal.record([confirmed]))

    async def fetch_denylist(self) -> None:
        """`GET /terminal/denylist?since=V`: apply a signed delta that starts where we are."""
        path = f"/v1/terminal/denylist?since={self._denied_version}"
        answer = await self._backend.fetch("GET", path, DenylistMessage)
        document = read_document(unb64u(answer.delta), self._identity, Context.DENYLIST)
        if document["from"] != self._denied_version:
            raise MalformedError(f"a delta from version {document['from']}, we have {self._denied_version}")
        if document["version"] == self._denied_version:
            return
        denied = (self._denied | {unb64u(kid) for kid in document["add"]}) - {unb64u(kid) for kid in document["remove"]}
        await self._store(DENYLIST, document, b"".join(sorted(denied)))
        self._denied, self._denied_version = denied, document["version"]

    async def _store(self, kind: str, document: dict[str, Any], body: bytes) -> None:
        issued_at = int(datetime.fromisoformat(document["issued_at"]).timestamp())
        changes: list[Change] = [
            DocumentStored(kind=kind, version=document["version"], body=body),
            IssuerTimeSeen(at=issued_at),
        ]
        await asyncio.wrap_future(self._journal.record(changes))
        self._clock.issuer_signed(issued_at)

    def _stored_denylist(self) -> tuple[frozenset[bytes], int]:
        stored = self._journal.document(DENYLIST)
        if stored is None:
            return frozenset(), 0
        kids = (stored.body[at : at + KID_SIZE] for at in range(0, len(stored.body), KID_SIZE))
        return frozenset(kids), stored.version

    def _trust_stored_policy(self) -> None:
        stored = self._journal.document(POLICY)
        if stored is not None:
            try:
                self._trust(read_document(stored.body, self._identity, Context.POLICY))
            except (MalformedError, SignatureError) as error:
                log.error("stored policy not usable: %s", error)

    def _trust(self, policy: dict[str, Any]) -> None:
        """New issuers come only in a policy that a present issuer signed: the caller has verified that."""
        jwks = policy.get("issuers")
        if isinstance(jwks, list) and jwks:
            self._identity = replace(self._identity, issuers=Issuers(PublicKey.from_jwk(jwk) for jwk in jwks))
