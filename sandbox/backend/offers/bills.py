# SPDX-License-Identifier: Apache-2.0
"""Prices payments: gathers a shop's offers and a shopper's, lets the pure engine price them, takes out of budgets.

Source: backend API, *The bill*.

Tests: tests/sandbox/backend/offers/test_bills.py
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.business_day import BusinessDay
from sandbox.backend.bill.campaigns import Campaign, worth
from sandbox.backend.bill.lines import BillLine, LineKind, total_of
from sandbox.backend.bill.pricing import Bill, Offers, VoucherOffer, campaigns_for, lines_with
from sandbox.backend.kernel.kept import Shop
from sandbox.backend.offers import campaigns, vouchers
from sandbox.backend.records.shelf import Shelf
from sandbox.backend.records.tables import (
    ClaimRow,
    IntentRow,
    MerchantRow,
    PaymentRow,
    PaymentWay,
    VoucherRow,
)
from sandbox.backend.terminals.merchants import merchant_of


def bill_of(intent: IntentRow, tip_minor: int) -> Bill:
    """What an intent wants, and a tip."""
    return Bill(goods_minor=intent.amount_minor, tip_minor=tip_minor, currency=intent.currency, intent_key=intent.key)


def has_campaigns(intent: IntentRow, way: PaymentWay) -> bool:
    """Never on what a confirmation code stands for: the terminal has told the shopper the whole amount."""
    return intent.online or way is not PaymentWay.PAGE


def offered_at(payment: PaymentRow, now: int) -> int:
    """The instant at which a campaign must run for a payment by tap."""
    return payment.authorised_at if payment.accepted_offline else now


def day_of(merchant: MerchantRow, now: int) -> str:
    """The business date on which a budget for a day is used."""
    return BusinessDay(campaigns.zone_of(merchant), merchant.day_starts_hour).date_of(now).isoformat()


def quote(
    session: Session, intent: IntentRow, account_id: str, tip_minor: int, wanted: Sequence[VoucherOffer], now: int
) -> list[BillLine]:
    """What a bill comes to for this account as things stand; nothing is kept for it."""
    bill, offers = bill_of(intent, tip_minor), offers_of(session, intent, wanted, PaymentWay.PAGE)
    shopper = campaigns.shopper_of(session, offers.campaigns, account_id, intent.terminal_id)
    day = day_of(merchant_of(session, intent.terminal_id), now)
    for campaign in campaigns_for(bill, offers, shopper, now):
        if campaigns.may_give(session, campaign, worth(campaign, bill.goods_minor, bill.intent_key), day):
            return lines_with(bill, campaign, wanted)
    return lines_with(bill, None, wanted)


def take(session: Session, intent: IntentRow, payment: PaymentRow, now: int) -> list[BillLine]:
    """Price a payment that is about to be booked, and take its discount out of the campaign's budget.

    The best campaign that still has so much is the one; `payment.campaign_key` says which.
    """
    bill, wanted = bill_of(intent, payment.tip_minor), _vouchers_of(session, intent, payment)
    offers = offers_of(session, intent, wanted, payment.way)
    shopper = campaigns.shopper_of(session, offers.campaigns, payment.account_id, intent.terminal_id)
    at = _quoted_at(session, payment, now) or offered_at(payment, now)
    payment.campaign_key = None
    fitting = campaigns_for(bill, offers, shopper, at)
    if not fitting:
        return lines_with(bill, None, wanted)
    day = day_of(merchant_of(session, intent.terminal_id), now)
    for campaign in fitting:
        minor = worth(campaign, bill.goods_minor, bill.intent_key)
        if campaigns.take(session, campaign, minor, day, payment.account_id, shopper):
            payment.campaign_key = campaign.key or None
            return lines_with(bill, campaign, wanted)
    return lines_with(bill, None, wanted)


def best_for_anybody(
    shop: Shop, intent: IntentRow, payment: PaymentRow, now: int, used_up: Shelf[str, int]
) -> Campaign | None:
    """The best campaign by what is kept of a shop; it may ask who pays. `used_up`: until when one is not tried."""
    if not shop.campaigns or not has_campaigns(intent, payment.way):
        return None
    offers = Offers(shop.campaigns, (), campaigns.zone_of(shop.merchant))
    fitting = campaigns_for(bill_of(intent, payment.tip_minor), offers, None, offered_at(payment, now))
    return next((campaign for campaign in fitting if now >= (used_up.get(campaign.key) or 0)), None)


def undo(session: Session, payment: PaymentRow, lines: Sequence[BillLine]) -> None:
    """A payment takes nothing after all: its campaign's budget and its shopper are as they were before it."""
    if payment.campaign_key is None:
        return
    campaigns.give_back(session, payment.campaign_key, discount_in(lines))
    campaigns.forget_shopper(session, payment.campaign_key, payment.account_id)
    payment.campaign_key = None


def discount_in(lines: Sequence[BillLine]) -> int:
    """What the campaign takes off, or a refund gives back of that; above zero."""
    return abs(total_of(line for line in lines if line.kind is LineKind.CAMPAIGN))


def offers_of(session: Session, intent: IntentRow, wanted: Sequence[VoucherOffer], way: PaymentWay) -> Offers:
    """What there is to take off an intent paid this way, with the vouchers that its shopper has chosen."""
    found: tuple[Campaign, ...] = ()
    if has_campaigns(intent, way):
        found = campaigns.of_terminal(session, intent.terminal_id)
    return Offers(found, wanted, campaigns.zone_of(merchant_of(session, intent.terminal_id)))


def _vouchers_of(session: Session, intent: IntentRow, payment: PaymentRow) -> list[VoucherOffer]:
    """Its vouchers in the order in which it names them; together they are worth what was authorised with them."""
    if not payment.vouchers:
        return []
    rows = session.scalars(select(VoucherRow).where(VoucherRow.id.in_(payment.vouchers))).all()
    values = {row.id: row.value_minor for row in rows}
    found = [VoucherOffer(one, values[one]) for one in payment.vouchers if one in values]
    authorised = total_of(lines_with(bill_of(intent, payment.tip_minor), None, found))
    return found if authorised == payment.total_minor else [VoucherOffer("", vouchers.value_used(payment))]


def _quoted_at(session: Session, payment: PaymentRow, now: int) -> int | None:
    """When the shopper was told the price, where that still holds: campaigns that have ended since still count."""
    if payment.way is not PaymentWay.PAGE or payment.account_id is None:
        return None
    claim = session.get(ClaimRow, (payment.intent_key, payment.account_id))
    holds = claim is not None and claim.lasts_until is not None and claim.lasts_until >= now
    return claim.quoted_at if claim is not None and holds else None
