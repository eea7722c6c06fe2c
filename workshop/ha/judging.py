# SPDX-License-Identifier: Apache-2.0
"""What a rehearsal must have kept: nothing acknowledged is lost, nothing is booked twice, all comes to the cent. Pure.

Four witnesses that do not ask each other: who was told "approved", the backend's list of payments, the money in the
accounts, and what each terminal's own journal says.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

GOAL_S: Final = 20.0
"""The longest time without service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A payment that its terminal was told is approved, when (seconds of one clock), by a call that began when."""

    intent_id: str
    total_minor: int
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A payment as the backend's operator sees it."""

    intent_id: str
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TillDay:
    """One terminal at the end: its approved sales by intent, the sales that are not over, its day beside ours."""

    name: str
    approved: Mapping[str, int]
    open_states: Sequence[str]
    waiting: int
    """Stored payments not yet sent."""
    is_final: bool
    differences: int
    unsettled: int
    """Approved sales of the closed day that are not settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """The accounts at the end, all in one currency and minor units."""

    given_to_shoppers: int
    left_with_shoppers: int
    owed_to_merchants: int
    ledger_is_balanced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known when everything has come to rest."""

    acknowledged: Sequence[Acknowledged]
    unanswered: int
    """Payments of which nobody was told anything final, however often they were sent."""
    booked: Sequence[Booked]
    tills: Sequence[TillDay]
    money: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One promise: how many cases speak against it, and what it is about."""

    what: str
    against: int
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return self.against == 0


def judge(evidence: Evidence) -> tuple[Promise, ...]:
    """Every promise, kept or broken."""
    listed = Counter(one.intent_id for one in evidence.booked)
    booked = {one.intent_id: one.total_minor for one in evidence.booked}
    told = {one.intent_id: one.total_minor for one in evidence.acknowledged}
    for till in evidence.tills:
        told |= till.approved
    lost = [intent_id for intent_id in told if intent_id not in booked]
    other = [intent_id for intent_id in told if intent_id in booked and booked[intent_id] != told[intent_id]]
    unheard = [intent_id for intent_id in booked if intent_id not in told]
    money, total = evidence.money, sum(booked.values())
    spent = money.given_to_shoppers - money.left_with_shoppers
    return (
        Promise(what="acknowledged and lost", against=len(lost), detail=_some(lost)),
        Promise(what="booked with another sum", against=len(other), detail=_some(other)),
        Promise(what="booked twice", against=sum(number - 1 for number in listed.values())),
        Promise(what="booked, and no terminal knows", against=len(unheard), detail=_some(unheard)),
        Promise(what="never answered", against=evidence.unanswered),
        Promise(what="shoppers paid other than was booked", against=abs(spent - total), detail=f"{spent} and {total}"),
        Promise(
            what="merchants are owed other than was booked",
            against=abs(money.owed_to_merchants - total),
            detail=f"{money.owed_to_merchants} and {total}",
        ),
        Promise(what="ledger out of balance", against=int(not money.ledger_is_balanced)),
        *(promise for till in evidence.tills for promise in _of_till(till)),
    )


def longest_gap_s(times_s: Iterable[float], begin_s: float, end_s: float) -> float:
    """The longest time between two acknowledgements, or none at all, from `begin_s` to `end_s`.

    An acknowledgement before `begin_s` counts as the beginning of the gap that reaches into it.
    """
    ordered = sorted(times_s)
    before = max((time_s for time_s in ordered if time_s <= begin_s), default=begin_s)
    inside = [time_s for time_s in ordered if begin_s < time_s < end_s]
    marks = [before, *inside, end_s]
    return max(later - earlier for earlier, later in itertools.pairwise(marks))


def _of_till(till: TillDay) -> tuple[Promise, ...]:
    return (
        Promise(what=f"{till.name}: sales not over", against=len(till.open_states), detail=_some(till.open_states)),
        Promise(what=f"{till.name}: stored and not sent", against=till.waiting),
        Promise(what=f"{till.name}: the day is not final", against=int(not till.is_final)),
        Promise(what=f"{till.name}: differences of the day", against=till.differences),
        Promise(what=f"{till.name}: approved and not settled", against=till.unsettled),
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")  # as many as fit a line
