# SPDX-License-Identifier: Apache-2.0
"""The JSON of campaigns as pydantic models: what is unknown or contradicts itself is refused, with the member's path.

Tests: tests/sandbox/backend/contract/test_campaign_shapes.py
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from pengpos.core.times import LATEST_TIME
from sandbox.backend.contract.members import Amount, Exact, FitName, ListedCurrency, PositiveAmount

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
UnixTime = Annotated[int, Field(ge=0, le=LATEST_TIME)]
Minute = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Weekday = Annotated[StrictInt, Field(ge=1, le=7)]


class NewHours(Exact):
    """Part of a day by the shop's clock, from `begins` to before `ends`; `24:00` is its end."""

    begins: Minute
    ends: Minute

    @model_validator(mode="after")
    def _not_upside_down(self) -> Self:
        if self.ends <= self.begins:  # as text: always two digits each
            raise PydanticCustomError("hours", "ends before it begins; over midnight takes two of them")
        return self


class NewCampaign(Exact):
    """立减: takes at most `discount` off a bill of at least `minimum`; what is counted of it, under `campaign_id`."""

    name: Annotated[str, Field(min_length=1, max_length=40), FitName]
    discount: PositiveAmount
    minimum: Amount
    currency: ListedCurrency
    not_before: UnixTime
    not_after: UnixTime
    campaign_id: Id | None = None
    percent: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    at_least: PositiveAmount | None = None
    budget: PositiveAmount | None = None
    budget_per_day: PositiveAmount | None = None
    times_per_shopper: Annotated[StrictInt, Field(ge=1, le=100_000)] | None = None
    first_purchase: StrictBool | None = None
    nth_visit: Annotated[StrictInt, Field(ge=2, le=1_000)] | None = None
    hours: Annotated[list[NewHours], Field(min_length=1, max_length=8)] | None = None
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None
    stopped: StrictBool | None = None
    funder: Literal["merchant", "store", "platform", "sponsor"] | None = None
    sponsor: Id | None = None

    @property
    def is_counted(self) -> bool:
        """Whether something has to be kept of it under its id."""
        counted = (self.budget, self.budget_per_day, self.times_per_shopper, self.nth_visit, self.at_least)
        return bool(self.first_purchase) or any(one is not None for one in counted)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if found := next((why for why in _CONTRADICTIONS if why[1](self)), None):
            raise PydanticCustomError("campaign", "{member}: {why}", {"member": found[0], "why": found[2]})
        return self


_CONTRADICTIONS: Final[Sequence[tuple[str, Callable[[NewCampaign], bool], str]]] = (
    ("not_after", lambda one: one.not_after < one.not_before, "ends before it begins"),
    ("at_least", lambda one: one.at_least is not None and one.at_least > one.discount, "more than discount"),
    ("at_least", lambda one: one.at_least is not None and one.percent is not None, "beside percent"),
    ("budget", lambda one: one.budget is not None and one.budget < one.discount, "less than one discount"),
    (
        "budget_per_day",
        lambda one: one.budget_per_day is not None and one.budget_per_day < one.discount,
        "less than one discount",
    ),
    (
        "times_per_shopper",
        lambda one: bool(one.first_purchase) and one.times_per_shopper is not None,
        "beside first_purchase, which is once",
    ),
    ("nth_visit", lambda one: bool(one.first_purchase) and one.nth_visit is not None, "beside first_purchase"),
    (
        "campaign_id",
        lambda one: one.campaign_id is None and one.is_counted,
        "needed to count budget, shopper or draw",
    ),
    ("sponsor", lambda one: (one.funder == "sponsor") != (one.sponsor is not None), "names the funder sponsor"),
    (
        "budget",
        lambda one: one.funder in {"platform", "sponsor"} and one.budget is None,
        "needed where others than merchant or store pay",
    ),
)
"""Which member is wrong, when, and why: the first that holds is said."""


def _each_once(campaigns: list[NewCampaign]) -> list[NewCampaign]:
    named = [one.campaign_id for one in campaigns if one.campaign_id is not None]
    for place, campaign in enumerate(campaigns):
        if named.count(campaign.campaign_id or "") > 1:
            raise PydanticCustomError("campaign", "{place}.campaign_id: of two campaigns", {"place": place})
    return campaigns


Campaigns = Annotated[list[NewCampaign], AfterValidator(_each_once)]
