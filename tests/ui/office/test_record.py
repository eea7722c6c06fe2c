# SPDX-License-Identifier: Apache-2.0
"""A sale's life in plain words, and what can be done with it."""

import msgspec
import pytest

from pengpos.client import RefundView, SaleView
from tests.ui.scenes import offered, scene_of
from ui.actions import Do
from ui.drawing.scene import Scene
from ui.state.local import Page
from ui.state.office import refundable
from workshop.samples.office import BUSY, LONG, PAID, PARTLY, REFUNDING, behind
from workshop.samples.screens import Sample, ago, sale


def shown(record: SaleView) -> Scene:
    return scene_of(Sample(BUSY, behind(Page.RECORD, record=record)))


def refund(amount: int | None, state: str) -> RefundView:
    return RefundView(refund_id="r", amount=amount, reason="顾客退回商品", state=state, at=ago(5))


def test_the_newest_line_comes_first_and_steps_that_say_nothing_are_left_out() -> None:
    words = shown(PARTLY).words
    life = [word for word in words if word[:2].isdigit() and word[2:3] == ":" and len(word) > 5]
    assert life == ["14:22  顾客退回商品", "13:30  收款成功", "13:30  发起收款"]


def test_what_does_not_fit_is_counted() -> None:
    assert any(word.startswith("另有") for word in shown(LONG).words)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("queued", "待退款"), ("sent", "退款中"), ("held", "退款待审核"), ("done", "已退款"), ("failed", "退款失败"),
        ("void", "无需退款"), ("a word of later", "退款中"),
    ],
)  # fmt: skip
def test_each_state_of_a_refund_is_said(state: str, said: str) -> None:
    one = shown(msgspec.structs.replace(PAID, refunds=[refund(500, state)]))
    assert f"−5.00  ·  {said}" in one.words


def test_what_a_cancel_gave_back_is_said() -> None:
    assert "−18.80" in shown(msgspec.structs.replace(PAID, given_back=1880)).words


@pytest.mark.parametrize(
    ("record", "others"),
    [
        (PAID, {Do.OPEN_RECORD_RECEIPT, Do.OPEN_REFUND}),
        (REFUNDING, {Do.OPEN_RECORD_RECEIPT}),
        (sale("accepted_offline", "refunds"), {Do.OPEN_REFUND}),
        (sale("declined", "again"), set()),
    ],
)
def test_only_what_the_daemon_allows_is_offered(record: SaleView, others: set[Do]) -> None:
    """Nothing of selling is: that belongs to the sale under way."""
    assert offered(shown(record)) == (None, Do.BACK, others)


@pytest.mark.parametrize(
    ("refunds", "left"),
    [
        ([], 1880),
        ([refund(500, "done"), refund(380, "sent")], 1000),
        ([refund(500, "failed"), refund(380, "void")], 1880),
        ([refund(None, "queued")], 0),
        ([refund(1000, "done"), refund(None, "queued")], 0),
    ],
)
def test_what_is_left_to_give_back(refunds: list[RefundView], left: int) -> None:
    assert refundable(msgspec.structs.replace(PAID, refunds=refunds)) == left
