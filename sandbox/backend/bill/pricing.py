# SPDX-License-Identifier: Apache-2.0
"""Prices a bill: goods, then the campaign, then vouchers, then points, then the tip.

Source: backend API, *The bill*, whose table this is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sandbox.backend.bill.campaigns import BY_MERCHANT, Campaign, Shopper, is_for, runs, worth
from sandbox.backend.bill.lines import BillLine, LineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What is to be paid for. `intent_key`: what a drawn campaign is drawn by."""

    goods_minor: int
    tip_minor: int
    currency: str
    intent_key: str


@dataclass(frozen=True, slots=True)
class VoucherOffer:
    """A voucher that a shopper pays with; that it fits has been looked at."""

    voucher_id: str
    value_minor: int


@dataclass(frozen=True, slots=True)
class Offers:
    """What there is to take off a bill, and the zone of the shop's wall clock."""

    campaigns: Sequence[Campaign]
    vouchers: Sequence[VoucherOffer]
    zone: ZoneInfo


def price(bill: Bill, offers: Offers, shopper: Shopper, now: int) -> list[BillLine]:
    """The lines of a bill with the best campaign there is for it."""
    best = next(iter(campaigns_for(bill, offers, shopper, now)), None)
    return lines_with(bill, best, offers.vouchers)


def campaigns_for(bill: Bill, offers: Offers, shopper: Shopper | None, now: int) -> list[Campaign]:
    """The campaigns that take something off a bill, the best first; of the same worth the one that was set first.

    `shopper` None: it is not known yet who pays, and those that ask for it are among them.
    """
    running = [
        campaign
        for campaign in offers.campaigns
        if campaign.currency == bill.currency
        and runs(campaign, now, offers.zone)
        and (shopper is None or is_for(campaign, shopper))
    ]
    worths = [(worth(campaign, bill.goods_minor, bill.intent_key), campaign) for campaign in running]
    return [campaign for minor, campaign in sorted(worths, key=lambda one: -one[0]) if minor > 0]


def lines_with(bill: Bill, campaign: Campaign | None, vouchers: Sequence[VoucherOffer]) -> list[BillLine]:
    """The lines of a bill with one campaign, or none. Each takes no more than those before it have left."""
    lines, left = [BillLine(kind=LineKind.GOODS, amount_minor=bill.goods_minor)], bill.goods_minor
    if campaign is not None:
        off = worth(campaign, bill.goods_minor, bill.intent_key)
        left -= off
        lines.append(
            BillLine(
                kind=LineKind.CAMPAIGN,
                amount_minor=-off,
                source=campaign.campaign_id,
                name=campaign.name,
                funder=campaign.funder,
            )
        )
    for voucher in vouchers:
        off = min(voucher.value_minor, left)
        left -= off
        if off > 0:
            lines.append(
                BillLine(kind=LineKind.VOUCHER, amount_minor=-off, source=voucher.voucher_id, funder=BY_MERCHANT)
            )
    if bill.tip_minor > 0:
        lines.append(BillLine(kind=LineKind.TIP, amount_minor=bill.tip_minor))
    return lines
