# SPDX-License-Identifier: Apache-2.0
"""Which word of the backend ends a sale or a refund: an issuer's, over this very intent or refund of this terminal.

Source: backend API, *Endings are signed*; tap protocol §1, receipt. A backend whose signed policy says `signs_endings`
signs every one; of any other the unsigned word is believed too, as in page 1.1.

Tests: tests/terminal/backend/test_endings.py, tests/journeys/test_tls_end.py.
"""

from dataclasses import dataclass
from uuid import UUID

from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import RefundContent, SettlementContent, SettlementMessage, read_message
from pengpos.backend_api.settlement_digest import digest_of
from pengpos.core.errors import MalformedError, RefusedError, SignatureError
from pengpos.core.sale import Sale
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.judge import check_receipt_for
from pengpos.wire.objects.receipt import Outcome, Receipt

NOTHING_TAKEN = frozenset({Outcome.CANCELLED, Outcome.EXPIRED})
REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the backend's answers are held against now."""

    issuers: Issuers
    terminal_id: str
    signs_endings: bool = False
    """The newest policy says that this backend signs every ending."""
    signs_settlements: bool = False
    """It says that this backend signs every settlement, too."""
    origins: tuple[str, ...] = ()
    """Under which the backend's addresses lie: where it was enrolled, and what its signed policy adds."""


def receipt_in(sale: Sale, text: str, terms: Terms) -> Receipt:
    """An issuer's receipt for the sale's newest intent. Raises UnusableAnswerError."""
    try:
        return check_receipt_for(
            unb64u(text),
            intent_id=sale.intent.intent_id.bytes,
            terminal_id=terms.terminal_id,
            currency=sale.amount.currency,
            issuers=terms.issuers,
            authorised_total_minor=None,
        )
    except (RefusedError, MalformedError, SignatureError) as error:
        raise UnusableAnswerError(f"its receipt is not good: {error}") from error


def declined(sale: Sale, text: str | None, terms: Terms) -> Receipt | None:
    """The receipt of a decline: of this authorisation, where it says of which. Raises UnusableAnswerError."""
    receipt = _ending(sale, text, frozenset({Outcome.DECLINED}), terms)
    if receipt is None or sale.authorised is None or receipt.claims.wallet_kid is None:
        return receipt
    if receipt.claims.wallet_kid != sale.authorised.wallet_kid:
        raise UnusableAnswerError("its receipt declines another key's authorisation")
    return receipt


def nothing_taken(sale: Sale, text: str | None, outcomes: frozenset[Outcome], terms: Terms) -> None:
    """That an intent was cancelled, or has expired. Raises UnusableAnswerError."""
    _ending(sale, text, outcomes, terms)


def _ending(sale: Sale, text: str | None, outcomes: frozenset[Outcome], terms: Terms) -> Receipt | None:
    if text is None:
        if terms.signs_endings:
            raise UnusableAnswerError("an ending that no issuer has signed")
        return None
    receipt = receipt_in(sale, text, terms)
    if receipt.claims.outcome not in outcomes:
        raise UnusableAnswerError(f"its receipt says {receipt.claims.outcome.name.lower()}")
    return receipt


def refund_ended(
    sale: Sale,
    refund_id: UUID,
    text: str | None,
    terms: Terms,
    *,
    state: str,
    amount_minor: int | None,
    lessens_minor: int | None = None,
) -> None:
    """That a refund of the sale's newest intent has ended so, over this amount. Raises UnusableAnswerError.

    `lessens_minor`: believed to be taken off what is owed, where a void one says so.
    """
    if text is None:
        if terms.signs_endings:
            raise UnusableAnswerError(f"a refund that is {state}, which no issuer has signed")
        return
    try:
        payload = Sign1.read_issued(unb64u(text), terms.issuers, Context.REFUND).payload
        said = read_message(payload, RefundContent)
    except (MalformedError, SignatureError) as error:
        raise UnusableAnswerError(f"a refund's signature is not good: {error}") from error
    about = (said.terminal_id, said.intent_id.lower(), said.refund_id.lower())
    if about != (terms.terminal_id, str(sale.intent.intent_id), str(refund_id)):
        raise UnusableAnswerError(f"signed for refund {said.refund_id} of intent {said.intent_id}")
    if (said.state, said.amount) != (state, amount_minor):
        raise UnusableAnswerError(f"signed is a refund of {said.amount} that is {said.state}")
    if lessens_minor is not None and said.lessens != lessens_minor:
        raise UnusableAnswerError(f"signed is a refund that lessens what is owed by {said.lessens}")


def settlement_signed(settlement: SettlementMessage, nonce: str | None, terms: Terms) -> None:
    """That these are the entries of the day as they stand now, signed over this request. Raises UnusableAnswerError."""
    if settlement.signed is None:
        if terms.signs_settlements:
            raise UnusableAnswerError("a settlement that no issuer has signed")
        return
    try:
        payload = Sign1.read_issued(unb64u(settlement.signed), terms.issuers, Context.SETTLEMENT).payload
        said = read_message(payload, SettlementContent)
    except (MalformedError, SignatureError) as error:
        raise UnusableAnswerError(f"a settlement's signature is not good: {error}") from error
    if (said.terminal_id, said.nonce) != (terms.terminal_id, nonce):
        raise UnusableAnswerError("a settlement signed for another question")
    entries = digest_of(
        (entry.kind, entry.intent_id, entry.refund_id, entry.amount, entry.currency) for entry in settlement.entries
    )
    if (said.business_date, said.final, said.entries) != (settlement.business_date, settlement.final, entries):
        raise UnusableAnswerError("a settlement that says another thing than what is signed")
