# SPDX-License-Identifier: Apache-2.0
"""The day beside the settlement: the verdict, both sums, and each difference by its sale."""

import msgspec
import pytest

from pengpos.client import DayReport
from tests.ui.scenes import scene_of
from ui.actions import ShowRows
from ui.state.local import Page
from workshop.samples.office import BUSY, DIFFERS, REPORT, behind
from workshop.samples.screens import Sample


def said(report: DayReport) -> list[str]:
    """What all of its pages say."""
    words: list[str] = []
    first: int | None = 0
    while first is not None:
        one = scene_of(Sample(BUSY, behind(Page.CLOSE, report=report, first_row=first)))
        words += one.words
        turned = next((target.action.first for target in one.targets if isinstance(target.action, ShowRows)), 0)
        first = turned if turned > first else None
    return words


@pytest.mark.parametrize(
    ("final", "differences", "verdict"),
    [
        (True, 0, "账目一致"),
        (False, 0, "结算未完成"),
        (True, 3, "3处不一致"),
        (False, 3, "结算未完成  ·  3处不一致"),
    ],
)
def test_the_verdict(*, final: bool, differences: int, verdict: str) -> None:
    report = msgspec.structs.replace(REPORT, final=final, differences=DIFFERS.differences[:differences])
    assert verdict in said(report)


def test_each_difference_is_named_by_its_sale() -> None:
    words = said(DIFFERS)
    for main, both in (
        ("编号0001-0998", "本机¥18.80  ·  结算无"),
        ("本机没有这笔", "本机无  ·  结算¥26.00"),
        ("退款：编号0001-0990", "本机¥5.00  ·  结算¥3.00"),
    ):
        assert words[words.index(main) + 1] == both
    assert "不是本机退的款：编号0001-0970" in words


def test_both_sums_stand_side_by_side() -> None:
    assert {"收款23笔", "本机¥1,943.60  ·  结算¥1,924.80", "退款1笔"} <= set(said(DIFFERS))
