# SPDX-License-Identifier: Apache-2.0
"""Renews the terminal's credential in good time, for the same key. Source: backend API, `POST /terminal/credential`.

The new one is stored in the enrolment file, whole or not at all, before any intent carries it.

Tests: tests/journeys/test_caretaking.py.
"""

import asyncio
import json
import logging
from pathlib import Path

from offline_queue.journal.failures import system_failure
from pengpos.backend_api.messages import RenewalMessage
from pengpos.core.errors import SignatureError
from pengpos.core.ports import Clock
from pengpos.keys.private_file import replace_private
from pengpos.keys.two_copies import write_copy
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.objects.credential import Credential, Role
from terminal.backend.gateway import BackendGateway
from terminal.device.alarm_words import credential_ends
from terminal.device.alarms import Alarms
from terminal.device.identity import CurrentIdentity, Identity, read_enrolment

log = logging.getLogger(__name__)

DAY_S = 86_400
RENEW_BEFORE_S = 30 * DAY_S
ALARM_BEFORE_S = 7 * DAY_S
_ALARM = "credential"


class Renewal:
    """Looks at what is left, and asks for more. Lives on the loop."""

    def __init__(
        self, *, identity: CurrentIdentity, enrolment: Path, backend: BackendGateway, clock: Clock, alarms: Alarms
    ) -> None:
        self._identity = identity
        self._enrolment = enrolment
        self._backend = backend
        self._clock = clock
        self._alarms = alarms

    @property
    def due(self) -> bool:
        """Thirty days are left, or half of a credential that was made for less."""
        credential = self._identity().credential
        life_s = credential.expires_at - credential.issued_at
        return credential.expires_at - self._clock.now() < min(RENEW_BEFORE_S, life_s // 2)

    async def renew_if_due(self) -> None:
        """Ask and store.

        Raises UnusableAnswerError, MalformedError, SignatureError; JournalTransientError if it cannot be stored.
        """
        if not self.due:
            return
        self._warn_if_late()
        answer = await self._backend.fetch("POST", "/v1/terminal/credential", RenewalMessage, {})
        present = self._identity()
        credential = Credential.read(unb64u(answer.credential), present.issuers)
        _check(credential, present)
        await asyncio.to_thread(self._store, present, credential)
        self._identity.renewed(credential)
        self._alarms.clear(_ALARM)
        log.info("credential renewed")

    def _warn_if_late(self) -> None:
        left_s = self._identity().credential.expires_at - self._clock.now()
        if left_s < ALARM_BEFORE_S:
            days = max(0, left_s) // DAY_S
            self._alarms.show(_ALARM, credential_ends(days))

    def _store(self, present: Identity, credential: Credential) -> None:
        """Beside the issuers of today: those of the enrolment may not know who signed this one."""
        stored = read_enrolment(self._enrolment)
        stored["credential"] = b64u(credential.raw)
        stored["issuers"] = [key.to_jwk() for key in present.issuers]
        content = json.dumps(stored, indent=2, ensure_ascii=False).encode() + b"\n"
        try:
            replace_private(self._enrolment, content)
        except OSError as error:
            raise system_failure(self._enrolment, error) from error
        write_copy(self._enrolment, content)


def _check(renewed: Credential, present: Identity) -> None:
    """The same terminal of the same merchant with the same key, for longer. Raises SignatureError."""
    before = present.credential
    if renewed.role is not Role.TERMINAL or renewed.subject != before.subject or renewed.key != before.key:
        raise SignatureError("the renewed credential is not this terminal's")
    if renewed.merchant is None or renewed.merchant.merchant_id != present.merchant.merchant_id:
        raise SignatureError("the renewed credential is another merchant's")
    if renewed.expires_at <= before.expires_at:
        raise SignatureError("the renewed credential ends no later than the present one")
