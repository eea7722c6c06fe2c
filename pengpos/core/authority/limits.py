# SPDX-License-Identifier: Apache-2.0
"""Limits of a terminal that no role goes beyond: money back, and confirmation codes without the backend's word.

Beside them the amount above which the screen asks once more, which is no limit: a person goes beyond it by an answer.

Terminal and backend put the same question. Values. Source: backend API, *Limits in the policy*.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Amounts in minor units of the sale's currency, ends included; None: no limit."""

    per_refund_minor: int | None = None
    refunds_per_day_minor: int | None = None
    per_code_minor: int | None = None
    codes_unconfirmed_minor: int | None = None
    sale_asks_above_minor: int | None = None
    """None: `ASKS_ABOVE_MINOR`."""

    @property
    def of_refunds(self) -> bool:
        """Whether there is any on what is given back."""
        return self.per_refund_minor is not None or self.refunds_per_day_minor is not None


ASKS_ABOVE_MINOR: Final = 1_000_000
"""Unless the shop sets another: 10,000.00 of a currency with two decimals, and the same digits of any other.

There is no one amount for a shop in each currency, and none protects nobody: one digit too many of a small shop's bill
is caught in CNY, EUR, JPY and KWD. Where money has many digits (VND, HUF) the shop sets a larger one.
"""
NO_LIMITS: Final = Limits()
"""The policy names none: as on page 1.1."""
NOTHING_ALLOWED: Final = Limits(
    per_refund_minor=0, refunds_per_day_minor=0, per_code_minor=0, codes_unconfirmed_minor=0
)
"""The policy cannot be read: what opens by it stays shut."""


class Limit(StrEnum):
    """Which one said no; the word is the policy's."""

    PER_REFUND = "per_refund"
    REFUNDS_PER_DAY = "refunds_per_day"
    PER_CODE = "per_code"
    CODES_UNCONFIRMED = "codes_unconfirmed"


@dataclass(frozen=True, slots=True)
class OverLimit:
    """More than `limit` allows; `left_minor` is what still may be."""

    limit: Limit
    left_minor: int


def refund_over_limit(limits: Limits, amount_minor: int, given_today_minor: int) -> OverLimit | None:
    """Whether a refund is too much for a business day on which so much has been given back, or will be."""
    return _over(Limit.PER_REFUND, limits.per_refund_minor, amount_minor, 0) or _over(
        Limit.REFUNDS_PER_DAY, limits.refunds_per_day_minor, amount_minor, given_today_minor
    )


def code_over_limit(limits: Limits, amount_minor: int, unconfirmed_minor: int) -> OverLimit | None:
    """Whether a confirmation code is for too much, beside what other codes have approved without the backend's word."""
    return _over(Limit.PER_CODE, limits.per_code_minor, amount_minor, 0) or _over(
        Limit.CODES_UNCONFIRMED, limits.codes_unconfirmed_minor, amount_minor, unconfirmed_minor
    )


def _over(limit: Limit, most_minor: int | None, amount_minor: int, used_minor: int) -> OverLimit | None:
    if most_minor is None or used_minor + amount_minor <= most_minor:
        return None
    return OverLimit(limit, max(0, most_minor - used_minor))
