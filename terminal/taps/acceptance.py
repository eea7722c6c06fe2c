# SPDX-License-Identifier: Apache-2.0
"""The loop's side of a tap: what to present, and whether a wallet's reply is good.

Source: tap protocol §2, "The terminal accepts an authorisation only if"; the checks are `pengpos.wire.judge`, the
offline policy is `pengpos.core.risk`, the order of writing and showing is that of `OpenSales`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from offline_queue.port import TapReads
from offline_queue.values import ChangeRefusedError
from pengpos.core.errors import (
    JournalClosedError,
    JournalError,
    JournalTransientError,
    MalformedError,
    RefusedError,
    SignatureError,
)
from pengpos.core.events import Event, FieldEmpty, Noticed, PaidByReceipt, PhoneRefused, Prompted, ReplyAccepted
from pengpos.core.machine.states import WAITING_STATES
from pengpos.core.ports import Clock, ReaderHealth, Signal, Signer
from pengpos.core.reasons import Reason
from pengpos.core.risk import OfflineRefused
from pengpos.core.sale import Authorised, Booking, Notice, Prompt, Refusal, Sale, SaleState, Way
from pengpos.wire.encoding.fields import KID_SIZE
from pengpos.wire.judge import Accepted, Paid, judge_reply
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims, sign_receipt
from pengpos.wire.objects.reply import Declines, Hint, NeedsShopper
from terminal.device.executor import BoundedExecutor
from terminal.device.identity import Identity
from terminal.device.recording import report_if_broken
from terminal.sales.arming import Arming
from terminal.sales.offline import OfflinePolicy
from terminal.sales.open_sales import OpenSales
from terminal.taps.judge import Answer, Offer
from terminal.taps.presentation import OwnPresentation

log = logging.getLogger(__name__)

RESULT_WAIT_S = 5.0  # how long a phone is kept for the receipt: the backend's deadline and a little
LOOK_AGAIN_S = 1.0  # while the journal takes nothing

_NO_WALLET = bytes(KID_SIZE)
_PROMPTS = {Hint.UNLOCK: Prompt.UNLOCK, Hint.CONFIRM: Prompt.CONFIRM, Hint.CHOOSE: Prompt.CHOOSE}


class HealthReports(Protocol):
    """Who shows the readers' health."""

    def reader_health(self, health: ReaderHealth) -> None:
        """A reader came or went."""

    @property
    def has_reader(self) -> bool:
        """Whether there is one, or may be in a moment."""


class Acceptance:
    """`daemon.tap.TapJudge` over the open_sales. Lives on the loop."""

    def __init__(
        self,
        *,
        open_sales: OpenSales,
        reads: TapReads,
        executor: BoundedExecutor,
        identity: Callable[[], Identity],
        signer: Signer,
        clock: Clock,
        policy: OfflinePolicy,
        denylisted: Callable[[bytes], bool],
        arming: Arming,
        board: HealthReports,
        journal_broken: Callable[[JournalError], None],
    ) -> None:
        """`journal_broken`: the journal failed for good; it must end the process."""
        self._open_sales = open_sales
        self._reads = reads
        self._executor = executor
        self._identity = identity
        self._signer = signer
        self._clock = clock
        self._policy = policy
        self._denylisted = denylisted
        self._arming = arming
        self._board = board
        self._journal_broken = journal_broken
        self._ours = OwnPresentation()
        self._tasks: set[asyncio.Task[None]] = set()
        self._keeping: set[asyncio.Task[Any]] = set()

    def let_go(self) -> None:
        """Keep no phone for its receipt any longer: the readers are to stop."""
        for task in self._keeping:
            task.cancel()

    async def close(self) -> None:
        """Let the readers' last reports become part of their sale."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- from the readers ---------------------------------------------------------------------------------------------

    def field_empty(self, arming: int) -> None:
        """A field is free: a signed sale is presented from now on."""
        self._verify_ahead(arming)
        self._on_current(arming, FieldEmpty(at=self._clock.now()))

    def _verify_ahead(self, arming: int) -> None:
        """Before a phone waits for it."""
        sale = self._open_sales.current
        if sale is not None and sale.state in WAITING_STATES and arming == self._arming.number:
            self._executor.start(partial(self._read_ours, sale))

    def _read_ours(self, sale: Sale) -> None:
        """In the tap's thread; what is wrong with it is said where a reply is judged."""
        with contextlib.suppress(MalformedError, SignatureError):
            self._ours.read(sale.intent.presentation, self._identity().issuers)

    def prompt(self, arming: int, prompt: Prompt) -> None:
        """Ask the shopper for something, if a sale is waiting for a phone."""
        self._on_current(arming, Prompted(at=self._clock.now(), prompt=prompt))

    def notice(self, arming: int, notice: Notice) -> None:
        """Say what went wrong in the field, if a sale is waiting for a phone."""
        refusal = Refusal(reason=Reason.NOT_A_WALLET) if notice is Notice.NOT_A_WALLET else None
        self._on_current(arming, Noticed(at=self._clock.now(), notice=notice, refusal=refusal))

    def broken(self, arming: int, detail: str) -> None:
        """A phone broke the protocol: no wallet for us, and the field must be empty before the next."""
        log.warning("refused %s: %s", Reason.NOT_A_WALLET.name, detail)
        self._on_current(arming, PhoneRefused(at=self._clock.now(), refusal=Refusal(reason=Reason.NOT_A_WALLET)))

    def health(self, health: ReaderHealth) -> None:
        """A reader came or went. With the last one goes the phone in its field: none is waited for."""
        self._board.reader_health(health)
        if not self._board.has_reader:
            self.field_empty(self._arming.number)

    def _on_current(self, arming: int, event: Event) -> None:
        sale = self._open_sales.current
        if sale is None or arming != self._arming.number:
            return
        task = asyncio.get_running_loop().create_task(self._apply_quietly(arming, sale, event), name="a reader's word")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(report_if_broken)

    async def _apply_quietly(self, arming: int, sale: Sale, event: Event) -> None:
        try:
            await self._open_sales.apply(sale.sale_id, event)
        except JournalTransientError as error:
            log.warning("%s of sale %s not recorded: %s", type(event).__name__, sale.number, error)
            # A reader says only once that its field is empty: have it look and say so again.
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look_again, arming)

    def _look_again(self, arming: int) -> None:
        if arming == self._arming.number:
            self._arming.empty_first()

    # --- asked by the readers -----------------------------------------------------------------------------------------

    def offer(self, arming: int) -> Offer | None:
        """The current sale's intent, if it is presented, claimed or not, and this arming still counts. Any thread."""
        sale = self._open_sales.current
        if sale is None or not sale.wants_taps or arming != self._arming.number:
            return None
        if Way.READER not in sale.open_ways or self._clock.now() >= sale.intent.expires_at:
            return None
        intent = sale.intent
        return Offer(sale.sale_id, intent.intent_id, intent.presentation, arming)

    def expect(self) -> None:
        """Have the journal's pages at hand when the reply comes: the last commit made them old."""
        sale = self._open_sales.current
        if sale is not None:
            self._executor.start(partial(self._look_ahead, sale))

    def _look_ahead(self, sale: Sale) -> None:
        """In the tap's thread: read what will be asked, of a wallet that is none."""
        with contextlib.suppress(JournalError):  # said where a reply is judged
            self._reads.wallet_counter(_NO_WALLET)
            if not sale.intent.online:
                self._reads.queue_totals(sale.amount.currency)
                self._reads.wallet_usage(_NO_WALLET, sale.amount.currency)

    async def judge(self, offer: Offer, reply: bytes, turnaround_ms: int) -> Answer:
        """Take the reply or not. A reply to a sale that is no longer presented is dropped (§2)."""
        try:
            async with self._policy.deciding:
                event, taken = await self._take(offer, reply, turnaround_ms)
            if taken:
                return await self._outcome(offer)
            return Answer(signal=Signal.REFUSED if isinstance(event, PhoneRefused) else None)
        except JournalError as error:  # nothing is taken that the journal cannot hold or look up: the phone taps again
            log.error("reply to a sale not taken: %s", error)
            if not isinstance(error, JournalTransientError | ChangeRefusedError | JournalClosedError):
                self._journal_broken(error)  # no later tap would fare better
            return Answer()

    async def _take(self, offer: Offer, reply: bytes, turnaround_ms: int) -> tuple[Event | None, bool]:
        """What came of the reply, and whether this very one is now what the sale is authorised by.

        Raises JournalError: then nothing is.
        """
        sale = await self._open_sales.find(offer.sale_id)
        if not self._is_presented(sale, offer):
            return None, False
        try:
            event = await self._executor.run(partial(self._judged, sale, reply, turnaround_ms))
        except RefusedError as error:
            log.warning("refused %s for sale %s: %s", error.reason.name, sale.number, error.detail)
            event = PhoneRefused(at=self._clock.now(), refusal=Refusal(reason=error.reason, code=error.code))
        if not self._is_presented(await self._open_sales.find(offer.sale_id), offer):
            return None, False  # cancelled, or two phones were seen, while it was judged
        applied = await self._open_sales.apply_if(offer.sale_id, event, lambda sale: self._is_presented(sale, offer))
        if applied is None:
            return None, False  # the same, while another row was on its way to the medium
        return event, isinstance(event, ReplyAccepted) and applied[0].authorised == event.authorised

    def _is_presented(self, sale: Sale, offer: Offer) -> bool:
        if sale.wants_taps and sale.intent.intent_id == offer.intent_id and offer.arming == self._arming.number:
            return True
        log.info("reply to sale %s dropped: it is %s now", sale.number, sale.state)
        return False

    def _judged(self, sale: Sale, reply: bytes, turnaround_ms: int) -> Event:
        """Every check of the protocol, then the offline policy. In the tap's thread. Raises RefusedError, JournalError.

        What it asks of the rest of the terminal is replaced as a whole on the loop: identity, policy, denylist.
        """
        now = self._clock.now()
        issuers = self._identity().issuers
        try:
            presentation = self._ours.read(sale.intent.presentation, issuers)
        except SignatureError as error:  # the issuer behind our own credential has been withdrawn
            raise RefusedError(Reason.NOT_TRUSTED, f"our own presentation: {error}") from None
        verdict = judge_reply(
            reply,
            presentation=presentation,
            issuers=issuers,
            now=now,
            denylisted=self._denylisted,
            last_counter=self._reads.wallet_counter,
            stored=partial(self._reads.stored_authorisation, sale.intent.intent_id),
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
                return self._accepted(sale, verdict, now, turnaround_ms)

    def _accepted(self, sale: Sale, verdict: Accepted, now: int, turnaround_ms: int) -> Event:
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
            turnaround_ms=turnaround_ms,
        )
        if not sale.intent.online:
            decision = self._policy.decide(self._reads, authorised, sale.amount.currency, verdict)
            if isinstance(decision, OfflineRefused):
                raise RefusedError(Reason.OFFLINE_NOT_POSSIBLE, f"{decision.cap}: {decision.detail}", decision.cap)
        return ReplyAccepted(at=now, authorised=authorised)

    # --- the receipt for the phone ------------------------------------------------------------------------------------

    async def _outcome(self, offer: Offer) -> Answer:
        """Wait until the sale has an outcome for the phone, at most `RESULT_WAIT_S`."""
        task = asyncio.current_task()
        assert task is not None  # asked by a reader, through the loop
        self._keeping.add(task)
        try:
            async with asyncio.timeout(RESULT_WAIT_S):
                sale = await self._open_sales.until(offer.sale_id, lambda sale: sale.state is not SaleState.AUTHORISED)
        except TimeoutError:
            return Answer()
        finally:
            self._keeping.discard(task)
        return Answer(receipt=self._receipt_of(sale), signal=_signal_of(sale))

    def _receipt_of(self, sale: Sale) -> bytes | None:
        """What to tell the phone that tapped: nothing, where another one has paid."""
        if sale.booking is not None:
            return sale.booking.receipt if sale.booking.by is Way.READER else None
        if sale.state is SaleState.DECLINED and sale.refusal is not None:
            return sale.refusal.receipt
        if sale.state is not SaleState.ACCEPTED_OFFLINE or sale.authorised is None:
            return None
        claims = ReceiptClaims(
            intent_id=sale.intent.intent_id.bytes,
            outcome=Outcome.ACCEPTED_OFFLINE,
            total_minor=sale.authorised.total_minor,
            currency=sale.amount.currency,
            at=sale.authorised.occurred_at,
            wallet_kid=sale.authorised.wallet_kid,
            terminal_id=self._identity().terminal_id,
        )
        return sign_receipt(self._signer, claims)


def _signal_of(sale: Sale) -> Signal | None:
    """What the reader shows the phone that tapped: nothing, where another one has paid or it is not known yet."""
    match sale.state:
        case SaleState.APPROVED if sale.booking is not None and sale.booking.by is Way.READER:
            return Signal.APPROVED
        case SaleState.ACCEPTED_OFFLINE:
            return Signal.ACCEPTED_OFFLINE
        case SaleState.DECLINED:
            return Signal.REFUSED
        case _:
            return None
