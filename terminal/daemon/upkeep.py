# SPDX-License-Identifier: Apache-2.0
"""What terminal and backend tell each other beside payments: policy, denylist, heartbeat with the journal's head.

Source: backend API, "The backend's documents", `GET /terminal/config`, `GET /terminal/denylist`, heartbeat.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from offline_queue.port import JournalPort
from offline_queue.values import Change, ChangeRefusedError, DocumentStored, Head, HeadSigned, IssuerTimeSeen
from terminal.client import Status
from terminal.core.errors import JournalError, MalformedError, SignatureError
from terminal.daemon.clock import DeviceClock
from terminal.daemon.identity import Identity
from terminal.daemon.offline import POLICY, read_document
from terminal.daemon.views import utc
from terminal.gateway.backend import BackendGateway, UnusableAnswerError
from terminal.gateway.messages import ConfigMessage, DenylistMessage, HeartbeatMessage
from terminal.wire.base64url import b64u, unb64u
from terminal.wire.cose import Context
from terminal.wire.keys import Issuers, PublicKey

log = logging.getLogger(__name__)

DENYLIST = "denylist"
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
        status: Callable[[], Status],
        changed: Callable[[], None],
    ) -> None:
        self._identity = identity
        self._journal = journal
        self._backend = backend
        self._clock = clock
        self._status = status
        self._changed = changed
        self._denied, self._denied_version = self._stored_denylist()
        self._trust_stored_policy()

    @property
    def identity(self) -> Identity:
        """Who we are, with the issuers of the newest policy."""
        return self._identity

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
        for part in (self.fetch_policy, self.fetch_denylist, self.report):
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
        self._clock.confirmed()

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

    # --- heartbeat ----------------------------------------------------------------------------------------------------

    async def report(self) -> None:
        """`POST /terminal/heartbeat`; the head comes back signed and is stored."""
        head = self._journal.head()
        signed = self._journal.document("head")
        status = self._status()
        body = {
            "software_version": status.terminal.software_version if status.terminal else None,
            "config_version": status.terminal.config_version if status.terminal else None,
            "denylist_version": self._denied_version,
            "queue": {
                "count": status.queue.count,
                "total": status.queue.total,
                "currency": status.queue.currency,
            },
            "readers": [{"name": reader.name, "state": reader.state} for reader in status.readers[:8]],
            "clock": {"now": utc(self._clock.now()), "doubtful": self._clock.doubtful_since is not None},
            "head": {"epoch": head.epoch, "sequence": head.seq, "hash": b64u(head.hash)},
            "signed_head": b64u(signed.body) if signed is not None else None,
        }
        answer = await self._backend.fetch("POST", "/v1/terminal/heartbeat", HeartbeatMessage, body)
        await self._store_head(unb64u(answer.signed_head))

    async def _store_head(self, raw: bytes) -> None:
        document = read_document(raw, self._identity, Context.HEAD)
        try:
            head = Head(epoch=document["epoch"], seq=document["sequence"], hash=unb64u(document["hash"]))
        except (KeyError, msgspec.ValidationError) as error:
            raise MalformedError(f"a signed head without {error}") from error
        await asyncio.wrap_future(self._journal.record([HeadSigned(head=head, signed=raw)]))
