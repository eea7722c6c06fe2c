# SPDX-License-Identifier: Apache-2.0
"""Events that a phone's screen shows its owner about a tap, as values. The front end has the words for them."""

from dataclasses import dataclass

from pengpos.core.money import Money
from pengpos.core.reasons import Reason
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.reply import Hint
from sandbox.phone.wallet.store import Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is asked for, taken from the verified bytes themselves: the only thing that may be shown."""

    digest: bytes
    """SHA-256 of the intent; what a confirmation is given for."""
    merchant: str
    amount: Money
    purpose: Purpose
    reference: str | None

    @classmethod
    def of(cls, presentation: Presentation) -> "Offer":
        """The offer inside a presentation that has verified."""
        claims = presentation.intent.claims
        return cls(
            digest=presentation.intent.digest,
            merchant=presentation.merchant.name,
            amount=Money(claims.amount_minor, claims.currency),
            purpose=claims.purpose,
            reference=claims.reference,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The phone asks its owner to unlock, confirm or choose; then the same tap again."""

    offer: Offer
    hint: Hint
    total_minor: int
    """What would be authorised as the owner's settings stand: with tip, less vouchers. Not bounded like an amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """The phone signed; `again`: it gave the reply that it had given before."""

    payment: Signed
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The phone refused. Without an offer the presentation did not verify, and nothing of it may be shown."""

    reason: Reason
    offer: Offer | None = None
    detail: str = ""
    """For a developer: which check failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidAnotherWay:
    """The phone showed the receipt of this intent, already paid by tag or QR."""

    offer: Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidByAnother:
    """Another payer has paid what this phone had signed for: nothing is taken from its owner."""

    payment: Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptKept:
    """A verified receipt came, and the payment now stands as it says."""

    payment: Signed


Event = Asked | Authorised | Refused | PaidAnotherWay | PaidByAnother | ReceiptKept
