# SPDX-License-Identifier: Apache-2.0
"""Says what a campaign (立减) is, when it runs, for whom, and how much it takes off a bill.

Source: backend API, *Campaigns*.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.backend.bill.lines import Funder, FunderKind

BY_MERCHANT = Funder(FunderKind.MERCHANT)
LEFT_AT_LEAST_MINOR = 1
"""A campaign never makes goods free: it leaves so much of them to pay."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Part of a day in the shop's zone, minutes since midnight: from `begins` to before `ends`."""

    begins: int
    ends: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign of a shop. `key`: under what its budget and its shoppers are counted; empty where nothing is.

    `most_minor`: the most it takes off a bill, all of it where nothing else is said; `percent`: so much of the goods;
    `least_minor`: drawn from this up to the most, by `seed`. `not_after` counts still. No `hours`, no `weekdays`
    (1: Monday): always. `has_budget`: more than it may still give is not given.
    """

    name: str
    most_minor: int
    minimum_minor: int
    currency: str
    not_before: int
    not_after: int
    key: str = ""
    campaign_id: str = ""
    percent: int | None = None
    least_minor: int | None = None
    seed: bytes = field(default=b"", repr=False)
    hours: tuple[Hours, ...] = ()
    weekdays: frozenset[int] = frozenset()
    first_purchase: bool = False
    nth_visit: int | None = None
    times_per_shopper: int | None = None
    has_budget: bool = False
    is_stopped: bool = False
    funder: Funder = BY_MERCHANT

    @property
    def asks_for_shopper(self) -> bool:
        """Whether who pays decides on it."""
        return self.first_purchase or self.nth_visit is not None or self.times_per_shopper is not None

    @property
    def times_most(self) -> int | None:
        """How often one shopper may have it; None: as often as they come."""
        return 1 if self.first_purchase else self.times_per_shopper


@dataclass(frozen=True, slots=True)
class Shopper:
    """What a campaign may ask about who pays.

    `visits`: booked payments at this merchant before this one; `times`: how often each campaign was given, by key.
    """

    visits: int = 0
    times: Mapping[str, int] = field(default_factory=dict)


def runs(campaign: Campaign, at: int, zone: ZoneInfo) -> bool:
    """Whether it runs at an instant, by the wall clock of the shop."""
    if campaign.is_stopped or not campaign.not_before <= at <= campaign.not_after:
        return False
    if not campaign.hours and not campaign.weekdays:
        return True
    local = datetime.fromtimestamp(at, zone)
    minute = 60 * local.hour + local.minute
    in_hours = not campaign.hours or any(hours.begins <= minute < hours.ends for hours in campaign.hours)
    return in_hours and (not campaign.weekdays or local.isoweekday() in campaign.weekdays)


def is_for(campaign: Campaign, shopper: Shopper) -> bool:
    """Whether this shopper may have it now."""
    if campaign.first_purchase and shopper.visits > 0:
        return False
    if campaign.nth_visit is not None and (shopper.visits + 1) % campaign.nth_visit != 0:
        return False
    return campaign.times_most is None or shopper.times.get(campaign.key, 0) < campaign.times_most


def worth(campaign: Campaign, goods_minor: int, intent_key: str) -> int:
    """What it takes off goods of this price, minor units; the same for the same intent, however often it is asked."""
    if goods_minor < campaign.minimum_minor:
        return 0
    if campaign.percent is not None:
        wanted = min(goods_minor * campaign.percent // 100, campaign.most_minor)
    elif campaign.least_minor is not None:
        wanted = _drawn(campaign.seed, intent_key, campaign.least_minor, campaign.most_minor)
    else:
        wanted = campaign.most_minor
    return max(0, min(wanted, goods_minor - LEFT_AT_LEAST_MINOR))


def _drawn(seed: bytes, intent_key: str, least_minor: int, most_minor: int) -> int:
    """Uniform but for 2^-64; who does not know the seed cannot foresee it."""
    drawn = hashlib.blake2b(intent_key.encode(), key=seed, digest_size=16).digest()
    return least_minor + int.from_bytes(drawn) % (most_minor - least_minor + 1)
