# SPDX-License-Identifier: Apache-2.0
"""Refunds undo lines in proportion, to the minor unit, in any sequence."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.backend.bill.lines import BillLine, Funder, FunderKind, LineKind
from sandbox.backend.bill.undoing import back_minor, place_of, undone

FUNDERS = [Funder(kind) for kind in FunderKind]


def lines_of(offs: list[int]) -> list[BillLine]:
    goods = BillLine(kind=LineKind.GOODS, amount_minor=10**9)
    return [goods] + [
        BillLine(kind=LineKind.VOUCHER, amount_minor=-off, source=f"v{place}", funder=FUNDERS[place % len(FUNDERS)])
        for place, off in enumerate(offs)
    ]


def given_back(lines: list[BillLine], refunds: list[int], taken: int) -> Counter[str]:
    """What each line got back by these refunds, one after the other."""
    before, refunded = Counter[str](), 0
    for refund in refunds:
        refunded += refund
        for line in undone(lines, before, refunded, taken):
            assert line.amount_minor > 0
            before[place_of(line)] += line.amount_minor
    return before


@settings(max_examples=300)
@given(
    offs=st.lists(st.integers(1, 10**7), min_size=1, max_size=5),
    refunds=st.lists(st.integers(1, 10**6), min_size=1, max_size=12),
    kept=st.integers(0, 10**6),
)
def test_in_any_sequence_each_line_has_its_part(offs: list[int], refunds: list[int], kept: int) -> None:
    """However the refunds are cut up: the same; within a minor unit of the exact part; all of it with the last."""
    lines, taken = lines_of(offs), sum(refunds) + kept
    found = given_back(lines, refunds, taken)
    assert found == given_back(lines, refunds[::-1], taken) == given_back(lines, [sum(refunds)], taken)
    for place, off in enumerate(offs):
        back = found[f"voucher:v{place}"]
        assert 0 <= off * sum(refunds) - back * taken < taken, "less than one minor unit short of the exact part"
        assert back == off or kept > 0


def test_what_nobody_funded_is_not_undone() -> None:
    assert undone([BillLine(kind=LineKind.CAMPAIGN, amount_minor=-3_00)], {}, 1_00, 2_00) == []


def test_of_a_bill_that_a_voucher_paid_all_is_back_at_once() -> None:
    assert back_minor(20_00, 0, 0) == 20_00
