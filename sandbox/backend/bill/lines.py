# SPDX-License-Identifier: Apache-2.0
"""The lines of a bill: what each adds or takes off, what it comes from, who funds it; as values and as they are stored.

Source: backend API, *The bill*.

Tests: tests/sandbox/backend/bill/test_pricing.py
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class LineKind(StrEnum):
    """What a line is, by the contract's word for it, in the order in which they are applied."""

    GOODS = "amount"
    CAMPAIGN = "discount"
    VOUCHER = "voucher"
    POINTS = "points"
    TIP = "tip"


class FunderKind(StrEnum):
    """Who pays for what a line takes off."""

    MERCHANT = "merchant"
    STORE = "store"
    PLATFORM = "platform"
    SPONSOR = "sponsor"


@dataclass(frozen=True, slots=True)
class Funder:
    """Who pays for what a line takes off; `sponsor`: a sponsor's id, empty for any other."""

    kind: FunderKind
    sponsor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line; `amount_minor` is below zero where it takes something off, and then it has a funder.

    `source`: the id of the campaign or voucher that it comes from, empty for none; `name`: what people call that.
    """

    kind: LineKind
    amount_minor: int
    source: str = ""
    name: str = ""
    funder: Funder | None = None

    def said(self, label: str) -> dict[str, Any]:
        """The line as it is stored and sent; what it has nothing to say of is left out."""
        funder = self.funder
        more = {
            "source": self.source,
            "name": self.name,
            "funder": "" if funder is None else funder.kind.value,
            "sponsor": "" if funder is None else funder.sponsor,
        }
        said = {"kind": self.kind.value, "label": label, "amount": self.amount_minor}
        return said | {name: text for name, text in more.items() if text}


def read(said: Iterable[Mapping[str, Any]]) -> list[BillLine]:
    """Lines as they were stored; those of before there were funders have none."""
    return [
        BillLine(
            kind=LineKind(line["kind"]),
            amount_minor=int(line["amount"]),
            source=str(line.get("source", "")),
            name=str(line.get("name", "")),
            funder=Funder(FunderKind(line["funder"]), str(line.get("sponsor", ""))) if "funder" in line else None,
        )
        for line in said
    ]


def total_of(lines: Iterable[BillLine]) -> int:
    """What is to be paid, minor units."""
    return sum(line.amount_minor for line in lines)


def funded(lines: Iterable[BillLine]) -> list[tuple[BillLine, Funder]]:
    """The lines that somebody pays for, each with who does."""
    return [(line, line.funder) for line in lines if line.funder is not None and line.amount_minor < 0]
