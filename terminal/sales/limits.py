# SPDX-License-Identifier: Apache-2.0
"""What no role goes beyond at this terminal, held against what the journal says has been used of it today.

Source: backend API, *Limits in the policy*; local API, refunds.

Tests: tests/journeys/test_limits.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from offline_queue.port import Reads
from pengpos.core.authority.limits import Limit, OverLimit, code_over_limit, refund_over_limit
from pengpos.core.money import Money
from pengpos.core.ports import Clock
from pengpos.core.risk import Cap, CapsLeft
from pengpos.core.sale import Sale, Way
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

    async def offline(self, amount: Money, ways: Sequence[Way]) -> "RoomOffline":
        """What of these ways may end well without the backend. Raises JournalError.

        A tap keeps the caps of offline payments, what is paid by a page those of confirmation codes.
        """
        stored = await self._executor.run(partial(self._reads.queue_totals, amount.currency))
        caps = self._policy.left(stored)
        by_tap = RoomOffline(most_minor=caps.per_payment_minor if caps is not None else 0, rule=_first_rule(caps))
        over = code_over_limit(self._policy.limits, amount.minor, stored.by_code_minor)
        by_code = RoomOffline(most_minor=amount.minor if over is None else over.left_minor, rule=Cap.PER_PAYMENT)
        rooms = {way: by_tap if way is Way.READER else by_code for way in ways}
        widest = max(rooms.values(), key=lambda room: room.most_minor)
        return replace(widest, ways=tuple(way for way, room in rooms.items() if amount.minor <= room.most_minor))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOffline:
    """How much one sale may be while the terminal is offline, by which of its ways; the rule where it is too much."""

    most_minor: int
    rule: Cap
    ways: tuple[Way, ...] = ()


def _first_rule(caps: CapsLeft | None) -> Cap:
    if caps is None:
        return Cap.NO_POLICY
    if caps.per_payment_minor > 0:
        return Cap.PER_PAYMENT
    return Cap.STORED_TOTAL if caps.count else Cap.STORED_COUNT


def offline_words(room: RoomOffline, currency: str) -> str:
    """Which rule a sale offline did not keep (local API, *Offline refused*), and what helps."""
    if room.most_minor == 0:
        return f"{room.rule}: nothing more is taken while the terminal is offline; connect it, or take cash"
    most = Money(room.most_minor, currency)
    return f"{room.rule}: while the terminal is offline at most {most} can be taken; connect it, or take cash"


def refund_words(over: OverLimit, currency: str) -> str:
    """What was too much, and what helps; for a till's log and its cashier."""
    left = Money(over.left_minor, currency)
    more = "more is your payment provider's to allow: it can raise the limit for this terminal at once"
    if over.limit is Limit.PER_REFUND:
        return f"at most {left} can be given back in one refund here; {more}"
    return f"{left} more can be refunded here today, in any role; refund the rest on another day, or {more}"


def code_words(over: OverLimit, sale: Sale) -> str:
    """What was too much for a code, and what helps."""
    left = Money(over.left_minor, sale.amount.currency)
    of_it = "for one sale" if over.limit is Limit.PER_CODE else "before the backend has confirmed the others"
    return (
        f"a code takes at most {left} {of_it}: connect the terminal, and sale {sale.number} is approved if paid; "
        "or cancel it, and what was paid goes back"
    )
