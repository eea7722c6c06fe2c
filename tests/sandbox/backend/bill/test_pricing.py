# SPDX-License-Identifier: Apache-2.0
"""The order of a bill's lines, and what each may take off, as the page's table has it."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.backend.bill.campaigns import Campaign, Shopper
from sandbox.backend.bill.lines import BillLine, Funder, FunderKind, LineKind, funded, read, total_of
from sandbox.backend.bill.pricing import Bill, Offers, VoucherOffer, price

ZONE = ZoneInfo("Asia/Shanghai")
PLATFORM = Funder(FunderKind.PLATFORM)


def campaign(most_minor: int, minimum_minor: int = 0, name: str = "立减", funder: Funder = PLATFORM) -> Campaign:
    return Campaign(
        name=name,
        most_minor=most_minor,
        minimum_minor=minimum_minor,
        currency="CNY",
        not_before=0,
        not_after=2**40,
        campaign_id=name,
        funder=funder,
    )


def bill_of(goods_minor: int, tip_minor: int = 0) -> Bill:
    return Bill(goods_minor=goods_minor, tip_minor=tip_minor, currency="CNY", intent_key="an intent")


def priced(
    goods: int, tip: int = 0, campaigns: tuple[Campaign, ...] = (), vouchers: tuple[int, ...] = ()
) -> list[BillLine]:
    offered = [VoucherOffer(f"v{place}", value) for place, value in enumerate(vouchers)]
    return price(bill_of(goods, tip), Offers(campaigns, offered, ZONE), Shopper(), now=1)


BILLS = {
    "goods alone": ((20_00,), [("amount", 20_00)]),
    "a tip": ((20_00, 2_00), [("amount", 20_00), ("tip", 2_00)]),
    "each line in its order": (
        (20_00, 2_00, (campaign(3_00),), (5_00, 1_00)),
        [("amount", 20_00), ("discount", -3_00), ("voucher", -5_00), ("voucher", -1_00), ("tip", 2_00)],
    ),
    "the best campaign alone": ((20_00, 0, (campaign(2_00), campaign(3_00))), [("amount", 20_00), ("discount", -3_00)]),
    "a campaign leaves a cent": ((2_00, 0, (campaign(3_00),)), [("amount", 2_00), ("discount", -1_99)]),
    "a voucher may leave nothing": ((20_00, 0, (), (50_00,)), [("amount", 20_00), ("voucher", -20_00)]),
    "a voucher for which nothing is left": ((20_00, 0, (), (20_00, 5_00)), [("amount", 20_00), ("voucher", -20_00)]),
    "nothing takes off a tip": (
        (20_00, 7_00, (campaign(50_00),), (50_00,)),
        [("amount", 20_00), ("discount", -19_99), ("voucher", -1), ("tip", 7_00)],
    ),
    "another currency": (
        (20_00, 0, (Campaign(name="a", most_minor=1, minimum_minor=0, currency="HKD", not_before=0, not_after=9),)),
        [("amount", 20_00)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "lines"), BILLS.values(), ids=BILLS.keys())
def test_a_bill_and_its_lines(
    asked: tuple[int, int, tuple[Campaign, ...], tuple[int, ...]], lines: list[tuple[str, int]]
) -> None:
    assert [(line.kind.value, line.amount_minor) for line in priced(*asked)] == lines


def test_of_two_that_are_worth_the_same_the_first_counts() -> None:
    assert priced(20_00, 0, (campaign(3_00, name="a"), campaign(3_00, name="b")))[1].source == "a"


def test_lines_are_read_as_they_were_said() -> None:
    lines = priced(20_00, 2_00, (campaign(3_00, funder=Funder(FunderKind.SPONSOR, "soda-co")),), (5_00,))
    assert read([line.said("a label") for line in lines]) == lines
    assert read([{"kind": "discount", "label": "立减", "amount": -3}]) == [
        BillLine(kind=LineKind.CAMPAIGN, amount_minor=-3)
    ]


@settings(max_examples=200)
@given(
    goods=st.integers(0, 10**12),
    tip=st.integers(0, 10**6),
    offs=st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), max_size=4),
    vouchers=st.lists(st.integers(1, 10**6), max_size=4),
)
def test_whatever_the_bill_its_lines_add_up(
    goods: int, tip: int, offs: list[tuple[int, int]], vouchers: list[int]
) -> None:
    """Never below the tip, never above goods and tip; who takes something off has a funder."""
    lines = priced(goods, tip, tuple(campaign(most, minimum) for most, minimum in offs), tuple(vouchers))
    assert tip <= total_of(lines) <= goods + tip
    assert sum(-line.amount_minor for line, _ in funded(lines)) == goods + tip - total_of(lines)
    assert [line.kind for line in lines] == sorted((line.kind for line in lines), key=list(LineKind).index)
