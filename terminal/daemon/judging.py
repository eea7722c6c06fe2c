# SPDX-License-Identifier: Apache-2.0
"""The loop's side of a tap: what to present, and whether a wallet's reply is good.

Source: tap protocol §2, "The terminal accepts an authorisation only if"; the checks are `terminal.wire.judge`, the
offline policy is `terminal.core.risk`, the order of writing and telling is the desk's.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from offline_queue.port import JournalPort
from terminal.core.errors import JournalFullError, RefusedError
from terminal.core.events import Event, FieldEmpty, Noticed, PaidByReceipt, PhoneRefused, Prompted, ReplyAccepted
from terminal.core.ports import Clock, ReaderHealth, Signer
from terminal.core.reasons import Reason
from terminal.core.risk import OfflineRefused
from terminal.core.sale import Authorised, Booking, Notice, Prompt, Refusal, Sale, SaleState, Way
from terminal.daemon.desk import Desk
from terminal.daemon.identity import Identity
from terminal.daemon.offline import OfflinePolicy
from terminal.daemon.tap import Offer, TapDesk
from terminal.wire.judge import Accepted, Paid, judge_reply
from terminal.wire.presentation import Presentation
from terminal.wire.receipt import Outcome, ReceiptClaims, sign_receipt
from terminal.wire.reply import Declines, Hint, NeedsShopper

log = logging.getLogger(__name__)

RESULT_WAIT_S = 5.0  # how long a phone is kept for the receipt: the backend's deadline and a little

_PROMPTS = {Hint.UNLOCK: Prompt.UNLOCK, Hint.CONFIRM: Prompt.CONFIRM, Hint.CHOOSE: Prompt.CHOOSE}
_TELLS_THE_PHONE = frozenset({SaleState.APPROVED, SaleState.ACCEPTED_OFFLINE, SaleState.DECLINED})


class ReaderBoard(Protocol):
    """Who shows the readers' health."""

    def reader_health(self, health: ReaderHealth) -> None:
        """A reader came or went."""


class Judging:
    """`daemon.tap.TapJudge` over the desk. Lives on the loop."""

    def __init__(
        self,
        *,
        desk: Desk,
        journal: JournalPort,
        identity: Callable[[], Identity],
        signer: Signer,
        clock: Clock,
        policy: OfflinePolicy,
        denylisted: Callable[[bytes], bool],
        board: ReaderBoard,
    ) -> None:
        self._desk = desk
        self._journal = journal
        self._identity = identity
        self._signer = signer
        self._clock = clock
        self._policy = policy
        self._denylisted = denylisted
        self._board = board
        self._tap_desk: TapDesk | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[object, asyncio.Event] = {}

    def attach(self, tap_desk: TapDesk) -> None:
        """Say which tap desk asks; once, while the daemon is put together."""
        self._tap_desk = tap_desk

    # --- told by the readers ------------------------------------------------------------------------------------------

    def field_empty(self, arming: int) -> None:
        """A field is free: a signed sale is presented from now on."""
        self._on_current(arming, FieldEmpty(at=self._clock.now()))

    def prompt(self, prompt: Prompt) -> None:
        """Ask the shopper for something, if a sale is waiting for a phone."""
        self._on_current(None, Prompted(at=self._clock.now(), prompt=prompt))

    def notice(self, notice: Notice) -> None:
        """Say what went wrong in the field, if a sale is waiting for a phone."""
        refusal = Refusal(reason=Reason.NOT_A_WALLET) if notice is Notice.NOT_A_WALLET else None
        self._on_current(None, Noticed(at=self._clock.now(), notice=notice, refusal=refusal))

    def broken(self, detail: str) -> None:
        """A phone broke the protocol: no wallet for us, and the field must be empty before the next."""
        log.warning("refused %s: %s", Reason.NOT_A_WALLET.name, detail)
        refusal = Refusal(reason=Reason.NOT_A_WALLET, code=None)
        self._on_current(None, PhoneRefused(at=self._clock.now(), refusal=refusal))

    def health(self, health: ReaderHealth) -> None:
        """A reader came or went."""
        self._board.reader_health(health)

    def _on_current(self, arming: int | None, event: Event) -> None:
        sale = self._desk.current
        if sale is None or (arming is not None and self._tap_desk and arming != self._tap_desk.arming):
            return
        task = asyncio.get_running_loop().create_task(self._apply_quietly(sale, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _apply_quietly(self, sale: Sale, event: Event) -> None:
        try:
            await self._desk.apply(sale.sale_id, event)
        except JournalFullError as error:
            log.error("%s of sale %s not recorded: %s", type(event).__name__, sale.number, error)

    # --- asked by the readers -----------------------------------------------------------------------------------------

    async def offer(self, arming: int) -> Offer | None:
        """The current sale's intent, if it is presented and this arming still counts."""
        sale = self._desk.current
        if sale is None or sale.state is not SaleState.PRESENTED or not self._arming_counts(arming):
            return None
        if Way.READER not in sale.ways or self._clock.now() >= sale.intent.expires_at:
            return None
        intent = sale.intent
        return Offer(sale.sale_id, intent.intent_id, intent.presentation, arming)

    async def judge(self, offer: Offer, reply: bytes) -> bytes | None:
        """Take the reply or not. A reply to a sale that is no longer presented is dropped (§2)."""
        sale = await self._desk.find(offer.sale_id)
        if (
            sale.state is not SaleState.PRESENTED
            or sale.intent.intent_id != offer.intent_id
            or not self._arming_counts(offer.arming)
        ):
            log.info("reply to sale %s dropped: it is %s now", sale.number, sale.state)
            return None
        try:
            event = self._judged(sale, reply)
        except RefusedError as error:
            log.warning("refused %s for sale %s: %s", error.reason.name, sale.number, error.detail)
            event = PhoneRefused(at=self._clock.now(), refusal=Refusal(reason=error.reason))
        try:
            sale, _ = await self._desk.apply(offer.sale_id, event)
        except JournalFullError as error:
            log.error("reply to sale %s not taken: %s", sale.number, error)
            return None
        ours = isinstance(event, ReplyAccepted) and sale.authorised == event.authorised
        return await self._receipt(offer) if ours else None

    def _arming_counts(self, arming: int) -> bool:
        return self._tap_desk is not None and arming == self._tap_desk.arming

    def _judged(self, sale: Sale, reply: bytes) -> Event:
        """Every check of the protocol, then the offline policy. Raises RefusedError."""
        now = self._clock.now()
        issuers = self._identity().issuers
        verdict = judge_reply(
            reply,
            presentation=Presentation.read(sale.intent.presentation, issuers),
            issuers=issuers,
            now=now,
            denylisted=self._denylisted,
            last_counter=self._journal.wallet_counter,
            stored=self._journal.stored_authorisation(sale.intent.intent_id),
        )
        match verdict:
            case NeedsShopper(hint=hint):
                return Prompted(at=now, prompt=_PROMPTS[hint])
            case Declines():
                refusal = Refusal(reason=Reason.from_wallet(verdict.reason), phone_time=verdict.now)
                log.info("phone declined sale %s: %s", sale.number, refusal.reason.name)
                return PhoneRefused(at=now, refusal=refusal)
            case Paid(receipt=receipt):
                booking = Booking(
                    total_minor=receipt.claims.total_minor,
                    booked_at=receipt.claims.at,
                    by=None,
                    receipt=receipt.raw,
                    receipt_url=receipt.claims.url,
                )
                return PaidByReceipt(at=now, intent_id=sale.intent.intent_id, booking=booking)
            case Accepted():
                return self._accepted(sale, verdict, now)

    def _accepted(self, sale: Sale, verdict: Accepted, now: int) -> Event:
        claims = verdict.authorisation.claims
        authorised = Authorised(
            wallet_credential=verdict.reply.wallet_credential,
            authorisation=verdict.reply.authorisation,
            wallet_kid=verdict.credential.key.kid,
            counter=claims.counter,
            total_minor=claims.total_minor,
            tip_minor=claims.tip_minor,
            authorised_at=claims.authorised_at,
            occurred_at=now,
            offline_allowed=claims.offline_allowed,
        )
        if not sale.intent.online:
            decision = self._policy.decide(authorised, sale.amount.currency)
            if isinstance(decision, OfflineRefused):
                raise RefusedError(Reason.OFFLINE_NOT_POSSIBLE, f"{decision.cap}: {decision.detail}")
        return ReplyAccepted(at=now, authorised=authorised)

    # --- the receipt for the phone ------------------------------------------------------------------------------------

    def sale_changed(self) -> None:
        """Wake whoever waits for an outcome; the desk's `changed` hook calls it."""
        for event in self._waiting.values():
            event.set()

    async def _receipt(self, offer: Offer) -> bytes | None:
        """Wait until the sale has an outcome a phone can be told, at most `RESULT_WAIT_S`."""
        woken = self._waiting.setdefault(offer, asyncio.Event())
        try:
            async with asyncio.timeout(RESULT_WAIT_S):
                while True:
                    woken.clear()
                    sale = await self._desk.find(offer.sale_id)
                    if sale.state in _TELLS_THE_PHONE:
                        return self._receipt_of(sale)
                    if sale.state is not SaleState.AUTHORISED:
                        return None
                    await woken.wait()
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(offer, None)

    def _receipt_of(self, sale: Sale) -> bytes | None:
        if sale.booking is not None:
            return sale.booking.receipt
        if sale.state is not SaleState.ACCEPTED_OFFLINE or sale.authorised is None:
            return None
        claims = ReceiptClaims(
            intent_id=sale.intent.intent_id.bytes,
            outcome=Outcome.ACCEPTED_OFFLINE,
            total_minor=sale.authorised.total_minor,
            currency=sale.amount.currency,
            at=sale.authorised.occurred_at,
            url=None,
            reason=None,
        )
        return sign_receipt(self._signer, claims)
