# SPDX-License-Identifier: Apache-2.0
"""Takes stored payments to the backend from a journal that takes no rows, or that is damaged.

Nothing is sold and nothing is recorded. An intent is paid once, so that the same payments may go again, from here at
the next start or by an export: verdicts are the backend's to keep. Read is what SQLite gives, or else each page that
its own HMAC vouches for (`offline_queue.export.unsent`). Answers count as for a terminal that sells: by the policy, the
one beside the enrolment or a newer one.

Tests: tests/terminal/test_delivery.py.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

import httpx

from offline_queue.export.unsent import read_unsent
from offline_queue.journal.files import load_key
from pengpos.backend_api.calls import Calls, UnusableAnswerError
from pengpos.backend_api.signing import RequestSigner
from pengpos.client import QueueView
from pengpos.core.errors import (
    JournalError,
    JournalFullError,
    JournalMediumError,
    JournalUnusableError,
    MalformedError,
    PengposError,
    SignatureError,
)
from pengpos.core.events import NoAnswer
from pengpos.core.machine.states import STORED_STATES
from pengpos.core.sale import Sale
from pengpos.keys.file import FileKey
from pengpos.keys.last_heard import read_last_heard
from pengpos.wire.encoding.base64url import unb64u
from terminal.backend.answers import Answers
from terminal.backend.gateway import BackendGateway
from terminal.backend.upkeep import take_if_newer, take_policy_beside
from terminal.device.identity import CurrentIdentity, Identity
from terminal.sales.offline import NewestPolicy
from terminal.wiring import Surroundings
from terminal.wiring.backend import terms_of

log = logging.getLogger(__name__)

STRANDED = "stranded"
"""Kind of alarm."""
BATCH_MOST = 200
AGAIN_S = 15.0


class Delivery:
    """One terminal's. Lives on the loop; `sent(done, left)` is called whenever a batch was answered."""

    def __init__(self, given: Surroundings, identity: Identity, sent: Callable[[int, QueueView], None]) -> None:
        self._given = given
        self._identity = CurrentIdentity(identity)
        self._policy = NewestPolicy(self._identity)
        self._sent = sent
        self.has_any = False
        """Payments are stored that could be read."""

    async def run(self, trouble: JournalError) -> None:
        """Deliver until the backend has answered for each; returns at once where `trouble` is no such trouble."""
        if not isinstance(trouble, JournalFullError | JournalMediumError | JournalUnusableError):
            return
        try:
            waiting = await asyncio.to_thread(self._read)
        except (PengposError, OSError) as error:
            log.error("what is stored cannot be read: %s", error)
            return
        if not waiting:
            return
        self.has_any = True
        total = len(waiting)
        self._sent(0, _queue(waiting))
        found = await asyncio.to_thread(read_last_heard, self._given.home.last_heard, self._identity().terminal_id)
        take_policy_beside(self._policy, self._identity, found)
        async with self._client() as client:
            gateway = self._gateway(client)
            while waiting:
                await self._ask_for_policy(gateway)
                waiting = await self._one_round(gateway, waiting, total)
                if waiting:
                    await asyncio.sleep(AGAIN_S)

    async def _ask_for_policy(self, gateway: BackendGateway) -> None:
        """A newer one may bring the issuers that sign by now; no medium keeps it."""
        try:
            answer, _ = await gateway.fetch_policy()
            take_if_newer(self._policy, self._identity, unb64u(answer.policy))
        except (UnusableAnswerError, MalformedError, SignatureError) as error:
            log.info("policy: %s", error)

    async def _one_round(self, gateway: BackendGateway, waiting: Sequence[Sale], total: int) -> list[Sale]:
        """One try for each, oldest first; those without an answer."""
        left: list[Sale] = list(waiting)
        for start in range(0, len(waiting), BATCH_MOST):
            batch = waiting[start : start + BATCH_MOST]
            events = await gateway.forward(batch)
            answered = {
                sale.sale_id for sale, event in zip(batch, events, strict=True) if not isinstance(event, NoAnswer)
            }
            if not answered:
                break
            left = [sale for sale in left if sale.sale_id not in answered]
            log.info("%d of %d stored payments delivered without the journal", total - len(left), total)
            self._sent(total - len(left), _queue(left))
        return left

    def _read(self) -> list[Sale]:
        home = self._given.home
        unsent = read_unsent(home.journal, load_key(home.journal_key, home.journal), proofs=False)
        return [sale for sale in (*unsent.sales, *unsent.unproved) if sale.state in STORED_STATES]

    def _client(self) -> httpx.AsyncClient:
        signer = FileKey.load(self._given.home.device_key)
        return httpx.AsyncClient(
            base_url=self._identity().backend,
            auth=RequestSigner(signer, self._given.clock.now, covers_headers=lambda: self._policy.signs_answers),
            trust_env=False,
            transport=self._given.transport,
        )

    def _gateway(self, client: httpx.AsyncClient) -> BackendGateway:
        clock = self._given.clock
        clock.issuer_signed(self._identity().credential.issued_at)

        async def time_signed(at: int) -> None:
            clock.issuer_signed(at)

        calls = Calls(
            client,
            issuers=self._identity.issuers,
            signs_answers=lambda: self._policy.signs_answers,
            time_signed=time_signed,
        )
        answers = Answers(partial(terms_of, self._identity, self._policy), clock=clock)
        return BackendGateway(calls, answers, clock=clock, deadlines=self._given.deadlines)


def _queue(waiting: Sequence[Sale]) -> QueueView:
    currency = waiting[0].amount.currency if waiting else "CNY"
    return QueueView(count=len(waiting), total=sum(sale.total.minor for sale in waiting), currency=currency)
