# SPDX-License-Identifier: Apache-2.0
"""The JSON of what a bill comes to: the quote before it is paid, and the statement of who funds what.

Tests: tests/sandbox/backend/offers/test_bills.py
"""

from typing import Annotated

from pydantic import Field

from sandbox.backend.contract.members import Amount, Base64url, InCurrency, Rfc3339, Shape, Sum
from sandbox.backend.contract.terminal_shapes import FundedLines, Line

VoucherId = Annotated[Base64url, Field(min_length=22, max_length=22)]


class QuoteRequest(Shape):
    """`POST /intents/{reference}/quote`: what the shopper has chosen, as they would pay it."""

    presentation: Base64url | None = None
    tip: Amount = 0
    vouchers: list[VoucherId] = Field(default=[], max_length=4)


class QuoteAnswer(InCurrency):
    """What the bill comes to for this account; `honoured_until`: the end of its claim, where it has one."""

    lines: list[Line]
    total: Amount
    honoured_until: Rfc3339 | None = None


class CampaignEntry(InCurrency):
    """What a campaign has cost; `shoppers`: accounts of which its times are counted."""

    campaign_id: str
    budget: Amount | None
    spent: Sum
    budget_per_day: Amount | None
    day: str | None
    spent_on_day: Sum
    shoppers: int


class FundedAnswer(Shape):
    """`GET /merchants/{merchant_id}/funded/{business_date}`: the statement by funder of all its terminals."""

    merchant_id: str
    business_date: str
    funded: list[FundedLines]
