# SPDX-License-Identifier: Apache-2.0
"""A sale as the local API shows it. Source: `docs/spec/local-api.md`, "A sale"."""

from collections.abc import Callable
from dataclasses import dataclass

from pengpos.client import (
    CardView,
    DueView,
    IntentView,
    Language,
    LineView,
    ReasonView,
    RefundView,
    SaleView,
    StepView,
)
from pengpos.core.confirmation import CODE_TRIES
from pengpos.core.machine.allowed import allowed_calls
from pengpos.core.machine.states import PAYABLE_STATES, UNDOING_STATES
from pengpos.core.reasons import Reason
from pengpos.core.sale import Intent, Refund, Refusal, Sale, SaleState
from pengpos.core.times import rfc3339
from terminal.api.reason_words import BACKEND_CODES, CODE_WORDS, DUE_WORDS, WORDS, ReasonWords
from terminal.device.words import sentences

CLAIM_S = 60


@dataclass(frozen=True, slots=True)
class SaleViews:
    """Sales as this terminal shows them now: in its language, and offering what its calls will take."""

    language: Language
    may_sell: Callable[[], bool]

    def of(self, sale: Sale) -> SaleView:
        """The view of one sale. In any thread."""
        return sale_view(sale, self.language, may_sell=self.may_sell())


def sale_view(sale: Sale, language: Language, *, may_sell: bool = True) -> SaleView:
    """Everything a screen, a till or a script may know of a sale: no credential, no signature, no pseudonym."""
    booking = sale.booking
    return SaleView(
        id=str(sale.sale_id),
        number=sale.number,
        state=sale.state.value,
        amount=sale.amount.minor,
        tip=sale.tip.minor,
        total=sale.total.minor,
        currency=sale.amount.currency,
        mode=sale.mode.value,
        ways=[way.value for way in sale.open_ways],
        created_at=rfc3339(sale.created_at),
        expires_at=rfc3339(sale.intent.expires_at),
        intents=[_intent_view(sale, intent) for intent in sale.intents],
        history=[
            StepView(state=step.state.value, at=rfc3339(step.at), why=step.why, by=step.by) for step in sale.history
        ],
        reference=sale.reference,
        prompt=sale.prompt.value if sale.prompt else None,
        notice=sale.notice.value if sale.notice else None,
        reason=reason_view(sale.refusal, language) if sale.refusal else None,
        url=booking.receipt_url if booking else sale.intent.url if sale.state in PAYABLE_STATES else None,
        claimed_until=_claimed_until(sale),
        lines=[LineView(kind=line.kind, label=line.label, amount=line.amount_minor) for line in booking.lines]
        if booking
        else [],
        cards=[CardView(kind=card.kind, title=card.title, text=card.text, url=card.url) for card in booking.cards]
        if booking
        else [],
        receipt_url=booking.receipt_url if booking else None,
        payer_display=booking.payer_display if booking else None,
        parked=sale.parked,
        held=sale.state in UNDOING_STATES and sale.cancel is not None and sale.cancel.held,
        code_tries_left=max(0, CODE_TRIES - sale.wrong_codes),
        refunds=[refund_view(sale, refund) for refund in sale.refunds],
        given_back=sale.cancel.given_back_minor if sale.cancel is not None else 0,
        settled_on=sale.settled_on,
        can=allowed_calls(sale, may_sell=may_sell),
    )


def _intent_view(sale: Sale, intent: Intent) -> IntentView:
    state = intent.end or (sale.state if intent is sale.intent else SaleState.CANCELLED)
    return IntentView(
        intent_id=str(intent.intent_id),
        epoch=intent.epoch,
        counter=intent.counter,
        state=state.value,
        at=rfc3339(intent.ended_at or intent.issued_at),
    )


def _claimed_until(sale: Sale) -> str | None:
    """Backend API, claims: 60 s; a parked sale waits for a person or for another's money, and longer."""
    if sale.state is not SaleState.PENDING or sale.parked:
        return None
    return rfc3339(sale.history[-1].at + CLAIM_S)


def refund_view(sale: Sale, refund: Refund) -> RefundView:
    """A refund; one of the whole shows its amount once it is known what was captured."""
    amount = refund.amount_minor
    if amount is None and sale.booking is not None:
        amount = sale.booking.total_minor
    return RefundView(
        refund_id=str(refund.refund_id),
        amount=amount,
        reason=refund.reason,
        state=refund.state.value,
        at=rfc3339(refund.at) if refund.at else None,
        by=refund.by,
    )


def _words_of(refusal: Refusal) -> ReasonWords:
    if refusal.due is not None:
        return DUE_WORDS[refusal.due.state]
    plainer = BACKEND_CODES.get(refusal.code or "", refusal.reason)
    return CODE_WORDS.get(refusal.code or "") or WORDS.get(plainer, WORDS[Reason.DECLINED_BY_BACKEND])


def reason_view(refusal: Refusal, language: Language) -> ReasonView:
    """The number with a sentence for each side, shopper and cashier, in the device's language and in all of them."""
    words = _words_of(refusal)
    return ReasonView(
        code=refusal.reason.value,
        shopper=words.shopper.in_language(language),
        cashier=words.cashier.in_language(language),
        detail=refusal.code,
        borne_by=refusal.borne_by,
        guaranteed=refusal.guaranteed_minor if refusal.borne_by else None,
        due=DueView(state=due.state.value, amount=due.amount_minor) if (due := refusal.due) is not None else None,
        phone_time=rfc3339(refusal.phone_time) if refusal.phone_time is not None else None,
        shopper_in=sentences(words.shopper),
        cashier_in=sentences(words.cashier),
    )
