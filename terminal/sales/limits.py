# SPDX-License-Identifier: Apache-2.0
"""What no role goes beyond at this terminal, held against what the journal says has been used of it today.

Source: backend API, *Limits in the policy*; local API, refunds.

Tests: tests/journeys/test_limits.py
"""

from functools import partial

from offline_queue.port import Reads
from pengpos.core.authority.limits import Limit, OverLimit, code_over_limit, refund_over_limit
from pengpos.core.money import Money
from pengpos.core.ports import Clock
from pengpos.core.sale import Sale
from terminal.device.executor import BoundedExecutor
from terminal.sales.day import business_day_of
from terminal.sales.offline import OfflinePolicy


class UsedLimits:
    """Puts what is asked for to the limits. Lives on the loop; the caller lets one question of a kind be at a time."""

    def __init__(
        self,
        *,
        policy: OfflinePolicy,
        reads: Reads,
        executor: BoundedExecutor,
        clock: Clock,
    ) -> None:
        self._policy = policy
        self._reads = reads
        self._executor = executor
        self._clock = clock

    async def of_refund(self, sale: Sale, amount_minor: int) -> OverLimit | None:
        """Whether so much of a sale is too much to give back now. Raises JournalError."""
        limits = self._policy.limits
        if limits.per_refund_minor is None and limits.refunds_per_day_minor is None:
            return None
        currency = sale.amount.currency
        business_day = business_day_of(self._policy.document)
        today = business_day.span(business_day.date_of(self._clock.now()))
        given_back_minor = await self._executor.run(partial(self._reads.given_back_minor, *today, currency))
        return refund_over_limit(limits, amount_minor, given_back_minor)

    async def of_code(self, sale: Sale) -> OverLimit | None:
        """Whether a sale is too much for a confirmation code now. Raises JournalError."""
        limits = self._policy.limits
        if limits.per_code_minor is None and limits.codes_unconfirmed_minor is None:
            return None
        stored = await self._executor.run(partial(self._reads.queue_totals, sale.amount.currency))
        return code_over_limit(limits, sale.amount.minor, stored.by_code_minor)


def refund_words(over: OverLimit, currency: str) -> str:
    """What was too much, and what helps; for a till's log and its cashier."""
    left = Money(over.left_minor, currency)
    more = "more is your payment provider's to allow: it can raise the limit for this terminal at once"
    if over.limit is Limit.PER_REFUND:
        return f"at most {left} can be given back in one refund here; {more}"
    return f"{left} more can be given back here today, whoever asks; refund the rest on another day, or {more}"


def code_words(over: OverLimit, sale: Sale) -> str:
    """What was too much for a code, and what helps."""
    left = Money(over.left_minor, sale.amount.currency)
    of_it = "for one sale" if over.limit is Limit.PER_CODE else "before the backend has confirmed the others"
    return (
        f"a code takes at most {left} {of_it}: connect the terminal, and sale {sale.number} is approved if paid; "
        "or cancel it, and what was paid goes back"
    )
