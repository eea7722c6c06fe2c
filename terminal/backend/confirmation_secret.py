# SPDX-License-Identifier: Apache-2.0
"""The secrets that a confirmation code may be reckoned with: the newest, and the one before it for what began earlier.

Source: backend API, *The confirmation secret*. The backend shows codes of the new one from when it has been told that
it is stored here. So the old one is good for intents that were signed before that was answered, and for no others: who
read it once has nothing of it any more.

Tests: tests/journeys/test_confirmation_secret.py
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from offline_queue.port import JournalPort
from offline_queue.values import IssuerTimeSeen, ValueStored
from pengpos.backend_api.messages import SecretMessage
from pengpos.core.errors import MalformedError
from pengpos.core.ports import Clock
from pengpos.core.sale import Intent
from pengpos.core.times import parse_rfc3339
from pengpos.wire.confirmation_code import SECRET_SIZE
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context
from terminal.backend.gateway import BackendGateway
from terminal.device.identity import Identity
from terminal.device.recording import durable
from terminal.sales.offline import read_document
from terminal.standing.last_heard import HeardFile

log = logging.getLogger(__name__)

ASK_EVERY_S: Final = 600
_KIND: Final = "confirmation_secret"
_UNTOLD: Final = 2**63 - 1
_SIZE: Final = 16 + 2 * SECRET_SIZE


@dataclass(frozen=True, slots=True)
class _Stored:
    """`told_at`: when the backend answered that it knows of `newest`; intents signed before it may have the other."""

    version: int
    told_at: int
    newest: bytes
    before: bytes

    def encode(self) -> bytes:
        return self.version.to_bytes(8, "big") + self.told_at.to_bytes(8, "big") + self.newest + self.before

    @classmethod
    def decode(cls, body: bytes) -> "_Stored":
        newest, before = body[16 : 16 + SECRET_SIZE], body[16 + SECRET_SIZE :]
        return cls(int.from_bytes(body[:8], "big"), int.from_bytes(body[8:16], "big"), newest, before)


class ConfirmationSecrets:
    """What codes are held against. Lives on the loop; made before anything waits for it: it reads the journal."""

    def __init__(
        self,
        *,
        identity: Callable[[], Identity],
        journal: JournalPort,
        backend: BackendGateway,
        clock: Clock,
        heard: HeardFile,
    ) -> None:
        self._identity = identity
        self._journal = journal
        self._backend = backend
        self._clock = clock
        self._heard = heard
        self._asked_at: int | None = clock.now()  # what has just started has more urgent things to ask
        enrolled = identity().confirmation_secret
        body = journal.value(_KIND, identity().terminal_id)
        if body is None:
            body = self._beside()
        self._stored = _Stored(0, 0, enrolled, enrolled) if body is None else _Stored.decode(body)

    def _beside(self) -> bytes | None:
        """For a journal that is new: what stands beside the enrolment; where that is gone, ask at once."""
        found = self._heard.found
        if found is None:
            self._asked_at = None
            return None
        try:
            body = unb64u(found.confirmation or "")
        except MalformedError:
            body = b""
        return body if len(body) == _SIZE else None

    def of(self, intent: Intent) -> Sequence[bytes]:
        """Those by which a page may have reckoned this intent's code."""
        stored = self._stored
        return (stored.newest, stored.before) if intent.issued_at <= stored.told_at else (stored.newest,)

    async def keep_beside(self) -> None:
        """Put what the journal has beside the enrolment too, unless it stands there."""
        if self._stored.version:
            await self._heard.keep(confirmation=b64u(self._stored.encode()))

    async def renew(self) -> None:
        """Say which is stored, and store the one that comes. Raises UnusableAnswerError, MalformedError,

        SignatureError, JournalTransientError.
        """
        now = self._clock.now()
        if self._asked_at is not None and 0 <= now - self._asked_at < ASK_EVERY_S:
            return
        if await self._ask():
            await self._ask()  # at once: until the backend knows, pages show codes of the old one
        self._asked_at = now

    async def _ask(self) -> bool:
        """Whether there was a new one."""
        body = {"version": self._stored.version}
        answer = await self._backend.fetch("POST", "/v1/terminal/confirmation-secret", SecretMessage, body)
        if answer.document is None:
            if self._stored.told_at == _UNTOLD and answer.in_use == self._stored.version:
                await self._keep(replace(self._stored, told_at=self._clock.now()))
            return False
        document = read_document(unb64u(answer.document), self._identity(), Context.CONFIRMATION)
        secret, version = document.get("secret"), document["version"]
        if not isinstance(secret, str) or len(unb64u(secret)) != SECRET_SIZE:
            raise MalformedError("confirmation secret: not 32 bytes")
        if version <= self._stored.version:
            raise MalformedError(f"confirmation secret {version}: we have {self._stored.version}")
        fresh = _Stored(version, _UNTOLD, unb64u(secret), self._stored.newest)
        await self._keep(fresh, IssuerTimeSeen(at=parse_rfc3339(document["issued_at"])))
        log.info("confirmation secret %d stored", version)
        return True

    async def _keep(self, stored: _Stored, *more: IssuerTimeSeen) -> None:
        row = ValueStored(kind=_KIND, key=self._identity().terminal_id, body=stored.encode())
        await durable(self._journal, [row, *more])
        self._stored = stored
        await self.keep_beside()
