# SPDX-License-Identifier: Apache-2.0
"""The person who holds the phone, as a value: what they set, and what they want when asked.

Knows the settings that tap protocol §2 ("A wallet signs only if") lets an owner make. A test or the command line
changes the owner by replacing the value; no one is asked in the middle of a tap.
"""

from dataclasses import dataclass
from typing import Final

from pengpos.core.money import Money
from pengpos.wire.objects.authorisation import Funding

UNASKED_COUNT: Final = 5
UNASKED_SUM_OF_TAP_LIMITS: Final = 3
_UNASKED_COUNT_MOST: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaskedBounds:
    """How much the phone signs unasked between two unlocks (tap protocol §2, *Unasked payments are counted*)."""

    count: int = UNASKED_COUNT
    """In all currencies together, at most 1,000."""
    sums: tuple[Money, ...] = ()
    """One a currency; without one it is three times the currency's tap limit."""

    def __post_init__(self) -> None:
        if not 0 <= self.count <= _UNASKED_COUNT_MOST:
            raise ValueError(f"0 to {_UNASKED_COUNT_MOST} unasked payments")

    def sum_minor(self, currency: str, tap_limit_minor: int) -> int:
        """The most that the totals of one currency may come to."""
        set_minor = _of(self.sums, currency)
        return UNASKED_SUM_OF_TAP_LIMITS * tap_limit_minor if set_minor is None else set_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Settings and wishes of a phone's owner. The default one is unlocked and wants to be asked each time."""

    tap_limits: tuple[Money, ...] = ()
    """Up to each of these, without tip, the phone pays unasked, locked or not; one a currency."""
    unasked: UnaskedBounds | None = UnaskedBounds()
    """How often and how much it pays so until it is unlocked; None: without end, as a wallet of protocol page 1.1."""
    spending_limits: tuple[Money, ...] = ()
    """More than this in one payment is refused with reason 2, once the payment is confirmed; one a currency."""
    locked: bool = False
    blocked: bool = False
    """Lost or frozen by its owner: reason 6 to every verified intent."""
    asks_first: bool = False
    """Asked even below the tap limit."""
    chooses: bool = False
    """Wants to choose tip, voucher or purse each time: asked with hint 2 in place of 1."""
    says_no: bool = False
    tip: Money | None = None
    """Added to a sale or share in its currency; never to a check-in."""
    funding: Funding = Funding.BALANCE
    vouchers: tuple[bytes, ...] = ()
    """Signed vouchers to be used where they apply; those that do not are left out."""
    memberships: tuple[bytes, ...] = ()
    """Signed passes that the owner has agreed to show to the merchant each is for."""
    network: bool = True
    """The phone can reach its backend; a tap never needs it."""
    clock_offset_s: int = 0
    """By how much the phone's clock is wrong."""

    def tap_limit_minor(self, currency: str) -> int | None:
        """What may be paid unasked in this currency; None: nothing, not even a check-in."""
        return _of(self.tap_limits, currency)

    def spending_limit_minor(self, currency: str) -> int | None:
        """The most that one payment may take in this currency; None: no limit."""
        return _of(self.spending_limits, currency)


def _of(limits: tuple[Money, ...], currency: str) -> int | None:
    return next((limit.minor for limit in limits if limit.currency == currency), None)
