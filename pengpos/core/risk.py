# SPDX-License-Identifier: Apache-2.0
"""Whether the terminal may take a payment on its own while the backend cannot be reached (reason 20).

Source: tap protocol §1 (the wallet's allowance, offline flag), §1 *Clock*; backend API, *Risk policy*;
architecture, "Offline needs …". The denylist is checked before, with the reply (`pengpos.wire.judge`).
No policy, no offline: there are no defaults here, a policy is what an issuer signed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import TypeAlias

from pengpos.core.times import CLOCK_TOLERANCE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPolicy:
    """The offline part of a signed risk policy. Amounts in minor units of `currency`, ends of ranges included."""

    version: int
    issued_at: int
    currency: str
    per_payment_minor: int
    per_key_count: int
    per_key_total_minor: int
    stored_count: int
    stored_total_minor: int
    max_age_s: int
    """Nothing more is taken once the oldest stored payment is older than this."""
    doubtful_clock_s: int
    """How long the clock may stay doubtful; 0: offline never on a doubtful clock."""
    guaranteed_minor: int
    """What the merchant is owed whatever becomes of it; shown, not a cap."""
    not_after: int
    turnaround_ms: int | None = None
    """A phone that takes longer for a command may be a relay's; None: that is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a wallet's credential promises to cover offline (claim -70003), in minor units of `currency`."""

    currency: str
    per_payment_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the terminal holds now: accepted offline and not yet booked, the payment in question not included."""

    stored_count: int = 0
    stored_total_minor: int = 0
    key_count: int = 0
    """Those of the wallet key in question."""
    key_total_minor: int = 0
    key_blocked: bool = False
    """A payment of that key was declined when it was sent: it pays online only."""
    oldest_age_s: int | None = None
    """Age of the oldest stored payment; None when nothing is stored."""
    clock_doubtful_for_s: int | None = None
    """Since when, by the monotonic clock, no backend has confirmed the time; None: the clock is not doubtful."""


class Cap(StrEnum):
    """Which rule said no; what there is to say to the cashier hangs on it."""

    NO_POLICY = "no_policy"
    POLICY_EXPIRED = "policy_expired"
    CLOCK_DOUBTFUL = "clock_doubtful"
    AUTHORISED_AT = "authorised_at"
    FUNDING = "funding"
    WALLET_FORBIDS = "wallet_forbids"
    KEY_BLOCKED = "key_blocked"
    WALLET_ONLINE_ONLY = "wallet_online_only"
    WALLET_CURRENCY = "wallet_currency"
    WALLET_PER_PAYMENT = "wallet_per_payment"
    WALLET_TOTAL = "wallet_total"
    CURRENCY = "currency"
    PER_PAYMENT = "per_payment"
    PER_KEY_COUNT = "per_key_count"
    PER_KEY_TOTAL = "per_key_total"
    STORED_COUNT = "stored_count"
    STORED_TOTAL = "stored_total"
    AGE = "age"
    TAP_TOO_SLOW = "tap_too_slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapsLeft:
    """What is left for anybody, for the screen: never below zero. A single wallet may have less."""

    currency: str
    amount_minor: int
    count: int
    per_payment_minor: int
    until: int
    """Unix seconds after which nothing more is taken offline, unless something changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineAllowed:
    """Every cap held; `left` is what remains once this payment is stored too."""

    left: CapsLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineRefused:
    """Reason 20. `cap` is the first rule that failed, `detail` its numbers for the log."""

    cap: Cap
    detail: str


def decide(
    policy: RiskPolicy | None,
    usage: Usage,
    *,
    total_minor: int,
    currency: str,
    authorised_at: int,
    from_own_balance: bool,
    offline_allowed: bool,
    allowance: Allowance | None,
    now: int,
    turnaround_ms: int | None = None,
) -> OfflineAllowed | OfflineRefused:
    """Judge one authorised total, against the policy and the wallet's own allowance, as of `now` (Unix seconds).

    `authorised_at`, `from_own_balance` (funding 0), `offline_allowed` and `allowance` are the authorisation's and the
    wallet credential's, `turnaround_ms` the tap's: None, where it was not measured, is too long. The cashier's own
    decision to accept offline is judged by the same rules.
    """
    if policy is None:
        return OfflineRefused(cap=Cap.NO_POLICY, detail="no risk policy is stored")
    payment = _Payment(
        total_minor, currency, authorised_at, from_own_balance, offline_allowed, allowance, turnaround_ms
    )
    rules = chain(
        _of_the_device(policy, usage, now), _of_the_wallet(usage, payment), _of_the_policy(policy, usage, payment)
    )
    for cap, holds, detail in rules:
        if not holds:
            return OfflineRefused(cap=cap, detail=detail)
    return OfflineAllowed(left=_left(policy, _with(usage, total_minor), now))


def caps_left(policy: RiskPolicy | None, usage: Usage, *, now: int) -> CapsLeft | None:
    """What is left of the terminal's caps; None if nothing can be taken offline now: no policy, expired, clock, age."""
    if policy is None or not all(holds for _, holds, _ in _of_the_device(policy, usage, now)):
        return None
    return _left(policy, usage, now)


@dataclass(frozen=True, slots=True)
class _Payment:
    total_minor: int
    currency: str
    authorised_at: int
    from_own_balance: bool
    offline_allowed: bool
    allowance: Allowance | None
    turnaround_ms: int | None


_Rule: TypeAlias = tuple[Cap, bool, str]  # which, whether it holds, and the numbers for the log


def _of_the_device(policy: RiskPolicy, usage: Usage, now: int) -> Iterator[_Rule]:
    yield Cap.POLICY_EXPIRED, now <= policy.not_after, f"policy {policy.version} ended at {policy.not_after}"
    doubtful_s = usage.clock_doubtful_for_s
    yield (
        Cap.CLOCK_DOUBTFUL,
        doubtful_s is None or doubtful_s < policy.doubtful_clock_s,
        f"clock doubtful for {doubtful_s} s of {policy.doubtful_clock_s} s",
    )
    age_s = usage.oldest_age_s
    yield Cap.AGE, age_s is None or age_s <= policy.max_age_s, f"oldest stored {age_s} s of {policy.max_age_s} s"


def _of_the_wallet(usage: Usage, payment: _Payment) -> Iterator[_Rule]:
    yield Cap.FUNDING, payment.from_own_balance, "the money would come from a purse or a friend: online only"
    yield Cap.WALLET_FORBIDS, payment.offline_allowed, "the authorisation is for online only"
    yield Cap.KEY_BLOCKED, not usage.key_blocked, "an earlier payment of this key was declined at sync"
    if (allowance := payment.allowance) is None:
        yield Cap.WALLET_ONLINE_ONLY, False, "the wallet's credential is for online only"
        return
    yield (
        Cap.WALLET_CURRENCY,
        payment.currency == allowance.currency,
        f"allowance in {allowance.currency}, payment in {payment.currency}",
    )
    yield _at_most(Cap.WALLET_PER_PAYMENT, payment.total_minor, allowance.per_payment_minor)
    yield _at_most(Cap.WALLET_TOTAL, usage.key_total_minor + payment.total_minor, allowance.total_minor)


def _of_the_policy(policy: RiskPolicy, usage: Usage, payment: _Payment) -> Iterator[_Rule]:
    # The backend judges by the wallet's own time: it must hold this policy, or one that is as generous, valid then.
    yield (
        Cap.AUTHORISED_AT,
        policy.issued_at - CLOCK_TOLERANCE_S <= payment.authorised_at <= policy.not_after,
        f"authorised at {payment.authorised_at}, policy {policy.version} from {policy.issued_at} to {policy.not_after}",
    )
    yield (
        Cap.CURRENCY,
        payment.currency == policy.currency,
        f"policy in {policy.currency}, payment in {payment.currency}",
    )
    yield _at_most(Cap.PER_PAYMENT, payment.total_minor, policy.per_payment_minor)
    yield _at_most(Cap.PER_KEY_COUNT, usage.key_count + 1, policy.per_key_count)
    yield _at_most(Cap.PER_KEY_TOTAL, usage.key_total_minor + payment.total_minor, policy.per_key_total_minor)
    yield _at_most(Cap.STORED_COUNT, usage.stored_count + 1, policy.stored_count)
    yield _at_most(Cap.STORED_TOTAL, usage.stored_total_minor + payment.total_minor, policy.stored_total_minor)
    if policy.turnaround_ms is not None:  # last: the only one that another tap may mend
        took_ms = payment.turnaround_ms
        yield (
            Cap.TAP_TOO_SLOW,
            took_ms is not None and took_ms <= policy.turnaround_ms,
            f"turnaround: {took_ms} ms of {policy.turnaround_ms} ms",
        )


def _at_most(cap: Cap, wanted: int, limit: int) -> _Rule:
    return cap, wanted <= limit, f"{cap.value}: {wanted} of {limit}"


def _with(usage: Usage, total_minor: int) -> Usage:
    return replace(
        usage,
        stored_count=usage.stored_count + 1,
        stored_total_minor=usage.stored_total_minor + total_minor,
        oldest_age_s=usage.oldest_age_s or 0,
    )


def _left(policy: RiskPolicy, usage: Usage, now: int) -> CapsLeft:
    ends = [policy.not_after]
    if usage.oldest_age_s is not None:
        ends.append(now - usage.oldest_age_s + policy.max_age_s)
    if usage.clock_doubtful_for_s is not None:
        ends.append(now - usage.clock_doubtful_for_s + policy.doubtful_clock_s - 1)
    count = max(0, policy.stored_count - usage.stored_count)
    amount_minor = max(0, policy.stored_total_minor - usage.stored_total_minor) if count else 0
    return CapsLeft(
        currency=policy.currency,
        amount_minor=amount_minor,
        count=count,
        per_payment_minor=min(policy.per_payment_minor, amount_minor),
        until=min(ends),
    )
