# SPDX-License-Identifier: Apache-2.0
"""Keeps campaigns: what a terminal's shop has set, what budgets still have, who has had which.

A budget is taken by one conditional statement in the payment's own transaction: no sum is ever added up for it.

Tests: tests/sandbox/backend/offers/test_campaigns.py
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sandbox.backend.bill.campaigns import Campaign, Hours, Shopper
from sandbox.backend.bill.lines import Funder, FunderKind
from sandbox.backend.errors import InvalidRequestError
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import (
    CampaignRow,
    CampaignShopperRow,
    MerchantRow,
    PaymentRow,
    PaymentStatus,
    StoreRow,
    TerminalRow,
)
from sandbox.backend.terminals.merchants import Level

SEED_SIZE = 16
_SHOWN_MOST = 500


def of_terminal(session: Session, terminal_id: str) -> tuple[Campaign, ...]:
    """The campaigns of a terminal's shop: the lowest level that has set any, or none, has set them all."""
    terminal = session.get_one(TerminalRow, terminal_id)
    owner: TerminalRow | StoreRow | MerchantRow
    for level, owner in (
        (Level.TERMINAL, terminal),
        (Level.STORE, session.get_one(StoreRow, terminal.store_id)),
        (Level.MERCHANT, session.get_one(MerchantRow, terminal.merchant_id)),
    ):
        if "campaigns" in owner.config:
            return _read(session, level, owner.id, owner.config["campaigns"])
    return ()


def zone_of(merchant: MerchantRow) -> ZoneInfo:
    """Whose wall clock a campaign's hours are."""
    return ZoneInfo(merchant.timezone)


def set_counters(session: Session, level: Level, owner_id: str, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Let each campaign that is counted have its counter, with its limits; raises InvalidRequestError.

    One that is set no more keeps it: set again under the same id, it goes on where it was.
    """
    for place, said in enumerate(wanted):
        if "campaign_id" not in said:
            continue
        key = key_of(level, owner_id, said["campaign_id"])
        insert_if_new(
            session,
            CampaignRow,
            key=key,
            currency=said["currency"],
            seed=secrets.token_bytes(SEED_SIZE),
            spent_minor=0,
            day="",
            day_spent_minor=0,
        )
        row = session.get_one(CampaignRow, key, with_for_update=True, populate_existing=True)
        budget_minor = said.get("budget")
        if row.currency != said["currency"]:
            raise InvalidRequestError(f"body.campaigns.{place}.currency: its budget is counted in {row.currency}")
        if budget_minor is not None and budget_minor < row.spent_minor:
            raise InvalidRequestError(f"body.campaigns.{place}.budget: {row.spent_minor} of it are spent already")
        row.budget_minor, row.per_day_minor = budget_minor, said.get("budget_per_day")


def counted(session: Session, level: Level, owner_id: str) -> list[tuple[str, CampaignRow, int]]:
    """All that was ever counted for an owner, by id: the id, its counter, and of how many shoppers."""
    begin = key_of(level, owner_id, "")
    shoppers = (
        select(func.count())
        .where(CampaignShopperRow.campaign_key == CampaignRow.key, CampaignShopperRow.times > 0)
        .scalar_subquery()
    )
    mine = select(CampaignRow, shoppers).where(CampaignRow.key.startswith(begin, autoescape=True))
    found = session.execute(mine.order_by(CampaignRow.key).limit(_SHOWN_MOST))
    # SQLite's LIKE knows no capitals, and ids do.
    return [(row.key.removeprefix(begin), row, number) for row, number in found if row.key.startswith(begin)]


def key_of(level: Level, owner_id: str, campaign_id: str) -> str:
    """What a campaign is counted under: owners of two levels may have one id."""
    return f"{level.value[0]}/{owner_id}/{campaign_id}"


def shopper_of(session: Session, campaigns: Sequence[Campaign], account_id: str | None, terminal_id: str) -> Shopper:
    """What these campaigns ask about who pays; nothing is read where none of them asks."""
    asking = [campaign for campaign in campaigns if campaign.asks_for_shopper]
    if not asking or account_id is None:
        return Shopper()
    merchant_id = session.get_one(TerminalRow, terminal_id).merchant_id
    visits = (
        select(func.count())
        .select_from(PaymentRow)
        .join(TerminalRow, TerminalRow.id == PaymentRow.terminal_id)
        .where(
            PaymentRow.account_id == account_id,
            PaymentRow.status == PaymentStatus.APPROVED,
            TerminalRow.merchant_id == merchant_id,
        )
    )
    given = select(CampaignShopperRow.campaign_key, CampaignShopperRow.times).where(
        CampaignShopperRow.account_id == account_id,
        CampaignShopperRow.campaign_key.in_([campaign.key for campaign in asking]),
    )
    times = {row.campaign_key: row.times for row in session.execute(given)}
    return Shopper(visits=session.scalar(visits) or 0, times=times)


def may_give(session: Session, campaign: Campaign, minor: int, day: str) -> bool:
    """Whether its budget has so much now; nothing is kept for who asks."""
    if not campaign.has_budget:
        return True
    return session.scalar(select(CampaignRow.key).where(CampaignRow.key == campaign.key, *has(minor, day))) is not None


def take(session: Session, campaign: Campaign, minor: int, day: str, account_id: str | None, shopper: Shopper) -> bool:
    """Take a discount out of a campaign's budget, and its shopper's times; False, and nothing: there is none left."""
    if campaign.has_budget:
        taken = session.scalar(
            update(CampaignRow)
            .where(CampaignRow.key == campaign.key, *has(minor, day))
            .values(**more(minor, day))
            .returning(CampaignRow.key)
            .execution_options(synchronize_session=False)
        )
        if taken is None:
            return False
    if campaign.asks_for_shopper and not _count_shopper(session, campaign, account_id, shopper):
        if campaign.has_budget:
            give_back(session, campaign.key, minor)
        return False
    return True


def give_back(session: Session, key: str, minor: int) -> None:
    """A refund or a cancel gives a budget back what it undoes; the day's part stays used."""
    session.execute(
        update(CampaignRow)
        .where(CampaignRow.key == key)
        .values(spent_minor=case((CampaignRow.spent_minor > minor, CampaignRow.spent_minor - minor), else_=0))
        .execution_options(synchronize_session=False)
    )


def forget_shopper(session: Session, key: str, account_id: str | None) -> None:
    """A payment was undone as a whole: its shopper may have the campaign again."""
    session.execute(
        update(CampaignShopperRow)
        .where(
            CampaignShopperRow.campaign_key == key,
            CampaignShopperRow.account_id == account_id,
            CampaignShopperRow.times > 0,
        )
        .values(times=CampaignShopperRow.times - 1, visit=0)
        .execution_options(synchronize_session=False)
    )


def has(minor: Any, day: Any) -> tuple[ColumnElement[bool], ...]:
    """That a budget has so much left on that day, as conditions of a statement over its row."""
    spent_today = case((CampaignRow.day >= day, CampaignRow.day_spent_minor), else_=0)
    return (
        or_(CampaignRow.budget_minor.is_(None), CampaignRow.spent_minor + minor <= CampaignRow.budget_minor),
        or_(CampaignRow.per_day_minor.is_(None), spent_today + minor <= CampaignRow.per_day_minor),
    )


def more(minor: Any, day: Any) -> dict[str, Any]:
    """What that statement writes when so much is taken out of it."""
    return {
        "spent_minor": CampaignRow.spent_minor + minor,
        "day": case((CampaignRow.day >= day, CampaignRow.day), else_=day),
        "day_spent_minor": case((CampaignRow.day >= day, CampaignRow.day_spent_minor + minor), else_=minor),
    }


def _count_shopper(session: Session, campaign: Campaign, account_id: str | None, shopper: Shopper) -> bool:
    """One row a shopper: of two payments at once that would both be the last allowed, one is."""
    if account_id is None:
        return False
    new = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    visit = shopper.visits + 1
    allowed: list[ColumnElement[bool]] = [true()]
    if campaign.nth_visit is not None:
        allowed.append(CampaignShopperRow.visit < visit)
    if campaign.times_most is not None:
        allowed.append(CampaignShopperRow.times < campaign.times_most)
    counted = (
        new(CampaignShopperRow)
        .values(campaign_key=campaign.key, account_id=account_id, times=1, visit=visit)
        .on_conflict_do_update(
            index_elements=[CampaignShopperRow.campaign_key, CampaignShopperRow.account_id],
            set_={"times": CampaignShopperRow.times + 1, "visit": visit},
            where=and_(*allowed),
        )
        .returning(CampaignShopperRow.times)
    )
    return session.connection().execute(counted).first() is not None


def _read(session: Session, level: Level, owner_id: str, said: Sequence[Mapping[str, Any]]) -> tuple[Campaign, ...]:
    keys = [key_of(level, owner_id, one["campaign_id"]) for one in said if "campaign_id" in one]
    seeds: dict[str, bytes] = {}
    if keys:
        rows = session.execute(select(CampaignRow.key, CampaignRow.seed).where(CampaignRow.key.in_(keys)))
        seeds = {row.key: row.seed for row in rows}
    return tuple(_campaign(one, level, owner_id, seeds) for one in said)


def _campaign(said: Mapping[str, Any], level: Level, owner_id: str, seeds: Mapping[str, bytes]) -> Campaign:
    campaign_id = said.get("campaign_id", "")
    key = key_of(level, owner_id, campaign_id) if campaign_id else ""
    return Campaign(
        name=said["name"],
        most_minor=said["discount"],
        minimum_minor=said["minimum"],
        currency=said["currency"],
        not_before=said["not_before"],
        not_after=said["not_after"],
        key=key,
        campaign_id=campaign_id,
        percent=said.get("percent"),
        least_minor=said.get("at_least"),
        seed=seeds.get(key, b""),
        hours=tuple(Hours(minute_of(hours["begins"]), minute_of(hours["ends"])) for hours in said.get("hours", [])),
        weekdays=frozenset(said.get("weekdays", [])),
        first_purchase=said.get("first_purchase", False),
        nth_visit=said.get("nth_visit"),
        times_per_shopper=said.get("times_per_shopper"),
        has_budget="budget" in said or "budget_per_day" in said,
        is_stopped=said.get("stopped", False),
        funder=Funder(FunderKind(said.get("funder", "merchant")), said.get("sponsor", "")),
    )


def minute_of(text: str) -> int:
    """``09:30`` as minutes since midnight."""
    hour, minute = text.split(":")
    return 60 * int(hour) + int(minute)
