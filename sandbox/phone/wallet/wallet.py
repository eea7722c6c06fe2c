# SPDX-License-Identifier: Apache-2.0
"""The wallet: what a phone answers to a presentation, and what it does with a receipt.

Knows the wallet's duties of tap protocol §1 and §2 in their order: verify, its memory, time, another way, currency,
lock, its owner's decision, money. Knows no APDUs, no network and no clock of its own; a tap needs neither. Between taps
the phone tells it what its owner decided (`confirm`, `refuse`) and what it learnt from the backend.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import RLock

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.core.ports import Clock, Signer
from pengpos.core.reasons import Reason
from pengpos.wire.encoding.cbor import decode
from pengpos.wire.encoding.cose import Sign1
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.objects.authorisation import AuthorisationClaims, Funding, sign_authorisation
from pengpos.wire.objects.credential import Merchant
from pengpos.wire.objects.intent import IntentClaims
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.receipt import MAX_RECEIPT_SIZE, Outcome, Receipt, ReceiptClaims
from pengpos.wire.objects.reply import AlreadyPaid, Authorises, Declines, Hint, NeedsShopper, encode_reply
from sandbox.phone.wallet.events import (
    Asked,
    Authorised,
    Event,
    Offer,
    PaidAnotherWay,
    PaidByAnother,
    ReceiptKept,
    Refused,
)
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.wallet.plan import Plan, make_plan
from sandbox.phone.wallet.store import HeldCredential, Signed, WalletStore

MEMORY_S = 300  # a reply is remembered so long after its intent's expiry; tap protocol §2
CONFIRMATION_LIFE_S = 60  # tap protocol §2, "A wallet signs only if"

_TO_TERMINALS = frozenset({Outcome.CANCELLED, Outcome.EXPIRED})
"""What no phone is ever told: an intent that has ended so may still be delivered as accepted offline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    """What the owner said to the one intent they were shown, and when."""

    digest: bytes
    agrees: bool
    at_monotonic_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The reply to the terminal, and the event for the owner once it is durable."""

    reply: bytes
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tap:
    """One verified presentation at one moment."""

    presentation: Presentation
    now: int

    @property
    def merchant(self) -> Merchant:
        """Who asks for money."""
        return self.presentation.merchant

    @property
    def in_memory_still(self) -> bool:
        """Not later than five minutes after the intent's expiry."""
        return self.now <= self.presentation.intent.claims.expires_at + MEMORY_S

    def no(self, reason: Reason, *, now: int | None = None) -> _Answer:
        """Decline, saying the phone's time where the reason is the time."""
        return _Answer(
            reply=encode_reply(Declines(reason, now)),
            event=Refused(reason=reason, offer=Offer.of(self.presentation)),
        )


class Wallet:
    """One shopper's wallet over its store and keys; answers one tap at a time, from any thread.

    `signer_of` finds the private key behind a credential's kid. `listener` gets what the phone's screen would show;
    it is called during the tap and must return at once. `owner` and `issuers` may be replaced at any time; an owner
    in place of a locked one who is not has unlocked the phone.
    """

    def __init__(
        self,
        store: WalletStore,
        *,
        issuers: Issuers,
        signer_of: Callable[[bytes], Signer],
        clock: Clock,
        owner: Owner | None = None,
        listener: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        self.issuers = issuers
        self.revoked: frozenset[bytes] = frozenset()
        """Kids of the keys of terminals that are paid no more; may be replaced at any time."""
        self.listener = listener
        self._store = store
        self._signer_of = signer_of
        self._clock = clock
        self._owner = owner or Owner()
        self._decision: _Decision | None = None
        self._lock = RLock()

    @property
    def owner(self) -> Owner:
        """The settings and wishes of the person who holds it."""
        return self._owner

    @owner.setter
    def owner(self, owner: Owner) -> None:
        """Raises JournalError if an unlock could not be stored; then the phone stays locked."""
        with self._lock:
            if self._owner.locked and not owner.locked:
                self._store.unlock()
            self._owner = owner

    @property
    def locked(self) -> bool:
        """The phone is locked now (FCI flags bit 0)."""
        return self.owner.locked

    def now(self) -> int:
        """The phone's time, right or wrong, in Unix seconds."""
        return self._clock.now() + self.owner.clock_offset_s

    # --- between taps --------------------------------------------------------------------------------------------

    def unlock(self) -> None:
        """The owner has proved to this phone who they are, by code, finger or face. Raises JournalError."""
        with self._lock:
            self._store.unlock()
            self._owner = replace(self._owner, locked=False)

    def confirm(self, digest: bytes) -> None:
        """The unlocked owner was shown merchant and amount of the intent with this SHA-256, and agreed; for 60 s."""
        with self._lock:
            self._decision = _Decision(digest=digest, agrees=True, at_monotonic_s=self._clock.monotonic_s())

    def refuse(self, digest: bytes) -> None:
        """The owner was shown the intent with this SHA-256, and said no; for 60 s."""
        with self._lock:
            self._decision = _Decision(digest=digest, agrees=False, at_monotonic_s=self._clock.monotonic_s())

    def begin_elsewhere(self, intent_id: bytes) -> bool:
        """Before paying by tag or QR: False if a tap has signed this intent, else no tap will."""
        with self._lock, self._store.transaction():
            if self._store.signed(intent_id) is not None:
                return False
            self._store.begin_elsewhere(intent_id)
            return True

    def release_elsewhere(self, intent_id: bytes) -> None:
        """The backend has let the claim go unpaid: a tap may pay again."""
        self._store.release_elsewhere(intent_id)

    # --- a tap ---------------------------------------------------------------------------------------------------

    def answer(self, presentation: bytes) -> bytes:
        """The reply to what a terminal presents; if it is an authorisation, it is durable before this returns.

        Raises JournalError if it could not be made durable; then nothing is signed.
        """
        with self._lock:
            answer = self._answer(presentation)
        self.listener(answer.event)
        return answer.reply

    def _answer(self, raw: bytes) -> _Answer:
        now = self.now()
        try:
            presentation = _verified(raw, self.issuers, self.revoked, now)
        except (MalformedError, SignatureError) as err:
            # One answer for whatever is wrong, or a stranger could find out which shops this phone knows.
            reply = encode_reply(Declines(Reason.NOT_TRUSTED))
            return _Answer(reply=reply, event=Refused(reason=Reason.NOT_TRUSTED, detail=str(err)))
        tap = _Tap(presentation=presentation, now=now)
        with self._store.transaction():
            return self._recall(tap) or self._weigh(tap)

    def _recall(self, tap: _Tap) -> _Answer | None:
        """Memory, time and another way: what has nothing to do with the owner's wishes."""
        intent = tap.presentation.intent
        before = self._store.signed(intent.claims.intent_id)
        if before is not None:
            if not Sign1.parse(before.intent).same_content(intent.sign1):
                return tap.no(Reason.NOT_TRUSTED)
            if tap.in_memory_still:
                return _Answer(reply=before.reply, event=Authorised(payment=before, again=True))
        if not intent.claims.in_time(tap.now):
            return tap.no(Reason.PHONE_CLOCK, now=tap.now)
        begun, receipt = self._store.elsewhere(intent.claims.intent_id)
        if receipt is not None:
            event = PaidAnotherWay(offer=Offer.of(tap.presentation))
            return _Answer(reply=encode_reply(AlreadyPaid(receipt)), event=event)
        return tap.no(Reason.BEGUN_ANOTHER_WAY) if begun else None

    def _weigh(self, tap: _Tap) -> _Answer:
        """Currency, lock, the owner's decision, money; then sign."""
        claims, owner = tap.presentation.intent.claims, self.owner
        held = self._store.credential_for(tap.merchant.merchant_id, tap.now)
        if claims.currency not in self._store.currencies() or held is None:
            return tap.no(Reason.UNSUPPORTED)
        if owner.blocked:
            return tap.no(Reason.BLOCKED_BY_OWNER)
        plan = make_plan(claims, owner, merchant_id=tap.merchant.merchant_id, credential=held, issuers=self.issuers)
        decision = self._decision_on(tap.presentation.intent.digest)
        trouble = self._money_trouble(owner, held, plan, claims.currency)
        # Asking first where the money is short keeps a terminal from probing what an unattended phone could pay.
        must_ask = decision is None and (trouble is not None or not self._pays_unasked(owner, claims, plan))
        if must_ask and owner.locked:
            return self._ask(tap, plan, Hint.UNLOCK)
        if owner.says_no or (decision is not None and not decision.agrees):
            return tap.no(Reason.DECLINED_BY_SHOPPER)
        if must_ask:
            return self._ask(tap, plan, Hint.CHOOSE if owner.chooses else Hint.CONFIRM)
        if trouble is not None:
            return tap.no(trouble)
        return self._sign(tap, held, plan, unasked=decision is None)

    def _pays_unasked(self, owner: Owner, claims: IntentClaims, plan: Plan) -> bool:
        """Under a tap limit that the owner has set, tip not counted, unless they want to be asked all the same.

        And only so often, and so much in all, since the phone was last unlocked: a reader beside a pocket asks again
        and again.
        """
        limit_minor = owner.tap_limit_minor(claims.currency)
        if limit_minor is None or owner.asks_first or owner.chooses or claims.amount_minor > limit_minor:
            return False
        bounds = owner.unasked
        if bounds is None:
            return True
        count, sum_minor = self._store.unasked(claims.currency)
        most_minor = bounds.sum_minor(claims.currency, limit_minor)
        return count < bounds.count and sum_minor + plan.total_minor <= most_minor

    def _decision_on(self, digest: bytes) -> _Decision | None:
        decision = self._decision
        if decision is None or decision.digest != digest:
            return None
        return decision if self._clock.monotonic_s() - decision.at_monotonic_s <= CONFIRMATION_LIFE_S else None

    def _money_trouble(self, owner: Owner, held: HeldCredential, plan: Plan, currency: str) -> Reason | None:
        limit_minor = owner.spending_limit_minor(currency)
        if plan.total_minor > (AMOUNT_LIMIT_MINOR if limit_minor is None else limit_minor):
            return Reason.OVER_A_LIMIT
        if plan.funding is Funding.BALANCE:
            promises = self._may_promise(held, plan, currency)
            store = self._store
            spendable_minor = store.spendable_minor(currency) if promises else store.available_minor(currency)
            if spendable_minor is not None and plan.total_minor > spendable_minor:
                return Reason.NOT_ENOUGH_MONEY
        return None

    def _ask(self, tap: _Tap, plan: Plan, hint: Hint) -> _Answer:
        event = Asked(offer=Offer.of(tap.presentation), hint=hint, total_minor=plan.total_minor)
        return _Answer(reply=encode_reply(NeedsShopper(hint)), event=event)

    def _sign(self, tap: _Tap, held: HeldCredential, plan: Plan, *, unasked: bool) -> _Answer:
        """Sign under the next counter of this merchant's credential and remember it all; inside the transaction."""
        intent = tap.presentation.intent
        promised = self._may_promise(held, plan, intent.claims.currency)
        claims = AuthorisationClaims(
            intent_digest=intent.digest,
            total_minor=plan.total_minor,
            authorised_at=tap.now,
            counter=self._store.use_credential(held.kid, tap.merchant.merchant_id),
            offline_allowed=promised,
            tip_minor=plan.tip_minor,
            vouchers=plan.vouchers,
            membership=plan.membership,
            funding=plan.funding,
        )
        authorisation = sign_authorisation(self._signer_of(held.kid), claims)
        payment = Signed(
            intent_id=intent.claims.intent_id,
            intent=intent.raw,
            terminal_key=tap.presentation.credential.key,
            reply=encode_reply(Authorises(held.raw, authorisation)),
            kid=held.kid,
            merchant=tap.merchant.name,
            total_minor=plan.total_minor,
            currency=intent.claims.currency,
            from_balance=plan.funding is Funding.BALANCE,
            promised=promised,
            signed_at=tap.now,
            unasked=unasked,
        )
        self._store.remember(payment)
        return _Answer(reply=payment.reply, event=Authorised(payment=payment, again=False))

    def _may_promise(self, held: HeldCredential, plan: Plan, currency: str) -> bool:
        """Claim 5: whenever the allowance covers the total; never with vouchers nor from other money than the own."""
        allowance = held.allowance
        if allowance is None or plan.vouchers or plan.funding is not Funding.BALANCE:
            return False
        left_minor = allowance.total_minor - self._store.promised_minor(held.kid)
        return allowance.currency == currency and plan.total_minor <= min(allowance.per_payment_minor, left_minor)

    # --- receipts ------------------------------------------------------------------------------------------------

    def take_receipt(self, receipt: bytes, *, own_account_paid: bool = False) -> None:
        """Keep a receipt for an intent this wallet has signed or begun another way; ignore any other.

        It may come from a tap or from the backend. An issuer says approved or declined, the terminal of that very
        intent says accepted offline, and no receipt takes more than was authorised. One that approves another key's
        authorisation, or none's, says for good that nothing is taken of this one's, unless the backend says that this
        account paid (`own_account_paid`): by its page, or from another of its phones. Raises JournalError if it could
        not be stored.
        """
        with self._lock, self._store.transaction():
            payment = self._told_by(receipt, own_account_paid=own_account_paid)
        if payment is not None:
            self.listener(PaidByAnother(payment=payment) if payment.paid_by_another else ReceiptKept(payment=payment))

    def release_promise(self, intent_id: bytes) -> None:
        """The backend will never take what was signed for this intent: see `sandbox.phone.wallet.promises`.

        No receipt says so. After a decline the terminal may still deliver the same authorisation as accepted offline,
        and it is judged once more (backend API, *Accepted after all*): only the backend knows when that is over.
        """
        with self._lock, self._store.transaction():
            payment = self._store.signed(intent_id) if self._store.release_promise(intent_id) else None
        if payment is not None and payment.paid_by_another:
            self.listener(PaidByAnother(payment=payment))

    def _told_by(self, raw: bytes, *, own_account_paid: bool) -> Signed | None:
        """The payment as it stands after this receipt, or None if it says nothing about a payment by tap."""
        try:
            intent_id = _intent_id_of(raw)
            before = self._store.signed(intent_id)
            if before is None:
                self._told_of_another_way(intent_id, raw)
                return None
            receipt = Receipt.read(raw, self.issuers, terminal_key=before.terminal_key)
        except (MalformedError, SignatureError):
            return None
        claims = receipt.claims
        if claims.currency != before.currency or claims.terminal_id not in {None, before.terminal_id}:
            return None
        if claims.answers(before.kid) is False and not (own_account_paid and claims.outcome is Outcome.APPROVED):
            return self._told_of_anothers(claims)
        if claims.total_minor > before.total_minor or claims.outcome in _TO_TERMINALS:
            return None
        if claims.outcome is Outcome.ACCEPTED_OFFLINE and not before.promised:
            return None
        self._store.record_outcome(receipt)
        return self._store.signed(intent_id)

    def _told_of_anothers(self, claims: ReceiptClaims) -> Signed | None:
        """Of what became of another's authorisation only that it was taken concerns us: the intent is paid once."""
        if claims.outcome is Outcome.APPROVED and self._store.release_promise(claims.intent_id):
            return self._store.signed(claims.intent_id)
        return None

    def _told_of_another_way(self, intent_id: bytes, raw: bytes) -> None:
        begun, known = self._store.elsewhere(intent_id)
        if begun and known is None and Receipt.read(raw, self.issuers).claims.outcome is Outcome.APPROVED:
            self._store.paid_elsewhere(intent_id, raw)


def _verified(raw: bytes, issuers: Issuers, revoked: frozenset[bytes], now: int) -> Presentation:
    """A presentation in which everything holds but the intent's time; raises MalformedError, SignatureError."""
    presentation = Presentation.read(raw, issuers)
    if presentation.credential.expired(now):
        raise SignatureError("the terminal's credential has expired")
    if presentation.credential.key.kid in revoked:
        raise SignatureError("the terminal has been revoked")
    return presentation


def _intent_id_of(receipt: bytes) -> bytes:
    """The intent a receipt is about, before anything in it has verified: only to find whose keys may have signed it."""
    claims = decode(Sign1.parse(receipt, max_size=MAX_RECEIPT_SIZE).payload, max_size=MAX_RECEIPT_SIZE)
    intent_id = claims.get(1) if isinstance(claims, dict) else None
    if not isinstance(intent_id, bytes):
        raise MalformedError("a receipt names its intent")
    return intent_id
