# SPDX-License-Identifier: Apache-2.0
"""What the cashier and the till ask for: start, again, cancel, park, accept offline, code, refund.

Source: local API, calls and state table. A refusal is a value with a code for programs and a sentence for people.

Tests: tests/journeys/test_till.py, tests/journeys/test_refunds.py, tests/terminal/sales/test_codes.py.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import msgspec

from offline_queue.port import JournalPort, UsageReads
from pengpos.client import NewSale
from pengpos.core.confirmation import CODE_DIGITS, CODE_TRIES, is_code
from pengpos.core.effects import Effect, NotNow, SignAgain
from pengpos.core.errors import MalformedError, PengposError
from pengpos.core.events import (
    AgainAsked,
    CancelAsked,
    CodeEntered,
    Event,
    OfflineAccepted,
    ParkAsked,
    RefundAsked,
    SignedAgain,
)
from pengpos.core.machine import refundable_minor
from pengpos.core.machine.allowed import takes_codes
from pengpos.core.machine.states import ACCEPTABLE_STATES
from pengpos.core.money import Money
from pengpos.core.ports import Clock, Signer
from pengpos.core.risk import OfflineRefused
from pengpos.core.sale import CancelReason, Intent, Refund, Sale, SaleState, Step, Way
from pengpos.core.uuid7 import Uuid7Source
from pengpos.names import unfit
from pengpos.wire.confirmation_code import confirmation_code
from pengpos.wire.objects.intent import REFERENCE_SIZE, IntentClaims, Purpose, sign_intent
from pengpos.wire.objects.presentation import encode_presentation
from terminal.device.executor import BoundedExecutor
from terminal.device.identity import Identity
from terminal.sales.limits import UsedLimits, code_words, offline_words, refund_words
from terminal.sales.offline import OfflinePolicy
from terminal.sales.open_sales import OpenSales
from terminal.standing.standing import Standing

log = logging.getLogger(__name__)

INTENT_LIFETIME_S = 120
IDEMPOTENCY_KEY_MOST = 255
REFUND_REASON_MOST = 80

SIGN_AGAIN_LIMIT_S = 2.0


@dataclass(eq=False)
class CommandRefusedError(PengposError):
    """The command cannot be done now; nothing has changed. `status` is the HTTP status that says so."""

    status: int
    code: str
    detail: str

    def __str__(self) -> str:
        return self.detail


class SaleCommands:
    """The commands, over the open_sales. Lives on the loop.

    `online` answers whether the backend can be reached now: it is asked once for each intent and fixes its mode.
    """

    def __init__(
        self,
        *,
        open_sales: OpenSales,
        journal: JournalPort,
        tap_reads: UsageReads,
        tap_executor: BoundedExecutor,
        identity: Callable[[], Identity],
        signer: Signer,
        clock: Clock,
        policy: OfflinePolicy,
        limits: UsedLimits,
        standing: Callable[[], Standing],
        secrets_of: Callable[[Intent], Sequence[bytes]],
        denylisted: Callable[[bytes], bool],
        online: Callable[[], Awaitable[bool]],
        ways: Callable[[], tuple[Way, ...]],
        currency: Callable[[], str],
    ) -> None:
        self._open_sales = open_sales
        self._journal = journal
        self._tap_reads = tap_reads
        self._tap_executor = tap_executor
        self._identity = identity
        self._signer = signer
        self._clock = clock
        self._policy = policy
        self._limits = limits
        self._standing = standing
        self._secrets_of = secrets_of
        self._denylisted = denylisted
        self._online = online
        self._ways = ways
        self._currency = currency
        self._ids = Uuid7Source(time.time_ns, secrets.randbits)
        self._starting = asyncio.Lock()
        self._refunding = asyncio.Lock()

    # --- starting -----------------------------------------------------------------------------------------------------

    async def start(self, new: NewSale, *, by: str | None = None) -> tuple[Sale, bool]:
        """A new sale, or the one that this key already made (False). `by`: the operator who asks, here and below.

        Raises CommandRefusedError, JournalTransientError.
        """
        _check_key(new.idempotency_key)
        async with self._starting:
            request_hash = hashlib.sha256(msgspec.json.encode(new)).digest()
            known = await asyncio.to_thread(self._journal.sale_by_key, new.idempotency_key)
            if known is not None:
                if not hmac.compare_digest(known.request_hash, request_hash):
                    raise CommandRefusedError(409, "conflict", "this idempotency_key was used for another request")
                return await self._known(known), False
            amount, ways = self._amount(new), self._ways_for(new)
            self._check_standing()
            self._check_free(None)
            intent = await self._sign(amount, ways, reference := _reference(new))
            sale = Sale(
                sale_id=uuid4(),
                idempotency_key=new.idempotency_key,
                request_hash=request_hash,
                number=f"{self._identity().short_number}-{intent.counter:04d}",
                amount=amount,
                ways=ways,
                state=SaleState.SIGNED,
                created_at=intent.issued_at,
                intents=(intent,),
                reference=reference,
                history=(Step(SaleState.SIGNED, intent.issued_at, "amount confirmed", by),),
            )
            await self._open_sales.open(sale, "amount confirmed")
            return sale, True

    async def _known(self, stored: Sale) -> Sale:
        """A sale that was asked for before; one that the medium refused and kept all the same is taken up now."""
        sale = await self._open_sales.find(stored.sale_id)
        if sale.state is SaleState.SIGNED and not self._open_sales.has(sale.sale_id):
            self._check_free(None)
            return await self._open_sales.take_up(sale, self._clock.now())
        return sale

    def _amount(self, new: NewSale) -> Money:
        try:
            amount = Money(new.amount, new.currency)
        except ValueError as error:
            raise CommandRefusedError(422, "invalid_amount", str(error)) from None
        if amount.currency != (taken := self._currency()):
            raise CommandRefusedError(422, "currency_not_here", f"this terminal takes {taken}, not {amount.currency}")
        if amount.minor == 0:
            raise CommandRefusedError(422, "invalid_amount", "a sale of nothing cannot be charged")
        return amount

    def _ways_for(self, new: NewSale) -> tuple[Way, ...]:
        """Those the till asked for; one this terminal does not have would leave the shopper nothing to do."""
        present = self._ways()
        if new.ways is None:
            return present
        if not new.ways or len(set(new.ways)) < len(new.ways):
            detail = "ways names each way once, and at least one; left out, it means all that this terminal has"
            raise CommandRefusedError(422, "invalid_request", detail)
        wanted = tuple(Way(way) for way in new.ways)
        if absent := [way.value for way in wanted if way not in present]:
            detail = f"this terminal cannot present by {', '.join(absent)}, only by {', '.join(present)}"
            raise CommandRefusedError(422, "way_not_here", detail)
        return wanted

    def _check_free(self, but: UUID | None) -> None:
        busy = self._open_sales.blocking
        if busy is not None and busy.sale_id != but:
            raise CommandRefusedError(409, "busy", f"sale {busy.number} is still {busy.state}")

    async def _sign(self, amount: Money, ways: tuple[Way, ...], reference: str | None) -> Intent:
        """A new intent, signed and not yet durable: it is recorded with the sale that carries it."""
        self._check_credential()
        online = await self._online()
        open_ways = ways if online else await self._ways_offline(amount, ways)
        identity, now = self._identity(), self._clock.now()
        number = self._journal.next_counter()
        intent_id = self._ids.next()
        claims = IntentClaims(
            intent_id=intent_id.bytes,
            amount_minor=amount.minor,
            currency=amount.currency,
            issued_at=now,
            lifetime_s=INTENT_LIFETIME_S,
            purpose=Purpose.SALE,
            online=online,
            terminal_id=identity.terminal_id,
            epoch=number.epoch,
            counter=number.counter,
            reference=reference,
        )
        try:
            signed = sign_intent(self._signer, claims)
            presentation = encode_presentation(identity.credential.raw, signed)
        except MalformedError as error:
            raise CommandRefusedError(422, "invalid_request", str(error)) from None
        return Intent(
            intent_id=intent_id,
            epoch=number.epoch,
            counter=number.counter,
            issued_at=now,
            lifetime_s=INTENT_LIFETIME_S,
            online=online,
            presentation=presentation,
            ways=open_ways if open_ways != ways else (),
        )

    async def _ways_offline(self, amount: Money, ways: tuple[Way, ...]) -> tuple[Way, ...]:
        """Nobody is invited to sign what cannot be taken: it would wait for days, and then come to nothing."""
        if (room := await self._limits.offline(amount, ways)).ways:
            return room.ways
        raise CommandRefusedError(409, "too_much_offline", offline_words(room, amount.currency))

    def _check_standing(self) -> None:
        """A terminal that must not sell begins nothing, and accepts and gives back nothing."""
        match self._standing():
            case Standing.ACTIVE:
                return
            case Standing.LOCKED:
                detail = "this terminal is locked: it takes no money and gives none back until it is unlocked"
                raise CommandRefusedError(403, "terminal_locked", detail)
            case Standing.REVOKED:
                detail = "this terminal has been revoked: it takes no money and gives none back any more"
                raise CommandRefusedError(403, "terminal_revoked", detail)

    def _check_credential(self) -> None:
        if self._identity().credential.expired(self._clock.now()):
            detail = "this terminal's credential has expired: connect it so that it can renew it"
            raise CommandRefusedError(503, "credential_expired", detail)

    # --- commands -----------------------------------------------------------------------------------------------------

    async def again(self, sale_id: UUID, *, by: str | None = None) -> Sale:
        """Another try: a new intent of the same sale, once the earlier one is dead."""
        self._check_standing()
        self._check_free(sale_id)
        self._check_credential()
        before = await self._open_sales.find(sale_id)
        _ = await self._online() or await self._ways_offline(before.amount, before.ways)
        sale, effects = await self._commanded(sale_id, AgainAsked(at=self._clock.now(), by=by))
        if not any(isinstance(effect, SignAgain) for effect in effects):
            return sale
        try:  # it is being signed: what the caller wants to see is that
            async with asyncio.timeout(SIGN_AGAIN_LIMIT_S):
                return await self._open_sales.until(sale_id, lambda now: len(now.intents) > len(sale.intents))
        except TimeoutError:
            return await self._open_sales.find(sale_id)

    async def sign_again(self, sale: Sale) -> None:
        """Carry out `SignAgain`; left undone if another sale has become current meanwhile."""
        async with self._starting:
            self._check_standing()
            busy = self._open_sales.blocking
            if busy is not None and busy.sale_id != sale.sale_id:
                log.info("sale %s not tried again: %s is current", sale.number, busy.number)
                return
            fresh = await self._sign(sale.amount, sale.ways, sale.reference)
            await self._open_sales.apply(sale.sale_id, SignedAgain(at=self._clock.now(), fresh=fresh))

    async def park(self, sale_id: UUID, *, by: str | None = None) -> Sale:
        """Put a pending sale aside; it is never armed again."""
        return await self._command(sale_id, ParkAsked(at=self._clock.now(), by=by))

    async def cancel(
        self,
        sale_id: UUID,
        reason: CancelReason,
        *,
        by: str | None = None,
        check: Callable[[Sale], None] = lambda _sale: None,
    ) -> Sale:
        """Give a sale up; from `unknown`: other money was taken.

        `check` sees the sale as it is when its turn has come, and raises where this operator may not.
        """
        return await self._command(sale_id, CancelAsked(at=self._clock.now(), reason=reason, by=by), check)

    async def accept_offline(self, sale_id: UUID, *, by: str | None = None) -> Sale:
        """The cashier's own decision after the link died; the whole policy is asked, as of now, and the denylist."""
        async with self._policy.deciding:
            self._check_standing()
            sale = await self._open_sales.find(sale_id)
            if sale.authorised is not None and sale.state in ACCEPTABLE_STATES:
                if self._denylisted(sale.authorised.wallet_kid):
                    raise CommandRefusedError(409, "offline_not_possible", "this wallet has been blocked meanwhile")
                authorised, currency = sale.authorised, sale.amount.currency
                decision = await self._tap_executor.run(
                    lambda: self._policy.decide(self._tap_reads, authorised, currency)
                )
                if isinstance(decision, OfflineRefused):
                    raise CommandRefusedError(409, "offline_not_possible", f"{decision.cap}: {decision.detail}")
            return await self._command(sale_id, OfflineAccepted(at=self._clock.now(), by_cashier=True, by=by))

    async def enter_code(self, sale_id: UUID, code: str, *, by: str | None = None) -> tuple[Sale, bool]:
        """A confirmation code; False: it was wrong, and one of five tries is gone. What is no code costs none."""
        self._check_standing()
        sale = await self._open_sales.find(sale_id)
        if takes_codes(sale) and sale.wrong_codes >= CODE_TRIES:
            detail = f"five wrong codes: sale {sale.number} takes no more. Cancel it, or wait for the backend's word"
            raise CommandRefusedError(409, "code_closed", detail)
        if takes_codes(sale) and not is_code(code):
            raise CommandRefusedError(422, "invalid_code", f"a confirmation code is {CODE_DIGITS} digits from 0 to 9")
        right = self._is_right(sale, code)
        async with self._policy.deciding:
            if takes_codes(sale) and (over := await self._limits.of_code(sale)) is not None:
                raise CommandRefusedError(409, "code_over_limit", code_words(over, sale))
            return await self._command(sale_id, CodeEntered(at=self._clock.now(), right=right, by=by)), right

    def _is_right(self, sale: Sale, code: str) -> bool:
        intent = sale.intent
        said, amount_minor = code.encode(errors="replace"), sale.amount.minor
        expected = [confirmation_code(key, intent.intent_id.bytes, amount_minor) for key in self._secrets_of(intent)]
        return any(hmac.compare_digest(said, one.encode()) for one in expected)

    async def refund(
        self, sale_id: UUID, key: str, amount_minor: int | None, reason: str, *, by: str | None = None
    ) -> tuple[Refund, bool]:
        """Order a refund, or give back the one this key already made (False)."""
        _check_key(key)
        if not 1 <= len(reason) <= REFUND_REASON_MOST:
            raise CommandRefusedError(422, "invalid_request", f"reason must be 1..{REFUND_REASON_MOST} characters")
        if amount_minor is not None and amount_minor < 1:
            raise CommandRefusedError(422, "invalid_amount", "a refund is of at least one minor unit")
        async with self._refunding:  # a till that repeats itself at once must not find its first call unfinished
            sale = await self._open_sales.find(sale_id)
            for known in sale.refunds:
                if known.idempotency_key == key:
                    if (known.asked_minor, known.reason) != (amount_minor, reason):
                        raise CommandRefusedError(409, "conflict", "this idempotency_key was used for another refund")
                    return known, False
            if found := unfit(reason):
                raise CommandRefusedError(422, "invalid_request", f"reason {found.says}")
            self._check_standing()
            _check_left(sale, amount_minor)
            wanted_minor = refundable_minor(sale) if amount_minor is None else amount_minor
            if (over := await self._limits.of_refund(sale, wanted_minor)) is not None:
                raise CommandRefusedError(409, "refund_over_limit", refund_words(over, sale.amount.currency))
            now, refund_id = self._clock.now(), self._ids.next()
            refund = Refund(
                refund_id=refund_id, idempotency_key=key, amount_minor=amount_minor, reason=reason, at=now, by=by
            )
            sale = await self._command(sale_id, RefundAsked(at=now, refund=refund, by=by))
            return next(known for known in sale.refunds if known.refund_id == refund_id), True

    async def _command(self, sale_id: UUID, event: Event, check: Callable[[Sale], None] = lambda _sale: None) -> Sale:
        return (await self._commanded(sale_id, event, check))[0]

    async def _commanded(
        self, sale_id: UUID, event: Event, check: Callable[[Sale], None] = lambda _sale: None
    ) -> tuple[Sale, tuple[Effect, ...]]:
        sale, effects = await self._open_sales.apply(sale_id, event, check)
        if any(isinstance(effect, NotNow) for effect in effects):
            raise CommandRefusedError(409, "not_now", f"sale {sale.number} is {sale.state}: this cannot be done now")
        return sale, effects


def _reference(new: NewSale) -> str | None:
    """The till's own order number; what it leaves empty is none."""
    if new.reference is None or not new.reference.strip():
        return None
    if found := unfit(new.reference, bytes_most=REFERENCE_SIZE):
        raise CommandRefusedError(422, "invalid_request", f"reference {found.says}")
    return new.reference


def _check_left(sale: Sale, amount_minor: int | None) -> None:
    """Refuse a refund of more than is left; what cannot be refunded at all is the machine's to say."""
    left = refundable_minor(sale)
    if left == 0 and sale.refunds:
        raise CommandRefusedError(409, "nothing_left", f"all of sale {sale.number} has been given back already")
    if left and amount_minor is not None and amount_minor > left:
        most = Money(left, sale.amount.currency)
        raise CommandRefusedError(422, "too_much", f"of sale {sale.number} at most {most} can be given back")


def _check_key(idempotency_key: str) -> None:
    if not 1 <= len(idempotency_key) <= IDEMPOTENCY_KEY_MOST:
        raise CommandRefusedError(422, "invalid_request", f"idempotency_key: 1 to {IDEMPOTENCY_KEY_MOST} characters")
